/* SPDX-License-Identifier: MIT */
/* The modules provider: folders of plug-ins, which a program may list and load, not read.
 *
 * A plug-in is a regular file NAME.amb directly in the folder; its name is an identifier-like word, so
 * that nothing outside can be meant. Symbolic links are not followed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ambit/spi.h"

enum { MODULES_LOAD = 1 };
enum { RES_DIR = 1 };
enum { MOST_BYTES = 16 << 20, LONGEST_NAME = 100, MOST_NAMES = 10000 };

typedef struct modules_inst {
    const amb_host *h;
} modules_inst;
typedef struct folder {
    int fd;
} folder;

#define OP(name)                                                                  \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, \
                           uint32_t n, amb_arg *ret)

static bool is_name(const char *s, size_t n)
{
    if (n == 0 || n > LONGEST_NAME) return false;
    for (size_t i = 0; i < n; i++) {
        char k = s[i];
        if (!((k >= 'a' && k <= 'z') || (k >= 'A' && k <= 'Z') || (k >= '0' && k <= '9') || k == '_' ||
              k == '-'))
            return false;
    }
    return true;
}

OP(dir_new)
{
    (void)self, (void)n;
    const amb_host *h = ((modules_inst *)inst)->h;
    char path[4096];
    if (a[0].len >= sizeof path || memchr(a[0].v.p, 0, a[0].len))
        return h->fail(c, AMB_E_ARG, 0, "modules.dir: not a path");
    memcpy(path, a[0].v.p, a[0].len);
    path[a[0].len] = 0;
    folder *f = malloc(sizeof *f);
    if (!f) return AMB_E_NOMEM;
    f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->fd < 0) {
        int e = errno;
        free(f);
        return h->fail(c, AMB_E_IO, e, "open: %s", strerror(e));
    }
    amb_status st = h->res_new(c, RES_DIR, f, ~(amb_rights)0, path, ret, NULL);
    if (st != AMB_OK) {
        close(f->fd);
        free(f);
    }
    return st;
}

static void dir_close(void *inst, void *res)
{
    (void)inst;
    folder *f = res;
    close(f->fd);
    free(f);
}

static int dir_getfd(void *inst, void *res)
{
    (void)inst;
    return ((folder *)res)->fd;
}

static int by_name(const void *x, const void *y)
{
    const amb_arg *a = x, *b = y;
    size_t n = a->len < b->len ? a->len : b->len;
    int r = memcmp(a->v.p, b->v.p, n);
    return r ? r : (a->len > b->len) - (a->len < b->len);
}

OP(list)
{
    (void)a, (void)n;
    const amb_host *h = ((modules_inst *)inst)->h;
    int fd = openat(((folder *)self)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        int e = errno;
        if (fd >= 0) close(fd);
        return h->fail(c, AMB_E_IO, e, "list: %s", strerror(e));
    }
    uint32_t cap = 16, count = 0;
    amb_arg *t = h->alloc(c, (cap + 1) * sizeof *t);
    amb_status st = t ? AMB_OK : AMB_E_NOMEM;
    const struct dirent *e;
    while (st == AMB_OK && count < MOST_NAMES && (e = readdir(d)) != NULL) {
        size_t len = strlen(e->d_name);
        if (len < 5 || strcmp(e->d_name + len - 4, ".amb") != 0 || !is_name(e->d_name, len - 4)) continue;
        if (e->d_type != DT_REG && e->d_type != DT_UNKNOWN) continue;
        if (count == cap) {
            amb_arg *more = h->alloc(c, (cap * 2 + 1) * sizeof *more);
            if (more) memcpy(more, t, (cap + 1) * sizeof *t);
            t = more;
            cap *= 2;
        }
        char *s = t ? h->alloc(c, len) : NULL;
        if (!s) {
            st = AMB_E_NOMEM;
            break;
        }
        memcpy(s, e->d_name, len - 4);
        t[++count] = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)(len - 4), .v.p = s};
    }
    closedir(d);
    if (st != AMB_OK) return st;
    t[0] = (amb_arg){.type = AMB_T_LIST, .len = count};
    qsort(t + 1, count, sizeof *t, by_name);
    *ret = (amb_arg){.type = AMB_T_TREE, .len = count + 1, .v.p = t};
    return AMB_OK;
}

OP(source)
{
    (void)n;
    const amb_host *h = ((modules_inst *)inst)->h;
    char file[LONGEST_NAME + 8];
    if (!is_name(a[0].v.p, a[0].len))
        return h->fail(c, AMB_E_ARG, 0, "load: a plug-in's name has letters, digits, `_` and `-` only");
    snprintf(file, sizeof file, "%.*s.amb", (int)a[0].len, (const char *)a[0].v.p);
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, ((folder *)self)->fd, file, &how, sizeof how);
    if (fd < 0) return h->fail(c, AMB_E_IO, errno, "load: there is no such plug-in");
    struct stat st;
    amb_status result = AMB_OK;
    char *text = NULL;
    size_t len = 0;
    if (fstat((int)fd, &st) || !S_ISREG(st.st_mode))
        result = h->fail(c, AMB_E_IO, ENXIO, "load: the plug-in is no regular file");
    else if (st.st_size > MOST_BYTES) result = h->fail(c, AMB_E_IO, EFBIG, "load: the plug-in is too long");
    else if (!(text = h->alloc(c, (size_t)st.st_size + 1))) result = AMB_E_NOMEM;
    while (result == AMB_OK && len < (size_t)st.st_size) {
        ssize_t k = read((int)fd, text + len, (size_t)st.st_size - len);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) result = h->fail(c, AMB_E_IO, errno, "load: %s", strerror(errno));
        if (k <= 0) break;
        len += (size_t)k;
    }
    close((int)fd);
    *ret = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)len, .v.p = text};
    return result;
}

static const amb_right rights[] = {{MODULES_LOAD, "load", "list and load plug-ins", 0, 0}};
static const amb_param p_path[] = {{.name = "path", .doc = "the folder", .type = AMB_T_STR,
                                    .match = AMB_M_DIR, .flags = AMB_P_PATH}};
static const amb_param p_name[] = {{.name = "name", .doc = "the file's name without .amb", .type = AMB_T_STR,
                                    .flags = AMB_P_PATH}};
enum { ORD_SOURCE = 11 };
static const amb_op ops[] = {
    {.ordinal = 1, .name = "dir", .doc = "a folder of plug-ins", .params = p_path, .nparams = 1,
     .ret_type = AMB_T_RES, .ret_restype = RES_DIR, .ret_fixed = MODULES_LOAD, .flags = AMB_OP_BLOCKING,
     .effect = AMB_FX_READ, .cost = 100, .fn = dir_new},
    {.ordinal = 10, .name = "list", .doc = "the names of the plug-ins, in order", .restype = RES_DIR,
     .ret_type = AMB_T_TREE, .need = MODULES_LOAD, .flags = AMB_OP_BLOCKING | AMB_OP_IDEMPOTENT,
     .effect = AMB_FX_READ, .cost = 200, .fn = list},
    {.ordinal = ORD_SOURCE, .name = "source", .doc = "", .params = p_name, .nparams = 1, .restype = RES_DIR,
     .ret_type = AMB_T_STR, .need = MODULES_LOAD,
     .flags = AMB_OP_BLOCKING | AMB_OP_IDEMPOTENT | AMB_OP_KERNEL, .effect = AMB_FX_READ, .cost = 200,
     .fn = source},
};
static const amb_restype types[] = {
    {.id = RES_DIR, .flags = AMB_R_FD, .source_op = ORD_SOURCE, .name = "dir", .doc = "a folder of plug-ins",
     .all = MODULES_LOAD, .dflt = MODULES_LOAD, .close = dir_close, .getfd = dir_getfd},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)hctx, (void)cfg, (void)ncfg;
    modules_inst *m = malloc(sizeof *m);
    if (!m) return AMB_E_NOMEM;
    m->h = h;
    *inst = m;
    return AMB_OK;
}
static void stop(void *inst) { free(inst); }

AMB_PROVIDER(modules) = {
    AMB_PROVIDER_HEAD,
    .iface = "modules",
    .doc = "folders of plug-ins",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
};
