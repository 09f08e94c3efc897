/* SPDX-License-Identifier: MIT */
/*
 * api/samples_priv.h: what the counters stood at, once a second for the last minute, so that rates
 * can be told. One thread adds, any reads.
 */
#ifndef TIDINGS_API_SAMPLES_PRIV_H
#define TIDINGS_API_SAMPLES_PRIV_H

#include "base/count.h"

#include <pthread.h>

/* What a rate is told of. */
#define SAMPLE_MAP(X)                                                                              \
    X(PUBLISHED, "published")                                                                      \
    X(QUEUED, "queued")                                                                            \
    X(SENT, "sent")                                                                                \
    X(RECEIVED, "received")                                                                        \
    X(OPENED, "opened")                                                                            \
    X(REFUSED, "refused")

enum sample_kind {
#define ITEM(name, text) SAMPLE_##name,
    SAMPLE_MAP(ITEM)
#undef ITEM
        SAMPLE_KINDS
};

enum { SAMPLES_BACK_MAX = 60 };

/* Counters that only grow, and when they were read. */
struct sample {
    uint64_t at_ns;
    uint64_t values[SAMPLE_KINDS];
    uint64_t latency[HISTOGRAM_BOUNDS_MAX + 1];
};

struct samples {
    pthread_mutex_t lock;
    struct sample ring[SAMPLES_BACK_MAX + 1];
    size_t count; /* that were ever added */
};

void samples_init(struct samples *samples);
void samples_finish(struct samples *samples);

void samples_add(struct samples *samples, const struct sample *sample);

/* By how much all has grown (time as well, so that `at_ns` is a duration) from the sample that is
 * `back` before the latest, or the oldest that is kept, to the latest. All 0 with less than two. */
void samples_growth(struct samples *samples, size_t back, struct sample *ret);

#endif
