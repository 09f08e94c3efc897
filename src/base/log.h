/* SPDX-License-Identifier: MIT */
/*
 * base/log.h: one line an event on standard error, as logfmt or JSON.
 *
 * A line is formatted by the thread that has something to say and handed to a bounded ring; a
 * thread of the log's own writes it out, so that a slow terminal or a full pipe stalls nobody.
 * What does not fit is dropped, counted and said. Tokens and payloads are never given to it.
 */
#ifndef TIDINGS_BASE_LOG_H
#define TIDINGS_BASE_LOG_H

#include "base/err.h"
#include "base/span.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* One `key=value` of a line. `key` is a literal. */
struct log_field {
    const char *key;
    enum { LOG_FIELD_SPAN, LOG_FIELD_UINT, LOG_FIELD_INT } kind;
    union {
        struct span span;
        uint64_t uint;
        int64_t sint;
    } value;
};

static inline struct log_field log_span(const char *key, struct span value) {
    return (struct log_field){ .key = key, .kind = LOG_FIELD_SPAN, .value.span = value };
}
static inline struct log_field log_text(const char *key, const char *value) {
    return log_span(key, span_str(value));
}
static inline struct log_field log_uint(const char *key, uint64_t value) {
    return (struct log_field){ .key = key, .kind = LOG_FIELD_UINT, .value.uint = value };
}
static inline struct log_field log_int(const char *key, int64_t value) {
    return (struct log_field){ .key = key, .kind = LOG_FIELD_INT, .value.sint = value };
}

/* Would a line of this level be written? */
bool log_is_on(enum log_level level);
void log_set(enum log_level level, enum log_format format);

/* log_line(LOG_INFO, "listening", log_text("address", at)): the message says what happened and is
 * the same each time, the fields say to whom. Fields cost nothing when the level is off. */
#define log_line(level, message, ...)                                                              \
    do {                                                                                           \
        if (log_is_on(level)) {                                                                    \
            const struct log_field fields_[] = { __VA_ARGS__ };                                    \
            log_write(level, message, fields_, sizeof fields_ / sizeof fields_[0]);                \
        }                                                                                          \
    } while (0)

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

/* Starts the writing thread; before it, and after `log_stop`, lines go out at once. */
MUST_USE
enum err log_start(void);
/* Writes what is left, for at most a second, and ends the thread. */
void log_stop(void);
/* Lines dropped so far because the ring was full or standard error took nothing. */
uint64_t log_dropped(void);

/* "error", "warning", "info", "debug", in any case; false for anything else. */
MUST_USE
bool log_level_parse(struct span name, enum log_level *ret);

#endif
