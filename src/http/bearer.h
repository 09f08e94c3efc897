/* SPDX-License-Identifier: MIT */
/*
 * http/bearer.h: the token of `Authorization: Bearer …` (RFC 6750 §2.1).
 */
#ifndef TIDINGS_HTTP_BEARER_H
#define TIDINGS_HTTP_BEARER_H

#include "http/field.h"

/* `at` is NULL when there is no such field or it has another scheme. */
struct span http_bearer(const struct http_headers *headers);

#endif
