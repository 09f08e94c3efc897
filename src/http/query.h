/* SPDX-License-Identifier: MIT */
/*
 * http/query.h: percent-encoding and query strings (RFC 3986 §2.1, and `+` for a space as forms
 * do).
 */
#ifndef TIDINGS_HTTP_QUERY_H
#define TIDINGS_HTTP_QUERY_H

#include "base/err.h"
#include "base/span.h"

/* Takes the %-escapes out of `text`. The result is `text` itself where there are none, else it
 * stands in `room`. ERR_INVALID: a broken escape, or one for NUL. ERR_TOO_BIG: more than
 * `room_len`. */
MUST_USE
enum err http_percent_decode(struct span text, char *room, size_t room_len, struct span *ret);

/* The value of the parameter `name`, decoded: `%`-escapes, and `+` as a space. A parameter without
 * "=" has the empty value. `*ret` points into `query` or into `room`. ERR_NOT_FOUND: it is not
 * there. ERR_INVALID: it is there twice (two readers could pick different ones), or its value has a
 * broken escape or an escaped NUL. ERR_TOO_BIG: more than `room_len`. */
MUST_USE
enum err http_query_get(struct span query, struct span name, char *room, size_t room_len,
                        struct span *ret);

#endif
