/* SPDX-License-Identifier: MIT */
/* Files the user wrote on the command line: naming is granting. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"

void fs_named_close(void *inst, void *res)
{
    (void)inst;
    fs_named *d = res;
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
    fs_named *d = calloc(1, sizeof *d + count * sizeof *d->names);
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

amb_status fs_named_check(const fs *f, amb_call *c, const fs_named *d, const char *path,
                          const char *what)
{
    for (uint32_t i = 0; i < d->n; i++)
        if (strcmp(d->names[i], path) == 0) return AMB_OK;
    return f->h->fail(c, AMB_E_RIGHTS, 0, "%s: not named on the command line", what);
}

static amb_status named_open(fs *f, amb_call *c, fs_named *d, const amb_arg *a, int flags,
                             const char *what, amb_arg *ret)
{
    PATH_ARG(path, 0, what);
    amb_status known = fs_named_check(f, c, d, path, what);
    if (known) return known;
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
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

FS_OP(fs_named_edit)
{
    (void)n;
    return named_open(inst, c, self, a, O_RDWR, "edit", ret);
}

FS_OP(fs_named_create)
{
    (void)n;
    return named_open(inst, c, self, a, O_RDWR | O_CREAT | O_EXCL, "create", ret);
}
