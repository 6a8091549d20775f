/* SPDX-License-Identifier: MIT */
/* Finding programs and starting them.
 *
 * A program is found once, when it is granted, and kept by descriptor: what PATH says later, or what
 * stands under that name then, does not matter. Of a script the interpreter is kept, too, and started by
 * us rather than by the system, which would look its name up again.
 *
 * A child has a session of its own (no controlling terminal, one process group to end), no descriptor but its
 * three streams, default signal actions, nothing blocked, and the environment it was given. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

/* --- finding ------------------------------------------------------------------------ */

/* A regular file that may be executed: its descriptor, or -errno. */
static int open_program(const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct stat st;
    if (fd < 0) return -errno;
    int bad = fstat(fd, &st)                                        ? -errno
              : !S_ISREG(st.st_mode)                                ? -EACCES
              : syscall(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) ? -errno
                                                                    : 0;
    if (bad == -ENOSYS) bad = st.st_mode & 0111 ? 0 : -EACCES;
    if (bad) close(fd);
    return bad ? bad : fd;
}

/* Only absolute folders of PATH: whoever writes to the current one decides nothing. */
static int search(const char *name, char found[PATH_MAX])
{
    const char *path = getenv("PATH");
    if (!path || !*path) path = "/usr/local/bin:/usr/bin:/bin";
    int last = -ENOENT;
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, ":");
        if (n && *p == '/' && n + strlen(name) + 2 < PATH_MAX) {
            snprintf(found, PATH_MAX, "%.*s/%s", (int)n, p, name);
            int fd = open_program(found);
            if (fd >= 0) return fd;
            if (fd == -EACCES) last = fd;
        }
        p += n;
        if (*p) p++;
    }
    return last;
}

static int locate(const char *name, char found[PATH_MAX])
{
    if (!*name) return -ENOENT;
    if (!strchr(name, '/')) return search(name, found);
    if (strlen(name) >= PATH_MAX) return -ENAMETOOLONG;
    strcpy(found, name);
    return open_program(name);
}

static char *word_end(char *s)
{
    while (*s && *s != ' ' && *s != '\t') s++;
    return s;
}

/* Follows a `#!` line. `env NAME` stands for what PATH says now. */
static int interpreter(proc_program *p, char *line)
{
    char found[PATH_MAX];
    char *word = line + strspn(line, " \t"), *end = word_end(word), *option = NULL;
    if (*end) {
        *end++ = 0;
        option = end + strspn(end, " \t");
        for (size_t n = strlen(option); n && (option[n - 1] == ' ' || option[n - 1] == '\t' ||
                                              option[n - 1] == '\r');)
            option[--n] = 0;
    }
    if (*word != '/') return -ENOEXEC;
    const char *base = strrchr(word, '/') + 1;
    if (strcmp(base, "env") == 0) {
        /* What env itself would do, but now. Its options are not needed for a name. */
        if (!option || !*option || *option == '-' || strpbrk(option, "= \t")) return -ENOEXEC;
        word = option;
        option = NULL;
    }
    int fd = locate(word, found);
    if (fd < 0) return fd;
    p->scripts[p->nscripts].fd = p->fd;
    p->scripts[p->nscripts].option = option && *option ? strdup(option) : NULL;
    p->fd = fd;
    free(p->argv0);
    p->argv0 = strdup(found);
    bool lost = option && *option && !p->scripts[p->nscripts].option;
    p->nscripts++;
    return p->argv0 && !lost ? 0 : -ENOMEM;
}

/* The `#!` line of what is to be executed. 1: it was followed, 0: there is none. */
static int follow(proc_program *p)
{
    char head[PATH_MAX + 2];
    snprintf(head, sizeof head, "/proc/self/fd/%d", p->fd);
    int fd = open(head, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return 0;
    ssize_t n = read(fd, head, sizeof head - 1);
    close(fd);
    if (n <= 2 || memcmp(head, "#!", 2) != 0) return 0;
    head[n] = 0;
    char *end = strchr(head, '\n');
    if (!end) return -ENOEXEC;
    if (p->nscripts == PROC_SCRIPTS) return -ELOOP;
    *end = 0;
    int bad = interpreter(p, head + 2);
    return bad ? bad : 1;
}

int proc_program_find(const char *name, proc_program *out)
{
    char found[PATH_MAX];
    *out = (proc_program){.fd = locate(name, found)};
    if (out->fd < 0) return out->fd;
    out->name = strdup(name);
    out->argv0 = strdup(name);
    int more = out->name && out->argv0 ? 1 : -ENOMEM;
    while (more > 0) more = follow(out);
    if (more < 0) proc_program_free(out);
    return more;
}

void proc_program_free(proc_program *p)
{
    if (p->fd >= 0) close(p->fd);
    for (uint32_t i = 0; i < p->nscripts; i++) {
        close(p->scripts[i].fd);
        free(p->scripts[i].option);
    }
    free(p->name);
    free(p->argv0);
    *p = (proc_program){.fd = -1};
}

/* --- starting ----------------------------------------------------------------------- */

/* Runs in the child, in the parent's memory: system calls only. */
__attribute__((noinline)) static void become(const proc_start *s, char **argv, int *why)
{
    const proc_program *p = s->program;
    int fds[3 + PROC_SCRIPTS + 1] = {s->in, s->out, s->err};
    int n = 3 + (int)p->nscripts;
    if (s->dir >= 0 && fchdir(s->dir)) goto failed;
    for (int i = 3; i < n; i++) fds[i] = p->scripts[i - 3].fd;
    fds[n] = p->fd;
    /* First out of the way of where they go, then there. */
    for (int i = 0; i <= n; i++)
        if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16)) < 0) goto failed;
    for (int i = 0; i < n; i++)
        if (dup2(fds[i], i) < 0) goto failed;
    int program = fds[n];
    if (syscall(SYS_close_range, n, program - 1, 0)) goto failed;
    if (syscall(SYS_close_range, program + 1, ~0u, 0)) goto failed;
    setsid();
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++) sigaction(i, &dfl, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_execveat, program, "", argv, s->envp, AT_EMPTY_PATH);
failed:
    *why = errno ? errno : EIO;
    _exit(127);
}

pid_t proc_spawn(const proc_start *s, int *pidfd)
{
    const proc_program *p = s->program;
    size_t n = 0;
    while (s->argv[n]) n++;
    char **argv = malloc((n + 2 * PROC_SCRIPTS + 1) * sizeof *argv);
    if (!argv) return -ENOMEM;
    size_t k = 0;
    argv[k++] = p->argv0;
    for (uint32_t i = p->nscripts; i-- > 0;) {
        static const char *const opened[PROC_SCRIPTS] = {"/proc/self/fd/3", "/proc/self/fd/4",
                                                         "/proc/self/fd/5", "/proc/self/fd/6"};
        if (p->scripts[i].option) argv[k++] = p->scripts[i].option;
        argv[k++] = (char *)opened[i];
    }
    for (size_t i = 1; i < n; i++) argv[k++] = s->argv[i];
    argv[k] = NULL;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    volatile int why = 0;
    pid_t pid = vfork();
    if (pid == 0) become(s, argv, (int *)&why);
    int e = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    free(argv);
    if (pid < 0) return -e;
    if (why) {
        siginfo_t si;
        while (waitid(P_PID, (id_t)pid, &si, WEXITED) < 0 && errno == EINTR) continue;
        return -why;
    }
    *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (*pidfd < 0) {
        e = errno;
        kill(-pid, SIGKILL);
        siginfo_t si;
        while (waitid(P_PID, (id_t)pid, &si, WEXITED) < 0 && errno == EINTR) continue;
        return -e;
    }
    return pid;
}

/* --- signals ------------------------------------------------------------------------ */

static const struct {
    int number;
    const char *name;
} names[] = {
    {SIGHUP, "HUP"},   {SIGINT, "INT"},     {SIGQUIT, "QUIT"}, {SIGTERM, "TERM"},
    {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"},   {SIGWINCH, "WINCH"}, {SIGCONT, "CONT"},
    {SIGALRM, "ALRM"}, {SIGKILL, "KILL"},   {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"},
    {SIGABRT, "ABRT"}, {SIGSEGV, "SEGV"},   {SIGPIPE, "PIPE"}, {SIGILL, "ILL"},
    {SIGFPE, "FPE"},   {SIGBUS, "BUS"},     {SIGTRAP, "TRAP"}, {SIGSYS, "SYS"},
    {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"},   {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"},
    {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGCHLD, "CHLD"}, {SIGURG, "URG"},
};

int proc_signal_number(const char *name, size_t len)
{
    if (len > 3 && memcmp(name, "SIG", 3) == 0) name += 3, len -= 3;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
            return names[i].number;
    return 0;
}

const char *proc_signal_name(int number)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    return "unknown";
}
