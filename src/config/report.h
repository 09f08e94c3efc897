/* SPDX-License-Identifier: MIT */
/*
 * config/report.h: the mistakes of a configuration, each with the place where it stands, so that a
 * person can mend them all in one go.
 */
#ifndef TIDINGS_CONFIG_REPORT_H
#define TIDINGS_CONFIG_REPORT_H

#include "base/buf.h"

/* Where a value was written. */
struct config_place {
    const char *source; /* the file as it was named, a variable, a flag */
    uint32_t line;      /* from 1; 0: the source has no lines */
    uint32_t column;    /* from 1, in characters */
};

enum { CONFIG_MISTAKES_MAX = 100 };

struct config_mistake {
    uint32_t line; /* as in its place */
    uint32_t column;
    char *text; /* "tidings.yaml:3:5: jwt.leeway_seconds: …", one line without its end */
};

/* Zeroed is empty and ready. */
struct config_report {
    struct config_mistake list[CONFIG_MISTAKES_MAX]; /* by line, then those that have none */
    size_t count;
    size_t dropped; /* mistakes past the maximum */
};

/* Gives the memory back; the report is empty again. */
void config_report_finish(struct config_report *report);

/* Notes one more mistake. Nothing of `place` is kept. Bytes that are no text are shown as `?`. */
void config_report_add(struct config_report *report, struct config_place place, const char *format,
                       ...) PRINTF_LIKE(3, 4);

/* Appends all of them, one a line. */
void config_report_show(const struct config_report *report, struct buf *out);

#endif
