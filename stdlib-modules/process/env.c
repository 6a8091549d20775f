/* SPDX-License-Identifier: MIT */
/* Environment variables by name, and who we are. The values are those of the moment of the
 * grant. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

typedef struct env {
    uint32_t n;
    struct {
        char *name, *value; /* NULL: not set */
    } v[];
} env;

/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
static size_t sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

bool proc_text(const proc *p, amb_call *c, const char *s, size_t n, amb_arg *out)
{
    size_t bad = 0, used = 0;
    for (size_t i = 0; i < n;) {
        size_t k = sequence((const unsigned char *)s + i, n - i);
        bad += !k;
        i += k ? k : 1;
    }
    char *t = p->h->alloc(c, n + bad * 2 + 1);
    if (!t) return false;
    for (size_t i = 0; i < n;) {
        size_t k = bad ? sequence((const unsigned char *)s + i, n - i) : n;
        if (k) memcpy(t + used, s + i, k), used += k, i += k;
        else memcpy(t + used, "\xef\xbf\xbd", 3), used += 3, i++;
    }
    *out = (amb_arg){.type = AMB_T_STR, .len = (uint32_t)used, .v.p = t};
    return true;
}

static const char the_process;

PROC_OP(proc_self_new)
{
    PROC_UNUSED;
    proc *p = inst;
    return p->h->res_new(c, PROC_RES_SELF, (void *)&the_process, ~(amb_rights)0, "process",
                         ret, NULL);
}

PROC_OP(proc_self_pid)
{
    PROC_UNUSED;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = getpid()};
    return AMB_OK;
}

void proc_env_close(void *inst, void *res)
{
    (void)inst;
    env *e = res;
    for (uint32_t i = 0; i < e->n; i++) {
        free(e->v[i].name);
        free(e->v[i].value);
    }
    free(e);
}

PROC_OP(proc_env_new)
{
    (void)self;
    proc *p = inst;
    if (!n) return p->h->fail(c, AMB_E_ARG, 0, "process.env takes the names of variables");
    env *e = calloc(1, sizeof *e + n * sizeof e->v[0]);
    if (!e) return AMB_E_NOMEM;
    amb_status st = AMB_OK;
    for (uint32_t i = 0; i < n && st == AMB_OK; i++) {
        if (!a[i].len || memchr(a[i].v.p, 0, a[i].len) || memchr(a[i].v.p, '=', a[i].len)) {
            st = p->h->fail(c, AMB_E_ARG, 0, "process.env: not the name of a variable");
            break;
        }
        char *name = strndup(a[i].v.p, a[i].len);
        const char *value = name ? getenv(name) : NULL;
        e->v[e->n].name = name;
        e->v[e->n].value = value ? strdup(value) : NULL;
        if (!name || (value && !e->v[e->n].value)) st = AMB_E_NOMEM;
        e->n++;
    }
    if (st == AMB_OK)
        st = p->h->res_new(c, PROC_RES_ENV, e, ~(amb_rights)0, "env", ret, NULL);
    if (st != AMB_OK) proc_env_close(p, e);
    return st;
}

PROC_OP(proc_env_get)
{
    (void)n;
    proc *p = inst;
    const env *e = self;
    for (uint32_t i = 0; i < e->n; i++) {
        if (strlen(e->v[i].name) != a[0].len || memcmp(e->v[i].name, a[0].v.p, a[0].len) != 0)
            continue;
        if (!e->v[i].value) return AMB_OK;
        return proc_text(p, c, e->v[i].value, strlen(e->v[i].value), ret) ? AMB_OK
                                                                          : AMB_E_NOMEM;
    }
    return p->h->fail(c, AMB_E_RIGHTS, 0, "get: not a variable that was granted");
}

PROC_OP(proc_env_all)
{
    (void)a, (void)n;
    proc *p = inst;
    const env *e = self;
    amb_arg *t = p->h->alloc(c, (1 + 2 * (size_t)e->n) * sizeof *t);
    if (!t) return AMB_E_NOMEM;
    uint32_t k = 1;
    for (uint32_t i = 0; i < e->n; i++) {
        const char *name = e->v[i].name, *value = e->v[i].value;
        if (!value) continue;
        if (!proc_text(p, c, name, strlen(name), &t[k++]) ||
            !proc_text(p, c, value, strlen(value), &t[k++]))
            return AMB_E_NOMEM;
    }
    t[0] = (amb_arg){.type = AMB_T_MAP, .len = (k - 1) / 2};
    *ret = (amb_arg){.type = AMB_T_TREE, .len = k, .v.p = t};
    return AMB_OK;
}
