/* SPDX-License-Identifier: MIT */
/*
 * load/report.h: the outcome of a bench, as a table for people and as JSON for programs. Both show
 * the same figures.
 */
#ifndef TIDINGS_LOAD_REPORT_H
#define TIDINGS_LOAD_REPORT_H

#include "base/buf.h"
#include "load/bench.h"

/* One figure. */
struct load_figure {
    const char *name; /* in JSON */
    const char *text; /* in the table */
    const char *unit; /* behind the figure in the table; may be empty */
    int decimals;
    double value;
};

enum { LOAD_FIGURES_MAX = 48 };

struct load_report {
    const char *workload;
    const char *complaint; /* may be empty */
    bool is_clean;
    struct load_figure figures[LOAD_FIGURES_MAX];
    size_t count;
};

/* Works the figures out. Borrows the result. */
void load_report_make(const struct load_options *options, const struct load_result *result,
                      struct load_report *ret);

void load_report_table(const struct load_report *report, struct buf *out);
/* One object and a line end. */
void load_report_json(const struct load_report *report, struct buf *out);

/* "connect", "idle", "fan-out", "unicast". */
const char *load_workload_name(enum load_workload workload);

#endif
