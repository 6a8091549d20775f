/* SPDX-License-Identifier: MIT */
/* Directories: everything a `dir` capability can do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fs.h"

/* The path of argument i as a C string, or leave with an error. */
#define PATH_ARG(var, i, what)                        \
    fs_path var;                                      \
    do {                                              \
        int bad_ = fs_cstring(var, &a[i]);            \
        if (bad_) return fs_failed(f, c, bad_, what); \
    } while (0)

static int dirfd_of(void *self) { return ((fs_dir *)self)->fd; }

/* --- constructors ------------------------------------------------------------------- */

static amb_status dir_answer(fs *f, amb_call *c, int fd, const char *label, amb_arg *ret)
{
    fs_dir *d = malloc(sizeof *d);
    if (!d) {
        close(fd);
        return AMB_E_NOMEM;
    }
    d->fd = fd;
    amb_status st = f->h->res_new(c, FS_RES_DIR, d, ~(amb_rights)0, label, ret, NULL);
    if (st != AMB_OK) fs_dir_close(f, d);
    return st;
}

void fs_dir_close(void *inst, void *res)
{
    (void)inst;
    close(dirfd_of(res));
    free(res);
}

/* fs.dir(path). With the right to create, the directory itself is made if it is missing.
 */
FS_OP(fs_dir_new)
{
    (void)self, (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "open");
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && (a[1].v.u & FS_CREATE)) {
        if (mkdir(path, 0777) && errno != EEXIST) return fs_failed(f, c, -errno, "mkdir");
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0) return fs_failed(f, c, -errno, "open");
    return dir_answer(f, c, fd, path, ret);
}

/* fs.temp(): a private directory, removed with all it contains when the provider stops.
 */
FS_OP(fs_temp_new)
{
    (void)self, (void)a, (void)n;
    fs *f = inst;
    const char *base = getenv("TMPDIR");
    if (!base || !*base) base = "/tmp";
    fs_scratch *s = malloc(sizeof *s + strlen(base) + 16);
    if (!s) return AMB_E_NOMEM;
    sprintf(s->path, "%s/ambit.XXXXXX", base);
    if (!mkdtemp(s->path)) {
        int e = errno;
        free(s);
        return fs_failed(f, c, -e, "temp");
    }
    s->next = f->scratch;
    f->scratch = s;
    int fd = open(s->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fs_failed(f, c, -errno, "temp");
    return dir_answer(f, c, fd, "temp", ret);
}

/* --- opening ------------------------------------------------------------------------ */

FS_OP(fs_dir_open)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "open");
    int fd = fs_regular(dirfd_of(self), path, O_RDONLY, 0);
    if (fd < 0) return fs_failed(f, c, fd, "open");
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_dir_create)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "create");
    int fd = fs_regular(dirfd_of(self), path, O_RDWR | O_CREAT | O_EXCL, 0666);
    if (fd < 0) return fs_failed(f, c, fd, "create");
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_dir_append)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "append");
    int fd = fs_regular(dirfd_of(self), path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0) return fs_failed(f, c, fd, "append");
    return fs_file_answer(f, c, fd, FS_APPENDING, path, ret);
}

FS_OP(fs_dir_edit)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "edit");
    int fd = fs_regular(dirfd_of(self), path, O_RDWR, 0);
    if (fd < 0) return fs_failed(f, c, fd, "edit");
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_dir_sub)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "sub");
    int fd = fs_beneath(dirfd_of(self), path, O_PATH | O_DIRECTORY, 0);
    if (fd < 0) return fs_failed(f, c, fd, "sub");
    return dir_answer(f, c, fd, path, ret);
}

/* A file without a name, gone when it is closed. */
FS_OP(fs_dir_temp)
{
    (void)a, (void)n;
    fs *f = inst;
    int fd = fs_beneath(dirfd_of(self), ".", O_RDWR | O_TMPFILE, 0600);
    if (fd < 0) return fs_failed(f, c, fd, "temp");
    return fs_file_answer(f, c, fd, 0, "temp", ret);
}

/* --- whole files -------------------------------------------------------------------- */

static amb_status read_all(fs *f, amb_call *c, void *self, const amb_arg *a, uint8_t type,
                           amb_arg *ret)
{
    PATH_ARG(path, 0, "read");
    int fd = fs_regular(dirfd_of(self), path, O_RDONLY, 0);
    if (fd < 0) return fs_failed(f, c, fd, "read");
    amb_status st = fs_read_whole(f, c, fd, type, ret);
    close(fd);
    return st;
}

FS_OP(fs_dir_read_text)
{
    (void)n;
    return read_all(inst, c, self, a, AMB_T_STR, ret);
}

FS_OP(fs_dir_read_bytes)
{
    (void)n;
    return read_all(inst, c, self, a, AMB_T_BYTES, ret);
}

/* A name nobody uses, beside the target: ".NAME.xxxxxxxx". */
static int scratch_file(int parent, char name[64], mode_t mode)
{
    for (int tries = 0; tries < 100; tries++) {
        uint64_t r;
        if (getrandom(&r, sizeof r, 0) != sizeof r) return -EIO;
        snprintf(name, 64, ".ambit.%016llx", (unsigned long long)r);
        int fd = openat(parent, name,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST) return fd >= 0 ? fd : -errno;
    }
    return -EEXIST;
}

/* write_text, write_bytes: readers see the old content or the new, never a part. */
FS_OP(fs_dir_write)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "write");
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "write");
    struct stat st;
    bool exists = fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0;
    int bad = 0;
    char scratch[64];
    if (exists && S_ISDIR(st.st_mode)) bad = -EISDIR;
    else if (exists && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) bad = -ENXIO;
    if (!bad) {
        int fd = scratch_file(parent, scratch, 0666);
        if (fd < 0) bad = fd;
        else {
            bad = fs_write_whole(fd, a[1].v.p, a[1].len);
            if (!bad && exists && S_ISREG(st.st_mode))
                (void)!fchmod(fd, st.st_mode & 07777);
            if (close(fd) && !bad) bad = -errno;
            if (!bad && renameat(parent, scratch, parent, last)) bad = -errno;
            if (bad) unlinkat(parent, scratch, 0);
        }
    }
    close(parent);
    return bad ? fs_failed(f, c, bad, "write") : AMB_OK;
}

FS_OP(fs_dir_copy)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(from, 0, "copy");
    PATH_ARG(to, 1, "copy");
    int in = fs_regular(dirfd_of(self), from, O_RDONLY, 0);
    if (in < 0) return fs_failed(f, c, in, "copy");
    struct stat st;
    mode_t mode = fstat(in, &st) == 0 ? st.st_mode & 0777 : 0666;
    int out = fs_regular(dirfd_of(self), to, O_WRONLY | O_CREAT | O_EXCL, mode), bad = 0;
    if (out < 0) bad = out;
    char *block = bad ? NULL : malloc(1 << 16);
    if (!bad && !block) bad = -ENOMEM;
    while (!bad) {
        ssize_t k = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
        if (k < 0) {
            /* Not between these file systems: by hand. */
            k = read(in, block, 1 << 16);
            if (k < 0 && errno == EINTR) continue;
            if (k < 0) bad = -errno;
            else if (k > 0) bad = fs_write_whole(out, block, (size_t)k);
        }
        if (k == 0) break;
    }
    free(block);
    close(in);
    if (out >= 0 && close(out) && !bad) bad = -errno;
    return bad ? fs_failed(f, c, bad, "copy") : AMB_OK;
}

/* --- names -------------------------------------------------------------------------- */

FS_OP(fs_dir_mkdir)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "mkdir");
    bool parents = a[1].type == AMB_T_BOOL && a[1].v.i;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') path[--len] = 0;
    if (parents)
        for (char *p = path + 1; *p; p++) {
            if (*p != '/' || p[-1] == '/') continue;
            *p = 0;
            const char *last;
            int parent = fs_parent(dirfd_of(self), path, &last);
            if (parent >= 0) {
                int made = mkdirat(parent, last, 0777) ? -errno : 0;
                close(parent);
                if (made && made != -EEXIST) return fs_failed(f, c, made, "mkdir");
            } else if (parent != -EINVAL) { /* "./a": the step "." is there already */
                return fs_failed(f, c, parent, "mkdir");
            }
            *p = '/';
        }
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "mkdir");
    int bad = mkdirat(parent, last, 0777) ? -errno : 0;
    close(parent);
    if (bad == -EEXIST && parents) {
        int fd = fs_beneath(dirfd_of(self), path, O_PATH | O_DIRECTORY, 0);
        if (fd >= 0) {
            close(fd);
            return AMB_OK;
        }
    }
    return bad ? fs_failed(f, c, bad, "mkdir") : AMB_OK;
}

FS_OP(fs_dir_remove)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "remove");
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "remove");
    int bad = unlinkat(parent, last, 0) ? -errno : 0;
    if (bad == -EISDIR || bad == -EPERM)
        bad =
            unlinkat(parent, last, AT_REMOVEDIR) ? (errno == ENOTDIR ? bad : -errno) : 0;
    close(parent);
    return bad ? fs_failed(f, c, bad, "remove") : AMB_OK;
}

FS_OP(fs_dir_remove_all)
{
    (void)n, (void)ret;
    fs *f = inst;
    PATH_ARG(path, 0, "remove_all");
    const char *last;
    int parent = fs_parent(dirfd_of(self), path, &last);
    if (parent < 0) return fs_failed(f, c, parent, "remove_all");
    int bad = fs_remove_tree(parent, last, 0);
    close(parent);
    return bad && bad != -ENOENT ? fs_failed(f, c, bad, "remove_all") : AMB_OK;
}

static amb_status move(fs *f, amb_call *c, void *self, const amb_arg *a, bool replace)
{
    const char *what = replace ? "replace" : "rename", *last_from, *last_to;
    PATH_ARG(from, 0, what);
    PATH_ARG(to, 1, what);
    int old = fs_parent(dirfd_of(self), from, &last_from);
    if (old < 0) return fs_failed(f, c, old, what);
    int new = fs_parent(dirfd_of(self), to, &last_to);
    if (new < 0) {
        close(old);
        return fs_failed(f, c, new, what);
    }
    int bad = renameat2(old, last_from, new, last_to, replace ? 0 : RENAME_NOREPLACE)
                  ? -errno
                  : 0;
    close(old);
    close(new);
    /* Between two file systems beneath one directory: not an escape. */
    if (bad == -EXDEV)
        return f->h->fail(c, AMB_E_IO, EXDEV, "%s: not on the same file system", what);
    return bad ? fs_failed(f, c, bad, what) : AMB_OK;
}

FS_OP(fs_dir_rename)
{
    (void)n, (void)ret;
    return move(inst, c, self, a, false);
}

FS_OP(fs_dir_replace)
{
    (void)n, (void)ret;
    return move(inst, c, self, a, true);
}

/* --- looking ------------------------------------------------------------------------ */

FS_OP(fs_dir_stat)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(path, 0, "stat");
    int fd = fs_beneath(dirfd_of(self), path, O_PATH, 0);
    if (fd < 0) return fs_failed(f, c, fd, "stat");
    struct stat st;
    int bad = fstat(fd, &st) ? -errno : 0;
    close(fd);
    return bad ? fs_failed(f, c, bad, "stat") : fs_entry_tree(f, c, path, &st, ret);
}

/* Whatever the reason is for not reaching it, the answer is the same "no". */
FS_OP(fs_dir_exists)
{
    (void)c, (void)n, (void)inst;
    fs_path path;
    int fd = fs_cstring(path, &a[0]);
    if (fd == 0) fd = fs_beneath(dirfd_of(self), path, O_PATH, 0);
    else fd = -1;
    if (fd >= 0) close(fd);
    *ret = (amb_arg){.type = AMB_T_BOOL, .v.i = fd >= 0};
    return AMB_OK;
}

FS_OP(fs_dir_list)
{
    (void)n;
    fs *f = inst;
    fs_path path = ".";
    int bad = a[0].type == AMB_T_NIL ? 0 : fs_cstring(path, &a[0]);
    fs_listing l = {0};
    if (!bad) bad = fs_list(dirfd_of(self), path, &l);
    if (bad) return fs_failed(f, c, bad, "list");
    amb_status st = fs_listing_tree(f, c, l.v, l.n, ret);
    fs_listing_free(&l);
    return st;
}

/* A walk keeps one sorted listing per level and no descriptor but the root's. */
typedef struct walk {
    int fd;
    struct level {
        fs_listing l;
        size_t at;
    } *levels;
    size_t n, cap;
    char *pattern; /* only what it matches; NULL: everything */
} walk;

static int walk_enter(walk *w, const char *path)
{
    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 8;
        struct level *v = realloc(w->levels, cap * sizeof *v);
        if (!v) return -ENOMEM;
        w->levels = v;
        w->cap = cap;
    }
    w->levels[w->n] = (struct level){0};
    int bad = fs_list(w->fd, path, &w->levels[w->n].l);
    if (!bad) w->n++;
    return bad;
}

void fs_walk_close(void *inst, void *res)
{
    (void)inst;
    walk *w = res;
    for (size_t i = 0; i < w->n; i++) fs_listing_free(&w->levels[i].l);
    free(w->levels);
    free(w->pattern);
    if (w->fd >= 0) close(w->fd);
    free(w);
}

static int walk_new(int dir, const char *path, walk **out)
{
    walk *w = calloc(1, sizeof *w);
    if (!w) return -ENOMEM;
    w->fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    int bad = w->fd < 0 ? -errno : walk_enter(w, path);
    if (bad) fs_walk_close(NULL, w);
    else *out = w;
    return bad;
}

/* The next entry; it is taken out of its listing. 0: the end, 1: *e is filled. */
static int walk_step(walk *w, fs_entry *e)
{
    while (w->n) {
        struct level *top = &w->levels[w->n - 1];
        if (top->at == top->l.n) {
            fs_listing_free(&top->l);
            w->n--;
            continue;
        }
        fs_entry *next = &top->l.v[top->at++];
        *e = *next;
        next->path = NULL;
        if (strcmp(e->kind, "dir") == 0 &&
            (!w->pattern || fs_glob_enters(w->pattern, e->path))) {
            int bad = walk_enter(w, e->path);
            /* What may not be read is listed, not entered; what went away is gone. */
            if (bad && bad != -EACCES && bad != -ENOENT && bad != -ENOTDIR) {
                free(e->path);
                return bad;
            }
        }
        if (!w->pattern || fs_glob_match(w->pattern, e->path)) return 1;
        free(e->path);
    }
    return 0;
}

FS_OP(fs_dir_walk)
{
    (void)n;
    fs *f = inst;
    fs_path path = ".";
    int bad = a[0].type == AMB_T_NIL ? 0 : fs_cstring(path, &a[0]);
    walk *w = NULL;
    if (!bad) bad = walk_new(dirfd_of(self), path, &w);
    if (bad) return fs_failed(f, c, bad, "walk");
    amb_status st = f->h->res_new(c, FS_RES_WALK, w, ~(amb_rights)0, path, ret, NULL);
    if (st != AMB_OK) fs_walk_close(f, w);
    return st;
}

FS_OP(fs_walk_next)
{
    (void)n;
    fs *f = inst;
    walk *w = self;
    size_t max = a[0].v.i < 1 ? 1 : a[0].v.i > 256 ? 256 : (size_t)a[0].v.i, got = 0;
    fs_entry batch[256];
    int more = 1;
    while (got < max && (more = walk_step(w, &batch[got])) > 0) got++;
    amb_status st = more < 0 && !got ? fs_failed(f, c, more, "walk")
                                     : fs_listing_tree(f, c, batch, got, ret);
    for (size_t i = 0; i < got; i++) free(batch[i].path);
    return st;
}

FS_OP(fs_dir_glob)
{
    (void)n;
    fs *f = inst;
    PATH_ARG(pattern, 0, "glob");
    walk *w = NULL;
    int bad = walk_new(dirfd_of(self), ".", &w);
    if (bad) return fs_failed(f, c, bad, "glob");
    fs_listing l = {0};
    w->pattern = strdup(pattern);
    if (!w->pattern) bad = -ENOMEM;
    while (!bad) {
        fs_entry e;
        int more = walk_step(w, &e);
        if (more <= 0) {
            bad = more;
            break;
        }
        if (l.n == l.cap) {
            size_t cap = l.cap ? l.cap * 2 : 32;
            fs_entry *v = realloc(l.v, cap * sizeof *v);
            if (!v) {
                free(e.path);
                bad = -ENOMEM;
                break;
            }
            l.v = v;
            l.cap = cap;
        }
        l.v[l.n++] = e;
    }
    fs_walk_close(f, w);
    amb_status st =
        bad ? fs_failed(f, c, bad, "glob") : fs_listing_tree(f, c, l.v, l.n, ret);
    fs_listing_free(&l);
    return st;
}

/* --- named: files the user wrote on the command line -------------------------------- */

typedef struct named {
    uint32_t n;
    char *names[];
} named;

void fs_named_close(void *inst, void *res)
{
    (void)inst;
    named *d = res;
    for (uint32_t i = 0; i < d->n; i++) free(d->names[i]);
    free(d);
}

/* a[0]: the words of the command line, a tree of strings. */
FS_OP(fs_named_new)
{
    (void)self, (void)n;
    fs *f = inst;
    const amb_arg *t = a[0].v.p;
    uint32_t count = a[0].type == AMB_T_TREE && a[0].len ? t[0].len : 0;
    named *d = calloc(1, sizeof *d + count * sizeof *d->names);
    if (!d) return AMB_E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const char *s = t[i + 1].v.p;
        size_t len = t[i + 1].len;
        const char *eq = len && s[0] == '-' ? memchr(s, '=', len) : NULL;
        if (eq) len -= (size_t)(eq + 1 - s), s = eq + 1;
        if (!(d->names[d->n++] = strndup(s, len))) {
            fs_named_close(f, d);
            return AMB_E_NOMEM;
        }
    }
    amb_status st =
        f->h->res_new(c, FS_RES_NAMED, d, ~(amb_rights)0, "command line", ret, NULL);
    if (st != AMB_OK) fs_named_close(f, d);
    return st;
}

static amb_status named_open(fs *f, amb_call *c, named *d, const amb_arg *a, int flags,
                             const char *what, amb_arg *ret)
{
    PATH_ARG(path, 0, what);
    bool known = false;
    for (uint32_t i = 0; i < d->n; i++)
        if (strcmp(d->names[i], path) == 0) known = true;
    if (!known)
        return f->h->fail(c, AMB_E_RIGHTS, 0, "%s: not named on the command line", what);
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0) return fs_failed(f, c, -errno, what);
    struct stat st;
    if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
        close(fd);
        return fs_failed(f, c, -EISDIR, what);
    }
    return fs_file_answer(f, c, fd, 0, path, ret);
}

FS_OP(fs_named_open)
{
    (void)n;
    return named_open(inst, c, self, a, O_RDONLY, "open", ret);
}

FS_OP(fs_named_create)
{
    (void)n;
    return named_open(inst, c, self, a, O_RDWR | O_CREAT | O_EXCL, "create", ret);
}
