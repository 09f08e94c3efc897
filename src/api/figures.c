/* SPDX-License-Identifier: MIT */
/*
 * api/figures.c: sums over the workers' counters, and the texts of the labels that several show.
 */
#include "api/figures_priv.h"

uint64_t figures_sum_at(const struct api_shared *shared, size_t offset) {
    uint64_t sum = 0;
    for (size_t i = 0; i < shared->options.counts_count; i++) {
        const char *set = (const char *)shared->options.counts[i];
        sum += counter_read((const struct counter *)(const void *)(set + offset));
    }
    return sum;
}

const char *const figures_opened[] = {
#define ITEM(name, text) [COUNT_OPENED_##name] = text,
    COUNT_OPENED_MAP(ITEM)
#undef ITEM
};

const char *const figures_dropped[] = {
#define ITEM(name, text) [COUNT_DROP_##name] = text,
    COUNT_DROP_MAP(ITEM)
#undef ITEM
};

const char *const figures_closed[] = {
#define ITEM(code) [COUNT_CLOSE_##code] = #code,
    COUNT_CLOSE_MAP(ITEM)
#undef ITEM
        [COUNT_CLOSE_OTHER] = "other",
};
