/* SPDX-License-Identifier: MIT */
/* What the heap types offer to the interpreter, the natives and the marshaller.
 *
 * Functions returning a pointer return NULL on failure, functions returning amb_status an error;
 * in both cases the error is recorded in the VM. Arguments are borrowed. Nothing here collects or
 * runs script, except the functions whose comment says so. */
#ifndef AMB_VM_TYPES_H
#define AMB_VM_TYPES_H
#include <string.h>

#include "object.h"

/* ---- str.c ---- */
/* A new string of len bytes of valid UTF-8 (asserted in debug builds). */
amb_string *ambstr_new(amb_vm *vm, const char *s, size_t len);
/* Sees to it that a zero stands behind the text. */
amb_status ambstr_terminate(amb_vm *vm, amb_string *s);
amb_string *ambstr_ascii(amb_vm *vm, const char *s, size_t len); /* known to be ASCII */
amb_string *ambstr_cstr(amb_vm *vm, const char *s);
/* Like ambstr_new, but checks the UTF-8: on bad input raises DecodeError and returns NULL. */
amb_string *ambstr_checked(amb_vm *vm, const char *s, size_t len);
/* An uninitialised string of len bytes to be filled by the caller, who then calls ambstr_finish (counts
 * code points). Only before anyone else sees it. */
amb_string *ambstr_raw(amb_vm *vm, size_t len);
void ambstr_finish(amb_string *s);
amb_string *ambstr_format(amb_vm *vm, const char *fmt, ...) AMB_PRINTF(2, 3);
/* The unique string with these bytes; for keys and names. */
amb_string *ambstr_intern(amb_vm *vm, const char *s, size_t len);
amb_string *ambstr_intern_str(amb_vm *vm, amb_string *s);
uint32_t ambstr_hash_bytes(const amb_vm *vm, const char *p, size_t n); /* of a string of these */
uint32_t ambstr_hash_slow(const amb_vm *vm, amb_string *s);
static inline uint32_t ambstr_hash(const amb_vm *vm, amb_string *s) {
    return AMB_LIKELY(s->h.aux32 != 0) ? s->h.aux32 : ambstr_hash_slow(vm, s);
}
/* Equality of the texts alone, for strings that are likely to be equal or short. */
static inline bool ambstr_same_text(const amb_string *a, const amb_string *b) {
    uint32_t n = a->len;
    if (a == b) return true;
    if (n != b->len) return false;
    const char *p = a->data, *q = b->data;
    if (n > 16) return memcmp(p, q, n) == 0;
    if (n >= 8) {
        uint64_t x[4];
        memcpy(&x[0], p, 8);
        memcpy(&x[1], q, 8);
        memcpy(&x[2], p + n - 8, 8);
        memcpy(&x[3], q + n - 8, 8);
        return x[0] == x[1] && x[2] == x[3];
    }
    if (n >= 4) {
        uint32_t x[4];
        memcpy(&x[0], p, 4);
        memcpy(&x[1], q, 4);
        memcpy(&x[2], p + n - 4, 4);
        memcpy(&x[3], q + n - 4, 4);
        return x[0] == x[1] && x[2] == x[3];
    }
    for (uint32_t i = 0; i < n; i++)
        if (p[i] != q[i]) return false;
    return true;
}
bool ambstr_equal(const amb_string *a, const amb_string *b);
int ambstr_compare(const amb_string *a, const amb_string *b); /* by code point; <0 0 >0 */
amb_string *ambstr_concat(amb_vm *vm, amb_string *a, amb_string *b); /* amortised linear for a += b */
/* Concatenates n strings (each vals[i] has TAG_STRING). */
amb_string *ambstr_join_values(amb_vm *vm, const ambv *vals, uint32_t n);
/* Code point index -> byte offset; index must be <= chars. */
uint32_t ambstr_offset(amb_vm *vm, amb_string *s, uint32_t index);
/* The one-code-point string at code point i (i < chars); ASCII ones are preallocated. */
amb_string *ambstr_char_at(amb_vm *vm, amb_string *s, uint32_t i);
/* The one-code-point string that starts at byte *off (*off < len); advances *off. For iteration. */
amb_string *ambstr_next_char(amb_vm *vm, amb_string *s, uint32_t *off);
/* Bytes [from, to), which lie on code point boundaries. */
amb_string *ambstr_slice_bytes(amb_vm *vm, amb_string *s, uint32_t from, uint32_t to);
static inline bool ambstr_is_ascii(const amb_string *s) { return s->chars == s->len; }
/* Removes dead strings from the intern table; called by the collector. full: look at all of them. */
void ambstr_sweep_interned(amb_vm *vm, bool full);
/* Fills *seed-independent tables: the ASCII one-char strings. Called once by ambvm_new. */
amb_status ambstr_setup(amb_vm *vm);
void ambstr_teardown(amb_vm *vm);

/* ---- list.c, tuple.c, range.c, bytes.c ---- */
amb_list *amblist_new(amb_vm *vm, uint32_t cap);
amb_list *amblist_of(amb_vm *vm, const ambv *vals, uint32_t n);
void amblist_release(amb_vm *vm, amb_list *l); /* gives its storage back: it is empty then */
void amblist_reverse(amb_vm *vm, amb_list *l);
/* Gives a list without tags a tag for each element. */
amb_status amblist_tag_each(amb_vm *vm, amb_list *l);
amb_status amblist_reserve(amb_vm *vm, amb_list *l, uint32_t cap);
amb_status amblist_push_slow(amb_vm *vm, amb_list *l, ambv v); /* grows; changes representation */
/* Checks frozen/locked first (raises). i must be < len. */
amb_status amblist_set_slow(amb_vm *vm, amb_list *l, uint32_t i, ambv v);
amb_status amblist_insert(amb_vm *vm, amb_list *l, uint32_t i, ambv v);
amb_status amblist_remove_at(amb_vm *vm, amb_list *l, uint32_t i, ambv *out);
amb_list *amblist_slice(amb_vm *vm, const amb_list *l, uint32_t from, uint32_t to);
amb_status amblist_extend(amb_vm *vm, amb_list *l, const amb_list *from);
/* Raises StateError when the object may not be changed; the message names the type. */
amb_status ambobj_check_writable(amb_vm *vm, const amb_obj *o);

/* Freezes v and everything it reaches, in place; capabilities stay as they are. */
amb_status ambobj_freeze(amb_vm *vm, ambv v);

amb_tuple *ambtuple_new(amb_vm *vm, uint32_t n); /* vals set to nil, names NULL */
amb_tuple *ambtuple_pair(amb_vm *vm, ambv a, ambv b);
amb_range *ambrange_new(amb_vm *vm, int64_t a, int64_t b, bool closed);
/* Number of elements; never overflows (saturates at INT64_MAX). */
int64_t ambrange_count(const amb_range *r);
amb_bytes *ambbytes_new(amb_vm *vm, const void *p, size_t len); /* p may be NULL: zeroed */
amb_status ambbytes_append(amb_vm *vm, amb_bytes *b, const void *p, size_t len);
/* Gives b fresh storage with the same contents; the result, which nobody sees, owns the old one. */
amb_bytes *ambbytes_renew(amb_vm *vm, amb_bytes *b);
amb_status ambbytes_check(amb_vm *vm, const amb_bytes *b); /* StateError when leased */

/* ---- map.c (maps and sets; a set's values are nil) ----
 * Keys: ambmap_find and friends raise TypeError for unhashable keys. They run script only for
 * instances whose class defines hash/==. Floats with an integral value are the int key. */
amb_map *ambmap_new(amb_vm *vm, uint32_t cap);
amb_map *ambset_new(amb_vm *vm, uint32_t cap);
/* The entry of `key`, or NULL in *e when absent. */
amb_status ambmap_find(amb_vm *vm, amb_map *m, ambv key, amb_entry **e);
/* Missing: *out = nil. */
amb_status ambmap_get(amb_vm *vm, amb_map *m, ambv key, ambv *out);
/* Checks frozen/locked. */
amb_status ambmap_set(amb_vm *vm, amb_map *m, ambv key, ambv val);
amb_status ambmap_remove(amb_vm *vm, amb_map *m, ambv key, bool *removed, ambv *old);
void ambmap_release(amb_vm *vm, amb_map *m); /* gives its storage back: it is empty then */
amb_status ambmap_clear(amb_vm *vm, amb_map *m);
amb_map *ambmap_copy(amb_vm *vm, const amb_map *m);
/* Fast paths for string keys; never raise. NULL: absent. */
amb_entry *ambmap_find_str(amb_vm *vm, const amb_map *m, amb_string *key);
amb_entry *ambmap_find_int(amb_vm *vm, const amb_map *m, int64_t key);

/* ---- equal.c: equality, order, hash (bounded in depth; run script for instances that define them) ---- */
amb_status ambeq_values(amb_vm *vm, ambv a, ambv b, bool *out);
/* `a < b` as the language defines it; TypeError names both types. */
amb_status ambeq_less(amb_vm *vm, ambv a, ambv b, bool *out);
/* Numbers only: exact int/float comparison. -1 0 1, 2 unordered. */
int ambeq_compare_numbers(ambv a, ambv b);
amb_status ambeq_hash(amb_vm *vm, ambv v, uint32_t *out); /* TypeError: unhashable */

/* ---- text.c: values to text and back; a growing byte buffer ---- */
typedef struct ambbuf {
    amb_vm *vm;
    char *p;
    size_t len, cap;
    bool failed; /* sticky: an allocation failed (recorded in the VM) */
} ambbuf;
void ambbuf_init(ambbuf *b, amb_vm *vm);
void ambbuf_free(ambbuf *b);
void ambbuf_add(ambbuf *b, const char *s, size_t n);
void ambbuf_addc(ambbuf *b, char c);
void ambbuf_printf(ambbuf *b, const char *fmt, ...) AMB_PRINTF(2, 3);
amb_string *ambbuf_string(ambbuf *b); /* makes a string and frees the buffer */
/* What print shows (quoted = false) or a container shows of its elements (quoted = true). Runs `str` methods. */
amb_status ambtext_append(ambbuf *b, ambv v, bool quoted);
amb_string *ambtext_string(amb_vm *vm, ambv v); /* string(v) */
/* ${v:spec}; spec is the text after ':' with its nested parts already filled in. */
amb_string *ambtext_format(amb_vm *vm, ambv v, const char *spec, size_t n);
size_t ambtext_int(char out[24], int64_t i);
size_t ambtext_int_len(int64_t i); /* how many bytes that takes */
char *ambtext_int_at(char *out, int64_t i); /* the same without a NUL; gives the end */
size_t ambtext_float(char out[32], double d); /* shortest that reads back the same */
/* Decimal text -> number the way int()/float() read it (underscores, sign, surrounding blanks refused...). */
bool ambtext_parse_int(const char *s, size_t n, int64_t *out, bool *overflow);
bool ambtext_parse_float(const char *s, size_t n, double *out);
/* A short rendering for error messages ("abc", 12, [1, 2, ...]), at most about 40 bytes. Never fails. */
const char *ambtext_brief(amb_vm *vm, ambv v, char out[64]);
/* What type(v) gives: "int", "string", a class's name ... */
const char *ambtype_name(const amb_vm *vm, ambv v);
const char *ambtype_tag_name(uint64_t tag);

/* ---- utf8.c ---- */
/* Bytes of the valid prefix; *chars its code points. */
size_t ambutf8_validate(const char *s, size_t n, size_t *chars);
size_t ambutf8_encode(char out[4], uint32_t cp);
uint32_t ambutf8_decode(const char *s, const char **next); /* s points to valid UTF-8 */
#endif
