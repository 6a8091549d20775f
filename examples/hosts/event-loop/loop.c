/* SPDX-License-Identifier: MIT */
/* A program with a poll loop of its own that drives scripts: loop SCRIPT.amb...
 *
 * Each script has a machine; all of them, standard input and a timer of the program's own share one thread and one poll(). A
 * machine says when it wants to be pumped: when amb_poll_fd is readable, and at amb_next_deadline at the latest. Scripts
 * `import host`:
 *   host.line()        the next line of standard input, nil at its end: the call waits until the loop has one
 *   host.square(n, ms) computed by a worker thread, which takes its time
 *   host.ticks()       how often the program's own timer has fired
 * A script that waits in one of them costs nothing, and its other tasks go on. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ambit/ambit.h>

enum { MAX_PROGRAMS = 16, MAX_LINE = 1000 };
static const uint64_t tick_ns = 10000000;

typedef struct program {
    const char *name;
    amb_vm *vm;
    amb_status st;
    int exit_status;
    char out[MAX_LINE]; /* the line that it has begun to print */
    size_t out_len;
} program;

/* A call of host.line() that nobody has answered yet. */
typedef struct waiter {
    struct waiter *next, **at; /* *at == this */
    program *p;
    uint64_t ticket;
} waiter;

static waiter *waiters;
static char input[MAX_LINE];
static size_t input_len;
static int input_open = 1, ticks;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void show(void *ud, const char *s, size_t n) { fwrite(s, 1, n, ud); }

/* Whole lines, with the name of the program before them. */
static amb_status output(void *ud, int fd, const char *s, size_t n)
{
    program *p = ud;
    (void)fd;
    for (size_t i = 0; s && i < n; i++) {
        if (s[i] != '\n' && p->out_len < sizeof p->out) p->out[p->out_len++] = s[i];
        if (s[i] != '\n') continue;
        printf("%s: %.*s\n", p->name, (int)p->out_len, p->out);
        p->out_len = 0;
    }
    return AMB_OK;
}

/* ---- standard input: answered by the loop ------------------------------------------------ */

static void unlink_waiter(waiter *w)
{
    *w->at = w->next;
    if (w->next) w->next->at = w->at;
    free(w);
}

/* The task was cancelled, or its program has ended. */
static void left(void *ud) { unlink_waiter(ud); }

/* Takes a line off the input. 0: there is none yet; 1: a line, 2: the end. */
static int take_line(char *line, size_t *len)
{
    char *end = memchr(input, '\n', input_len);
    if (!end && input_open && input_len < sizeof input) return 0;
    if (!end && !input_len) return 2;
    *len = end ? (size_t)(end - input) : input_len;
    memcpy(line, input, *len);
    size_t used = *len + (end != NULL);
    memmove(input, input + used, input_len - used);
    input_len -= used;
    return 1;
}

static amb_status line_value(amb_vm *vm, int kind, const char *line, size_t len, amb_value *out)
{
    *out = amb_nil();
    if (kind == 2) return AMB_OK;
    amb_status st = amb_string_new(vm, line, len, out);
    return st == AMB_E_ARG ? amb_bytes_new(vm, line, len, out) : st; /* not UTF-8 */
}

static amb_status host_line(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    char line[MAX_LINE];
    size_t len = 0;
    (void)args, (void)n;
    int kind = waiters ? 0 : take_line(line, &len);
    if (kind) return line_value(vm, kind, line, len, out);
    waiter *w = calloc(1, sizeof *w), **at = &waiters;
    if (!w) return AMB_E_NOMEM;
    w->p = ud;
    amb_status st = amb_pend(vm, left, w, &w->ticket);
    if (st != AMB_PENDING) {
        free(w);
        return st;
    }
    while (*at) at = &(*at)->next; /* who came first is served first */
    *at = w;
    w->at = at;
    return st;
}

static void answer_waiters(void)
{
    char line[MAX_LINE];
    size_t len;
    int kind;
    while (waiters && (kind = take_line(line, &len)) != 0) {
        waiter *w = waiters;
        amb_vm *vm = w->p->vm;
        amb_scope scope = amb_scope_open(vm);
        amb_value v = amb_nil();
        amb_status st = line_value(vm, kind, line, len, &v);
        if (st) {
            amb_raise(vm, "IOError", "no memory for a line");
            amb_last_error(vm, &v);
        }
        amb_answer(vm, w->ticket, st ? AMB_E_THROW : AMB_OK, v);
        amb_scope_close(vm, scope);
        unlink_waiter(w);
    }
}

static void read_input(void)
{
    if (input_len == sizeof input) return;
    ssize_t n = read(0, input + input_len, sizeof input - input_len);
    if (n > 0) input_len += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR)) input_open = 0;
}

/* ---- a worker thread: answers through the machine's remote ------------------------------- */

typedef struct job {
    struct job *next;
    amb_remote *remote;
    uint64_t ticket;
    int64_t n, ms;
} job;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static job *jobs;
static int ending;

static void free_job(void *ud)
{
    job *j = ud;
    amb_remote_free(j->remote);
    free(j);
}

/* On the thread of the machine, the next time it is pumped. */
static void deliver(amb_vm *vm, void *ud)
{
    job *j = ud;
    amb_answer(vm, j->ticket, AMB_OK, amb_int(j->n * j->n)); /* AMB_E_STALE: nobody waits any more */
}

static void *worker(void *ud)
{
    (void)ud;
    pthread_mutex_lock(&lock);
    while (!ending || jobs) {
        job *j = jobs;
        if (!j) {
            pthread_cond_wait(&news, &lock);
            continue;
        }
        jobs = j->next;
        pthread_mutex_unlock(&lock);
        struct timespec t = {j->ms / 1000, j->ms % 1000 * 1000000};
        nanosleep(&t, NULL); /* this is the work */
        /* The machine may be gone by now; its remote is not. */
        if (amb_remote_post(j->remote, deliver, j, free_job) != AMB_OK) free_job(j);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static amb_status host_square(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    int64_t x, ms = 10;
    (void)ud, (void)n, (void)out;
    if (!amb_as_int(args[0], &x) || (!amb_is_nil(args[1]) && !amb_as_int(args[1], &ms)) || x > 1000000 || x < -1000000 ||
        ms < 0 || ms > 1000)
        return amb_raise(vm, "ValueError", "square: a number up to a million and milliseconds up to 1000 were expected");
    job *j = calloc(1, sizeof *j);
    if (j) j->remote = amb_remote_new(vm);
    if (!j || !j->remote) {
        free(j);
        return AMB_E_NOMEM;
    }
    j->n = x;
    j->ms = ms;
    amb_status st = amb_pend(vm, NULL, NULL, &j->ticket);
    if (st != AMB_PENDING) {
        free_job(j);
        return st;
    }
    pthread_mutex_lock(&lock);
    job **at = &jobs;
    while (*at) at = &(*at)->next;
    *at = j;
    pthread_cond_signal(&news);
    pthread_mutex_unlock(&lock);
    return st;
}

static amb_status host_ticks(amb_vm *vm, void *ud, const amb_value *args, uint32_t n, amb_value *out)
{
    (void)vm, (void)ud, (void)args, (void)n;
    *out = amb_int(ticks);
    return AMB_OK;
}

static const amb_function functions[] = {
    {.name = "line", .fn = host_line},
    {.name = "square", .fn = host_square, .min = 1, .max = 2, .params = "n, ms"},
    {.name = "ticks", .fn = host_ticks},
};

/* ---- the loop ----------------------------------------------------------------------------- */

static int begin(program *p, const char *path)
{
    static char text[1 << 16];
    amb_script *script;
    FILE *f = fopen(path, "rb");
    size_t len = f ? fread(text, 1, sizeof text, f) : 0;
    if (f) fclose(f);
    else return perror(path), 0;
    const char *base = strrchr(path, '/');
    *p = (program){.name = base ? base + 1 : path, .st = AMB_E_ARG};
    /* Time is the loop's affair here; fuel and memory are limited as everywhere. */
    amb_config config = {.size = sizeof config, .heap_bytes = 16u << 20, .fuel = 50000000, .output = output, .output_ud = p};
    amb_module_def module = {.size = sizeof module, .name = "host", .functions = functions,
                             .nfunctions = sizeof functions / sizeof functions[0], .ud = p};
    p->vm = amb_vm_new(&config, NULL);
    if (!p->vm) return 0;
    amb_scope scope = amb_scope_open(p->vm);
    amb_status st = amb_module_new(p->vm, &module);
    if (!st) st = amb_load(p->vm, p->name, text, len, 0, show, stderr, &script);
    if (!st && amb_script_manifest(script)->nuses) {
        fprintf(stderr, "%s: its `use` lines are not granted here\n", p->name);
        st = AMB_E_RIGHTS;
    }
    p->st = st ? st : amb_start(p->vm, script, amb_nil(), NULL, &p->exit_status);
    amb_scope_close(p->vm, scope);
    return !st;
}

/* What poll() is told: milliseconds, rounded up, so that it does not come back just before the time. */
static int milliseconds(uint64_t ns) { return ns > UINT64_C(1000000000000) ? -1 : (int)((ns + 999999) / 1000000); }

static void loop(program *programs, int n)
{
    struct pollfd p[MAX_PROGRAMS + 1];
    uint64_t next_tick = now_ns() + tick_ns;
    for (;;) {
        uint64_t now = now_ns(), wait = next_tick > now ? next_tick - now : 0;
        int running = 0;
        p[0] = (struct pollfd){.fd = input_open && input_len < sizeof input ? 0 : -1, .events = POLLIN};
        for (int i = 0; i < n; i++) {
            int pending = programs[i].st == AMB_PENDING;
            uint64_t due = pending ? amb_next_deadline(programs[i].vm) : UINT64_MAX;
            p[i + 1] = (struct pollfd){.fd = pending ? amb_poll_fd(programs[i].vm) : -1, .events = POLLIN};
            if (due < wait) wait = due;
            running += pending;
        }
        if (!running) return;
        poll(p, (nfds_t)n + 1, milliseconds(wait));
        if (p[0].revents) read_input();
        answer_waiters();
        if (now_ns() >= next_tick) {
            ticks++;
            next_tick += tick_ns;
        }
        /* Pumping one that has nothing to do costs little; it never waits. */
        for (int i = 0; i < n; i++)
            if (programs[i].st == AMB_PENDING) programs[i].st = amb_pump(programs[i].vm, 0, &programs[i].exit_status);
    }
}

int main(int argc, char **argv)
{
    static program programs[MAX_PROGRAMS];
    pthread_t thread;
    int n = 0, status = 0;
    if (argc < 2 || argc - 1 > MAX_PROGRAMS) {
        fprintf(stderr, "Usage: loop SCRIPT.amb...\n");
        return 2;
    }
    if (pthread_create(&thread, NULL, worker, NULL)) return 1;
    for (; n < argc - 1; n++)
        if (!begin(&programs[n], argv[n + 1])) status = 1;
    loop(programs, n);
    for (int i = 0; i < n; i++) {
        program *p = &programs[i];
        if (!p->vm) continue;
        if (p->out_len) output(p, 1, "\n", 1);
        printf("%s: ended, status %d\n", p->name, p->st ? p->st : p->exit_status);
        fflush(stdout);
        if (p->st && p->st != AMB_E_COMPILE) amb_error_report(p->vm, 0, show, stderr);
        if (p->st) status = 1;
        amb_vm_free(p->vm);
    }
    pthread_mutex_lock(&lock);
    ending = 1;
    pthread_cond_signal(&news);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    return status;
}
