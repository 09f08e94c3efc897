/* SPDX-License-Identifier: MIT */
/*
 * http/static.c: a file, or that it has not changed.
 */
#include "http/static.h"

/* Compares weakly, as RFC 9110 §13.1.2 has it: `W/` makes no difference. */
static bool has_etag(struct span list, struct span etag) {
    struct span item;
    while (span_next(&list, ',', &item)) {
        item = span_trim(item);
        if (span_eq(item, SPAN("*"))) return true;
        if (span_starts(item, SPAN("W/"))) item = span_skip(item, 2);
        if (span_eq(item, etag)) return true;
    }
    return false;
}

void http_static_answer(const struct http_static_file *file, const struct http_request *request,
                        struct http_response *response) {
    struct span etag = span_str(file->etag);
    struct span known = http_headers_find(request->headers, SPAN("if-none-match"));
    bool is_known = known.at && has_etag(known, etag);
    http_response_start(response, is_known ? 304 : 200);
    http_response_header(response, SPAN("ETag"), etag);
    http_response_header(response, SPAN("Cache-Control"), SPAN("no-cache"));
    http_response_header(response, SPAN("X-Content-Type-Options"), SPAN("nosniff"));
    if (is_known) {
        http_response_empty(response);
        return;
    }
    http_response_body(response, span_str(file->content_type),
                       span_of((const char *)file->bytes, file->len));
}
