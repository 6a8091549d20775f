/* SPDX-License-Identifier: MIT */
/* A host program against the installed library: limits, a capability, two machines side
 * by side. */
#include <signal.h>
#include <unistd.h>

#include "check.h"

static amb_status run(amb_vm *vm, const char *source, amb_value *caps, int *status,
                      sink *said)
{
    amb_script *script;
    amb_status st =
        amb_load(vm, "host", source, strlen(source), 0, collect, said, &script);
    return st ? st : amb_run(vm, script, amb_nil(), caps, status);
}

/* Output that notes which functions are running while it is written. */
static amb_vm *watched;
static amb_frame frames[8];
static uint32_t nframes;
static int cut;
static amb_status watch(void *ud, int fd, const char *s, size_t n)
{
    if (s) nframes = amb_sample(watched, frames, 8, &cut);
    return output(ud, fd, s, n);
}

static void samples(void)
{
    sink out = {0}, said = {0};
    static const char nested[] = "fn f(n) {\n  if n == 0 { print(n) } else { f(n - 1) }\n"
                                 "  return n\n}\nclass A {\n  fn m() { f(0); return 1 }\n}\n"
                                 "fn g() { yield A().m() }\n";
    static const char *const expected[] = {"print (native)", "f (host:1)", "m (host:6)",
                                           "g (host:8)", "host"};
    static const int kinds[] = {AMB_FRAME_NATIVE, AMB_FRAME_SCRIPT, AMB_FRAME_SCRIPT,
                                AMB_FRAME_SCRIPT, AMB_FRAME_SCRIPT};
    char source[400];
    int status;
    amb_config c = {.size = sizeof c, .output = watch, .output_ud = &out, .sampled = 1};
    watched = amb_vm_new(&c, NULL);
    snprintf(source, sizeof source, "%sfor x in g() { assert(x == 1) }", nested);
    CHECK(run(watched, source, NULL, &status, &said) == AMB_OK && !strcmp(out.text, "0\n"));
    CHECK(nframes == 5 && !cut);
    for (uint32_t i = 0; i < nframes && i < 5; i++) {
        sink name = {0};
        CHECK(amb_frame_text(watched, frames[i], collect, &name) == kinds[i]);
        CHECK(strcmp(name.text, expected[i]) == 0);
    }
    CHECK(amb_sample(watched, frames, 8, &cut) == 0); /* nothing runs any more */
    snprintf(source, sizeof source, "%sf(100)", nested);
    CHECK(run(watched, source, NULL, &status, &said) == AMB_OK);
    CHECK(nframes == 8 && cut);
    amb_vm_free(watched);
    c.sampled = 0;
    watched = amb_vm_new(&c, NULL);
    CHECK(run(watched, source, NULL, &status, &said) == AMB_OK && nframes == 0);
    amb_vm_free(watched);
}

/* An observer sees what begins and what is refused; the audit has a line for each. */
static uint32_t begun, refused;
static uint64_t last_root;
static void observe(void *ud, const amb_event *e)
{
    CHECK(ud == &begun && e->size >= sizeof *e && strcmp(e->iface, "fs") == 0);
    begun += e->status == AMB_OK;
    refused += e->status == AMB_E_RIGHTS && e->why && strstr(e->why, "write");
    if (e->root) last_root = e->root;
}

static void watching(const amb_config *c)
{
    sink said = {0};
    int status, ends[2];
    char why[256], line[4096];
    amb_value cap;
    static const char *const some[] = {"read", "create"};
    amb_vm *vm = amb_vm_new(c, NULL);
    CHECK(vm && pipe(ends) == 0);
    amb_scope_open(vm);
    CHECK(amb_provider_add(vm, &amb_provider_fs) == AMB_OK);
    CHECK(amb_observe(vm, observe, &begun) == AMB_OK);
    CHECK(amb_audit(vm, ends[1]) == AMB_OK);
    CHECK(amb_grant(vm, "fs", "temp", NULL, 0, some, 2, &cap, why) == AMB_OK);
    CHECK(amb_capability_id(vm, cap) != 0);
    CHECK(amb_capability_fd(vm, cap) >= 0);
    CHECK(run(vm, "use fs.temp() as t\nt.mkdir(\"a\")\nt.write_text(\"b\", \"c\")", &cap,
              &status, &said) == AMB_E_THROW);
    CHECK(begun == 2 && refused == 1 && last_root == amb_capability_id(vm, cap));
    ssize_t n = read(ends[0], line, sizeof line - 1);
    CHECK(n > 0);
    line[n > 0 ? n : 0] = 0;
    CHECK(strstr(line, "\"operation\": \"mkdir\", \"args\": [\"a\", null], \"verdict\": "
                       "\"allowed\""));
    CHECK(strstr(line, "\"verdict\": \"refused\", \"why\": \"missing right: write\"}\n"));
    /* Nobody can read what is written any more: the program does not go on. */
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    CHECK(run(vm, "use fs.temp() as t\nt.list()\nprint(1)", &cap, &status, &said) ==
          AMB_E_LIMIT);
    amb_revoke(vm, cap);
    CHECK(amb_capability_id(vm, cap) == 0 && amb_capability_fd(vm, cap) == -1);
    amb_vm_free(vm);
}

/* A host with a loop of its own: two machines wait at the same time, neither stops the other. */
static void pumped(void)
{
    static const char source[] =
        "use timer\n"
        "group { for i in 0..3 { spawn { timer.sleep(0.05 * (3 - i)); print(i) } } }\n"
        "exit(5)\n";
    amb_vm *vm[2];
    sink out[2], said = {0};
    memset(out, 0, sizeof out);
    int status[2] = {-1, -1}, running = 2, turns = 0;
    amb_status st[2];
    for (int i = 0; i < 2; i++) {
        amb_config c = {.size = sizeof c, .output = output, .output_ud = &out[i]};
        vm[i] = amb_vm_new(&c, NULL);
        amb_value cap;
        amb_script *script;
        amb_scope_open(vm[i]);
        CHECK(amb_pump(vm[i], 0, &status[i]) == AMB_E_STALE);
        CHECK(amb_provider_add(vm[i], &amb_provider_timer) == AMB_OK);
        CHECK(amb_load(vm[i], "host", source, strlen(source), 0, collect, &said, &script) == AMB_OK);
        CHECK(amb_grant(vm[i], "timer", "timer", NULL, 0, NULL, 0, &cap, NULL) == AMB_OK);
        st[i] = amb_start(vm[i], script, amb_nil(), &cap, &status[i]);
        CHECK(st[i] == AMB_PENDING);
        CHECK(amb_run(vm[i], script, amb_nil(), &cap, &status[i]) == AMB_E_BUSY);
        CHECK(amb_next_deadline(vm[i]) <= 150000000);
        CHECK(amb_poll_fd(vm[i]) >= 0);
    }
    while (running && turns++ < 10000) {
        uint64_t first = amb_next_deadline(vm[0]), second = amb_next_deadline(vm[1]);
        uint64_t least = st[0] != AMB_PENDING || second < first ? second : first;
        if (st[least == second] == AMB_PENDING && least < 1000000000) usleep((useconds_t)(least / 1000));
        for (int i = 0; i < 2; i++) {
            if (st[i] != AMB_PENDING) continue;
            st[i] = amb_pump(vm[i], 0, &status[i]);
            if (st[i] != AMB_PENDING) running--;
        }
    }
    for (int i = 0; i < 2; i++) {
        CHECK(st[i] == AMB_OK && status[i] == 5);
        CHECK(strcmp(out[i].text, "2\n1\n0\n") == 0);
        CHECK(amb_pump(vm[i], 0, &status[i]) == AMB_E_STALE);
        amb_vm_free(vm[i]);
    }
    /* What never waits is over at once; a program that fails while it is pumped says how. */
    amb_vm *v = amb_vm_new(NULL, NULL);
    amb_script *script;
    CHECK(amb_load(v, "host", "exit(3)", 7, 0, collect, &said, &script) == AMB_OK);
    CHECK(amb_start(v, script, amb_nil(), NULL, status) == AMB_OK && status[0] == 3);
    static const char bad[] = "sleep(0.001)\nthrow ValueError(\"late\")";
    CHECK(amb_load(v, "host", bad, strlen(bad), 0, collect, &said, &script) == AMB_OK);
    CHECK(amb_start(v, script, amb_nil(), NULL, status) == AMB_PENDING);
    CHECK(amb_pump(v, UINT64_MAX, status) == AMB_E_THROW);
    said.len = 0;
    amb_error_report(v, 0, collect, &said);
    CHECK(strstr(said.text, "ValueError: late"));
    /* Freed in the middle of it. */
    static const char endless[] = "spawn { sleep(100) }\nsleep(100)";
    CHECK(amb_load(v, "host", endless, strlen(endless), 0, collect, &said, &script) == AMB_OK);
    CHECK(amb_start(v, script, amb_nil(), NULL, status) == AMB_PENDING);
    amb_cancel(v);
    CHECK(amb_pump(v, UINT64_MAX, status) == AMB_E_CANCELED);
    CHECK(amb_start(v, script, amb_nil(), NULL, status) == AMB_PENDING);
    amb_vm_free(v);
}

int main(void)
{
    pumped();
    samples();
    sink out = {0}, other = {0}, said = {0};
    amb_config c = {.size = sizeof c,
                    .heap_bytes = 16 << 20,
                    .fuel = 1000000,
                    .output = output,
                    .output_ud = &out};
    amb_status why;
    int status = 0;
    amb_vm *vm = amb_vm_new(&c, &why);
    c.output_ud = &other;
    amb_vm *second = amb_vm_new(&c, &why);
    CHECK(vm && second);
    amb_scope_open(vm);

    CHECK(run(vm, "print(6 * 7)", NULL, &status, &said) == AMB_OK);
    CHECK(strcmp(out.text, "42\n") == 0 && other.len == 0);
    CHECK(run(second, "exit(5)", NULL, &status, &said) == AMB_OK && status == 5);

    /* Mistakes and errors are statuses with a report; the machine goes on. */
    CHECK(run(vm, "let = 3", NULL, &status, &said) == AMB_E_COMPILE && said.len > 0);
    said.len = 0;
    CHECK(run(vm, "throw ValueError(\"no\")", NULL, &status, &said) == AMB_E_THROW);
    amb_error_report(vm, 0, collect, &said);
    CHECK(strstr(said.text, "ValueError: no") != NULL);
    CHECK(run(vm, "loop { }", NULL, &status, &said) == AMB_E_LIMIT);
    CHECK(run(vm, "let l = []\nloop { l.push([l]) }", NULL, &status, &said) ==
          AMB_E_LIMIT);
    CHECK(run(vm, "print(1)", NULL, &status, &said) == AMB_OK);

    /* Compiled once, run often, each time from the start. */
    static const char again[] = "var n = 0\nfn up() { n += 1 }\nup()\nup()\nprint(n)\npub let last = n";
    amb_script *script;
    out.len = 0;
    CHECK(amb_load(vm, "again", again, strlen(again), 0, collect, &said, &script) == AMB_OK);
    for (int i = 0; i < 3; i++) {
        amb_value last;
        int64_t n;
        CHECK(amb_run(vm, script, amb_nil(), NULL, &status) == AMB_OK);
        CHECK(amb_script_get(script, "last", &last) == AMB_OK && amb_as_int(last, &n) && n == 2);
    }
    CHECK(strcmp(out.text, "2\n2\n2\n") == 0);
    amb_script_free(script);
    amb_value seven;
    CHECK(amb_load(vm, "value", "3 + 4", 5, AMB_LOAD_VALUE, collect, &said, &script) == AMB_OK);
    CHECK(amb_run(vm, script, amb_nil(), NULL, &status) == AMB_OK && status == 0);
    CHECK(amb_script_result(script, &seven) == AMB_OK && amb_same(seven, amb_int(7)));
    amb_script_free(script);

    /* Nothing is reachable that the host did not hand over. */
    amb_value cap;
    char text[256];
    static const char *const full[] = {"full"};
    CHECK(amb_grant(vm, "fs", "temp", NULL, 0, full, 1, &cap, text) == AMB_E_ARG);
    CHECK(amb_provider_add(vm, &amb_provider_fs) == AMB_OK);
    CHECK(amb_provider_find(vm, "fs") == &amb_provider_fs);
    CHECK(amb_grant(vm, "fs", "temp", NULL, 0, full, 1, &cap, text) == AMB_OK);
    const char *uses =
        "use fs.temp() as t\nt.write_text(\"a\", \"b\")\nprint(t.read_text(\"a\"))";
    out.len = 0;
    CHECK(run(vm, uses, &cap, &status, &said) == AMB_OK && strcmp(out.text, "b\n") == 0);
    amb_value part;
    static const char *const reads[] = {"read", "append"}, *const odd[] = {"fly"};
    CHECK(amb_attenuate(vm, cap, odd, 1, &part, text) == AMB_E_ARG && strstr(text, "no right 'fly'"));
    CHECK(amb_attenuate(vm, amb_int(1), reads, 1, &part, text) == AMB_E_STALE);
    CHECK(amb_attenuate(vm, cap, reads, 2, &part, text) == AMB_OK);
    CHECK(run(vm, uses, &part, &status, &said) == AMB_E_THROW);
    CHECK(run(vm, "use fs.temp() as t\nassert(t.read_text(\"a\") == \"b\")", &part, &status, &said) == AMB_OK);
    CHECK(amb_attenuate(vm, part, full, 1, &part, NULL) == AMB_OK); /* no more than there was */
    CHECK(run(vm, uses, &part, &status, &said) == AMB_E_THROW);
    amb_revoke(vm, cap);
    CHECK(run(vm, "use fs.temp() as t\nt.read_text(\"a\")", &part, &status, &said) == AMB_E_THROW);
    CHECK(amb_attenuate(vm, cap, reads, 1, &part, text) == AMB_E_STALE);
    CHECK(run(vm, uses, &cap, &status, &said) == AMB_E_THROW);

    watching(&c);

    amb_vm_free(second);
    amb_vm_free(vm);
    return SUMMARY();
}
