/* SPDX-License-Identifier: MIT */
/* Requests are read into one buffer and taken apart in place. A client that is slow, says too much or something
 * that is not HTTP is told so and left: each request has READ_MS milliseconds to arrive. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http.h"

enum { READ_MS = 5000, WRITE_MS = 5000, REQUESTS = 1000, LINGER_MS = 200 };

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 303: return "See Other";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 418: return "I'm a teapot";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "Status";
    }
}

/* ---- replies --------------------------------------------------------------------------- */

int http_body(http_reply *r, const char *s, size_t n)
{
    char *copy = malloc(n ? n : 1);
    if (!copy) return 0;
    memcpy(copy, s, n);
    free(r->body);
    r->body = copy;
    r->body_len = n;
    return 1;
}

int http_header(http_reply *r, const char *name, size_t nname, const char *value, size_t nvalue)
{
    static const char *const ours[] = {"content-length", "transfer-encoding", "connection", "date"};
    if (!nname || r->headers_len + nname + nvalue + 5 > sizeof r->headers) return 0;
    for (size_t i = 0; i < nname; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_') return 0;
    for (size_t i = 0; i < nvalue; i++)
        if ((unsigned char)value[i] < 32 || value[i] == 127) return 0; /* a line end would begin something else */
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strlen(ours[i]) == nname && strncasecmp(name, ours[i], nname) == 0) return 0;
    if (nname == 12 && strncasecmp(name, "content-type", 12) == 0) r->has_type = 1;
    r->headers_len += (size_t)snprintf(r->headers + r->headers_len, sizeof r->headers - r->headers_len, "%.*s: %.*s\r\n",
                                       (int)nname, name, (int)nvalue, value);
    return 1;
}

void http_error(http_reply *r, int status, const char *why)
{
    char text[256];
    int n = snprintf(text, sizeof text, "%d %s: %s\n", status, reason(status), why);
    r->status = status;
    r->headers_len = 0;
    r->has_type = 0;
    if (!http_body(r, text, (size_t)n)) r->body_len = 0;
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int send_all(int fd, const char *s, size_t n)
{
    long long end = now_ms() + WRITE_MS;
    while (n) {
        ssize_t k = send(fd, s, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (k < 0 && (errno == EAGAIN || errno == EINTR)) {
            struct pollfd p = {.fd = fd, .events = POLLOUT};
            long long left = end - now_ms();
            if (left <= 0 || poll(&p, 1, (int)left) == 0) return 0;
            continue;
        }
        if (k < 0) return 0;
        s += k;
        n -= (size_t)k;
    }
    return 1;
}

static int send_reply(int fd, const http_reply *r, int head_only, int keep)
{
    char top[512];
    int n = snprintf(top, sizeof top, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n%sConnection: %s\r\n", r->status,
                     reason(r->status), r->body_len, r->has_type ? "" : "Content-Type: text/plain; charset=utf-8\r\n",
                     keep ? "keep-alive" : "close");
    char *all = malloc((size_t)n + r->headers_len + 2 + r->body_len);
    if (!all) return 0;
    memcpy(all, top, (size_t)n);
    memcpy(all + n, r->headers, r->headers_len);
    memcpy(all + (size_t)n + r->headers_len, "\r\n", 2);
    if (r->body_len) memcpy(all + (size_t)n + r->headers_len + 2, r->body, r->body_len);
    int ok = send_all(fd, all, (size_t)n + r->headers_len + 2 + (head_only ? 0 : r->body_len));
    free(all);
    return ok && keep;
}

/* ---- requests -------------------------------------------------------------------------- */

typedef struct connection {
    int fd, stop;
    char buffer[HTTP_HEAD + HTTP_BODY + 1];
    size_t len;
    long long end;
} connection;

/* More bytes. 0: no more come; -1: too late. */
static int more(connection *c)
{
    while (c->len < sizeof c->buffer - 1) {
        struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN}, {.fd = c->stop, .events = POLLIN}};
        long long left = c->end - now_ms();
        if (left <= 0) return -1;
        int k = poll(p, 2, (int)left);
        if (k < 0 && errno != EINTR) return 0;
        if (k == 0) return -1;
        if (k > 0 && p[1].revents) return 0;
        if (k < 0 || !p[0].revents) continue;
        ssize_t n = recv(c->fd, c->buffer + c->len, sizeof c->buffer - 1 - c->len, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n <= 0) return 0;
        c->len += (size_t)n;
        return 1;
    }
    return 0;
}

static int hex(char c) { return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1; }

/* %XX in place; 0: a % that is none, or a zero. */
static int decode(char *s, int plus)
{
    char *to = s;
    for (; *s; s++) {
        char c = *s;
        if (c == '%') {
            int a = hex(s[1]), b = a < 0 ? -1 : hex(s[2]);
            if (b < 0 || (a == 0 && b == 0)) return 0;
            c = (char)(a * 16 + b);
            s += 2;
        } else if (c == '+' && plus) c = ' ';
        *to++ = c;
    }
    *to = 0;
    return 1;
}

static int parse_query(http_request *q, char *s)
{
    while (s && *s) {
        char *next = strchr(s, '&'), *eq;
        if (next) *next++ = 0;
        if (*s && q->nquery == HTTP_FIELDS) return 0;
        eq = strchr(s, '=');
        if (eq) *eq++ = 0;
        if (!decode(s, 1) || (eq && !decode(eq, 1))) return 0;
        if (*s) q->query[q->nquery++] = (http_field){s, eq ? eq : ""};
        s = next;
    }
    return 1;
}

static const char *header(const http_request *q, const char *name)
{
    for (int i = 0; i < q->nheaders; i++)
        if (strcmp(q->headers[i].name, name) == 0) return q->headers[i].value;
    return NULL;
}

/* Takes the head apart, whose lines end with zeros then. 0 or the status of the answer. */
static int parse_head(http_request *q, char *head, size_t len, int *minor)
{
    if (memchr(head, 0, len)) return 400;
    char *line = head, *next = strstr(line, "\r\n");
    *next = 0;
    char *target = strchr(line, ' ');
    if (!target) return 400;
    *target++ = 0;
    char *version = strchr(target, ' ');
    if (!version) return 400;
    *version++ = 0;
    if (strncmp(version, "HTTP/1.", 7) != 0 || (version[7] != '0' && version[7] != '1') || version[8]) return 400;
    *minor = version[7] - '0';
    q->method = line;
    for (const char *m = line; *m; m++)
        if (!isupper((unsigned char)*m)) return 400;
    if (!*line || target[0] != '/') return 400;
    char *query = strchr(target, '?');
    if (query) *query++ = 0;
    if (!decode(target, 0) || !parse_query(q, query)) return 400;
    q->path = target;
    for (line = next + 2; *line; line = next + 2) {
        next = strstr(line, "\r\n");
        if (!next) break;
        *next = 0;
        char *colon = strchr(line, ':'), *end = next;
        if (!colon || colon == line) return 400;
        if (q->nheaders == HTTP_FIELDS) return 431;
        *colon = 0;
        for (char *p = line; *p; p++) {
            if (!isalnum((unsigned char)*p) && !strchr("!#$%&'*+-.^_`|~", *p)) return 400;
            *p = (char)tolower((unsigned char)*p);
        }
        char *value = colon + 1 + strspn(colon + 1, " \t");
        while (end > value && (end[-1] == ' ' || end[-1] == '\t')) *--end = 0;
        /* Two that say how long the body is: somebody would believe the other one. */
        if ((strcmp(line, "content-length") == 0 || strcmp(line, "host") == 0) && header(q, line)) return 400;
        q->headers[q->nheaders++] = (http_field){line, value};
    }
    return 0;
}

/* How long the body is. 0 or the status of the answer. */
static int body_length(const http_request *q, size_t *n)
{
    const char *s = header(q, "content-length");
    *n = 0;
    if (header(q, "transfer-encoding")) return 501;
    if (!s) return 0;
    if (!*s || strspn(s, "0123456789") != strlen(s)) return 400;
    if (strlen(s) > 9) return 413;
    *n = (size_t)atol(s);
    return *n > HTTP_BODY ? 413 : 0;
}

/* One request and its reply. 1: the connection can go on. */
static int serve_one(connection *c, void (*answer)(void *, const http_request *, http_reply *), void *ud)
{
    http_request q = {.body = ""};
    http_reply r = {.status = 200};
    char *end = NULL;
    size_t length = 0, used = c->len;
    int wrong = 0, minor = 1, got = 1;
    c->end = now_ms() + READ_MS;
    while (c->buffer[c->len] = 0, (end = memmem(c->buffer, c->len, "\r\n\r\n", 4)) == NULL && !wrong) {
        if (c->len > HTTP_HEAD) wrong = 431;
        else if ((got = more(c)) <= 0) {
            if (got == 0 || !c->len) return 0;
            wrong = 408;
        }
    }
    if (!wrong) {
        size_t head = (size_t)(end - c->buffer) + 4;
        end[2] = 0;
        wrong = head > HTTP_HEAD ? 431 : parse_head(&q, c->buffer, head - 2, &minor);
        if (!wrong) wrong = body_length(&q, &length);
        const char *expect = wrong ? NULL : header(&q, "expect");
        if (expect && strcasecmp(expect, "100-continue") == 0 && !send_all(c->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return 0;
        used = head + length;
        while (!wrong && c->len < used)
            if ((got = more(c)) <= 0) {
                if (got == 0) return 0;
                wrong = 408;
            }
        q.body = c->buffer + head;
        q.body_len = length;
    }
    if (wrong) {
        http_error(&r, wrong, "the server does not take this request");
        send_reply(c->fd, &r, 0, 0);
        free(r.body);
        return 0;
    }
    const char *connection_header = header(&q, "connection");
    int keep = minor == 1 && !(connection_header && strcasecmp(connection_header, "close") == 0);
    answer(ud, &q, &r);
    keep = send_reply(c->fd, &r, strcmp(q.method, "HEAD") == 0, keep);
    free(r.body);
    memmove(c->buffer, c->buffer + used, c->len - used); /* what the client has sent ahead */
    c->len -= used;
    return keep;
}

void http_serve(int fd, int stop, void (*answer)(void *ud, const http_request *q, http_reply *r), void *ud)
{
    connection *c = malloc(sizeof *c);
    if (!c) return;
    c->fd = fd;
    c->stop = stop;
    c->len = 0;
    for (int i = 0; i < REQUESTS && serve_one(c, answer, ud); i++) { }
    shutdown(fd, SHUT_WR);
    /* Closing while something is unread would take the reply away from a client that is still sending. */
    c->end = now_ms() + LINGER_MS;
    for (int i = 0; i < 64 && (c->len = 0, more(c) > 0); i++) { }
    free(c);
}
