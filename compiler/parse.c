/* SPDX-License-Identifier: MIT */
/* Drives lexer and grammar, and starts afresh after mistakes. */
#include "parse.h"

#include <setjmp.h>
#include <string.h>

#include "grammar.h"
#include "parse_build.h"

/* Words of text that could not be read: names that may have been declared there are not
 * reported as undefined. */
static void note_lost(struct amb_parser *p, uint32_t start, uint32_t end)
{
    struct amb_unit *module = p->module;
    const char *text = p->src->text;
    for (uint32_t i = start; i < end && module->lost_count < 4096;) {
        uint32_t from = i;
        while (i < end && ((text[i] >= 'a' && text[i] <= 'z') ||
                           (text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_' ||
                           (i > from && text[i] >= '0' && text[i] <= '9') ||
                           (unsigned char)text[i] >= 0x80))
            i++;
        if (i == from) {
            i++;
            continue;
        }
        ambarena_grow(p->arena, (void **)&module->lost, &module->lost_cap,
                      module->lost_count + 1, sizeof *module->lost);
        module->lost[module->lost_count++] = (amb_text){text + from, i - from};
    }
}

static void feed(struct amb_parser *p, void *machine, int kind, const struct amb_token *t)
{
    p->failed = false;
    ambgrammar(machine, kind, *t, p);
    p->last_kind2 = p->last_kind;
    p->last_kind = kind;
    if (t->span.end > t->span.start) p->last = *t;
}

static void run(struct amb_parser *p, void *machine)
{
    struct amb_token t;
    for (;;) {
        int kind = amblexer_next(&p->lexer, &t);
        feed(p, machine, kind, &t);
        if (p->too_deep) return;
        if (p->failed && kind != 0) {
            uint32_t start = amblexer_body(&p->lexer)->stmt_start;
            if (start > t.span.start) start = t.span.start;
            kind = amblexer_resync(&p->lexer, kind, &t);
            note_lost(p, start, t.span.start);
            p->quiet = true;
            feed(p, machine, kind, &t);
            p->quiet = false;
            ambgrammar_settle(machine);
        }
        if (kind == 0 || p->too_deep) return;
    }
}

static struct amb_unit *parse(struct amb_parser *p, void *machine)
{
    p->module = ambarena_alloc(p->arena, sizeof *p->module);
    p->module->src = p->src;
    p->module->arena = p->arena;
    p->module->main = ambbuild_fn(p);
    p->module->main->kind = AMB_FNK_MAIN;
    p->module->main->span = (amb_span){0, p->src->len};
    if (amblexer_init(&p->lexer, p->src, p->arena, p->diags)) {
        ambgrammarInit(machine);
        run(p, machine);
        ambgrammarFinalize(machine);
        p->module->incomplete = p->lexer.ended;
    }
    if (!p->module->main->body) {
        struct amb_nodes *nothing = ambbuild_list(p);
        p->too_deep = false; /* an empty program is shallow */
        ambbuild_program(p, nothing);
    }
    return p->module;
}

struct amb_unit *ambparse_module(struct amb_arena *arena, struct amb_source *src,
                                   struct amb_diags *diags)
{
    jmp_buf bail;
    struct amb_unit *module = NULL;
    void *outer = arena->bail;
    /* The parser has a stack of 2000 entries, of which few are ever touched: it stays out of the arena, whose
     * memory is zeroed and kept. */
    const struct amb_arena_hook *hook = &arena->hook;
    size_t size = ambgrammar_size();
    void *machine = hook->realloc(hook->ud, NULL, 0, size, 16);
    if (!machine) {
        arena->oom = true;
        return NULL;
    }
    if (setjmp(bail) == 0) {
        arena->bail = &bail;
        struct amb_parser *p = ambarena_alloc(arena, sizeof *p);
        p->arena = arena;
        p->src = src;
        p->diags = diags;
        module = parse(p, machine);
    } else {
        module = NULL;
    }
    arena->bail = outer;
    hook->realloc(hook->ud, machine, size, 0, 16);
    return module;
}

bool ambparse_incomplete(const struct amb_unit *module, const struct amb_diags *diags)
{
    if (!module || !module->incomplete) return false;
    for (uint32_t i = 0; i < diags->count; i++)
        if (diags->items[i].severity == AMB_SEV_ERROR &&
            diags->items[i].id != DIAG_UNCLOSED_BRACKET &&
            diags->items[i].id != DIAG_UNEXPECTED_END)
            return false;
    return true;
}
