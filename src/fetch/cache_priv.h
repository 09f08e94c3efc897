/* SPDX-License-Identifier: MIT */
/*
 * fetch/cache_priv.h: how long an answer may be kept (RFC 9111 §5.2).
 */
#ifndef TIDINGS_FETCH_CACHE_PRIV_H
#define TIDINGS_FETCH_CACHE_PRIV_H

#include "base/span.h"

#define CACHE_AGE_MAX INT64_C(2147483648) /* a larger one counts as this (RFC 9111 §1.2.2) */

/* Takes one header line into `*age_s`, where what earlier lines said is: the shortest time holds.
 * `no-store` and `no-cache` are 0; what cannot be read is 0 too (§4.2.1). Other headers change
 * nothing. */
void cache_take_header(struct span line, int64_t *age_s);

#endif
