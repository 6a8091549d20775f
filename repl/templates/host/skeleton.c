/* The program skeleton: runs a script that can do what it is handed, and nothing else.
 *
 *   skeleton SCRIPT.amb NAME...
 *
 * The script may import `skeleton`, a module of this program's own functions, and use two capabilities: the console, to
 * print, and `skeleton.greetings`, a value this program supplies. It exports greet(name), which is called for each
 * NAME. Memory and time are limited; a script that goes wrong is told about and does no harm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ambit/ambit.h>

static void show(void *ud, const char *s, size_t n) { fwrite(s, 1, n, ud); }

/* skeleton.shout(text): the text in capital letters (of ASCII). */
static amb_status shout(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    const char *s;
    size_t len;
    (void)ud, (void)n;
    amb_status st = amb_as_string(vm, args[0], &s, &len);
    if (st) return amb_raise(vm, "TypeError", "shout: 'text' expects a string, not %s", amb_type_name(vm, args[0]));
    char *copy = malloc(len + 1);
    if (!copy) return AMB_E_NOMEM;
    for (size_t i = 0; i < len; i++) copy[i] = s[i] >= 'a' && s[i] <= 'z' ? (char)(s[i] - 32) : s[i];
    st = amb_string_new(vm, copy, len, out);
    free(copy);
    return st;
}

static const amb_function functions[] = {
    {.name = "shout", .fn = shout, .min = 1, .max = 1, .params = "text",
     .doc = "shout(text: string) -> string\nThe text in capital letters."},
};

static char *read_all(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *s = NULL;
    long n = -1;
    if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) s = malloc((size_t)n + 1);
    if (s && fread(s, 1, (size_t)n, f) != (size_t)n) {
        free(s);
        s = NULL;
    }
    if (f) fclose(f);
    *len = s ? (size_t)n : 0;
    return s;
}

/* What to hand the script for its `use` lines: what this program knows, for everything else nothing. */
static amb_status supply(amb_vm *vm, const amb_manifest *m, amb_value *caps)
{
    static const char *const greetings[] = {"Hello", "Good day"};
    for (uint32_t i = 0; i < m->nuses; i++) {
        const amb_use *u = &m->uses[i];
        char why[256] = "there is no such thing here";
        amb_status st = AMB_E_RIGHTS;
        if (strcmp(u->provider, "skeleton") == 0 && strcmp(u->resource, "greetings") == 0) {
            st = amb_list_new(vm, NULL, 0, &caps[i]);
            for (size_t k = 0; k < 2 && !st; k++) {
                amb_value text;
                st = amb_string_new(vm, greetings[k], strlen(greetings[k]), &text);
                if (!st) st = amb_list_push(vm, caps[i], text);
            }
        }
        if (st) {
            fprintf(stderr, "skeleton: line %u: use %s.%s: %s\n", u->line, u->provider, u->resource, why);
            return st;
        }
    }
    return AMB_OK;
}

/* The script's top level, then greet(name) for each name. */
static amb_status run(amb_vm *vm, amb_script *script, char **names, int n)
{
    amb_value caps[16], greet, name, said;
    const amb_manifest *m = amb_script_manifest(script);
    int wanted;
    if (m->nuses > 16) return AMB_E_ARG;
    amb_status st = supply(vm, m, caps);
    if (!st) st = amb_run(vm, script, amb_nil(), caps, &wanted);
    if (!st && (st = amb_script_get(script, "greet", &greet)) != AMB_OK)
        fprintf(stderr, "skeleton: the script has no pub fn greet\n");
    for (int i = 0; i < n && !st; i++) {
        amb_scope scope = amb_scope_open(vm); /* values of this round are forgotten after it */
        st = amb_string_new(vm, names[i], strlen(names[i]), &name);
        if (!st) st = amb_call_function(vm, greet, &name, 1, &said);
        if (!st) st = amb_show(vm, said, 0, show, stdout);
        if (!st) putchar('\n');
        amb_scope_close(vm, scope);
    }
    return st;
}

int main(int argc, char **argv)
{
    size_t len;
    amb_status st;
    amb_script *script;
    if (argc < 2) {
        fprintf(stderr, "Usage: skeleton SCRIPT.amb NAME...\n");
        return 2;
    }
    char *text = read_all(argv[1], &len);
    if (!text) {
        fprintf(stderr, "skeleton: cannot read %s\n", argv[1]);
        return 1;
    }
    amb_config config = {.size = sizeof config, .heap_bytes = 16u << 20, .timeout_ns = 1000000000};
    amb_vm *vm = amb_vm_new(&config, &st);
    if (!vm) {
        fprintf(stderr, "skeleton: no machine (%d)\n", (int)st);
        free(text);
        return 1;
    }
    amb_scope scope = amb_scope_open(vm);
    amb_module_def module = {.size = sizeof module, .name = "skeleton", .functions = functions, .nfunctions = 1};
    st = amb_module_new(vm, &module);
    if (!st) st = amb_load(vm, argv[1], text, len, 0, show, stderr, &script);
    if (!st) {
        st = run(vm, script, argv + 2, argc - 2);
        fflush(stdout);
        if (st) amb_error_report(vm, 0, show, stderr);
    }
    amb_scope_close(vm, scope);
    amb_vm_free(vm);
    free(text);
    return st != AMB_OK;
}
