/* SPDX-License-Identifier: MIT */
/* An HTTP/1.1 server whose pages are untrusted scripts: httpd [-p PORT] [-w WORKERS] HANDLERS-FOLDER
 *
 * A request for /NAME/... is answered by HANDLERS/NAME.amb, in a machine of its own that is made for it and freed
 * behind it, so that nothing is left of one request when the next one comes. The script's `pub fn handle(request)` gets a map
 * (method, path, query, headers, body) and returns a string, or a map with status, headers and body. It is given nothing else:
 * no files, no network, so much memory, fuel and time. What goes wrong in it is a 500 or 503 for its own client.
 *
 * Requests are read and written in http.c; listening is on the loopback address only. SIGTERM and SIGINT end it. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ambit/ambit.h>

#include "http.h"

enum { MAX_HANDLERS = 64, MAX_WORKERS = 64, MAX_BODY = 256 << 10, MAX_PRINTED = 2000 };

typedef struct handler {
    char *name, *source;
    size_t len;
} handler;

static handler handlers[MAX_HANDLERS];
static int nhandlers, listener, stop_pipe[2];

static void show(void *ud, const char *s, size_t n) { fwrite(s, 1, n, ud); }

/* ---- one request in one machine ----------------------------------------------------- */

/* What handlers print goes to the log, so much of it. */
static amb_status output(void *ud, int fd, const char *s, size_t n)
{
    size_t *printed = ud;
    (void)fd;
    if (!s) return AMB_OK;
    if (n > MAX_PRINTED - *printed) return AMB_E_QUOTA;
    *printed += n;
    return fwrite(s, 1, n, stderr) == n ? AMB_OK : AMB_E_IO;
}

static amb_status put_text(amb_vm *vm, amb_value map, const char *key, const char *s, size_t n)
{
    amb_value v;
    amb_status st = amb_string_new(vm, s, n, &v);
    if (st == AMB_E_ARG) st = amb_bytes_new(vm, s, n, &v); /* not UTF-8 */
    return st ? st : amb_map_set_text(vm, map, key, v);
}

static amb_status make_request(amb_vm *vm, const http_request *q, amb_value *out)
{
    amb_value query, headers;
    amb_status st = amb_map_new(vm, out);
    if (!st) st = amb_map_new(vm, &query);
    if (!st) st = amb_map_new(vm, &headers);
    if (!st) st = put_text(vm, *out, "method", q->method, strlen(q->method));
    if (!st) st = put_text(vm, *out, "path", q->path, strlen(q->path));
    for (int i = 0; i < q->nquery && !st; i++)
        st = put_text(vm, query, q->query[i].name, q->query[i].value, strlen(q->query[i].value));
    for (int i = 0; i < q->nheaders && !st; i++)
        st = put_text(vm, headers, q->headers[i].name, q->headers[i].value, strlen(q->headers[i].value));
    if (!st) st = amb_map_set_text(vm, *out, "query", query);
    if (!st) st = amb_map_set_text(vm, *out, "headers", headers);
    return st ? st : put_text(vm, *out, "body", q->body, q->body_len);
}

static amb_status wrong(http_reply *r, const char *why)
{
    http_error(r, 500, why);
    return AMB_E_ARG;
}

static amb_status take_body(amb_vm *vm, amb_value v, http_reply *r)
{
    const char *s;
    uint8_t *p;
    size_t n;
    if (amb_as_string(vm, v, &s, &n) != AMB_OK) {
        if (amb_as_bytes(vm, v, &p, &n) != AMB_OK) return wrong(r, "the handler's body is neither string nor bytes");
        s = (const char *)p;
    }
    if (n > MAX_BODY) return wrong(r, "the handler's answer is too long");
    return http_body(r, s, n) ? AMB_OK : AMB_E_NOMEM;
}

static amb_status take_headers(amb_vm *vm, amb_value map, http_reply *r)
{
    amb_value key, v;
    uint32_t at = 0;
    amb_status st;
    while ((st = amb_map_next(vm, map, &at, &key, &v)) == AMB_OK) {
        const char *name, *value;
        size_t nn, nv;
        if (amb_as_string(vm, key, &name, &nn) || amb_as_string(vm, v, &value, &nv) || !http_header(r, name, nn, value, nv))
            return wrong(r, "a header of the handler's answer is none");
    }
    return st == AMB_E_EOF ? AMB_OK : wrong(r, "the handler's headers are no map");
}

/* A handler can return anything; only what is right gets out. */
static amb_status take_reply(amb_vm *vm, amb_value v, http_reply *r)
{
    amb_value part;
    int64_t status = 200;
    amb_status st = AMB_OK;
    if (amb_type(v) == AMB_TYPE_STRING) return take_body(vm, v, r);
    if (amb_type(v) != AMB_TYPE_MAP) return wrong(r, "the handler gave neither string nor map");
    if (amb_map_get_text(vm, v, "status", &part) == AMB_OK && !amb_is_nil(part) &&
        (!amb_as_int(part, &status) || status < 200 || status > 599))
        return wrong(r, "the handler's status is none");
    r->status = (int)status;
    if (amb_map_get_text(vm, v, "headers", &part) == AMB_OK && !amb_is_nil(part)) st = take_headers(vm, part, r);
    if (!st && amb_map_get_text(vm, v, "body", &part) == AMB_OK && !amb_is_nil(part)) st = take_body(vm, part, r);
    return st;
}

/* Clients learn of which kind a fault was; where it was is for the log. */
static void failed(amb_vm *vm, amb_status st, http_reply *r)
{
    char text[160];
    amb_value error;
    amb_error parts = {.size = sizeof parts};
    if (st == AMB_E_LIMIT || st == AMB_E_NOMEM) {
        const char *limit = amb_last_limit(vm);
        snprintf(text, sizeof text, "the handler was stopped: %s used up", limit ? limit : "memory");
        http_error(r, 503, text);
        return;
    }
    if (st == AMB_E_THROW && amb_last_error(vm, &error) == AMB_OK && amb_error_parts(vm, error, &parts) == AMB_OK)
        snprintf(text, sizeof text, "the handler failed: %.100s", parts.type);
    else snprintf(text, sizeof text, "the handler failed (%d)", (int)st);
    http_error(r, 500, text);
    amb_error_report(vm, 0, show, stderr);
}

static void run_handler(const handler *h, const http_request *q, http_reply *r)
{
    size_t printed = 0;
    amb_status why = AMB_OK;
    amb_script *script;
    amb_value f, request, answer;
    amb_config config = {.size = sizeof config, .heap_bytes = 8u << 20, .fuel = 5000000, .timeout_ns = 1000000000,
                         .tasks = 100, .output = output, .output_ud = &printed};
    amb_vm *vm = amb_vm_new(&config, &why);
    if (!vm) {
        http_error(r, 503, "no machine for the handler");
        return;
    }
    amb_scope scope = amb_scope_open(vm);
    amb_status st = amb_load(vm, h->name, h->source, h->len, 0, show, stderr, &script);
    if (st == AMB_E_COMPILE) {
        http_error(r, 500, "the handler cannot be compiled");
        goto done;
    }
    if (!st && amb_script_manifest(script)->nuses) {
        http_error(r, 500, "the handler asks for authority, which it is not given");
        goto done;
    }
    if (!st) st = amb_run(vm, script, amb_nil(), NULL, NULL);
    if (!st && amb_script_get(script, "handle", &f) != AMB_OK) {
        http_error(r, 500, "the handler has no pub fn handle");
        goto done;
    }
    if (!st) st = make_request(vm, q, &request);
    if (!st) st = amb_call_function(vm, f, &request, 1, &answer);
    if (st) failed(vm, st, r);
    else if (take_reply(vm, answer, r) == AMB_E_NOMEM) http_error(r, 503, "out of memory");
done:
    amb_scope_close(vm, scope);
    amb_vm_free(vm);
}

static void answer(void *ud, const http_request *q, http_reply *r)
{
    (void)ud;
    size_t n = strcspn(q->path + 1, "/");
    for (int i = 0; i < nhandlers; i++)
        if (strlen(handlers[i].name) == n && memcmp(handlers[i].name, q->path + 1, n) == 0) {
            run_handler(&handlers[i], q, r);
            return;
        }
    http_error(r, 404, "there is no such page");
}

/* ---- the server ------------------------------------------------------------------------ */

/* Each worker takes connections from the same socket, and has one at a time. */
static void *worker(void *ud)
{
    struct pollfd p[2] = {{.fd = listener, .events = POLLIN}, {.fd = stop_pipe[0], .events = POLLIN}};
    (void)ud;
    for (;;) {
        if (poll(p, 2, -1) < 0 && errno != EINTR) return NULL;
        if (p[1].revents) return NULL; /* nobody reads it: all workers see it */
        if (!(p[0].revents & POLLIN)) continue;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue; /* somebody else was faster */
        http_serve(fd, stop_pipe[0], answer, NULL);
        close(fd);
    }
}

static void on_stop(int sig)
{
    (void)sig;
    ssize_t n = write(stop_pipe[1], "", 1);
    (void)n;
}

/* All handlers are read before the first request: no path of a request is ever opened. */
static int read_handlers(const char *folder)
{
    DIR *d = opendir(folder);
    if (!d) return 0;
    struct dirent *e;
    while ((e = readdir(d)) != NULL && nhandlers < MAX_HANDLERS) {
        size_t n = strlen(e->d_name);
        char path[600];
        if (n < 5 || strcmp(e->d_name + n - 4, ".amb") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = fopen(path, "rb");
        handler *h = &handlers[nhandlers];
        h->name = strndup(e->d_name, n - 4);
        h->source = malloc(1 << 20);
        if (!f || !h->name || !h->source) {
            fprintf(stderr, "httpd: cannot read %s\n", path);
            exit(1);
        }
        h->len = fread(h->source, 1, 1 << 20, f);
        fclose(f);
        nhandlers++;
    }
    closedir(d);
    return nhandlers;
}

static int listen_at(unsigned short port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int yes = 1;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 128) ||
        getsockname(listener, (struct sockaddr *)&a, &len))
        return -1;
    return ntohs(a.sin_port);
}

int main(int argc, char **argv)
{
    int port = 0, workers = 4, c;
    pthread_t threads[MAX_WORKERS];
    while ((c = getopt(argc, argv, "p:w:")) != -1) {
        if (c == 'p') port = atoi(optarg);
        else if (c == 'w') workers = atoi(optarg);
        else return 2;
    }
    if (argc - optind != 1 || port < 0 || port > 65535 || workers < 1 || workers > MAX_WORKERS) {
        fprintf(stderr, "Usage: httpd [-p PORT] [-w WORKERS] HANDLERS-FOLDER\n");
        return 2;
    }
    if (!read_handlers(argv[optind])) {
        fprintf(stderr, "httpd: no handlers in %s\n", argv[optind]);
        return 1;
    }
    struct sigaction stop = {.sa_handler = on_stop};
    if (pipe(stop_pipe) || (port = listen_at((unsigned short)port)) < 0) {
        perror("httpd");
        return 1;
    }
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    printf("listening on 127.0.0.1:%d\n", port);
    fflush(stdout);
    int running = 0;
    while (running < workers && pthread_create(&threads[running], NULL, worker, NULL) == 0) running++;
    for (int i = 0; i < running; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < nhandlers; i++) free(handlers[i].name), free(handlers[i].source);
    close(listener);
    return running ? 0 : 1;
}
