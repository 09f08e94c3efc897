/* SPDX-License-Identifier: MIT */
/*
 * base/count.c: the shapes of the histograms and the label lists.
 */
#include "base/count.h"

#include "base/clock.h"

#define US NS_PER_US
#define MS NS_PER_MS
#define S  NS_PER_S

const struct histogram_shape histogram_latency = {
    .bounds = { 50 * US, 100 * US, 250 * US, 500 * US, 1 * MS, 2500 * US, 5 * MS, 10 * MS, 25 * MS,
                50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 5 * S },
    .count = 15,
    .unit = NS_PER_S,
};

const struct histogram_shape histogram_duration = {
    .bounds = { 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600 },
    .count = 9,
    .unit = 1,
};

const struct histogram_shape histogram_size = {
    .bounds = { 64, 128, 256, 512, 1024, 2048, 4096, 16384, 65536, 262144, 1048576 },
    .count = 11,
    .unit = 1,
};

#undef US
#undef MS
#undef S

double histogram_quantile(const struct histogram_shape *shape,
                          const uint64_t buckets[static HISTOGRAM_BOUNDS_MAX + 1], double part) {
    double all = 0;
    for (size_t i = 0; i <= shape->count; i++)
        all += (double)buckets[i];
    if (all <= 0) return 0;
    double rank = part * all;
    double below = 0;
    for (size_t i = 0; i < shape->count; i++) {
        double count = (double)buckets[i];
        if (count > 0 && below + count >= rank) {
            double from = i > 0 ? (double)shape->bounds[i - 1] : 0;
            return from + ((double)shape->bounds[i] - from) * (rank - below) / count;
        }
        below += count;
    }
    return (double)shape->bounds[shape->count - 1];
}

const char *count_opened_text(enum count_opened result) {
    static const char *const texts[] = {
#define ITEM(name, text) [COUNT_OPENED_##name] = text,
        COUNT_OPENED_MAP(ITEM)
#undef ITEM
    };
    return texts[result];
}

unsigned count_close_kind(unsigned code) {
    switch (code) {
#define ITEM(c)                                                                                    \
    case c: return COUNT_CLOSE_##c;
        COUNT_CLOSE_MAP(ITEM)
#undef ITEM
    default: return COUNT_CLOSE_OTHER;
    }
}

unsigned count_status_kind(unsigned status) {
    switch (status) {
#define ITEM(s)                                                                                    \
    case s: return COUNT_STATUS_##s;
        COUNT_STATUS_MAP(ITEM)
#undef ITEM
    default: return COUNT_STATUS_OTHER;
    }
}
