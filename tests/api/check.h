/* SPDX-License-Identifier: MIT */
/* What the host programs of these tests share: counting, output and diagnostics kept as text, a machine. */
#ifndef TESTS_API_CHECK_H
#define TESTS_API_CHECK_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ambit/ambit.h>

static int failures, checks;
#define CHECK(cond)                                                                \
    do {                                                                           \
        checks++;                                                                  \
        if (!(cond)) failures++, printf("%s:%d: %s\n", __FILE__, __LINE__, #cond); \
    } while (0)
#define SUMMARY() (printf("%d passed, %d failed\n", checks - failures, failures), failures != 0)

typedef struct sink {
    char text[8192];
    size_t len;
} sink;

static inline void collect(void *ud, const char *s, size_t n)
{
    sink *k = ud;
    if (n > sizeof k->text - 1 - k->len) n = sizeof k->text - 1 - k->len;
    memcpy(k->text + k->len, s, n);
    k->text[k->len += n] = 0;
}

static inline amb_status output(void *ud, int fd, const char *s, size_t n)
{
    if (s && fd == 1) collect(ud, s, n);
    return AMB_OK;
}

/* Loads and runs; what went wrong is in *said. */
static inline amb_status run_script(amb_vm *vm, const char *source, const amb_value *caps, sink *said, amb_script **out)
{
    amb_script *script;
    said->len = 0;
    said->text[0] = 0;
    amb_status st = amb_load(vm, "host", source, strlen(source), 0, collect, said, &script);
    if (st == AMB_OK) st = amb_run(vm, script, amb_nil(), caps, NULL);
    if (st == AMB_E_THROW || st == AMB_E_LIMIT) amb_error_report(vm, 0, collect, said);
    if (st != AMB_OK && out) {
        printf("%s\n", said->text); /* the caller counts on the script */
        exit(1);
    }
    if (out) *out = script;
    return st;
}

/* Whether the value shows as that text. */
static inline int shows(amb_vm *vm, amb_value v, const char *text)
{
    sink k = {{0}, 0};
    int same = amb_show(vm, v, 1, collect, &k) == AMB_OK && strcmp(k.text, text) == 0;
    if (!same) printf("shows as %s\n", k.text);
    return same;
}

/* The kind and message of the last error, "Kind: message". */
static inline const char *last_error(amb_vm *vm, char text[300])
{
    amb_scope s = amb_scope_open(vm);
    amb_value e;
    amb_error parts = {.size = sizeof parts};
    text[0] = 0;
    if (amb_last_error(vm, &e) == AMB_OK && amb_error_parts(vm, e, &parts) == AMB_OK)
        snprintf(text, 300, "%s: %s", parts.type, parts.message);
    amb_scope_close(vm, s);
    return text;
}
#endif
