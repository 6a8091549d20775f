/* SPDX-License-Identifier: MIT */
/* ambit --cpu-profile: a sampling profiler.
 *
 * A timer interrupts the script after every millisecond of CPU time. Its signal handler
 * asks the VM which functions are running and counts them in a tree of call paths;
 * nothing is asked of the script, so what is measured is what runs without a profiler,
 * too. Where the kernel looks at CPU time less often (many tick at 250 Hz), it says how
 * many periods have passed and the sample counts that often.
 *
 * The handler allocates nothing but whole pages, by mmap. Names are looked up when the
 * script has ended. Very deep stacks are cut: the innermost functions are kept, beneath a
 * frame named `...`. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "profile.h"

#define PERIOD_NS  1000000
#define MAX_DEPTH  256
#define CHUNK      ((size_t)1 << 18)
/* 128 MiB: what has still more different paths loses its innermost functions. */
#define MAX_CHUNKS 512

enum { FRAME_CUT = 0, FRAME_LOADING = 8 }; /* no pointers */

typedef struct node {
    amb_frame frame;
    uint64_t self;
    struct node *child, *next;
} node;

struct profile {
    amb_vm *vm;
    char *path;
    int fd;
    timer_t timer;
    bool running;
    struct sigaction before;
    node root;
    char *at, *end; /* room for nodes */
    void *chunks[MAX_CHUNKS];
    size_t nchunks;
    profile_label *labels; /* open addressing by frame */
    size_t nlabels, labels_cap;
};

/* A signal handler takes no argument. */
static profile *volatile current;

/* --- in the signal handler ---------------------------------------------------------- */

static node *new_node(profile *p, amb_frame f)
{
    if ((size_t)(p->end - p->at) < sizeof(node)) {
        if (p->nchunks == MAX_CHUNKS) return NULL;
        char *m =
            mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (m == MAP_FAILED) return NULL;
        p->chunks[p->nchunks++] = m;
        p->at = m;
        p->end = m + CHUNK;
    }
    node *n = (node *)p->at;
    p->at += sizeof *n;
    *n = (node){.frame = f};
    return n;
}

/* The child for f, moved to the front: what runs now is likely to be asked for next. */
static node *child_of(profile *p, node *parent, amb_frame f)
{
    for (node **link = &parent->child; *link; link = &(*link)->next) {
        node *n = *link;
        if (n->frame != f) continue;
        *link = n->next;
        n->next = parent->child;
        return parent->child = n;
    }
    node *n = new_node(p, f);
    if (!n) return NULL;
    n->next = parent->child;
    return parent->child = n;
}

static void on_tick(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    profile *p = current;
    int saved = errno, cut;
    amb_frame frames[MAX_DEPTH];
    if (!p) return;
    uint32_t n = amb_sample(p->vm, frames, MAX_DEPTH, &cut);
    node *at = &p->root, *deeper = at;
    if (n == 0 || cut) deeper = child_of(p, at, n ? FRAME_CUT : FRAME_LOADING);
    while (deeper && n) {
        at = deeper;
        deeper = child_of(p, at, frames[--n]);
    }
    if (deeper) at = deeper;
    at->self += 1 + (info->si_code == SI_TIMER && info->si_overrun > 0
                         ? (uint64_t)info->si_overrun
                         : 0);
    errno = saved;
}

/* --- starting and ending ------------------------------------------------------------ */

static bool fails(const char *what, const char *path)
{
    text t = {0};
    text_printf(&t, "ambit: %s ", what);
    text_shown(&t, path, strlen(path));
    text_printf(&t, ": %s\n", strerror(errno));
    host_stderr(NULL, t.p, t.len);
    text_free(&t);
    return false;
}

profile *profile_open(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0) {
        fails("the profile cannot be written to", path);
        return NULL;
    }
    profile *p = must(calloc(1, sizeof *p));
    p->fd = fd;
    p->path = must(strdup(path));
    return p;
}

bool profile_start(profile *p, amb_vm *vm)
{
    struct sigaction sa = {.sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    struct itimerspec every = {{0, PERIOD_NS}, {0, PERIOD_NS}};
#ifdef sigev_notify_thread_id
    ev.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
#else
    ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
#endif
    p->vm = vm;
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &ev, &p->timer))
        return fails("there is no timer for the profile", p->path);
    current = p;
    sigaction(SIGPROF, &sa, &p->before);
    p->running = true;
    timer_settime(p->timer, 0, &every, NULL);
    return true;
}

static void stop(profile *p)
{
    if (!p->running) return;
    timer_delete(p->timer);
    /* One may still be on its way: it is dropped, as the default would end the process.
     */
    signal(SIGPROF, SIG_IGN);
    current = NULL;
    sigaction(SIGPROF, &p->before, NULL);
    p->running = false;
}

/* --- names -------------------------------------------------------------------------- */

static void collect(void *ud, const char *s, size_t n) { text_add(ud, s, n); }

static const profile_label *label_of(profile *p, amb_frame f)
{
    if ((p->nlabels + 1) * 2 > p->labels_cap) {
        size_t cap = p->labels_cap ? p->labels_cap * 2 : 256;
        profile_label *fresh = must(calloc(cap, sizeof *fresh));
        for (size_t i = 0; i < p->labels_cap; i++) {
            if (!p->labels[i].text) continue;
            size_t k = (p->labels[i].frame >> 3) * 0x9e3779b1u & (cap - 1);
            while (fresh[k].text) k = (k + 1) & (cap - 1);
            fresh[k] = p->labels[i];
        }
        free(p->labels);
        p->labels = fresh;
        p->labels_cap = cap;
    }
    size_t k = (f >> 3) * 0x9e3779b1u & (p->labels_cap - 1);
    for (; p->labels[k].text; k = (k + 1) & (p->labels_cap - 1))
        if (p->labels[k].frame == f) return &p->labels[k];
    text raw = {0}, shown = {0};
    int kind = AMB_FRAME_VM;
    if (f == FRAME_CUT)
        text_str(&raw, "...");
    else if (f == FRAME_LOADING)
        text_str(&raw, "(compiler)");
    else
        kind = amb_frame_text(p->vm, f, collect, &raw);
    text_shown(&shown, raw.p, raw.len);
    /* A semicolon separates frames in the folded form. */
    for (char *s = shown.p; *s; s++)
        if (*s == ';') *s = ',';
    text_free(&raw);
    p->nlabels++;
    p->labels[k] = (profile_label){f, shown.p, kind};
    return &p->labels[k];
}

/* --- the tree with names ------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(profile_frame *const *)a)->label,
                  (*(profile_frame *const *)b)->label);
}

/* Children in the order of their names; those with one name (compiled twice) stay apart.
 */
static profile_frame *named(profile *p, const node *n, uint32_t depth)
{
    profile_frame *f = must(calloc(1, sizeof *f));
    f->self = f->total = n->self;
    f->depth = depth;
    for (const node *c = n->child; c; c = c->next) f->nchildren++;
    f->children = must(calloc(f->nchildren + 1u, sizeof(profile_frame *)));
    uint32_t i = 0;
    for (const node *c = n->child; c; c = c->next) {
        profile_frame *k = named(p, c, depth + 1);
        const profile_label *l = label_of(p, c->frame);
        k->label = l->text;
        k->kind = l->kind;
        f->total += k->total;
        f->children[i++] = k;
    }
    qsort(f->children, f->nchildren, sizeof *f->children, by_name);
    return f;
}

static void free_tree(profile_frame *f)
{
    for (uint32_t i = 0; i < f->nchildren; i++) free_tree(f->children[i]);
    free(f->children);
    free(f);
}

static void folded(FILE *out, const profile_frame *f, text *path)
{
    size_t len = path->len;
    if (f->label) {
        if (len) text_str(path, ";");
        text_str(path, f->label);
        if (f->self) fprintf(out, "%s %llu\n", path->p, (unsigned long long)f->self);
    }
    for (uint32_t i = 0; i < f->nchildren; i++) folded(out, f->children[i], path);
    path->len = len;
    if (path->p) path->p[len] = 0;
}

bool profile_finish(profile *p, const char *script)
{
    if (!p) return true;
    stop(p);
    profile_frame *tree = named(p, &p->root, 0);
    size_t n = strlen(p->path);
    if (ftruncate(p->fd, 0)) {
        /* A pipe or a terminal has nothing to cut. */
    }
    FILE *out = must(fdopen(p->fd, "w"));
    if (n > 4 && strcmp(p->path + n - 4, ".svg") == 0) {
        flame_write(out, tree, script);
    } else {
        text path = {0};
        folded(out, tree, &path);
        text_free(&path);
    }
    bool ok = !ferror(out);
    ok = !fclose(out) && ok;
    if (!ok) fails("the profile cannot be written to", p->path);
    free_tree(tree);
    for (size_t i = 0; i < p->labels_cap; i++) free(p->labels[i].text);
    for (size_t i = 0; i < p->nchunks; i++) munmap(p->chunks[i], CHUNK);
    free(p->labels);
    free(p->path);
    free(p);
    return ok;
}
