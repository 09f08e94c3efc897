/* SPDX-License-Identifier: MIT */
/*
 * api/samples.c: a ring of samples under a lock that nobody holds for long.
 */
#include "api/samples_priv.h"

void samples_init(struct samples *samples) {
    memset(samples, 0, sizeof *samples);
    (void)pthread_mutex_init(&samples->lock, NULL);
}

void samples_finish(struct samples *samples) {
    (void)pthread_mutex_destroy(&samples->lock);
}

void samples_add(struct samples *samples, const struct sample *sample) {
    pthread_mutex_lock(&samples->lock);
    samples->ring[samples->count++ % countof(samples->ring)] = *sample;
    pthread_mutex_unlock(&samples->lock);
}

void samples_growth(struct samples *samples, size_t back, struct sample *ret) {
    struct sample first = { 0 };
    struct sample last = { 0 };
    pthread_mutex_lock(&samples->lock);
    size_t kept = size_min(samples->count, countof(samples->ring));
    if (kept > 1) {
        size_t latest = samples->count - 1;
        last = samples->ring[latest % countof(samples->ring)];
        first = samples->ring[(latest - size_min(back, kept - 1)) % countof(samples->ring)];
    }
    pthread_mutex_unlock(&samples->lock);
    ret->at_ns = last.at_ns - first.at_ns;
    for (size_t i = 0; i < SAMPLE_KINDS; i++)
        ret->values[i] = last.values[i] - first.values[i];
    for (size_t i = 0; i < countof(ret->latency); i++)
        ret->latency[i] = last.latency[i] - first.latency[i];
}
