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
 * A publish is best effort and never waits: it copies the message into a bounded queue and returns.
 * A thread of the publisher's own sends what waits, in the order of the calls, and drops what has
 * waited longer than `deadline_ms`. What becomes of each message is told to `done` and counted; no
 * message is ever sent twice, so one whose answer was lost is `TIDINGS_UNKNOWN`.
 *
 * Every function may be called by any thread at the same time. There is no global state: two
 * publishers know nothing of each other. A publisher does not survive fork(2): make one behind it.
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

/* What a call returns, and what becomes of a message. */
enum tidings_result {
    TIDINGS_OK = 0,       /* taken into the queue; or, for `done`: Redis or the node has taken it */
    TIDINGS_SKIPPED = 1,  /* a notification without a user: logged, counted, sent to nobody */
    TIDINGS_INVALID = -1, /* no such channel name, or no JSON in UTF-8: nothing was queued */
    TIDINGS_TOO_BIG = -2, /* larger than `message_bytes_max`: nothing was queued */
    TIDINGS_FULL = -3,    /* the queue is full: nothing was queued */
    TIDINGS_NO_MEMORY = -4,
    TIDINGS_EXPIRED = -5, /* waited for longer than its deadline, was not sent */
    TIDINGS_REFUSED = -6, /* Redis or the node refused it */
    TIDINGS_UNKNOWN = -7, /* was sent, and the answer was lost: may have been published */
    TIDINGS_CLOSED = -8   /* the publisher ended before it was sent */
};

/* A word for a result, for logs and labels: "ok", "full"; a constant. */
TIDINGS_API const char *tidings_result_text(int result);

/* How serious a line of the log is. */
enum tidings_level { TIDINGS_ERROR, TIDINGS_WARNING, TIDINGS_INFO };

/* What became of one message. Lent for the call. */
struct tidings_outcome {
    int result;          /* enum tidings_result */
    const char *channel; /* with a terminator, without the prefix */
    uint64_t id;         /* what the call that published it gave back */
    uint64_t receivers; /* TIDINGS_OK: how many Redis clients, or connections of the node, had it */
    uint64_t latency_ns; /* from the call until now */
    const char *problem; /* a sentence; "" when there is none */
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
    const char
        *ca_file; /* PEM of the authorities for rediss and https; NULL: those of the system */

    /* Kafka's brokers (host:port,…) for `tidings_produce`; NULL: none. TIDINGS without Kafka
     * refuses it, see `tidings_has_kafka`. */
    const char *kafka_brokers;

    size_t queue_messages_max; /* that wait to be sent or answered */
    size_t queue_bytes_max;    /* the same in bytes */
    size_t message_bytes_max;
    unsigned deadline_ms;        /* how long a message may wait before it is sent */
    unsigned connect_timeout_ms; /* of one try; tries are repeated with backoff and jitter */
    unsigned reply_timeout_ms;   /* a server that owes an answer for longer is taken for dead */
    unsigned close_ms;           /* how long `tidings_free` waits for what is queued */

    /* Told of each message once, on the publisher's thread or, for messages that are left when it
     * ends, on the one that calls `tidings_free`. May publish; must not wait, nor free the
     * publisher. NULL: nobody is told. */
    void (*done)(void *owner, const struct tidings_outcome *outcome);
    /* A line for the log: connections lost and found, messages dropped (said at most once in five
     * seconds), notifications skipped. On any thread. NULL: standard error, errors and warnings
     * only. */
    void (*log)(void *owner, enum tidings_level level, const char *text);
    void *owner; /* given to both */
};

/* The usual values: `struct tidings_options options = TIDINGS_OPTIONS;`, then `options.url = …`. */
#define TIDINGS_OPTIONS                                                                            \
    {                                                                                              \
        NULL, NULL, NULL, NULL, NULL, 10000, 16777216, 524288, 5000, 2000, 2000, 1000, NULL, NULL, \
            NULL                                                                                   \
    }

struct tidings;

/* Makes a publisher and starts its thread; connecting goes on by itself, and begins anew whenever
 * the link is lost. Options and their strings are copied. NULL: `problem` (TIDINGS_PROBLEM_MAX
 * bytes, or NULL) says why: an address that is none, no memory, no thread. */
TIDINGS_API struct tidings *tidings_new(const struct tidings_options *options, char *problem);

/* Sends what is queued, for at most `close_ms`, tells `done` of the rest and frees everything. No
 * other call may run or come after. NULL is fine. */
TIDINGS_API void tidings_free(struct tidings *publisher);

/*
 * Each of these three queues one message, `json_len` bytes that are one JSON value in UTF-8, which
 * are copied and sent as they are. Never waits for anything but other calls that do the same.
 * TIDINGS_OK, _SKIPPED, _INVALID, _TOO_BIG, _FULL, _NO_MEMORY, _CLOSED.
 */

/* To all connections of a user, which is the channel `ws:USER`. Without a user (NULL or "") the
 * notification is skipped: some events have none, and the user finds out by asking. */
TIDINGS_API int tidings_publish_user(struct tidings *publisher, const char *user, const char *json,
                                     size_t json_len);
/* To a channel of 1 to 200 bytes. A submission's (`submission:N`) keeps history only over http. */
TIDINGS_API int tidings_publish_channel(struct tidings *publisher, const char *channel,
                                        const char *json, size_t json_len);
/* To everybody, which is the channel `broadcast`. */
TIDINGS_API int tidings_publish_broadcast(struct tidings *publisher, const char *json,
                                          size_t json_len);

/* Whether this library was built with Kafka. */
TIDINGS_API int tidings_has_kafka(void);

/* Hands a record to Kafka's producer, which has a queue and a thread of its own: the event that
 * processing depends on, beside the notification for the screen. `key` may be NULL. TIDINGS_OK: it
 * is queued; whether it arrived is told to `done` with the topic as the channel. Else as above;
 * TIDINGS_REFUSED without brokers in the options. */
TIDINGS_API int tidings_produce(struct tidings *publisher, const char *topic, const char *key,
                                const char *json, size_t json_len);

/* Waits until nothing waits to be sent or answered. TIDINGS_OK, or TIDINGS_EXPIRED after
 * `timeout_ms`. Not from `done`. */
TIDINGS_API int tidings_flush(struct tidings *publisher, unsigned timeout_ms);

/* What happened so far. */
struct tidings_counters {
    uint64_t queued;    /* messages that were taken */
    uint64_t published; /* that Redis or the node has taken */
    uint64_t failed;    /* refused, or of unknown fate */
    uint64_t dropped;   /* expired, or left over at the end */
    uint64_t rejected;  /* never queued: full, invalid, too big */
    uint64_t skipped;   /* without a user */
    uint64_t waiting;   /* now, to be sent or answered */
    uint64_t waiting_bytes;
    uint64_t latency_ns_sum; /* of those published, from the call to the answer */
    uint64_t latency_ns_max;
    int is_connected;
};

TIDINGS_API void tidings_count(struct tidings *publisher, struct tidings_counters *ret);

#ifdef __cplusplus
}
#endif

#endif
