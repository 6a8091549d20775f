/* SPDX-License-Identifier: MIT */
/* ambit grants, ambit revoke SCRIPT: what is remembered. (`ambit grant` runs a script's
 * questions without the script: run.c.) */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"

static int refused(const char *why)
{
    text t = {0};
    text_str(&t, "ambit: remembered grants are not used: ");
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return EXIT_ERROR;
}

static int by_script(const void *a, const void *b)
{
    return strcmp(((const store_file *)a)->script, ((const store_file *)b)->script);
}

int cmd_grants(const cli_options *o)
{
    char why[256];
    (void)o;
    int fd = store_open(false, why);
    if (fd < 0) return why[0] ? refused(why) : EXIT_OK;
    int again = dup(fd);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    store_file *v = NULL;
    size_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        store_file f;
        char expect[STORE_NAME];
        size_t len = strlen(e->d_name);
        if (len < 7 || strcmp(e->d_name + len - 6, ".grant") != 0 || e->d_name[0] == '.')
            continue;
        if (!store_read(fd, e->d_name, &f)) continue;
        store_file_name(f.script, expect);
        if (strcmp(expect, e->d_name) != 0) {
            store_file_free(&f);
            continue;
        }
        v = must(realloc(v, (n + 1) * sizeof *v));
        v[n++] = f;
    }
    if (d) closedir(d);
    close(fd);
    if (n) qsort(v, n, sizeof *v, by_script);
    text t = {0};
    text_add(&t, "", 0);
    for (size_t i = 0; i < n; i++) {
        text_shown(&t, v[i].script, strlen(v[i].script));
        text_str(&t, access(v[i].script, F_OK) ? "  (not there any more)\n" : "\n");
        for (uint32_t g = 0; g < v[i].ngrants; g++) {
            text spec = {0};
            text_printf(&spec, "%s%s%s%s:%s", v[i].grants[g].a,
                        *v[i].grants[g].c ? "(" : "", v[i].grants[g].c,
                        *v[i].grants[g].c ? ")" : "", v[i].grants[g].b);
            text_str(&t, "    ");
            text_shown(&t, spec.p, spec.len);
            text_str(&t, "\n");
            text_free(&spec);
        }
        store_file_free(&v[i]);
    }
    free(v);
    fputs(t.p, stdout);
    text_free(&t);
    return EXIT_OK;
}

int cmd_revoke(const cli_options *o)
{
    char real[PATH_MAX], name[STORE_NAME], why[256];
    if (o->argc != 1) {
        fprintf(stderr, "Usage: ambit revoke SCRIPT\n");
        return EXIT_USAGE;
    }
    /* A script that is gone is named by the path it had. */
    if (amb_match_canonical(AMB_M_FILE, o->argv[0], real, sizeof real, why) != AMB_OK)
        snprintf(real, sizeof real, "%s", o->argv[0]);
    int fd = store_open(false, why);
    if (fd < 0 && why[0]) return refused(why);
    store_file_name(real, name);
    bool done = fd >= 0 && unlinkat(fd, name, 0) == 0;
    int e = fd >= 0 ? errno : ENOENT;
    if (fd >= 0) close(fd);
    text t = {0};
    if (!done) {
        text_str(&t, "ambit: ");
        text_str(&t, e == ENOENT ? "nothing is remembered for " : "cannot revoke ");
        text_shown(&t, real, strlen(real));
        if (e != ENOENT) text_printf(&t, ": %s", strerror(e));
        text_str(&t, "\n");
        host_stderr(NULL, t.p, t.len);
        text_free(&t);
    }
    return done ? EXIT_OK : EXIT_ERROR;
}
