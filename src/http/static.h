/* SPDX-License-Identifier: MIT */
/*
 * http/static.h: answers with bytes that never change while the process runs, such as the files of
 * a page that are built into the binary (tools/embed).
 */
#ifndef TIDINGS_HTTP_STATIC_H
#define TIDINGS_HTTP_STATIC_H

#include "http/request.h"
#include "http/response.h"

struct http_static_file {
    const char *path; /* where it is served, a pattern for the router */
    const char *content_type;
    const char *etag; /* quoted (RFC 9110 §8.8.3); changes with the bytes */
    const unsigned char *bytes;
    size_t len;
};

/* The whole answer: 200 with the bytes, or 304 when the request's If-None-Match has them already.
 * A browser asks each time (no-cache) and takes the type for what it says (nosniff). */
void http_static_answer(const struct http_static_file *file, const struct http_request *request,
                        struct http_response *response);

#endif
