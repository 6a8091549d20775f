/* SPDX-License-Identifier: MIT */
/* Interposers that tell what passes the gate: the audit log, and an observer for hosts.
 *
 * A line of the audit is begun when an operation starts, while its arguments are there and the
 * frames say who calls, and is written when it is answered, which may be from elsewhere and
 * much later; between the two it belongs to the call. What the gate refuses has one line, too.
 * A line that cannot be written ends the program: what is not recorded does not go on. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api.h"
#include "code.h"
#include "task.h"
#include "module.h"

/* --- texts ------------------------------------------------------------------------------ */

#define SHORT 80u /* bytes of a text that an audit shows */

typedef struct line {
    char *p;
    size_t len, cap;
    uint64_t began;
    bool lost; /* no memory */
} line;

static void add(line *l, const char *s, size_t n) {
    if (l->len + n > l->cap) {
        size_t cap = (l->len + n) * 2 + 256;
        char *p = realloc(l->p, cap);
        if (!p) {
            l->lost = true;
            return;
        }
        l->p = p;
        l->cap = cap;
    }
    if (n) memcpy(l->p + l->len, s, n);
    l->len += n;
}
static void adds(line *l, const char *s) { add(l, s, strlen(s)); }
static void addf(line *l, const char *fmt, ...) AMB_PRINTF(2, 3);
static void addf(line *l, const char *fmt, ...) {
    char b[160];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(b, sizeof b, fmt, ap);
    va_end(ap);
    add(l, b, n < 0 ? 0 : (size_t)n < sizeof b ? (size_t)n : sizeof b - 1);
}

/* Valid UTF-8 goes as it is; nothing can end the text or the line early. */
static void inside(line *l, const char *s, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\') addf(l, "\\%c", c);
        else if (c < 0x20 || c == 0x7f) addf(l, "\\u%04x", c);
        else add(l, s + i, 1);
    }
}

static void text(line *l, const char *s, size_t n) {
    size_t k = n;
    if (k > SHORT)
        for (k = SHORT; k && ((unsigned char)s[k] & 0xc0) == 0x80;) k--;
    adds(l, "\"");
    inside(l, s, k);
    if (k < n) addf(l, "... (%zu bytes)", n);
    adds(l, "\"");
}

static void argument(line *l, const amb_param *p, const amb_arg *a) {
    if (p && p->flags & AMB_P_SECRET) {
        adds(l, "\"<secret>\"");
        return;
    }
    switch (a->type) {
    case AMB_T_NIL: adds(l, "null"); break;
    case AMB_T_BOOL: adds(l, a->v.i ? "true" : "false"); break;
    case AMB_T_I64: addf(l, "%lld", (long long)a->v.i); break;
    case AMB_T_F64:
        if (a->v.f - a->v.f == 0) addf(l, "%.17g", a->v.f);
        else addf(l, "\"%g\"", a->v.f);
        break;
    case AMB_T_STR: text(l, a->v.p, a->len); break;
    case AMB_T_BYTES:
    case AMB_T_BUF: addf(l, "\"<%u bytes>\"", a->len); break;
    case AMB_T_RES:
    case AMB_T_LOAN: adds(l, "\"<capability>\""); break;
    default: adds(l, "\"<list>\""); break;
    }
}

static void head(line *l, amb_vm *vm, const ambevent *e) {
    struct timespec now;
    struct tm tm;
    char stamp[40] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &tm)) strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    addf(l, "{\"time\": \"%s.%06ldZ\", \"task\": %u", stamp, now.tv_nsec / 1000,
         e->task ? e->task->h.aux32 : 1);
    uint32_t at = 0;
    const amb_proto *p = ambtask_where(vm, e->task, &at);
    const amb_module *m = p ? p->module : NULL;
    if (m) {
        adds(l, ", \"module\": ");
        text(l, m->name->data, m->name->len);
        addf(l, ", \"line\": %u", at);
    }
    if (e->prov) {
        adds(l, ", \"provider\": ");
        text(l, e->prov->p->iface, strlen(e->prov->p->iface));
    }
    if (e->type) {
        adds(l, ", \"resource\": ");
        text(l, e->type->name, strlen(e->type->name));
    }
    if (e->label) {
        adds(l, ", \"label\": ");
        text(l, e->label, strlen(e->label));
    }
    adds(l, ", \"operation\": ");
    text(l, e->name, strlen(e->name));
    if (e->call) {
        adds(l, ", \"args\": [");
        bool first = true;
        for (uint32_t i = 0; i < e->n; i++) {
            const amb_op *op = e->op;
            const amb_param *p =
                op->nparams ? ambgate_param_at(e->prov, op,
                                               i < op->nparams ? i : op->nparams - 1u)
                            : NULL;
            if (p && p->flags & AMB_P_HIDDEN) continue;
            if (!first) adds(l, ", ");
            first = false;
            argument(l, p, &e->args[i]);
        }
        adds(l, "]");
    }
}

/* Bytes that went in or out. */
static uint64_t bytes_of(const ambevent *e) {
    const amb_arg *ret = &e->call->ret;
    const amb_restype *t = e->type;
    if (e->status != AMB_OK) return 0;
    if (ret->type == AMB_T_STR || ret->type == AMB_T_BYTES) return ret->len;
    if (t && ret->type == AMB_T_I64 && ret->v.i > 0 &&
        (e->op->ordinal == t->read_op || e->op->ordinal == t->write_op))
        return (uint64_t)ret->v.i;
    uint64_t n = 0;
    for (uint32_t i = 0; e->op->effect >= AMB_FX_WRITE && i < e->n && i < e->op->nparams; i++)
        if (!(ambgate_param_at(e->prov, e->op, i)->flags & AMB_P_PATH) &&
            (e->args[i].type == AMB_T_STR || e->args[i].type == AMB_T_BYTES))
            n += e->args[i].len;
    return n;
}

static const char *failure(const ambevent *e) {
    switch (e->status) {
    case AMB_E_RIGHTS: return "refused";
    case AMB_E_ARG: return "argument";
    case AMB_E_STALE: return "closed";
    case AMB_E_NOMEM: return "memory";
    case AMB_E_CANCELED: return "cancelled";
    case AMB_E_TIMEOUT: return "timeout";
    case AMB_E_DIED: return "died";
    case AMB_E_BUSY: return "busy";
    case AMB_E_QUOTA: return "quota";
    case AMB_E_EOF: return "eof";
    case AMB_E_NOSYS: return "unsupported";
    default: return ambgate_io_kind(e->call->os_errno);
    }
}

/* --- the audit ---------------------------------------------------------------------------- */

typedef struct audit {
    int fd;
    bool broken;
} audit;

static amb_status broken(amb_vm *vm, audit *u) {
    u->broken = true;
    vm->failed = AMB_E_LIMIT;
    vm->limit_text = "audit";
    return AMB_E_LIMIT;
}

static amb_status finish(amb_vm *vm, audit *u, line *l) {
    adds(l, "}\n");
    bool ok = !l->lost;
    for (size_t at = 0; ok && at < l->len;) {
        ssize_t k = write(u->fd, l->p + at, l->len - at);
        if (k < 0 && errno == EINTR) continue;
        ok = k > 0;
        if (ok) at += (size_t)k;
    }
    free(l->p);
    return ok ? AMB_OK : broken(vm, u);
}

static amb_status audit_before(void *ud, amb_vm *vm, const ambevent *e) {
    audit *u = ud;
    if (u->broken) return broken(vm, u);
    line *l = calloc(1, sizeof *l);
    if (!l) return broken(vm, u);
    l->began = ambvm_now_ns();
    head(l, vm, e);
    *e->note = l;
    return AMB_OK;
}

static amb_status audit_after(void *ud, amb_vm *vm, const ambevent *e) {
    line *l = *e->note;
    if (!l) return AMB_OK;
    *e->note = NULL;
    uint64_t ns = ambvm_now_ns() - l->began;
    if (e->status == AMB_OK) {
        adds(l, ", \"verdict\": \"allowed\"");
    } else if (e->status == AMB_E_RIGHTS) {
        adds(l, ", \"verdict\": \"refused\", \"why\": ");
        const char *why = e->call->text[0] ? e->call->text : "outside of the grant";
        text(l, why, strlen(why));
    } else {
        addf(l, ", \"verdict\": \"failed\", \"kind\": \"%s\"", failure(e));
    }
    addf(l, ", \"bytes\": %llu, \"us\": %llu.%03llu",
         (unsigned long long)bytes_of(e), (unsigned long long)(ns / 1000),
         (unsigned long long)(ns % 1000));
    line copy = *l;
    free(l);
    return finish(vm, ud, &copy);
}

static amb_status audit_refused(void *ud, amb_vm *vm, const ambevent *e) {
    audit *u = ud;
    if (u->broken) return broken(vm, u);
    line l = {0};
    head(&l, vm, e);
    adds(&l, ", \"verdict\": \"refused\", \"why\": ");
    text(&l, e->why, strlen(e->why));
    return finish(vm, u, &l);
}

static void audit_end(void *ud) {
    audit *u = ud;
    close(u->fd);
    free(u);
}

static amb_status interpose(amb_vm *vm, ambinterposer i) {
    struct ambgate *g = vm->gate;
    if (g->ninterposers == AMB_INTERPOSERS) return AMB_E_BUSY;
    g->interposers[g->ninterposers++] = i;
    return AMB_OK;
}

amb_status amb_audit(amb_vm *vm, int fd) {
    audit *u = calloc(1, sizeof *u);
    if (!u) return AMB_E_NOMEM;
    u->fd = fd;
    amb_status st = interpose(
        vm, (ambinterposer){u, audit_before, audit_after, audit_refused, audit_end});
    if (st) free(u);
    return st;
}

/* --- observers ------------------------------------------------------------------------------ */

typedef struct observer {
    amb_observe_fn fn;
    void *ud;
} observer;

/* Parts of the path from the root capability: what each derived resource is called in the
 * one before. */
static void path_from_root(amb_vm *vm, uint32_t row, char *out, size_t size, uint64_t *root) {
    const struct ambgate *g = vm->gate;
    const char *parts[64];
    uint32_t n = 0;
    for (uint32_t up; row; row = up) {
        up = g->rows[row].parent;
        const ambres *res = g->rows[row].res;
        if (!up) *root = (uint64_t)g->rows[row].generation << 32 | row;
        else if (res != g->rows[up].res && res->label && n < 64) parts[n++] = res->label;
    }
    size_t at = 0;
    out[0] = 0;
    while (n-- > 0) {
        int k = snprintf(out + at, size - at, "%s%s", at ? "/" : "", parts[n]);
        if (k < 0 || (size_t)k >= size - at) break;
        at += (size_t)k;
    }
}

static void tell(observer *o, amb_vm *vm, const ambevent *e) {
    char path[1024] = "", about[512] = "";
    amb_event out = {.size = sizeof out,
                     .iface = e->prov ? e->prov->p->iface : "",
                     .resource = e->type ? e->type->name : "",
                     .operation = e->name,
                     .beneath = path,
                     .path = NULL,
                     .need = e->op ? e->op->need : 0,
                     .status = e->why ? AMB_E_RIGHTS : e->status,
                     .why = e->why};
    if (e->row) path_from_root(vm, e->row, path, sizeof path, &out.root);
    if (e->call && e->call->path) {
        size_t n = e->call->path_len < sizeof about ? e->call->path_len : sizeof about - 1;
        memcpy(about, e->call->path, n);
        about[n] = 0;
        out.path = about;
    }
    vm->no_gc++; /* the gate holds pointers */
    o->fn(o->ud, &out);
    vm->no_gc--;
}

/* Before: the row may be gone when the answer is there. */
static amb_status observe_before(void *ud, amb_vm *vm, const ambevent *e) {
    tell(ud, vm, e);
    return AMB_OK;
}

static amb_status observe_refused(void *ud, amb_vm *vm, const ambevent *e) {
    tell(ud, vm, e);
    return AMB_OK;
}

amb_status amb_observe(amb_vm *vm, amb_observe_fn fn, void *ud) {
    observer *o = calloc(1, sizeof *o);
    if (!o) return AMB_E_NOMEM;
    *o = (observer){fn, ud};
    amb_status st =
        interpose(vm, (ambinterposer){o, observe_before, NULL, observe_refused, free});
    if (st) free(o);
    return st;
}
