/* SPDX-License-Identifier: MIT */
/*
 * base/hash.h: a keyed hash (SipHash-1-3) for tables whose keys strangers choose. The key is drawn
 * when the process starts, so nobody can prepare names that collide.
 */
#ifndef TIDINGS_BASE_HASH_H
#define TIDINGS_BASE_HASH_H

#include "base/span.h"

uint64_t hash_span(struct span s);

/* For tests: the same function with a key of the caller's. */
uint64_t hash_span_keyed(struct span s, const uint64_t key[2]);

#endif
