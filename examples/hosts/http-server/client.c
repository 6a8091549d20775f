/* SPDX-License-Identifier: MIT */
/* A client for the checks of httpd: the status and the body of an answer, or how many were as they should be.
 *
 *   client PORT METHOD TARGET [BODY]       one request
 *   client PORT raw                        sends standard input as it is, prints all that comes back
 *   client PORT load N THREADS TARGET      N requests on connections that are kept; counts the answers 200 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port;
static const char *target;
static atomic_int to_do, good;

static int dial(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

static int send_text(int fd, const char *s, size_t n)
{
    for (ssize_t k; n; s += k, n -= (size_t)k)
        if ((k = send(fd, s, n, MSG_NOSIGNAL)) <= 0) return 0;
    return 1;
}

/* Reads one answer into the buffer, which grows; gives the status, 0: none came. */
static int receive(int fd, int head_only, char **buffer, size_t *cap, const char **body, size_t *body_len)
{
    size_t len = 0, want = 0;
    for (;;) {
        if (*cap - len < 4096) {
            *cap = *cap ? 2 * *cap : 16384;
            *buffer = realloc(*buffer, *cap);
            if (!*buffer) exit(1);
        }
        if (want && len >= want) break;
        ssize_t n = recv(fd, *buffer + len, want && want - len < *cap - len - 1 ? want - len : *cap - len - 1, 0);
        if (n <= 0) return 0;
        len += (size_t)n;
        (*buffer)[len] = 0;
        char *end = strstr(*buffer, "\r\n\r\n"), *s = strcasestr(*buffer, "\r\ncontent-length:");
        if (!end || !s) continue;
        *body = end + 4;
        *body_len = head_only ? 0 : (size_t)atol(s + 17);
        want = (size_t)(end + 4 - *buffer) + *body_len;
    }
    char *end = strstr(*buffer, "\r\n\r\n");
    *body = end + 4;
    return atoi(*buffer + 9);
}

static void *loader(void *ud)
{
    char request[600], *buffer = NULL;
    const char *body;
    size_t cap = 0, body_len;
    int fd = dial();
    (void)ud;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    while (fd >= 0 && atomic_fetch_sub(&to_do, 1) > 0) {
        int status = send_text(fd, request, strlen(request)) ? receive(fd, 0, &buffer, &cap, &body, &body_len) : 0;
        if (status == 200) atomic_fetch_add(&good, 1);
        if (status) continue;
        close(fd); /* the server has had enough of this connection */
        atomic_fetch_add(&to_do, 1);
        fd = dial();
    }
    if (fd >= 0) close(fd);
    free(buffer);
    return NULL;
}

static int load(int n, int threads)
{
    pthread_t t[64];
    struct timespec a, b;
    to_do = n;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < threads; i++) pthread_create(&t[i], NULL, loader, NULL);
    for (int i = 0; i < threads; i++) pthread_join(t[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%d of %d\n", (int)good, n);
    double s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    fprintf(stderr, "%.0f requests in a second\n", n / s);
    return good != n;
}

int main(int argc, char **argv)
{
    static char text[300000];
    char *buffer = NULL;
    const char *body;
    size_t cap = 0, n;
    if (argc < 3) return 2;
    port = atoi(argv[1]);
    if (strcmp(argv[2], "load") == 0 && argc == 6 && atoi(argv[4]) <= 64) {
        target = argv[5];
        return load(atoi(argv[3]), atoi(argv[4]));
    }
    int fd = dial();
    if (fd < 0) return perror("client"), 1;
    if (strcmp(argv[2], "raw") == 0) {
        n = fread(text, 1, sizeof text, stdin);
        send_text(fd, text, n);
        ssize_t k;
        while ((k = recv(fd, text, sizeof text, 0)) > 0) fwrite(text, 1, (size_t)k, stdout);
        return 0;
    }
    if (argc < 4) return 2;
    const char *content = argc > 4 ? argv[4] : "";
    int k = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                     argv[2], argv[3], strlen(content), content);
    if (k < 0 || (size_t)k >= sizeof text || !send_text(fd, text, (size_t)k)) return 1;
    int status = receive(fd, strcmp(argv[2], "HEAD") == 0, &buffer, &cap, &body, &n);
    printf("%d ", status);
    fwrite(body, 1, status ? n : 0, stdout);
    if (!status || !n || body[n - 1] != '\n') putchar('\n');
    free(buffer);
    close(fd);
    return status ? 0 : 1;
}
