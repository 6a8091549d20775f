/* SPDX-License-Identifier: MIT */
/* Build-time tool: turns the modules written in Ambit, or any other files, into one C table of names and
 * bytes.
 *
 * embed ROOT FILE... writes C to stdout. A module's name is its path below ROOT without
 * the extension, and `x/x.amb` is just `x`.
 * embed --files TABLE ROOT FILE...: names are paths below ROOT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bad(const char *what, const char *name)
{
    fprintf(stderr, "embed: %s: %s\n", what, name);
    exit(1);
}

static long emit_bytes(const char *path, int index)
{
    FILE *f = fopen(path, "rb");
    if (!f) bad("cannot read", path);
    printf("static const unsigned char text_%d[] = {", index);
    long n = 0;
    for (int c; (c = getc(f)) != EOF; n++) printf("%s%d,", n % 24 ? "" : "\n", c);
    if (ferror(f)) bad("cannot read", path);
    fclose(f);
    printf("0\n};\n");
    return n;
}

static void emit_name(const char *root, const char *path, int whole)
{
    size_t skip = strlen(root);
    const char *rel = strncmp(path, root, skip) == 0 ? path + skip : path;
    while (*rel == '/') rel++;
    if (whole) {
        printf("\"%s\"", rel);
        return;
    }
    const char *dot = strrchr(rel, '.');
    size_t n = dot ? (size_t)(dot - rel) : strlen(rel);
    const char *slash = memchr(rel, '/', n);
    if (slash) {
        size_t dir = (size_t)(slash - rel);
        if (n == 2 * dir + 1 && memcmp(rel, slash + 1, dir) == 0) n = dir;
    }
    printf("\"%.*s\"", (int)n, rel);
}

int main(int argc, char **argv)
{
    const char *table = "amb_embedded_modules";
    int whole = argc > 3 && strcmp(argv[1], "--files") == 0;
    if (whole) {
        table = argv[2];
        argc -= 2;
        argv += 2;
    }
    if (argc < 2) bad("usage", "embed ROOT FILE...");
    long *sizes = calloc((size_t)argc, sizeof *sizes);
    if (!sizes) bad("out of memory", "");
    printf("/* Made by stdlib-modules/embed.c. */\n#include <ambit/embedded.h>\n");
    for (int i = 2; i < argc; i++) sizes[i] = emit_bytes(argv[i], i);
    printf("extern const amb_embedded %s[];\nconst amb_embedded %s[] = {\n", table, table);
    for (int i = 2; i < argc; i++) {
        printf("    {");
        emit_name(argv[1], argv[i], whole);
        printf(", text_%d, %ld},\n", i, sizes[i]);
    }
    printf("    {0, 0, 0}\n};\n");
    free(sizes);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
