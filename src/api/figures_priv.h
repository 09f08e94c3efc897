/* SPDX-License-Identifier: MIT */
/*
 * api/figures_priv.h: the counters of all workers, added up, and the texts of their labels.
 */
#ifndef TIDINGS_API_FIGURES_PRIV_H
#define TIDINGS_API_FIGURES_PRIV_H

#include "api/api_priv.h"

/* The sum over all workers of the counter that stands `offset` bytes into each set. */
uint64_t figures_sum_at(const struct api_shared *shared, size_t offset);

#define FIGURES_SUM(shared, member) figures_sum_at(shared, offsetof(struct counts, member))

/* A gauge's sum while its workers count up and down may for a moment be below 0. */
static inline uint64_t figures_not_negative(uint64_t sum) {
    return sum > INT64_MAX ? 0 : sum;
}

extern const char *const figures_opened[COUNT_OPENED_KINDS];
extern const char *const figures_dropped[COUNT_DROP_KINDS];
extern const char *const figures_closed[COUNT_CLOSE_KINDS];

#endif
