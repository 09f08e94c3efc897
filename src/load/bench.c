/* SPDX-License-Identifier: MIT */
/*
 * load/bench.c: conducts a bench: opens the clients, warms up, measures, lets everything arrive,
 * and adds up.
 *
 * It reads from top to bottom because the loop runs only until the next goal is reached.
 */
#include "load/bench.h"

#include "base/clock.h"
#include "base/mem.h"
#include "load/bench_priv.h"

#include <stdarg.h>

enum {
    TICK_MS = 20,
    STALL_S = 5,  /* nothing has come for so long: it never will */
    SETTLE_S = 1, /* quiet time before memory is looked at */
};

void bench_complain(struct bench *bench, const char *format, ...) {
    char *complaint = bench->result->complaint;
    if (*complaint) return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(complaint, sizeof bench->result->complaint, format, args);
    va_end(args);
}

static bool on_turn(void *owner) {
    struct bench *bench = owner;
    crowd_dial(bench);
    publishing_turn(bench);
    if (bench->goal(bench) || clock_now_ns() >= bench->deadline_ns) loop_stop(bench->loop);
    return false;
}

static void on_tick(void *owner) {
    crowd_beat(owner);
}

static bool is_broken_off(const struct bench *bench) {
    return bench->publishing.is_over;
}

static bool is_settled_or_stalled(const struct bench *bench) {
    return (crowd_is_settled(bench) && publishing_is_settled(bench)) ||
           clock_now_ns() - bench->active_ns > STALL_S * NS_PER_S;
}

static void run_for(struct bench *bench, uint32_t seconds) {
    bench->goal = is_broken_off;
    bench->deadline_ns = clock_now_ns() + seconds * NS_PER_S;
    loop_run(bench->loop);
}

/* Until everything under way has come to its end, or nothing more comes. */
static void run_until_settled(struct bench *bench) {
    bench->goal = is_settled_or_stalled;
    bench->deadline_ns = UINT64_MAX;
    bench->active_ns = clock_now_ns();
    loop_run(bench->loop);
}

static double seconds_since(uint64_t from_ns) {
    return (double)(clock_now_ns() - from_ns) / (double)NS_PER_S;
}

/* Opens clients until there are `count`. */
static void open_clients(struct bench *bench, uint32_t count) {
    uint32_t before = bench->result->opened;
    uint64_t from_ns = clock_now_ns();
    bench->crowd.wanted = count;
    run_until_settled(bench);
    uint32_t settled = bench->result->opened + bench->result->refused;
    if (settled < bench->crowd.dialed || bench->crowd.dialed < count) {
        bench_complain(bench, "only %u of %u handshakes were answered", settled, count);
        bench->crowd.wanted = bench->crowd.dialed; /* no more are begun */
        bench->result->refused += count - settled;
    }
    bench->result->open_seconds = seconds_since(from_ns);
    bench->result->open_count = bench->result->opened - before;
}

static enum err usage(struct bench *bench, struct load_usage *ret, struct err_note *note) {
    return load_usage_read(&bench->options->processes, ret, note);
}

static enum err run_connect(struct bench *bench, struct err_note *note) {
    enum err e = usage(bench, &bench->result->before, note);
    if (e) return e;
    open_clients(bench, bench->options->connections);
    return usage(bench, &bench->result->after, note);
}

static enum err run_idle(struct bench *bench, struct err_note *note) {
    struct load_result *result = bench->result;
    open_clients(bench, bench->options->base_connections);
    memset(&result->handshake_ns, 0, sizeof result->handshake_ns);
    run_for(bench, SETTLE_S);
    enum err e = usage(bench, &result->before, note);
    if (e) return e;
    open_clients(bench, bench->options->connections);
    run_for(bench, SETTLE_S);
    e = usage(bench, &result->after, note);
    if (e) return e;
    uint64_t from_ns = clock_now_ns();
    run_for(bench, bench->options->seconds);
    result->seconds = seconds_since(from_ns);
    return usage(bench, &result->rest, note);
}

static void add_up(struct bench *bench) {
    struct load_tally *tally = &bench->result->tally;
    for (uint32_t i = 1; i <= bench->options->connections; i++) {
        load_sequence_end(&bench->crowd.list[i].sequence, publishing_sent_to(bench, i), tally);
    }
}

/* Publishes for so long, then waits for all of it to arrive; whether it did. */
static bool publish_for(struct bench *bench, uint32_t seconds) {
    publishing_start(bench);
    run_for(bench, seconds);
    publishing_stop(bench);
    run_until_settled(bench);
    return publishing_is_settled(bench);
}

static enum err run_publishing(struct bench *bench, struct err_note *note) {
    struct load_result *result = bench->result;
    open_clients(bench, bench->options->connections);
    if (result->refused + result->broken > 0) return ERR_OK;
    if (!publish_for(bench, bench->options->warmup_seconds)) {
        add_up(bench);
        return ERR_OK; /* what is missing would be waited for again */
    }
    enum err e = usage(bench, &result->before, note);
    if (e) return e;

    bench->is_measuring = true;
    uint64_t from_ns = clock_now_ns();
    (void)publish_for(bench, bench->options->seconds);
    bench->is_measuring = false;
    result->seconds = (double)(bench->active_ns - from_ns) / (double)NS_PER_S;
    add_up(bench);
    return usage(bench, &result->after, note);
}

static enum err run(struct bench *bench, struct err_note *note) {
    loop_add_turn(bench->loop, on_turn, bench);
    loop_add_tick(bench->loop, TICK_MS, on_tick, bench);
    enum err e = crowd_init(bench, note);
    if (e) return e;
    switch (bench->options->workload) {
    case LOAD_CONNECT: return run_connect(bench, note);
    case LOAD_IDLE: return run_idle(bench, note);
    case LOAD_FAN_OUT:
    case LOAD_UNICAST: e = publishing_init(bench, note); return e ? e : run_publishing(bench, note);
    }
    return ERR_INVALID;
}

enum err load_run(const struct load_options *options, struct load_result *ret,
                  struct err_note *note) {
    memset(ret, 0, sizeof *ret);
    struct bench bench = {
        .options = options, .result = ret, .loop = loop_new(note), .publishing.pace_timer = -1
    };
    if (!bench.loop) return ERR_LIMIT;
    enum err e = run(&bench, note);
    publishing_finish(&bench);
    crowd_finish(&bench);
    loop_free(bench.loop);
    return e;
}

bool load_result_is_clean(const struct load_result *result) {
    const struct load_tally *tally = &result->tally;
    return result->refused == 0 && result->broken == 0 && result->failed == 0 &&
           tally->missing == 0 && tally->duplicates == 0 && tally->reordered == 0 &&
           *result->complaint == '\0';
}
