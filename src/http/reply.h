/* SPDX-License-Identifier: MIT */
/*
 * http/reply.h: the bytes that a server sent in, HTTP/1.1 replies out. For clients.
 *
 * Works like http/request.h: nothing is copied when a reply lies whole in the input. Interim
 * replies (1xx other than 101) are skipped. Answers to HEAD are not understood.
 */
#ifndef TIDINGS_HTTP_REPLY_H
#define TIDINGS_HTTP_REPLY_H

#include "http/field.h"
#include "http/parser.h"

struct http_reply {
    int status;       /* 101, or 200 to 999 */
    struct span body; /* complete at HTTP_STEP_DONE */
    const struct http_headers *headers;
    bool is_keep_alive; /* another request may be sent on this connection */
    bool is_upgraded;   /* status 101: what follows in the input is the other protocol */
};

struct http_reply_parser;

struct http_reply_parser *http_reply_parser_new(const struct http_limits *limits);
/* NULL is fine. */
void http_reply_parser_free(struct http_reply_parser *p);

/* Takes bytes off the front of `in`, up to the end of one reply at most. */
MUST_USE
enum http_step http_reply_parser_feed(struct http_reply_parser *p, struct span *in);
/* The server ended the connection. HTTP_STEP_DONE when that completes a reply whose length was not
 * announced, HTTP_STEP_MORE when no reply had begun, else HTTP_STEP_FAIL. */
MUST_USE
enum http_step http_reply_parser_end(struct http_reply_parser *p);

/* As for requests: lent until the next call. `failure.status` is 502. */
const struct http_reply *http_reply_parser_reply(const struct http_reply_parser *p);
struct http_failure http_reply_parser_failure(const struct http_reply_parser *p);

#endif
