/* SPDX-License-Identifier: MIT */
/*
 * tidings/tidings.h: publishing notifications from a C or C++ program.
 *
 *     struct tidings_options options = TIDINGS_OPTIONS;
 *     char problem[TIDINGS_PROBLEM_MAX];
 *     options.url = "redis://127.0.0.1:6379/0";
 *     struct tidings *publisher = tidings_new(&options, problem);
 *     if (!publisher) ...
 *     tidings_publish_user(publisher, "u1", "{\"hello\":1}", 11);
 *     ...
 *     tidings_free(publisher);
 *
 * Publishing is best effort and never blocks: a call copies the message into a bounded queue and
 * returns. The publisher's own thread sends queued messages in the order of the calls, and drops
 * those that have waited longer than `deadline_ms`. The outcome of each message is reported to
 * `done` and counted. No message is ever sent twice, so one whose answer was lost is reported as
 * `TIDINGS_UNKNOWN`.
 *
 * All functions may be called from any thread at the same time. There is no global state:
 * publishers are independent. A publisher does not survive fork(2): create one afterwards.
 */
#ifndef TIDINGS_TIDINGS_H
#define TIDINGS_TIDINGS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TIDINGS_API __attribute__((visibility("default")))
#else
#define TIDINGS_API
#endif

/* The result of a call, and the outcome of a message. */
enum tidings_result {
    TIDINGS_OK = 0,       /* queued; or, for `done`: accepted by Redis or the node */
    TIDINGS_SKIPPED = 1,  /* a notification without a user: logged, counted, sent to nobody */
    TIDINGS_INVALID = -1, /* invalid channel name, or not JSON in UTF-8: nothing was queued */
    TIDINGS_TOO_BIG = -2, /* larger than `message_bytes_max`: nothing was queued */
    TIDINGS_FULL = -3,    /* the queue is full: nothing was queued */
    TIDINGS_NO_MEMORY = -4,
    TIDINGS_EXPIRED = -5, /* waited longer than `deadline_ms` and was not sent */
    TIDINGS_REFUSED = -6, /* refused by Redis or the node */
    TIDINGS_UNKNOWN = -7, /* sent, but the answer was lost: it may have been published */
    TIDINGS_CLOSED = -8   /* the publisher ended before it was sent */
};

/* A word for a result, for logs and labels: "ok", "full"; a constant. */
TIDINGS_API const char *tidings_result_text(int result);

/* The severity of a log line. */
enum tidings_level { TIDINGS_ERROR, TIDINGS_WARNING, TIDINGS_INFO };

/* The outcome of one message. Valid during the call of `done` only. */
struct tidings_outcome {
    int result;          /* enum tidings_result */
    const char *channel; /* NUL-terminated, without the prefix */
    uint64_t id; /* from 1, in the order queued; records for Kafka have numbers of their own */
    uint64_t receivers; /* TIDINGS_OK: how many Redis clients, or connections of the node, got it */
    uint64_t latency_ns; /* from the publishing call until now */
    const char *problem; /* a sentence; "" if there is none */
};

enum { TIDINGS_PROBLEM_MAX = 256 };

struct tidings_options {
    /*
     * Where to publish:
     *   redis://[user:password@]host[:port][/database]   PUBLISH, as any Redis client would
     *   rediss://…                                       the same over TLS
     *   http://host[:port], https://…                    POST /api/v1/batch of a Tidings node
     */
    const char *url;
    const char *api_key; /* for http and https; NULL: none */
    const char *prefix;  /* before every channel in Redis (`broker.redis.prefix`); NULL: none */
    /* A PEM file with the authorities to trust for rediss and https; NULL: those of the system. */
    const char *ca_file;

    /* Kafka brokers (host:port,…) for `tidings_produce`; NULL: none. A library built without Kafka
     * refuses them, see `tidings_has_kafka`. */
    const char *kafka_brokers;

    size_t queue_messages_max; /* messages that are waiting to be sent or answered */
    size_t queue_bytes_max;    /* the same in bytes */
    size_t message_bytes_max;
    unsigned deadline_ms;        /* how long a message may wait to be sent */
    unsigned connect_timeout_ms; /* per attempt; attempts are repeated with backoff and jitter */
    unsigned reply_timeout_ms;   /* a server that owes an answer for longer is considered dead */
    unsigned close_ms;           /* how long `tidings_free` waits for queued messages */

    /* Called once for each message, on the publisher's thread or, for messages that are left at the
     * end, on the thread that calls `tidings_free`. May publish; must neither block nor free the
     * publisher. NULL: outcomes are not reported. */
    void (*done)(void *owner, const struct tidings_outcome *outcome);
    /* Called for each log line: connections lost and restored, messages dropped (at most once in
     * five seconds), notifications skipped. On any thread. NULL: errors and warnings go to standard
     * error. */
    void (*log)(void *owner, enum tidings_level level, const char *text);
    void *owner; /* passed to both */
};

/* The defaults: `struct tidings_options options = TIDINGS_OPTIONS;`, then `options.url = …`. */
#define TIDINGS_OPTIONS                                                                            \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL, 10000, 16777216, 524288, 5000, 2000, 2000, 1000, NULL, NULL, \
            NULL                                                                                   \
    }

struct tidings;

/* Creates a publisher and starts its thread, which connects in the background and reconnects
 * whenever the link is lost. Options and their strings are copied. On failure returns NULL, and
 * `problem` (TIDINGS_PROBLEM_MAX bytes, or NULL) says why: an invalid URL, no memory, no thread. */
TIDINGS_API struct tidings *tidings_new(const struct tidings_options *options, char *problem);

/* Sends what is queued, for at most `close_ms`, reports the rest to `done` and frees everything. No
 * other call may be running or follow. NULL is fine. */
TIDINGS_API void tidings_free(struct tidings *publisher);

/*
 * Each of these three queues one message: `json_len` bytes that are one JSON value in UTF-8, which
 * are copied and sent unchanged. They never block, except briefly on each other.
 * TIDINGS_OK, _SKIPPED, _INVALID, _TOO_BIG, _FULL, _NO_MEMORY, _CLOSED.
 */

/* To all connections of a user, on the channel `ws:USER`. Without a user (NULL or "") the
 * notification is skipped: some events have none. */
TIDINGS_API int tidings_publish_user(struct tidings *publisher, const char *user, const char *json,
                                     size_t json_len);
/* To a channel of 1 to 200 bytes. A submission's (`submission:N`) keeps history only over http. */
TIDINGS_API int tidings_publish_channel(struct tidings *publisher, const char *channel,
                                        const char *json, size_t json_len);
/* To everybody, on the channel `broadcast`. */
TIDINGS_API int tidings_publish_broadcast(struct tidings *publisher, const char *json,
                                          size_t json_len);

/* Whether this library was built with Kafka. */
TIDINGS_API int tidings_has_kafka(void);

/* Hands a record to the Kafka producer, which has its own queue and thread: for the event that
 * processing depends on, in addition to the notification. `key` may be NULL. TIDINGS_OK: it is
 * queued; its outcome is reported to `done`, with the topic as the channel. Otherwise as above;
 * TIDINGS_REFUSED without brokers in the options. */
TIDINGS_API int tidings_produce(struct tidings *publisher, const char *topic, const char *key,
                                const char *json, size_t json_len);

/* Blocks until no message is waiting to be sent or answered. TIDINGS_OK, or TIDINGS_EXPIRED after
 * `timeout_ms`. Must not be called from `done`. */
TIDINGS_API int tidings_flush(struct tidings *publisher, unsigned timeout_ms);

/* Counts since the publisher was created. */
struct tidings_counters {
    uint64_t queued;    /* messages that were queued */
    uint64_t published; /* accepted by Redis or the node */
    uint64_t failed;    /* refused, or outcome unknown */
    uint64_t dropped;   /* expired, or left over at the end */
    uint64_t rejected;  /* never queued: full, invalid, too big */
    uint64_t skipped;   /* without a user */
    uint64_t waiting;   /* at present, to be sent or answered */
    uint64_t waiting_bytes;
    uint64_t latency_ns_sum; /* of published messages, from the call to the answer */
    uint64_t latency_ns_max;
    int is_connected;
};

TIDINGS_API void tidings_count(struct tidings *publisher, struct tidings_counters *ret);

#ifdef __cplusplus
}
#endif

#endif
