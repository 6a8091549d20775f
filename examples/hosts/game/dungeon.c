/* SPDX-License-Identifier: MIT */
/* A text game whose rules are scripts: dungeon [-t TURNS] [-s SEED] [-d MILLISECONDS] MAP RULES-FOLDER
 *
 * Each kind of thing on the map (hero, rat, gold...) has a file RULES/KIND.amb. Its `pub fn update(me)` is called once a turn
 * for each thing of that kind; its `pub fn touched(me, by)`, if there is one, when something steps on it; without that
 * it is in the way. `me` is an object of the class Entity over this program's own struct.
 *
 * The frame budget: an update gets so much fuel and so much time. One that takes more is ended where it
 * is, told about, and the game goes on; what it had done by then stays done. Three faults, and the thing turns to stone.
 * Scripts have no authority: they reach what is in class Entity and module world, and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ambit/ambit.h>

enum { MAX_SIZE = 64, MAX_ENTITIES = 64, MAX_KINDS = 16, MAX_FAULTS = 3 };
/* Fuel is the same on each machine, so that a game can be repeated; time is for what fuel does not count well. */
static const uint64_t frame_fuel = 60000;
static const size_t frame_text = 400; /* bytes that one update may print */

static const struct { char glyph; const char *kind; int health; } glyphs[] = {
    {'@', "hero", 12}, {'r', "rat", 2}, {'s', "slime", 3}, {'$', "gold", 1},
    {'g', "ghost", 4}, {'G', "golem", 9}, {'i', "imp", 2},
};
#define NGLYPHS (sizeof glyphs / sizeof glyphs[0])

/* The functions of one file of rules, pinned. */
typedef struct rules {
    const char *kind;
    amb_value update, touched; /* touched: nil, or a function */
} rules;

typedef struct game game;
/* Belongs to its script object (`finalize` frees it), which the game holds by a pin as long as it is on the map.
 * So a script that remembers a dead enemy can still ask whether it is alive. */
typedef struct entity {
    game *game;
    const rules *rules;
    char glyph;
    int x, y, health, faults;
    int64_t purse;
    int alive, acted;
    amb_value self, mind; /* pinned */
} entity;

struct game {
    amb_vm *vm;
    amb_value cls;
    char cells[MAX_SIZE][MAX_SIZE + 1]; /* '#' or '.' */
    int width, height, turn;
    entity *things[MAX_ENTITIES];
    int n;
    rules kinds[MAX_KINDS];
    int nkinds;
    uint64_t dice, frame_ns;
    size_t printed;
    const char *folder;
};

static void show(void *ud, const char *s, size_t n) { fwrite(s, 1, n, ud); }

static void tell(const entity *e, const char *what, const char *s, size_t n)
{
    printf("  %s %s", e->rules->kind, what);
    for (size_t i = 0; i < n && i < 120; i++) putchar((unsigned char)s[i] < 32 || s[i] == 127 ? ' ' : s[i]);
    putchar('\n');
}

/* What scripts print; too much of it in one update is an error of the script's. */
static amb_status output(void *ud, int fd, const char *s, size_t n)
{
    game *g = ud;
    if (!s) return AMB_OK;
    g->printed += n;
    if (g->printed > frame_text) return AMB_E_QUOTA;
    return fwrite(s, 1, n, fd == 1 ? stdout : stderr) == n ? AMB_OK : AMB_E_IO;
}

/* ---- the map -------------------------------------------------------------------------- */

static int is_wall(const game *g, int64_t x, int64_t y)
{
    return x < 0 || y < 0 || x >= g->width || y >= g->height || g->cells[y][x] == '#';
}

static entity *thing_at(const game *g, int x, int y)
{
    for (int i = 0; i < g->n; i++)
        if (g->things[i]->alive && g->things[i]->x == x && g->things[i]->y == y) return g->things[i];
    return NULL;
}

static void draw(const game *g)
{
    for (int y = 0; y < g->height; y++) {
        char line[MAX_SIZE + 1];
        memcpy(line, g->cells[y], (size_t)g->width + 1);
        for (int i = 0; i < g->n; i++)
            if (g->things[i]->alive && g->things[i]->y == y) line[g->things[i]->x] = g->things[i]->glyph;
        puts(line);
    }
}

static char *read_all(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *s = f ? malloc(1 << 16) : NULL;
    *len = s ? fread(s, 1, (1 << 16) - 1, f) : 0;
    if (s) s[*len] = 0;
    if (f) fclose(f);
    return s;
}

/* Loads RULES/KIND.amb, once. NULL: told why. */
static const rules *rules_for(game *g, const char *kind)
{
    char path[512];
    size_t len;
    amb_script *script;
    amb_value f;
    for (int i = 0; i < g->nkinds; i++)
        if (strcmp(g->kinds[i].kind, kind) == 0) return &g->kinds[i];
    snprintf(path, sizeof path, "%s/%s.amb", g->folder, kind);
    char *text = read_all(path, &len);
    if (!text || g->nkinds == MAX_KINDS) {
        fprintf(stderr, "dungeon: cannot read %s\n", path);
        free(text);
        return NULL;
    }
    amb_scope scope = amb_scope_open(g->vm);
    rules *r = &g->kinds[g->nkinds];
    *r = (rules){.kind = kind, .touched = amb_nil()};
    amb_status st = amb_load(g->vm, path, text, len, 0, show, stderr, &script);
    free(text);
    if (!st && amb_script_manifest(script)->nuses) {
        fprintf(stderr, "dungeon: %s has a `use` line; rules are not given anything\n", path);
        st = AMB_E_RIGHTS;
    } else if (!st) {
        st = amb_run(g->vm, script, amb_nil(), NULL, NULL);
        if (st) amb_error_report(g->vm, 0, show, stderr);
    }
    if (!st && (st = amb_script_get(script, "update", &f)) != AMB_OK)
        fprintf(stderr, "dungeon: %s has no pub fn update\n", path);
    if (!st) st = amb_pin(g->vm, f, &r->update);
    if (!st && amb_script_get(script, "touched", &f) == AMB_OK) st = amb_pin(g->vm, f, &r->touched);
    amb_scope_close(g->vm, scope);
    if (!st) g->nkinds++;
    return st ? NULL : r;
}

/* A new thing on the map, with the object that stands for it. */
static amb_status place(game *g, const char *kind, int x, int y, amb_value *out)
{
    size_t k = 0;
    while (k < NGLYPHS && strcmp(glyphs[k].kind, kind) != 0) k++;
    const rules *r = k < NGLYPHS ? rules_for(g, glyphs[k].kind) : NULL;
    entity *e = r && g->n < MAX_ENTITIES ? calloc(1, sizeof *e) : NULL;
    if (!e) return AMB_E_NOMEM;
    *e = (entity){.game = g, .rules = r, .glyph = glyphs[k].glyph, .x = x, .y = y, .health = glyphs[k].health,
                  .alive = 1, .acted = 1, .self = amb_nil(), .mind = amb_nil()};
    amb_status st = amb_object_new(g->vm, g->cls, e, out);
    if (st) {
        free(e);
        return st;
    }
    st = amb_pin(g->vm, *out, &e->self); /* when this fails the object is garbage, and frees e */
    if (!st) g->things[g->n++] = e;
    return st;
}

static void sweep_dead(game *g)
{
    int kept = 0;
    for (int i = 0; i < g->n; i++) {
        entity *e = g->things[i];
        if (e->alive) {
            g->things[kept++] = e;
            continue;
        }
        amb_unpin(g->vm, e->mind);
        e->mind = amb_nil();
        amb_unpin(g->vm, e->self); /* from here on e is the scripts' alone */
    }
    g->n = kept;
}

/* ---- class Entity --------------------------------------------------------------------- */

static void finalize(void *host) { free(host); }

/* ud of the members is the game. */
static amb_status receiver(amb_vm *vm, void *ud, amb_value v, entity **e)
{
    void *host = NULL;
    amb_status st = amb_object_host(vm, v, ((game *)ud)->cls, &host);
    *e = host;
    return st;
}
#define MEMBER(name)                                                                                        \
    static amb_status name##_of(amb_vm *vm, game *g, entity *e, const amb_value *args, uint32_t n, amb_value *out); \
    static amb_status name(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)         \
    {                                                                                                       \
        entity *e;                                                                                          \
        amb_status st = receiver(vm, ud, args[0], &e);                                                      \
        return st ? st : name##_of(vm, ud, e, args, n, out);                                                \
    }                                                                                                       \
    static amb_status name##_of(amb_vm *vm, game *g, entity *e, const amb_value *args, uint32_t n, amb_value *out)
#define UNUSED (void)vm, (void)g, (void)e, (void)args, (void)n, (void)out

MEMBER(get_x) { UNUSED; *out = amb_int(e->x); return AMB_OK; }
MEMBER(get_y) { UNUSED; *out = amb_int(e->y); return AMB_OK; }
MEMBER(get_health) { UNUSED; *out = amb_int(e->health); return AMB_OK; }
MEMBER(get_alive) { UNUSED; *out = amb_bool(e->alive); return AMB_OK; }
MEMBER(get_purse) { UNUSED; *out = amb_int(e->purse); return AMB_OK; }
MEMBER(get_mind) { UNUSED; *out = e->mind; return AMB_OK; }
MEMBER(get_kind) { UNUSED; return amb_string_new(vm, e->rules->kind, strlen(e->rules->kind), out); }
MEMBER(set_purse)
{
    UNUSED;
    return amb_as_int(args[1], &e->purse) ? AMB_OK : amb_raise(vm, "TypeError", "purse: an int was expected");
}
/* Whatever the script wants to remember for this thing. */
MEMBER(set_mind)
{
    amb_value pinned;
    UNUSED;
    if (!e->alive) return amb_raise(vm, "StateError", "the dead remember nothing");
    amb_status st = amb_pin(vm, args[1], &pinned);
    if (st) return st;
    amb_unpin(vm, e->mind);
    e->mind = pinned;
    return AMB_OK;
}

static amb_status act(amb_vm *vm, entity *e)
{
    if (!e->alive) return amb_raise(vm, "StateError", "the %s is dead", e->rules->kind);
    if (e->acted) return amb_raise(vm, "StateError", "the %s has acted this turn", e->rules->kind);
    e->acted = 1;
    return AMB_OK;
}

static int sign(int64_t i) { return (i > 0) - (i < 0); }

/* step(dx, dy): one cell; gives whether it could. What is stepped on is asked: a script that calls
 * us gets another script called. */
MEMBER(step)
{
    int64_t dx, dy;
    UNUSED;
    if (!amb_as_int(args[1], &dx) || !amb_as_int(args[2], &dy))
        return amb_raise(vm, "TypeError", "step: two ints were expected");
    amb_status st = act(vm, e);
    if (st) return st;
    int x = e->x + sign(dx), y = e->y + sign(dy);
    entity *there = is_wall(g, x, y) ? NULL : thing_at(g, x, y);
    *out = amb_bool(0);
    if (is_wall(g, x, y) || (there && amb_is_nil(there->rules->touched))) return AMB_OK;
    e->x = x, e->y = y;
    *out = amb_bool(1);
    if (!there) return AMB_OK;
    amb_value both[2] = {there->self, e->self}, ignored;
    return amb_call_function(vm, there->rules->touched, both, 2, &ignored);
}

/* strike(other): what stands next to it loses a point. */
MEMBER(strike)
{
    entity *other;
    UNUSED;
    amb_status st = receiver(vm, g, args[1], &other);
    if (!st) st = act(vm, e);
    if (st) return st;
    if (!other->alive || abs(other->x - e->x) > 1 || abs(other->y - e->y) > 1)
        return amb_raise(vm, "ValueError", "strike: the %s is out of reach", other->rules->kind);
    other->health--;
    tell(e, "strikes ", other->rules->kind, strlen(other->rules->kind));
    if (other->health <= 0) {
        other->alive = 0;
        tell(other, "dies", "", 0);
    }
    return AMB_OK;
}

MEMBER(vanish)
{
    UNUSED;
    e->alive = 0;
    return AMB_OK;
}

/* near(distance): what is on the map not farther away, the nearest first. */
MEMBER(near)
{
    int64_t d;
    UNUSED;
    if (!amb_as_int(args[1], &d) || d < 0) return amb_raise(vm, "TypeError", "near: a distance was expected");
    amb_status st = amb_list_new(vm, NULL, 0, out);
    for (int64_t r = 0; r <= d && r < MAX_SIZE && !st; r++)
        for (int i = 0; i < g->n && !st; i++) {
            entity *o = g->things[i];
            int ax = abs(o->x - e->x), ay = abs(o->y - e->y);
            amb_charge(vm, 1);
            if (o->alive && o != e && (ax > ay ? ax : ay) == r) st = amb_list_push(vm, *out, o->self);
        }
    return st;
}

MEMBER(say)
{
    const char *s;
    size_t len;
    UNUSED;
    if (amb_as_string(vm, args[1], &s, &len)) return amb_raise(vm, "TypeError", "say: a string was expected");
    g->printed += len;
    if (g->printed > frame_text) return amb_raise(vm, "ValueError", "say: that was too much for one turn");
    tell(e, "says: ", s, len);
    return AMB_OK;
}

static const amb_function members[] = {
    {.name = "x", .fn = get_x, .flags = AMB_FN_GETTER},
    {.name = "y", .fn = get_y, .flags = AMB_FN_GETTER},
    {.name = "kind", .fn = get_kind, .flags = AMB_FN_GETTER},
    {.name = "health", .fn = get_health, .flags = AMB_FN_GETTER},
    {.name = "alive", .fn = get_alive, .flags = AMB_FN_GETTER},
    {.name = "purse", .fn = get_purse, .flags = AMB_FN_GETTER},
    {.name = "purse", .fn = set_purse, .min = 1, .max = 1, .flags = AMB_FN_SETTER},
    {.name = "mind", .fn = get_mind, .flags = AMB_FN_GETTER},
    {.name = "mind", .fn = set_mind, .min = 1, .max = 1, .flags = AMB_FN_SETTER},
    {.name = "step", .fn = step, .min = 2, .max = 2, .params = "dx, dy"},
    {.name = "strike", .fn = strike, .min = 1, .max = 1, .params = "other"},
    {.name = "near", .fn = near, .min = 1, .max = 1, .params = "distance"},
    {.name = "say", .fn = say, .min = 1, .max = 1, .params = "text"},
    {.name = "vanish", .fn = vanish},
};

/* ---- module world --------------------------------------------------------------------- */

static amb_status world_wall(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t x, y;
    (void)n;
    if (!amb_as_int(args[0], &x) || !amb_as_int(args[1], &y))
        return amb_raise(vm, "TypeError", "wall: two ints were expected");
    *out = amb_bool(is_wall(ud, x, y));
    return AMB_OK;
}

static amb_status world_turn(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)vm, (void)args, (void)n;
    *out = amb_int(((game *)ud)->turn);
    return AMB_OK;
}

/* dice(n): 1 to n; the same in each game with the same seed. */
static amb_status world_dice(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    game *g = ud;
    int64_t sides;
    (void)n;
    if (!amb_as_int(args[0], &sides) || sides < 1) return amb_raise(vm, "ValueError", "dice: how many sides?");
    g->dice ^= g->dice << 13, g->dice ^= g->dice >> 7, g->dice ^= g->dice << 17;
    *out = amb_int((int64_t)(g->dice >> 11) % sides + 1);
    return AMB_OK;
}

/* spawn(kind, x, y): the new thing, or nil where there is no room. */
static amb_status world_spawn(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    game *g = ud;
    const char *kind;
    size_t len;
    int64_t x, y;
    (void)n;
    if (amb_as_string(vm, args[0], &kind, &len) || !amb_as_int(args[1], &x) || !amb_as_int(args[2], &y))
        return amb_raise(vm, "TypeError", "spawn: a kind and two ints were expected");
    if (is_wall(g, x, y) || thing_at(g, (int)x, (int)y) || g->n == MAX_ENTITIES) return AMB_OK;
    for (int i = 0; i < g->nkinds; i++)
        if (strcmp(g->kinds[i].kind, kind) == 0) return place(g, kind, (int)x, (int)y, out);
    return amb_raise(vm, "ValueError", "spawn: there is no %.40s in this dungeon", kind);
}

static const amb_function world[] = {
    {.name = "wall", .fn = world_wall, .min = 2, .max = 2, .params = "x, y"},
    {.name = "turn", .fn = world_turn},
    {.name = "dice", .fn = world_dice, .min = 1, .max = 1, .params = "sides"},
    {.name = "spawn", .fn = world_spawn, .min = 3, .max = 3, .params = "kind, x, y"},
};

/* ---- turns ---------------------------------------------------------------------------- */

/* Why an update did not end well: the limit, or the error and where it was thrown. */
static void report_fault(game *g, entity *e, amb_status st)
{
    char text[200];
    amb_value error;
    amb_error parts = {.size = sizeof parts};
    amb_place where = {.size = sizeof where};
    if (st == AMB_E_LIMIT) {
        const char *limit = amb_last_limit(g->vm);
        snprintf(text, sizeof text, "%s", limit ? limit : "a limit");
        tell(e, "used up its turn: ", text, strlen(text));
    } else if (amb_last_error(g->vm, &error) == AMB_OK && amb_error_parts(g->vm, error, &parts) == AMB_OK &&
               amb_error_place(g->vm, error, 0, &where) == AMB_OK) {
        snprintf(text, sizeof text, "%s: %.100s (%s, line %u)", parts.type, parts.message, where.function, where.line);
        tell(e, "stumbles: ", text, strlen(text));
    } else {
        snprintf(text, sizeof text, "status %d", (int)st);
        tell(e, "stumbles: ", text, strlen(text));
    }
    if (++e->faults < MAX_FAULTS) return;
    tell(e, "turns to stone", "", 0);
    e->alive = 0;
}

static void turn(game *g)
{
    int n = g->n; /* who is born this turn waits for the next one */
    for (int i = 0; i < n; i++) g->things[i]->acted = 0;
    for (int i = 0; i < n; i++) {
        entity *e = g->things[i];
        if (!e->alive) continue;
        amb_scope scope = amb_scope_open(g->vm);
        amb_value ignored;
        g->printed = 0;
        amb_set_fuel(g->vm, frame_fuel);
        amb_set_timeout(g->vm, g->frame_ns);
        amb_status st = amb_call_function(g->vm, e->rules->update, &e->self, 1, &ignored);
        if (st) report_fault(g, e, st);
        amb_scope_close(g->vm, scope);
    }
    sweep_dead(g);
}

static int load_map(game *g, const char *path)
{
    size_t len;
    char *text = read_all(path, &len);
    if (!text) return fprintf(stderr, "dungeon: cannot read %s\n", path), 0;
    int ok = 1, y = 0;
    for (char *line = strtok(text, "\n"); line && ok && y < MAX_SIZE; line = strtok(NULL, "\n"), y++) {
        int w = (int)strlen(line);
        if (y == 0) g->width = w < MAX_SIZE ? w : MAX_SIZE;
        for (int x = 0; x < g->width; x++) {
            g->cells[y][x] = x >= w || line[x] == '#' ? '#' : '.';
        }
    }
    g->height = y;
    free(text);
    text = read_all(path, &len);
    int x = y = 0;
    for (size_t i = 0; text && i < len && ok; i++) {
        amb_scope scope = amb_scope_open(g->vm);
        amb_value thing;
        for (size_t k = 0; k < NGLYPHS && x < g->width && y < g->height; k++)
            if (glyphs[k].glyph == text[i] && place(g, glyphs[k].kind, x, y, &thing)) ok = 0;
        amb_scope_close(g->vm, scope);
        if (text[i] == '\n') x = 0, y++;
        else x++;
    }
    free(text);
    return ok && g->n > 0;
}

int main(int argc, char **argv)
{
    static game g = {.dice = 7, .frame_ns = 50000000};
    int turns = 20, i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (strcmp(argv[i], "-t") == 0) turns = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "-s") == 0) g.dice = strtoull(argv[i + 1], NULL, 10) | 1;
        else if (strcmp(argv[i], "-d") == 0) g.frame_ns = strtoull(argv[i + 1], NULL, 10) * 1000000;
        else break;
    }
    if (argc - i != 2) {
        fprintf(stderr, "Usage: dungeon [-t TURNS] [-s SEED] [-d MILLISECONDS] MAP RULES-FOLDER\n");
        return 2;
    }
    g.folder = argv[i + 1];
    /* seed: maps and sets with the same contents behave the same in each game. */
    amb_config config = {.size = sizeof config, .heap_bytes = 8u << 20, .fuel = frame_fuel, .timeout_ns = 1000000000,
                         .seed = 7, .output = output, .output_ud = &g};
    g.vm = amb_vm_new(&config, NULL);
    if (!g.vm) return fprintf(stderr, "dungeon: no machine\n"), 1;
    amb_scope scope = amb_scope_open(g.vm);
    amb_class_def def = {.size = sizeof def, .name = "Entity", .members = members,
                         .nmembers = sizeof members / sizeof members[0], .finalize = finalize, .ud = &g};
    amb_module_def module = {.size = sizeof module, .name = "world", .functions = world,
                             .nfunctions = sizeof world / sizeof world[0], .ud = &g};
    amb_value cls;
    amb_status st = amb_class_new(g.vm, &def, &cls);
    if (!st) st = amb_pin(g.vm, cls, &g.cls);
    if (!st) st = amb_module_new(g.vm, &module);
    int ok = !st && load_map(&g, argv[i]);
    for (g.turn = 1; ok && g.turn <= turns; g.turn++) {
        printf("turn %d\n", g.turn);
        turn(&g);
        draw(&g);
    }
    for (int k = 0; ok && k < g.n; k++)
        printf("%s: health %d, purse %lld\n", g.things[k]->rules->kind, g.things[k]->health, (long long)g.things[k]->purse);
    amb_scope_close(g.vm, scope);
    amb_vm_free(g.vm); /* frees the things that are left, too */
    return ok ? 0 : 1;
}
