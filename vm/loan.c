/* SPDX-License-Identifier: MIT */
/* Capabilities lent to providers of other interfaces.
 *
 * A handle given as a LOAN argument becomes a row of its own beneath the one that was given, with no more than
 * the rights the parameter asks for; so it ends with what it came from, and revoking reaches it. A provider
 * uses it through the gate like a script does: rights, quotas and interposers count. Such a call is
 * queued and made on the home thread, never within another one. A thread that waits for its answer does itself
 * what a thread is needed for: were it to wait for another of the few there are, all could wait for ever. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "task.h"
#include "gc_internal.h"

typedef struct ambinvoke {
    struct ambgate *g;
    amb_loan loan;
    uint16_t ordinal;
    bool counted; /* among those its loan has still to see begun */
    uint32_t n;
    amb_done_fn done;
    void *ud;
    struct ambhelper *helper; /* who waits on a thread; or NULL */
    amb_arg args[8];
} ambinvoke;

/* ---- the table ---- */

static ambloan *find(struct ambgate *g, amb_loan l) {
    uint32_t i = (uint32_t)l - 1;
    ambloan *x = l && i < g->nloans ? &g->loans[i] : NULL;
    return x && x->generation == (uint32_t)(l >> 32) && x->cap.tag == TAG_CAP ? x : NULL;
}

static amb_status add(struct ambgate *g, ambv cap, amb_loan *out) {
    amb_vm *vm = g->vm;
    if (!g->free_loan) {
        if (g->nloans == g->loans_cap) {
            uint32_t n = g->loans_cap ? g->loans_cap * 2 : 8;
            ambloan *all = ambgc_realloc(vm, g->loans, g->loans_cap * sizeof *all, n * sizeof *all);
            if (!all) return vm->failed ? vm->failed : AMB_E_NOMEM;
            g->loans = all;
            g->loans_cap = n;
        }
        g->loans[g->nloans] = (ambloan){.cap = ambv_nil(), .generation = 1};
        g->free_loan = ++g->nloans;
    }
    uint32_t i = g->free_loan;
    ambloan *x = &g->loans[i - 1];
    g->free_loan = x->next_free;
    x->cap = cap;
    *out = (amb_loan)x->generation << 32 | i;
    return AMB_OK;
}

void ambloan_drop(struct ambgate *g, amb_loan l) {
    ambloan *x = find(g, l);
    if (!x) return;
    x->ended = true;
    if (x->queued) return;
    ambv cap = x->cap;
    x->ended = false;
    x->cap = ambv_nil();
    x->generation++;
    x->next_free = g->free_loan;
    g->free_loan = (uint32_t)l;
    if (ambhandle_peek(g->vm, cap)) ambhandle_close(g->vm, cap.cap->slot);
}

void ambloan_last_words(struct ambgate *g) {
    amb_vm *vm = g->vm;
    for (uint32_t i = 1; i < g->nrows; i++) {
        const ambrow *r = &g->rows[i];
        if ((r->kind == ROW_CAP || r->kind == ROW_LINES) && r->res->nloans) ambhandle_close(vm, i);
    }
    if (vm->sched) ambsched_posted(vm);
}

void ambloan_mark(struct ambgc *gc, const struct ambgate *g) {
    for (uint32_t i = 0; i < g->nloans; i++) ambgc_mark_value(gc, g->loans[i].cap);
}

void ambloan_teardown(struct ambgate *g) {
    if (g->loans) ambgc_free(g->vm, g->loans, g->loans_cap * sizeof *g->loans);
}

/* ---- as an argument ---- */

/* `want`: an interface, "fs", a type of one, "fs.dir", or a trait: "readable", "writable". */
static bool is(const ambrow *r, const char *want) {
    const char *iface = r->res->prov->p->iface;
    const amb_restype *t = r->res->type;
    if (!want) return true;
    if (strcmp(want, "readable") == 0) return t->read_op;
    if (strcmp(want, "writable") == 0) return t->write_op;
    size_t n = strlen(iface);
    if (strncmp(want, iface, n) != 0) return false;
    return !want[n] || (want[n] == '.' && strcmp(want + n + 1, t->name) == 0);
}

amb_status ambloan_in(ambcall *c, const amb_param *p, const char *what, ambv v, amb_arg *out) {
    amb_vm *vm = c->vm;
    ambrow *r;
    ambv lent;
    amb_status st = ambhandle_row(vm, v, &r);
    if (st) return st;
    if (r->kind != ROW_CAP || !is(r, p->iface))
        return amberr_arg(vm, what, p->name, p->iface ? p->iface : "a capability", v);
    if ((r->rights & p->need) != p->need) {
        char missing[96];
        ambgate_right_names(r->res->prov, p->need & ~r->rights, missing, sizeof missing);
        return amberr_raise(vm, AMB_ERR_CAPABILITY, "%s: %s lacks the right '%s'", what, p->name, missing);
    }
    if (c->nloans == AMB_LOANS) return amberr_raise(vm, AMB_ERR_STATE, "%s: too many capabilities", what);
    st = ambhandle_derive(vm, r, ROW_CAP, p->need ? p->need : ~(amb_rights)0, &lent);
    if (st) return st;
    amb_loan l;
    st = add(vm->gate, lent, &l);
    if (st) {
        ambhandle_close(vm, lent.cap->slot);
        return st;
    }
    if (p->flags & AMB_P_KEEP) c->kept_loans |= (uint8_t)(1u << c->nloans);
    c->loans[c->nloans++] = l;
    *out = (amb_arg){.type = AMB_T_LOAN, .v.loan = l};
    return AMB_OK;
}

void ambloan_keep(ambcall *c) {
    ambres *res = c->vm->gate->rows[c->new_row].res;
    uint8_t left = 0;
    for (uint8_t i = 0; i < c->nloans; i++) {
        if (c->kept_loans & 1u << i && res->nloans < AMB_LOANS) res->loans[res->nloans++] = c->loans[i];
        else c->loans[left++] = c->loans[i];
    }
    c->nloans = left;
}

/* ---- calls by providers ---- */

static bool fits(const ambprov *prov, const amb_op *op, const amb_arg *a, uint32_t n) {
    if (op->nparams != n) return false;
    for (uint32_t i = 0; i < n; i++) {
        const amb_param *p = ambgate_param_at(prov, op, i);
        size_t chars;
        if (a[i].type == AMB_T_NIL && (p->flags & AMB_P_OPT || p->type == AMB_T_ANY)) continue;
        if (p->type != AMB_T_ANY && a[i].type != p->type) return false;
        if (p->type == AMB_T_RES || p->type == AMB_T_LOAN) return false; /* its own, which nobody else has */
        if (p->max_len && a[i].len > p->max_len) return false;
        if (a[i].type == AMB_T_STR && ambutf8_validate(a[i].v.p, a[i].len, &chars) != a[i].len) return false;
    }
    return true;
}

/* The answer goes to the provider; what it returned becomes a loan. */
static void answer(ambinvoke *k, ambcall *c, amb_status st) {
    amb_arg ret = c && st == AMB_OK ? c->ret : (amb_arg){.type = AMB_T_NIL};
    if (st == AMB_E_THROW || st == AMB_E_LIMIT) st = AMB_E_QUOTA;
    if (st == AMB_OK && ret.type == AMB_T_RES) {
        amb_loan l;
        st = c->made ? add(k->g, ambv_obj(c->new_cap), &l) : AMB_E_DIED;
        if (st == AMB_OK) ret = (amb_arg){.type = AMB_T_LOAN, .v.loan = l};
    }
    bool said = st != AMB_OK && c && c->failed && c->text[0];
    if (said)
        ret = (amb_arg){.type = AMB_T_STR, .aux = (uint16_t)c->os_errno,
                        .len = (uint32_t)strlen(c->text), .v.p = c->text};
    k->done(k->ud, st, st == AMB_OK || said ? &ret : NULL);
}

/* The bytes that a stream of the kernel's moved count like a script's. */
static bool spend(amb_vm *vm, ambrow *r, const ambinvoke *k, uint16_t ordinal, const amb_arg *ret) {
    const amb_restype *t = r->res->type;
    if (r->bytes < 0 || ret->type != AMB_T_I64 || ret->v.i <= 0) return true;
    if (ordinal != t->read_op && ordinal != t->write_op) return true;
    return k->n != 1 || ambhandle_spend(vm, r, 0, ret->v.i);
}

static uint16_t ordinal_of(const amb_restype *t, uint16_t ordinal) {
    switch (ordinal) {
    case AMB_ORD_READ: return t->read_op;
    case AMB_ORD_WRITE: return t->write_op;
    case AMB_ORD_NEXT: return t->next_op;
    case AMB_ORD_SEEK: return t->seek_op;
    case AMB_ORD_SOURCE: return t->source_op;
    default: return ordinal;
    }
}

/* What scripts have read ahead comes first. False: there is nothing, the provider is asked. */
static bool ahead(amb_vm *vm, ambrow *r, const amb_op *op, ambinvoke *k) {
    ambstream *s = &r->res->in;
    if (AMB_LIKELY(s->at == s->end) || s->reading) return false;
    if (op->ordinal != r->res->type->read_op || k->args[0].type != AMB_T_BUF) {
        ambstream_settle(vm, r);
        return false;
    }
    uint32_t n = s->end - s->at < k->args[0].len ? s->end - s->at : k->args[0].len;
    if (n) memcpy(k->args[0].v.w, s->buf + s->at, n);
    s->at += n;
    if (s->at == s->end) s->at = s->end = 0;
    amb_arg ret = {.type = AMB_T_I64, .v.i = n};
    k->done(k->ud, AMB_OK, &ret);
    return true;
}

static void begin(ambinvoke *k) {
    struct ambgate *g = k->g;
    amb_vm *vm = g->vm;
    const ambloan *x = find(g, k->loan);
    if (x && x->ended && !k->counted) x = NULL;
    ambrow *r = x ? ambhandle_peek(vm, x->cap) : NULL;
    ambv cap = x ? x->cap : ambv_nil(), exc = vm->exc;
    if (r && r->expires && ambsched_now(vm) >= r->expires) r = NULL;
    const amb_op *op = r ? ambgate_ordinal(r->res->prov, r->res->type->id, ordinal_of(r->res->type, k->ordinal))
                         : NULL;
    amb_status st = !r                                      ? AMB_E_STALE
                    : !op                                   ? AMB_E_NOSYS
                    : (r->rights & op->need) != op->need    ? AMB_E_RIGHTS
                    : !fits(r->res->prov, op, k->args, k->n) ? AMB_E_ARG
                    : r->calls >= 0 && !ambhandle_spend(vm, r, 1, 0) ? AMB_E_QUOTA
                                                                    : AMB_OK;
    if (st == AMB_OK && ahead(vm, r, op, k)) {
        free(k);
        return;
    }
    if (st == AMB_OK) {
        ambcall c;
        ambgate_begin(&c, vm, r->res->prov, op, cap.cap->slot);
        c.values = &cap;
        c.nvalues = 1;
        c.helper = k->helper;
        st = ambgate_run(&c, k->args, k->n);
        if (st == AMB_PENDING) {
            c.pending->invoked = k;
            return;
        }
        r = ambhandle_peek(vm, cap); /* rows may have moved */
        if (st == AMB_OK && r && !spend(vm, r, k, op->ordinal, &c.ret)) st = AMB_E_QUOTA;
        answer(k, &c, st);
        ambmarshal_free(&c);
    } else {
        answer(k, NULL, st);
    }
    vm->exc = exc;
    free(k);
}

static void run(void *ud, uint32_t events) {
    (void)events;
    ambinvoke *k = ud;
    struct ambgate *g = k->g;
    amb_loan l = k->loan;
    bool counted = k->counted;
    begin(k);
    ambloan *x = counted ? find(g, l) : NULL;
    if (x && --x->queued == 0 && x->ended) ambloan_drop(g, l);
}

void ambloan_answered(ambpending *p) {
    ambinvoke *k = p->invoked;
    amb_status st = p->status;
    p->invoked = NULL;
    ambrow *r = st == AMB_OK && p->call.row && !p->orphan ? &k->g->rows[p->call.row] : NULL;
    if (r && !spend(p->call.vm, r, k, p->call.op->ordinal, &p->call.ret)) st = AMB_E_QUOTA;
    answer(k, &p->call, st);
    free(k);
    ambpending_end(p);
}

static ambinvoke *request(struct ambgate *g, amb_loan l, uint16_t ordinal, const amb_arg *a, uint32_t n,
                          amb_done_fn done, void *ud) {
    ambinvoke *k = n <= sizeof k->args / sizeof k->args[0] ? malloc(sizeof *k) : NULL;
    if (!k) return NULL;
    *k = (ambinvoke){.g = g, .loan = l, .ordinal = ordinal, .n = n, .done = done, .ud = ud};
    if (n) memcpy(k->args, a, n * sizeof *a);
    return k;
}

amb_status ambloan_invoke(struct ambgate *g, amb_loan l, uint16_t ordinal, const amb_arg *a, uint32_t n,
                          amb_done_fn done, void *ud) {
    ambinvoke *k = request(g, l, ordinal, a, n, done, ud);
    if (!k) return AMB_E_NOMEM;
    ambloan *x = find(g, l);
    k->counted = x && !x->ended;
    amb_status st = ambsched_post(g->vm, run, k);
    if (st != AMB_OK) free(k);
    else if (k->counted) x->queued++;
    return st;
}

/* Who waits for an answer on another thread, or here for one that is made here. */
typedef struct ambhelper {
    pthread_mutex_t lock;
    pthread_cond_t there;
    ambcall *c;
    ambjob *job; /* what is to be done on this thread, meanwhile */
    bool done;
    amb_status st;
    amb_arg ret;
} ambhelper;

static void arrived(void *ud, amb_status st, const amb_arg *ret) {
    ambhelper *w = ud;
    pthread_mutex_lock(&w->lock);
    w->st = st;
    if (ret) {
        w->ret = *ret;
        /* What it points to ends with this call: a copy is of the one that waits. */
        if (ret->type == AMB_T_STR || ret->type == AMB_T_BYTES || ret->type == AMB_T_TREE) {
            ambbytebuf b = {NULL, 0, 0};
            amb_arg *copy = ambwire_encode(&b, ret, 1) ? ambwire_decode(w->c, b.p, b.len, 1, true) : NULL;
            free(b.p);
            if (copy) w->ret = *copy;
            else w->st = AMB_E_NOMEM;
        }
    }
    w->done = true;
    pthread_cond_signal(&w->there);
    pthread_mutex_unlock(&w->lock);
}

void ambloan_help(ambhelper *h, ambjob *j) {
    pthread_mutex_lock(&h->lock);
    h->job = j;
    pthread_cond_signal(&h->there);
    pthread_mutex_unlock(&h->lock);
}

/* On a thread: until the answer is there. */
static void await(ambhelper *w) {
    pthread_mutex_lock(&w->lock);
    while (!w->done) {
        ambjob *j = w->job;
        w->job = NULL;
        if (!j) {
            pthread_cond_wait(&w->there, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        j->run(j);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

amb_status ambloan_invoke_wait(ambcall *c, amb_loan l, uint16_t ordinal, const amb_arg *a, uint32_t n,
                               amb_arg *ret) {
    struct ambgate *g = c->vm->gate;
    if (!c->worker) return AMB_E_NOSYS;
    ambhelper w = {.c = c, .st = AMB_E_CANCELED, .ret = {.type = AMB_T_NIL}};
    ambinvoke *k = request(g, l, ordinal, a, n, arrived, &w);
    if (!k) return AMB_E_NOMEM;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.there, NULL);
    if (c->kept) k->helper = &w;
    amb_status st = ambsched_post(c->vm, run, k);
    if (st != AMB_OK) {
        free(k);
    } else if (c->kept) {
        await(&w);
    } else {
        /* This is the home thread, which had nothing else to do. What was queued before comes first. */
        ambsched_posted(c->vm);
        while (!w.done)
            if (ambsched_turn(c->vm, true, UINT64_MAX) != AMB_OK) sched_yield(); /* threads answer all the same */
    }
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.there);
    if (st != AMB_OK) return st;
    *ret = w.ret;
    return w.st;
}
