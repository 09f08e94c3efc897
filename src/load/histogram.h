/* SPDX-License-Identifier: MIT */
/*
 * load/histogram.h: how long things took, for percentiles: buckets that are 1/64 of their value
 * wide, so that a millisecond and a minute are known to the same 1.6 percent.
 */
#ifndef TIDINGS_LOAD_HISTOGRAM_H
#define TIDINGS_LOAD_HISTOGRAM_H

#include "base/base.h"

enum {
    LOAD_HISTOGRAM_SUB_BITS = 6,
    LOAD_HISTOGRAM_SUBS = 1 << LOAD_HISTOGRAM_SUB_BITS,
    LOAD_HISTOGRAM_TOP_BIT = 41, /* values from 2^42 ns (73 minutes) on share the last bucket */
    LOAD_HISTOGRAM_BUCKETS =
        (LOAD_HISTOGRAM_TOP_BIT - LOAD_HISTOGRAM_SUB_BITS + 2) * LOAD_HISTOGRAM_SUBS,
};

/* Zeroed is empty. */
struct load_histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t min, max; /* exact; 0 while empty */
    uint64_t buckets[LOAD_HISTOGRAM_BUCKETS];
};

void load_histogram_add(struct load_histogram *h, uint64_t value);

/* The value that `percent` (0 to 100) of all values do not exceed: the upper edge of its bucket,
 * never past the greatest value seen. 0 while empty. */
uint64_t load_histogram_at(const struct load_histogram *h, double percent);

/* 0 while empty. */
uint64_t load_histogram_mean(const struct load_histogram *h);

#endif
