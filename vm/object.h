/* SPDX-License-Identifier: MIT */
/* Heap objects: their layouts, for the interpreter and the files that implement a type.
 *
 * Ownership: everything here is collected. Variable-size parts ("storage") belong to one
 * object and are obtained by ambgc_storage(); small ones live in collected blocks without
 * a header and are marked by their owner, large ones are malloc'ed and freed when the owner
 * dies. A store of a heap value into an existing object is followed by ambgc_barrier(). */
#ifndef AMB_VM_OBJECT_H
#define AMB_VM_OBJECT_H
#include "value.h"

/* ---- strings: immutable valid UTF-8 ----
 * h.aux32 is the hash, 0 = not yet computed. `data` is NUL-terminated unless STR_SHARED; always use
 * `len`. A string is ASCII exactly when chars == len. */
struct amb_string {
    amb_obj h;
    uint32_t len;     /* bytes */
    uint32_t chars;   /* code points */
    const char *data; /* inline_, external storage, or inside `buf` */
    char inline_[];   /* STR_SHARED: the amb_strbuf*; non-ASCII: see string.c */
};
enum { STR_INTERNED = OBJ_F0, STR_SHARED = OBJ_F1, STR_INDEXED = OBJ_F2 };
#define AMB_STRING_MAX 0x7fffff00u /* bytes; also the longest bytes object */

/* The buffer shared by a chain of concatenations: `s + x` where s ends at `used` appends in
 * place and makes a new string header over the same bytes, so that building is linear. */
typedef struct amb_strbuf {
    amb_obj h;
    uint32_t used, cap;
    char *data; /* storage */
} amb_strbuf;

/* ---- bytes: mutable, out-of-line, reference-counted block so that it can be leased ---- */
typedef struct amb_block {
    uint32_t refs;
    uint32_t cap;
    uint8_t data[];
} amb_block;
struct amb_bytes {
    amb_obj h;
    uint32_t len;
    uint32_t leased; /* >0: lent to a provider; access raises StateError */
    amb_block *block; /* malloc'ed, accounted as external; NULL when empty */
};

/* ---- lists ----
 * Homogeneous lists have one tag for all (`etag`) and no tag array; as soon as a different
 * tag is stored, tags[] appears. etag of an empty list is TAG_UNDEF. */
struct amb_list {
    /* h.aux16: etag (valid while tags == NULL); h.aux32: the gap, entries of the storage that stand
     * before vals and tags because elements were removed from the front */
    amb_obj h;
    uint32_t len, cap;
    uint64_t *vals; /* into storage: gap + cap entries, vals at the gap */
    uint8_t *tags;  /* the same, or NULL */
};
static inline uint64_t *amblist_vals_storage(const amb_list *l) {
    return l->vals ? l->vals - l->h.aux32 : NULL;
}
static inline uint8_t *amblist_tags_storage(const amb_list *l) {
    return l->tags ? l->tags - l->h.aux32 : NULL;
}
static inline size_t amblist_storage_cap(const amb_list *l) {
    return (size_t)l->cap + l->h.aux32;
}
#define AMB_LIST_MAX 0x7fffffffu
static inline ambv amblist_at(const amb_list *l, uint32_t i) {
    return ambv_pack(l->vals[i], l->tags ? l->tags[i] : (uint8_t)l->h.aux16);
}

/* ---- tuples: immutable; names is a tuple of interned strings or NULL ---- */
struct amb_tuple {
    amb_obj h; /* h.aux32: length */
    amb_tuple *names;
    ambv vals[];
};

/* ---- maps and sets: dense insertion-ordered entries plus an open-addressing index ----
 * ktag == TAG_UNDEF is a removed entry. `index` is NULL while cap <= AMB_MAP_LINEAR (entries are
 * scanned); otherwise (mask + 1) slots: entry number + 1 in the bits of mask, the hash's
 * high bits above; 0 = empty. `version` changes
 * whenever the set of keys changes. */
typedef struct amb_entry {
    uint64_t key, val;
    uint32_t hash;
    uint8_t ktag, vtag;
    uint16_t pad;
} amb_entry;
struct amb_map {
    amb_obj h;
    uint32_t count; /* live entries */
    uint32_t used;  /* entries in use, removed ones included */
    uint32_t cap;
    uint32_t mask;
    uint32_t version;
    uint32_t first; /* every entry before this one is removed: queues stay linear */
    amb_entry *entries; /* storage */
    uint32_t *index;    /* storage */
};
#define AMB_MAP_LINEAR 8

struct amb_range { /* of ints; value k-th = a + k*step */
    amb_obj h;
    int64_t a, b, step; /* step != 0 */
};
enum { RANGE_CLOSED = OBJ_F0 };

/* ---- functions ---- */
struct amb_closure {
    amb_obj h; /* h.aux32: number of upvalues */
    amb_proto *proto;
    amb_class *home; /* the class in whose body the code stands, or NULL: private members, super */
    ambv up[]; /* copied values, or TAG_CELL */
};
struct amb_cell {
    amb_obj h;
    ambv v;
};
struct amb_native_def;
struct amb_native {
    amb_obj h;
    const struct amb_native_def *def;
    ambv data; /* what a host attached, or nil */
};
struct amb_bound { /* obj.method without a call */
    amb_obj h;
    ambv self;
    ambv fn; /* closure, native, or a string naming a capability's operation */
};

/* ---- classes and instances ---- */
enum amb_member_kind {
    MEMBER_FIELD,  /* slot */
    MEMBER_METHOD, /* fn: closure or native */
    MEMBER_GETTER, /* fn: getter or UNDEF; setter: closure or UNDEF */
    MEMBER_STATIC, /* fn: the static's value */
    MEMBER_STATIC_GETTER
};
enum { MEMBER_PRIVATE = 1, MEMBER_LET = 2, MEMBER_TYPED = 4 };
typedef struct amb_member {
    amb_string *name; /* interned */
    uint8_t kind, flags;
    uint16_t slot;     /* MEMBER_FIELD */
    uint32_t type;     /* MEMBER_TYPED: index into owner->types->types */
    uint32_t first_class; /* MEMBER_TYPED: where its classes stand in owner->type_classes */
    amb_class *owner;  /* where it was declared */
    ambv fn, setter;
} amb_member;

struct amb_class {
    amb_obj h; /* h.aux32: class id, index into vm->classes */
    uint16_t nfields; /* the parent's included */
    uint16_t depth;
    bool sealed; /* only its own module may extend it */
    bool shares_members; /* they are the parent's, until one is added */
    bool no_eq;  /* nothing is called ==: equality is built in */
    bool private_ctor; /* only code in its body makes instances: that takes CTOR */
    amb_string *name;
    amb_class *parent; /* or NULL */
    amb_module *module; /* or NULL for built-in classes */
    amb_proto *types;   /* the function whose type table member types index; or NULL */
    amb_tuple *type_classes; /* the classes that field types name; or NULL */
    ambv construct;     /* closure or native called by C(...); NIL: cannot be constructed */
    ambv fields_fn;     /* closure (self, params...) that fills a subclass instance; or NIL */
    ambv init_fn;       /* closure (self) that runs init blocks, parents' included; or NIL */
    amb_member *members; /* storage: own members, open addressing by name; inherited ones copied */
    uint32_t nmembers, member_mask;
    amb_tuple *field_names; /* the public header fields, in order: patterns and printing */
    amb_tuple *cases;       /* CLASS_ENUM: its cases in order, classes or instances */
    /* operators looked up once at class definition; NIL where not defined */
    ambv op_eq, op_hash, op_str, op_lt;
};
enum {
    CLASS_VALUE = OBJ_F0, /* ==, hash, str and copy are structural over header fields */
    CLASS_ENUM = OBJ_F1,  /* the enum itself: parent of its cases, not constructible */
    CLASS_CASE = OBJ_F2,  /* one case of an enum */
    CLASS_ERROR = OBJ_F3  /* Error or one of its subclasses: may be thrown */
};

/* Fields stand in groups of eight, tag bytes first, so that a slot has the same place in
 * every subclass. h.aux32 is the class id. */
typedef struct amb_group {
    uint8_t tags[8];
    uint64_t vals[8];
} amb_group;
struct amb_instance {
    amb_obj h;
    amb_group groups[];
};
static inline size_t ambinst_size(uint32_t nfields) {
    uint32_t full = nfields >> 3, rest = nfields & 7;
    return sizeof(amb_obj) + full * sizeof(amb_group) + (rest ? 8 + 8 * (size_t)rest : 0);
}
static inline ambv ambinst_get(const amb_instance *o, uint32_t slot) {
    const amb_group *g = &o->groups[slot >> 3];
    return ambv_pack(g->vals[slot & 7], g->tags[slot & 7]);
}
/* No barrier: the caller adds ambgc_barrier when o may be old. */
static inline void ambinst_put(amb_instance *o, uint32_t slot, ambv v) {
    amb_group *g = &o->groups[slot >> 3];
    g->vals[slot & 7] = v.u;
    g->tags[slot & 7] = (uint8_t)v.tag;
}

/* ---- capabilities: a generation-checked name of a kernel row ---- */
struct amb_cap {
    amb_obj h;
    uint32_t slot, generation;
    uint64_t unused; /* what ambgc_track is called for has at least 32 bytes */
};
#endif
