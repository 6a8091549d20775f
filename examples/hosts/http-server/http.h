/* SPDX-License-Identifier: MIT */
/* As much of HTTP/1.1 as a small server needs: connections that are used again, bodies with a length. */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>

enum { HTTP_FIELDS = 64, HTTP_HEAD = 16 << 10, HTTP_BODY = 64 << 10 };

typedef struct http_field {
    const char *name, *value;
} http_field;

/* Texts end with a zero, the body does not; all live for the call. */
typedef struct http_request {
    const char *method, *path; /* the path begins with a slash; %XX is decoded, but for %00 */
    http_field query[HTTP_FIELDS], headers[HTTP_FIELDS]; /* names of headers are in small letters */
    int nquery, nheaders;
    const char *body;
    size_t body_len;
} http_request;

typedef struct http_reply {
    int status;
    char headers[4096]; /* lines, finished */
    size_t headers_len;
    int has_type;
    char *body;
    size_t body_len;
} http_reply;

/* Takes a copy. 0: no memory. */
int http_body(http_reply *r, const char *s, size_t n);
/* 0: it is no header that somebody else may set: bad characters, or one that says how the reply is sent. */
int http_header(http_reply *r, const char *name, size_t nname, const char *value, size_t nvalue);
/* Throws away what is in the reply; the answer is this text. */
void http_error(http_reply *r, int status, const char *why);

/* Serves one connection until either end has enough, or `stop` is readable. */
void http_serve(int fd, int stop, void (*answer)(void *ud, const http_request *q, http_reply *r), void *ud);

#endif
