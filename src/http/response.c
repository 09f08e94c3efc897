/* SPDX-License-Identifier: MIT */
/*
 * http/response.c: status line, header lines, body.
 */
#include "http/response.h"

#include "base/json.h"

#define STATUS_MAP(X)                                                                              \
    X(200, "OK")                                                                                   \
    X(201, "Created")                                                                              \
    X(202, "Accepted")                                                                             \
    X(204, "No Content")                                                                           \
    X(304, "Not Modified")                                                                         \
    X(400, "Bad Request")                                                                          \
    X(401, "Unauthorized")                                                                         \
    X(403, "Forbidden")                                                                            \
    X(404, "Not Found")                                                                            \
    X(405, "Method Not Allowed")                                                                   \
    X(408, "Request Timeout")                                                                      \
    X(409, "Conflict")                                                                             \
    X(413, "Content Too Large")                                                                    \
    X(415, "Unsupported Media Type")                                                               \
    X(417, "Expectation Failed")                                                                   \
    X(422, "Unprocessable Content")                                                                \
    X(426, "Upgrade Required")                                                                     \
    X(429, "Too Many Requests")                                                                    \
    X(431, "Request Header Fields Too Large")                                                      \
    X(500, "Internal Server Error")                                                                \
    X(501, "Not Implemented")                                                                      \
    X(502, "Bad Gateway")                                                                          \
    X(503, "Service Unavailable")                                                                  \
    X(504, "Gateway Timeout")                                                                      \
    X(505, "HTTP Version Not Supported")

/* "Unknown" for statuses without a registered phrase. */
static const char *status_phrase(int status) {
    switch (status) {
#define STATUS_PHRASE(number, phrase)                                                              \
    case number: return phrase;
        STATUS_MAP(STATUS_PHRASE)
#undef STATUS_PHRASE
    default: return "Unknown";
    }
}

/* The whole line of a status in the table; `at` is NULL for others. */
static struct span status_line(int status) {
    switch (status) {
#define STATUS_LINE(number, phrase)                                                                \
    case number: return SPAN("HTTP/1.1 " #number " " phrase "\r\n");
        STATUS_MAP(STATUS_LINE)
#undef STATUS_LINE
    default: return (struct span){ NULL, 0 };
    }
}

void http_response_init(struct http_response *r, struct buf *out,
                        const struct http_request *request) {
    *r = (struct http_response){ .out = out, .begin_at = out->len, .version_minor = 1 };
    if (!request) return;
    r->is_keep_alive = request->is_keep_alive;
    r->is_head = request->method == HTTP_METHOD_HEAD;
    r->version_minor = request->version_minor;
}

void http_response_start(struct http_response *r, int status) {
    struct buf *out = r->out;
    if (!buf_err(out)) out->len = r->begin_at;
    r->status = status;
    struct span line = status_line(status);
    if (line.at) {
        buf_append_span(out, line);
    } else {
        buf_printf(out, "HTTP/1.1 %03d %s\r\n", status, status_phrase(status));
    }
    if (!r->is_keep_alive) {
        buf_append_span(out, SPAN("Connection: close\r\n"));
    } else if (r->version_minor == 0) {
        buf_append_span(out, SPAN("Connection: keep-alive\r\n"));
    }
    buf_append_span(out, r->common);
}

void http_response_header(struct http_response *r, struct span name, struct span value) {
    assert(span_find(value, '\r') == value.len && span_find(value, '\n') == value.len);
    buf_append_span(r->out, name);
    buf_append_span(r->out, SPAN(": "));
    buf_append_span(r->out, value);
    buf_append_span(r->out, SPAN("\r\n"));
}

/* Statuses whose answers end with their head (RFC 9110 §6.4.1). */
static bool has_no_body(int status) {
    return status == 204 || status == 304;
}

static void write_type(struct buf *out, struct span content_type) {
    buf_append_span(out, SPAN("Content-Type: "));
    buf_append_span(out, content_type);
    buf_append_span(out, SPAN("\r\nContent-Length: "));
}

void http_response_body(struct http_response *r, struct span content_type, struct span body) {
    assert(!has_no_body(r->status));
    write_type(r->out, content_type);
    buf_append_uint(r->out, body.len);
    buf_append_span(r->out, SPAN("\r\n\r\n"));
    if (!r->is_head) buf_append_span(r->out, body);
}

void http_response_empty(struct http_response *r) {
    if (has_no_body(r->status)) {
        buf_append_span(r->out, SPAN("\r\n"));
    } else {
        buf_append_span(r->out, SPAN("Content-Length: 0\r\n\r\n"));
    }
}

/* Blanks in front of a field's value mean nothing, so the digits can be written into them later. */
static const struct span LENGTH_ROOM = { "          ", 10 };

struct buf *http_response_open(struct http_response *r, struct span content_type) {
    assert(!has_no_body(r->status));
    write_type(r->out, content_type);
    r->length_at = r->out->len;
    buf_append_span(r->out, LENGTH_ROOM);
    buf_append_span(r->out, SPAN("\r\n\r\n"));
    r->body_at = r->out->len;
    return r->out;
}

void http_response_close(struct http_response *r) {
    if (buf_err(r->out)) return;
    size_t len = r->out->len - r->body_at;
    size_t at = r->length_at + LENGTH_ROOM.len;
    do {
        assert(at > r->length_at);
        r->out->at[--at] = (char)('0' + len % 10);
        len /= 10;
    } while (len > 0);
    if (r->is_head) r->out->len = r->body_at;
}

void http_response_error_body(struct http_response *r, const char *code, struct span message) {
    struct buf *out = http_response_open(r, HTTP_JSON);
    buf_append_span(out, SPAN("{\"error\":{\"code\":"));
    json_append_string(out, span_str(code));
    buf_append_span(out, SPAN(",\"message\":"));
    json_append_string(out, message);
    buf_append_span(out, SPAN("}}"));
    http_response_close(r);
}

void http_response_error(struct http_response *r, int status, const char *code,
                         const char *message) {
    http_response_start(r, status);
    http_response_error_body(r, code, span_str(message));
}

static const char *failure_code(int status) {
    switch (status) {
    case 413: return "too_large";
    case 431: return "headers_too_large";
    case 501: return "not_implemented";
    case 503: return "overloaded";
    case 505: return "version_not_supported";
    default: return "bad_request";
    }
}

void http_response_failure(struct http_response *r, struct http_failure failure) {
    r->is_keep_alive = false;
    http_response_error(r, failure.status, failure_code(failure.status), failure.message);
}

void http_response_continue(struct buf *out) {
    buf_append_span(out, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
}
