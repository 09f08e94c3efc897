/* SPDX-License-Identifier: MIT */
/*
 * base/log.c: formats lines and hands them to the thread that writes them.
 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { RING_BYTES = 1 << 20, LINE_BYTES = 4096, VALUE_BYTES = 512 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t thread;
    char *ring;
    size_t head, len; /* what waits in the ring */
    bool is_started, is_stopping;
} writer = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };

static _Atomic int level_on = LOG_INFO;
static _Atomic int format_on = LOG_LOGFMT;
static _Atomic uint64_t dropped;

static const char *const level_names[] = { "error", "warning", "info", "debug" };

bool log_is_on(enum log_level level) {
    return (int)level <= atomic_load_explicit(&level_on, memory_order_relaxed);
}

void log_set(enum log_level level, enum log_format format) {
    atomic_store(&level_on, (int)level);
    atomic_store(&format_on, (int)format);
}

bool log_level_parse(struct span name, enum log_level *ret) {
    for (size_t i = 0; i < countof(level_names); i++) {
        if (span_eq_nocase(name, span_str(level_names[i]))) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

uint64_t log_dropped(void) {
    return atomic_load(&dropped);
}

/* A value is quoted only where it must be, so that lines stay easy to read and to grep. */
static bool is_plain(struct span s) {
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) return false;
    }
    return true;
}

static void append_text(struct buf *line, struct span s, bool is_json) {
    s.len = size_min(s.len, VALUE_BYTES);
    if (!is_json && is_plain(s)) {
        buf_append_span(line, s);
    } else {
        json_append_string(line, s);
    }
}

static void append_key(struct buf *line, const char *key, bool is_json) {
    if (line->len > 0) buf_append_char(line, is_json ? ',' : ' ');
    if (is_json) {
        json_append_string(line, span_str(key));
        buf_append_char(line, ':');
    } else {
        buf_append_text(line, key);
        buf_append_char(line, '=');
    }
}

static void append_field(struct buf *line, const struct log_field *field, bool is_json) {
    append_key(line, field->key, is_json);
    switch (field->kind) {
    case LOG_FIELD_SPAN: append_text(line, field->value.span, is_json); break;
    case LOG_FIELD_UINT: buf_append_uint(line, field->value.uint); break;
    case LOG_FIELD_INT:
        if (field->value.sint < 0) buf_append_char(line, '-');
        buf_append_uint(line, field->value.sint < 0 ? 0 - (uint64_t)field->value.sint
                                                    : (uint64_t)field->value.sint);
        break;
    }
}

static uint64_t lines_in(const char *at, size_t len) {
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += at[i] == '\n';
    return lines;
}

/* Writes all of it, waiting until `deadline_ns` for a reader; returns how many lines were not
 * taken. */
static uint64_t write_out(const char *at, size_t len, uint64_t deadline_ns) {
    while (len > 0) {
        ssize_t sent = write(STDERR_FILENO, at, len);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        } else if (sent < 0 && errno == EAGAIN && clock_now_ns() < deadline_ns) {
            struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
            (void)poll(&ready, 1, 100);
        } else if (sent == 0 || errno != EINTR) {
            return lines_in(at, len);
        }
    }
    return 0;
}

static uint64_t second_from_now(void) {
    return clock_now_ns() + NS_PER_S;
}

static bool ring_put(const char *at, size_t len) {
    if (RING_BYTES - writer.len < len) return false;
    size_t tail = (writer.head + writer.len) % RING_BYTES;
    size_t first = size_min(len, RING_BYTES - tail);
    memcpy(writer.ring + tail, at, first);
    memcpy(writer.ring, at + first, len - first);
    writer.len += len;
    return true;
}

/* Whole lines, at most `cap` bytes of them; the ring is not empty. */
static size_t ring_take(char *at, size_t cap) {
    size_t len = size_min(writer.len, cap);
    size_t first = size_min(len, RING_BYTES - writer.head);
    memcpy(at, writer.ring + writer.head, first);
    memcpy(at + first, writer.ring, len - first);
    while (at[len - 1] != '\n')
        len--;
    writer.head = (writer.head + len) % RING_BYTES;
    writer.len -= len;
    return len;
}

static void hand_over(const char *at, size_t len) {
    pthread_mutex_lock(&writer.lock);
    if (!writer.is_started) {
        atomic_fetch_add(&dropped, write_out(at, len, second_from_now()));
    } else if (ring_put(at, len)) {
        pthread_cond_signal(&writer.filled);
    } else {
        atomic_fetch_add(&dropped, 1);
    }
    pthread_mutex_unlock(&writer.lock);
}

/* Returns its length, the end of the line included. */
static size_t format_line(char room[static LINE_BYTES], enum log_level level, const char *message,
                          const struct log_field *fields, size_t count) {
    char when[CLOCK_TEXT_BYTES];
    clock_text(clock_wall_ms(), when);
    bool is_json = atomic_load_explicit(&format_on, memory_order_relaxed) == LOG_JSON;
    /* Room is left for the braces and the end of the line. */
    struct buf line = { .at = room, .cap = LINE_BYTES - 3, .max = LINE_BYTES - 3 };
    const struct log_field head[] = {
        log_text("time", when),
        log_text("level", level_names[level]),
        log_text("msg", message),
    };
    for (size_t i = 0; i < countof(head); i++)
        append_field(&line, &head[i], is_json);
    for (size_t i = 0; i < count; i++) {
        size_t before = line.len;
        append_field(&line, &fields[i], is_json);
        if (buf_err(&line)) { /* the field that does not fit is left out whole */
            line.len = before;
            break;
        }
    }
    if (is_json) {
        memmove(room + 1, room, line.len);
        room[0] = '{';
        room[line.len + 1] = '}';
        line.len += 2;
    }
    room[line.len++] = '\n';
    return line.len;
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count) {
    char line[LINE_BYTES];
    hand_over(line, format_line(line, level, message, fields, count));
}

/* Says how many lines were lost, once there is room again. */
static void say_dropped(uint64_t *said) {
    uint64_t now = atomic_load(&dropped);
    if (now == *said) return;
    const struct log_field lines = log_uint("lines", now - *said);
    char line[LINE_BYTES];
    size_t len = format_line(line, LOG_WARNING, "log lines dropped", &lines, 1);
    if (write_out(line, len, 0) == 0) *said = now;
}

static void *write_lines(void *arg) {
    (void)arg;
    static char chunk[1 << 16];
    uint64_t said = 0;
    pthread_mutex_lock(&writer.lock);
    for (;;) {
        while (writer.len == 0 && !writer.is_stopping) {
            pthread_cond_wait(&writer.filled, &writer.lock);
        }
        if (writer.len == 0) break;
        size_t len = ring_take(chunk, sizeof chunk);
        bool is_last_chance = writer.is_stopping;
        pthread_mutex_unlock(&writer.lock);
        uint64_t lost = write_out(chunk, len, is_last_chance ? second_from_now() : UINT64_MAX);
        atomic_fetch_add(&dropped, lost);
        say_dropped(&said);
        pthread_mutex_lock(&writer.lock);
        if (lost > 0 && is_last_chance) break;
    }
    pthread_mutex_unlock(&writer.lock);
    return NULL;
}

enum err log_start(void) {
    pthread_mutex_lock(&writer.lock);
    writer.ring = mem_new(RING_BYTES);
    writer.is_stopping = false;
    writer.is_started = pthread_create(&writer.thread, NULL, write_lines, NULL) == 0;
    bool is_started = writer.is_started;
    pthread_mutex_unlock(&writer.lock);
    return is_started ? ERR_OK : ERR_LIMIT;
}

void log_stop(void) {
    pthread_mutex_lock(&writer.lock);
    bool was_started = writer.is_started;
    writer.is_started = false;
    writer.is_stopping = true;
    pthread_cond_signal(&writer.filled);
    pthread_mutex_unlock(&writer.lock);
    if (!was_started) return;
    /* A reader that takes nothing must not hold the process: then the thread dies with it. */
    struct timespec deadline;
    (void)clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 2;
    if (pthread_timedjoin_np(writer.thread, NULL, &deadline) != 0) return;
    mem_free(writer.ring);
    writer.ring = NULL;
    writer.len = 0;
    writer.head = 0;
}
