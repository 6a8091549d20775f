/* SPDX-License-Identifier: MIT */
/* The machine and its surroundings: output, modules, signals, reports. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "ambit/spi.h"
#include "policy.h"

#define MAX_SOURCE ((size_t)64 << 20)

/* --- output ------------------------------------------------------------------------- */

static bool send_all(int fd, const char *s, size_t n)
{
    while (n) {
        ssize_t k = write(fd, s, n);
        if (k < 0 && errno == EINTR) continue;
        /* Somebody who shares the descriptor made it so; nothing may get lost for that. */
        if (k < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            poll(&p, 1, -1);
            continue;
        }
        if (k < 0) return false;
        s += k;
        n -= (size_t)k;
    }
    return true;
}

static amb_status flush_out(host *h)
{
    if (!h->held) return AMB_OK;
    size_t n = h->held;
    h->held = 0;
    if (send_all(1, h->out, n)) return AMB_OK;
    h->closed = errno == EPIPE;
    h->failed = !h->closed;
    return h->closed ? AMB_E_EOF : AMB_E_IO;
}

static amb_status hold(host *h, const char *s, size_t n)
{
    if (h->closed) return AMB_E_EOF;
    if (h->held + n > HOST_OUT) {
        amb_status st = flush_out(h);
        if (st) return st;
        if (n >= HOST_OUT) {
            if (send_all(1, s, n)) return AMB_OK;
            h->closed = errno == EPIPE;
            h->failed = !h->closed;
            return h->closed ? AMB_E_EOF : AMB_E_IO;
        }
    }
    memcpy(h->out + h->held, s, n);
    h->held += n;
    return h->tty && memchr(s, '\n', n) ? flush_out(h) : AMB_OK;
}

/* On a terminal a program cannot send control sequences unless it holds the right to:
 * they show as text. */
static amb_status hold_shown(host *h, const char *s, size_t n)
{
    size_t from = 0;
    amb_status st = AMB_OK;
    for (size_t i = 0; i < n && !st; i++) {
        unsigned char c = (unsigned char)s[i];
        bool c1 = c == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] < 0xa0;
        if ((c >= 0x20 && c != 0x7f && !c1) || c == '\n' || c == '\t' || c == '\r')
            continue;
        char shown[16];
        int k =
            snprintf(shown, sizeof shown, "\\x%02x", c1 ? (unsigned char)s[i + 1] : c);
        st = hold(h, s + from, i - from);
        if (!st) st = hold(h, shown, (size_t)k);
        if (c1) i++;
        from = i + 1;
    }
    return st ? st : hold(h, s + from, n - from);
}

amb_status host_output(void *ud, int fd, const char *s, size_t n)
{
    host *h = ud;
    if (!s) return fd == 1 ? flush_out(h) : AMB_OK;
    if (h->aside) {
        text t = {0};
        for (size_t i = 0, k; i < n; i += k + (i + k < n)) {
            for (k = 0; i + k < n && s[i + k] != '\n';) k++;
            text_shown(&t, s + i, k);
            if (i + k < n) text_str(&t, "\n");
        }
        bool sent = send_all(2, t.p, t.len);
        text_free(&t);
        return sent ? AMB_OK : AMB_E_IO;
    }
    if (fd == 1) return h->tty && !h->raw ? hold_shown(h, s, n) : hold(h, s, n);
    if (h->tty) flush_out(h);
    return send_all(2, s, n) ? AMB_OK : AMB_E_IO;
}

void host_stderr(void *ud, const char *s, size_t n)
{
    (void)ud;
    send_all(2, s, n);
}

void host_stdout(void *ud, const char *s, size_t n) { hold(ud, s, n); }

/* --- modules ------------------------------------------------------------------------ */

/* Joins the directory of `from` and a relative spec; both are relative to the root.
 * False: the result would leave the root, or it is no relative path. */
static bool join(const char *from, const char *spec, char out[PATH_MAX])
{
    size_t len = 0;
    if (strncmp(spec, "./", 2) != 0 && strncmp(spec, "../", 3) != 0) return false;
    const char *slash = from ? strrchr(from, '/') : NULL;
    if (slash) {
        len = (size_t)(slash - from);
        if (len >= PATH_MAX) return false;
        memcpy(out, from, len);
    }
    for (const char *p = spec; *p;) {
        size_t n = strcspn(p, "/");
        if (n == 2 && memcmp(p, "..", 2) == 0) {
            if (len == 0) return false;
            while (len && out[len - 1] != '/') len--;
            if (len) len--;
        } else if (n && !(n == 1 && *p == '.')) {
            if (len + n + 8 >= PATH_MAX) return false;
            if (len) out[len++] = '/';
            memcpy(out + len, p, n);
            len += n;
        }
        p += n;
        if (*p) p++;
    }
    out[len] = 0;
    return len > 0;
}

static void keep_source(host *h, const char *id, const char *s, size_t len)
{
    h->sources = must(realloc(h->sources, (h->nsources + (size_t)1) * sizeof *h->sources));
    source_text *n = &h->sources[h->nsources++];
    *n = (source_text){must(strdup(id)), must(malloc(len + 1)), len, ""};
    memcpy(n->text, s, len);
}

void host_sum_sources(host *h)
{
    for (uint32_t i = 0; i < h->nsources; i++)
        if (!h->sources[i].sum[0])
            sha256_hex(h->sources[i].text, h->sources[i].len, h->sources[i].sum);
}

void host_drop_sources(host *h)
{
    for (uint32_t i = 0; i < h->nsources; i++) {
        free(h->sources[i].text);
        h->sources[i].text = NULL;
    }
}

/* Only regular files called *.amb beneath the root: whatever a module writes into
 * `import`, no other file is read, and none shows in an error. */
static amb_status load_module(void *ud, const char *from, const char *spec, char **id,
                              char **source, size_t *len, char why[256])
{
    host *h = ud;
    char path[PATH_MAX], file[PATH_MAX + 8];
    if (h->root < 0) {
        snprintf(why, 256, "modules cannot be found from here");
        return AMB_E_ARG;
    }
    if (!join(from, spec, path)) {
        snprintf(why, 256, "the path leads outside of the program's directory");
        return AMB_E_RIGHTS;
    }
    size_t n = strlen(path);
    if (n > 4 && strcmp(path + n - 4, ".amb") == 0) path[n - 4] = 0;
    snprintf(file, sizeof file, "%s.amb", path);
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, h->root, file, &how, sizeof how);
    struct stat st;
    if (fd < 0 || fstat((int)fd, &st) || !S_ISREG(st.st_mode)) {
        if (fd >= 0) close((int)fd);
        snprintf(why, 256, "there is no such module");
        return AMB_E_ARG;
    }
    *source = read_file((int)fd, MAX_SOURCE, len);
    close((int)fd);
    if (!*source) {
        snprintf(why, 256, "the module cannot be read");
        return AMB_E_IO;
    }
    *id = must(strdup(path));
    bool known = false;
    for (uint32_t i = 0; i < h->nsources; i++)
        known |= strcmp(h->sources[i].id, path) == 0;
    if (!known) keep_source(h, path, *source, *len);
    return AMB_OK;
}

/* --- signals ------------------------------------------------------------------------ */

static amb_vm *volatile interrupted_vm;
static volatile sig_atomic_t caught;
/* A program that is killed off leaves the terminal as it was. */
static struct termios tty_before;
static volatile sig_atomic_t tty_known;

static void on_signal(int sig)
{
    if (caught || !interrupted_vm) {
        if (tty_known) tcsetattr(0, TCSANOW, &tty_before);
        _exit(128 + sig);
    }
    caught = sig;
    amb_cancel(interrupted_vm);
}

int host_caught(void) { return caught; }

static void watch_signals(amb_vm *vm)
{
    /* Without SA_RESTART: a read that waits for input comes back. */
    struct sigaction sa = {.sa_handler = on_signal};
    interrupted_vm = vm;
    if (vm) {
        tty_known = tcgetattr(0, &tty_before) == 0;
        sigaction(SIGINT, &sa, NULL);
        sigaction(SIGTERM, &sa, NULL);
        signal(SIGPIPE, SIG_IGN);
    }
}

/* --- providers -------------------------------------------------------------------------- */

/* A VM gets those that a script asks for. More than one of a name: --provider NAME=KIND
 * chooses. */
static const struct provider_choice {
    const char *iface, *kind;
    const amb_provider *table;
    bool elsewhere; /* not of this machine: nothing real can be reached by it */
} provider_choices[] = {
    {"fs", NULL, &amb_provider_fs, false},
    {"fs", "memory", &amb_provider_fs_memory, true},
    {"console", NULL, &amb_provider_console, false},
    {"process", NULL, &amb_provider_process, false},
    {"clock", NULL, &amb_provider_clock, false},
    {"timer", NULL, &amb_provider_timer, false},
    {"entropy", NULL, &amb_provider_entropy, false},
    {"modules", NULL, &amb_provider_modules, false},
    {"net", NULL, &amb_provider_net, false},
    {"net", "memory", &amb_provider_net_memory, true},
};
#define CHOICES (sizeof provider_choices / sizeof provider_choices[0])

static const struct provider_choice *choice(const char *iface, size_t n, const char *kind)
{
    for (size_t i = 0; i < CHOICES; i++) {
        const struct provider_choice *c = &provider_choices[i];
        if (strlen(c->iface) != n || memcmp(c->iface, iface, n) != 0) continue;
        if (kind ? c->kind && strcmp(c->kind, kind) == 0 : !c->kind) return c;
    }
    return NULL;
}

/* What can be granted: the standard ones, and those that were loaded, unless they are modules. */
const char *provider_name(const host *h, uint32_t i)
{
    for (size_t k = 0; k < CHOICES; k++)
        if (!provider_choices[k].kind && i-- == 0) return provider_choices[k].iface;
    for (uint32_t k = 0; k < h->nloaded; k++)
        if (!(h->loaded[k]->flags & AMB_PROVIDER_PURE) && i-- == 0) return h->loaded[k]->iface;
    return NULL;
}

const amb_provider *provider_standard(const char *iface)
{
    const struct provider_choice *c = choice(iface, strlen(iface), NULL);
    return c ? c->table : NULL;
}

const amb_provider *provider_table(const host *h, const char *iface)
{
    const amb_provider *p = provider_standard(iface);
    for (uint32_t i = 0; !p && i < h->nloaded; i++)
        if (strcmp(h->loaded[i]->iface, iface) == 0 && !(h->loaded[i]->flags & AMB_PROVIDER_PURE))
            p = h->loaded[i];
    return p;
}

static bool is_file(const char *provider) { return strchr(provider, '/') != NULL; }

bool host_provider_text(const char *s)
{
    size_t n = strcspn(s, "=");
    return is_file(s) || (s[n] == '=' && choice(s, n, s + n + 1));
}

/* --provider PATH: in this process, with all its authority; that is what the user asked for. */
static bool load_provider(host *h, const char *path)
{
    char why[256];
    amb_status st = amb_provider_load(h->vm, path, why);
    const amb_provider *p = NULL, *next;
    for (uint32_t i = 0; (next = amb_provider_at(h->vm, i)) != NULL; i++) p = next; /* the last one */
    if (st == AMB_OK && provider_standard(p->iface)) {
        const char *file = strrchr(path, '/') + 1;
        snprintf(why, sizeof why, "%.80s: iface is '%.63s', which is one of Ambit's own", file, p->iface);
        st = AMB_E_BUSY;
    }
    if (st == AMB_OK) {
        h->loaded[h->nloaded++] = p;
        return true;
    }
    text t = {0};
    text_str(&t, "ambit: --provider: ");
    text_shown(&t, why, strlen(why));
    text_str(&t, "\n");
    host_stderr(h, t.p, t.len);
    text_free(&t);
    return false;
}

bool host_loads(const cli_options *o)
{
    for (uint32_t i = 0; i < o->nproviders; i++)
        if (is_file(o->providers[i])) return true;
    return false;
}

bool host_load(host *h)
{
    h->loaded = must(calloc(h->nproviders + (size_t)1, sizeof *h->loaded));
    for (uint32_t i = 0; i < h->nproviders; i++)
        if (is_file(h->providers[i]) && !load_provider(h, h->providers[i])) return false;
    return true;
}

amb_status host_provider(host *h, const char *iface)
{
    size_t n = strlen(iface);
    const struct provider_choice *c = choice(iface, n, NULL);
    if (amb_provider_find(h->vm, iface)) return AMB_OK;
    for (uint32_t i = 0; i < h->nproviders; i++)
        if (strncmp(h->providers[i], iface, n) == 0 && h->providers[i][n] == '=')
            c = choice(iface, n, h->providers[i] + n + 1);
    if (!c) return AMB_E_ARG;
    if (c->elsewhere && strcmp(iface, "fs") == 0) h->virtual_fs = true;
    if (c->elsewhere && strcmp(iface, "net") == 0) h->virtual_net = true;
    return amb_provider_add(h->vm, c->table);
}

/* Only the descriptor leads to it from now on: it is not inherited, and policy.c sees to it
 * that no grant reaches the file. */
bool host_audit(host *h, const char *path)
{
    char link[64], real[PATH_MAX];
    struct stat st;
    const char *why = NULL;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
                  0600);
    if (fd < 0 || fstat(fd, &st)) why = strerror(errno);
    else if (S_ISREG(st.st_mode) && st.st_nlink != 1) why = "the file has another name";
    else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, real, sizeof real - 1);
        h->audit_real = must(n > 0 ? strndup(real, (size_t)n) : strdup(path));
        h->audit_dev = st.st_dev;
        h->audit_ino = st.st_ino;
        if (amb_audit(h->vm, fd) == AMB_OK) return true;
        why = "no room";
    }
    if (fd >= 0) close(fd);
    text t = {0};
    text_str(&t, "ambit: cannot write the audit ");
    text_shown(&t, path, strlen(path));
    text_printf(&t, ": %s\n", why);
    host_stderr(h, t.p, t.len);
    text_free(&t);
    return false;
}

/* --- the machine -------------------------------------------------------------------- */

uint32_t list_len(const host *h, amb_value v)
{
    uint64_t n = 0;
    return amb_type(v) == AMB_TYPE_LIST && amb_len(h->vm, v, &n) == AMB_OK ? (uint32_t)n : 0;
}

host *host_new(const cli_options *o)
{
    host *h = must(calloc(1, sizeof *h));
    h->out = must(malloc(HOST_OUT)); /* not zeroed: what is never used stays untouched */
    h->tty = isatty(1) == 1;
    h->colour = o->colour >= 0 ? o->colour : isatty(2) == 1 && !getenv("NO_COLOR");
    const char *script = o->script && strcmp(o->script, "-") != 0 ? o->script : NULL;
    const char *slash = script ? strrchr(script, '/') : NULL;
    h->dir = must(slash ? strndup(script, slash == script ? 1 : (size_t)(slash - script))
                        : strdup("."));
    h->own_dir = script != NULL;
    h->providers = o->providers;
    h->nproviders = o->nproviders;
    h->root = open(h->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (o->virtual_time) h->reactor = must(amb_reactor_virtual_new(0));
    amb_config c = {
        .reactor = h->reactor,
        .size = sizeof c,
        .heap_bytes = o->heap_bytes ? o->heap_bytes : AMB_NO_LIMIT,
        .tasks = o->tasks,
        .wire = o->wire,
        .chaos = o->chaos,
        .chaos_fails = o->chaos_fails,
        .fuel = o->fuel,
        .timeout_ns = o->timeout_ns,
        .seed = o->seed,
        .output = host_output,
        .output_ud = h,
        .loader = load_module,
        .loader_ud = h,
        .stress = o->stress,
        .sampled = o->cpu_profile != NULL,
    };
    amb_status why = AMB_OK;
    h->vm = amb_vm_new(&c, &why);
    if (!h->vm) must(NULL);
    h->scope = amb_scope_open(h->vm);
    /* stdin and input() need no `use`. */
    if (!o->no_console && host_provider(h, "console")) must(NULL);
    if (o->argc && amb_set_argv(h->vm, (const char *const *)o->argv, (uint32_t)o->argc))
        must(NULL);
    watch_signals(h->vm);
    return h;
}

void host_free(host *h)
{
    watch_signals(NULL);
    amb_vm_free(h->vm);
    if (h->reactor) h->reactor->free(h->reactor->state);
    flush_out(h);
    if (h->root >= 0) close(h->root);
    for (uint32_t i = 0; i < h->nsources; i++) {
        free(h->sources[i].id);
        free(h->sources[i].text);
    }
    free(h->sources);
    free(h->loaded);
    free(h->script_real);
    free(h->audit_real);
    suggest_free(h->suggestion);
    free(h->dir);
    free(h->out);
    free(h);
}

int host_source(host *h, const cli_options *o, const char **name, char **source,
                size_t *len)
{
    if (o->code) {
        *name = "-e";
        *source = must(strdup(o->code));
        *len = strlen(o->code);
        return 0;
    }
    bool in = strcmp(o->script, "-") == 0;
    int fd = in ? 0 : open(o->script, O_RDONLY | O_CLOEXEC);
    *name = in ? "<stdin>" : o->script;
    *source = fd < 0 ? NULL : read_file(fd, MAX_SOURCE, len);
    int e = errno;
    if (*source && !in) {
        char link[64], real[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, real, sizeof real - 1);
        struct stat st;
        if (n > 0 && real[0] == '/' && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            h->script_real = must(strndup(real, (size_t)n));
        keep_source(h, "", *source, *len);
    }
    if (fd > 0) close(fd);
    if (*source) return 0;
    text t = {0};
    text_str(&t, "ambit: cannot read ");
    text_shown(&t, o->script, strlen(o->script));
    text_printf(&t, ": %s\n", strerror(e));
    host_stderr(h, t.p, t.len);
    text_free(&t);
    return EXIT_NOFILE;
}

static void note(void *ud, const char *s, size_t n)
{
    *(bool *)ud = true;
    host_stderr(NULL, s, n);
}

int host_report(host *h, amb_status st)
{
    bool told = false;
    /* What the program printed comes before what is said about it. */
    flush_out(h);
    if (h->closed) return EXIT_OK;
    if (caught == SIGINT) return EXIT_INTERRUPT;
    if (caught == SIGTERM) return EXIT_TERMINATED;
    switch (st) {
    case AMB_OK: return EXIT_OK;
    case AMB_E_COMPILE: return EXIT_SYNTAX;
    case AMB_E_CANCELED: return EXIT_INTERRUPT;
    case AMB_E_LIMIT:
    case AMB_E_NOMEM:
        amb_error_report(h->vm, h->colour, note, &told);
        if (!told) note(&told, "ambit: out of memory\n", 21);
        return EXIT_LIMIT;
    default: amb_error_report(h->vm, h->colour, host_stderr, h); return EXIT_ERROR;
    }
}
