/* SPDX-License-Identifier: MIT */
/* Open files in memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "memory.h"

amb_status mem_file_answer(mem *m, amb_call *c, mem_node *n, bool append, bool fresh,
                           const char *label, amb_arg *ret)
{
    mem_file *r = calloc(1, sizeof *r);
    if (!r) return AMB_E_NOMEM;
    *r = (mem_file){.m = m, .node = mem_hold(n), .append = append, .fresh = fresh};
    amb_status st = m->f.h->res_new(c, FS_RES_FILE, r, ~(amb_rights)0, label, ret, NULL);
    if (st != AMB_OK) mem_file_close(m, r);
    return st;
}

/* --- locks -------------------------------------------------------------------------- */

static void let_go(mem_file *r)
{
    if (r->held == LOCK_EX) r->node->shared = 0;
    else if (r->held == LOCK_SH) r->node->shared--;
    r->held = 0;
}

static bool take(mem_file *r, int kind)
{
    if (r->held == kind) return true;
    /* What others hold: -1, or how many share it. */
    int others = r->held == LOCK_EX ? 0 : r->node->shared - (r->held == LOCK_SH);
    if (kind == LOCK_EX ? others != 0 : others < 0) return false;
    let_go(r);
    r->node->shared = kind == LOCK_EX ? -1 : r->node->shared + 1;
    r->held = kind;
    return true;
}

/* Somebody gave a lock back: whoever can have it now gets it, those who came first first. */
static void pass_on(mem *m)
{
    for (mem_file **p = &m->lockers; *p;) {
        mem_file *r = *p;
        if (r->wait.t && !take(r, r->wanted)) {
            p = &r->next_locker;
            continue;
        }
        *p = r->next_locker;
        amb_call *c = fs_wait_open(&m->f, &r->wait);
        amb_arg ret = {.type = AMB_T_BOOL, .v.i = 1};
        if (c) m->f.h->reply(c, AMB_OK, &ret);
    }
}

static amb_status lock(mem *m, amb_call *c, mem_file *r, int kind, const amb_arg *wait,
                       amb_arg *ret)
{
    int before = r->held;
    bool got = take(r, kind);
    if (before && r->held != before) pass_on(m);
    if (got || (wait->type == AMB_T_BOOL && !wait->v.i)) {
        *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = got};
        return AMB_OK;
    }
    if (r->wait.t) return AMB_E_BUSY;
    amb_ticket t = m->f.h->pend(c);
    if (!t) return m->f.h->fail(c, AMB_E_NOSYS, 0, "lock: cannot wait here");
    mem_file **end = &m->lockers;
    while (*end && *end != r) end = &(*end)->next_locker;
    if (!*end) {
        r->next_locker = NULL;
        *end = r;
    }
    r->wanted = kind;
    fs_wait_begin(&m->f, &r->wait, t);
    return AMB_PENDING;
}

FS_OP(mem_file_lock)
{
    (void)n;
    return lock(inst, c, self, LOCK_EX, &a[0], ret);
}
FS_OP(mem_file_lock_shared)
{
    (void)n;
    return lock(inst, c, self, LOCK_SH, &a[0], ret);
}
FS_OP(mem_file_unlock)
{
    FS_UNUSED;
    let_go(self);
    pass_on(inst);
    return AMB_OK;
}

void mem_file_close(void *inst, void *res)
{
    mem *m = inst;
    mem_file *r = res;
    fs_wait_end(&m->f, &r->wait);
    let_go(r);
    pass_on(m); /* drops it from the list, too: it no longer waits */
    mem_release(m, r->node);
    free(r);
}

/* --- reading and writing -------------------------------------------------------------- */

FS_OP(mem_file_read)
{
    FS_UNUSED;
    mem_file *r = self;
    size_t size = r->node->size;
    size_t left = r->pos < (int64_t)size ? size - (size_t)r->pos : 0;
    size_t k = a[0].len < left ? a[0].len : left;
    if (k) memcpy(a[0].v.w, r->node->data + r->pos, k);
    r->pos += (int64_t)k;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = (int64_t)k};
    return AMB_OK;
}

static int put(mem *m, mem_file *r, int64_t at, const void *p, size_t len)
{
    int bad = mem_write(m, r->node, at, p, len);
    if (!bad && len) mem_changed(m, r->node, "changed");
    return bad;
}

FS_OP(mem_file_write)
{
    (void)n;
    mem *m = inst;
    mem_file *r = self;
    int bad = r->fresh ? mem_resize(m, r->node, 0) : 0;
    r->fresh = false;
    int64_t at = r->append ? (int64_t)r->node->size : r->pos;
    if (!bad) bad = put(m, r, at, a[0].v.p, a[0].len);
    if (bad) return fs_failed(&m->f, c, bad, "write");
    if (!r->append) r->pos += a[0].len;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[0].len};
    return AMB_OK;
}

FS_OP(mem_file_read_at)
{
    (void)n;
    mem *m = inst;
    mem_file *r = self;
    if (a[0].v.i < 0 || a[1].v.i < 0 || a[1].v.i > (int64_t)AMB_TRANSFER_MAX)
        return m->f.h->fail(c, AMB_E_ARG, 0,
                            "read_at: offset and count must not be negative, and "
                            "the count at most 1 GiB");
    size_t size = r->node->size;
    size_t left = a[0].v.i < (int64_t)size ? size - (size_t)a[0].v.i : 0;
    size_t k = (size_t)a[1].v.i < left ? (size_t)a[1].v.i : left;
    char *p = m->f.h->alloc(c, k + 1);
    if (!p) return AMB_E_NOMEM;
    if (k) memcpy(p, r->node->data + a[0].v.i, k);
    *ret = (amb_arg){.type = AMB_T_BYTES, .len = (uint32_t)k, .v.p = p};
    return AMB_OK;
}

FS_OP(mem_file_write_at)
{
    (void)n;
    mem *m = inst;
    mem_file *r = self;
    if (a[0].v.i < 0)
        return m->f.h->fail(c, AMB_E_ARG, 0, "write_at: the offset must not be negative");
    if (a[1].type != AMB_T_STR && a[1].type != AMB_T_BYTES)
        return m->f.h->fail(c, AMB_E_ARG, 0, "write_at: data must be a string or bytes");
    r->fresh = false;
    int bad = put(m, r, a[0].v.i, a[1].v.p, a[1].len);
    if (bad) return fs_failed(&m->f, c, bad, "write_at");
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[1].len};
    return AMB_OK;
}

FS_OP(mem_file_write_text)
{
    (void)n, (void)ret;
    mem *m = inst;
    mem_file *r = self;
    if (a[0].type != AMB_T_STR && a[0].type != AMB_T_BYTES)
        return m->f.h->fail(c, AMB_E_ARG, 0, "expected a string or bytes");
    r->fresh = false;
    int bad = mem_resize(m, r->node, 0);
    if (!bad) bad = put(m, r, 0, a[0].v.p, a[0].len);
    if (bad) return fs_failed(&m->f, c, bad, "write_text");
    r->pos = a[0].len;
    return AMB_OK;
}

FS_OP(mem_file_seek)
{
    (void)n;
    mem *m = inst;
    mem_file *r = self;
    int64_t at = fs_seek_target(&m->f, c, a, r->pos, (int64_t)r->node->size);
    if (at < 0) return AMB_E_ARG;
    r->pos = at;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = at};
    return AMB_OK;
}

FS_OP(mem_file_tell)
{
    FS_UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((mem_file *)self)->pos};
    return AMB_OK;
}

FS_OP(mem_file_truncate)
{
    (void)n, (void)ret;
    mem *m = inst;
    mem_file *r = self;
    int64_t size = a[0].type == AMB_T_NIL ? 0 : a[0].v.i;
    if (size < 0)
        return m->f.h->fail(c, AMB_E_ARG, 0, "truncate: the size must not be negative");
    r->fresh = false;
    int bad = mem_resize(m, r->node, (size_t)size);
    if (bad) return fs_failed(&m->f, c, bad, "truncate");
    mem_changed(m, r->node, "changed");
    return AMB_OK;
}

FS_OP(mem_file_sync)
{
    FS_UNUSED;
    return AMB_OK;
}
FS_OP(mem_file_flush)
{
    FS_UNUSED;
    return AMB_OK;
}

FS_OP(mem_file_stat)
{
    (void)a, (void)n;
    mem *m = inst;
    const mem_node *node = ((mem_file *)self)->node;
    return fs_entry_tree(&m->f, c, "", mem_kind(node), (int64_t)node->size, mem_mtime(node),
                         ret);
}
