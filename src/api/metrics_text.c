/* SPDX-License-Identifier: MIT */
/*
 * api/metrics_text.c: the Prometheus text format.
 */
#include "api/metrics_text_priv.h"

void metric_head(struct buf *out, const char *name, const char *type, const char *help) {
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_label_value(struct buf *out, const char *value) {
    for (const char *at = value; *at; at++) {
        switch (*at) {
        case '\\': buf_append_text(out, "\\\\"); break;
        case '"': buf_append_text(out, "\\\""); break;
        case '\n': buf_append_text(out, "\\n"); break;
        default: buf_append_char(out, *at); break;
        }
    }
}

void metric_sample(struct buf *out, const char *name, const struct metric_label *labels,
                   size_t count, uint64_t value) {
    buf_append_text(out, name);
    for (size_t i = 0; i < count; i++) {
        buf_append_char(out, i == 0 ? '{' : ',');
        buf_append_text(out, labels[i].name);
        buf_append_text(out, "=\"");
        append_label_value(out, labels[i].value);
        buf_append_char(out, '"');
    }
    if (count > 0) buf_append_char(out, '}');
    buf_append_char(out, ' ');
    buf_append_uint(out, value);
    buf_append_char(out, '\n');
}

void metric_single(struct buf *out, const char *name, const char *type, const char *help,
                   uint64_t value) {
    metric_head(out, name, type, help);
    metric_sample(out, name, NULL, 0, value);
}

void metric_histogram(struct buf *out, const char *name, const char *help,
                      const struct histogram_shape *shape,
                      const uint64_t buckets[static HISTOGRAM_BOUNDS_MAX + 1], uint64_t sum) {
    double unit = (double)shape->unit;
    uint64_t below = 0;
    metric_head(out, name, "histogram", help);
    for (size_t i = 0; i < shape->count; i++) {
        below += buckets[i];
        buf_printf(out, "%s_bucket{le=\"%.10g\"} ", name, (double)shape->bounds[i] / unit);
        buf_append_uint(out, below);
        buf_append_char(out, '\n');
    }
    below += buckets[shape->count];
    buf_printf(out, "%s_bucket{le=\"+Inf\"} ", name);
    buf_append_uint(out, below);
    buf_printf(out, "\n%s_sum %.15g\n%s_count ", name, (double)sum / unit, name);
    buf_append_uint(out, below);
    buf_append_char(out, '\n');
}
