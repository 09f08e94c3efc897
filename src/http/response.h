/* SPDX-License-Identifier: MIT */
/*
 * http/response.h: writes one answer behind whatever is in a buffer already.
 *
 *     http_response_start(r, 200);
 *     http_response_header(r, SPAN("Retry-After"), SPAN("5"));
 *     http_response_body(r, HTTP_JSON, body);
 *
 * A body of unknown length is built in place instead: `out = http_response_open(r, HTTP_JSON)`,
 * append to `out`, `http_response_close(r)`. Starting again throws away what was begun or finished
 * before. No Date is written: there is no clock here (RFC 9110 §6.6.1 lets a server without one
 * leave it out).
 */
#ifndef TIDINGS_HTTP_RESPONSE_H
#define TIDINGS_HTTP_RESPONSE_H

#include "base/buf.h"
#include "http/request.h"

#define HTTP_JSON SPAN("application/json")
#define HTTP_TEXT SPAN("text/plain; charset=utf-8")
#define HTTP_HTML SPAN("text/html; charset=utf-8")

struct http_response {
    struct buf *out;    /* running out of room shows in buf_err(out) */
    struct span common; /* complete header lines, each with its CRLF, that go into every answer of
                         * this response, errors too; set it before the start (CORS) */
    int status;         /* 0 until started */
    bool is_keep_alive; /* clear it before the start to end the connection after this answer */
    bool is_head;       /* the request was HEAD: the length is told, the body is not sent */
    uint8_t version_minor; /* of the request */
    size_t begin_at;       /* offset in `out` of this answer */
    size_t length_at;      /* offset of the digits of Content-Length while a body is open */
    size_t body_at;        /* offset of the body while one is open */
};

/* Prepares for answering `request` at the end of `out`; with NULL (what could not be parsed) the
 * answer ends the connection. Writes nothing. */
void http_response_init(struct http_response *r, struct buf *out,
                        const struct http_request *request);

void http_response_start(struct http_response *r, int status);
/* `name` and `value` hold no line breaks. */
void http_response_header(struct http_response *r, struct span name, struct span value);

/* Ends the answer, with a body or (not even a length for 204, 304) without. */
void http_response_body(struct http_response *r, struct span content_type, struct span body);
void http_response_empty(struct http_response *r);

/* Lends `out` for appending the body. */
struct buf *http_response_open(struct http_response *r, struct span content_type);
void http_response_close(struct http_response *r);

/* Ends a started answer with `{"error":{"code":"…","message":"…"}}`. */
void http_response_error_body(struct http_response *r, const char *code, struct span message);
/* Start and error body in one, for errors that need no header of their own. */
void http_response_error(struct http_response *r, int status, const char *code,
                         const char *message);
/* The answer to what could not be parsed. */
void http_response_failure(struct http_response *r, struct http_failure failure);

/* "HTTP/1.1 100 Continue" and its empty line. */
void http_response_continue(struct buf *out);

#endif
