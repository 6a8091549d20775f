/* SPDX-License-Identifier: MIT */
/* Reading arguments of natives and walking the built-in containers. */
#include "lib.h"

#include <stdarg.h>
#include <stdio.h>

amb_status amblib_want_int(amb_vm *vm, const char *what, const char *which, ambv v,
                           int64_t *out) {
    if (AMB_UNLIKELY(v.tag != TAG_INT)) return amberr_arg(vm, what, which, "an int", v);
    *out = v.i;
    return AMB_OK;
}

amb_status amblib_want_float(amb_vm *vm, const char *what, const char *which, ambv v,
                             double *out) {
    if (AMB_UNLIKELY(!ambv_is_number(v)))
        return amberr_arg(vm, what, which, "a number", v);
    *out = ambv_to_double(v);
    return AMB_OK;
}

amb_status amblib_want_string(amb_vm *vm, const char *what, const char *which, ambv v,
                              amb_string **out) {
    if (AMB_UNLIKELY(v.tag != TAG_STRING))
        return amberr_arg(vm, what, which, "a string", v);
    *out = v.str;
    return AMB_OK;
}

amb_status amblib_want_count(amb_vm *vm, const char *what, const char *which, ambv v,
                             uint32_t *out) {
    if (AMB_UNLIKELY(v.tag != TAG_INT)) return amberr_arg(vm, what, which, "an int", v);
    if (v.i < 0)
        return amberr_raise(vm, AMB_ERR_VALUE, "%s() wants a %s of 0 or more, not %lld",
                            what, which, (long long)v.i);
    *out = v.i > INT32_MAX ? INT32_MAX : (uint32_t)v.i;
    return AMB_OK;
}

amb_status amblib_index_error(amb_vm *vm, int64_t i, const char *type, uint32_t len) {
    if (len == 0)
        return amberr_raise(vm, AMB_ERR_INDEX,
                            "index %lld is out of range: the %s is empty", (long long)i,
                            type);
    return amberr_raise(vm, AMB_ERR_INDEX,
                        "index %lld is out of range for a %s of length %u", (long long)i,
                        type, len);
}

amb_status amblib_want_index(amb_vm *vm, const char *what, const char *which, ambv v,
                             uint32_t len, const char *type, uint32_t *out) {
    if (AMB_UNLIKELY(v.tag != TAG_INT)) return amberr_arg(vm, what, which, "an int", v);
    int64_t i = v.i < 0 ? v.i + (int64_t)len : v.i;
    if (i < 0 || i >= (int64_t)len) return amblib_index_error(vm, v.i, type, len);
    *out = (uint32_t)i;
    return AMB_OK;
}

amb_status amblib_overflow(amb_vm *vm, const char *fmt, ...) {
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return amberr_raise(vm, AMB_ERR_OVERFLOW, "%s does not fit in 64 bits", text);
}

const amb_tuple *amblib_named(ambv *args, uint32_t *n) {
    if (*n < 2 || args[*n - 2].tag != TAG_UNDEF) return NULL;
    const amb_tuple *t = args[*n - 1].tuple;
    *n -= 2;
    return t;
}

amb_status amblib_named_values(amb_vm *vm, const char *what, const amb_tuple *t,
                               const char *const *names, ambv *out) {
    for (uint32_t k = 0; names[k]; k++) out[k] = ambv_undef();
    if (!t) return AMB_OK;
    for (uint32_t i = 0; i < t->h.aux32; i++) {
        const amb_string *name = t->names->vals[i].str;
        uint32_t k = 0;
        while (names[k] && strcmp(names[k], name->data) != 0) k++;
        if (!names[k]) {
            char list[80] = "";
            for (k = 0; names[k]; k++)
                snprintf(list + strlen(list), sizeof list - strlen(list), "%s'%s'",
                         k ? " and " : "", names[k]);
            return amberr_raise(vm, AMB_ERR_TYPE,
                                "%s() has no parameter '%.60s', only %s", what,
                                name->data, list);
        }
        out[k] = t->vals[i];
    }
    return AMB_OK;
}

bool amblib_iter_open(amblib_iter *it, ambv v) {
    *it = (amblib_iter){.v = v};
    switch (v.tag) {
    case TAG_RANGE: it->count = ambrange_count(v.range); return true;
    case TAG_MAP:
    case TAG_SET: it->at = v.map->first; return true;
    case TAG_LIST:
    case TAG_TUPLE:
    case TAG_STRING:
    case TAG_BYTES: return true;
    default: return false;
    }
}

uint64_t amblib_iter_hint(const amblib_iter *it) {
    switch (it->v.tag) {
    case TAG_RANGE: return (uint64_t)(it->count - it->k);
    case TAG_MAP:
    case TAG_SET: return it->v.map->count;
    case TAG_LIST: return it->v.list->len;
    case TAG_TUPLE: return it->v.tuple->h.aux32;
    case TAG_STRING: return it->v.str->chars;
    case TAG_BYTES: return it->v.bytes->len;
    default: return 0;
    }
}

amb_status amblib_iter_next(amb_vm *vm, amblib_iter *it, ambv *out, bool *more) {
    ambv v = it->v;
    *more = true;
    switch (v.tag) {
    case TAG_LIST:
        if (it->at >= v.list->len) break;
        *out = amblist_at(v.list, it->at++);
        return AMB_OK;
    case TAG_TUPLE:
        if (it->at >= v.tuple->h.aux32) break;
        *out = v.tuple->vals[it->at++];
        return AMB_OK;
    case TAG_RANGE:
        if (it->k >= it->count) break;
        *out = ambv_int(
            (int64_t)((uint64_t)v.range->a + (uint64_t)it->k * (uint64_t)v.range->step));
        it->k++;
        return AMB_OK;
    case TAG_STRING: {
        if (it->at >= v.str->len) break;
        amb_string *c = ambstr_next_char(vm, v.str, &it->at);
        return amblib_result(vm, c, out);
    }
    case TAG_BYTES:
        if (it->at >= v.bytes->len) break;
        *out = ambv_int(v.bytes->block->data[it->at++]);
        return AMB_OK;
    case TAG_MAP:
    case TAG_SET: {
        amb_map *m = v.map;
        while (it->at < m->used && m->entries[it->at].ktag == TAG_UNDEF) it->at++;
        if (it->at >= m->used) break;
        amb_entry *e = &m->entries[it->at++];
        if (v.tag == TAG_SET) {
            *out = ambv_pack(e->key, e->ktag);
            return AMB_OK;
        }
        return amblib_result(
            vm, ambtuple_pair(vm, ambv_pack(e->key, e->ktag), ambv_pack(e->val, e->vtag)),
            out);
    }
    default: break;
    }
    *more = false;
    return AMB_OK;
}

amb_status amblib_add(amb_vm *vm, ambv a, ambv b, ambv *out) {
    if (a.tag == TAG_INT && b.tag == TAG_INT) {
        int64_t r;
        if (__builtin_add_overflow(a.i, b.i, &r))
            return amblib_overflow(vm, "%lld + %lld", (long long)a.i, (long long)b.i);
        *out = ambv_int(r);
        return AMB_OK;
    }
    if (ambv_is_number(a) && ambv_is_number(b)) {
        *out = ambv_float(ambv_to_double(a) + ambv_to_double(b));
        return AMB_OK;
    }
    char ba[64], bb[64];
    return amberr_raise(vm, AMB_ERR_TYPE, "cannot add %s and %s: %s + %s",
                        ambtype_name(vm, a), ambtype_name(vm, b),
                        ambtext_brief(vm, a, ba), ambtext_brief(vm, b, bb));
}
