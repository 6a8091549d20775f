/* SPDX-License-Identifier: MIT */
/* Names: symbols, scopes, and where each mention of a binding leads. */
#include "scope_pass.h"

#include <setjmp.h>
#include <string.h>

/* ---- symbols */

/* Seeded by an address, so that a source cannot be made to collide. */
static uint64_t hash_text(const struct ambscope *s, amb_text text)
{
    uint64_t h = s->seed;
    for (uint32_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.at[i]) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static void grow_index(struct ambscope *s)
{
    uint32_t size = s->index_size ? s->index_size * 2 : 256;
    s->index = ambarena_alloc(s->arena, size * sizeof *s->index);
    s->index_size = size;
    for (uint32_t i = 0; i < s->symbol_count; i++) {
        uint32_t at = (uint32_t)hash_text(s, s->symbols[i].name) & (size - 1);
        while (s->index[at]) at = (at + 1) & (size - 1);
        s->index[at] = i + 1;
    }
}

struct ambscope_symbol *ambscope_find(struct ambscope *s, amb_text name, bool add)
{
    uint32_t at = (uint32_t)hash_text(s, name) & (s->index_size - 1);
    while (s->index[at]) {
        struct ambscope_symbol *symbol = &s->symbols[s->index[at] - 1];
        if (ambtext_equal(symbol->name, name)) return symbol;
        at = (at + 1) & (s->index_size - 1);
    }
    if (!add) return NULL;
    if ((s->symbol_count + 1) * 2 > s->index_size) {
        grow_index(s);
        return ambscope_find(s, name, true);
    }
    ambarena_grow(s->arena, (void **)&s->symbols, &s->symbol_cap, s->symbol_count + 1,
                  sizeof *s->symbols);
    s->symbols[s->symbol_count] = (struct ambscope_symbol){name, NULL, 0};
    s->index[at] = ++s->symbol_count;
    return &s->symbols[s->symbol_count - 1];
}

/* ---- did you mean */

/* Edit distance with swaps, given up above 2. */
static uint32_t distance(amb_text a, amb_text b)
{
    enum { LONGEST = 40 };
    if (a.len > LONGEST || b.len > LONGEST || a.len > b.len + 2 || b.len > a.len + 2)
        return 3;
    uint8_t rows[3][LONGEST + 1];
    for (uint32_t j = 0; j <= b.len; j++) rows[0][j] = (uint8_t)j;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint8_t *row = rows[i % 3], *above = rows[(i - 1) % 3];
        row[0] = (uint8_t)i;
        for (uint32_t j = 1; j <= b.len; j++) {
            uint32_t best = above[j - 1] + (a.at[i - 1] != b.at[j - 1]);
            if (above[j] + 1u < best) best = above[j] + 1u;
            if (row[j - 1] + 1u < best) best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
                a.at[i - 2] == b.at[j - 1] && rows[(i - 2) % 3][j - 2] + 1u < best)
                best = rows[(i - 2) % 3][j - 2] + 1u;
            row[j] = (uint8_t)best;
        }
    }
    return rows[a.len % 3][b.len];
}

void ambscope_guess_try(struct ambscope_guess *guess, amb_text name)
{
    uint32_t d = distance(guess->wanted, name);
    uint32_t most = guess->wanted.len < 3 ? 0 : guess->wanted.len < 5 ? 1 : 2;
    /* Another case alone is a good guess, however short. */
    if (guess->wanted.len == name.len && d > most) {
        d = 1;
        for (uint32_t i = 0; i < name.len && d == 1; i++)
            if ((name.at[i] | 0x20) != (guess->wanted.at[i] | 0x20)) d = 3;
        most = 1;
    }
    if (d > 0 && d <= most && (guess->best.len == 0 || d < guess->distance)) {
        guess->best = name;
        guess->distance = d;
    }
}

void ambscope_guess_hint(struct ambscope *s, struct amb_diag *diag,
                         const struct ambscope_guess *guess)
{
    if (!diag || guess->best.len == 0) return;
    static const char start[] = "did you mean `";
    size_t len = sizeof start - 1 + guess->best.len + 2;
    char *text = ambarena_alloc(s->arena, len + 1);
    memcpy(text, start, sizeof start - 1);
    memcpy(text + sizeof start - 1, guess->best.at, guess->best.len);
    memcpy(text + len - 2, "`?", 2);
    diag->hint = (amb_text){text, (uint32_t)len};
}

/* Values that are spelled otherwise elsewhere. */
static const char *foreign_value(amb_text name)
{
    static const struct {
        const char *name, *hint;
    } table[] = {
        {"null", "write: nil"},
        {"None", "write: nil"},
        {"undefined", "write: nil"},
        {"none", "write: nil"},
        {"True", "write: true"},
        {"False", "write: false"},
        {"this", "write: self"},
        {"len", "write: x.len"},
        {"str", "write: string(x)"},
        {"println", "write: print(x)"},
        {"printf", "write: print(x)"},
        {"console", "write: print(x)"},
        {"elif", "write: else if"},
        {"dict", "write: map(x), or {a: 1}"},
        {"array", "write: list(x), or [1, 2]"},
        {"new", "call the class: Name(...)"},
        {"NaN", "import math, and write: math.nan"},
        {"open", "files come from a capability: use fs.dir(\"...\") for read as dir"},
        {"fs", "files come from a capability: use fs.dir(\"...\") for read as dir"},
        {"net", "connections come from a capability: use net.tcp(\"host:port\") as tcp"},
        {"socket", "connections come from a capability: use net.tcp(\"host:port\") as tcp"},
        {"process", "programs come from a capability: use process.run(\"name\") as tool"},
        {"subprocess", "programs come from a capability: use process.run(\"name\") as tool"},
        {"system", "programs come from a capability: use process.run(\"name\") as tool"},
        {"env", "variables come from a capability: use process.env(\"NAME\") as env"},
        {"getenv", "variables come from a capability: use process.env(\"NAME\") as env"},
        {"clock", "the time comes from a capability: use clock"},
        {"time", "the time comes from a capability: use clock"},
        {"now", "the time comes from a capability: use clock"},
        {"timer", "timers come from a capability: use timer"},
        {"setTimeout", "write: spawn { sleep(seconds); ... }"},
        {"random", "random bytes come from a capability: use entropy"},
        {"entropy", "random bytes come from a capability: use entropy"},
        {"cap", "import cap"},
        {"math", "import math"},
        {"argv", "write: args"},
        {"thread", "write: spawn f(x), or spawn { ... }"},
        {"Thread", "write: spawn f(x), or spawn { ... }"},
        {"Task", "write: spawn f(x), or spawn { ... }"},
        {"Mutex", "write: lock()"},
        {"mutex", "write: lock()"},
        {"require", "write: import \"./module\""},
        {"isinstance", "write: x is Type"},
        {"typeof", "write: type(x)"},
        {"function", "write: fn(a) { ... }, or a => ..."},
        {"lambda", "write: a => ..."},
        {"repr", "write: string(x)"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strlen(table[i].name) == name.len &&
            memcmp(table[i].name, name.at, name.len) == 0)
            return table[i].hint;
    return NULL;
}

void ambscope_undefined(struct ambscope *s, const struct amb_node *node)
{
    amb_text name = node->as.name.name;
    for (uint32_t i = 0; i < s->module->lost_count; i++)
        if (ambtext_equal(s->module->lost[i], name)) return;
    struct amb_diag *diag = ambdiag_add(s->diags, DIAG_UNDEFINED, node->span, name);
    const char *hint = foreign_value(name);
    if (hint) {
        ambdiag_hint(s->diags, diag, (amb_text){hint, (uint32_t)strlen(hint)});
        return;
    }
    if (!diag || s->guesses++ >= AMB_MAX_GUESSES) return;
    struct ambscope_guess guess = {.wanted = name};
    for (uint32_t i = 0; i < s->symbol_count; i++)
        if (s->symbols[i].decl || s->symbols[i].prelude)
            ambscope_guess_try(&guess, s->symbols[i].name);
    ambscope_guess_hint(s, diag, &guess);
}

/* ---- scopes */

struct amb_lexical_scope *ambscope_enter(struct ambscope *s, struct amb_node *block)
{
    struct amb_lexical_scope *scope = ambarena_alloc(s->arena, sizeof *scope);
    struct ambscope_data *data = ambarena_alloc(s->arena, sizeof *data);
    data->block = block;
    scope->hidden = data;
    scope->outer = s->scope;
    scope->fn = s->frame->fn;
    scope->in_loop = s->frame->loop_depth > 0;
    s->scope = scope;
    return scope;
}

/* The earlier binding of a name in the same scope; a function's body counts its
 * parameters. */
static struct amb_decl *declared_here(const struct amb_lexical_scope *scope,
                                      struct amb_decl *decl)
{
    if (!decl) return NULL;
    if (decl->scope == scope) return decl;
    const struct ambscope_data *data = scope->hidden;
    return data->block && data->block == scope->fn->body && decl->scope == scope->outer &&
                   decl->scope == scope->fn->scope && scope->fn->scope
               ? decl
               : NULL;
}

void ambscope_declare(struct ambscope *s, struct amb_decl *decl, enum amb_decl_kind kind)
{
    struct ambscope_data *data = s->scope->hidden;
    struct ambscope_symbol *symbol = ambscope_find(s, decl->name, true);
    struct amb_decl *earlier = declared_here(s->scope, symbol->decl);
    if (earlier && earlier->kind != DECL_SELF) {
        bool param = kind == DECL_PARAM && earlier->scope == s->scope;
        struct amb_diag *diag =
            ambdiag_add(s->diags, param ? DIAG_DUPLICATE_PARAM : DIAG_REDECLARED,
                        decl->span, decl->name);
        if (!param) ambdiag_relate(diag, earlier->span, AMB_TEXT("it was declared here"));
    }
    decl->kind = (uint8_t)kind;
    decl->owner = s->frame->fn;
    decl->scope = s->scope;
    decl->stmt_index = data->stmt;
    decl->hidden = (uint32_t)(symbol - s->symbols);
    decl->next = symbol->decl;
    symbol->decl = decl;
    ambarena_grow(s->arena, (void **)&s->scope->decls, &s->scope->decl_cap,
                  s->scope->decl_count + 1, sizeof *s->scope->decls);
    s->scope->decls[s->scope->decl_count++] = decl;
}

/* Where the scope's bindings live is known once all of it was walked. */
static void settle_storage(struct ambscope *s, struct amb_lexical_scope *scope)
{
    bool module = scope == scope->fn->scope && scope->fn->kind == AMB_FNK_MAIN;
    for (uint32_t i = 0; i < scope->decl_count; i++) {
        struct amb_decl *decl = scope->decls[i];
        if (decl->kind == DECL_IMPORT_NAME) {
            decl->storage = STORE_IMPORT;
        } else if (module) {
            if (decl->captured || decl->is_pub || s->options->is_repl) {
                ambarena_grow(s->arena, (void **)&s->module->slots, &s->slot_cap,
                              s->module->slot_count + 1, sizeof *s->module->slots);
                decl->storage = STORE_MODULE;
                decl->slot = s->module->slot_count;
                s->module->slots[s->module->slot_count++] = decl;
            }
            decl->early_cell = false;
        } else if (decl->captured && (decl->reassigned || decl->early_cell)) {
            decl->storage = STORE_CELL;
            scope->has_cells = true;
        } else {
            decl->early_cell = false;
        }
    }
}

void ambscope_leave(struct ambscope *s)
{
    struct amb_lexical_scope *scope = s->scope;
    struct ambscope_data *data = scope->hidden;
    if (data->block) ambscope_order_block(s, scope);
    settle_storage(s, scope);
    for (uint32_t i = 0; i < data->mention_count; i++) {
        struct amb_ref *ref = data->mentions[i].ref;
        if (ref->decl->storage == STORE_MODULE) {
            ref->kind = REF_MODULE;
            ref->index = ref->decl->slot;
        }
    }
    for (uint32_t i = scope->decl_count; i > 0; i--)
        s->symbols[scope->decls[i - 1]->hidden].decl = scope->decls[i - 1]->next;
    scope->hidden = NULL;
    s->scope = scope->outer;
}

/* ---- mentions */

static uint32_t add_upval(struct ambscope *s, struct amb_fn *fn, struct amb_decl *decl,
                          amb_span at)
{
    for (uint32_t i = 0; i < fn->upval_count; i++)
        if (fn->upvals[i].decl == decl) return i;
    bool direct = fn->outer == decl->owner;
    uint32_t index = direct ? 0 : add_upval(s, fn->outer, decl, at);
    if (fn->upval_count == AMB_MAX_UPVALS) {
        ambdiag_add(s->diags, DIAG_TOO_MANY, at, AMB_TEXT("255"),
                    AMB_TEXT("captured variables in a function"));
        return 0;
    }
    fn->outer->has_closures = true;
    ambarena_grow(s->arena, (void **)&fn->upvals, &fn->upval_cap, fn->upval_count + 1,
                  sizeof *fn->upvals);
    fn->upvals[fn->upval_count] = (struct amb_upval){decl, direct, index};
    return fn->upval_count++;
}

void ambscope_mention(struct ambscope *s, struct amb_ref *ref, struct amb_node *node,
                      struct amb_decl *decl)
{
    struct ambscope_data *data = decl->scope->hidden;
    struct amb_fn *fn = s->frame->fn;
    bool crosses = decl->owner != fn;
    bool module =
        decl->scope->fn->kind == AMB_FNK_MAIN && decl->scope == decl->owner->scope;
    decl->used = true;
    ref->decl = decl;
    ref->kind = REF_LOCAL;
    if (crosses) {
        decl->captured = true;
        if (decl->kind == DECL_SELF)
            for (struct amb_fn *f = fn; f != decl->owner; f = f->outer)
                f->uses_self = true;
        if (module) {
            ref->kind = REF_MODULE;
        } else {
            ref->kind = REF_UPVALUE;
            ref->index = add_upval(s, fn, decl, node->span);
        }
    }
    if (decl->kind == DECL_SELF) decl->owner->uses_self = true;
    if (decl->kind == DECL_IMPORT_NAME) {
        ref->kind = REF_IMPORT;
        ref->import = decl->import;
        ref->index = decl->slot;
    }
    if (!data->block) return;
    ambarena_grow(s->arena, (void **)&data->mentions, &data->mention_cap,
                  data->mention_count + 1, sizeof *data->mentions);
    data->mentions[data->mention_count++] =
        (struct ambscope_mention){ref, node, data->stmt, crosses, s->frame->defers > 0};
}

/* ---- tail calls */

/* Marks the calls whose value is what `value` gives, and gives at once. */
static void mark_tail(struct ambscope *s, struct amb_node *value)
{
    struct ambscope_frame *frame = s->frame;
    switch (value->kind) {
    case NODE_CALL:
        value->as.call.tail = true;
        ambarena_grow(s->arena, (void **)&frame->tails, &frame->tail_cap,
                      frame->tail_count + 1, sizeof *frame->tails);
        frame->tails[frame->tail_count++] = value;
        break;
    case NODE_IF:
        for (uint32_t i = 0; i < value->as.if_.branches.len; i++)
            mark_tail(s, value->as.if_.branches.at[i]->as.branch.body);
        if (value->as.if_.otherwise) mark_tail(s, value->as.if_.otherwise);
        break;
    case NODE_MATCH:
        for (uint32_t i = 0; i < value->as.match.arms.len; i++)
            if (value->as.match.arms.at[i]->kind == NODE_ARM)
                mark_tail(s, value->as.match.arms.at[i]->as.arm.body);
        break;
    case NODE_BLOCK:
        if (!value->as.block.has_defer && value->as.block.stmts.len > 0)
            mark_tail(s, value->as.block.stmts.at[value->as.block.stmts.len - 1]);
        break;
    case NODE_LOGIC: mark_tail(s, value->as.binary.right); break;
    default: break;
    }
}

/* The gate is closed while such a method runs, which its frame tells: it must stay. */
static bool closes_gate(const struct amb_fn *fn)
{
    static const char *const names[] = {"==", "<", "hash", "str"};
    for (size_t i = 0; fn->self && i < sizeof names / sizeof *names; i++)
        if (ambtext_equal(fn->name, (amb_text){names[i], (uint32_t)strlen(names[i])})) return true;
    return false;
}

void ambscope_tail(struct ambscope *s, struct amb_node *value)
{
    const struct amb_fn *fn = s->frame->fn;
    if (closes_gate(fn)) return;
    if (s->frame->no_tail > 0 || fn->result || fn->kind == AMB_FNK_MAIN ||
        fn->kind == AMB_FNK_INIT || fn->kind == AMB_FNK_FIELDS)
        return;
    mark_tail(s, value);
}

/* ---- the pass */

static void run(struct ambscope *s)
{
    s->seed = 0x243f6a8885a308d3u ^ (uint64_t)(uintptr_t)s ^
              (uint64_t)(uintptr_t)s->arena << 20;
    grow_index(s);
    for (uint32_t i = 0; i < s->options->prelude_count; i++) {
        const struct amb_prelude_name *p = &s->options->prelude[i];
        ambscope_find(s, (amb_text){p->name, p->len}, true)->prelude = i + 1;
    }
    struct amb_fn *main = s->module->main;
    struct ambscope_frame frame = {.fn = main};
    s->frame = &frame;
    ambscope_block(s, main->body, s->options->is_repl || s->options->is_value ? USE_VALUE : USE_DROP);
    s->frame = NULL;
}

bool ambscope_run(struct amb_unit *module, struct amb_diags *diags,
                  const struct amb_scope_options *options)
{
    jmp_buf bail;
    struct amb_arena *arena = module->arena;
    void *outer = arena->bail;
    if (setjmp(bail) == 0) {
        arena->bail = &bail;
        struct ambscope *s = ambarena_alloc(arena, sizeof *s);
        s->module = module;
        s->arena = arena;
        s->diags = diags;
        s->options = options;
        run(s);
    }
    arena->bail = outer;
    return !arena->oom && diags->errors == 0;
}
