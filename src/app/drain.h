/* SPDX-License-Identifier: MIT */
/*
 * app/drain.h: from the signal to end until nobody is connected any more.
 *
 * First everything is still served while /readyz says 503, so that a load balancer looks elsewhere;
 * then handshakes are refused and connections closed, spread over a time, so that their clients do
 * not all come back at once; at last those who have been told to go get time to go.
 */
#ifndef TIDINGS_APP_DRAIN_H
#define TIDINGS_APP_DRAIN_H

#include "app/worker.h"

/* Which listening sockets are left at once: who comes then waits for who else has them. */
enum drain_leaves { DRAIN_LEAVES_NONE, DRAIN_LEAVES_HELD, DRAIN_LEAVES_ALL };

struct drain_options {
    uint64_t delay_ms;
    uint64_t spread_ms;
    enum drain_leaves leaves; /* but none: `delay_ms` does not count */
    struct api_shared *api_shared;
    struct session_shared *session_shared;
    struct worker *const *workers;
    size_t worker_count;
};

struct drain;

/* How long it takes at most. */
uint64_t drain_longest_ms(const struct drain_options *options);

typedef void (*drain_done)(void *owner);

/* Begins; `done` is called on `loop` when all is over, once. Borrows what the options point to. */
struct drain *drain_begin(const struct drain_options *options, struct loop *loop, drain_done done,
                          void *owner);
/* After the loop was freed. NULL is fine. */
void drain_free(struct drain *drain);

#endif
