/* SPDX-License-Identifier: MIT */
/*
 * app/drain.c: a drain, step by step.
 */
#include "app/drain.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    STEP_MS = 50,
    LATECOMERS_MS = 1000, /* for those who were accepted just before to make their handshakes */
    LEAVE_MS = 6000,      /* for the last ones to read their close frame and go */
};

struct drain {
    struct drain_options options;
    drain_done done;
    void *owner;
    uint64_t began_ns;
    bool is_closing; /* the delay is over */
    bool is_over;
};

static bool are_empty(const struct drain *drain) {
    for (size_t i = 0; i < drain->options.worker_count; i++) {
        if (!worker_is_empty(drain->options.workers[i])) return false;
    }
    return true;
}

static double fraction_at(const struct drain *drain, uint64_t passed_ms) {
    uint64_t spread_ms = drain->options.spread_ms;
    return passed_ms >= spread_ms ? 1.0 : (double)passed_ms / (double)spread_ms;
}

/* Again and again, since there may have been no memory for the order. */
static void leave_doors(const struct drain *drain) {
    bool is_all = drain->options.leaves == DRAIN_LEAVES_ALL;
    for (size_t i = 0; i < drain->options.worker_count; i++)
        worker_leave(drain->options.workers[i], is_all);
}

static void step(void *arg) {
    struct drain *drain = arg;
    if (drain->is_over) return;
    if (drain->options.leaves != DRAIN_LEAVES_NONE) leave_doors(drain);
    uint64_t passed_ms = (clock_now_ns() - drain->began_ns) / NS_PER_MS;
    if (passed_ms < drain->options.delay_ms) return;
    passed_ms -= drain->options.delay_ms;
    if (!drain->is_closing) {
        drain->is_closing = true;
        session_shared_refuse_new(drain->options.session_shared);
        log_line(
            LOG_INFO, "closing connections",
            log_uint("connections", session_shared_connections(drain->options.session_shared)));
    }
    for (size_t i = 0; i < drain->options.worker_count; i++) {
        worker_drain(drain->options.workers[i], fraction_at(drain, passed_ms));
    }
    if (are_empty(drain) || passed_ms > drain->options.spread_ms + LEAVE_MS) {
        drain->is_over = true;
        drain->done(drain->owner);
    }
}

static uint64_t delay_ms(const struct drain_options *options) {
    return options->leaves == DRAIN_LEAVES_NONE ? options->delay_ms : LATECOMERS_MS;
}

uint64_t drain_longest_ms(const struct drain_options *options) {
    return delay_ms(options) + options->spread_ms + LEAVE_MS + 2 * STEP_MS;
}

struct drain *drain_begin(const struct drain_options *options, struct loop *loop, drain_done done,
                          void *owner) {
    struct drain *drain = mem_new(sizeof *drain);
    drain->options = *options;
    drain->options.delay_ms = delay_ms(options);
    drain->done = done;
    drain->owner = owner;
    drain->began_ns = clock_now_ns();
    api_shared_set_ready(options->api_shared, false);
    loop_add_tick(loop, STEP_MS, step, drain);
    step(drain);
    return drain;
}

void drain_free(struct drain *drain) {
    mem_free(drain);
}
