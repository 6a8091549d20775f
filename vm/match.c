/* SPDX-License-Identifier: MIT */
/* Comparing what a `use` line asks for with what is granted.
 *
 * Both sides are brought to one canonical form first, so that comparing is comparing text:
 * directories as they resolve, hosts and addresses as hostport.c spells them. Whatever has
 * two readings has no canonical form and is refused. Covering compares whole parts:
 * a path's names, a host's labels, a port's number; never prefixes of text. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ambit/ambit.h"
#include "ambit/hostport.h"
#include "ambit/spi.h"
#include "object.h"

static amb_status no(char why[256], const char *fmt, ...) AMB_PRINTF(2, 3);
static amb_status no(char why[256], const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    if (why) vsnprintf(why, 256, fmt, ap);
    va_end(ap);
    return AMB_E_ARG;
}

static amb_status put(char *out, size_t size, const char *text, char why[256]) {
    size_t n = strlen(text);
    if (n >= size) return no(why, "it is too long");
    memcpy(out, text, n + 1);
    return AMB_OK;
}

/* --- paths -------------------------------------------------------------------------- */

/* Links resolved; what does not exist yet counts as its name in its directory. */
static amb_status path_canonical(const char *path, char *out, size_t size, char why[256]) {
    char full[PATH_MAX], parent[PATH_MAX];
    if (!*path) return no(why, "an empty path");
    if (realpath(path, full)) return put(out, size, full, why);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    size_t cut = n;
    while (cut > 0 && path[cut - 1] != '/') cut--;
    size_t len = n - cut;
    if (errno != ENOENT || n >= PATH_MAX || !len ||
        (len <= 2 && strncmp(path + cut, "..", len) == 0))
        return no(why, "%s", strerror(errno));
    /* A link that leads nowhere has no place that could be shown and then be kept. */
    memcpy(parent, path, n);
    parent[n] = 0;
    if (readlink(parent, full, 1) >= 0) return no(why, "a link that leads nowhere");
    if (cut) parent[cut] = 0;
    else strcpy(parent, ".");
    if (!realpath(parent, full)) return no(why, "%s", strerror(errno));
    size_t k = strlen(full);
    if (k + 1 + len >= size) return no(why, "it is too long");
    memcpy(out, full, k);
    if (out[k - 1] != '/') out[k++] = '/';
    memcpy(out + k, path + cut, len);
    out[k + len] = 0;
    return AMB_OK;
}

/* The text up to the end of the directory, and there a slash or the end: /a/out does not
 * cover /a/output. */
static int path_beneath(const char *dir, const char *path) {
    size_t n = strlen(dir);
    if (dir[0] != '/' || path[0] != '/') return 0;
    if (n == 1) return 1;
    return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* --- hosts and ports ---------------------------------------------------------------- */

/* With ports where there are some: names to be resolved have none. */
static bool hostport_read(const char *text, amb_hostport *out, const char **why) {
    size_t n = strlen(text);
    const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
    bool ports = colon && (!bracket || colon > bracket);
    return ports ? amb_hostport_parse(text, n, out, why) : amb_host_parse(text, n, out, why);
}

static amb_status hostport_canonical(const char *text, char *out, size_t size, char why[256]) {
    amb_hostport p;
    const char *wrong;
    if (!hostport_read(text, &p, &wrong)) return no(why, "%s", wrong);
    int k = amb_hostport_print(&p, out, size);
    return k < 0 || (size_t)k >= size ? no(why, "it is too long") : AMB_OK;
}

static int hostport_covers(const char *grant, const char *request) {
    amb_hostport g, r;
    const char *wrong;
    return hostport_read(grant, &g, &wrong) && hostport_read(request, &r, &wrong) &&
           amb_hostport_covers(&g, &r);
}

/* --- programs ----------------------------------------------------------------------- */

static int is_program(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* A name is looked for in PATH, among absolute directories; a path is taken as it is,
 * made absolute. The last link is kept: one file may be many programs. */
static amb_status program_canonical(const char *name, char *out, size_t size,
                                    char why[256]) {
    char file[PATH_MAX], dir[PATH_MAX];
    if (!*name) return no(why, "an empty name");
    if (strchr(name, '/')) {
        const char *slash = strrchr(name, '/');
        size_t n = (size_t)(slash - name);
        if (n >= PATH_MAX || !slash[1]) return no(why, "not a program");
        memcpy(file, name, n);
        file[n] = 0;
        if (!realpath(n ? file : "/", dir)) return no(why, "%s", strerror(errno));
        int k = snprintf(out, size, "%s/%s", dir[1] ? dir : "", slash + 1);
        if (k < 0 || (size_t)k >= size) return no(why, "it is too long");
        return is_program(out) ? AMB_OK : no(why, "not a program");
    }
    const char *p = getenv("PATH");
    if (!p || !*p) p = "/usr/local/bin:/usr/bin:/bin";
    while (*p) {
        size_t n = strcspn(p, ":");
        if (*p == '/' && n + 1 + strlen(name) < size && n + 1 + strlen(name) < PATH_MAX) {
            snprintf(out, size, "%.*s/%s", (int)n, p, name);
            if (is_program(out)) return AMB_OK;
        }
        p += n + (p[n] == ':');
    }
    return no(why, "there is no such program");
}

/* --- all ---------------------------------------------------------------------------- */

amb_status amb_match_canonical(int match, const char *text, char *out, size_t size,
                               char why[256]) {
    if (why) why[0] = 0;
    if (!size) return AMB_E_ARG;
    out[0] = 0;
    switch (match) {
    case AMB_M_DIR:
    case AMB_M_FILE: return path_canonical(text, out, size, why);
    case AMB_M_HOSTPORT: return hostport_canonical(text, out, size, why);
    case AMB_M_PROGRAMS: return program_canonical(text, out, size, why);
    case AMB_M_NAMES:
        if (!*text || strchr(text, '=')) return no(why, "not a name");
        return put(out, size, text, why);
    default: return put(out, size, text, why);
    }
}

int amb_match_covers(int match, const char *grant, const char *request) {
    switch (match) {
    case AMB_M_DIR: return path_beneath(grant, request);
    case AMB_M_HOSTPORT: return hostport_covers(grant, request);
    default: return strcmp(grant, request) == 0;
    }
}
