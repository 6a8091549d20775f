/* SPDX-License-Identifier: MIT */
/* The arena and the line index. */
#include "source.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct amb_arena_chunk {
    struct amb_arena_chunk *next;
    size_t size;
};

#define CHUNK_HEAD    32 /* keeps what follows aligned */
#define FIRST_CHUNK   4096
#define LARGEST_CHUNK ((size_t)256 << 10)

static void *default_realloc(void *ud, void *p, size_t old_size, size_t new_size,
                             size_t align)
{
    (void)ud;
    (void)old_size;
    (void)align;
    if (new_size == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, new_size);
}

void ambarena_init(struct amb_arena *arena, const struct amb_arena_hook *hook)
{
    memset(arena, 0, sizeof *arena);
    if (hook)
        arena->hook = *hook;
    else
        arena->hook.realloc = default_realloc;
}

void ambarena_deinit(struct amb_arena *arena)
{
    struct amb_arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct amb_arena_chunk *next = chunk->next;
        arena->hook.realloc(arena->hook.ud, chunk, chunk->size, 0, 16);
        chunk = next;
    }
    arena->chunks = NULL;
    arena->at = arena->end = NULL;
    arena->used = 0;
}

static void *fail(struct amb_arena *arena)
{
    arena->oom = true;
    if (arena->bail) longjmp(*(jmp_buf *)arena->bail, 1);
    return NULL;
}

void *ambarena_alloc(struct amb_arena *arena, size_t size)
{
    if (size > (size_t)1 << 40) return fail(arena);
    size = (size + 15) & ~(size_t)15;
    if (size == 0) size = 16;
    if ((size_t)(arena->end - arena->at) < size) {
        size_t chunk_size = arena->used < FIRST_CHUNK ? FIRST_CHUNK : arena->used;
        if (chunk_size > LARGEST_CHUNK) chunk_size = LARGEST_CHUNK;
        bool apart = size > chunk_size / 4;
        if (apart) chunk_size = size + CHUNK_HEAD;
        struct amb_arena_chunk *chunk =
            arena->hook.realloc(arena->hook.ud, NULL, 0, chunk_size, 16);
        if (!chunk) return fail(arena);
        chunk->next = arena->chunks;
        chunk->size = chunk_size;
        arena->chunks = chunk;
        arena->used += chunk_size;
        char *data = (char *)chunk + CHUNK_HEAD;
        if (apart) /* what is left of the current chunk stays in use */
            return memset(data, 0, size);
        arena->at = data;
        arena->end = (char *)chunk + chunk_size;
    }
    void *p = arena->at;
    arena->at += size;
    return memset(p, 0, size);
}

bool ambarena_grow(struct amb_arena *arena, void **items, uint32_t *cap, uint32_t want,
                   size_t item_size)
{
    if (want <= *cap) return true;
    uint32_t bigger = *cap < 4 ? 4 : *cap > UINT32_MAX / 2 ? UINT32_MAX : *cap * 2;
    if (bigger < want) bigger = want;
    void *fresh = ambarena_alloc(arena, (size_t)bigger * item_size);
    if (!fresh) return false;
    if (*cap > 0) memcpy(fresh, *items, (size_t)*cap * item_size);
    *items = fresh;
    *cap = bigger;
    return true;
}

amb_text ambarena_text(struct amb_arena *arena, const char *at, size_t len)
{
    char *copy = ambarena_alloc(arena, len + 1);
    if (!copy) return (amb_text){"", 0};
    if (len > 0) memcpy(copy, at, len);
    return (amb_text){copy, (uint32_t)len};
}

bool ambsource_init(struct amb_source *src, struct amb_arena *arena, amb_text name,
                    const char *text, size_t len, bool *too_big)
{
    memset(src, 0, sizeof *src);
    *too_big = len > AMB_MAX_SOURCE;
    if (*too_big) {
        text = "";
        len = 0;
    }
    src->name = ambarena_text(arena, name.at, name.len);
    amb_text copy = ambarena_text(arena, text, len);
    src->text = copy.at;
    src->len = copy.len;
    uint32_t lines = 1;
    for (uint32_t i = 0; i < copy.len; i++) lines += copy.at[i] == '\n';
    src->lines = ambarena_alloc(arena, (size_t)lines * sizeof *src->lines);
    if (!src->lines || arena->oom) return false;
    src->line_count = 1;
    for (uint32_t i = 0; i < copy.len; i++)
        if (copy.at[i] == '\n') src->lines[src->line_count++] = i + 1;
    return !*too_big;
}

void ambsource_locate(const struct amb_source *src, uint32_t offset, uint32_t *line,
                      uint32_t *column)
{
    if (offset > src->len) offset = src->len;
    uint32_t low = 0, high = src->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (src->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = low + 1;
    *column = 1;
    for (uint32_t i = src->lines[low]; i < offset; i++)
        *column += ((unsigned char)src->text[i] & 0xc0) != 0x80;
}

amb_text ambsource_line(const struct amb_source *src, uint32_t line)
{
    if (line < 1 || line > src->line_count) return (amb_text){"", 0};
    uint32_t start = src->lines[line - 1];
    uint32_t end = line < src->line_count ? src->lines[line] - 1 : src->len;
    if (end > start && src->text[end - 1] == '\r') end--;
    return (amb_text){src->text + start, end - start};
}
