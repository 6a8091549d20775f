/* SPDX-License-Identifier: MIT */
/* Paths that matter: what may be read without asking, and what nobody should change who is
 * not trusted with everything. All paths are canonical. */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "policy.h"

static bool beneath(const char *dir, const char *path)
{
    return amb_match_covers(AMB_M_DIR, dir, path);
}

/* The user's home directories: by the system's word and by the environment's, so that the
 * environment can add one but take none away. */
static int homes(char out[2][PATH_MAX])
{
    int n = 0;
    const struct passwd *pw = getpwuid(geteuid());
    const char *h = getenv("HOME");
    if (pw && pw->pw_dir && realpath(pw->pw_dir, out[n])) n++;
    if (h && realpath(h, out[n])) n++;
    return n;
}

/* A directory that stands for a project, not for everything: not /, nor the home
 * directory, nor (above) one that contains it. */
static bool modest(const char *dir, bool above)
{
    char home[2][PATH_MAX];
    if (strcmp(dir, "/") == 0) return false;
    for (int i = homes(home) - 1; i >= 0; i--)
        if (above ? beneath(dir, home[i]) : strcmp(home[i], dir) == 0) return false;
    return true;
}

bool place_beneath_cwd(const char *real, const target *t)
{
    char dir[PATH_MAX];
    if (!realpath(".", dir) || !beneath(dir, real) || !modest(dir, true)) return false;
    if (!t->known) return true;
    const char *rest = real + strlen(dir);
    while (*rest == '/') rest++;
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
                                      RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, AT_FDCWD, *rest ? rest : ".", &how, sizeof how);
    if (fd < 0) return false;
    struct stat st;
    bool same = fstat((int)fd, &st) == 0 && st.st_dev == t->dev && st.st_ino == t->ino;
    close((int)fd);
    return same;
}

/* Where modules come from, by the descriptor they are loaded through. */
static bool module_dir(const host *h, char out[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", h->root);
    ssize_t n = h->root >= 0 ? readlink(link, out, PATH_MAX - 1) : -1;
    if (n <= 0) return false;
    out[n] = 0;
    return true;
}

bool place_beneath_script(const host *h, const char *real)
{
    char dir[PATH_MAX];
    return h->own_dir && module_dir(h, dir) && beneath(dir, real) && modest(dir, false);
}

/* --- what gives everything ----------------------------------------------------------- */

static const struct place {
    const char *path, *what;
} in_home[] = {
    {".bashrc", "start-up files"},
    {".bash_profile", "start-up files"},
    {".bash_login", "start-up files"},
    {".bash_logout", "start-up files"},
    {".profile", "start-up files"},
    {".zshrc", "start-up files"},
    {".zshenv", "start-up files"},
    {".zprofile", "start-up files"},
    {".zlogin", "start-up files"},
    {".kshrc", "start-up files"},
    {".cshrc", "start-up files"},
    {".tcshrc", "start-up files"},
    {".login", "start-up files"},
    {".xinitrc", "start-up files"},
    {".xprofile", "start-up files"},
    {".xsession", "start-up files"},
    {".pam_environment", "start-up files"},
    {".ssh", "keys and logins"},
    {".gnupg", "keys and logins"},
    {".gitconfig", "programs that git runs"},
    {".vimrc", "start-up files"},
    {".vim", "start-up files"},
    {".emacs", "start-up files"},
    {".emacs.d", "start-up files"},
    {".config/autostart", "start-up files"},
    {".config/systemd", "start-up files"},
    {".config/environment.d", "start-up files"},
    {".config/fish", "start-up files"},
    {".config/zsh", "start-up files"},
    {".config/nvim", "start-up files"},
    {".config/git", "programs that git runs"},
    {".config/ambit", "what other scripts are granted"},
    {".local/bin", "programs"},
    {".local/share/applications", "programs"},
    {".local/share/systemd", "start-up files"},
    {"bin", "programs"},
}, in_root[] = {
    {"/etc", "the system"},
    {"/bin", "programs"},
    {"/sbin", "programs"},
    {"/usr", "programs"},
    {"/lib", "programs"},
    {"/lib64", "programs"},
    {"/boot", "the system"},
    {"/proc", "the system"},
    {"/sys", "the system"},
    {"/run", "the system"},
    {"/var/spool/cron", "start-up files"},
    {"/var/lib", "the system"},
};

/* Whether changing what is at or beneath `real` can change `place`, or the other way. */
static bool touches(const char *real, const char *place)
{
    char full[PATH_MAX];
    if (beneath(real, place) || beneath(place, real)) return true;
    return realpath(place, full) && (beneath(real, full) || beneath(full, real));
}

static bool touches_in(const char *real, const char *dir, const char *name)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", strcmp(dir, "/") ? dir : "", name);
    return touches(real, path);
}

const char *place_escape(const policy *p, const char *real)
{
    char buf[PATH_MAX], home[2][PATH_MAX];
    const host *h = p->h;
    ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
    if (n > 0) {
        buf[n] = 0;
        if (touches(real, buf)) return "ambit itself";
    }
    if (h->script_real && touches(real, h->script_real)) return "this script";
    for (uint32_t i = 0; i < h->nsources; i++) {
        const char *id = h->sources[i].id;
        if (!*id || !module_dir(h, buf)) continue;
        text t = {0};
        text_printf(&t, "%s/%s.amb", strcmp(buf, "/") ? buf : "", id);
        bool hit = touches(real, t.p);
        text_free(&t);
        if (hit) return "this script's modules";
    }
    if (p->o->policy && realpath(p->o->policy, buf) && touches(real, buf))
        return "the policy";
    const char *config = getenv("XDG_CONFIG_HOME");
    if (config && *config == '/' && touches_in(real, config, "ambit"))
        return "what other scripts are granted";
    for (int i = homes(home) - 1; i >= 0; i--)
        for (size_t k = 0; k < sizeof in_home / sizeof in_home[0]; k++)
            if (touches_in(real, home[i], in_home[k].path)) return in_home[k].what;
    for (size_t k = 0; k < sizeof in_root / sizeof in_root[0]; k++)
        if (touches(real, in_root[k].path)) return in_root[k].what;
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t k = strcspn(path, ":");
        if (*path == '/' && k < sizeof buf) {
            memcpy(buf, path, k);
            buf[k] = 0;
            if (touches(real, buf)) return "programs";
        }
        path += k + (path[k] == ':');
    }
    return NULL;
}
