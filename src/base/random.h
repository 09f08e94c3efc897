/* SPDX-License-Identifier: MIT */
/*
 * base/random.h: bytes that nobody can guess, from the kernel.
 */
#ifndef TIDINGS_BASE_RANDOM_H
#define TIDINGS_BASE_RANDOM_H

#include "base/base.h"

/* Fills `len` bytes; small requests are served from a pool of the calling thread. Aborts when the
 * kernel has no randomness to give, which Linux does not do once it is up. */
void random_bytes(void *ret, size_t len);

uint64_t random_u64(void);

/* A number below `limit` (0 gives 0); even but for a bias below 2^-32 for limits below 2^32. */
uint64_t random_below(uint64_t limit);

#endif
