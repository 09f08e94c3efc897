/* SPDX-License-Identifier: MIT */
/*
 * http/pattern.h: path patterns such as `/ws/v1/status/{client_id}` and matching paths against
 * them.
 *
 * A placeholder is a whole segment and matches one segment that is not empty. Escapes are decoded
 * after cutting at slashes, so that an encoded slash is part of a value. One trailing slash changes
 * nothing.
 */
#ifndef TIDINGS_HTTP_PATTERN_H
#define TIDINGS_HTTP_PATTERN_H

#include "base/err.h"
#include "base/span.h"

enum {
    HTTP_PATTERN_MAX = 200,       /* bytes of a pattern's text */
    HTTP_PARAMS_MAX = 4,          /* placeholders in a pattern */
    HTTP_PARAMS_DECODED_MAX = 512 /* bytes that the values with escapes in them may have together */
};

struct http_pattern {
    char text[HTTP_PATTERN_MAX + 1];
    uint8_t len;
    uint8_t params; /* how many placeholders */
};

struct http_params {
    struct span name[HTTP_PARAMS_MAX];  /* into the pattern */
    struct span value[HTTP_PARAMS_MAX]; /* decoded; into the path or into `decoded` */
    uint8_t count;
    char decoded[HTTP_PARAMS_DECODED_MAX];
};

/* ERR_INVALID with the reason in `note`: not beginning with "/", an unclosed, unnamed, repeated or
 * misplaced placeholder, characters that no path has, too long. */
MUST_USE
enum err http_pattern_parse(struct span text, struct http_pattern *ret, struct err_note *note);

/* Whether `path` (without query) matches. `*ret` is set only then. A value with a broken escape
 * matches nothing, nor does a path whose escaped values are longer than HTTP_PARAMS_DECODED_MAX
 * together. */
MUST_USE
bool http_pattern_match(const struct http_pattern *pattern, struct span path,
                        struct http_params *ret);

/* The pattern has a placeholder of that name. */
bool http_pattern_has(const struct http_pattern *pattern, struct span name);

/* The two can match one and the same path. */
bool http_pattern_overlaps(const struct http_pattern *a, const struct http_pattern *b);

/* The value of the placeholder `name`; `at` is NULL when the pattern has none of that name. */
struct span http_params_get(const struct http_params *params, struct span name);

#endif
