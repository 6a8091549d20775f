/* SPDX-License-Identifier: MIT */
/* Capabilities lent to providers: rights, life, calls from the home thread and from others. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ambit/ambit.h"
#include "ambit/spi.h"

#define OP(name)                                                                                \
    static amb_status name(void *inst, amb_call *c, void *self, const amb_arg *a, uint32_t n, \
                           amb_arg *ret)
#define UNUSED (void)inst, (void)c, (void)self, (void)a, (void)n, (void)ret

typedef struct state {
    const amb_host *h;
    void *hctx;
    amb_ticket ticket;
    amb_loan kept;
    int closed;
} state;

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    (void)cfg, (void)ncfg;
    static state all[16]; /* more than the machines of one test */
    static int next;
    state *s = &all[next++ % 16];
    *s = (state){.h = h, .hctx = hctx};
    *inst = s;
    return AMB_OK;
}
static void stop(void *inst) { (void)inst; }

/* ---- the one that is lent: a word, which `get` gives at once and `slow` from a thread ---- */

OP(word_new)
{
    UNUSED;
    state *s = inst;
    return s->h->res_new(c, 1, s, ~(amb_rights)0, "word", ret, NULL);
}
OP(get)
{
    UNUSED;
    state *s = inst;
    char *p = s->h->alloc(c, a[0].len + 2);
    if (!p) return AMB_E_NOMEM;
    memcpy(p, a[0].v.p, a[0].len);
    p[a[0].len] = '!';
    *ret = (amb_arg){.type = AMB_T_STR, .len = a[0].len + 1, .v.p = p};
    return AMB_OK;
}
OP(child)
{
    UNUSED;
    state *s = inst;
    return s->h->res_new(c, 1, s, ~(amb_rights)0, "child", ret, NULL);
}
static void word_close(void *inst, void *res)
{
    (void)res;
    ((state *)inst)->closed++;
}
static const amb_right word_rights[] = {{1, "say", "", 0, 0}, {2, "other", "", 0, 0}};
static const amb_param p_text[] = {{.name = "text", .doc = "", .type = AMB_T_STR}};
static const amb_op word_ops[] = {
    {.ordinal = 1, .name = "word", .doc = "", .ret_type = AMB_T_RES, .ret_restype = 1, .ret_fixed = 3,
     .flags = AMB_OP_INLINE, .fn = word_new},
    {.ordinal = 2, .name = "get", .doc = "", .restype = 1, .params = p_text, .nparams = 1,
     .ret_type = AMB_T_STR, .need = 1, .flags = AMB_OP_INLINE, .fn = get},
    {.ordinal = 3, .name = "slow", .doc = "", .restype = 1, .params = p_text, .nparams = 1,
     .ret_type = AMB_T_STR, .need = 1, .flags = AMB_OP_BLOCKING, .fn = get},
    {.ordinal = 4, .name = "child", .doc = "", .restype = 1, .ret_type = AMB_T_RES, .ret_restype = 1,
     .ret_same = 3, .flags = AMB_OP_INLINE, .fn = child},
    {.ordinal = 5, .name = "secret", .doc = "", .restype = 1, .params = p_text, .nparams = 1,
     .ret_type = AMB_T_STR, .need = 2, .flags = AMB_OP_INLINE, .fn = get},
};
static const amb_restype word_types[] = {
    {.id = 1, .name = "word", .doc = "", .all = 3, .dflt = 3, .close = word_close}};
static const amb_provider word_provider = {
    AMB_PROVIDER_HEAD, .iface = "word", .doc = "", .iface_major = 1, .nops = 5, .nres = 1, .nrights = 2,
    .ops = word_ops, .res = word_types, .rights = word_rights, .start = start, .stop = stop};

/* ---- the one it is lent to ---- */

OP(user_new)
{
    UNUSED;
    state *s = inst;
    return s->h->res_new(c, 1, s, ~(amb_rights)0, "user", ret, NULL);
}
static void user_close(void *inst, void *res) { (void)inst, (void)res; }

static void answered(void *ud, amb_status st, const amb_arg *ret)
{
    state *s = ud;
    amb_call *c = s->h->reply_open(s->hctx, s->ticket);
    if (!c) return;
    amb_arg out = {.type = AMB_T_NIL};
    if (st == AMB_OK && ret->type == AMB_T_STR) {
        char *p = s->h->alloc(c, ret->len + 1);
        memcpy(p, ret->v.p, ret->len);
        out = (amb_arg){.type = AMB_T_STR, .len = ret->len, .v.p = p};
    } else if (st != AMB_OK) {
        st = s->h->fail(c, AMB_E_IO, 0, "lent: status %d", st);
    }
    s->h->reply(c, st, &out);
}
/* ask(word, ordinal): calls that operation of the loan and gives what it gave. */
OP(ask)
{
    UNUSED;
    state *s = inst;
    amb_arg text = {.type = AMB_T_STR, .len = 2, .v.p = "hi"};
    s->ticket = s->h->pend(c);
    amb_status st = s->h->invoke(s->hctx, s->ticket, a[0].v.loan, (uint16_t)a[1].v.i, &text, 1, answered, s);
    return st == AMB_OK ? AMB_PENDING : st;
}
OP(ask_wait)
{
    UNUSED;
    state *s = inst;
    amb_arg text = {.type = AMB_T_STR, .len = 2, .v.p = "hi"};
    amb_status st = s->h->invoke_wait(c, a[0].v.loan, (uint16_t)a[1].v.i, &text, 1, ret);
    return st == AMB_OK ? st : s->h->fail(c, AMB_E_IO, 0, "lent: status %d", st);
}
/* hold(word): a resource that keeps the loan. */
OP(hold)
{
    UNUSED;
    state *s = inst;
    s->kept = a[0].v.loan;
    return s->h->res_new(c, 2, s, ~(amb_rights)0, "held", ret, NULL);
}
OP(held_ask)
{
    UNUSED;
    state *s = inst;
    amb_arg loan[2] = {{.type = AMB_T_LOAN, .v.loan = s->kept}, {.type = AMB_T_I64, .v.i = 2}};
    return ask(inst, c, self, loan, 2, ret);
}
/* returned(word): takes a resource from the loan, asks that. */
static void got_child(void *ud, amb_status st, const amb_arg *ret)
{
    state *s = ud;
    amb_arg text = {.type = AMB_T_STR, .len = 5, .v.p = "child"};
    if (st == AMB_OK && ret->type == AMB_T_LOAN &&
        s->h->invoke(s->hctx, s->ticket, ret->v.loan, 2, &text, 1, answered, s) == AMB_OK) {
        s->kept = ret->v.loan;
        return;
    }
    answered(s, AMB_E_DIED, NULL);
}
OP(through)
{
    UNUSED;
    state *s = inst;
    s->ticket = s->h->pend(c);
    amb_status st = s->h->invoke(s->hctx, s->ticket, a[0].v.loan, 4, NULL, 0, got_child, s);
    return st == AMB_OK ? AMB_PENDING : st;
}
OP(drop)
{
    UNUSED;
    state *s = inst;
    s->h->loan_drop(s->hctx, s->kept);
    s->h->loan_drop(s->hctx, s->kept);
    return AMB_OK;
}
static const amb_right user_rights[] = {{1, "use", "", 0, 0}};
static const amb_param p_ask[] = {
    {.name = "what", .doc = "", .type = AMB_T_LOAN, .iface = "word.word", .need = 1},
    {.name = "ordinal", .doc = "", .type = AMB_T_I64}};
static const amb_param p_hold[] = {
    {.name = "what", .doc = "", .type = AMB_T_LOAN, .iface = "word", .need = 1, .flags = AMB_P_KEEP}};
#define USER(o, name_, p, np, ret_, ret_res, fl, f)                                              \
    {.ordinal = o, .name = name_, .doc = "", .restype = 1, .params = p, .nparams = np, .need = 1, \
     .ret_type = ret_, .ret_restype = ret_res, .ret_fixed = ret_res ? 1 : 0, .flags = fl, .fn = f}
static const amb_op user_ops[] = {
    {.ordinal = 1, .name = "user", .doc = "", .ret_type = AMB_T_RES, .ret_restype = 1, .ret_fixed = 1,
     .flags = AMB_OP_INLINE, .fn = user_new},
    USER(2, "ask", p_ask, 2, AMB_T_STR, 0, AMB_OP_INLINE, ask),
    USER(3, "ask_wait", p_ask, 2, AMB_T_STR, 0, AMB_OP_BLOCKING, ask_wait),
    USER(4, "hold", p_hold, 1, AMB_T_RES, 2, AMB_OP_INLINE, hold),
    USER(5, "through", p_ask, 1, AMB_T_STR, 0, AMB_OP_INLINE, through),
    USER(6, "drop", NULL, 0, AMB_T_NIL, 0, AMB_OP_INLINE, drop),
    {.ordinal = 7, .name = "ask", .doc = "", .restype = 2, .ret_type = AMB_T_STR, .need = 1,
     .flags = AMB_OP_INLINE, .fn = held_ask},
};
static const amb_restype user_types[] = {
    {.id = 1, .name = "user", .doc = "", .all = 1, .dflt = 1, .close = user_close},
    {.id = 2, .name = "held", .doc = "", .all = 1, .dflt = 1, .close = user_close}};
static const amb_provider user_provider = {
    AMB_PROVIDER_HEAD, .iface = "user", .doc = "", .iface_major = 1, .nops = 7, .nres = 2, .nrights = 1,
    .ops = user_ops, .res = user_types, .rights = user_rights, .start = start, .stop = stop};

/* ---- tests ---- */

static char said[8192];
static amb_status keep(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd;
    if (s && strlen(said) + n < sizeof said) strncat(said, s, n);
    return AMB_OK;
}
static void errors(void *ud, const char *s, size_t n) { keep(ud, 2, s, n); }

static void expect(const char *body, const char *output, int wire, uint64_t chaos)
{
    char source[2048];
    snprintf(source, sizeof source,
             "import cap\nuse word.word for say, other as w\nuse user\n"
             "fn kind(f) { try { return f() } catch e { return \"${type(e)}: ${e.message}\" } }\n%s", body);
    amb_config cfg = {.size = sizeof cfg, .output = keep, .wire = wire, .chaos = chaos};
    amb_vm *vm = amb_vm_new(&cfg, NULL);
    amb_script *s;
    amb_value caps[2];
    int status;
    said[0] = 0;
    cr_assert(amb_provider_add(vm, &word_provider) == AMB_OK && amb_provider_add(vm, &user_provider) == AMB_OK);
    cr_assert(amb_load(vm, "loans", source, strlen(source), 0, errors, NULL, &s) == AMB_OK, "%s", said);
    cr_assert(amb_grant(vm, "word", "word", NULL, 0, NULL, 0, &caps[0], NULL) == AMB_OK);
    cr_assert(amb_grant(vm, "user", "user", NULL, 0, NULL, 0, &caps[1], NULL) == AMB_OK);
    amb_status st = amb_run(vm, s, amb_nil(), caps, &status);
    if (st != AMB_OK) amb_error_report(vm, 0, errors, NULL);
    cr_expect_str_eq(said, output);
    amb_vm_free(vm);
}

static void everywhere(const char *body, const char *output)
{
    expect(body, output, 0, 0);
    expect(body, output, 1, 0);
    for (uint64_t seed = 1; seed < 6; seed++) expect(body, output, 0, seed);
}

Test(loans, home)
{
    everywhere("print(user.ask(w, 2), user.ask(w, 3))\n"
               "print(group { for i in 0..3 { spawn { return user.ask_wait(w, 2) } } })\n",
               "hi! hi!\n[\"hi!\", \"hi!\", \"hi!\"]\n");
}

Test(loans, threads)
{
    everywhere("spawn sleep(0.2)\n" /* so that threads are used */
               "print(user.ask_wait(w, 2), user.ask_wait(w, 3))\n",
               "hi! hi!\n");
}

/* No more than the parameter asks for, whatever was given; less is refused. */
Test(loans, rights)
{
    everywhere("print(kind(() => user.ask(w, 5)))\n"
               "print(kind(() => user.ask(w, 99)), kind(() => user.ask(w, 4)))\n"
               "print(kind(() => user.ask(cap.only(w, \"other\"), 2)))\n"
               "print(kind(() => user.ask(user, 2)))\n",
               "IOError: lent: status -2\n"
               "IOError: lent: status -4 IOError: lent: status -1\n"
               "CapabilityError: ask: what lacks the right 'say'\n"
               "TypeError: ask: 'what' expects word.word, not user (<user>)\n");
}

/* Kept for the life of what was returned; ended by revoking what it came from. */
Test(loans, life)
{
    everywhere("let h = user.hold(w)\nprint(h.ask(), h.ask())\n"
               "let (view, revoke) = cap.revocable(w)\nlet k = user.hold(view)\nprint(k.ask())\nrevoke()\n"
               "print(kind(() => k.ask()))\n",
               "hi! hi!\nhi!\nIOError: lent: status -3\n");
}

Test(loans, quota)
{
    everywhere("let few = cap.limit(w, calls: 2)\n"
               "print(kind(() => user.ask(few, 2)), kind(() => user.ask(few, 2)), kind(() => user.ask(few, 2)))\n",
               "hi! hi! IOError: lent: status -11\n");
}

/* What a lent capability returns is lent, too, until it is dropped. */
Test(loans, returned)
{
    everywhere("print(user.through(w))\nuser.drop()\nprint(user.through(w))\n", "child!\nchild!\n");
}
