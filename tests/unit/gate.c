/* SPDX-License-Identifier: MIT */
/* The gate and the first providers, without a script: rows, rights, streams, confinement.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api.h"
#include "gate.h"
#include "host.h"

extern const amb_provider amb_provider_fs, amb_provider_console, amb_provider_clock;

static amb_vm *vm;
static ambv root;

static void open_vm(void)
{
    vm = ambapi_new(NULL, NULL);
    cr_assert_not_null(vm);
    cr_assert_eq(amb_provider_add(vm, &amb_provider_fs), AMB_OK);
    cr_assert_eq(amb_provider_add(vm, &amb_provider_console), AMB_OK);
    cr_assert_eq(amb_provider_add(vm, &amb_provider_clock), AMB_OK);
    static const char *const full[] = {"full"};
    amb_scope_open(vm);
    amb_value out;
    char why[256];
    cr_assert_eq(amb_grant(vm, "fs", "temp", NULL, 0, full, 1, &out, why), AMB_OK, "%s",
                 why);
    root = ambhost_value(vm, out);
}
static void close_vm(void) { amb_vm_free(vm); }

TestSuite(gate, .init = open_vm, .fini = close_vm);

static ambv str(const char *s) { return ambv_obj(ambstr_cstr(vm, s)); }

static amb_status call(ambv cap, const char *name, ambv a, ambv b, ambv *out)
{
    ambv args[2] = {a, b};
    uint32_t n = b.tag != TAG_UNDEF ? 2 : a.tag != TAG_UNDEF ? 1 : 0;
    return ambgate_invoke(vm, cap, ambstr_intern(vm, name, strlen(name)), args, n, out);
}
#define NONE ambv_undef()

static ambv must_call(ambv cap, const char *name, ambv a, ambv b)
{
    ambv out = ambv_nil();
    amb_status st = call(cap, name, a, b, &out);
    if (st == AMB_E_THROW) {
        ambv m = ambinst_get(vm->exc.inst, 0);
        cr_assert_fail("%s: %.*s", name, (int)m.str->len, m.str->data);
    }
    cr_assert_eq(st, AMB_OK, "%s: %d", name, st);
    return out;
}

/* The class of the pending error, which is taken. */
static const char *thrown(amb_status st)
{
    if (st != AMB_E_THROW) return "(nothing)";
    const char *name = vm->classes[vm->exc.inst->h.aux32]->name->data;
    vm->exc = ambv_undef();
    return name;
}

static bool is(ambv v, const char *s)
{
    size_t n = strlen(s);
    if (v.tag == TAG_STRING) return v.str->len == n && memcmp(v.str->data, s, n) == 0;
    return v.tag == TAG_BYTES && v.bytes->len == n &&
           (!n || memcmp(v.bytes->block->data, s, n) == 0);
}

Test(gate, whole_files)
{
    must_call(root, "write_text", str("a.txt"), str("hello"));
    cr_assert(is(must_call(root, "read_text", str("a.txt"), NONE), "hello"));
    must_call(root, "write_text", str("a.txt"), str("other"));
    cr_assert(is(must_call(root, "read_bytes", str("a.txt"), NONE), "other"));
    must_call(root, "copy", str("a.txt"), str("b.txt"));
    must_call(root, "mkdir", str("x/y/z"), ambv_bool(true));
    must_call(root, "rename", str("b.txt"), str("x/y/b.txt"));
    cr_assert_eq(must_call(root, "exists", str("x/y/b.txt"), NONE).tag, TAG_TRUE);
    cr_assert_eq(must_call(root, "exists", str("b.txt"), NONE).tag, TAG_FALSE);
    ambv list = must_call(root, "list", NONE, NONE);
    cr_assert_eq(list.list->len, 2);
    ambv first = amblist_at(list.list, 0);
    cr_assert_eq(first.tag, TAG_TUPLE);
    cr_assert(is(first.tuple->vals[0], "a.txt"));
    cr_assert(is(first.tuple->vals[2], "file"));
    cr_assert_eq(first.tuple->vals[3].i, 5);
    ambv found = must_call(root, "glob", str("**/*.txt"), NONE);
    cr_assert_eq(found.list->len, 2);
    must_call(root, "remove", str("x"), ambv_bool(true));
    must_call(root, "remove", str("a.txt"), NONE);
    cr_assert_eq(must_call(root, "list", NONE, NONE).list->len, 0);
}

Test(gate, names_that_exist)
{
    ambv out;
    must_call(root, "write_text", str("a"), str("1"));
    must_call(root, "write_text", str("b"), str("2"));
    cr_assert_str_eq(thrown(call(root, "rename", str("a"), str("b"), &out)), "IOError");
    cr_assert_str_eq(thrown(call(root, "create", str("a"), NONE, &out)), "IOError");
    cr_assert_str_eq(thrown(call(root, "mkdir", str("a"), NONE, &out)), "IOError");
    must_call(root, "replace", str("a"), str("b"));
    cr_assert(is(must_call(root, "read_text", str("b"), NONE), "1"));
    cr_assert_str_eq(thrown(call(root, "read_text", str("a"), NONE, &out)), "IOError");
}

Test(gate, nothing_outside)
{
    ambv out;
    must_call(root, "mkdir", str("in"), NONE);
    ambv in = must_call(root, "sub", str("in"), NONE);
    must_call(root, "write_text", str("secret"), str("s"));
    ambrow *r = ambhandle_peek(vm, root);
    /* A link inside that leads out. */
    int fd = *(int *)r->res->res;
    cr_assert_eq(symlinkat("../secret", fd, "in/link"), 0);
    cr_assert_eq(symlinkat("/etc", fd, "in/etc"), 0);
    static const char *const out_paths[] = {"../secret",         "/etc/passwd",    "link",
                                            "etc/passwd",        "x/../../secret", "..",
                                            "in/../../../secret"};
    for (size_t i = 0; i < sizeof out_paths / sizeof *out_paths; i++) {
        static const char *const ops[] = {"read_text", "open", "stat", "sub", "edit"};
        for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
            amb_status st = call(in, ops[k], str(out_paths[i]), NONE, &out);
            cr_assert_eq(st, AMB_E_THROW, "%s %s", ops[k], out_paths[i]);
            vm->exc = ambv_undef();
        }
        cr_assert_eq(must_call(in, "exists", str(out_paths[i]), NONE).tag, TAG_FALSE);
    }
    cr_assert_str_eq(thrown(call(in, "read_text", str("../secret"), NONE, &out)),
                     "CapabilityError");
    cr_assert_str_eq(thrown(call(in, "read_text", str("../missing"), NONE, &out)),
                     "CapabilityError");
    cr_assert_str_eq(thrown(call(in, "remove", str("../secret"), NONE, &out)),
                     "CapabilityError");
    cr_assert_str_eq(thrown(call(in, "write_text", str("../new"), str("x"), &out)),
                     "CapabilityError");
    cr_assert_str_eq(thrown(call(in, "write_text", str("etc/new"), str("x"), &out)),
                     "CapabilityError");
    cr_assert_str_eq(thrown(call(in, "rename", str("link"), str("../l"), &out)),
                     "CapabilityError");
    /* Removing the link itself is inside. */
    must_call(in, "remove", str("link"), NONE);
    cr_assert(is(must_call(root, "read_text", str("secret"), NONE), "s"));
}

Test(gate, lines_and_reads_follow_each_other)
{
    must_call(root, "write_text", str("t"), str("one\r\ntwo\n\nfour;five\nrest"));
    ambv f = must_call(root, "open", str("t"), NONE), line;
    cr_assert(is(must_call(f, "read_line", NONE, NONE), "one"));
    ambv lines = must_call(f, "lines", NONE, NONE);
    cr_assert_eq(ambgate_next(vm, lines, &line), AMB_OK);
    cr_assert(is(line, "two"));
    cr_assert_eq(ambgate_next(vm, lines, &line), AMB_OK);
    cr_assert(is(line, ""));
    cr_assert(is(must_call(f, "read_until", str(";"), NONE), "four"));
    cr_assert(is(must_call(f, "read_exact", ambv_int(2), NONE), "fi"));
    cr_assert_eq(must_call(f, "tell", NONE, NONE).i, 17);
    cr_assert_eq(must_call(f, "seek", ambv_int(5), NONE).i, 5);
    cr_assert_eq(ambgate_next(vm, lines, &line), AMB_OK);
    cr_assert(is(line, "two"));
    cr_assert(is(must_call(f, "read_text", NONE, NONE), "\nfour;five\nrest"));
    cr_assert_eq(must_call(f, "read", NONE, NONE).tag, TAG_NIL);
    cr_assert_eq(ambgate_next(vm, lines, &line), AMB_OK);
    cr_assert_eq(line.tag, TAG_DONE);
    /* The end of lines() closes the file. */
    cr_assert_null(ambhandle_peek(vm, f));
    ambv out;
    cr_assert_str_eq(thrown(call(f, "read", NONE, NONE, &out)), "StateError");
    must_call(f, "close", NONE, NONE);
}

Test(gate, rights_only_shrink)
{
    ambv out, view;
    must_call(root, "write_text", str("t"), str("x"));
    ambrow *r = ambhandle_peek(vm, root);
    cr_assert_eq(ambhandle_derive(vm, r, ROW_CAP, 1 /* read */, &view), AMB_OK);
    cr_assert(is(must_call(view, "read_text", str("t"), NONE), "x"));
    cr_assert_str_eq(thrown(call(view, "write_text", str("t"), str("y"), &out)),
                     "CapabilityError");
    cr_assert_str_eq(thrown(call(view, "remove", str("t"), NONE, &out)),
                     "CapabilityError");
    ambv f = must_call(view, "open", str("t"), NONE);
    cr_assert_str_eq(thrown(call(f, "write", str("y"), NONE, &out)), "CapabilityError");
    must_call(root, "mkdir", str("d"), NONE);
    ambv d = must_call(view, "sub", str("d"), NONE);
    cr_assert_str_eq(thrown(call(d, "create", str("n"), NONE, &out)), "CapabilityError");
    /* Revoking the view ends what came from it, and only that. */
    ambhandle_revoke(vm, view.cap->slot);
    cr_assert_str_eq(thrown(call(f, "read", NONE, NONE, &out)), "CapabilityError");
    cr_assert_str_eq(thrown(call(d, "list", NONE, NONE, &out)), "CapabilityError");
    cr_assert(is(must_call(root, "read_text", str("t"), NONE), "x"));
}

Test(gate, arguments_are_checked)
{
    ambv out;
    cr_assert_str_eq(thrown(call(root, "open", ambv_int(3), NONE, &out)), "TypeError");
    cr_assert_str_eq(thrown(call(root, "open", NONE, NONE, &out)), "TypeError");
    cr_assert_str_eq(thrown(call(root, "open", str("a"), str("b"), &out)), "TypeError");
    cr_assert_str_eq(thrown(call(root, "nonsense", NONE, NONE, &out)), "NameError");
    cr_assert_str_eq(thrown(call(root, "read_into", NONE, NONE, &out)), "NameError");
    ambv zero = ambv_obj(ambstr_new(vm, "a\0b", 3));
    cr_assert_str_eq(thrown(call(root, "read_text", zero, NONE, &out)), "IOError");
    char longer[5001];
    memset(longer, 'a', 5000);
    longer[5000] = 0;
    cr_assert_str_eq(thrown(call(root, "read_text", str(longer), NONE, &out)), "IOError");
    vm->gate_closed = true;
    cr_assert_str_eq(thrown(call(root, "list", NONE, NONE, &out)), "StateError");
}

Test(gate, writes)
{
    ambv f = must_call(root, "create", str("w"), NONE);
    must_call(f, "write", str("hello "), NONE);
    must_call(f, "write", ambv_obj(ambbytes_new(vm, "world", 5)), NONE);
    must_call(f, "seek", ambv_int(0), NONE);
    cr_assert(is(must_call(f, "read_all", NONE, NONE), "hello world"));
    must_call(f, "write_at", ambv_int(0), str("J"));
    must_call(f, "truncate", ambv_int(5), NONE);
    must_call(f, "close", NONE, NONE);
    ambv a = must_call(root, "append", str("w"), NONE);
    must_call(a, "write", str("!"), NONE);
    cr_assert(is(must_call(root, "read_text", str("w"), NONE), "Jello!"));
}

Test(gate, a_pipe_in_a_directory_is_no_file)
{
    ambv out;
    cr_assert_eq(mkfifoat(*(int *)ambhandle_peek(vm, root)->res->res, "p", 0600), 0);
    cr_assert_str_eq(thrown(call(root, "open", str("p"), NONE, &out)), "IOError");
    cr_assert_str_eq(thrown(call(root, "write_text", str("p"), str("x"), &out)),
                     "IOError");
}

Test(gate, quotas)
{
    ambv view, out;
    must_call(root, "write_text", str("t"), str("x"));
    cr_assert_eq(
        ambhandle_derive(vm, ambhandle_peek(vm, root), ROW_CAP, ~(amb_rights)0, &view),
        AMB_OK);
    ambhandle_peek(vm, view)->calls = 2;
    must_call(view, "exists", str("t"), NONE);
    ambv second;
    cr_assert_eq(
        ambhandle_derive(vm, ambhandle_peek(vm, view), ROW_CAP, ~(amb_rights)0, &second),
        AMB_OK);
    must_call(second, "exists", str("t"), NONE);
    cr_assert_str_eq(thrown(call(view, "exists", str("t"), NONE, &out)), "LimitError");
}

Test(gate, walk_in_order)
{
    static const char *const names[] = {"b/c", "b/a", "a"};
    must_call(root, "mkdir", str("b"), NONE);
    for (int i = 0; i < 3; i++) must_call(root, "write_text", str(names[i]), str(""));
    ambv w = must_call(root, "walk", NONE, NONE), e;
    static const char *const want[] = {"a", "b", "b/a", "b/c"};
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(ambgate_next(vm, w, &e), AMB_OK);
        cr_assert(is(e.tuple->vals[1], want[i]));
    }
    cr_assert_eq(ambgate_next(vm, w, &e), AMB_OK);
    cr_assert_eq(e.tag, TAG_DONE);
}

Test(gate, long_files_by_lines)
{
    ambv f = must_call(root, "create", str("big"), NONE);
    char block[8192];
    for (int i = 0; i < 300; i++) {
        size_t n = 0;
        while (n + 40 < sizeof block)
            n += (size_t)sprintf(block + n, "line %d of some length\n", i);
        must_call(f, "write", ambv_obj(ambstr_new(vm, block, n)), NONE);
    }
    ambv in = must_call(root, "open", str("big"), NONE);
    ambv lines = must_call(in, "lines", NONE, NONE), line;
    long count = 0, bytes = 0;
    while (ambgate_next(vm, lines, &line) == AMB_OK && line.tag == TAG_STRING) {
        count++;
        bytes += line.str->len + 1;
    }
    cr_assert_eq(bytes, must_call(f, "stat", NONE, NONE).tuple->vals[3].i);
    cr_assert_gt(count, 1000);
}

Test(gate, grants_name_what_is_wrong)
{
    amb_value out, arg;
    char why[256];
    static const char *const odd[] = {"fly"};
    amb_string_new(vm, "/nonexistent/dir", 16, &arg);
    cr_assert_eq(amb_grant(vm, "net", "tcp", NULL, 0, NULL, 0, &out, why), AMB_E_ARG);
    cr_assert_eq(amb_grant(vm, "fs", "tcp", NULL, 0, NULL, 0, &out, why), AMB_E_ARG);
    cr_assert_eq(amb_grant(vm, "fs", "dir", &arg, 1, odd, 1, &out, why), AMB_E_ARG);
    cr_assert_eq(amb_grant(vm, "fs", "dir", NULL, 0, NULL, 0, &out, why), AMB_E_ARG);
    cr_assert_eq(amb_grant(vm, "fs", "dir", &arg, 1, NULL, 0, &out, why), AMB_E_IO);
    cr_assert(strstr(why, "No such file") != NULL, "%s", why);
    cr_assert_eq(amb_grant(vm, "clock", "clock", NULL, 0, NULL, 0, &out, why), AMB_OK);
    cr_assert_gt(must_call(ambhost_value(vm, out), "now", NONE, NONE).f, 1e9);
}

/* --- every allocation fails once ------------------------------------------------------ */

typedef struct faulty {
    long left, live;
} faulty;

static void *faulty_alloc(void *ud, void *p, size_t old, size_t size, size_t align)
{
    faulty *f = ud;
    if (size == 0) {
        if (p) f->live -= (long)old;
        free(p);
        return NULL;
    }
    if (f->left >= 0 && f->left-- == 0) return NULL;
    void *q = aligned_alloc(align < 16 ? 16 : align, (size + align) / align * align);
    if (!q) return NULL;
    if (p) {
        memcpy(q, p, old < size ? old : size);
        free(p);
        f->live -= (long)old;
    }
    f->live += (long)size;
    return q;
}

/* Tries once more where the interpreter would have collected. */
static amb_status try_call(amb_vm *m, ambv cap, const char *name, const char *a,
                           const char *b, ambv *out)
{
    amb_status st = AMB_E_NOMEM;
    for (int i = 0; i < 2 && st != AMB_OK && st != AMB_E_THROW; i++) {
        m->failed = AMB_OK;
        amb_string *op = ambstr_intern(m, name, strlen(name));
        amb_string *s = a ? ambstr_cstr(m, a) : NULL, *t = b ? ambstr_cstr(m, b) : NULL;
        if (!op || (a && !s) || (b && !t)) continue;
        ambv args[2] = {a ? ambv_obj(s) : ambv_nil(), b ? ambv_obj(t) : ambv_nil()};
        st = ambgate_invoke(m, cap, op, args, b ? 2 : a ? 1 : 0, out);
    }
    m->exc = ambv_undef();
    m->failed = AMB_OK;
    return st;
}

Test(gate_memory, no_allocation_is_taken_for_granted)
{
    long n = 0;
    for (bool done = false; !done; n++) {
        faulty f = {.left = -1};
        amb_config c = {.size = sizeof c, .alloc = faulty_alloc, .alloc_ud = &f, .seed = 1};
        amb_vm *m = ambapi_new(&c, NULL);
        cr_assert_not_null(m);
        amb_scope_open(m);
        f.left = n;
        amb_value cap;
        char why[256];
        static const char *const full[] = {"full"};
        amb_status st = amb_provider_add(m, &amb_provider_fs);
        if (st == AMB_OK) st = amb_grant(m, "fs", "temp", NULL, 0, full, 1, &cap, why);
        if (st == AMB_OK) {
            ambv dir = ambhost_value(m, cap), file, lines, line, ignored;
            try_call(m, dir, "write_text", "a", "one\ntwo\n", &ignored);
            try_call(m, dir, "mkdir", "d", NULL, &ignored);
            try_call(m, dir, "list", NULL, NULL, &ignored);
            try_call(m, dir, "glob", "*", NULL, &ignored);
            try_call(m, dir, "read_text", "a", NULL, &ignored);
            if (try_call(m, dir, "open", "a", NULL, &file) == AMB_OK &&
                try_call(m, file, "lines", NULL, NULL, &lines) == AMB_OK)
                while (ambgate_next(m, lines, &line) == AMB_OK && line.tag == TAG_STRING) {}
            if (try_call(m, dir, "walk", NULL, NULL, &lines) == AMB_OK)
                while (ambgate_next(m, lines, &line) == AMB_OK && line.tag != TAG_DONE) {}
            m->exc = ambv_undef();
            try_call(m, dir, "missing", NULL, NULL, &ignored);
            try_call(m, dir, "read_text", "missing", NULL, &ignored);
        }
        done = f.left >= 0;
        f.left = -1;
        amb_vm_free(m);
        cr_assert_eq(f.live, 0, "%ld bytes kept after failure %ld", f.live, n);
    }
    cr_assert_gt(n, 5);
}
