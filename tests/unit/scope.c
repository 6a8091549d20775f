/* SPDX-License-Identifier: MIT */
/* Where the scope pass says that names live, and in which order declarations come. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "scope.h"

/* One compilation, and a description of every mention in it: "name:kind". Kinds are r
 * (register), c (cell), u (captured value), U (captured cell), m (module slot), p
 * (prelude), i (import); a ! says that it may come before the declaration ran. */
struct seen {
    char text[2000];
    size_t len;
    const char *only; /* names to describe, or NULL */
    char order[200];  /* statements of the top level: the names they declare */
};

static void add(struct seen *s, const char *text)
{
    size_t n = strlen(text);
    cr_assert_lt(s->len + n, sizeof s->text);
    memcpy(s->text + s->len, text, n + 1);
    s->len += n;
}

static void describe(void *ud, struct amb_node *node)
{
    struct seen *s = ud;
    if (node->kind == NODE_NAME || node->kind == NODE_SELF) {
        const struct amb_ref *ref = &node->as.name.ref;
        char name[64], line[80];
        snprintf(name, sizeof name, "%.*s", (int)node->as.name.name.len,
                 node->as.name.name.at);
        const char *kind = "?";
        switch (ref->kind) {
        case REF_LOCAL:
            cr_assert_neq(ref->decl->storage, STORE_MODULE);
            kind = ref->decl->storage == STORE_CELL ? "c" : "r";
            break;
        case REF_UPVALUE: kind = ref->decl->storage == STORE_CELL ? "U" : "u"; break;
        case REF_MODULE:
            cr_assert_eq(ref->decl->storage, STORE_MODULE);
            cr_assert_eq(ref->decl->slot, ref->index);
            kind = "m";
            break;
        case REF_PRELUDE: kind = "p"; break;
        case REF_IMPORT: kind = "i"; break;
        default: break;
        }
        if (!s->only || strstr(s->only, name)) {
            snprintf(line, sizeof line, "%s%s:%s%s", s->len ? " " : "", name, kind,
                     ref->needs_check ? "!" : "");
            add(s, line);
        }
    }
    ambast_children(node, describe, s);
}

static const char *declared(const struct amb_node *node, char *buffer, size_t size)
{
    amb_text name = {"-", 1};
    if (node->kind == NODE_FN_DECL)
        name = node->as.fn->name;
    else if (node->kind == NODE_CLASS || node->kind == NODE_STATICS)
        name = node->as.class_->name;
    else if (node->kind == NODE_ENUM)
        name = node->as.enum_->name;
    else if (node->kind == NODE_LET)
        name = node->as.let.pattern->as.bind.name;
    snprintf(buffer, size, "%s%.*s ", node->kind == NODE_STATICS ? "statics " : "",
             (int)name.len, name.at);
    return buffer;
}

static struct seen look(const char *text, const char *only)
{
    static const struct amb_prelude_name prelude[] = {{"print", 5, 0}};
    struct seen s = {.only = only};
    struct amb_arena arena;
    struct amb_source src;
    struct amb_diags diags;
    bool too_big;
    ambarena_init(&arena, NULL);
    ambdiag_init(&diags, &arena);
    cr_assert(
        ambsource_init(&src, &arena, AMB_TEXT("test"), text, strlen(text), &too_big));
    struct amb_unit *module = ambparse_module(&arena, &src, &diags);
    cr_assert_not_null(module);
    struct amb_scope_options options = {
        .prelude = prelude, .prelude_count = 1, .is_entry = true};
    cr_assert(ambscope_run(module, &diags, &options), "%.*s",
              diags.count ? (int)diags.items[0].text.len : 0,
              diags.count ? diags.items[0].text.at : "");
    describe(&s, module->main->body);
    const struct amb_nodes *stmts = &module->main->body->as.block.stmts;
    for (uint32_t i = 0; i < stmts->len; i++) {
        char name[64];
        strncat(s.order, declared(stmts->at[i], name, sizeof name),
                sizeof s.order - strlen(s.order) - 1);
    }
    ambarena_deinit(&arena);
    return s;
}

static void mentions(const char *text, const char *only, const char *expected)
{
    struct seen s = look(text, only);
    cr_expect_str_eq(s.text, expected, "%s\n  gives    %s\n  expected %s", text, s.text,
                     expected);
}

static void order(const char *text, const char *expected)
{
    struct seen s = look(text, NULL);
    cr_expect_str_eq(s.order, expected, "%s\n  gives    %s\n  expected %s", text, s.order,
                     expected);
}

Test(scope, top_level)
{
    mentions("let a = 1\nprint(a)", NULL, "print:p a:r");
    mentions("let a = 1\nlet f = () => a\nprint(a)", NULL, "a:m print:p a:m");
    mentions("pub let a = 1\nprint(a)", NULL, "print:p a:m");
    mentions("for i in 0..3 { let f = () => i; f() }", NULL, "i:u f:r");
    mentions("for i in 0..3 { let f = () => i; i += 1; f() }", NULL, "i:U i:c f:r");
}

Test(scope, captures)
{
    mentions("fn f() { let a = 1; return () => a }", "a", "a:u");
    mentions("fn f() { var a = 1; return () => a }", "a", "a:u");
    mentions("fn f() { var a = 1; let g = () => a; a = 2; return g }", "a", "a:U a:c");
    mentions("fn f(a) { return () => () => a }", "a", "a:u");
    mentions("fn f() { let g = () => a; let a = 1; return g }", "a", "a:U!");
    mentions("fn f() { let a = () => a; return a }", "a", "a:U! a:c");
    mentions("fn f() { fn g(n) => g(n - 1); return g }", "g", "g:U g:c");
    mentions("fn f() { fn g() => h(); fn h() => g(); return g }", "gh", "g:U h:u g:c");
    mentions("fn f() { fn g() => 1; fn h() => g(); return h }", "gh", "g:u h:r");
}

Test(scope, module_slots_and_checks)
{
    mentions("let a = 1\nfn f() => a", "a", "a:m");
    mentions("fn f() => a\nlet a = 1", "a", "a:m!");
    mentions("let a = 1\nf()\nfn f() => g()\nlet b = 1\nfn g() => a + b", "ab",
             "a:m b:m!");
    mentions("defer print(a)\nlet a = 1", "a", "a:r!");
    mentions("fn f() { return g() }\nf()\nfn g() => 1", "fg", "g:m f:r");
}

Test(scope, order_of_declarations)
{
    order("f()\nfn f() => 1", "f - ");
    order("let a = 1\nf()\nfn f() => g()\nfn g() => a", "a g f - ");
    order("let a = B()\nclass B : A\nclass A", "A B a ");
    order("fn f() => B()\nlet a = 1\nclass B { static let c = a }", "B f a statics B ");
    order("fn f() => g()\nfn g() => f()", "g f ");
    order("fn f() => E.A\nenum E { A }", "E f ");
    order("fn f() => C()\nlet d = 1\nclass C { fn m() => d }", "C f d ");
}

Test(scope, self_and_fields)
{
    mentions("class A(n) { let k = n; init { let f = () => n; f() } }", NULL,
             "n:r self:u f:r");
    mentions("class A { fn f() => () => self }", NULL, "self:u");
    mentions("class A { fn f() => A() }", NULL, "A:m");
}
