/* SPDX-License-Identifier: MIT */
/*
 * load/histogram.c: log-linear buckets: each power of two is cut into 64 equal parts, and below 64
 * every value has a bucket of its own.
 */
#include "load/histogram.h"

static size_t bucket_of(uint64_t value) {
    if (value < LOAD_HISTOGRAM_SUBS) return (size_t)value;
    unsigned top = 63u - (unsigned)__builtin_clzll(value);
    if (top > LOAD_HISTOGRAM_TOP_BIT) return LOAD_HISTOGRAM_BUCKETS - 1;
    unsigned shift = top - LOAD_HISTOGRAM_SUB_BITS;
    return (size_t)shift * LOAD_HISTOGRAM_SUBS + (size_t)(value >> shift);
}

/* The greatest value that falls into `bucket`. */
static uint64_t bucket_edge(size_t bucket) {
    if (bucket < LOAD_HISTOGRAM_SUBS) return bucket;
    size_t shift = bucket / LOAD_HISTOGRAM_SUBS - 1;
    uint64_t part = bucket - shift * LOAD_HISTOGRAM_SUBS;
    return ((part + 1) << shift) - 1;
}

void load_histogram_add(struct load_histogram *h, uint64_t value) {
    if (h->count == 0 || value < h->min) h->min = value;
    if (value > h->max) h->max = value;
    h->count++;
    h->sum += value;
    h->buckets[bucket_of(value)]++;
}

uint64_t load_histogram_at(const struct load_histogram *h, double percent) {
    if (h->count == 0) return 0;
    double wanted = percent / 100 * (double)h->count;
    uint64_t seen = 0;
    for (size_t i = 0; i < LOAD_HISTOGRAM_BUCKETS - 1; i++) {
        seen += h->buckets[i];
        if (seen > 0 && (double)seen >= wanted) {
            uint64_t edge = bucket_edge(i);
            return edge < h->max ? edge : h->max;
        }
    }
    return h->max;
}

uint64_t load_histogram_mean(const struct load_histogram *h) {
    return h->count ? h->sum / h->count : 0;
}
