/* SPDX-License-Identifier: MIT */
/* Strings: construction, interning, hashing, concatenation, indexing by code point.
 *
 * Text lives inline behind the header, or (STR_SHARED) in a growing buffer that a chain
 * of concatenations shares: `s + x`, where s ends where the buffer's text ends, appends
 * in place and makes a new header, so that building a text piece by piece is linear.
 * Bytes below `used` of a buffer never change, so older headers stay valid.
 *
 * A long slice of ASCII text shares, too: it points into the text of the string or buffer it was
 * cut from, which it keeps alive. It must be at least half of that, so that no small piece holds a
 * large text; eating a text from its front then copies it a logarithmic number of times.
 *
 * Code point indexing of non-ASCII text uses a table with the byte offset of every 128th
 * code point, built on first use. It stands in room reserved behind the inline text
 * (STR_ROOM), or at the end of the shared buffer, so it needs no allocation when it is
 * built. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gc_internal.h"
#include "utf8.h"
#include "vm.h"

enum { STR_ROOM = OBJ_F3, INDEX_SHIFT = 7, ROOM_FROM = 256, SHARE_FROM = 256 };
/* Longer text gets storage outside the collected blocks. */
#define INLINE_MAX (2048 - sizeof(amb_string))

struct ambstr_table {
    amb_string **slots;
    uint32_t mask, count;
    bool fresh; /* something was interned since the last collection */
};

/* What holds the text of a shared string: a buffer, or the string it is a slice of. */
static amb_obj *owner_of(const amb_string *s) {
    amb_obj *o;
    memcpy(&o, s->inline_, sizeof o);
    return o;
}

/* The buffer whose text s is the beginning of, or NULL. */
static amb_strbuf *buffer_of(const amb_string *s) {
    amb_obj *o = owner_of(s);
    if (o->type != TAG_STRBUF || ((amb_strbuf *)o)->data != s->data) return NULL;
    return (amb_strbuf *)o;
}

static size_t room_offset(size_t len) { return (len + 1 + 3) & ~(size_t)3; }
static size_t room_bytes(size_t len) { return ((len >> INDEX_SHIFT) + 1) * 4; }

/* Bytes of text, terminator and index room of a string that is not shared. */
static size_t text_bytes(size_t len, bool room) {
    return room ? room_offset(len) + room_bytes(len) : len + 1;
}

static amb_string *allocate(amb_vm *vm, size_t len, bool room) {
    if (AMB_UNLIKELY(len > AMB_STRING_MAX)) {
        amberr_raise(vm, AMB_ERR_LIMIT, "a string cannot be longer than 2 GiB");
        return NULL;
    }
    room = room && len >= ROOM_FROM;
    size_t text = text_bytes(len, room);
    bool outside = text > INLINE_MAX;
    amb_string *s = ambgc_new(vm, sizeof(amb_string) + (outside ? 8 : text), TAG_STRING);
    if (AMB_UNLIKELY(!s)) return NULL;
    s->len = 0;
    s->chars = 0;
    s->data = s->inline_;
    if (room) s->h.flags |= STR_ROOM;
    if (outside) {
        char *p = ambgc_storage(vm, s, NULL, 0, text);
        if (!p) return NULL;
        s->data = p;
    }
    s->len = (uint32_t)len;
    ((char *)s->data)[len] = '\0';
    return s;
}

void ambstr_mark(struct ambgc *gc, amb_string *s) {
    if (s->h.flags & STR_SHARED)
        ambgc_mark_obj(gc, owner_of(s));
    else if (s->data != s->inline_)
        ambgc_mark_storage(gc, s->data, text_bytes(s->len, s->h.flags & STR_ROOM));
}

void ambstr_finalize(amb_vm *vm, amb_string *s) {
    if (s->h.flags & STR_SHARED || s->data == s->inline_) return;
    ambgc_storage(vm, s, (char *)s->data, text_bytes(s->len, s->h.flags & STR_ROOM), 0);
    s->data = s->inline_;
}

amb_status ambstr_terminate(amb_vm *vm, amb_string *s) {
    if (!(s->h.flags & STR_SHARED)) return AMB_OK;
    char *own = ambgc_storage(vm, s, NULL, 0, (size_t)s->len + 1);
    if (!own) return vm->failed;
    memcpy(own, s->data, s->len);
    own[s->len] = 0;
    s->data = own;
    s->h.flags &= (uint8_t)~(STR_SHARED | STR_INDEXED | STR_ROOM);
    return AMB_OK;
}

static amb_string *make(amb_vm *vm, const char *text, size_t len, size_t chars) {
    if (len == 0 && vm->empty_string) return vm->empty_string;
    if (len == 1 && vm->ascii[(unsigned char)*text])
        return vm->ascii[(unsigned char)*text];
    amb_string *s = allocate(vm, len, chars != len);
    if (!s) return NULL;
    memcpy((char *)s->data, text, len);
    s->chars = (uint32_t)chars;
    return s;
}

amb_string *ambstr_new(amb_vm *vm, const char *s, size_t len) {
    return make(vm, s, len, ambutf8_count(s, len));
}

amb_string *ambstr_ascii(amb_vm *vm, const char *s, size_t len) { return make(vm, s, len, len); }

amb_string *ambstr_cstr(amb_vm *vm, const char *s) {
    return ambstr_new(vm, s, strlen(s));
}

amb_string *ambstr_checked(amb_vm *vm, const char *s, size_t len) {
    size_t chars, good = ambutf8_validate(s, len, &chars);
    if (good == len) return make(vm, s, len, chars);
    size_t line = 1, from = 0;
    for (size_t i = 0; i < good; i++)
        if (s[i] == '\n') {
            line++;
            from = i + 1;
        }
    amberr_decode(vm, (int64_t)line, (int64_t)ambutf8_count(s + from, good - from) + 1,
                  "this is not UTF-8 text: byte 0x%02x at position %zu does not belong",
                  (unsigned char)s[good], good);
    return NULL;
}

amb_string *ambstr_raw(amb_vm *vm, size_t len) {
    amb_string *s = allocate(vm, len, true);
    if (s) s->chars = 0;
    return s;
}

void ambstr_finish(amb_string *s) { s->chars = (uint32_t)ambutf8_count(s->data, s->len); }

amb_string *ambstr_format(amb_vm *vm, const char *fmt, ...) {
    char small[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0) return vm->empty_string;
    if ((size_t)n < sizeof small) return ambstr_new(vm, small, (size_t)n);
    amb_string *s = ambstr_raw(vm, (size_t)n);
    if (!s) return NULL;
    va_start(ap, fmt);
    vsnprintf((char *)s->data, (size_t)n + 1, fmt, ap);
    va_end(ap);
    ambstr_finish(s);
    return s;
}

/* ---- hashing ---- */

static uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* One to eight bytes as a number; the length goes into the hash elsewhere. */
static inline uint64_t read_upto8(const char *p, size_t n) {
    if (n >= 4) {
        uint32_t lo, hi;
        memcpy(&lo, p, 4);
        memcpy(&hi, p + n - 4, 4);
        return lo | (uint64_t)hi << 32;
    }
    if (n == 0) return 0;
    const unsigned char *u = (const unsigned char *)p;
    return u[0] | (uint64_t)u[n >> 1] << 8 | (uint64_t)u[n - 1] << 16;
}

/* Multiplies eight bytes at a time into a seeded state; never 0, which means "not
 * computed". */
static uint32_t hash_bytes(uint64_t seed, const char *p, size_t n) {
    uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15u);
    while (n > 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        h = mix(h ^ w, 0xd6e8feb86659fd93u ^ seed);
        p += 8;
        n -= 8;
    }
    h = mix(h ^ read_upto8(p, n), 0xa0761d6478bd642fu);
    h = mix(h, 0xe7037ed1a0b428dbu ^ seed);
    uint32_t r = (uint32_t)(h ^ h >> 32);
    return r ? r : 1;
}

uint32_t ambstr_hash_bytes(const amb_vm *vm, const char *p, size_t n) {
    return hash_bytes(vm->hash_seed, p, n);
}

uint32_t ambstr_hash_slow(const amb_vm *vm, amb_string *s) {
    if (s->h.aux32 == 0) s->h.aux32 = hash_bytes(vm->hash_seed, s->data, s->len);
    return s->h.aux32;
}

bool ambstr_equal(const amb_string *a, const amb_string *b) {
    if (a == b) return true;
    if (a->len != b->len) return false;
    if (a->h.flags & b->h.flags & STR_INTERNED) return false;
    if (a->h.aux32 && b->h.aux32 && a->h.aux32 != b->h.aux32) return false;
    return ambstr_same_text(a, b);
}

/* The order of UTF-8 bytes is the order of code points. */
int ambstr_compare(const amb_string *a, const amb_string *b) {
    uint32_t n = a->len < b->len ? a->len : b->len;
    const unsigned char *p = (const unsigned char *)a->data, *q = (const unsigned char *)b->data;
    int c;
    if (n >= 8) {
        uint64_t x, y;
        memcpy(&x, p, 8);
        memcpy(&y, q, 8);
        if (x != y) return memcmp(&x, &y, 8);
        c = memcmp(p + 8, q + 8, n - 8);
    } else {
        uint32_t i = 0;
        while (i < n && p[i] == q[i]) i++;
        c = i < n ? p[i] - q[i] : 0;
    }
    return c ? c : a->len < b->len ? -1 : a->len > b->len;
}

/* ---- interning ---- */

static amb_string **find_interned(struct ambstr_table *t, const char *s, size_t len,
                                  uint32_t h) {
    uint32_t i = h & t->mask;
    for (;; i = (i + 1) & t->mask) {
        amb_string *e = t->slots[i];
        if (!e || (e->h.aux32 == h && e->len == len && memcmp(e->data, s, len) == 0))
            return &t->slots[i];
    }
}

static bool resize_table(amb_vm *vm, uint32_t size) {
    struct ambstr_table *t = vm->strings;
    amb_string **slots = ambgc_malloc(vm, size * sizeof *slots);
    if (!slots) return false;
    memset(slots, 0, size * sizeof *slots);
    for (uint32_t i = 0; t->slots && i <= t->mask; i++) {
        amb_string *e = t->slots[i];
        if (!e) continue;
        uint32_t k = e->h.aux32 & (size - 1);
        while (slots[k]) k = (k + 1) & (size - 1);
        slots[k] = e;
    }
    if (t->slots) ambgc_free(vm, t->slots, (t->mask + 1) * sizeof *slots);
    t->slots = slots;
    t->mask = size - 1;
    return true;
}

static amb_string *put_interned(amb_vm *vm, amb_string *s, amb_string **slot) {
    struct ambstr_table *t = vm->strings;
    *slot = s;
    s->h.flags |= STR_INTERNED;
    t->fresh = true;
    if (++t->count > t->mask / 2) resize_table(vm, (t->mask + 1) * 2);
    /* A failed growth only makes probes longer; but one slot must stay empty. */
    return s;
}

amb_string *ambstr_intern(amb_vm *vm, const char *s, size_t len) {
    if (len == 1 && (unsigned char)*s < 128) return vm->ascii[(unsigned char)*s];
    uint32_t h = hash_bytes(vm->hash_seed, s, len);
    struct ambstr_table *t = vm->strings;
    amb_string **slot = find_interned(t, s, len, h);
    if (*slot) return *slot;
    if (t->count >= t->mask && !resize_table(vm, (t->mask + 1) * 2)) return NULL;
    slot = find_interned(t, s, len, h);
    amb_string *n = ambstr_new(vm, s, len);
    if (!n) return NULL;
    n->h.aux32 = h;
    return put_interned(vm, n, slot);
}

amb_string *ambstr_intern_str(amb_vm *vm, amb_string *s) {
    if (s->h.flags & STR_INTERNED) return s;
    if (s->len == 1 || s->h.flags & STR_SHARED) return ambstr_intern(vm, s->data, s->len);
    struct ambstr_table *t = vm->strings;
    uint32_t h = ambstr_hash(vm, s);
    amb_string **slot = find_interned(t, s->data, s->len, h);
    if (*slot) return *slot;
    if (t->count >= t->mask) {
        if (!resize_table(vm, (t->mask + 1) * 2)) return NULL;
        slot = find_interned(t, s->data, s->len, h);
    }
    return put_interned(vm, s, slot);
}

void ambstr_sweep_interned(amb_vm *vm, bool full) {
    struct ambstr_table *t = vm->strings;
    if (!t || !t->slots || !(full || t->fresh)) return;
    t->fresh = false;
    uint32_t dead = 0;
    for (uint32_t i = 0; i <= t->mask; i++) {
        amb_string *e = t->slots[i];
        if (e && (full || !(e->h.flags & OBJ_OLD)) && !ambgc_is_live(vm, e)) {
            t->slots[i] = NULL;
            dead++;
        }
    }
    if (!dead) return;
    /* Holes break probe sequences. Taking every entry out once and putting it back in the
     * order of its run closes them without memory. */
    t->count -= dead;
    uint32_t start = 0;
    while (start <= t->mask && t->slots[start]) start++;
    for (uint32_t n = 0, i = start; n <= t->mask; n++, i = (i + 1) & t->mask) {
        amb_string *e = t->slots[i];
        if (!e) continue;
        t->slots[i] = NULL;
        uint32_t k = e->h.aux32 & t->mask;
        while (t->slots[k]) k = (k + 1) & t->mask;
        t->slots[k] = e;
    }
}

amb_status ambstr_setup(amb_vm *vm) {
    struct ambstr_table *t = ambgc_malloc(vm, sizeof *t);
    if (!t) return AMB_E_NOMEM;
    *t = (struct ambstr_table){0};
    vm->strings = t;
    if (!resize_table(vm, 256)) return AMB_E_NOMEM;
    for (int c = 0; c < 128; c++) {
        amb_string *s = ambgc_new(vm, sizeof *s + 2, TAG_STRING);
        if (!s) return AMB_E_NOMEM;
        s->h.flags |= STR_INTERNED; /* though not in the table: ambstr_intern finds them here */
        s->len = s->chars = 1;
        s->data = s->inline_;
        s->inline_[0] = (char)c;
        s->inline_[1] = '\0';
        vm->ascii[c] = s;
    }
    vm->empty_string = ambstr_intern(vm, "", 0);
    return vm->empty_string ? AMB_OK : AMB_E_NOMEM;
}

void ambstr_teardown(amb_vm *vm) {
    struct ambstr_table *t = vm->strings;
    if (!t) return;
    if (t->slots) ambgc_free(vm, t->slots, (t->mask + 1) * sizeof *t->slots);
    ambgc_free(vm, t, sizeof *t);
    vm->strings = NULL;
}

/* ---- concatenation ---- */

/* Copies the text to p; gives its end there. Short ones without a call. */
static inline char *put_text(char *p, const amb_string *s) {
    uint32_t n = s->len;
    const char *from = s->data;
    if (n > 16) memcpy(p, from, n);
    else if (n >= 8) {
        uint64_t lo, hi;
        memcpy(&lo, from, 8);
        memcpy(&hi, from + n - 8, 8);
        memcpy(p, &lo, 8);
        memcpy(p + n - 8, &hi, 8);
    } else
        for (uint32_t i = 0; i < n; i++) p[i] = from[i];
    return p + n;
}

/* The tail of a buffer's storage is room for the index of its text. */
static uint32_t text_cap(uint32_t cap) { return cap - (uint32_t)room_bytes(cap) - 4; }

static amb_string *share(amb_vm *vm, void *owner, const char *data, uint32_t len, uint32_t chars) {
    amb_string *s = ambgc_new(vm, sizeof(amb_string) + sizeof owner, TAG_STRING);
    if (!s) return NULL;
    s->h.flags |= STR_SHARED;
    s->h.aux32 = 0;
    s->len = len;
    s->chars = chars;
    s->data = data;
    memcpy(s->inline_, &owner, sizeof owner);
    return s;
}

static amb_string *concat_shared(amb_vm *vm, amb_string *a, amb_string *b, size_t total) {
    uint32_t chars = a->chars + b->chars;
    if (a->h.flags & STR_SHARED) {
        amb_strbuf *buf = buffer_of(a);
        if (buf && a->len == buf->used && total <= text_cap(buf->cap)) {
            amb_string *s = share(vm, buf, buf->data, (uint32_t)total, chars);
            if (!s) return NULL;
            memcpy(buf->data + a->len, b->data, b->len);
            buf->used = (uint32_t)total;
            return s;
        }
    }
    size_t want = total + (total >> 1) + 64;
    if (a->h.flags & STR_SHARED) want = total * 2 + 64;
    want += room_bytes(want) + 16;
    if (want > AMB_STRING_MAX) want = total + room_bytes(total) + 64;
    amb_strbuf *buf = ambgc_new(vm, sizeof *buf, TAG_STRBUF);
    if (!buf) return NULL;
    buf->h.aux32 = 0;
    buf->used = buf->cap = 0;
    buf->data = NULL;
    char *data = ambgc_storage(vm, buf, NULL, 0, want);
    if (!data) return NULL;
    buf->data = data;
    buf->cap = (uint32_t)want;
    amb_string *s = share(vm, buf, data, (uint32_t)total, chars);
    if (!s) return NULL;
    memcpy(data, a->data, a->len);
    memcpy(data + a->len, b->data, b->len);
    buf->used = (uint32_t)total;
    return s;
}

amb_string *ambstr_concat(amb_vm *vm, amb_string *a, amb_string *b) {
    if (a->len == 0) return b;
    if (b->len == 0) return a;
    size_t total = (size_t)a->len + b->len;
    if (AMB_UNLIKELY(total > AMB_STRING_MAX - (AMB_STRING_MAX >> 4))) {
        amberr_raise(vm, AMB_ERR_LIMIT, "a string cannot be longer than 2 GiB");
        return NULL;
    }
    if (total >= SHARE_FROM && a->len >= b->len) return concat_shared(vm, a, b, total);
    amb_string *s = allocate(vm, total, a->chars != a->len || b->chars != b->len);
    if (!s) return NULL;
    memcpy((char *)s->data, a->data, a->len);
    memcpy((char *)s->data + a->len, b->data, b->len);
    s->chars = a->chars + b->chars;
    return s;
}

amb_string *ambstr_join_values(amb_vm *vm, const ambv *vals, uint32_t n) {
    size_t total = 0, chars = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (vals[i].tag == TAG_INT) {
            size_t digits = ambtext_int_len(vals[i].i);
            total += digits;
            chars += digits;
            continue;
        }
        total += vals[i].str->len;
        chars += vals[i].str->chars;
    }
    if (total == 0) return vm->empty_string;
    if (n == 1 && vals->tag == TAG_STRING) return vals->str;
    ambvm_charge(vm, total / 32);
    amb_string *s = allocate(vm, total, chars != total);
    if (!s) return NULL;
    char *p = (char *)s->data;
    for (uint32_t i = 0; i < n; i++) {
        if (vals[i].tag == TAG_INT) {
            p = ambtext_int_at(p, vals[i].i);
            continue;
        }
        p = put_text(p, vals[i].str);
    }
    s->chars = (uint32_t)chars;
    return s;
}

/* ---- indexing ---- */

/* Entry k of the table is the byte offset of code point (k + 1) << INDEX_SHIFT. Fills
 * entries [have, want) and returns how many there are then. */
static uint32_t fill_index(const char *data, uint32_t len, uint32_t *table, uint32_t have,
                           uint32_t want) {
    const char *p = data + (have ? table[have - 1] : 0), *end = data + len;
    while (have < want) {
        p = ambutf8_skip(p, end, (size_t)1 << INDEX_SHIFT);
        table[have++] = (uint32_t)(p - data);
    }
    return have;
}

static uint32_t *index_table(amb_string *s, uint32_t want) {
    if (s->h.flags & STR_SHARED) {
        amb_strbuf *b = buffer_of(s);
        if (!b) return NULL;
        uint32_t *t = (uint32_t *)(void *)(b->data + ((text_cap(b->cap) + 3) & ~3u));
        if (b->h.aux32 < want)
            b->h.aux32 = fill_index(s->data, s->len, t, b->h.aux32, want);
        return t;
    }
    if (!(s->h.flags & STR_ROOM)) return NULL;
    uint32_t *t = (uint32_t *)(void *)((char *)s->data + room_offset(s->len));
    if (!(s->h.flags & STR_INDEXED)) {
        fill_index(s->data, s->len, t, 0, s->chars >> INDEX_SHIFT);
        s->h.flags |= STR_INDEXED;
    }
    return t;
}

uint32_t ambstr_offset(amb_vm *vm, amb_string *s, uint32_t index) {
    (void)vm;
    if (ambstr_is_ascii(s)) return index;
    if (index == s->chars) return s->len;
    const char *from = s->data, *end = s->data + s->len;
    uint32_t k = index >> INDEX_SHIFT, rest = index;
    if (k) {
        uint32_t *t = index_table(s, k);
        if (t) {
            from += t[k - 1];
            rest = index & ((1u << INDEX_SHIFT) - 1);
        }
    }
    return (uint32_t)(ambutf8_skip(from, end, rest) - s->data);
}

amb_string *ambstr_char_at(amb_vm *vm, amb_string *s, uint32_t i) {
    uint32_t off = ambstr_offset(vm, s, i);
    return ambstr_next_char(vm, s, &off);
}

amb_string *ambstr_next_char(amb_vm *vm, amb_string *s, uint32_t *off) {
    unsigned char c = (unsigned char)s->data[*off];
    if (AMB_LIKELY(c < 0x80)) {
        ++*off;
        return vm->ascii[c];
    }
    unsigned w = ambutf8_width(c);
    amb_string *r = make(vm, s->data + *off, w, 1);
    *off += w;
    return r;
}

amb_string *ambstr_slice_bytes(amb_vm *vm, amb_string *s, uint32_t from, uint32_t to) {
    if (from == 0 && to == s->len) return s;
    const char *p = s->data + from;
    size_t n = to - from;
    if (n <= 1) return n ? vm->ascii[(unsigned char)*p] : vm->empty_string;
    if (n >= SHARE_FROM && ambstr_is_ascii(s)) {
        amb_obj *owner = s->h.flags & STR_SHARED ? owner_of(s) : &s->h;
        uint32_t whole = owner->type == TAG_STRBUF ? ((amb_strbuf *)owner)->cap : ((amb_string *)owner)->len;
        if (n >= whole / 2) return share(vm, owner, p, (uint32_t)n, (uint32_t)n);
    }
    return make(vm, p, n, ambstr_is_ascii(s) ? n : ambutf8_count(p, n));
}
