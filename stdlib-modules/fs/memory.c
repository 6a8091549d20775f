/* SPDX-License-Identifier: MIT */
/* The fs provider without files: the same interface, everything in memory and gone with the instance.
 * Programs cannot tell; hosts choose it for tests, previews and what must not touch a disk.
 *
 * Configuration: how many bytes it may keep (an int), 256 MiB if not said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define FN(name) mem_##name
#define TRY AMB_OP_INLINE
#define DISK AMB_OP_INLINE
#define FILE_FLAGS AMB_R_SERIAL
#define GETFD(name)
#include "table.h"

#define QUOTA ((size_t)256 << 20)

static mem_node *node_of(void *self) { return ((mem_dir *)self)->node; }

/* --- constructors ------------------------------------------------------------------- */

/* Takes the reference. */
static amb_status dir_answer(mem *m, amb_call *c, mem_node *node, const char *label,
                             amb_arg *ret)
{
    mem_dir *d = malloc(sizeof *d);
    amb_status st = AMB_E_NOMEM;
    if (d) {
        d->node = node;
        st = m->f.h->res_new(c, FS_RES_DIR, d, ~(amb_rights)0, label, ret, NULL);
    }
    if (st != AMB_OK) {
        mem_release(m, node);
        free(d);
    }
    return st;
}

void mem_dir_close(void *inst, void *res)
{
    mem_release(inst, node_of(res));
    free(res);
}

/* A path of a `use` line: from the root, whatever it starts with. */
static const char *from_root(const char *path)
{
    while (*path == '/') path++;
    return *path ? path : ".";
}

static int make(mem *m, mem_node *base, const char *path, bool dir, mem_node **out)
{
    mem_node *parent;
    const char *last;
    int bad = mem_parent(base, path, &parent, &last);
    if (bad) return bad;
    if (mem_child(parent, last)) return -EEXIST;
    mem_node *n = mem_node_new(m, dir);
    if (!n) return m->used + 128 > m->quota ? -ENOSPC : -ENOMEM;
    bad = mem_link(m, parent, last, n);
    if (bad) mem_release(m, n);
    else mem_changed(m, *out = n, "created");
    return bad;
}

FS_OP(mem_dir_new)
{
    (void)self, (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "open");
    mem_node *node;
    int bad = mem_resolve(m->root, from_root(path), &node);
    if (bad == -ENOENT && a[1].v.u & FS_CREATE)
        bad = make(m, m->root, from_root(path), true, &node);
    if (!bad && !node->dir) bad = -ENOTDIR;
    if (bad) return fs_failed(f, c, bad, "open");
    return dir_answer(m, c, mem_hold(node), path, ret);
}

FS_OP(mem_temp_new)
{
    (void)self, (void)a, (void)n;
    mem *m = inst;
    mem_node *node = mem_node_new(m, true);
    if (!node) return fs_failed(&m->f, c, -ENOSPC, "temp");
    node->linked = true;
    return dir_answer(m, c, node, "temp", ret);
}

FS_OP(mem_file_new)
{
    (void)self, (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "open");
    amb_rights rights = a[1].v.u;
    bool in = rights & FS_READ, out = rights & (FS_WRITE | FS_APPEND | FS_CREATE);
    bool only_new = out && !(rights & (FS_WRITE | FS_APPEND));
    mem_node *node;
    int bad = mem_resolve(m->root, from_root(path), &node);
    if (!bad && only_new) bad = -EEXIST;
    else if (bad == -ENOENT && out) bad = make(m, m->root, from_root(path), false, &node);
    if (!bad && node->dir) bad = -EISDIR;
    if (bad) return fs_failed(f, c, bad, "open");
    bool append = out && !(rights & FS_WRITE) && !only_new;
    return mem_file_answer(m, c, node, append, out && !in && !append, path, ret);
}

/* A new file, named as when it is opened: a path that leads to something, or elsewhere, says so first. */
static int make_file(mem *m, mem_node *base, const char *path, mem_node **out)
{
    int bad = mem_resolve(base, path, out);
    if (bad != -ENOENT) return bad ? bad : -EEXIST;
    size_t n = strlen(path);
    if (n && path[n - 1] == '/') return -EISDIR;
    if (n >= 2 && strcmp(path + n - 2, "..") == 0 && (n == 2 || path[n - 3] == '/')) return bad;
    return make(m, base, path, false, out);
}

/* --- opening ------------------------------------------------------------------------ */

static int regular(mem_node *base, const char *path, mem_node **node)
{
    int bad = mem_resolve(base, path, node);
    return bad ? bad : (*node)->dir ? -EISDIR : 0;
}

static amb_status open_as(mem *m, amb_call *c, void *self, const amb_arg *a,
                          const char *what, bool append, amb_arg *ret)
{
    fs *f = &m->f;
    PATH_ARG(path, 0, what);
    mem_node *node;
    int bad = regular(node_of(self), path, &node);
    if (bad == -ENOENT && append) bad = make_file(m, node_of(self), path, &node);
    if (bad) return fs_failed(f, c, bad, what);
    return mem_file_answer(m, c, node, append, false, path, ret);
}

FS_OP(mem_dir_open)
{
    (void)n;
    return open_as(inst, c, self, a, "open", false, ret);
}
FS_OP(mem_dir_edit)
{
    (void)n;
    return open_as(inst, c, self, a, "edit", false, ret);
}
FS_OP(mem_dir_append)
{
    (void)n;
    return open_as(inst, c, self, a, "append", true, ret);
}

FS_OP(mem_dir_create)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "create");
    mem_node *node;
    int bad = make_file(m, node_of(self), path, &node);
    if (bad) return fs_failed(f, c, bad, "create");
    return mem_file_answer(m, c, node, false, false, path, ret);
}

FS_OP(mem_dir_sub)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "sub");
    mem_node *node;
    int bad = mem_resolve(node_of(self), path, &node);
    if (!bad && !node->dir) bad = -ENOTDIR;
    if (bad) return fs_failed(f, c, bad, "sub");
    return dir_answer(m, c, mem_hold(node), path, ret);
}

FS_OP(mem_dir_temp)
{
    (void)self, (void)a, (void)n;
    mem *m = inst;
    mem_node *node = mem_node_new(m, false);
    if (!node) return fs_failed(&m->f, c, -ENOSPC, "temp");
    amb_status st = mem_file_answer(m, c, node, false, false, "temp", ret);
    mem_release(m, node);
    return st;
}

/* --- whole files -------------------------------------------------------------------- */

static amb_status read_all(mem *m, amb_call *c, void *self, const amb_arg *a,
                           uint8_t type, amb_arg *ret)
{
    fs *f = &m->f;
    PATH_ARG(path, 0, "read");
    mem_node *node;
    int bad = regular(node_of(self), path, &node);
    if (!bad && node->size > AMB_TRANSFER_MAX) bad = -EFBIG;
    if (bad) return fs_failed(f, c, bad, "read");
    char *p = f->h->alloc(c, node->size + 1);
    if (!p) return AMB_E_NOMEM;
    if (node->size) memcpy(p, node->data, node->size);
    *ret = (amb_arg){.type = type, .len = (uint32_t)node->size, .v.p = p};
    return AMB_OK;
}
FS_OP(mem_dir_read_text)
{
    (void)n;
    return read_all(inst, c, self, a, AMB_T_STR, ret);
}
FS_OP(mem_dir_read_bytes)
{
    (void)n;
    return read_all(inst, c, self, a, AMB_T_BYTES, ret);
}

/* A new node takes the place of the old one: who has that open keeps what it has. */
FS_OP(mem_dir_write)
{
    (void)n, (void)ret;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "write");
    mem_node *parent, *old;
    const char *last;
    int bad = mem_parent(node_of(self), path, &parent, &last);
    if (bad) return fs_failed(f, c, bad, "write");
    old = mem_child(parent, last);
    if (old && old->dir) return fs_failed(f, c, -EISDIR, "write");
    mem_node *node = mem_node_new(m, false);
    bad = node ? mem_write(m, node, 0, a[1].v.p, a[1].len) : -ENOSPC;
    if (!bad && old) mem_unlink(m, old);
    if (!bad) bad = mem_link(m, parent, last, node);
    if (bad && node) mem_release(m, node);
    if (!bad) mem_changed(m, node, "created");
    return bad ? fs_failed(f, c, bad, "write") : AMB_OK;
}

static void remove_node(mem *m, mem_node *n)
{
    mem_changed(m, n, "removed");
    mem_hold(n);
    mem_unlink(m, n);
    mem_gone(m, n);
    mem_release(m, n);
}

static int copy_one(mem *m, const mem_node *from, mem_node *into, const char *name,
                    mem_node **out)
{
    mem_node *n = mem_node_new(m, from->dir);
    if (!n) return -ENOSPC;
    int bad = from->dir ? 0 : mem_write(m, n, 0, from->data, from->size);
    if (!bad) bad = mem_link(m, into, name, n);
    if (bad) {
        mem_release(m, n);
        return bad;
    }
    mem_changed(m, n, "created");
    *out = n;
    return 0;
}

static amb_status copy(mem *m, amb_call *c, mem_node *dir, const char *from,
                       mem_node *into, const char *to, bool tree)
{
    mem_node *src, *parent, *dst = NULL;
    const char *last;
    int bad = mem_resolve(dir, from, &src);
    if (!bad && src->dir && !tree) bad = -EISDIR;
    if (bad) return fs_failed(&m->f, c, bad, "copy");
    if (!bad && !src->dir) {
        /* As opening a new file does. */
        bad = make_file(m, into, to, &dst);
        if (!bad && (bad = mem_write(m, dst, 0, src->data, src->size)) != 0)
            remove_node(m, dst);
        return bad ? fs_copy_failed(&m->f, c, bad, to) : AMB_OK;
    }
    if (!bad) bad = mem_parent(into, to, &parent, &last);
    if (!bad && mem_child(parent, last)) bad = -EEXIST;
    if (!bad && src->dir && mem_within(parent, src)) bad = -EINVAL;
    if (!bad) bad = copy_one(m, src, parent, last, &dst);
    /* Both sides in step: the copy of a node's parent is where the copy goes. */
    const mem_node *at = src;
    while (!bad && src->dir) {
        const mem_node *next = mem_following(at, src);
        if (!next || next == src) break;
        if (next->parent != at) {
            while (at->parent != next->parent) {
                at = at->parent;
                dst = dst->parent;
            }
            dst = dst->parent;
        }
        mem_node *made;
        bad = copy_one(m, next, dst, next->name, &made);
        if (bad) break;
        at = next;
        dst = made;
    }
    return bad ? fs_copy_failed(&m->f, c, bad, to) : AMB_OK;
}

FS_OP(mem_dir_copy)
{
    (void)n, (void)ret;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(from, 0, "copy");
    PATH_ARG(to, 1, "copy");
    return copy(m, c, node_of(self), from, node_of(self), to, fs_flag(&a[2]));
}
FS_OP(mem_dir_copy_to)
{
    (void)n, (void)ret;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(from, 1, "copy_to");
    PATH_ARG(to, a[2].type == AMB_T_NIL ? 1 : 2, "copy_to");
    return copy(m, c, node_of(self), from, node_of(a[0].v.res), to, fs_flag(&a[3]));
}

/* --- names -------------------------------------------------------------------------- */

FS_OP(mem_dir_mkdir)
{
    (void)n, (void)ret;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "mkdir");
    bool parents = fs_flag(&a[1]);
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') path[--len] = 0;
    mem_node *node;
    if (parents)
        for (char *p = path + 1; *path && *p; p++) {
            if (*p != '/' || p[-1] == '/') continue;
            *p = 0;
            int bad = make(m, node_of(self), path, true, &node);
            if (bad && bad != -EEXIST && bad != -EINVAL)
                return fs_failed(f, c, bad, "mkdir");
            *p = '/';
        }
    int bad = make(m, node_of(self), path, true, &node);
    if (bad == -EEXIST && parents && mem_resolve(node_of(self), path, &node) == 0 &&
        node->dir)
        return AMB_OK;
    return bad ? fs_failed(f, c, bad, "mkdir") : AMB_OK;
}

FS_OP(mem_dir_remove)
{
    (void)n, (void)ret;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "remove");
    mem_node *parent, *node;
    const char *last;
    int bad = mem_parent(node_of(self), path, &parent, &last);
    if (!bad && !(node = mem_child(parent, last))) bad = -ENOENT;
    if (!bad && node->dir && node->nkids && !fs_flag(&a[1])) bad = -ENOTEMPTY;
    if (bad) return fs_failed(f, c, bad, "remove");
    for (mem_node *at = node; at != node || node->nkids;) {
        if (at->nkids) {
            at = at->kids[at->nkids - 1];
            continue;
        }
        mem_node *up = at->parent;
        remove_node(m, at);
        at = up;
    }
    remove_node(m, node);
    return AMB_OK;
}

static amb_status move(mem *m, amb_call *c, void *self, const amb_arg *a, bool replace)
{
    fs *f = &m->f;
    const char *what = replace ? "replace" : "rename", *last_from, *last_to;
    PATH_ARG(from, 0, what);
    PATH_ARG(to, 1, what);
    mem_node *old, *new, *node = NULL, *there = NULL;
    int bad = mem_parent(node_of(self), from, &old, &last_from);
    if (!bad) bad = mem_parent(node_of(self), to, &new, &last_to);
    if (!bad && !(node = mem_child(old, last_from))) bad = -ENOENT;
    if (!bad) there = mem_child(new, last_to);
    if (!bad && there && !replace) bad = -EEXIST;
    if (!bad && node->dir && mem_within(new, node)) bad = -EINVAL;
    if (!bad && there == node) return AMB_OK;
    if (!bad && there && there->dir != node->dir) bad = there->dir ? -EISDIR : -ENOTDIR;
    if (!bad && there && there->nkids) bad = -ENOTEMPTY;
    if (!bad && strlen(last_to) > 255) bad = -ENAMETOOLONG;
    if (bad) return fs_failed(f, c, bad, what);
    if (there) {
        mem_hold(there);
        mem_unlink(m, there);
        mem_gone(m, there);
        mem_release(m, there);
    }
    mem_changed(m, node, "removed");
    mem_hold(node);
    mem_unlink(m, node);
    bad = mem_link(m, new, last_to, node);
    if (bad) {
        mem_release(m, node);
        return fs_failed(f, c, bad, what);
    }
    mem_changed(m, node, "created");
    return AMB_OK;
}
FS_OP(mem_dir_rename)
{
    (void)n, (void)ret;
    return move(inst, c, self, a, false);
}
FS_OP(mem_dir_replace)
{
    (void)n, (void)ret;
    return move(inst, c, self, a, true);
}

/* --- looking ------------------------------------------------------------------------ */

FS_OP(mem_dir_stat)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "stat");
    mem_node *node;
    int bad = mem_resolve(node_of(self), path, &node);
    if (bad) return fs_failed(f, c, bad, "stat");
    return fs_entry_tree(f, c, path, mem_kind(node), (int64_t)node->size, mem_mtime(node),
                         ret);
}

FS_OP(mem_dir_exists)
{
    FS_UNUSED;
    fs_path path;
    mem_node *node;
    bool yes = !fs_cstring(path, &a[0]) && !mem_resolve(node_of(self), path, &node);
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = yes};
    return AMB_OK;
}

FS_OP(mem_dir_list)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    OPTIONAL_PATH_ARG(path, 0, "list");
    mem_node *node;
    fs_listing l = {0};
    int bad = mem_resolve(node_of(self), path, &node);
    if (!bad && !node->dir) bad = -ENOTDIR;
    for (size_t i = 0; !bad && i < node->nkids; i++) {
        const mem_node *k = node->kids[i];
        bad = fs_listing_add(&l, path, k->name, mem_kind(k), (int64_t)k->size, mem_mtime(k));
    }
    amb_status st = bad ? fs_failed(f, c, bad, "list")
                        : fs_listing_tree(f, c, l.v, l.n, ret);
    fs_listing_free(&l);
    return st;
}

/* Everything beneath, at once: what happens afterwards does not show. */
static int everything(mem_node *base, const char *path, const char *pattern, fs_listing *l)
{
    mem_node *top;
    int bad = mem_resolve(base, path, &top);
    if (!bad && !top->dir) bad = -ENOTDIR;
    if (bad) return bad;
    const mem_node *at = top;
    while (!bad && (at = mem_following(at, top)) && at != top) {
        char *rel = mem_path(at, top);
        if (!rel) return -ENOMEM;
        if (!pattern || fs_glob_match(pattern, rel))
            bad = fs_listing_add(l, path, rel, mem_kind(at), (int64_t)at->size,
                                 mem_mtime(at));
        free(rel);
        /* The name is the last part only. */
        if (!bad && l->n) {
            fs_entry *e = &l->v[l->n - 1];
            const char *slash = strrchr(e->path, '/');
            e->name = slash ? slash + 1 : e->path;
        }
    }
    return bad;
}

typedef struct mem_walk {
    fs_listing l;
    size_t at;
} mem_walk;

void mem_walk_close(void *inst, void *res)
{
    (void)inst;
    fs_listing_free(&((mem_walk *)res)->l);
    free(res);
}

FS_OP(mem_dir_walk)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    OPTIONAL_PATH_ARG(path, 0, "walk");
    mem_walk *w = calloc(1, sizeof *w);
    if (!w) return AMB_E_NOMEM;
    int bad = everything(node_of(self), path, NULL, &w->l);
    amb_status st = bad ? fs_failed(f, c, bad, "walk")
                        : f->h->res_new(c, FS_RES_WALK, w, ~(amb_rights)0, path, ret, NULL);
    if (st != AMB_OK) mem_walk_close(m, w);
    return st;
}

FS_OP(mem_walk_next)
{
    (void)n;
    mem *m = inst;
    mem_walk *w = self;
    size_t max = a[0].v.i < 1 ? 1 : a[0].v.i > 256 ? 256 : (size_t)a[0].v.i;
    if (max > w->l.n - w->at) max = w->l.n - w->at;
    amb_status st = fs_listing_tree(&m->f, c, w->l.v + w->at, max, ret);
    if (st == AMB_OK) w->at += max;
    return st;
}

FS_OP(mem_dir_glob)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(pattern, 0, "glob");
    fs_listing l = {0};
    int bad = everything(node_of(self), ".", pattern, &l);
    amb_status st = bad ? fs_failed(f, c, bad, "glob")
                        : fs_listing_tree(f, c, l.v, l.n, ret);
    fs_listing_free(&l);
    return st;
}

/* --- files named on the command line -------------------------------------------------- */

static amb_status named_existing(mem *m, amb_call *c, void *self, const amb_arg *a,
                                 const char *what, amb_arg *ret)
{
    fs *f = &m->f;
    PATH_ARG(path, 0, what);
    amb_status known = fs_named_check(f, c, self, path, what);
    if (known) return known;
    mem_node *node;
    int bad = regular(m->root, from_root(path), &node);
    if (bad) return fs_failed(f, c, bad, what);
    return mem_file_answer(m, c, node, false, false, path, ret);
}

FS_OP(mem_named_open)
{
    (void)n;
    return named_existing(inst, c, self, a, "open", ret);
}

FS_OP(mem_named_edit)
{
    (void)n;
    return named_existing(inst, c, self, a, "edit", ret);
}

FS_OP(mem_named_create)
{
    (void)n;
    mem *m = inst;
    fs *f = &m->f;
    PATH_ARG(path, 0, "create");
    amb_status known = fs_named_check(f, c, self, path, "create");
    if (known) return known;
    mem_node *node;
    int bad = make(m, m->root, from_root(path), false, &node);
    if (bad) return fs_failed(f, c, bad, "create");
    return mem_file_answer(m, c, node, false, false, path, ret);
}

/* --- life --------------------------------------------------------------------------- */

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    mem *m = calloc(1, sizeof *m);
    if (!m) return AMB_E_NOMEM;
    m->f.h = h;
    m->f.hctx = hctx;
    m->quota = QUOTA;
    if (ncfg && cfg[0].type == AMB_T_I64 && cfg[0].v.i >= 0) m->quota = (size_t)cfg[0].v.i;
    m->root = mem_node_new(m, true);
    if (!m->root) {
        free(m);
        return AMB_E_NOMEM;
    }
    m->root->linked = true;
    *inst = m;
    return AMB_OK;
}

static void stop(void *inst)
{
    mem *m = inst;
    mem_release(m, m->root);
    free(m);
}

static const amb_param config[] = {
    {.name = "bytes", .doc = "how much it may keep", .type = AMB_T_I64,
     .flags = AMB_P_OPT}};

AMB_PROVIDER(fs_memory) = {
    AMB_PROVIDER_HEAD,
    .iface = "fs",
    .doc = "files and directories in memory",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .ncfg = 1,
    .cfg = config,
    .start = start,
    .stop = stop,
    .cancel = fs_cancel,
};
