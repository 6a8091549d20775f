/* SPDX-License-Identifier: MIT */
/* How an uncaught error is shown, and traces as text. */
#include <stdio.h>
#include <string.h>

#include "class.h"
#include "module.h"
#include "vm_internal.h"

typedef struct out {
    ambreport_write write;
    void *ud;
    bool colour;
} out;

static void put(const out *o, const char *s, size_t n) {
    if (n) o->write(o->ud, s, n);
}
static void puts_(const out *o, const char *s) { put(o, s, strlen(s)); }
static void paint(const out *o, const char *code) {
    if (o->colour) puts_(o, code);
}

/* Text that came from a program: control characters could take over the terminal. */
static void put_safe(const out *o, const char *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\t' || (c >= 0x20 && c != 0x7f)) put(o, s + i, 1);
        else if (c == '\n') puts_(o, "\n  ");
        else {
            char hex[8];
            snprintf(hex, sizeof hex, "\\x%02x", c);
            puts_(o, hex);
        }
    }
}

static amb_span32 span_at(const amb_proto *p, int64_t at) {
    if (at < 0 || at >= p->ncode) return p->whole;
    return p->spans[at];
}

static void excerpt(const out *o, const amb_module *m, amb_span32 s) {
    if (!m->source || s.start > m->source_len) return;
    const char *t = m->source;
    size_t from = s.start, to = s.start;
    while (from > 0 && t[from - 1] != '\n') from--;
    while (to < m->source_len && t[to] != '\n') to++;
    uint32_t line, column;
    ambmodule_locate(m, s.start, &line, &column);
    char head[32];
    int n = snprintf(head, sizeof head, "%5u | ", line);
    puts_(o, head);
    if (to - from > 200) to = s.start > from + 150 ? s.start + 50 < to ? s.start + 50 : to : from + 200;
    if (s.start > from + 150) from = s.start - 100;
    while (from < to && ((unsigned char)t[from] & 0xc0) == 0x80) from++;
    put_safe(o, t + from, to - from);
    puts_(o, "\n");
    for (int i = 0; i < n - 2; i++) puts_(o, " ");
    puts_(o, "| ");
    for (size_t i = from; i < s.start; i++)
        if (t[i] == '\t') puts_(o, "\t");
        else if (((unsigned char)t[i] & 0xc0) != 0x80) puts_(o, " ");
    paint(o, "\33[31m");
    size_t end = s.end < to ? s.end : to;
    puts_(o, "^");
    for (size_t i = s.start + 1; i < end; i++)
        if (((unsigned char)t[i] & 0xc0) != 0x80) puts_(o, "^");
    paint(o, "\33[0m");
    puts_(o, "\n");
}

static void trace_line(const out *o, const amb_proto *p, int64_t at) {
    amb_span32 s = span_at(p, at);
    uint32_t line, column;
    ambmodule_locate(p->module, s.start, &line, &column);
    puts_(o, "  in ");
    put_safe(o, p->name->data, p->name->len);
    puts_(o, " (");
    put_safe(o, p->module->name->data, p->module->name->len);
    char pos[40];
    snprintf(pos, sizeof pos, ":%u:%u)\n", line, column);
    puts_(o, pos);
}

static void one(amb_vm *vm, const out *o, amb_instance *e, int depth) {
    const amb_class *c = ambinst_class(vm, e);
    ambv message = ambinst_get(e, ERR_MESSAGE), trace = ambinst_get(e, ERR_TRACE);
    ambv notes = ambinst_get(e, ERR_NOTES), cause = ambinst_get(e, ERR_CAUSE);
    paint(o, "\33[1;31m");
    put_safe(o, c->name->data, c->name->len);
    paint(o, "\33[0m");
    puts_(o, ": ");
    if (message.tag == TAG_STRING) put_safe(o, message.str->data, message.str->len);
    puts_(o, "\n");
    if (trace.tag == TAG_TUPLE && trace.o->aux32 >= 2) {
        const amb_tuple *t = trace.tuple;
        const amb_proto *p = t->vals[0].proto;
        excerpt(o, p->module, span_at(p, t->vals[1].i));
        uint32_t n = t->h.aux32 / 2;
        for (uint32_t i = 0; i < n; i++) {
            if (n > 24 && i >= 12 && i < n - 6) {
                if (i == 12) puts_(o, "  ...\n");
                continue;
            }
            trace_line(o, t->vals[2 * i].proto, t->vals[2 * i + 1].i);
        }
    }
    if (notes.tag == TAG_LIST)
        for (uint32_t i = 0; i < notes.list->len && i < 20; i++) {
            ambv v = amblist_at(notes.list, i);
            if (v.tag != TAG_STRING) continue;
            puts_(o, "  note: ");
            put_safe(o, v.str->data, v.str->len);
            puts_(o, "\n");
        }
    if (cause.tag == TAG_INSTANCE && depth < 8) {
        puts_(o, "caused by ");
        one(vm, o, cause.inst, depth + 1);
    }
}

void ambreport_error(amb_vm *vm, ambv error, bool colour, ambreport_write write, void *ud) {
    out o = {write, ud, colour};
    if (error.tag == TAG_INSTANCE && (ambinst_class(vm, error.inst)->h.flags & CLASS_ERROR))
        one(vm, &o, error.inst, 0);
}

amb_list *ambreport_trace(amb_vm *vm, amb_instance *e) {
    ambv trace = ambinst_get(e, ERR_TRACE);
    amb_list *l = amblist_new(vm, 8);
    if (!l || trace.tag != TAG_TUPLE) return l;
    const amb_tuple *t = trace.tuple;
    for (uint32_t i = 0; i + 1 < t->h.aux32; i += 2) {
        const amb_proto *p = t->vals[i].proto;
        uint32_t line, column;
        ambmodule_locate(p->module, span_at(p, t->vals[i + 1].i).start, &line, &column);
        amb_string *s = ambstr_format(vm, "%s (%s:%u)", p->name->data, p->module->name->data, line);
        if (!s || amblist_push_slow(vm, l, ambv_obj(s)) != AMB_OK) return NULL;
    }
    return l;
}
