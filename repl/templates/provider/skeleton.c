/* The provider skeleton: counters that scripts are granted.
 *
 *   use skeleton.counter(10) as c
 *   print(c.add(5), c.wait(0.1))
 *
 * It shows the parts most providers have: a resource that scripts hold a handle of, rights, operations that answer at
 * once, one that answers later and can be cancelled, and one that works on a thread. <ambit/spi.h> says what each
 * field means; `ambit provider describe ./skeleton.so` shows the result. */
#include <stdlib.h>

#include <ambit/spi.h>

/* What start() makes: all state of a provider is in here, since one process may have many of it. */
typedef struct instance {
    const amb_host *h;
    void *hctx;
    struct pause *pauses; /* calls of `wait` that are not answered yet */
} instance;

/* What a handle stands for. */
typedef struct counter {
    int64_t value;
} counter;

/* A call of `wait`. */
typedef struct pause {
    instance *in;
    struct pause *next;
    amb_ticket ticket;
    uint64_t timer;
    int64_t answer;
} pause;

enum { RIGHT_READ = 1, RIGHT_CHANGE = 2 };
enum { RES_COUNTER = 1 };

#define OP(name)                                                                             \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                           amb_arg *ret)

/* --- answers at once ---------------------------------------------------------------- */

OP(counter_new)
{
    instance *in = inst;
    (void)self, (void)n;
    counter *k = malloc(sizeof *k);
    if (!k) return AMB_E_NOMEM;
    k->value = a[0].v.i;
    amb_status st = in->h->res_new(c, RES_COUNTER, k, ~(amb_rights)0, "counter", ret, NULL);
    if (st != AMB_OK) free(k); /* nobody else knows it */
    return st;
}

static void counter_close(void *inst, void *res)
{
    (void)inst;
    free(res);
}

OP(counter_value)
{
    (void)inst, (void)c, (void)a, (void)n;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = ((counter *)self)->value};
    return AMB_OK;
}

OP(counter_add)
{
    instance *in = inst;
    counter *k = self;
    int64_t by = n && a[0].type == AMB_T_I64 ? a[0].v.i : 1; /* left out: AMB_T_NIL */
    if (__builtin_add_overflow(k->value, by, &k->value))
        return in->h->fail(c, AMB_E_ARG, 0, "add: the counter cannot count that far");
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = k->value};
    return AMB_OK;
}

/* --- answers later ------------------------------------------------------------------ */

static void answer(pause *p, amb_status st)
{
    instance *in = p->in;
    for (pause **at = &in->pauses; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    amb_call *c = in->h->reply_open(in->hctx, p->ticket); /* NULL: nobody waits any more */
    amb_arg ret = {.type = AMB_T_I64, .v.i = p->answer};
    if (c) in->h->reply(c, st, st == AMB_OK ? &ret : NULL);
    free(p);
}

static void time_over(void *ud, uint32_t events)
{
    (void)events;
    answer(ud, AMB_OK);
}

OP(counter_wait)
{
    instance *in = inst;
    (void)n, (void)ret;
    double seconds = a[0].v.f;
    if (!(seconds >= 0 && seconds <= 3600)) return in->h->fail(c, AMB_E_ARG, 0, "wait: seconds are from 0 to 3600");
    pause *p = calloc(1, sizeof *p);
    if (!p) return AMB_E_NOMEM;
    p->in = in;
    p->answer = ((counter *)self)->value;
    amb_status st = in->h->timer(in->hctx, (uint64_t)(seconds * 1e9), time_over, p, &p->timer);
    if (st == AMB_OK && !(p->ticket = in->h->pend(c))) {
        in->h->unwatch(in->hctx, p->timer);
        st = AMB_E_NOMEM;
    }
    if (st != AMB_OK) {
        free(p);
        return st;
    }
    p->next = in->pauses;
    in->pauses = p;
    return AMB_PENDING;
}

/* The script does not want the answer any more. */
static void cancel(void *inst, amb_ticket t)
{
    instance *in = inst;
    for (pause *p = in->pauses; p; p = p->next)
        if (p->ticket == t) {
            in->h->unwatch(in->hctx, p->timer);
            answer(p, AMB_E_CANCELED);
            return;
        }
}

/* --- works on a thread -------------------------------------------------------------- */

OP(counter_sum)
{
    instance *in = inst;
    (void)n;
    /* This would keep everybody else waiting: the host calls it again on a thread. */
    if (!in->h->may_block(c)) return AMB_WOULD_BLOCK;
    uint64_t sum = 0, top = (uint64_t)((counter *)self)->value;
    amb_ticket t = in->h->ticket(c);
    for (uint64_t i = 1; i <= top && i <= (uint64_t)a[0].v.i; i++) {
        if (i % 1000000 == 0 && in->h->canceled(in->hctx, t)) return AMB_E_CANCELED;
        sum += i;
    }
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = (int64_t)sum};
    return AMB_OK;
}

/* --- tables ------------------------------------------------------------------------- */

static const amb_right rights[] = {
    {.bit = RIGHT_READ, .name = "read", .doc = "look at the counter"},
    {.bit = RIGHT_CHANGE, .name = "change", .doc = "change the counter"},
};

static const amb_param p_new[] = {{.name = "start", .doc = "where it begins", .type = AMB_T_I64}};
static const amb_param p_add[] = {
    {.name = "by", .doc = "how much; 1 if left out", .type = AMB_T_I64, .flags = AMB_P_OPT}};
static const amb_param p_wait[] = {{.name = "seconds", .doc = "how long", .type = AMB_T_F64}};
static const amb_param p_sum[] = {{.name = "most", .doc = "where to stop at the latest", .type = AMB_T_I64}};

/* Ordinals are for ever: what is withdrawn takes its own with it. */
static const amb_op ops[] = {
    {.ordinal = 1, .name = "counter", .doc = "a counter of its own", .params = p_new, .nparams = AMB_ROWS(p_new),
     .ret_type = AMB_T_RES, .ret_restype = RES_COUNTER, .ret_fixed = RIGHT_READ | RIGHT_CHANGE,
     .flags = AMB_OP_INLINE, .fn = counter_new},
    {.ordinal = 2, .restype = RES_COUNTER, .name = "value", .doc = "what it has counted", .ret_type = AMB_T_I64,
     .need = RIGHT_READ, .effect = AMB_FX_READ, .flags = AMB_OP_INLINE | AMB_OP_IDEMPOTENT, .fn = counter_value},
    {.ordinal = 3, .restype = RES_COUNTER, .name = "add", .doc = "counts on", .params = p_add,
     .nparams = AMB_ROWS(p_add), .ret_type = AMB_T_I64, .need = RIGHT_CHANGE, .effect = AMB_FX_WRITE,
     .flags = AMB_OP_INLINE, .fn = counter_add},
    {.ordinal = 4, .restype = RES_COUNTER, .name = "wait", .doc = "what it had counted, after a while",
     .params = p_wait, .nparams = AMB_ROWS(p_wait), .ret_type = AMB_T_I64, .need = RIGHT_READ,
     .effect = AMB_FX_READ, .flags = AMB_OP_INLINE | AMB_OP_CANCEL, .fn = counter_wait},
    {.ordinal = 5, .restype = RES_COUNTER, .name = "sum", .doc = "all numbers up to it, added up", .params = p_sum,
     .nparams = AMB_ROWS(p_sum), .ret_type = AMB_T_I64, .need = RIGHT_READ, .effect = AMB_FX_READ,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .fn = counter_sum},
};

static const amb_restype types[] = {
    {.id = RES_COUNTER, .name = "counter", .doc = "a number that goes up", .all = RIGHT_READ | RIGHT_CHANGE,
     .dflt = RIGHT_READ | RIGHT_CHANGE, .close = counter_close},
};

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    instance *in = calloc(1, sizeof *in);
    if (!in) return AMB_E_NOMEM;
    in->h = h;
    in->hctx = hctx;
    *inst = in;
    return AMB_OK;
}

static void stop(void *inst)
{
    instance *in = inst;
    while (in->pauses) {
        pause *p = in->pauses;
        in->pauses = p->next;
        in->h->unwatch(in->hctx, p->timer);
        free(p);
    }
    free(in);
}

AMB_PROVIDER(skeleton) = {
    AMB_PROVIDER_HEAD,
    .iface = "skeleton",
    .doc = "counters",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = cancel,
};
