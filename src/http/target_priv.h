/* SPDX-License-Identifier: MIT */
/*
 * http/target_priv.h: taking a request target apart (RFC 9112 §3.2).
 */
#ifndef TIDINGS_HTTP_TARGET_PRIV_H
#define TIDINGS_HTTP_TARGET_PRIV_H

#include "base/span.h"

struct http_target {
    struct span authority; /* of the absolute form, else `at` is NULL */
    struct span path;  /* without a trailing slash; `at` is NULL when the absolute form has none */
    struct span query; /* `at` is NULL when there is none */
};

/* Reads the origin form, the absolute form of http and https, or `*`. NULL when it is good, else
 * what is wrong: another form, a fragment, a broken escape or one for NUL, a "." or ".." segment.
 */
MUST_USE const char *http_target_read(struct span text, struct http_target *ret);

/* A host with or without port, as it may stand in a Host field: only characters that belong there.
 */
bool http_host_is_sound(struct span host);

#endif
