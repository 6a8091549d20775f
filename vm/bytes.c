/* SPDX-License-Identifier: MIT */
/* Bytes: a mutable buffer whose block stands outside the heap, so that it can be lent to
 * a provider.
 *
 * The block is counted: lending takes a reference, and the finaliser drops the object's
 * own. Its memory is charged to the VM that made it. */
#include <stdlib.h>
#include <string.h>

#include "gc_internal.h"
#include "vm.h"

static amb_status recorded(amb_vm *vm) { return vm->failed ? vm->failed : AMB_E_NOMEM; }

amb_status ambbytes_check(amb_vm *vm, const amb_bytes *b) {
    if (AMB_LIKELY(!b->leased)) return AMB_OK;
    return amberr_raise(
        vm, AMB_ERR_STATE,
        "the bytes are lent to a running operation and cannot be used before it ends");
}

static amb_block *block_new(amb_vm *vm, uint32_t cap) {
    amb_block *k = ambgc_outside(vm, NULL, 0, sizeof *k + cap);
    if (!k) return NULL;
    k->refs = 1;
    k->cap = cap;
    return k;
}

amb_bytes *ambbytes_new(amb_vm *vm, const void *p, size_t len) {
    if (len > AMB_STRING_MAX) {
        amberr_raise(vm, AMB_ERR_LIMIT, "bytes cannot be longer than 2 GiB");
        return NULL;
    }
    amb_bytes *b = ambgc_new(vm, sizeof *b, TAG_BYTES);
    if (!b) return NULL;
    b->len = 0;
    b->leased = 0;
    b->block = NULL;
    if (len == 0) return b;
    if (!ambgc_track(vm, b)) return NULL;
    amb_block *k = block_new(vm, (uint32_t)len);
    if (!k) return NULL;
    if (p)
        memcpy(k->data, p, len);
    else
        memset(k->data, 0, len);
    b->block = k;
    b->len = (uint32_t)len;
    return b;
}

amb_bytes *ambbytes_renew(amb_vm *vm, amb_bytes *b) {
    amb_bytes *old = ambbytes_new(vm, b->block ? b->block->data : NULL, b->len);
    if (!old) return NULL;
    amb_block *k = old->block;
    old->block = b->block;
    b->block = k;
    return old;
}

static amb_status reserve(amb_vm *vm, amb_bytes *b, size_t need) {
    uint32_t cap = b->block ? b->block->cap : 0;
    if (need <= cap && (!b->block || b->block->refs == 1)) return AMB_OK;
    if (need > AMB_STRING_MAX)
        return amberr_raise(vm, AMB_ERR_LIMIT, "bytes cannot be longer than 2 GiB");
    size_t want = need < 32 ? 32 : need + need / 2;
    if (want > AMB_STRING_MAX) want = AMB_STRING_MAX;
    if (!ambgc_track(vm, b)) return recorded(vm);
    if (b->block && b->block->refs == 1) {
        amb_block *k = ambgc_outside(vm, b->block, sizeof *k + cap, sizeof *k + want);
        if (!k) return recorded(vm);
        k->cap = (uint32_t)want;
        b->block = k;
        return AMB_OK;
    }
    amb_block *k = block_new(vm, (uint32_t)want);
    if (!k) return recorded(vm);
    if (b->block) {
        memcpy(k->data, b->block->data, b->len);
        b->block->refs--;
    }
    b->block = k;
    return AMB_OK;
}

amb_status ambbytes_append(amb_vm *vm, amb_bytes *b, const void *p, size_t len) {
    amb_status st = ambobj_check_writable(vm, &b->h);
    if (!st) st = ambbytes_check(vm, b);
    if (st || len == 0) return st;
    /* p may lie inside b itself */
    size_t inside = 0;
    bool own = b->block && (const uint8_t *)p >= b->block->data &&
               (const uint8_t *)p < b->block->data + b->block->cap;
    if (own) inside = (size_t)((const uint8_t *)p - b->block->data);
    if ((st = reserve(vm, b, (size_t)b->len + len)) != AMB_OK) return st;
    if (p)
        memmove(b->block->data + b->len, own ? b->block->data + inside : p, len);
    else
        memset(b->block->data + b->len, 0, len);
    b->len += (uint32_t)len;
    return AMB_OK;
}

void ambbytes_finalize(amb_vm *vm, amb_bytes *b) {
    amb_block *k = b->block;
    b->block = NULL;
    if (k && --k->refs == 0) ambgc_outside(vm, k, sizeof *k + k->cap, 0);
}
