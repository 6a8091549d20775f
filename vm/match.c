/* SPDX-License-Identifier: MIT */
/* Comparing what a `use` line asks for with what is granted.
 *
 * Both sides are brought to one canonical form first, so that comparing is comparing text:
 * directories as they resolve, hosts in lower case, addresses in their shortest spelling.
 * Whatever has two readings (numbers that some resolvers take for addresses, zone ids, a
 * star inside a name) has no canonical form and is refused. Covering compares whole parts:
 * a path's names, a host's labels, a port's number; never prefixes of text. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ambit/ambit.h"
#include "ambit/spi.h"
#include "object.h"

#define HOST_MAX 256

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

static int parse_port(const char *s, size_t n, uint32_t *out) {
    if (n == 0 || n > 5 || (n > 1 && s[0] == '0')) return 0;
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9') return 0;
        *out = *out * 10 + (uint32_t)(s[i] - '0');
    }
    return *out <= 65535;
}

static int parse_ports(const char *s, size_t n, uint32_t *lo, uint32_t *hi) {
    if (n == 1 && *s == '*') return *lo = 0, *hi = 65535, 1;
    const char *dash = memchr(s, '-', n);
    size_t k = dash ? (size_t)(dash - s) : n;
    if (!parse_port(s, k, lo)) return 0;
    *hi = *lo;
    return !dash || (parse_port(dash + 1, n - k - 1, hi) && *lo <= *hi);
}

/* Whether resolvers may take a name that ends in this label for an address. */
static int numeric(const char *label) {
    if (!*label) return 0;
    if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) return 1;
    return label[strspn(label, "0123456789")] == 0;
}

static amb_status name_canonical(const char *s, char out[HOST_MAX], char why[256]) {
    size_t n = strlen(s), label = 0;
    if (n > 1 && s[n - 1] == '.') n--;
    if (n == 0 || n > 253) return no(why, "not a host name");
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        out[i] = c;
        if (c == '.') {
            if (label == 0 || label > 63) return no(why, "not a host name");
            label = 0;
            continue;
        }
        label++;
        if (c == '*') {
            if (i != 0 || (n > 1 && s[1] != '.'))
                return no(why, "a star stands for whole parts in front: *.example.org");
        } else if ((unsigned char)c >= 0x80) {
            return no(why, "a host name with other letters is written in its xn-- form");
        } else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_')) {
            return no(why, "not a host name");
        }
    }
    if (label == 0 || label > 63) return no(why, "not a host name");
    out[n] = 0;
    const char *dot = strrchr(out, '.');
    if (numeric(dot ? dot + 1 : out))
        return no(why, "an address is written as four numbers: 127.0.0.1");
    return AMB_OK;
}

static amb_status host_canonical(const char *s, int brackets, char out[HOST_MAX],
                                 char why[256]) {
    unsigned char a[16];
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (brackets || strchr(s, ':')) {
        if (inet_pton(AF_INET6, s, a) != 1) return no(why, "not an IPv6 address");
        /* An IPv4 address in IPv6 clothes is that IPv4 address. */
        if (memcmp(a, mapped, 12) == 0) {
            inet_ntop(AF_INET, a + 12, out, HOST_MAX);
            return AMB_OK;
        }
        out[0] = '[';
        inet_ntop(AF_INET6, a, out + 1, HOST_MAX - 2);
        strcat(out, "]");
        return AMB_OK;
    }
    if (inet_pton(AF_INET, s, a) == 1) {
        inet_ntop(AF_INET, a, out, HOST_MAX);
        return AMB_OK;
    }
    return name_canonical(s, out, why);
}

/* host, host:port, host:from-to, host:*, [v6]:port */
static amb_status hostport_canonical(const char *text, char *out, size_t size,
                                     char why[256]) {
    char host[HOST_MAX], clean[HOST_MAX];
    const char *ports = NULL;
    int brackets = text[0] == '[';
    size_t n;
    if (brackets) {
        const char *end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':')) return no(why, "not an address and a port");
        ports = end[1] ? end + 2 : NULL;
        n = (size_t)(end - ++text);
    } else {
        const char *colon = strchr(text, ':');
        if (colon && strchr(colon + 1, ':'))
            return no(why, "an IPv6 address stands in brackets: [::1]:80");
        ports = colon ? colon + 1 : NULL;
        n = colon ? (size_t)(colon - text) : strlen(text);
    }
    if (n >= sizeof host) return no(why, "not a host name");
    memcpy(host, text, n);
    host[n] = 0;
    amb_status st = host_canonical(host, brackets, clean, why);
    if (st) return st;
    uint32_t lo = 0, hi = 0;
    if (ports && !parse_ports(ports, strlen(ports), &lo, &hi))
        return no(why, "not a port: 1 to 65535, a range 8000-8100, or *");
    int k;
    if (!ports) k = snprintf(out, size, "%s", clean);
    else if (lo == 0 && hi == 65535) k = snprintf(out, size, "%s:*", clean);
    else if (lo == hi) k = snprintf(out, size, "%s:%u", clean, lo);
    else k = snprintf(out, size, "%s:%u-%u", clean, lo, hi);
    return k < 0 || (size_t)k >= size ? no(why, "it is too long") : AMB_OK;
}

/* Loopback, private, link-local and other addresses that are not the public network, and
 * the names that always mean this machine. */
static int is_local(const char *host) {
    unsigned char a[16];
    char v6[HOST_MAX];
    if (inet_pton(AF_INET, host, a) == 1)
        return a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224 ||
               (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254) ||
               (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168);
    if (host[0] == '[') {
        size_t n = strlen(host);
        if (n < 3 || n >= sizeof v6) return 1;
        memcpy(v6, host + 1, n - 2);
        v6[n - 2] = 0;
        /* Only 2000::/3 is the public network; in it, 6to4 and Teredo carry others. */
        if (inet_pton(AF_INET6, v6, a) != 1) return 1;
        return (a[0] & 0xe0) != 0x20 || (a[0] == 0x20 && a[1] == 0x02) ||
               (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0 && a[3] == 0);
    }
    size_t n = strlen(host);
    return strcmp(host, "localhost") == 0 ||
           (n > 10 && strcmp(host + n - 10, ".localhost") == 0);
}

static int host_covers(const char *grant, const char *request) {
    if (strcmp(grant, request) == 0) return 1;
    if (grant[0] != '*') return 0;
    const char *name = request[0] == '*' ? request + 1 : request;
    if (grant[1] == 0) return !is_local(request);
    /* *.example.org: what ends in .example.org with something before it */
    unsigned char a[4];
    if (request[0] == '[' || inet_pton(AF_INET, request, a) == 1) return 0;
    size_t g = strlen(grant) - 1, n = strlen(name);
    return n >= g && strcmp(name + n - g, grant + 1) == 0 &&
           (n > g || request[0] == '*');
}

static int hostport_split(const char *s, char host[HOST_MAX], uint32_t *lo, uint32_t *hi) {
    const char *end = s[0] == '[' ? strchr(s, ']') : NULL;
    const char *colon = strchr(end ? end : s, ':');
    size_t n = colon ? (size_t)(colon - s) : strlen(s);
    if (n >= HOST_MAX) return 0;
    memcpy(host, s, n);
    host[n] = 0;
    *lo = 1, *hi = 0; /* none */
    return !colon || parse_ports(colon + 1, strlen(colon + 1), lo, hi);
}

static int hostport_covers(const char *grant, const char *request) {
    char g[HOST_MAX], r[HOST_MAX];
    uint32_t glo, ghi, rlo, rhi;
    if (!hostport_split(grant, g, &glo, &ghi) || !hostport_split(request, r, &rlo, &rhi))
        return 0;
    if (!host_covers(g, r)) return 0;
    if (rlo > rhi) return glo > ghi || (glo == 0 && ghi == 65535);
    return glo <= rlo && rhi <= ghi && glo <= ghi;
}

/* --- programs ----------------------------------------------------------------------- */

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
        return access(out, X_OK) ? no(why, "%s", strerror(errno)) : AMB_OK;
    }
    const char *p = getenv("PATH");
    if (!p) p = "/usr/bin:/bin";
    while (*p) {
        size_t n = strcspn(p, ":");
        if (*p == '/' && n + 1 + strlen(name) < size && n + 1 + strlen(name) < PATH_MAX) {
            snprintf(out, size, "%.*s/%s", (int)n, p, name);
            if (access(out, X_OK) == 0) return AMB_OK;
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
