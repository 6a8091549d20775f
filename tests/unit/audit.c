/* SPDX-License-Identifier: MIT */
/* Interposers at the gate: what they see, in which order, and that they can end a program. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "gate.h"

extern const amb_provider amb_provider_fs;

static amb_vm *vm;
static amb_value cap;

static amb_status quiet(void *ud, int fd, const char *s, size_t n)
{
    (void)ud, (void)fd, (void)s, (void)n;
    return AMB_OK;
}
static void ignore(void *ud, const char *s, size_t n) { (void)ud, (void)s, (void)n; }

static void open_vm(void)
{
    amb_config c = {.size = sizeof c, .output = quiet};
    char why[256];
    static const char *const some[] = {"read", "create"};
    vm = amb_vm_new(&c, NULL);
    cr_assert_not_null(vm);
    cr_assert_eq(amb_provider_add(vm, &amb_provider_fs), AMB_OK);
    amb_scope_open(vm);
    cr_assert_eq(amb_grant(vm, "fs", "temp", NULL, 0, some, 2, &cap, why), AMB_OK);
}

static void close_vm(void) { amb_vm_free(vm); }

static amb_status run(const char *body)
{
    char text[512];
    amb_script *s;
    int status;
    snprintf(text, sizeof text, "use fs.temp() as t\n%s", body);
    cr_assert_eq(amb_load(vm, "test", text, strlen(text), 0, ignore, NULL, &s), AMB_OK);
    return amb_run(vm, s, amb_nil(), &cap, &status);
}

typedef struct record {
    char log[512];
    amb_status answer;
    const char *name;
} record;

static void say(record *r, const char *what, const ambevent *e)
{
    size_t n = strlen(r->log);
    snprintf(r->log + n, sizeof r->log - n, "%s%s:%s ", r->name, what, e->name);
}
static amb_status before(void *ud, amb_vm *v, const ambevent *e)
{
    record *r = ud;
    (void)v;
    cr_assert_not_null(e->call);
    say(r, "+", e);
    *e->note = r;
    return r->answer;
}
static amb_status after(void *ud, amb_vm *v, const ambevent *e)
{
    (void)v;
    cr_assert_eq(*e->note, ud, "the note of this interposer, not of another");
    say(ud, e->status == AMB_OK ? "-" : "!", e);
    return AMB_OK;
}
static amb_status refused(void *ud, amb_vm *v, const ambevent *e)
{
    (void)v;
    cr_assert_null(e->call);
    cr_assert_not_null(e->why);
    say(ud, "?", e);
    return AMB_OK;
}
static void interpose(record *r)
{
    vm->gate->interposers[vm->gate->ninterposers++] =
        (ambinterposer){r, before, after, refused, NULL};
}

Test(audit, interposers_nest, .init = open_vm, .fini = close_vm)
{
    record a = {.name = "a"}, b = {.name = "b"};
    interpose(&a);
    interpose(&b);
    cr_expect_eq(run("t.mkdir(\"d\")\ntry { t.remove(\"d\") } catch e { }"), AMB_OK);
    cr_expect_str_eq(a.log, "a+:mkdir a-:mkdir a?:remove ");
    cr_expect_str_eq(b.log, "b+:mkdir b-:mkdir b?:remove ");
}

Test(audit, one_that_refuses_keeps_the_provider_out, .init = open_vm, .fini = close_vm)
{
    record a = {.name = "a"}, b = {.name = "b", .answer = AMB_E_RIGHTS}, c = {.name = "c"};
    interpose(&a);
    interpose(&b);
    interpose(&c);
    cr_expect_eq(run("t.mkdir(\"d\")"), AMB_E_THROW);
    cr_expect_str_eq(a.log, "a+:mkdir a!:mkdir ", "who saw it begin sees how it ends");
    cr_expect_str_eq(b.log, "b+:mkdir b!:mkdir ");
    cr_expect_str_eq(c.log, "");
    b.answer = AMB_OK;
    cr_expect_eq(run("if t.exists(\"d\") { throw \"made\" }"), AMB_OK);
}

static uint32_t begun;
static uint64_t last_root;
static char last_path[128];
static void observe(void *ud, const amb_event *e)
{
    (void)ud;
    begun++;
    if (e->root) last_root = e->root;
    snprintf(last_path, sizeof last_path, "%s|%s", e->beneath, e->path ? e->path : "");
}

Test(audit, observers_are_told_the_way_from_the_root, .init = open_vm, .fini = close_vm)
{
    cr_assert_eq(amb_observe(vm, observe, NULL), AMB_OK);
    cr_expect_eq(run("import cap\nt.mkdir(\"a/b\", parents: true)\n"
                     "let part = cap.only(cap.derive(t.sub(\"a\")), \"read\")\n"
                     "let deep = part.sub(\"b\")\npart.close()\ndeep.list(\".\")"),
                 AMB_OK);
    cr_expect_eq(begun, 4);
    cr_expect_eq(last_root, amb_capability_id(vm, cap));
    cr_expect_str_eq(last_path, "a/b|.");
}

Test(audit, lines_and_the_end_when_there_are_none, .init = open_vm, .fini = close_vm)
{
    int ends[2];
    char line[4096];
    cr_assert_eq(pipe(ends), 0);
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(amb_audit(vm, ends[1]), AMB_OK);
    cr_expect_eq(run("t.mkdir(\"d\")\ntry { t.remove(\"d\") } catch e { }"), AMB_OK);
    ssize_t n = read(ends[0], line, sizeof line - 1);
    cr_assert(n > 0);
    line[n] = 0;
    cr_expect(strstr(line, "\"module\": \"test\", \"line\": 2, \"provider\": \"fs\""));
    cr_expect(strstr(line, "\"operation\": \"mkdir\", \"args\": [\"d\", null], \"verdict\": "
                           "\"allowed\""));
    cr_expect(strstr(line, "\"why\": \"missing right: remove\"}\n"));
    close(ends[0]);
    cr_expect_eq(run("var i = 0\nloop { try { t.list(); i += 1 } catch e { } finally { i += 1 } }"),
                 AMB_E_LIMIT, "no handler keeps it going");
    cr_expect_eq(run("try { t.remove(\"d\") } catch e { }"), AMB_E_LIMIT,
                 "refusals are recorded or the end, too");
}
