/* SPDX-License-Identifier: MIT */
/*
 * http/bearer.c: the token of an Authorization field.
 */
#include "http/bearer.h"

struct span http_bearer(const struct http_headers *headers) {
    const struct span scheme = SPAN("Bearer ");
    struct span value = http_headers_get(headers, HTTP_FIELD_AUTHORIZATION);
    if (value.len < scheme.len || !span_eq_nocase(span_of(value.at, scheme.len), scheme)) {
        return span_of(NULL, 0);
    }
    return span_trim(span_skip(value, scheme.len));
}
