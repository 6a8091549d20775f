/* SPDX-License-Identifier: MIT */
/* The question before a script starts.
 *
 * It goes to the terminal itself, whatever standard input and output are, and what was
 * typed before it was asked does not answer it. Everything the script asks for stands on one
 * screen: a manifest that does not fit is not asked about, since what scrolled away was not
 * read. Every text in it is the script's or the file system's and is escaped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "policy.h"

static void shown(text *t, const char *s)
{
    bool plain = *s && !strpbrk(s, " \"'");
    if (!plain) text_str(t, "\"");
    text_shown(t, s, strlen(s));
    if (!plain) text_str(t, "\"");
}

static void line_for(text *t, const request *q, const target *at)
{
    bool open = at && at->verdict == OPEN_QUESTION;
    text name = {0}, rights = {0}, place = {0};
    text_add(&place, "", 0);
    request_name(&name, q);
    rights_text(&rights, q->provider, q->rights, ", ");
    text_str(t, open && at->escape ? "  ! " : open ? "  ? " : "    ");
    if (at && at->dash) text_str(&place, "standard input or output");
    else if (at && at->given) {
        shown(&place, at->real ? at->real : at->given);
        if (at->made) text_str(&place, " (new)");
    }
    if (q->rest && q->rest[0]) {
        if (place.len) text_str(&place, " ");
        text_shown(&place, q->rest, strlen(q->rest));
    }
    text_printf(t, "%-11s  %-36s  %-12s  line %u", name.p, place.p,
                rights.len ? rights.p : "", q->use->line);
    if (q->refused) text_str(t, "  (left out)");
    else if (q->use->optional) text_str(t, "  (can do without)");
    text_str(t, "\n");
    if (open && at->escape) {
        text_str(t, "                 can do anything you can: ");
        text_shown(t, at->escape, strlen(at->escape));
        text_str(t, "\n");
    }
    text_free(&name);
    text_free(&rights);
    text_free(&place);
}

/* Rows on a terminal of that width; every byte counts as a column, so never too few. */
static unsigned rows_of(const text *t, unsigned width)
{
    unsigned rows = 0, column = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (t->p[i] == '\n') {
            rows++;
            column = 0;
        } else if (++column > width) {
            rows++;
            column = 1;
        }
    }
    return rows + (column != 0);
}

static bool send(int fd, const char *s, size_t n)
{
    while (n) {
        ssize_t k = write(fd, s, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        s += k;
        n -= (size_t)k;
    }
    return true;
}

/* One line from the terminal, typed after the question was shown. */
static bool ask(int tty, char *out, size_t size)
{
    struct termios before, t;
    size_t n = 0;
    bool ok = tcgetattr(tty, &before) == 0;
    if (ok) {
        t = before;
        t.c_lflag |= ICANON | ECHO | ISIG;
        t.c_iflag |= ICRNL;
        ok = tcsetattr(tty, TCSAFLUSH, &t) == 0 && tcflush(tty, TCIFLUSH) == 0;
    }
    while (ok) {
        char c;
        ssize_t k = read(tty, &c, 1);
        if (k <= 0) ok = false; /* interrupted, too: nobody said yes */
        else if (c == '\n') break;
        else if (n + 1 < size) out[n++] = c;
        else n = size; /* no answer is that long */
    }
    out[n < size ? n : 0] = 0;
    tcsetattr(tty, TCSANOW, &before);
    return ok;
}

answer consent_ask(policy *p)
{
    /* Without any, nobody watches this run, even where the shell has a terminal. */
    if (!isatty(0) && !isatty(1) && !isatty(2)) return ANSWER_NOBODY;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) return ANSWER_NOBODY;
    /* In the background nobody would see the question. */
    if (tcgetpgrp(tty) != getpgrp()) {
        close(tty);
        return ANSWER_NOBODY;
    }
    bool always = store_possible(p), once = !p->o->asking, everything = false;
    text t = {0};
    text_str(&t, "\nambit: ");
    shown(&t, p->h->script_real ? p->h->script_real : p->script);
    text_str(&t, " asks for:\n");
    for (uint32_t i = 0; i < p->n; i++) {
        const request *q = &p->q[i];
        if (!q->ntargets) line_for(&t, q, NULL);
        for (uint32_t k = 0; k < q->ntargets; k++) {
            const target *at = &q->targets[k];
            line_for(&t, q, at);
            if (at->verdict != OPEN_QUESTION) continue;
            if (at->escape) always = false, everything = true;
        }
    }
    if (p->changed.len) {
        text_str(&t, "Changed since it was allowed: ");
        text_shown(&t, p->changed.p, p->changed.len);
        text_str(&t, "\n");
    }
    text_printf(&t, "Granted only if you say so: ?%s\n",
                everything ? ", and ! which is as good as everything" : "");
    text question = {0};
    if (once) text_str(&question, "[y] once  ");
    if (always) text_str(&question, "[a] always for this script  ");
    text_str(&question, "[n] no: ");
    struct winsize w = {0};
    if (ioctl(tty, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col) w.ws_row = 24, w.ws_col = 80;
    answer a = ANSWER_NO;
    char word[8];
    if (rows_of(&t, w.ws_col) + 2 > w.ws_row) {
        static const char note[] =
            "ambit: what the script asks for does not fit on one screen, so it cannot be "
            "asked about\n";
        send(tty, note, sizeof note - 1);
    } else if (!once && !always) {
        static const char note[] = "ambit: this cannot be remembered\n";
        send(tty, t.p, t.len);
        send(tty, note, sizeof note - 1);
    } else if (send(tty, t.p, t.len)) {
        for (int tries = 0; tries < 3 && a == ANSWER_NO; tries++) {
            if (!send(tty, question.p, question.len) || !ask(tty, word, sizeof word)) break;
            if (strcmp(word, "n") == 0) break;
            if (once && strcmp(word, "y") == 0) a = ANSWER_ONCE;
            if (always && strcmp(word, "a") == 0) a = ANSWER_ALWAYS;
        }
    }
    close(tty);
    text_free(&t);
    text_free(&question);
    return a;
}
