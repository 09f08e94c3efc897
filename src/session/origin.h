/* SPDX-License-Identifier: MIT */
/*
 * session/origin.h: which web pages may connect (the Origin field, RFC 6454).
 */
#ifndef TIDINGS_SESSION_ORIGIN_H
#define TIDINGS_SESSION_ORIGIN_H

#include "base/span.h"

/* Does `origin` match one of `count` rules? A rule is an origin (scheme://host[:port]), or
 * `*.example.com` for every subdomain with any scheme and port. No rules allow every origin. */
bool origin_is_allowed(struct span origin, const char *const *rules, size_t count);

#endif
