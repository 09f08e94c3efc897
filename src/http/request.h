/* SPDX-License-Identifier: MIT */
/*
 * http/request.h: the bytes of one connection in, HTTP/1.1 requests out (RFC 9112).
 *
 * A request that lies whole in the input is not copied: its spans point into the input and nothing
 * is allocated. Only what is unfinished at the end of an input is kept. Bytes are looked at once,
 * however they are cut. What two readers could understand differently (request smuggling) is
 * refused.
 *
 *     while ((step = http_parser_feed(p, &in)) == HTTP_STEP_DONE) answer(http_parser_request(p));
 */
#ifndef TIDINGS_HTTP_REQUEST_H
#define TIDINGS_HTTP_REQUEST_H

#include "base/err.h"
#include "http/field.h"
#include "http/parser.h"

enum http_method {
    HTTP_METHOD_OTHER, /* a known method that no route of ours has */
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_COUNT
};

struct http_request {
    enum http_method method;
    struct span method_text;
    struct span target; /* as it stood in the request line */
    struct span path; /* still with its %-escapes, which are well-formed; no "." or ".." segment, no
                       * encoded NUL, no trailing slash except for "/"; "*" for OPTIONS * */
    struct span query; /* behind the "?", without it; `at` is NULL when there is none */
    struct span host;  /* the Host field, or the authority of an absolute target; may be empty */
    struct span body;  /* complete at HTTP_STEP_DONE; empty at HTTP_STEP_HEAD */
    uint64_t content_length; /* as announced; 0 for a chunked body */
    const struct http_headers *headers;
    uint8_t version_minor; /* HTTP/1.x */
    bool is_keep_alive;    /* the client expects the connection to stay after the answer */
    bool is_chunked;       /* the body comes in chunks */
    bool wants_upgrade;    /* "Connection: upgrade" with an Upgrade field */
    bool expects_continue; /* "Expect: 100-continue" */
};

struct http_parser;

/* A parser for one connection. Never NULL. `limits` is copied. */
struct http_parser *http_parser_new(const struct http_limits *limits);
/* NULL is fine. */
void http_parser_free(struct http_parser *p);

/* Takes bytes off the front of `in`, up to the end of one request at most. What stands behind a
 * request (the next one, or the first frames behind an upgrade) stays in `in`. With an empty `in`
 * and nothing complete it answers HTTP_STEP_MORE. After HTTP_STEP_FAIL it fails forever. */
MUST_USE
enum http_step http_parser_feed(struct http_parser *p, struct span *in);

/* After HTTP_STEP_HEAD and HTTP_STEP_DONE. Lent, with all its spans, until the next call of feed,
 * reset or free; and no longer than the input it was fed from stays where it is. */
const struct http_request *http_parser_request(const struct http_parser *p);
/* After HTTP_STEP_DONE: the request stays until the next call of feed, reset or free, whatever
 * becomes of the input. ERR_NOMEM: then it does not. */
MUST_USE enum err http_parser_keep(struct http_parser *p);
/* After HTTP_STEP_HEAD: no more than so many bytes of this request's body. */
void http_parser_limit_body(struct http_parser *p, size_t bytes);
/* After HTTP_STEP_FAIL. */
struct http_failure http_parser_failure(const struct http_parser *p);

/* Nothing of a next request has come yet. */
bool http_parser_is_idle(const struct http_parser *p);
/* Bytes of memory kept for an unfinished request, or by `http_parser_keep`. */
size_t http_parser_kept_bytes(const struct http_parser *p);

#endif
