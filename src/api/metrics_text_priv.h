/* SPDX-License-Identifier: MIT */
/*
 * api/metrics_text_priv.h: writing the Prometheus text format, version 0.0.4.
 */
#ifndef TIDINGS_API_METRICS_TEXT_PRIV_H
#define TIDINGS_API_METRICS_TEXT_PRIV_H

#include "base/buf.h"
#include "base/count.h"

struct metric_label {
    const char *name;
    const char *value; /* any UTF-8 */
};

/* `# HELP` and `# TYPE`, once before the samples of a metric. `help` has no backslash and no line
 * break. */
void metric_head(struct buf *out, const char *name, const char *type, const char *help);

/* One sample with `count` labels. */
void metric_sample(struct buf *out, const char *name, const struct metric_label *labels,
                   size_t count, uint64_t value);

/* Head and only sample of a metric without labels. */
void metric_single(struct buf *out, const char *name, const char *type, const char *help,
                   uint64_t value);

/* Head and samples of a histogram: how often each bucket of `shape` was hit, and the sum. */
void metric_histogram(struct buf *out, const char *name, const char *help,
                      const struct histogram_shape *shape,
                      const uint64_t buckets[static HISTOGRAM_BOUNDS_MAX + 1], uint64_t sum);

#endif
