/* SPDX-License-Identifier: MIT */
/*
 * lib/publisher.c: the calls of tidings/tidings.h.
 */
#include "publisher_priv.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdatomic.h>

#define USER_CHANNEL "ws:"

enum { LINE_MAX_BYTES = 512, SENT_AT_ONCE_MAX = 1 << 30 };

const char *tidings_result_text(int result) {
    switch (result) {
    case TIDINGS_OK: return "ok";
    case TIDINGS_SKIPPED: return "skipped";
    case TIDINGS_INVALID: return "invalid";
    case TIDINGS_TOO_BIG: return "too_big";
    case TIDINGS_FULL: return "full";
    case TIDINGS_NO_MEMORY: return "no_memory";
    case TIDINGS_EXPIRED: return "expired";
    case TIDINGS_REFUSED: return "refused";
    case TIDINGS_UNKNOWN: return "unknown";
    case TIDINGS_CLOSED: return "closed";
    default: return "other";
    }
}

void publisher_log(struct tidings *publisher, enum tidings_level level, const char *format, ...) {
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (publisher->options.log) {
        publisher->options.log(publisher->options.owner, level, text);
    } else if (level <= TIDINGS_WARNING) {
        (void)fprintf(stderr, "tidings: %s\n", text);
    }
}

/* ---- making and freeing --------------------------------------------------------------------- */

/* The strings of the options. */
static const char **strings_of(struct tidings_options *options, size_t i) {
    const char **all[] = { &options->url, &options->api_key, &options->prefix, &options->ca_file,
                           &options->kafka_brokers };
    return i < countof(all) ? all[i] : NULL;
}

static void copy_options(struct tidings *publisher, const struct tidings_options *options) {
    publisher->options = *options;
    const char **text;
    for (size_t i = 0; (text = strings_of(&publisher->options, i)) != NULL; i++) {
        if (*text) *text = mem_new_text(*text, strlen(*text));
    }
}

static void release(struct tidings *publisher) {
    const char **text;
    for (size_t i = 0; (text = strings_of(&publisher->options, i)) != NULL; i++)
        mem_free((char *)(uintptr_t)*text);
    queue_finish(&publisher->queue);
    mem_free(publisher);
}

static enum err judge_options(const struct tidings_options *options, struct err_note *note) {
    const char *fault = options->prefix ? redis_prefix_fault(span_str(options->prefix)) : NULL;
    if (!options->url) return err_note(note, ERR_INVALID, "url: is missing");
    if (fault) return err_note(note, ERR_INVALID, "prefix: %s", fault);
    if (options->queue_messages_max == 0 || options->queue_bytes_max == 0 ||
        options->message_bytes_max == 0 || options->deadline_ms == 0 ||
        options->connect_timeout_ms == 0 || options->reply_timeout_ms == 0) {
        return err_note(note, ERR_INVALID, "a limit is 0: begin with TIDINGS_OPTIONS");
    }
    if (options->message_bytes_max > SENT_AT_ONCE_MAX || options->queue_bytes_max > SIZE_MAX / 4) {
        return err_note(note, ERR_INVALID, "message_bytes_max or queue_bytes_max is too large");
    }
    return ERR_OK;
}

static const struct way *way_of(struct span url) {
    if (span_starts(url, SPAN("redis://")) || span_starts(url, SPAN("rediss://")))
        return &way_redis;
    if (span_starts(url, SPAN("http://")) || span_starts(url, SPAN("https://"))) return &way_http;
    return NULL;
}

static enum err start(struct tidings *publisher, struct err_note *note) {
    publisher->way = way_of(span_str(publisher->options.url));
    if (!publisher->way) {
        return err_note(note, ERR_INVALID,
                        "url: must begin with redis://, rediss://, http:// or https://");
    }
    if (publisher->options.kafka_brokers) {
        publisher->kafka = kafka_new(publisher, note);
        if (!publisher->kafka) return ERR_UNSUPPORTED;
    }
    return publisher->way->start(publisher, note);
}

struct tidings *tidings_new(const struct tidings_options *options, char *problem) {
    struct err_note note = { "" };
    struct tidings *publisher = NULL;
    enum err e = judge_options(options, &note);
    if (!e) {
        publisher = mem_new(sizeof *publisher);
        copy_options(publisher, options);
        queue_init(&publisher->queue);
        e = start(publisher, &note);
    }
    if (problem) (void)snprintf(problem, TIDINGS_PROBLEM_MAX, "%s", e ? note.text : "");
    if (!e) return publisher;
    if (publisher) {
        kafka_free(publisher->kafka, 0);
        release(publisher);
    }
    return NULL;
}

void tidings_free(struct tidings *publisher) {
    if (!publisher) return;
    uint64_t ends_ns = clock_now_ns() + publisher->options.close_ms * NS_PER_MS;
    queue_close(&publisher->queue);
    publisher->way->stop(publisher, ends_ns);
    struct entry *entry;
    while ((entry = queue_take(&publisher->queue)) != NULL)
        queue_settle(publisher, entry, TIDINGS_CLOSED, 0, "the publisher has ended");
    kafka_free(publisher->kafka, ends_ns);
    release(publisher);
}

/* ---- publishing ----------------------------------------------------------------------------- */

static int count_rejected(struct tidings *publisher, int result) {
    pthread_mutex_lock(&publisher->queue.lock);
    if (result == TIDINGS_SKIPPED) {
        publisher->queue.counters.skipped++;
    } else {
        publisher->queue.counters.rejected++;
    }
    pthread_mutex_unlock(&publisher->queue.lock);
    return result;
}

static int judge_message(const struct tidings *publisher, struct span json) {
    struct json_value value;
    struct json_error error;
    if (json.len > publisher->options.message_bytes_max) return TIDINGS_TOO_BIG;
    return json_parse(json, &value, &error) ? TIDINGS_OK : TIDINGS_INVALID;
}

static int publish(struct tidings *publisher, struct span channel, const char *json,
                   size_t json_len) {
    struct span message = span_of(json, json_len);
    if (!utf8_is_name(channel, CHANNEL_MAX)) return count_rejected(publisher, TIDINGS_INVALID);
    int result = judge_message(publisher, message);
    if (result != TIDINGS_OK) return count_rejected(publisher, result);
    bool was_empty = false;
    result = queue_put(publisher, channel, message, &was_empty);
    if (was_empty) publisher->way->wake(publisher);
    return result;
}

int tidings_publish_channel(struct tidings *publisher, const char *channel, const char *json,
                            size_t json_len) {
    return publish(publisher, span_str(channel), json, json_len);
}

int tidings_publish_broadcast(struct tidings *publisher, const char *json, size_t json_len) {
    return publish(publisher, SPAN("broadcast"), json, json_len);
}

int tidings_publish_user(struct tidings *publisher, const char *user, const char *json,
                         size_t json_len) {
    char channel[CHANNEL_MAX + 2];
    if (!user || !*user) {
        publisher_log(publisher, TIDINGS_WARNING, "a notification without a user was skipped");
        return count_rejected(publisher, TIDINGS_SKIPPED);
    }
    int len = snprintf(channel, sizeof channel, USER_CHANNEL "%s", user);
    return publish(publisher, span_of(channel, size_min((size_t)len, sizeof channel)), json,
                   json_len);
}

int tidings_produce(struct tidings *publisher, const char *topic, const char *key, const char *json,
                    size_t json_len) {
    struct span record = span_of(json, json_len);
    if (!topic || !*topic) return count_rejected(publisher, TIDINGS_INVALID);
    int result = judge_message(publisher, record);
    if (result == TIDINGS_OK && !publisher->kafka) result = TIDINGS_REFUSED;
    if (result == TIDINGS_OK)
        result = kafka_produce(publisher->kafka, topic, span_str(key), record);
    if (result != TIDINGS_OK) return count_rejected(publisher, result);
    pthread_mutex_lock(&publisher->queue.lock);
    publisher->queue.counters.queued++;
    pthread_mutex_unlock(&publisher->queue.lock);
    return TIDINGS_OK;
}

/* ---- waiting and counting ------------------------------------------------------------------- */

int tidings_flush(struct tidings *publisher, unsigned timeout_ms) {
    struct queue *queue = &publisher->queue;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&queue->lock);
    int e = 0;
    while (queue->counters.waiting > 0 && e == 0)
        e = pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    bool is_settled = queue->counters.waiting == 0;
    pthread_mutex_unlock(&queue->lock);
    return is_settled && kafka_flush(publisher->kafka, timeout_ms) ? TIDINGS_OK : TIDINGS_EXPIRED;
}

void tidings_count(struct tidings *publisher, struct tidings_counters *ret) {
    pthread_mutex_lock(&publisher->queue.lock);
    *ret = publisher->queue.counters;
    pthread_mutex_unlock(&publisher->queue.lock);
}
