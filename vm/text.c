/* SPDX-License-Identifier: MIT */
/* Values as text: the growing buffer, what print shows, and the short forms of error
 * messages.
 *
 * Printing walks structures recursively to a bounded depth and knows the containers it is
 * inside of, so that cycles end. Lists, maps and sets are locked meanwhile: str methods
 * of classes run script code. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "class.h"
#include "code.h"
#include "equal.h"
#include "gate.h"
#include "module.h"
#include "utf8.h"
#include "vm.h"

/* Shared parts make a small graph look exponentially big. */
#define WORK_MAX 30000000u

/* ---- the buffer ---- */

void ambbuf_init(ambbuf *b, amb_vm *vm) { *b = (ambbuf){.vm = vm}; }

void ambbuf_free(ambbuf *b) {
    if (b->p) ambgc_free(b->vm, b->p, b->cap);
    b->p = NULL;
    b->len = b->cap = 0;
}

amb_status ambbuf_status(const ambbuf *b) {
    if (!b->failed) return AMB_OK;
    if (b->vm->failed) return b->vm->failed;
    return b->vm->exc.tag != TAG_UNDEF ? AMB_E_THROW : AMB_E_NOMEM;
}

static AMB_COLD bool grow(ambbuf *b, size_t n) {
    if (b->failed) return false;
    if (n > AMB_STRING_MAX || b->len + n > AMB_STRING_MAX) {
        b->failed = true;
        amberr_raise(b->vm, AMB_ERR_LIMIT, "a text cannot be longer than 2 GiB");
        return false;
    }
    size_t cap = b->cap ? b->cap * 2 : 128;
    if (cap < b->len + n) cap = b->len + n;
    char *p = ambgc_realloc(b->vm, b->p, b->cap, cap);
    if (!p) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

char *ambbuf_room(ambbuf *b, size_t n) {
    if (n > b->cap - b->len && !grow(b, n)) return NULL;
    return b->p + b->len;
}

void ambbuf_add(ambbuf *b, const char *s, size_t n) {
    if (n > b->cap - b->len && !grow(b, n)) return;
    if (n) memcpy(b->p + b->len, s, n);
    b->len += n;
}

void ambbuf_addc(ambbuf *b, char c) {
    if (b->len == b->cap && !grow(b, 1)) return;
    b->p[b->len++] = c;
}

void ambbuf_printf(ambbuf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !ambbuf_room(b, (size_t)n + 1)) return;
    va_start(ap, fmt);
    vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

amb_string *ambbuf_string(ambbuf *b) {
    amb_string *s = b->failed ? NULL : ambstr_new(b->vm, b->p ? b->p : "", b->len);
    ambbuf_free(b);
    return s;
}

static void add_cstr(ambbuf *b, const char *s) { ambbuf_add(b, s, strlen(s)); }
static void add_str(ambbuf *b, const amb_string *s) { ambbuf_add(b, s->data, s->len); }

/* ---- quoting ---- */

void ambtext_quote(ambbuf *b, const char *s, size_t n) {
    ambbuf_addc(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        char esc[12];
        switch (c) {
        case '"': strcpy(esc, "\\\""); break;
        case '\\': strcpy(esc, "\\\\"); break;
        case '\n': strcpy(esc, "\\n"); break;
        case '\t': strcpy(esc, "\\t"); break;
        case '\r': strcpy(esc, "\\r"); break;
        case '\0': strcpy(esc, "\\0"); break;
        case '$':
            if (i + 1 < n && s[i + 1] == '{') {
                strcpy(esc, "\\$");
                break;
            }
            continue;
        default:
            if (c >= 32 && c != 127) continue;
            snprintf(esc, sizeof esc, "\\u{%x}", c);
        }
        ambbuf_add(b, s + from, i - from);
        add_cstr(b, esc);
        from = i + 1;
    }
    ambbuf_add(b, s + from, n - from);
    ambbuf_addc(b, '"');
}

static void add_bytes(ambbuf *b, const amb_bytes *v) {
    add_cstr(b, "b\"");
    for (uint32_t i = 0; i < v->len && !b->failed; i++) {
        uint8_t c = v->block->data[i];
        if (c == '"' || c == '\\') {
            ambbuf_addc(b, '\\');
            ambbuf_addc(b, (char)c);
        } else if (c >= 32 && c < 127) {
            ambbuf_addc(b, (char)c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            ambbuf_addc(b, '\\');
            ambbuf_addc(b, c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        } else {
            char esc[8];
            snprintf(esc, sizeof esc, "\\x%02x", c);
            add_cstr(b, esc);
        }
    }
    ambbuf_addc(b, '"');
}

static bool is_word(const amb_string *s) {
    if (s->len == 0) return false;
    for (uint32_t i = 0; i < s->len; i++) {
        char c = s->data[i];
        bool letter = (unsigned char)((c | 32) - 'a') < 26 || c == '_';
        if (!letter && (i == 0 || (unsigned char)(c - '0') > 9)) return false;
    }
    return true;
}

/* ---- structures ---- */

/* The containers being printed, innermost first. */
typedef struct inside {
    const struct inside *outer;
    const void *obj;
    uint32_t depth;
    uint32_t *work; /* containers met so far, repeated ones counted again */
} inside;

static amb_status append(ambbuf *b, ambv v, bool quoted, const inside *in);

static bool met(const inside *in, const void *o) {
    for (; in; in = in->outer)
        if (in->obj == o) return true;
    return false;
}

static amb_status append_list(ambbuf *b, amb_list *l, const inside *in) {
    amb_status st = AMB_OK;
    ambbuf_addc(b, '[');
    for (uint32_t i = 0; i < l->len && !st && !b->failed; i++) {
        if (i) ambbuf_add(b, ", ", 2);
        st = append(b, amblist_at(l, i), true, in);
    }
    ambbuf_addc(b, ']');
    return st;
}

static amb_status append_tuple(ambbuf *b, amb_tuple *t, const inside *in) {
    amb_status st = AMB_OK;
    uint32_t n = t->h.aux32;
    ambbuf_addc(b, '(');
    for (uint32_t i = 0; i < n && !st && !b->failed; i++) {
        if (i) ambbuf_add(b, ", ", 2);
        if (t->names && t->names->vals[i].tag == TAG_STRING) {
            add_str(b, t->names->vals[i].str);
            ambbuf_add(b, ": ", 2);
        }
        st = append(b, t->vals[i], true, in);
    }
    if (n == 1 && !t->names) ambbuf_addc(b, ',');
    ambbuf_addc(b, ')');
    return st;
}

static amb_status append_map(ambbuf *b, amb_map *m, const inside *in) {
    amb_status st = AMB_OK;
    bool first = true;
    ambbuf_addc(b, '{');
    AMBMAP_EACH (m, e) {
        if (b->failed) break;
        if (!first) ambbuf_add(b, ", ", 2);
        first = false;
        ambv k = ambv_pack(e->key, e->ktag);
        if (k.tag == TAG_STRING && is_word(k.str)) {
            add_str(b, k.str);
        } else {
            bool bare = k.tag == TAG_STRING || ambv_is_number(k);
            if (!bare) ambbuf_addc(b, '[');
            if ((st = append(b, k, true, in)) != AMB_OK) break;
            if (!bare) ambbuf_addc(b, ']');
        }
        ambbuf_add(b, ": ", 2);
        if ((st = append(b, ambv_pack(e->val, e->vtag), true, in)) != AMB_OK) break;
    }
    ambbuf_addc(b, '}');
    return st;
}

static amb_status append_set(ambbuf *b, amb_map *m, const inside *in) {
    amb_status st = AMB_OK;
    bool first = true;
    ambbuf_add(b, "set([", 5);
    AMBMAP_EACH (m, e) {
        if (b->failed) break;
        if (!first) ambbuf_add(b, ", ", 2);
        first = false;
        if ((st = append(b, ambv_pack(e->key, e->ktag), true, in)) != AMB_OK) break;
    }
    ambbuf_add(b, "])", 2);
    return st;
}

static void append_range(ambbuf *b, const amb_range *r) {
    char t[24];
    if (r->step != 1) ambbuf_addc(b, '(');
    ambbuf_add(b, t, ambtext_int(t, r->a));
    add_cstr(b, r->h.flags & RANGE_CLOSED ? "..=" : "..");
    ambbuf_add(b, t, ambtext_int(t, r->b));
    if (r->step != 1) {
        add_cstr(b, ").step(");
        ambbuf_add(b, t, ambtext_int(t, r->step));
        ambbuf_addc(b, ')');
    }
}

static amb_status append_fields(ambbuf *b, amb_class *c, amb_instance *o,
                                const inside *in) {
    amb_status st = AMB_OK;
    bool value = (c->h.flags & CLASS_VALUE) && !(c->h.flags & CLASS_CASE);
    uint32_t n = value && c->field_names ? c->field_names->h.aux32 : c->nfields;
    add_str(b, c->name);
    if (n == 0 && !value) return AMB_OK;
    ambbuf_addc(b, '(');
    for (uint32_t i = 0; i < n && !st && !b->failed; i++) {
        uint32_t slot = i;
        if (i) ambbuf_add(b, ", ", 2);
        if (value && c->field_names) {
            const amb_string *name = c->field_names->vals[i].str;
            const amb_member *m = ambclass_find(c, name);
            if (m) slot = m->slot;
            add_str(b, name);
            ambbuf_add(b, ": ", 2);
        }
        st = append(b, ambinst_get(o, slot), true, in);
    }
    ambbuf_addc(b, ')');
    return st;
}

static amb_status append_instance(ambbuf *b, ambv v, const inside *in) {
    amb_vm *vm = b->vm;
    amb_class *c = vm->classes[v.inst->h.aux32];
    if (c->op_str.tag != TAG_NIL) {
        ambv r;
        amb_status st = ambcall_pure(vm, c->op_str, &v, 1, &r);
        if (st) return st;
        if (r.tag != TAG_STRING)
            return amberr_raise(vm, AMB_ERR_TYPE,
                                "str() of %s must give a string, not %s", c->name->data,
                                ambtype_name(vm, r));
        add_str(b, r.str);
        return AMB_OK;
    }
    if (c->h.flags & (CLASS_VALUE | CLASS_CASE)) return append_fields(b, c, v.inst, in);
    if (c->h.flags & CLASS_ERROR) {
        ambv m = ambinst_get(v.inst, ERR_MESSAGE);
        add_str(b, c->name);
        if (m.tag == TAG_STRING && m.str->len) {
            ambbuf_add(b, ": ", 2);
            add_str(b, m.str);
        }
        return AMB_OK;
    }
    ambbuf_addc(b, '<');
    add_str(b, c->name);
    ambbuf_addc(b, '>');
    return AMB_OK;
}

static void append_name(ambbuf *b, const char *what, const char *name, size_t n) {
    ambbuf_addc(b, '<');
    add_cstr(b, what);
    if (n) {
        ambbuf_addc(b, ' ');
        ambbuf_add(b, name, n);
    }
    ambbuf_addc(b, '>');
}

amb_string *ambtext_closure_name(const amb_vm *vm, const amb_closure *c) {
    amb_string *name = c->proto->name;
    /* a space: the description of a function without a name */
    return name && !memchr(name->data, ' ', name->len) ? name : vm->empty_string;
}

static void append_function(ambbuf *b, ambv v) {
    while (v.tag == TAG_BOUND) v = v.bound->fn;
    if (v.tag == TAG_CLOSURE) {
        const amb_string *name = ambtext_closure_name(b->vm, v.closure);
        append_name(b, "fn", name->data, name->len);
    } else if (v.tag == TAG_NATIVE) {
        append_name(b, "fn", v.native->def->name, strlen(v.native->def->name));
    } else if (v.tag == TAG_STRING) {
        append_name(b, "fn", v.str->data, v.str->len);
    } else {
        append_name(b, "fn", "", 0);
    }
}

static amb_status append_container(ambbuf *b, ambv v, const inside *in) {
    uint32_t work = 0;
    inside here = {in, v.p, in ? in->depth + 1 : 1, in ? in->work : &work};
    if (++*here.work > WORK_MAX)
        return amberr_raise(b->vm, AMB_ERR_LIMIT, "the value is too big to print");
    bool cycle = met(in, v.p);
    if (cycle || here.depth > AMB_DEPTH_MAX) {
        add_cstr(b, !cycle              ? "..."
                    : v.tag == TAG_LIST ? "[...]"
                    : v.tag == TAG_MAP  ? "{...}"
                    : v.tag == TAG_SET  ? "set([...])"
                                        : "(...)");
        return AMB_OK;
    }
    ambvm_charge(b->vm, v.tag == TAG_LIST    ? v.list->len
                        : v.tag == TAG_TUPLE ? v.tuple->h.aux32
                        : v.tag == TAG_MAP || v.tag == TAG_SET ? v.map->count : 1);
    if (v.tag == TAG_TUPLE) return append_tuple(b, v.tuple, &here);
    if (v.tag == TAG_INSTANCE) return append_instance(b, v, &here);
    uint8_t was = v.o->flags & OBJ_LOCKED;
    v.o->flags |= OBJ_LOCKED;
    amb_status st = v.tag == TAG_LIST  ? append_list(b, v.list, &here)
                    : v.tag == TAG_MAP ? append_map(b, v.map, &here)
                                       : append_set(b, v.map, &here);
    v.o->flags = (uint8_t)((v.o->flags & ~OBJ_LOCKED) | was);
    return st;
}

static amb_status append(ambbuf *b, ambv v, bool quoted, const inside *in) {
    char t[32];
    switch (v.tag) {
    case TAG_NIL: ambbuf_add(b, "nil", 3); break;
    case TAG_FALSE: ambbuf_add(b, "false", 5); break;
    case TAG_TRUE: ambbuf_add(b, "true", 4); break;
    case TAG_DONE: ambbuf_add(b, "done", 4); break;
    case TAG_INT: ambbuf_add(b, t, ambtext_int(t, v.i)); break;
    case TAG_FLOAT: ambbuf_add(b, t, ambtext_float(t, v.f)); break;
    case TAG_STRING:
        if (quoted)
            ambtext_quote(b, v.str->data, v.str->len);
        else
            add_str(b, v.str);
        break;
    case TAG_BYTES: add_bytes(b, v.bytes); break;
    case TAG_RANGE: append_range(b, v.range); break;
    case TAG_LIST:
    case TAG_TUPLE:
    case TAG_MAP:
    case TAG_SET:
    case TAG_INSTANCE: {
        amb_status st = append_container(b, v, in);
        if (st) return st;
        break;
    }
    case TAG_CLOSURE:
    case TAG_NATIVE:
    case TAG_BOUND: append_function(b, v); break;
    case TAG_CLASS: append_name(b, "class", v.cls->name->data, v.cls->name->len); break;
    case TAG_MODULE:
        append_name(b, "module", v.module->name->data, v.module->name->len);
        break;
    case TAG_GENERATOR: {
        const amb_string *name = v.gen->closure->proto->name;
        append_name(b, "generator", name ? name->data : "", name ? name->len : 0);
        break;
    }
    case TAG_CAP: ambgate_describe(b->vm, v, b); break;
    case TAG_TASK: ambbuf_printf(b, "<task %u>", v.o->aux32); break;
    default: append_name(b, ambtype_tag_name(v.tag), "", 0);
    }
    return ambbuf_status(b);
}

amb_status ambtext_append(ambbuf *b, ambv v, bool quoted) {
    return append(b, v, quoted, NULL);
}

amb_string *ambtext_string(amb_vm *vm, ambv v) {
    char t[32];
    switch (v.tag) {
    case TAG_STRING: return v.str;
    case TAG_INT: return ambstr_ascii(vm, t, ambtext_int(t, v.i));
    case TAG_FLOAT: return ambstr_ascii(vm, t, ambtext_float(t, v.f));
    default: break;
    }
    ambbuf b;
    ambbuf_init(&b, vm);
    if (ambtext_append(&b, v, false)) {
        ambbuf_free(&b);
        return NULL;
    }
    return ambbuf_string(&b);
}

/* ---- names and short forms for messages ---- */

const char *ambtype_tag_name(uint64_t tag) {
    switch (tag) {
    case TAG_NIL: return "nil";
    case TAG_FALSE:
    case TAG_TRUE: return "bool";
    case TAG_INT: return "int";
    case TAG_FLOAT: return "float";
    case TAG_DONE: return "done";
    case TAG_STRING: return "string";
    case TAG_BYTES: return "bytes";
    case TAG_LIST: return "list";
    case TAG_TUPLE: return "tuple";
    case TAG_MAP: return "map";
    case TAG_SET: return "set";
    case TAG_RANGE: return "range";
    case TAG_CLOSURE:
    case TAG_NATIVE:
    case TAG_BOUND: return "fn";
    case TAG_CLASS: return "class";
    case TAG_INSTANCE: return "instance";
    case TAG_MODULE: return "module";
    case TAG_GENERATOR: return "generator";
    case TAG_CAP: return "capability";
    case TAG_TASK: return "task";
    case TAG_CHANNEL: return "channel";
    case TAG_LOCK: return "lock";
    case TAG_LOCAL: return "task_local";
    default: return "value";
    }
}

const char *ambtype_name(const amb_vm *vm, ambv v) {
    if (v.tag == TAG_CAP) return ambgate_type_name(vm, v);
    if (v.tag != TAG_INSTANCE) return ambtype_tag_name(v.tag);
    const amb_class *c = vm->classes[v.inst->h.aux32];
    if ((c->h.flags & CLASS_CASE) && c->parent) c = c->parent;
    return c->name->data;
}

/* A fixed buffer that notes when something did not fit. */
typedef struct brief {
    char *p, *end;
    bool full;
} brief;

static void brief_add(brief *o, const char *s, size_t n) {
    while (n > 0 && !o->full) {
        unsigned w = ambutf8_width((unsigned char)*s);
        if (w > n || o->p + w > o->end) {
            o->full = true;
            return;
        }
        memcpy(o->p, s, w);
        o->p += w;
        s += w;
        n -= w;
    }
}

static void brief_text(brief *o, const char *s) { brief_add(o, s, strlen(s)); }

/* The mark that something was left out; there is always room for it behind `end`. */
static void brief_cut(brief *o, const char *mark) {
    size_t n = strlen(mark);
    memcpy(o->p, mark, n);
    o->p += n;
}

static void brief_string(brief *o, const char *s, size_t n) {
    brief_text(o, "\"");
    for (size_t i = 0; i < n && !o->full;) {
        unsigned w = ambutf8_width((unsigned char)s[i]);
        unsigned char c = (unsigned char)s[i];
        if (c == '\n')
            brief_text(o, "\\n");
        else if (c == '\t')
            brief_text(o, "\\t");
        else if (c == '"' || c == '\\')
            brief_add(o, (char[]){'\\', (char)c}, 2);
        else if (c < 32 || c == 127)
            brief_text(o, "?");
        else
            brief_add(o, s + i, w);
        i += w;
    }
    if (o->full)
        brief_cut(o, "...\"");
    else
        brief_text(o, "\"");
}

static void brief_value(amb_vm *vm, brief *o, ambv v, int depth);

static void brief_items(amb_vm *vm, brief *o, const char *open, const char *close, ambv v,
                        int depth) {
    uint32_t n = v.tag == TAG_LIST ? v.list->len : v.tuple->h.aux32;
    brief_text(o, open);
    for (uint32_t i = 0; i < n && !o->full; i++) {
        if (i) brief_text(o, ", ");
        if (i == 3 && n > 4) {
            brief_text(o, "...");
            break;
        }
        brief_value(vm, o, v.tag == TAG_LIST ? amblist_at(v.list, i) : v.tuple->vals[i],
                    depth + 1);
    }
    brief_text(o, close);
}

static void brief_value(amb_vm *vm, brief *o, ambv v, int depth) {
    char t[32];
    switch (v.tag) {
    case TAG_NIL: brief_text(o, "nil"); break;
    case TAG_FALSE: brief_text(o, "false"); break;
    case TAG_TRUE: brief_text(o, "true"); break;
    case TAG_INT: brief_add(o, t, ambtext_int(t, v.i)); break;
    case TAG_FLOAT: brief_add(o, t, ambtext_float(t, v.f)); break;
    case TAG_STRING: brief_string(o, v.str->data, v.str->len); break;
    case TAG_LIST:
        if (depth < 2)
            brief_items(vm, o, "[", "]", v, depth);
        else
            brief_text(o, v.list->len ? "[...]" : "[]");
        break;
    case TAG_TUPLE:
        if (depth < 2)
            brief_items(vm, o, "(", v.tuple->h.aux32 == 1 ? ",)" : ")", v, depth);
        else
            brief_text(o, "(...)");
        break;
    case TAG_MAP: brief_text(o, v.map->count ? "{...}" : "{}"); break;
    case TAG_SET: brief_text(o, v.map->count ? "set([...])" : "set([])"); break;
    case TAG_BYTES: {
        char n[24];
        snprintf(n, sizeof n, "of %u", v.bytes->len);
        brief_text(o, n);
        break;
    }
    case TAG_RANGE:
        brief_add(o, t, ambtext_int(t, v.range->a));
        brief_text(o, v.range->h.flags & RANGE_CLOSED ? "..=" : "..");
        brief_add(o, t, ambtext_int(t, v.range->b));
        break;
    case TAG_CLASS: brief_add(o, v.cls->name->data, v.cls->name->len); break;
    case TAG_CLOSURE: brief_text(o, ambtext_closure_name(vm, v.closure)->data); break;
    case TAG_NATIVE: brief_text(o, v.native->def->name); break;
    default:
        brief_text(o, "<");
        brief_text(o, ambtype_name(vm, v));
        brief_text(o, ">");
        break;
    }
}

const char *ambtext_brief(amb_vm *vm, ambv v, char out[64]) {
    brief o = {out, out + 40, false};
    brief_value(vm, &o, v, 0);
    if (o.full && v.tag != TAG_STRING) brief_cut(&o, "...");
    *o.p = '\0';
    return out;
}
