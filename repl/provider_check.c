/* SPDX-License-Identifier: MIT */
/* ambit provider check: whether a shared object keeps the contract of ambit/spi.h.
 *
 * Each rule is looked at in a process of its own, in an empty directory, so that one that crashes or hangs is a
 * rule that is broken and nothing more. Most drive the provider with a host that is no virtual machine
 * (kit.h) and fails on demand; the others use a virtual machine, as scripts do. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"
#include "provider.h"

enum { ROUNDS = 16, RULE_SECONDS = 60, GIVEN = 16, SEEDS = 3 };

typedef struct check {
    char path[PATH_MAX], script[PATH_MAX], *self;
    kit_given given[GIVEN];
    char *words[GIVEN * 8]; /* that their arguments point into */
    uint32_t ngiven, nwords;
    const char *without[8]; /* types that nothing here can make */
    uint32_t nwithout;
    /* in the process of a rule */
    amb_vm *vm;
    const amb_provider *p; /* with rows of this program's size */
    int problems;
    char *doing; /* shared: what the rule's process is at, DOING bytes */
    unsigned passed, failed;
} check;
enum { DOING = 512 };

static void wrong(check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void wrong(check *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
    c->problems++;
}

static void doing(void *ud, const char *iface, const char *type, const char *op)
{
    const check *c = ud;
    if (*type) snprintf(c->doing, DOING, "%s.%s.%s", iface, type, op);
    else snprintf(c->doing, DOING, "%s.%s", iface, op);
}

static int open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n;
}

/* --- with the kit's host ------------------------------------------------------------ */

static kit *kit_of(check *c)
{
    kit *k = kit_new(c->p, amb_reactor_uv_new(), NULL, 0);
    if (!k) wrong(c, "start fails");
    else k->patience = 5000000, k->grace = 20000000, k->quiet = true;
    return k;
}

static void end(check *c, kit *k)
{
    int breaches = kit_free(k);
    c->problems += breaches;
}

static void drive(check *c, kit *k, unsigned variant)
{
    kit_driver d = {.given = c->given, .ngiven = c->ngiven, .variant = variant, .doing = doing, .ud = c};
    kit_drive(k, &d);
}

static void rule_style(check *c) { c->problems += kit_lint(c->p); }

static void rule_start_stop(check *c)
{
    for (int i = 0; i < 20; i++) {
        kit *k = kit_of(c);
        if (!k) return;
        end(c, k);
    }
    kit *both[2] = {kit_of(c), kit_of(c)}; /* instances have nothing in common */
    if (both[0]) drive(c, both[0], 0), end(c, both[0]);
    if (both[1]) drive(c, both[1], 0), end(c, both[1]);
}

static void rule_operations(check *c)
{
    bool reached[256] = {false};
    for (unsigned v = 0; v < KIT_VARIANTS; v++) {
        kit *k = kit_of(c);
        if (!k) return;
        kit_driver d = {.given = c->given, .ngiven = c->ngiven, .variant = v, .doing = doing, .ud = c};
        kit_drive(k, &d);
        for (int i = 0; i < 256; i++) reached[i] |= d.reached[i];
        end(c, k);
    }
    for (uint32_t i = 0; i < c->p->nops && i < 256; i++) {
        const amb_op *op = table_op(c->p, i);
        const amb_restype *t = table_type_of(c->p, op->restype);
        bool without = false;
        for (uint32_t k = 0; t && k < c->nwithout; k++) without |= strcmp(t->name, c->without[k]) == 0;
        if (!reached[i] && !without)
            wrong(c, "%s%s%s was never reached: nothing it can be called on was made; try --make 'NAME(ARGS)'",
                  t ? t->name : "", t ? "." : "", op->name);
    }
}

/* The n-th request of one kind fails; then all is well again. */
static void fault(check *c, size_t which)
{
    for (int n = 0; n < 40; n++) {
        kit *k = kit_of(c);
        if (!k) return;
        int *left = (int *)((char *)&k->fail + which);
        *left = n;
        drive(c, k, 0);
        bool used = *left == 0;
        *left = -1;
        drive(c, k, 0);
        end(c, k);
        if (!used) return;
    }
}
static void rule_no_memory(check *c) { fault(c, offsetof(kit_faults, alloc)); }
static void rule_no_handles(check *c) { fault(c, offsetof(kit_faults, res_new)); }
static void rule_no_tickets(check *c) { fault(c, offsetof(kit_faults, pend)); }
static void rule_no_watches(check *c) { fault(c, offsetof(kit_faults, watch)); }
static void rule_no_timers(check *c) { fault(c, offsetof(kit_faults, timer)); }
static void rule_too_late(check *c) { fault(c, offsetof(kit_faults, answer)); }
static void rule_loans_end(check *c) { fault(c, offsetof(kit_faults, invoke)); }

static void rule_cancelling(check *c)
{
    for (unsigned v = 0; v < KIT_VARIANTS; v++) {
        kit *k = kit_of(c);
        if (!k) return;
        k->cancels = true;
        drive(c, k, v);
        k->cancels = false;
        drive(c, k, 0);
        if (c->p->cancel) /* names of nothing */
            for (amb_ticket t = 0; t < 5; t++) c->p->cancel(k->inst, t ? UINT64_MAX - t : 0);
        end(c, k);
    }
}

/* Resources close, and the provider stops, while calls wait. */
static void rule_closing(check *c)
{
    kit *k = kit_of(c);
    if (!k) return;
    k->patience = 0; /* nobody waits long enough to be cancelled well */
    drive(c, k, 0);
    k->patience = 5000000;
    drive(c, k, 0);
    end(c, k);
    k = kit_of(c);
    if (!k) return;
    k->patience = 0;
    drive(c, k, 0);
    end(c, k);
}

static void rule_nothing_left(check *c)
{
    kit *k = kit_of(c);
    if (!k) return;
    /* What is obtained once and kept is no leak, nor what pools keep, which OpenSSL's fill over
     * a thousand rounds: it must grow again and again. */
    int fds[3] = {0};
    size_t bytes[3] = {0};
    bool open = true, grows = true;
    for (int i = 0; i < 8; i++) drive(c, k, 0);
    time_t late = time(NULL) + 3;
    for (int tries = 0; tries < 10 && (open || grows) && (tries < 1 || time(NULL) < late); tries++) {
        for (int i = 0; i < tries * ROUNDS * 2; i++) drive(c, k, 0);
        for (int at = 0; at < 3; at++) {
            fds[at] = open_descriptors();
            bytes[at] = mallinfo2().uordblks;
            for (int i = 0; i < ROUNDS && at < 2; i++) drive(c, k, 0);
        }
        open = fds[1] > fds[0] && fds[2] > fds[1];
        grows = bytes[1] >= bytes[0] + ROUNDS * 16 && bytes[2] >= bytes[1] + ROUNDS * 16;
    }
    if (open) wrong(c, "descriptors stay open: %d, and %d after %d more rounds", fds[0], fds[2], 2 * ROUNDS);
    if (grows)
        wrong(c, "memory is not given back: %zu bytes more after %d more rounds", bytes[2] - bytes[0], 2 * ROUNDS);
    end(c, k);
}

/* --- with a virtual machine --------------------------------------------------------- */

/* The table with a constructor make_N for each type, and none of the provider's code: whatever gets through to an
 * operation is counted. */
typedef struct matrix {
    const amb_provider *p;
    const amb_host *h;
    unsigned entered;
} matrix;
/* One at a time in a process of its own; operations have no other way to know. */
static matrix *the_matrix;

static amb_status tripwire(void *inst, amb_call *call, void *self, const amb_arg *a, uint32_t n, amb_arg *ret)
{
    (void)call, (void)self, (void)a, (void)n, (void)ret;
    ((matrix *)inst)->entered++;
    return AMB_E_CANCELED;
}
#define MAKERS 32
#define MAKER(i)                                                                                             \
    static amb_status make_##i(void *inst, amb_call *call, void *self, const amb_arg *a, uint32_t n, amb_arg *ret) \
    {                                                                                                        \
        matrix *m = inst;                                                                                    \
        (void)self, (void)a, (void)n;                                                                        \
        return m->h->res_new(call, table_type(m->p, i)->id, m, ~(amb_rights)0, "x", ret, NULL);              \
    }
#define EACH_MAKER(X)                                                                                          \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) \
    X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
EACH_MAKER(MAKER)
#define NAMED(i) make_##i,
static const amb_op_fn makers[MAKERS] = {EACH_MAKER(NAMED)};

static amb_status matrix_start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t n, void **inst)
{
    (void)hctx, (void)cfg, (void)n;
    the_matrix->h = h;
    *inst = the_matrix;
    return AMB_OK;
}

static const char *error_type(amb_vm *vm)
{
    amb_value e;
    amb_error parts = {.size = sizeof parts};
    if (amb_last_error(vm, &e) != AMB_OK || amb_error_parts(vm, e, &parts) != AMB_OK) return "nothing";
    return parts.builtin;
}

/* A call that must not reach the provider. */
static void refused(check *c, amb_vm *vm, amb_value cap, const amb_op *op, const amb_value *args, uint32_t n,
                    const char *wanted, const char *what)
{
    amb_value out;
    the_matrix->entered = 0;
    amb_status st = amb_invoke(vm, cap, op->name, args, n, &out);
    const char *type = st == AMB_OK ? "nothing" : error_type(vm);
    if (the_matrix->entered || st == AMB_OK || !strstr(wanted, type))
        wrong(c, "%s with %s: expected %s, got %s%s", op->name, what, wanted, type,
              the_matrix->entered ? "; the operation was entered" : "");
}

static uint32_t seen(const amb_provider *p, const amb_op *op)
{
    uint32_t n = op->nparams;
    while (n && table_param(p, op, n - 1)->flags & AMB_P_HIDDEN) n--;
    return n;
}

/* A value that fits a parameter, as far as that needs no capability. */
static bool fitting(amb_vm *vm, const amb_param *p, amb_value *out)
{
    switch (p->type) {
    case AMB_T_BOOL: *out = amb_bool(1); return true;
    case AMB_T_I64: *out = amb_int(1); return true;
    case AMB_T_F64: *out = amb_float(1); return true;
    case AMB_T_ANY:
    case AMB_T_STR: return amb_string_new(vm, "a", 1, out) == AMB_OK;
    case AMB_T_BYTES: return amb_bytes_new(vm, "a", 1, out) == AMB_OK;
    case AMB_T_TREE: return amb_list_new(vm, NULL, 0, out) == AMB_OK;
    default: return false;
    }
}

static void wrong_arguments(check *c, amb_vm *vm, amb_value cap, const amb_op *op)
{
    amb_value args[17], keep, other;
    uint32_t n = seen(c->p, op);
    bool rest = n && table_param(c->p, op, n - 1)->flags & AMB_P_REST;
    for (uint32_t i = 0; i < n; i++)
        if (!fitting(vm, table_param(c->p, op, i), &args[i])) return;
    if (!rest) {
        args[n] = amb_nil();
        refused(c, vm, cap, op, args, n + 1, "TypeError", "one argument too many");
    }
    if (n && !(table_param(c->p, op, 0)->flags & (AMB_P_OPT | AMB_P_REST)))
        refused(c, vm, cap, op, args, 0, "TypeError", "no arguments");
    for (uint32_t i = 0; i < n; i++) {
        const amb_param *p = table_param(c->p, op, i);
        char what[128];
        keep = args[i];
        snprintf(what, sizeof what, "a wrong type for '%s'", p->name);
        amb_status st = amb_map_new(vm, &other);
        if (p->type == AMB_T_TREE) other = amb_int(1), st = AMB_OK;
        if (!st) args[i] = other;
        if (!st) refused(c, vm, cap, op, args, n, "TypeError", what);
        if ((p->type == AMB_T_STR || p->type == AMB_T_BYTES) && p->max_len && p->max_len < 1u << 24) {
            char *s = must(malloc(p->max_len + (size_t)1));
            memset(s, 'a', p->max_len + (size_t)1);
            st = p->type == AMB_T_STR ? amb_string_new(vm, s, p->max_len + (size_t)1, &args[i])
                                      : amb_bytes_new(vm, s, p->max_len + (size_t)1, &args[i]);
            snprintf(what, sizeof what, "too long a value for '%s'", p->name);
            if (!st) refused(c, vm, cap, op, args, n, "ValueError", what);
            free(s);
        }
        args[i] = keep;
    }
}

static bool is_basic(const amb_restype *t, uint16_t ordinal)
{
    return t->read_op == ordinal || t->write_op == ordinal || t->next_op == ordinal || t->seek_op == ordinal ||
           t->source_op == ordinal;
}

/* With any right missing that an operation needs, and after closing, the gate refuses. */
static void rights_and_life(check *c, amb_vm *vm, const char *maker, uint32_t type)
{
    const amb_restype *t = table_type(c->p, type);
    char why[256];
    amb_value cap, args[17], out;
    for (uint32_t i = 0; i < c->p->nops; i++) {
        const amb_op *op = table_op(c->p, i);
        if (op->restype != t->id || op->flags & AMB_OP_KERNEL) continue;
        uint32_t n = seen(c->p, op);
        bool fits = true;
        for (uint32_t k = 0; k < n; k++) fits &= fitting(vm, table_param(c->p, op, k), &args[k]);
        if (!fits) continue;
        for (int bit = 0; bit < 64; bit++) {
            amb_rights one = (amb_rights)1 << bit;
            const char *names[64];
            uint32_t count = 0;
            if (!(op->need & one)) continue;
            for (uint32_t k = 0; k < c->p->nrights && count < 64; k++) {
                const amb_right *r = table_right(c->p, k);
                if (!(r->bit & one) && r->bit & t->all) names[count++] = r->name;
            }
            /* With no right to name there would be those of a `use` without `for`. */
            if (!count) continue;
            if (amb_grant(vm, c->p->iface, maker, NULL, 0, names, count, &cap, why) != AMB_OK) {
                wrong(c, "%s: %s", t->name, why);
                return;
            }
            refused(c, vm, cap, op, args, n, "CapabilityError", "a right missing");
        }
        if (amb_grant(vm, c->p->iface, maker, NULL, 0, NULL, 0, &cap, why) != AMB_OK) return;
        amb_revoke(vm, cap);
        if (n == 0 && strcmp(op->name, "close") == 0) continue; /* closing what is closed is fine */
        refused(c, vm, cap, op, args, n, "CapabilityError StateError", "a handle that was revoked");
    }
    (void)out;
}

static void rule_gate(check *c)
{
    static char names[MAKERS][16];
    const amb_provider *p = c->p;
    uint32_t nres = p->nres < MAKERS ? p->nres : MAKERS;
    amb_op *ops = must(calloc(p->nops + nres + (size_t)1, sizeof *ops));
    amb_restype *types = must(calloc(p->nres + (size_t)1, sizeof *types));
    uint16_t ordinal = 1;
    uint32_t nops = 0;
    for (uint32_t i = 0; i < p->nres; i++) {
        types[i] = *table_type(p, i);
        types[i].close = NULL;
        types[i].flags = 0;
        types[i].read_op = types[i].write_op = types[i].next_op = types[i].seek_op = types[i].source_op = 0;
    }
    for (uint32_t i = 0; i < p->nops; i++) {
        const amb_op *op = table_op(p, i);
        const amb_restype *t = table_type_of(p, op->restype);
        if (!op->restype || op->flags & AMB_OP_KERNEL || (t && is_basic(t, op->ordinal))) continue;
        ops[nops] = *op;
        ops[nops].fn = tripwire;
        ops[nops++].ordinal = ordinal++;
    }
    for (uint32_t i = 0; i < nres; i++) {
        snprintf(names[i], sizeof names[i], "make_%u", i);
        ops[nops++] = (amb_op){.ordinal = ordinal++, .name = names[i], .ret_type = AMB_T_RES, .ret_restype = types[i].id,
                               .ret_fixed = ~(amb_rights)0, .flags = AMB_OP_INLINE, .fn = makers[i]};
    }
    amb_provider q = *p;
    q.ops = ops;
    q.nops = (uint16_t)nops;
    q.res = types;
    q.flags = 0;
    q.start = matrix_start;
    q.stop = NULL;
    q.cancel = NULL;
    matrix m = {.p = p};
    the_matrix = &m;
    amb_status st;
    amb_vm *vm = amb_vm_new(NULL, &st);
    if (!vm) must(NULL);
    amb_scope scope = amb_scope_open(vm);
    char why[256];
    if (amb_provider_add(vm, &q) != AMB_OK) {
        amb_provider_check(&q, why);
        wrong(c, "the table cannot be used: %s", why);
    }
    for (uint32_t i = 0; i < nres && !c->problems; i++) {
        amb_value cap;
        if (amb_grant(vm, p->iface, names[i], NULL, 0, NULL, 0, &cap, why) != AMB_OK) {
            wrong(c, "%s: %s", types[i].name, why);
            break;
        }
        rights_and_life(c, vm, names[i], i);
        const char *all[64];
        uint32_t count = 0;
        for (uint32_t k = 0; k < p->nrights && count < 64; k++)
            if (table_right(p, k)->bit & types[i].all) all[count++] = table_right(p, k)->name;
        if (amb_grant(vm, p->iface, names[i], NULL, 0, all, count, &cap, why) != AMB_OK) continue;
        for (uint32_t k = 0; k < nops; k++)
            if (ops[k].restype == types[i].id) wrong_arguments(c, vm, cap, &ops[k]);
    }
    amb_scope_close(vm, scope);
    amb_vm_free(vm);
    free(ops);
    free(types);
}

/* --- rules -------------------------------------------------------------------------- */

static void print_indented(const char *s)
{
    int lines = 0;
    for (; *s && lines < 30; lines++) {
        size_t n = strcspn(s, "\n");
        text t = {0};
        text_shown(&t, s, n);
        printf("        %s\n", t.p ? t.p : "");
        text_free(&t);
        s += n + (s[n] == '\n');
    }
    if (*s) printf("        ...\n");
}

static void verdict(check *c, const char *rule, bool good, const char *said)
{
    printf("%s  %s\n", good ? "ok  " : "FAIL", rule);
    if (!good) print_indented(said);
    if (good) c->passed++;
    else c->failed++;
    fflush(stdout);
}

static void remove_all(const char *dir)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", dir, (char *)NULL);
        _exit(127);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
}

static void take(FILE *f, char **said)
{
    size_t len = 0;
    rewind(f);
    char *all = read_file(dup(fileno(f)), 1 << 20, &len);
    *said = all ? all : must(strdup(""));
    fclose(f);
}

/* What a child process does in an empty directory, and what it said. Gives its wait status; *said: malloc'ed. errors:
 * NULL, or gets what it said on standard error. */
static int apart(check *c, void (*run)(check *c, void *ud), void *ud, char **said, char **errors)
{
    char dir[] = "/tmp/ambit-check-XXXXXX";
    FILE *out = tmpfile(), *err = errors ? tmpfile() : out;
    if (!out || !err || !mkdtemp(dir)) {
        fprintf(stderr, "ambit provider check: cannot make a temporary directory: %s\n", strerror(errno));
        exit(EXIT_INTERNAL);
    }
    c->doing[0] = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY);
        if (chdir(dir) || dup2(fileno(out), 1) < 0 || dup2(fileno(err), 2) < 0 || dup2(null, 0) < 0) _exit(126);
        setpgid(0, 0);
        alarm(RULE_SECONDS);
        run(c, ud);
        fflush(NULL);
        exit(c->problems ? 1 : 0);
    }
    int status = 1;
    if (pid < 0) must(NULL);
    setpgid(pid, pid);
    waitpid(pid, &status, 0);
    kill(-pid, SIGKILL); /* whatever it started */
    take(out, said);
    if (errors) take(err, errors);
    remove_all(dir);
    return status;
}

typedef struct rule_def {
    const char *name;
    void (*look)(check *c);
} rule_def;

static void run_rule(check *c, void *ud)
{
    const rule_def *r = ud;
    char why[256];
    amb_status st;
    c->vm = amb_vm_new(NULL, &st);
    if (!c->vm) must(NULL);
    if (amb_provider_load(c->vm, c->path, why) != AMB_OK) {
        wrong(c, "%s", why);
        return;
    }
    c->p = amb_provider_at(c->vm, 0);
    if (r->look) r->look(c);
    amb_vm_free(c->vm);
}

static void rule(check *c, const rule_def *r)
{
    char *said;
    int status = apart(c, run_rule, (void *)(uintptr_t)r, &said, NULL);
    text t = {0};
    text_str(&t, said);
    if (WIFSIGNALED(status)) {
        bool late = WTERMSIG(status) == SIGALRM;
        if (late) text_printf(&t, "it did not end within %d seconds", RULE_SECONDS);
        else text_printf(&t, "it crashed (%s)", strsignal(WTERMSIG(status)));
        if (c->doing[0]) text_printf(&t, ", in %s", c->doing);
        text_str(&t, "\n");
    }
    verdict(c, r->name, WIFEXITED(status) && WEXITSTATUS(status) == 0, t.p ? t.p : "");
    text_free(&t);
    free(said);
}

/* --- scripts ------------------------------------------------------------------------ */

typedef struct run {
    const char *mode; /* or NULL */
    char **flags;
} run;

static void run_script(check *c, void *ud)
{
    const run *r = ud;
    char *argv[64], provider[PATH_MAX + 16];
    int n = 0;
    snprintf(provider, sizeof provider, "--provider=%s", c->path);
    argv[n++] = c->self;
    argv[n++] = provider;
    if (r->mode) argv[n++] = (char *)(uintptr_t)r->mode;
    for (char **f = r->flags; *f && n < 60; f++) argv[n++] = *f;
    argv[n++] = c->script;
    argv[n] = NULL;
    execv(c->self, argv);
    wrong(c, "cannot run %s: %s", c->self, strerror(errno));
}

static char *whole(const char *path)
{
    size_t len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *s = fd >= 0 ? read_file(fd, 1 << 20, &len) : NULL;
    if (fd >= 0) close(fd);
    return s;
}

/* The words of a line `# flags: ...`; -y when there is none. */
static char **flags_of(const char *script)
{
    char **all = must(calloc(40, sizeof *all)), *word, *state = NULL;
    int n = 0;
    char *s = whole(script), *line = s ? strstr(s, "# flags: ") : NULL;
    if (line) {
        line += 9;
        line[strcspn(line, "\n")] = 0;
        for (word = strtok_r(line, " ", &state); word && n < 38; word = strtok_r(NULL, " ", &state))
            all[n++] = must(word[0] == '\'' ? strndup(word + 1, strcspn(word + 1, "'")) : strdup(word));
    } else {
        all[n++] = must(strdup("-y"));
    }
    free(s);
    return all;
}

/* One run. wanted: what it is to print, NULL: whatever it prints; *printed: that. */
static bool one_run(check *c, const char *name, const run *r, const char *wanted, int status, char **printed)
{
    char *errors;
    int got = apart(c, run_script, (void *)(uintptr_t)r, printed, &errors);
    bool good = got == status && (!wanted || strcmp(wanted, *printed) == 0);
    text t = {0};
    text_str(&t, *printed);
    text_str(&t, errors);
    if (WIFSIGNALED(got)) text_printf(&t, "it ended by a signal: %s\n", strsignal(WTERMSIG(got)));
    else if (got != status) text_printf(&t, "it ended with status %d\n", WEXITSTATUS(got));
    else if (!good) text_printf(&t, "that is not what it prints undisturbed, or in the .out file\n");
    verdict(c, name, good, t.p);
    text_free(&t);
    free(errors);
    return good;
}

/* What the script does when nothing is disturbed, and then the same through frames and in disorder. */
static void scripts(check *c)
{
    char **flags = flags_of(c->script), *plain, *again, seed[32], name[64], expected[PATH_MAX + 4];
    run r = {.flags = flags};
    size_t n = strlen(c->script);
    snprintf(expected, sizeof expected, "%s", c->script);
    if (n > 4 && strcmp(c->script + n - 4, ".amb") == 0) snprintf(expected + n - 4, 8, ".out");
    char *wanted = strcmp(expected, c->script) != 0 ? whole(expected) : NULL;
    bool good = one_run(c, "script", &r, wanted, 0, &plain);
    for (int i = 0; i <= SEEDS && good; i++) {
        snprintf(seed, sizeof seed, "--chaos=%d", i);
        r.mode = i ? seed : "--wire";
        snprintf(name, sizeof name, "script %s", r.mode);
        one_run(c, name, &r, plain, 0, &again);
        free(again);
    }
    for (char **f = flags; *f; f++) free(*f);
    free(flags);
    free(wanted);
    free(plain);
}

/* --- the command -------------------------------------------------------------------- */

static int misused(const char *what, const char *word)
{
    text t = {0};
    text_printf(&t, "ambit provider check: %s", what);
    text_shown(&t, word, strlen(word));
    text_str(&t, "\n");
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return EXIT_USAGE;
}

/* "db(:memory:, 3)" */
static bool read_given(check *c, kit_given *g, const char *s)
{
    size_t n = strcspn(s, "(");
    const char *close = strrchr(s, ')');
    if (!n || n >= sizeof g->name || (s[n] && (!close || close[1]))) return false;
    snprintf(g->name, sizeof g->name, "%.*s", (int)n, s);
    g->n = 0;
    if (!s[n]) return true;
    for (const char *p = s + n + 1; p < close && g->n < 8;) {
        p += strspn(p, " ");
        size_t k = strcspn(p, ",");
        if (p + k > close) k = (size_t)(close - p);
        char *word = must(strndup(p, k)), *rest;
        while (k && word[k - 1] == ' ') word[--k] = 0;
        amb_arg *a = &g->args[g->n++];
        c->words[c->nwords++] = word; /* there is room for all arguments */
        errno = 0;
        long long whole = strtoll(word, &rest, 10);
        if (*word && !*rest && !errno) *a = kit_int(whole);
        else {
            double d = strtod(word, &rest);
            bool number = *word && !*rest && strpbrk(word, "0123456789");
            *a = number ? kit_float(d) : kit_str(word);
        }
        p += strcspn(p, ",");
        p += *p == ',';
    }
    return true;
}

static int check_all(check *c, int argc, char **argv)
{
    static const rule_def rules[] = {
        {"table: it is right and the provider starts", NULL},
        {"style: names, descriptions and rights hang together", rule_style},
        {"start and stop, again and beside each other", rule_start_stop},
        {"gate: wrong arguments, missing rights and closed handles stop there", rule_gate},
        {"operations: ordinary and extreme arguments", rule_operations},
        {"no memory", rule_no_memory},
        {"no handles", rule_no_handles},
        {"no tickets", rule_no_tickets},
        {"no watches", rule_no_watches},
        {"no timers", rule_no_timers},
        {"loans that have ended", rule_loans_end},
        {"answers that come too late", rule_too_late},
        {"cancelling: before, while it waits, and after", rule_cancelling},
        {"closing and stopping while calls wait", rule_closing},
        {"nothing stays behind", rule_nothing_left},
    };
    char self[PATH_MAX];
    const char *path = NULL, *script = NULL;
    for (int i = 0; i < argc; i++) {
        const char *w = argv[i];
        if (strcmp(w, "--script") == 0 && i + 1 < argc) script = argv[++i];
        else if (strcmp(w, "--make") == 0 && i + 1 < argc) {
            if (c->ngiven == GIVEN || !read_given(c, &c->given[c->ngiven], argv[++i]))
                return misused("--make takes NAME(ARGUMENTS), not ", argv[i]);
            c->ngiven++;
        } else if (strcmp(w, "--without") == 0 && i + 1 < argc && c->nwithout < 8) c->without[c->nwithout++] = argv[++i];
        else if (w[0] == '-') return misused("no such option, or no value behind it: ", w);
        else if (path) return misused("one file at a time, not also ", w);
        else path = w;
    }
    if (!path) return misused("which file?", "");
    if (!realpath(path, c->path)) return misused("cannot find ", path);
    if (script && !realpath(script, c->script)) return misused("cannot find ", script);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return misused("cannot find this program", "");
    self[n] = 0;
    c->self = self;
    c->doing = mmap(NULL, DOING, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c->doing == MAP_FAILED) must(NULL);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        rule(c, &rules[i]);
        if (i == 0 && c->failed) break; /* nothing else could be looked at */
    }
    if (script && !(c->failed && c->passed == 0)) scripts(c);
    printf("%u passed, %u failed\n", c->passed, c->failed);
    munmap(c->doing, DOING);
    return c->failed ? EXIT_ERROR : EXIT_OK;
}

int provider_check(const cli_options *o, int argc, char **argv)
{
    check *c = must(calloc(1, sizeof *c));
    (void)o;
    int status = check_all(c, argc, argv);
    for (uint32_t i = 0; i < c->nwords; i++) free(c->words[i]);
    free(c);
    return status;
}
