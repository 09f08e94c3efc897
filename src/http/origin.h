/* SPDX-License-Identifier: MIT */
/*
 * http/origin.h: whether a page may speak to us: its Origin (RFC 6454 §6.2) against a list.
 */
#ifndef TIDINGS_HTTP_ORIGIN_H
#define TIDINGS_HTTP_ORIGIN_H

#include "base/buf.h"
#include "base/span.h"

/* Whether `origin`, as the header has it, matches one of `count` rules: `scheme://host[:port]`
 * exactly but for case, or `*.example.com` for every host below that one, whatever its scheme and
 * port. No rules allow every origin. */
bool http_origin_is_allowed(struct span origin, const char *const *rules, size_t count);

/* Appends the header lines, each with its CRLF, that say whether a page of `origin` may read the
 * answer. Never with credentials: what they would be good for is in the token. */
void http_origin_append_cors(struct buf *lines, struct span origin, const char *const *rules,
                             size_t count);

#endif
