/* SPDX-License-Identifier: MIT */
/* Capabilities lent to providers: rights, life, calls from the home thread and from others. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
    size_t at; /* of tape */
} state;

static char written[64]; /* what was written to the tape, also at the end of a program */

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
/* stay(text): from a thread, and not at once. */
OP(stay)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return get(inst, c, self, a, n, ret);
}
/* third(): "not yet" at first, twice; then how often it was asked. */
OP(third)
{
    UNUSED;
    static _Atomic int asked;
    state *s = inst;
    if (!s->h->may_block(c)) return AMB_WOULD_BLOCK;
    if (++asked < 3) return s->h->again(c, 3000000);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = asked};
    asked = 0;
    return AMB_OK;
}
/* never(): is asked again and again. */
OP(never)
{
    UNUSED;
    return ((state *)inst)->h->again(c, 1000000);
}
OP(broken)
{
    UNUSED;
    return ((state *)inst)->h->fail(c, AMB_E_IO, ENOSPC, "%.*s: no room", (int)a[0].len, (const char *)a[0].v.p);
}
/* A stream of its own: reads give at most four bytes. */
OP(tape_new)
{
    UNUSED;
    state *s = inst;
    s->at = 0;
    return s->h->res_new(c, 2, s, ~(amb_rights)0, "tape", ret, NULL);
}
OP(tape_read)
{
    UNUSED;
    static const char text[] = "one\ntwo\nthree\n";
    state *s = inst;
    size_t left = strlen(text) - s->at, k = left < 6 ? left : 6;
    if (k > a[0].len) k = a[0].len;
    memcpy(a[0].v.w, text + s->at, k);
    s->at += k;
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = (int64_t)k};
    return AMB_OK;
}
OP(tape_write)
{
    UNUSED;
    strncat(written, a[0].v.p, a[0].len);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = a[0].len};
    return AMB_OK;
}
static void tape_close(void *inst, void *res) { (void)inst, (void)res; }
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
static const amb_param p_in[] = {{.name = "buf", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_OUT}};
static const amb_param p_out[] = {{.name = "data", .doc = "", .type = AMB_T_BUF, .flags = AMB_P_IN}};
static const amb_op word_ops[] = {
    {.ordinal = 6, .name = "stay", .doc = "", .restype = 1, .params = p_text, .nparams = 1,
     .ret_type = AMB_T_STR, .need = 1, .flags = AMB_OP_BLOCKING, .fn = stay},
    {.ordinal = 7, .name = "broken", .doc = "", .restype = 1, .params = p_text, .nparams = 1,
     .ret_type = AMB_T_STR, .need = 1, .flags = AMB_OP_INLINE, .fn = broken},
    {.ordinal = 11, .name = "third", .doc = "", .restype = 1, .ret_type = AMB_T_I64,
     .flags = AMB_OP_INLINE | AMB_OP_BLOCKING, .fn = third},
    {.ordinal = 12, .name = "never", .doc = "", .restype = 1, .flags = AMB_OP_BLOCKING, .fn = never},
    {.ordinal = 8, .name = "tape", .doc = "", .ret_type = AMB_T_RES, .ret_restype = 2, .ret_fixed = 3,
     .flags = AMB_OP_INLINE, .fn = tape_new},
    {.ordinal = 9, .name = "read_into", .doc = "", .restype = 2, .params = p_in, .nparams = 1,
     .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE | AMB_OP_KERNEL, .fn = tape_read},
    {.ordinal = 10, .name = "write_some", .doc = "", .restype = 2, .params = p_out, .nparams = 1,
     .ret_type = AMB_T_I64, .flags = AMB_OP_INLINE | AMB_OP_KERNEL, .fn = tape_write},
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
    {.id = 1, .name = "word", .doc = "", .all = 3, .dflt = 3, .close = word_close},
    {.id = 2, .name = "tape", .doc = "", .all = 3, .dflt = 3, .close = tape_close, .read_op = 9, .write_op = 10}};
static const amb_provider word_provider = {
    AMB_PROVIDER_HEAD, .iface = "word", .doc = "", .iface_major = 1,
    AMB_PROVIDER_TABLES(word_ops, word_types, word_rights), .start = start, .stop = stop};

/* ---- the one it is lent to ---- */

OP(user_new)
{
    UNUSED;
    state *s = inst;
    return s->h->res_new(c, 1, s, ~(amb_rights)0, "user", ret, NULL);
}
static void user_close(void *inst, void *res) { (void)inst, (void)res; }

/* A resource that keeps a tape, and writes a last word to it when it is closed. */
static void written_done(void *ud, amb_status st, const amb_arg *ret)
{
    (void)ud, (void)ret;
    if (st) strcat(written, "?");
}
static void writer_close(void *inst, void *res)
{
    (void)res;
    state *s = inst;
    amb_arg bye = {.type = AMB_T_BUF, .flags = AMB_P_IN, .len = 3, .v.p = "bye"};
    s->h->invoke(s->hctx, 0, s->kept, AMB_ORD_WRITE, &bye, 1, written_done, s);
}
OP(writer)
{
    UNUSED;
    state *s = inst;
    s->kept = a[0].v.loan;
    return s->h->res_new(c, 3, s, ~(amb_rights)0, "writer", ret, NULL);
}
OP(writer_end)
{
    UNUSED;
    strcat(written, "end ");
    return a[0].v.i ? ((state *)inst)->h->fail(c, AMB_E_IO, 0, "as asked") : AMB_OK;
}

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
    } else if (st != AMB_OK && ret) {
        st = s->h->fail(c, st, ret->aux, "lent: %.*s", (int)ret->len, (const char *)ret->v.p);
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
    if (st != AMB_OK && ret->type == AMB_T_STR)
        return s->h->fail(c, st, ret->aux, "lent: %.*s", (int)ret->len, (const char *)ret->v.p);
    return st == AMB_OK ? st : s->h->fail(c, AMB_E_IO, 0, "lent: status %d", st);
}
/* read(tape): what one read of it gives. */
static char in[8];
static void got_bytes(void *ud, amb_status st, const amb_arg *ret)
{
    amb_arg text = {.type = AMB_T_STR, .len = st == AMB_OK ? (uint32_t)ret->v.i : 0, .v.p = in};
    answered(ud, st, st == AMB_OK ? &text : ret);
}
OP(read_tape)
{
    UNUSED;
    state *s = inst;
    amb_arg buf = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = sizeof in, .v.w = in};
    s->ticket = s->h->pend(c);
    amb_status st = s->h->invoke(s->hctx, s->ticket, a[0].v.loan, AMB_ORD_READ, &buf, 1, got_bytes, s);
    return st == AMB_OK ? AMB_PENDING : st;
}
/* number(type, operation) */
OP(number)
{
    UNUSED;
    state *s = inst;
    char type[32], op[32];
    snprintf(type, sizeof type, "%.*s", (int)a[0].len, (const char *)a[0].v.p);
    snprintf(op, sizeof op, "%.*s", (int)a[1].len, (const char *)a[1].v.p);
    *ret = (amb_arg){.type = AMB_T_I64, .v.i = s->h->ordinal(s->hctx, type, op)};
    return AMB_OK;
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
static const amb_param p_tape[] = {{.name = "tape", .doc = "", .type = AMB_T_LOAN, .iface = "readable"}};
static const amb_param p_writer[] = {
    {.name = "tape", .doc = "", .type = AMB_T_LOAN, .iface = "writable", .flags = AMB_P_KEEP}};
static const amb_param p_number[] = {{.name = "type", .doc = "", .type = AMB_T_STR},
                                     {.name = "operation", .doc = "", .type = AMB_T_STR}};
static const amb_param p_fail[] = {{.name = "fail", .doc = "", .type = AMB_T_BOOL, .flags = AMB_P_OPT}};
static const amb_op user_ops[] = {
    {.ordinal = 1, .name = "user", .doc = "", .ret_type = AMB_T_RES, .ret_restype = 1, .ret_fixed = 1,
     .flags = AMB_OP_INLINE, .fn = user_new},
    USER(2, "ask", p_ask, 2, AMB_T_STR, 0, AMB_OP_INLINE, ask),
    USER(3, "ask_wait", p_ask, 2, AMB_T_STR, 0, AMB_OP_BLOCKING, ask_wait),
    USER(4, "hold", p_hold, 1, AMB_T_RES, 2, AMB_OP_INLINE, hold),
    USER(5, "through", p_ask, 1, AMB_T_STR, 0, AMB_OP_INLINE, through),
    USER(6, "drop", NULL, 0, AMB_T_NIL, 0, AMB_OP_INLINE, drop),
    USER(8, "read", p_tape, 1, AMB_T_STR, 0, AMB_OP_INLINE, read_tape),
    USER(9, "writer", p_writer, 1, AMB_T_RES, 3, AMB_OP_INLINE, writer),
    USER(10, "number", p_number, 2, AMB_T_I64, 0, AMB_OP_INLINE, number),
    {.ordinal = 11, .name = "close", .doc = "", .restype = 3, .params = p_fail, .nparams = 1,
     .flags = AMB_OP_BLOCKING | AMB_OP_ENDS, .fn = writer_end},
    {.ordinal = 7, .name = "ask", .doc = "", .restype = 2, .ret_type = AMB_T_STR, .need = 1,
     .flags = AMB_OP_INLINE, .fn = held_ask},
};
static const amb_restype user_types[] = {
    {.id = 1, .name = "user", .doc = "", .all = 1, .dflt = 1, .close = user_close},
    {.id = 2, .name = "held", .doc = "", .all = 1, .dflt = 1, .close = user_close},
    {.id = 3, .name = "writer", .doc = "", .all = 1, .dflt = 1, .close = writer_close}};
static const amb_provider user_provider = {
    AMB_PROVIDER_HEAD, .iface = "user", .doc = "", .iface_major = 1,
    AMB_PROVIDER_TABLES(user_ops, user_types, user_rights), .start = start, .stop = stop};

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
             "import cap\nuse word.word for say, other as w\nuse user\nuse word.tape as tape\n"
             "fn kind(f) { try { return f() } catch e { return \"${type(e)}: ${e.message}\" } }\n%s", body);
    amb_config cfg = {.size = sizeof cfg, .output = keep, .wire = wire, .chaos = chaos};
    amb_vm *vm = amb_vm_new(&cfg, NULL);
    amb_script *s;
    amb_value caps[3];
    int status;
    said[0] = written[0] = 0;
    cr_assert(amb_provider_add(vm, &word_provider) == AMB_OK && amb_provider_add(vm, &user_provider) == AMB_OK);
    cr_assert(amb_load(vm, "loans", source, strlen(source), 0, errors, NULL, &s) == AMB_OK, "%s", said);
    amb_scope_open(vm);
    cr_assert(amb_grant(vm, "word", "word", NULL, 0, NULL, 0, &caps[0], NULL) == AMB_OK);
    cr_assert(amb_grant(vm, "user", "user", NULL, 0, NULL, 0, &caps[1], NULL) == AMB_OK);
    cr_assert(amb_grant(vm, "word", "tape", NULL, 0, NULL, 0, &caps[2], NULL) == AMB_OK);
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

/* spec: spi.loan
 * No more than the parameter asks for, whatever was given; less is refused. */
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

/* spec: spi.loan.failure
 * What the lender said about a failure reaches who called, with its kind. */
Test(loans, failure)
{
    everywhere("spawn sleep(0.2)\nprint(kind(() => user.ask(w, 7)), kind(() => user.ask_wait(w, 7)))\n"
               "try { user.ask(w, 7) } catch e: IOError { print(e.kind) }\n",
               "IOError: lent: hi: no room IOError: lent: hi: no room\nfull\n");
}

/* spec: spi.loan.threads
 * More who wait on threads, for what needs a thread itself, than there are threads. */
Test(loans, crowd, .timeout = 60)
{
    everywhere("print((group { for i in 0..24 { spawn { return user.ask_wait(w, 6) } } }).count(x => x == \"hi!\"))\n",
               "24\n");
}

/* Reading what a script had begun to read goes on where it was. */
Test(loans, streams)
{
    everywhere("print(tape.read_line(), user.read(tape), tape.read_line(), user.read(tape), user.read(tape), \".\")\n",
               "one tw o thre e\n .\n");
    everywhere("print(user.number(\"word.tape\", \"read_into\"), user.number(\"word\", \"slow\"),\n"
               "    user.number(\"word.word\", \"read_into\"), user.number(\"wor\", \"slow\"), user.number(\"word.tape.x\", \"slow\"))\n",
               "9 3 0 0 0\n");
    expect("let few = cap.limit(tape, bytes: 8)\n"
               "print(kind(() => user.read(few)), kind(() => user.read(few)))\n", "one\ntw IOError: lent: status -11\n", 0, 0);
}

/* spec: spi.loan.end, spi.ends
 * What is queued while a resource is closed is still begun, also at the end of a program. */
Test(loans, last_words)
{
    expect("let a = user.writer(tape)\na.close()\nprint(cap.is_open(a), kind(() => a.close()))\n", "false nil\n", 0, 0);
    cr_expect_str_eq(written, "end bye");
    expect("let a = user.writer(tape)\nprint(kind(() => a.close(true)), kind(() => a.close()))\n",
               "IOError: as asked nil\n", 0, 0);
    cr_expect_str_eq(written, "end bye");
    /* Answered by a thread: the answer is of this call, not of the next. */
    expect("spawn sleep(0.1)\nlet a = user.writer(tape)\nprint(a.close(), user.number(\"word\", \"slow\"), a.close())\n",
           "nil 3 nil\n", 0, 0);
    expect("let a = user.writer(tape)\nprint(cap.is_open(a))\n", "true\n", 0, 0);
    cr_expect_str_eq(written, "bye");
}

/* What cannot be done yet is tried again, and no thread waits for that: more such calls than threads. */
Test(loans, again, .timeout = 60)
{
    everywhere("print(w.third())\nspawn sleep(0.2)\nprint(w.third())\n", "3\n3\n");
    expect("let all = [] \nfor i in 0..10 { all.push(spawn kind(() => w.never())) }\nsleep(0.01)\nprint(user.ask_wait(w, 3))\n"
           "for t in all { t.cancel() }\n"
           "print(kind(() => within(0.01) { w.never() }))\nprint(user.ask_wait(w, 2))\n",
           "hi!\nTimeoutError: timed out\nhi!\n", 0, 0);
}
