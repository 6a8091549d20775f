/* SPDX-License-Identifier: MIT */
/* The same program against every implementation of `fs`: what it prints must be the same. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ambit/ambit.h>
#include <ambit/spi.h>

extern const amb_provider amb_provider_fs, amb_provider_fs_memory;

static const char program[] =
    "fn say(what, f) {\n"
    "    try { print(what, f()) }\n"
    "    catch e: IOError { print(what, e.kind, e.code, e.path, e.message) }\n"
    "    catch e { print(what, type(e), e.message) }\n"
    "}\n"
    "fn tree() => t.glob(\"**\").map(e => \"${e.path} ${e.name} ${e.kind} ${e.kind == \"dir\" or e.size}\")\n"
    "use fs.temp() for full as t\n"
    /* whole files */
    "say(\"w\", fn() { t.write_text(\"a\", \"hello\"); return t.read_text(\"a\") })\n"
    "say(\"w2\", fn() { t.write_bytes(\"a\", b\"\\xff\\x00\"); return t.read_bytes(\"a\").len })\n"
    "say(\"text\", () => t.read_text(\"a\"))\n"
    "say(\"missing\", () => t.read_text(\"none\"))\n"
    "say(\"empty\", () => t.read_text(\"\"))\n"
    "say(\"dot\", () => t.read_text(\".\"))\n"
    "say(\"nul\", () => t.read_text(\"a\\0b\"))\n"
    "say(\"under a file\", () => t.read_text(\"a/b\"))\n"
    "say(\"slash\", () => t.read_text(\"a/\"))\n"
    "say(\"long\", () => t.read_text(\"x\".repeat(300)))\n"
    "say(\"longer\", () => t.read_text(\"x\".repeat(5000)))\n"
    /* outside */
    "for p in [\"..\", \"../a\", \"/proc/version\", \"d/../../a\", \"../none\", \"./../a\", \"d/..\", \"/\"] {\n"
    "    say(p, () => t.read_text(p)); say(p, () => t.write_text(p, \"x\")); say(p, () => t.exists(p))\n"
    "    say(p, () => t.remove(p)); say(p, () => t.mkdir(p)); say(p, () => t.sub(p).list().len)\n"
    "    say(p, () => t.rename(\"a\", p)); say(p, () => t.stat(p).kind); say(p, () => t.create(p))\n"
    "    say(p, () => t.append(p)); say(p, () => t.edit(p)); say(p, () => t.copy(\"a\", p))\n"
    "}\n"
    /* names */
    "say(\"mk\", () => t.mkdir(\"d\"))\n"
    "say(\"mk\", () => t.mkdir(\"d\"))\n"
    "say(\"mk/\", () => t.mkdir(\"d2/\"))\n"
    "say(\"mkp\", () => t.mkdir(\"x/y/z\", parents: true))\n"
    "say(\"mkp\", () => t.mkdir(\"x/y/z\", parents: true))\n"
    "say(\"mkp over file\", () => t.mkdir(\"a/y\", parents: true))\n"
    "say(\"mk deep\", () => t.mkdir(\"q/w\"))\n"
    "say(\"mk empty\", () => t.mkdir(\"\"))\n"
    "say(\"mk dot\", () => t.mkdir(\".\"))\n"
    "say(\"write dir\", () => t.write_text(\"d\", \"x\"))\n"
    "say(\"write slash\", () => t.write_text(\"n/\", \"x\"))\n"
    "say(\"write deep\", () => t.write_text(\"no/n\", \"x\"))\n"
    "say(\"open dir\", () => t.open(\"d\"))\n"
    "say(\"edit dir\", () => t.edit(\"d\"))\n"
    "say(\"append dir\", () => t.append(\"d\"))\n"
    "say(\"create twice\", fn() { t.create(\"c\").write(\"1\"); return t.create(\"c\") })\n"
    "say(\"create slash\", () => t.create(\"cc/\"))\n"
    "say(\"create dir\", () => t.create(\"d\"))\n"
    "say(\"rm dir\", () => t.remove(\"x\"))\n"
    "say(\"rm none\", () => t.remove(\"none\"))\n"
    "say(\"rm tree none\", () => t.remove(\"none\", tree: true))\n"
    "say(\"rm slash\", () => t.remove(\"a/\"))\n"
    "say(\"mv\", () => t.rename(\"a\", \"b\"))\n"
    "say(\"mv onto\", () => t.rename(\"b\", \"c\"))\n"
    "say(\"mv none\", () => t.rename(\"none\", \"e\"))\n"
    "say(\"mv into itself\", () => t.rename(\"x\", \"x/y/x\"))\n"
    "say(\"replace\", () => t.replace(\"b\", \"c\"))\n"
    "say(\"replace dir by file\", () => t.replace(\"c\", \"d\"))\n"
    "say(\"replace file by dir\", () => t.replace(\"d\", \"c\"))\n"
    "say(\"replace full\", () => t.replace(\"d\", \"x\"))\n"
    "say(\"mv dir\", () => t.rename(\"d\", \"x/d\"))\n"
    "say(\"copy\", () => t.copy(\"c\", \"x/y/c\"))\n"
    "say(\"copy again\", () => t.copy(\"c\", \"x/y/c\"))\n"
    "say(\"copy dir\", () => t.copy(\"x\", \"k\"))\n"
    "say(\"copy tree\", () => t.copy(\"x\", \"k\", tree: true))\n"
    "say(\"copy tree again\", () => t.copy(\"x\", \"k\", tree: true))\n"
    "say(\"copy to\", () => t.copy_to(t.sub(\"k\"), \"x/y\", \"fresh\", tree: true))\n"
    "say(\"tree\", tree)\n"
    "say(\"list\", () => t.list().map(e => e.name))\n"
    "say(\"list sub\", () => t.list(\"x\").map(e => e.path))\n"
    "say(\"list file\", () => t.list(\"c\"))\n"
    "say(\"list none\", () => t.list(\"none\"))\n"
    "say(\"walk\", () => [...t.walk(\"x\")].map(e => e.path))\n"
    "say(\"walk file\", () => t.walk(\"c\"))\n"
    "say(\"glob\", () => t.glob(\"*/?\").map(e => e.path))\n"
    "say(\"stat\", () => (t.stat(\"c\").kind, t.stat(\"c\").size, t.stat(\"x/y\").name))\n"
    "say(\"exists\", () => (t.exists(\"c\"), t.exists(\"x/\"), t.exists(\"c/\"), t.exists(\"none\")))\n"
    "say(\"sub\", () => t.sub(\"x\").list().map(e => e.path))\n"
    "say(\"sub file\", () => t.sub(\"c\"))\n"
    "say(\"sub up\", () => t.sub(\"x\").read_text(\"../c\"))\n"
    "say(\"sub inside\", () => t.sub(\"x\").exists(\"y/../y\"))\n"
    /* files */
    "let f = t.create(\"f\")\n"
    "say(\"write\", () => f.write(\"0123456789\"))\n"
    "say(\"tell\", () => f.tell())\n"
    "say(\"seek\", () => (f.seek(2), f.seek(1, from: \"here\"), f.seek(-2, from: \"end\"), f.read_text()))\n"
    "say(\"seek bad\", () => f.seek(-1))\n"
    "say(\"seek word\", () => f.seek(0, from: \"middle\"))\n"
    "say(\"hole\", fn() { f.seek(20); f.write(\"x\"); return f.read_at(8, 20).len })\n"
    "say(\"at\", () => (f.write_at(0, \"ab\"), f.read_at(0, 4).to_string(), f.read_at(100, 4).len, f.read_at(3, 0).len))\n"
    "say(\"at bad\", () => f.read_at(-1, 2))\n"
    "say(\"cut\", fn() { f.truncate(5); return f.stat().size })\n"
    "say(\"cut bad\", () => f.truncate(-5))\n"
    "say(\"grow\", fn() { f.truncate(7); f.seek(0); return f.read_all().len })\n"
    "say(\"whole\", fn() { f.write_text(\"new\"); f.seek(0); return f.read_text() })\n"
    "say(\"sync\", () => (f.sync(), f.flush()))\n"
    "say(\"open old\", fn() { let o = t.open(\"f\"); t.write_text(\"f\", \"other\"); return (o.read_text(), t.read_text(\"f\")) })\n"
    "say(\"removed\", fn() { let o = t.edit(\"f\"); t.remove(\"f\"); o.seek(0, from: \"end\"); o.write(\"!\"); o.seek(0); return o.read_text() })\n"
    "say(\"append\", fn() { t.append(\"log\").write(\"1\"); let g = t.append(\"log\"); g.write(\"2\"); return t.read_text(\"log\") })\n"
    "say(\"read only\", () => t.open(\"log\").write(\"x\"))\n"
    "say(\"append only\", () => t.append(\"log\").read())\n"
    "say(\"scratch\", fn() { let s = t.temp(); s.write(\"q\"); s.seek(0); return (s.read_text(), t.exists(\"temp\")) })\n"
    "say(\"locks\", fn() { let x = t.edit(\"log\"); let y = t.edit(\"log\")\n"
    "    return (x.lock(), y.lock(wait: false), x.unlock(), y.lock_shared(), x.lock_shared(), x.lock(wait: false), y.unlock(), x.lock(wait: false)) })\n"
    /* a directory that is gone */
    "say(\"gone\", fn() { t.mkdir(\"g\"); let g = t.sub(\"g\"); t.remove(\"g\"); return g.list().len })\n"
    "say(\"gone create\", fn() { t.mkdir(\"g\"); let g = t.sub(\"g\"); t.remove(\"g\"); return g.create(\"x\") })\n"
    "say(\"gone write\", fn() { t.mkdir(\"g\"); let g = t.sub(\"g\"); t.remove(\"g\"); return g.write_text(\"x\", \"\") })\n"
    "say(\"moved\", fn() { t.mkdir(\"g\"); let g = t.sub(\"g\"); t.rename(\"g\", \"h\"); g.create(\"x\"); return t.exists(\"h/x\") })\n"
    /* watching */
    "let w = t.watch(tree: true); let plain = t.watch()\n"
    "t.write_text(\"n1\", \"1\")\n"
    "let n1 = t.edit(\"n1\"); n1.write(\"22\"); n1.write(\"3\")\n"
    "t.rename(\"n1\", \"n2\")\n"
    "t.write_text(\"x/n3\", \"1\")\n"
    "t.remove(\"n2\")\n"
    "t.mkdir(\"end\")\n"
    "for c in w { print(c.kind, c.path); if c.path == \"end\" { break } }\n"
    "for c in plain { print(c.kind, c.path); if c.path == \"end\" { break } }\n"
    "let ends = t.watch(\"end\"); t.remove(\"end\")\n"
    "print([...ends])\n"
    "say(\"watch file\", () => t.watch(\"c\"))\n"
    "say(\"watch none\", () => t.watch(\"none\"))\n"
    "say(\"rm tree\", fn() { t.remove(\"x\", tree: true); return tree() })\n";

typedef struct sink {
    char *text;
    size_t len;
} sink;

static void collect(void *ud, const char *s, size_t n)
{
    sink *k = ud;
    k->text = realloc(k->text, k->len + n + 1);
    cr_assert_not_null(k->text);
    memcpy(k->text + k->len, s, n);
    k->text[k->len += n] = 0;
}

static amb_status output(void *ud, int fd, const char *s, size_t n)
{
    (void)fd;
    if (s) collect(ud, s, n);
    return AMB_OK;
}

static sink transcript(const amb_provider *p)
{
    sink out = {0}, said = {0};
    amb_config c = {.size = sizeof c, .output = output, .output_ud = &out};
    amb_vm *vm = amb_vm_new(&c, NULL);
    cr_assert_not_null(vm);
    cr_assert_eq(amb_provider_add(vm, p), AMB_OK);
    amb_script *script;
    amb_status st = amb_load(vm, "t", program, strlen(program), 0, collect, &said, &script);
    cr_assert_eq(st, AMB_OK, "%s", said.text ? said.text : "");
    static const char *const full[] = {"full"};
    amb_value cap;
    char why[256];
    amb_scope_open(vm);
    cr_assert_eq(amb_grant(vm, "fs", "temp", NULL, 0, full, 1, &cap, why), AMB_OK, "%s", why);
    int status = 0;
    st = amb_run(vm, script, amb_nil(), &cap, &status);
    if (st != AMB_OK) amb_error_report(vm, 0, collect, &said);
    cr_assert_eq(st, AMB_OK, "%s", said.text ? said.text : "");
    free(said.text);
    amb_vm_free(vm);
    return out;
}

Test(fs, memory_behaves_like_files)
{
    sink real = transcript(&amb_provider_fs), memory = transcript(&amb_provider_fs_memory);
    cr_assert_gt(real.len, 4000);
    const char *a = real.text, *b = memory.text;
    while (*a && *b) {
        size_t m = strcspn(a, "\n"), n = strcspn(b, "\n");
        cr_expect(m == n && memcmp(a, b, n) == 0, "files:  %.*s\nmemory: %.*s", (int)m, a,
                  (int)n, b);
        a += m + (a[m] == '\n');
        b += n + (b[n] == '\n');
    }
    cr_assert(!*a && !*b);
    free(real.text);
    free(memory.text);
}
