/* SPDX-License-Identifier: MIT */
/* Ranges: a start, an end as written and a step; counting never overflows. */
#include "vm.h"

amb_range *ambrange_new(amb_vm *vm, int64_t a, int64_t b, bool closed) {
    amb_range *r = ambgc_new(vm, sizeof *r, TAG_RANGE);
    if (!r) return NULL;
    r->a = a;
    r->b = b;
    r->step = 1;
    if (closed) r->h.flags |= RANGE_CLOSED;
    return r;
}

int64_t ambrange_count(const amb_range *r) {
    bool up = r->step > 0, closed = r->h.flags & RANGE_CLOSED;
    if (up ? r->a > r->b : r->a < r->b) return 0;
    uint64_t span =
        up ? (uint64_t)r->b - (uint64_t)r->a : (uint64_t)r->a - (uint64_t)r->b;
    uint64_t step = up ? (uint64_t)r->step : 0 - (uint64_t)r->step;
    if (!closed) {
        if (span == 0) return 0;
        span--;
    }
    uint64_t n = span / step;
    return n >= (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)(n + 1);
}
