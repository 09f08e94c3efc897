/* SPDX-License-Identifier: MIT */
/*
 * load/bench.h: puts load on a WebSocket server and measures what it does to it.
 *
 * Four workloads: connections that are made (connect), that only stand there (idle), a message to
 * all of them (fan-out) and messages to single ones (unicast). Every connection is another user's.
 */
#ifndef TIDINGS_LOAD_BENCH_H
#define TIDINGS_LOAD_BENCH_H

#include "base/buf.h"
#include "base/err.h"
#include "load/histogram.h"
#include "load/sequence.h"
#include "load/usage.h"

struct tls_context;

enum load_workload { LOAD_CONNECT, LOAD_IDLE, LOAD_FAN_OUT, LOAD_UNICAST };

/* The user of the client `number` (from 0) as a UUID, without terminator. */
enum { LOAD_USER_LEN = 36 };
void load_user(uint32_t number, char ret[LOAD_USER_LEN]);

/* Appends a token for `user`. */
typedef enum err (*load_write_token)(void *owner, struct span user, struct buf *out,
                                     struct err_note *note);

/* The texts may hold {user}, {token} and {data} as load/template.h says; {token} is what
 * `write_token` gives. All is borrowed. */
struct load_options {
    enum load_workload workload;
    struct span url;              /* ws://… or wss://…; {user} {token} */
    struct span authorization;    /* of the handshake: {token}; empty: none */
    struct span protocols;        /* offered in the handshake; empty: none */
    load_write_token write_token; /* NULL: {token} is empty */
    void *token_owner;

    struct span publish_url;     /* http://… or https://…; {user} */
    struct span publish_headers; /* whole lines, each with its CRLF */
    struct span publish_body;    /* {user} {data} */

    struct tls_context *tls; /* for URLs that are secure; NULL where none is */

    uint32_t connections;      /* at least 1 */
    uint32_t base_connections; /* idle: memory is first looked at when so many stand; below
                                * `connections` */
    uint32_t opening;          /* handshakes under way at a time; at least 1 */
    uint32_t window;           /* publishes under way at a time: sent, and not yet both answered and
                                * received by all who should */
    uint32_t rate;             /* publishes a second instead of a window; 0: flat out */
    uint32_t seconds;          /* how long to measure */
    uint32_t warmup_seconds;   /* the same before it, unmeasured */
    uint32_t heartbeat_seconds;      /* each client says {"type":"ping"} so often; 0: never */
    size_t message_bytes;            /* of {data}; at least LOAD_MESSAGE_MIN */
    struct load_processes processes; /* the server's; none: its time and memory are not told */
};

enum { LOAD_WINDOW_MAX = 65536 };

struct load_result {
    uint32_t opened, refused; /* clients */
    uint32_t broken;          /* clients that ended though nobody asked them to */
    double open_seconds;      /* what opening took: for idle, those after the base */
    uint32_t open_count;      /* the clients that this speaks of */
    struct load_histogram handshake_ns;

    double seconds;     /* what was measured took so long, up to the last message */
    uint64_t published; /* while measuring */
    uint64_t delivered;
    uint64_t failed;                  /* publishes answered with an error, warming up included */
    struct load_tally tally;          /* warming up included */
    struct load_histogram latency_ns; /* from the publish to the client's read */

    struct load_usage before, after; /* around opening (connect, idle), else around publishing */
    struct load_usage rest;          /* idle: at the end of the quiet time */
    char complaint[256]; /* the first refusal, break or failed publish as a sentence; or empty */
};

/* Runs it. An error (with a note) only when there is nothing to report: the server is not there,
 * an option makes no sense. What went wrong on the way is in the result. */
MUST_USE enum err load_run(const struct load_options *options, struct load_result *ret,
                           struct err_note *note);

/* Whether everything that was asked for came about: nobody refused or broken, nothing lost, doubled
 * or out of order. */
bool load_result_is_clean(const struct load_result *result);

#endif
