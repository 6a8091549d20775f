/* SPDX-License-Identifier: MIT */
/* Values: sixteen bytes, a payload and a tag, always copied as two scalars.
 *
 * The tag alone tells the type, so type tests never load from the heap. Tags below
 * TAG_HEAP carry their value in the payload (or need none); the others point to an
 * object whose header repeats the tag. Only nil and false are falsy, and they are the
 * two lowest tags: truth is one compare. */
#ifndef AMB_VM_VALUE_H
#define AMB_VM_VALUE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ambit/status.h"

#define AMB_LIKELY(x) __builtin_expect(!!(x), 1)
#define AMB_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define AMB_COLD __attribute__((cold, noinline))
#define AMB_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* The order matters: falsy first, numbers adjacent, everything from TAG_HEAP on is a pointer. */
enum amb_tag {
    TAG_NIL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_INT,
    TAG_FLOAT,
    TAG_DONE,  /* the prelude constant `done` */
    TAG_UNDEF, /* internal: a variable not yet initialised, an argument not given */
    TAG_FRAME, /* internal: the second header slot of a frame; upper bits hold frame data */
    TAG_HEAP,
    TAG_STRING = TAG_HEAP,
    TAG_BYTES,
    TAG_LIST,
    TAG_TUPLE,
    TAG_MAP,
    TAG_SET,
    TAG_RANGE,
    TAG_CLOSURE,
    TAG_NATIVE,
    TAG_BOUND,
    TAG_CLASS,
    TAG_INSTANCE,
    TAG_MODULE,
    TAG_GENERATOR,
    TAG_CAP,
    TAG_TASK,
    TAG_CHANNEL,
    TAG_LOCK,
    TAG_LOCAL,  /* a value that each task has its own of */
    TAG_REGION, /* internal: an open group or within */
    TAG_CELL,   /* internal: a captured variable */
    TAG_PROTO,  /* internal: a compiled function */
    TAG_STRBUF, /* internal: the growing buffer behind concatenated strings */
    TAG_BLOCK,  /* internal: other collected storage with a header */
    TAG_COUNT
};

typedef struct amb_obj amb_obj;
typedef struct amb_string amb_string;
typedef struct amb_bytes amb_bytes;
typedef struct amb_list amb_list;
typedef struct amb_tuple amb_tuple;
typedef struct amb_map amb_map;
typedef struct amb_range amb_range;
typedef struct amb_closure amb_closure;
typedef struct amb_native amb_native;
typedef struct amb_bound amb_bound;
typedef struct amb_class amb_class;
typedef struct amb_instance amb_instance;
typedef struct amb_module amb_module;
typedef struct amb_generator amb_generator;
typedef struct amb_cap amb_cap;
typedef struct amb_cell amb_cell;
typedef struct amb_task amb_task;
typedef struct amb_channel amb_channel;
typedef struct amb_proto amb_proto;
typedef struct amb_vm amb_vm;

/* The header every heap object starts with. */
struct amb_obj {
    uint8_t type;   /* enum amb_tag */
    uint8_t flags;  /* OBJ_* */
    uint16_t aux16; /* per type */
    uint32_t aux32; /* per type: hash, length, class id ... */
};

enum {
    OBJ_OLD = 1,    /* survived a collection and is not in the remembered set */
    OBJ_EXTERN = 2, /* owns storage outside the collected blocks; listed for freeing */
    OBJ_FROZEN = 4, /* deeply immutable: writes raise StateError */
    OBJ_LOCKED = 8, /* being probed or sorted: changes raise StateError */
    OBJ_F0 = 16,    /* per type from here */
    OBJ_F1 = 32,
    OBJ_F2 = 64,
    OBJ_F3 = 128
};

/* A value. */
typedef struct ambv {
    union {
        int64_t i;
        uint64_t u;
        double f;
        void *p;
        amb_obj *o;
        amb_string *str;
        amb_bytes *bytes;
        amb_list *list;
        amb_tuple *tuple;
        amb_map *map; /* maps and sets */
        amb_range *range;
        amb_closure *closure;
        amb_native *native;
        amb_bound *bound;
        amb_class *cls;
        amb_instance *inst;
        amb_module *module;
        amb_generator *gen;
        amb_cap *cap;
        amb_cell *cell;
        amb_task *task;
        amb_channel *channel;
        struct amb_lock *lock;
        struct amb_local *local;
        amb_proto *proto;
    };
    uint64_t tag;
} ambv;

static inline ambv ambv_nil(void) { return (ambv){.u = 0, .tag = TAG_NIL}; }
static inline ambv ambv_undef(void) { return (ambv){.u = 0, .tag = TAG_UNDEF}; }
static inline ambv ambv_done(void) { return (ambv){.u = 0, .tag = TAG_DONE}; }
static inline ambv ambv_bool(bool b) { return (ambv){.u = 0, .tag = TAG_FALSE + (uint64_t)b}; }
static inline ambv ambv_int(int64_t i) { return (ambv){.i = i, .tag = TAG_INT}; }
static inline ambv ambv_float(double f) { return (ambv){.f = f, .tag = TAG_FLOAT}; }
/* o: any heap object; its header names the tag. */
static inline ambv ambv_obj(const void *o) {
    return (ambv){.p = (void *)o, .tag = ((const amb_obj *)o)->type};
}
static inline bool ambv_truthy(ambv v) { return v.tag > TAG_FALSE; }
static inline bool ambv_is_bool(ambv v) { return v.tag == TAG_FALSE || v.tag == TAG_TRUE; }
static inline bool ambv_is_number(ambv v) { return v.tag == TAG_INT || v.tag == TAG_FLOAT; }
static inline bool ambv_is_heap(ambv v) { return v.tag >= TAG_HEAP; }
/* v must be a number. */
static inline double ambv_to_double(ambv v) { return v.tag == TAG_INT ? (double)v.i : v.f; }
/* Identity: what `same(a, b)` tests. */
static inline bool ambv_same(ambv a, ambv b) {
    return a.tag == b.tag && (a.u == b.u || a.tag < TAG_INT || a.tag == TAG_DONE);
}
/* Payload + tag byte, the way the heap stores values. */
static inline ambv ambv_pack(uint64_t payload, uint8_t tag) {
    return (ambv){.u = payload, .tag = tag};
}
#endif
