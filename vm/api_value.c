/* SPDX-License-Identifier: MIT */
/* The embedding interface: values (ambit/value.h). */
#include <string.h>

#include "api.h"
#include "class.h"
#include "host.h"

_Static_assert(sizeof(amb_value) == sizeof(ambv), "the public value is as large as the VM's");
_Static_assert(TAG_NIL == 0, "a value of zeros is nil");

/* Reads argument `v` into the ambv `to`, or returns. */
#define IN(to, v)                                     \
    ambv to;                                          \
    do {                                              \
        amb_status in_ = ambhost_in(vm, (v), &to);    \
        if (AMB_UNLIKELY(in_ != AMB_OK)) return in_;  \
    } while (0)
/* Makes something collected, or returns. */
#define MAKE(to, make)                                       \
    do {                                                     \
        ambhost_safepoint(vm);                               \
        AMBHOST_MAKE(vm, to, make);                          \
        if (!to) return ambhost_failed(vm, vm->failed);      \
    } while (0)
/* The same for what gives a status. */
#define TRY(do_it)                                           \
    do {                                                     \
        amb_status st_;                                      \
        ambhost_safepoint(vm);                               \
        AMBHOST_DO(vm, st_, do_it);                          \
        if (st_ != AMB_OK) return ambhost_failed(vm, st_);   \
    } while (0)

static AMB_COLD amb_status wrong(amb_vm *vm, const char *expected, ambv v) {
    char brief[64];
    return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_TYPE, "%s was expected, not %s (%s)", expected, ambtype_name(vm, v),
                         ambtext_brief(vm, v, brief));
}

static AMB_COLD amb_status out_of_range(amb_vm *vm, uint32_t i, uint32_t len) {
    return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_INDEX, "index %u is out of range for a length of %u", i, len);
}

/* ---- what it is ---- */

int amb_type(amb_value v) {
    static const int8_t types[TAG_COUNT] = {
        [TAG_NIL] = AMB_TYPE_NIL, [TAG_FALSE] = AMB_TYPE_BOOL, [TAG_TRUE] = AMB_TYPE_BOOL,
        [TAG_INT] = AMB_TYPE_INT, [TAG_FLOAT] = AMB_TYPE_FLOAT, [TAG_DONE] = AMB_TYPE_DONE,
        [TAG_UNDEF] = -1, [TAG_FRAME] = -1, [TAG_STRING] = AMB_TYPE_STRING, [TAG_BYTES] = AMB_TYPE_BYTES,
        [TAG_LIST] = AMB_TYPE_LIST, [TAG_TUPLE] = AMB_TYPE_TUPLE, [TAG_MAP] = AMB_TYPE_MAP,
        [TAG_SET] = AMB_TYPE_SET, [TAG_RANGE] = AMB_TYPE_RANGE, [TAG_CLOSURE] = AMB_TYPE_FUNCTION,
        [TAG_NATIVE] = AMB_TYPE_FUNCTION, [TAG_BOUND] = AMB_TYPE_FUNCTION, [TAG_CLASS] = AMB_TYPE_CLASS,
        [TAG_INSTANCE] = AMB_TYPE_OBJECT, [TAG_MODULE] = AMB_TYPE_MODULE,
        [TAG_GENERATOR] = AMB_TYPE_SEQUENCE, [TAG_CAP] = AMB_TYPE_CAPABILITY, [TAG_TASK] = AMB_TYPE_TASK,
        [TAG_CHANNEL] = AMB_TYPE_CHANNEL, [TAG_LOCK] = AMB_TYPE_LOCK, [TAG_LOCAL] = AMB_TYPE_LOCAL,
        [TAG_REGION] = -1, [TAG_CELL] = -1, [TAG_PROTO] = -1, [TAG_STRBUF] = -1, [TAG_BLOCK] = -1,
    };
    uint8_t tag = (uint8_t)v.tag;
    return tag < TAG_COUNT ? types[tag] : -1;
}

const char *amb_type_name(amb_vm *vm, amb_value v) {
    ambv x;
    if (!(ambhost_scalar(v.tag) || ambhost_named(vm, v, &x))) return "?";
    if (ambhost_scalar(v.tag)) x = (ambv){.u = v.payload, .tag = v.tag};
    return ambtype_name(vm, x);
}

int amb_same(amb_value a, amb_value b) {
    return ambv_same((ambv){.u = a.payload, .tag = a.tag & 0xff}, (ambv){.u = b.payload, .tag = b.tag & 0xff});
}

amb_status amb_equal(amb_vm *vm, amb_value a, amb_value b, int *out) {
    IN(x, a);
    IN(y, b);
    bool eq = false;
    bool alone = ambhost_borrow(vm);
    amb_status st;
    AMBHOST_DO(vm, st, ambeq_values(vm, x, y, &eq));
    if (alone) ambhost_give_back(vm);
    if (st != AMB_OK) return ambhost_failed(vm, st);
    *out = eq;
    return AMB_OK;
}

amb_status amb_show(amb_vm *vm, amb_value v, int quoted, amb_text_fn write, void *ud) {
    IN(x, v);
    ambbuf b;
    ambbuf_init(&b, vm);
    bool alone = ambhost_borrow(vm);
    amb_status st = ambtext_append(&b, x, quoted != 0);
    if (alone) ambhost_give_back(vm);
    if (st == AMB_OK && b.failed) st = vm->failed;
    if (st == AMB_OK && b.len) write(ud, b.p, b.len);
    ambbuf_free(&b);
    return st == AMB_OK ? st : ambhost_failed(vm, st);
}

/* ---- scalars ---- */

static amb_value scalar(ambv v) { return (amb_value){v.u, v.tag}; }
amb_value amb_nil(void) { return scalar(ambv_nil()); }
amb_value amb_done(void) { return scalar(ambv_done()); }
amb_value amb_bool(int b) { return scalar(ambv_bool(b != 0)); }
amb_value amb_int(int64_t i) { return scalar(ambv_int(i)); }
amb_value amb_float(double f) { return scalar(ambv_float(f)); }
int amb_is_nil(amb_value v) { return v.tag == TAG_NIL; }
int amb_is_done(amb_value v) { return v.tag == TAG_DONE; }
int amb_truth(amb_value v) { return v.tag > TAG_FALSE; }

int amb_as_bool(amb_value v, int *out) {
    if (v.tag != TAG_FALSE && v.tag != TAG_TRUE) return 0;
    *out = v.tag == TAG_TRUE;
    return 1;
}

int amb_as_int(amb_value v, int64_t *out) {
    if (v.tag != TAG_INT) return 0;
    *out = (int64_t)v.payload;
    return 1;
}

int amb_as_float(amb_value v, double *out) {
    ambv x = {.u = v.payload, .tag = v.tag};
    if (!ambv_is_number(x)) return 0;
    *out = ambv_to_double(x);
    return 1;
}

/* ---- strings and bytes ---- */

amb_status amb_string_new(amb_vm *vm, const char *s, size_t len, amb_value *out) {
    size_t chars;
    if (len > AMB_STRING_MAX) return AMB_E_ARG;
    if (ambutf8_validate(s, len, &chars) != len)
        return ambhost_wrong(vm, AMB_E_ARG, AMB_ERR_DECODE, "a text is not UTF-8");
    amb_string *str;
    MAKE(str, chars == len ? ambstr_ascii(vm, s, len) : ambstr_new(vm, s, len));
    return ambhost_out(vm, ambv_obj(str), out);
}

amb_status amb_as_string(amb_vm *vm, amb_value v, const char **s, size_t *len) {
    IN(x, v);
    if (x.tag != TAG_STRING) return wrong(vm, "a string", x);
    if (AMB_UNLIKELY(x.o->flags & STR_SHARED)) TRY(ambstr_terminate(vm, x.str));
    *s = x.str->data;
    *len = x.str->len;
    return AMB_OK;
}

amb_status amb_bytes_new(amb_vm *vm, const void *p, size_t len, amb_value *out) {
    if (len > AMB_STRING_MAX) return AMB_E_ARG;
    amb_bytes *b;
    MAKE(b, ambbytes_new(vm, p, len));
    return ambhost_out(vm, ambv_obj(b), out);
}

amb_status amb_as_bytes(amb_vm *vm, amb_value v, uint8_t **p, size_t *len) {
    static uint8_t nothing[1]; /* never written: its length is 0 */
    IN(x, v);
    if (x.tag != TAG_BYTES) return wrong(vm, "a bytes value", x);
    amb_status st = ambbytes_check(vm, x.bytes);
    if (st == AMB_OK) st = ambobj_check_writable(vm, x.o);
    if (st != AMB_OK) return ambhost_failed(vm, st);
    *p = x.bytes->block ? x.bytes->block->data : nothing;
    *len = x.bytes->len;
    return AMB_OK;
}

/* ---- containers ---- */

amb_status amb_len(amb_vm *vm, amb_value v, uint64_t *out) {
    IN(x, v);
    switch (x.tag) {
    case TAG_STRING: *out = x.str->chars; break;
    case TAG_BYTES: *out = x.bytes->len; break;
    case TAG_LIST: *out = x.list->len; break;
    case TAG_TUPLE: *out = x.o->aux32; break;
    case TAG_MAP:
    case TAG_SET: *out = x.map->count; break;
    case TAG_RANGE: *out = (uint64_t)ambrange_count(x.range); break;
    default: return wrong(vm, "something with a length", x);
    }
    return AMB_OK;
}

amb_status amb_list_new(amb_vm *vm, const amb_value *v, uint32_t n, amb_value *out) {
    amb_list *l;
    amb_value made; /* out may be one of v */
    MAKE(l, amblist_new(vm, n));
    amb_status st = ambhost_out(vm, ambv_obj(l), &made);
    for (uint32_t i = 0; i < n && st == AMB_OK; i++) {
        IN(x, v[i]);
        TRY(amblist_push_slow(vm, l, x));
    }
    if (st == AMB_OK) *out = made;
    return st;
}

amb_status amb_list_push(amb_vm *vm, amb_value list, amb_value v) {
    IN(l, list);
    IN(x, v);
    if (l.tag != TAG_LIST) return wrong(vm, "a list", l);
    TRY(ambobj_check_writable(vm, l.o));
    TRY(amblist_push_slow(vm, l.list, x));
    return AMB_OK;
}

amb_status amb_list_set(amb_vm *vm, amb_value list, uint32_t i, amb_value v) {
    IN(l, list);
    IN(x, v);
    if (l.tag != TAG_LIST) return wrong(vm, "a list", l);
    if (i >= l.list->len) return out_of_range(vm, i, l.list->len);
    TRY(amblist_set_slow(vm, l.list, i, x));
    return AMB_OK;
}

amb_status amb_at(amb_vm *vm, amb_value v, uint32_t i, amb_value *out) {
    IN(x, v);
    uint32_t len = x.tag == TAG_LIST ? x.list->len : x.tag == TAG_TUPLE ? x.o->aux32 : 0;
    if (x.tag != TAG_LIST && x.tag != TAG_TUPLE) return wrong(vm, "a list or a tuple", x);
    if (i >= len) return out_of_range(vm, i, len);
    return ambhost_out(vm, x.tag == TAG_LIST ? amblist_at(x.list, i) : x.tuple->vals[i], out);
}

amb_status amb_tuple_new(amb_vm *vm, const amb_value *v, const char *const *names, uint32_t n,
                         amb_value *out) {
    amb_tuple *t, *keys = NULL;
    amb_value made; /* out may be one of v */
    MAKE(t, ambtuple_new(vm, n));
    amb_status st = ambhost_out(vm, ambv_obj(t), &made);
    for (uint32_t i = 0; i < n && st == AMB_OK; i++) {
        st = ambhost_in(vm, v[i], &t->vals[i]);
        if (st != AMB_OK) t->vals[i] = ambv_nil();
    }
    ambgc_barrier(vm, t); /* getting a name may have collected */
    if (st == AMB_OK && !names) *out = made;
    if (st != AMB_OK || !names) return st;
    MAKE(keys, ambtuple_new(vm, n));
    amb_value keep;
    amb_scope s = amb_scope_open(vm);
    st = ambhost_out(vm, ambv_obj(keys), &keep);
    for (uint32_t i = 0; i < n && st == AMB_OK; i++) {
        amb_string *name;
        AMBHOST_MAKE(vm, name, ambstr_intern(vm, names[i], strlen(names[i])));
        if (!name) st = ambhost_failed(vm, vm->failed);
        else keys->vals[i] = ambv_obj(name);
        ambgc_barrier(vm, keys);
    }
    amb_scope_close(vm, s);
    if (st != AMB_OK) return st;
    t->names = keys;
    ambgc_barrier(vm, t);
    *out = made;
    return st;
}

const char *amb_tuple_name(amb_vm *vm, amb_value v, uint32_t i) {
    ambv x;
    if (ambhost_in(vm, v, &x) != AMB_OK || x.tag != TAG_TUPLE || !x.tuple->names || i >= x.o->aux32) return NULL;
    return x.tuple->names->vals[i].str->data;
}

amb_status amb_map_new(amb_vm *vm, amb_value *out) {
    amb_map *m;
    MAKE(m, ambmap_new(vm, 0));
    return ambhost_out(vm, ambv_obj(m), out);
}

amb_status amb_set_new(amb_vm *vm, amb_value *out) {
    amb_map *m;
    MAKE(m, ambset_new(vm, 0));
    return ambhost_out(vm, ambv_obj(m), out);
}

amb_status amb_map_set(amb_vm *vm, amb_value map, amb_value key, amb_value v) {
    IN(m, map);
    IN(k, key);
    IN(x, v);
    if (m.tag != TAG_MAP) return wrong(vm, "a map", m);
    TRY(ambmap_set(vm, m.map, k, x));
    return AMB_OK;
}

amb_status amb_set_add(amb_vm *vm, amb_value set, amb_value key) {
    IN(m, set);
    IN(k, key);
    if (m.tag != TAG_SET) return wrong(vm, "a set", m);
    TRY(ambmap_set(vm, m.map, k, ambv_nil()));
    return AMB_OK;
}

amb_status amb_map_get(amb_vm *vm, amb_value map, amb_value key, amb_value *out) {
    IN(m, map);
    IN(k, key);
    ambv x = ambv_nil();
    if (m.tag != TAG_MAP) return wrong(vm, "a map", m);
    TRY(ambmap_get(vm, m.map, k, &x));
    return ambhost_out(vm, x, out);
}

amb_status amb_map_has(amb_vm *vm, amb_value map, amb_value key, int *out) {
    IN(m, map);
    IN(k, key);
    amb_entry *e = NULL;
    if (m.tag != TAG_MAP && m.tag != TAG_SET) return wrong(vm, "a map or a set", m);
    TRY(ambmap_find(vm, m.map, k, &e));
    *out = e != NULL;
    return AMB_OK;
}

amb_status amb_map_set_text(amb_vm *vm, amb_value map, const char *key, amb_value v) {
    amb_scope s = amb_scope_open(vm);
    amb_value k;
    amb_status st = amb_string_new(vm, key, strlen(key), &k);
    if (st == AMB_OK) st = amb_map_set(vm, map, k, v);
    amb_scope_close(vm, s);
    return st;
}

amb_status amb_map_get_text(amb_vm *vm, amb_value map, const char *key, amb_value *out) {
    amb_scope s = amb_scope_open(vm);
    amb_value k, v;
    amb_status st = amb_string_new(vm, key, strlen(key), &k);
    if (st == AMB_OK) st = amb_map_get(vm, map, k, &v);
    if (st == AMB_OK) return amb_scope_escape(vm, s, v, out);
    amb_scope_close(vm, s);
    return st;
}

amb_status amb_map_next(amb_vm *vm, amb_value map, uint32_t *at, amb_value *key, amb_value *v) {
    IN(m, map);
    if (m.tag != TAG_MAP && m.tag != TAG_SET) return wrong(vm, "a map or a set", m);
    uint32_t i = *at;
    while (i < m.map->used && m.map->entries[i].ktag == TAG_UNDEF) i++;
    if (i >= m.map->used) return AMB_E_EOF;
    const amb_entry e = m.map->entries[i];
    amb_status st = ambhost_out(vm, ambv_pack(e.key, e.ktag), key);
    if (st == AMB_OK && v) st = ambhost_out(vm, ambv_pack(e.val, e.vtag), v);
    if (st == AMB_OK) *at = i + 1;
    return st;
}

amb_status amb_freeze(amb_vm *vm, amb_value v) {
    IN(x, v);
    TRY(ambobj_freeze(vm, x));
    return AMB_OK;
}
