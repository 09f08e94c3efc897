/* SPDX-License-Identifier: MIT */
/*
 * A configuration from a text and variables, and what was wrong with it as
 * one text.
 */
#ifndef TIDINGS_TESTS_CONFIGURED_H
#define TIDINGS_TESTS_CONFIGURED_H

#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
/* after those two */
#include <cmocka.h>

#define GOOD_SECRET "0123456789abcdef0123456789abcdef"

struct configured {
    struct config *config; /* NULL: there were mistakes */
    struct buf mistakes;   /* a terminated text, one a line */
};

/* Opens no files. */
static inline struct configured configured_from(const char *yaml,
                                                const struct config_source *source) {
    struct configured ret = { 0 };
    struct config_report report = { 0 };
    enum err e = config_parse(span_str(yaml), source, &report, &ret.config);
    buf_init(&ret.mistakes, 1024 * 1024);
    config_report_show(&report, &ret.mistakes);
    buf_append_char(&ret.mistakes, '\0');
    assert_int_equal(e == ERR_OK, report.count == 0);
    assert_int_equal(e == ERR_OK, ret.config != NULL);
    config_report_finish(&report);
    return ret;
}

/* The same with variables; `environ` may be NULL. */
static inline struct configured configured_by(const char *yaml, const char *const *environ) {
    const struct config_source source = { .path = "t.yaml", .environ = environ };
    return configured_from(yaml, &source);
}

static inline void configured_finish(struct configured *configured) {
    config_free(configured->config);
    buf_finish(&configured->mistakes);
}

#endif
