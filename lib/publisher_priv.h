/* SPDX-License-Identifier: MIT */
/*
 * lib/publisher_priv.h: a publisher from within.
 *
 *     publisher.c  what callers call: judging, queueing, ending
 *     queue.c      what waits, in order, and what became of it
 *     redis.c      the way to Redis: a thread with an event loop and the link of src/redis
 *     http.c       the way to a node: a thread that posts batches with libcurl
 *     kafka.c      records for Kafka (or kafka_none.c, which refuses them)
 *
 * A message is owned by the queue until a way takes it, then by the way until `queue_settle`.
 */
#ifndef TIDINGS_LIB_PUBLISHER_PRIV_H
#define TIDINGS_LIB_PUBLISHER_PRIV_H

#include "base/err.h"
#include "base/span.h"
#include "redis/link.h"
#include "tidings/tidings.h"

#include <pthread.h>

enum { CHANNEL_MAX = 200, MESSAGES_A_BATCH = 1000 };

struct entry {
    struct entry *next;
    struct redis_command command; /* the way to Redis' own */
    struct tidings *publisher;
    uint64_t id;
    uint64_t queued_ns;
    uint32_t channel_len, json_len;
    char bytes[]; /* the channel and a terminator, then the message */
};

static inline struct span entry_channel(const struct entry *entry) {
    return span_of(entry->bytes, entry->channel_len);
}
static inline struct span entry_json(const struct entry *entry) {
    return span_of(entry->bytes + entry->channel_len + 1, entry->json_len);
}

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* something was put, settled, or the end has begun */
    struct entry *first, *last;
    bool is_closed;
    uint64_t next_id;
    struct tidings_counters counters;
};

/* How messages leave. One of them, chosen by the URL. */
struct way {
    enum err (*start)(struct tidings *publisher, struct err_note *note);
    /* Something was put into the queue. Any thread. */
    void (*wake)(struct tidings *publisher);
    /* The queue is closed: sends what it holds, until `ends_ns`, and ends the thread. What is not
     * settled then is left in the queue or settled. */
    void (*stop)(struct tidings *publisher, uint64_t ends_ns);
};

extern const struct way way_redis;
extern const struct way way_http;

struct tidings {
    struct tidings_options options; /* with strings of its own */
    const struct way *way;
    void *state; /* the way's */
    struct kafka *kafka;
    struct queue queue;
    _Atomic uint64_t said_ns; /* when a dropped message was last in the log */
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue);
/* Copies a message into the queue. A result of tidings.h; `*ret_was_empty`: nothing waited. */
int queue_put(struct tidings *publisher, struct span channel, struct span json,
              bool *ret_was_empty);
/* Takes the first; NULL: there is none. */
struct entry *queue_take(struct queue *queue);
/* Takes a message for which it has been too long; NULL: there is none. */
struct entry *queue_take_expired(struct tidings *publisher, uint64_t now_ns);
/* Puts back what was taken last and could not be sent yet. */
void queue_put_back(struct queue *queue, struct entry *entry);
/* Nothing waits to be sent or answered. */
bool queue_is_settled(struct queue *queue);
void queue_close(struct queue *queue);
void queue_set_connected(struct queue *queue, bool is_connected);

/* The end of a message: counted, told, freed. `receivers` with TIDINGS_OK. */
void queue_settle(struct tidings *publisher, struct entry *own_entry, enum tidings_result result,
                  uint64_t receivers, const char *problem);
/* Counts and tells of what was never an entry: a record that went to Kafka. */
void queue_tell(struct tidings *publisher, const struct tidings_outcome *outcome);

/* A line for the log. */
void publisher_log(struct tidings *publisher, enum tidings_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* kafka.c: `brokers` is not NULL. NULL and a note: there is none. */
struct kafka *kafka_new(struct tidings *publisher, struct err_note *note);
/* Waits for what is queued until `ends_ns`. NULL is fine. */
void kafka_free(struct kafka *kafka, uint64_t ends_ns);
/* Waits until none is left; false: some are. NULL is fine. */
bool kafka_flush(struct kafka *kafka, unsigned timeout_ms);
int kafka_produce(struct kafka *kafka, const char *topic, struct span key, struct span json);

#endif
