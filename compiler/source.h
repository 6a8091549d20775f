/* SPDX-License-Identifier: MIT */
/* A source text, its line index, and the arena that everything the front end makes lives
 * in. */
#ifndef AMB_COMPILER_SOURCE_H
#define AMB_COMPILER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Byte offsets into the source text; start == end marks a point. */
typedef struct amb_span {
    uint32_t start, end;
} amb_span;

/* Bytes that may contain NUL; not terminated. */
typedef struct amb_text {
    const char *at;
    uint32_t len;
} amb_text;

#define AMB_TEXT(literal) ((amb_text){"" literal, sizeof(literal) - 1})

static inline bool ambtext_equal(amb_text a, amb_text b)
{
    return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.at, b.at, a.len) == 0);
}

/* realloc-shaped: p NULL allocates, new_size 0 frees (and returns NULL). May fail with
 * NULL. */
struct amb_arena_hook {
    void *(*realloc)(void *ud, void *p, size_t old_size, size_t new_size, size_t align);
    void *ud;
};

/* Everything of one compilation is freed at once. A failed allocation sets `oom` and it
 * stays set: passes look at it at their ends instead of after every allocation. */
struct amb_arena {
    struct amb_arena_hook hook;
    struct amb_arena_chunk *chunks;
    char *at, *end;
    size_t used; /* bytes taken from the hook */
    bool oom;
    void *bail; /* a jmp_buf while a pass of the front end runs: it then ends there */
};

/* `hook` NULL means the C library's allocator. */
void ambarena_init(struct amb_arena *arena, const struct amb_arena_hook *hook);
void ambarena_deinit(struct amb_arena *arena);
/* Zeroed, 16-aligned; NULL only when out of memory (then arena->oom is set). */
void *ambarena_alloc(struct amb_arena *arena, size_t size);
/* Grows an array from the arena to hold at least `want` items; false when out of memory.
 */
bool ambarena_grow(struct amb_arena *arena, void **items, uint32_t *cap, uint32_t want,
                   size_t item_size);
/* A copy with a NUL behind it; {"", 0} when out of memory. */
amb_text ambarena_text(struct amb_arena *arena, const char *at, size_t len);

#define AMB_MAX_SOURCE \
    (64u << 20) /* bytes; offsets must fit 32 bits with room to spare */

struct amb_source {
    amb_text name;    /* as shown in messages: never a path the user did not write */
    const char *text; /* `len` bytes, then a NUL */
    uint32_t len;
    uint32_t *lines; /* offset of each line's first byte */
    uint32_t line_count;
};

/* Copies the text into the arena and indexes its lines. False: out of memory, or len is
 * above AMB_MAX_SOURCE (then *too_big is set). */
bool ambsource_init(struct amb_source *src, struct amb_arena *arena, amb_text name,
                    const char *text, size_t len, bool *too_big);
/* Line and column from 1; the column counts code points. */
void ambsource_locate(const struct amb_source *src, uint32_t offset, uint32_t *line,
                      uint32_t *column);
/* The bytes of line `line` (from 1) without its line end. */
amb_text ambsource_line(const struct amb_source *src, uint32_t line);

#endif
