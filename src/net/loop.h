/* SPDX-License-Identifier: MIT */
/*
 * net/loop.h: a thread's event loop: libuv for timers and signals, and one epoll of our own, inside
 * it, for the many sockets and for being woken by other threads.
 *
 * A turn: due timers; every socket that is ready, one after the other; then, once, the turn's end,
 * where what was handled is flushed. A socket costs no memory here: the kernel keeps a kind and an
 * index for it, which come back with its events.
 *
 * Measured with bench/epoll.c: a uv_poll_t for each connection costs 160 bytes and 3.05 µs to
 * register instead of 1.30; the nested epoll costs an event 0.14 to 0.30 µs.
 */
#ifndef TIDINGS_NET_LOOP_H
#define TIDINGS_NET_LOOP_H

#include "base/count.h"
#include "base/err.h"

#include <stdatomic.h>

#include <uv.h>

struct loop;

/* A timer went off. */
typedef void (*loop_tick)(void *owner);

/* Something is to be done for the socket `index`; `events` as epoll_wait(2) gave them. What is
 * closed meanwhile may still be in the same batch of events, so its index must not be given to
 * another before the turn's end. */
typedef void (*loop_ready)(void *owner, uint32_t index, uint32_t events);

/* The end of a turn. True: there is more to do, the next turn must not wait for a socket. */
typedef bool (*loop_turn)(void *owner);

/* The loop is about to wait for sockets, or has ended. */
typedef void (*loop_pause)(void *owner);

/* Others have woken the loop for this. */
typedef void (*loop_woken)(void *owner);

/* NULL and a note when the kernel refuses (too few descriptors, no memory). */
struct loop *loop_new(struct err_note *note);
/* Closes whatever libuv handles are left and runs until they are gone. NULL is fine. */
void loop_free(struct loop *loop);

/* The libuv loop, for the parts that may see it. */
uv_loop_t *loop_uv(struct loop *loop);

/* Runs until `loop_stop`, which the loop's own thread calls. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Any thread: there is to be a turn soon, also when no socket is ready. Not by uv_async_send(3):
 * there the woken thread spins until the waking one is back from its system call, which cost a
 * tenth of the CPU where two threads pass messages on and share a core. */
void loop_wake(struct loop *loop);

/* Somebody who is told on the loop that others have woken it for that. */
struct loop_waker {
    struct loop *loop;
    loop_woken woken;
    void *owner;
    struct loop_waker *next;
    atomic_bool is_set;
};

/* Before others may set `waker`, which must stay until the loop has ended its turns. */
void loop_add_waker(struct loop *loop, struct loop_waker *waker, loop_woken woken, void *owner);
/* Any thread. `woken` is called once for all that set it before, in the sockets' part of a turn. */
void loop_waker_set(struct loop_waker *waker);

/* Makes room for a kind of socket; at most 48. Returns its number for `loop_watch`. */
uint32_t loop_add_kind(struct loop *loop, loop_ready ready, void *owner);
/* Called at the end of each turn, in the order of adding; at most 12. */
void loop_add_turn(struct loop *loop, loop_turn turn, void *owner);
/* Called whenever the loop is about to wait, also behind timers and before its first turn, and when
 * `loop_run` ends; at most 2. */
void loop_add_pause(struct loop *loop, loop_pause pause, void *owner);
/* Called every `every_ms` milliseconds; at most 4. */
void loop_add_tick(struct loop *loop, uint64_t every_ms, loop_tick tick, void *owner);
/* A timer of which `loop_set_alarm` says when it goes off, once; at most 4. Returns its number. */
uint32_t loop_add_alarm(struct loop *loop, loop_tick tick, void *owner);
/* In `after_ms` milliseconds, and not when it was to before. */
void loop_set_alarm(struct loop *loop, uint32_t alarm, uint64_t after_ms);

/* Watches `fd` for `events` (EPOLLIN, EPOLLOUT, ...; level-triggered). ERR_LIMIT or ERR_NOMEM as
 * the kernel says. */
MUST_USE enum err loop_watch(struct loop *loop, int fd, uint32_t kind, uint32_t index,
                             uint32_t events);
/* Changes what a watched `fd` is watched for. */
void loop_rewatch(struct loop *loop, int fd, uint32_t kind, uint32_t index, uint32_t events);
/* Needed only for a descriptor that stays open: closing one ends its watch. */
void loop_unwatch(struct loop *loop, int fd);

/* From now on `turns` counts how long each turn takes that does not only wait (histogram_latency).
 */
void loop_count_turns(struct loop *loop, struct histogram *turns);

/* The time at which the running turn began to handle its events (CLOCK_MONOTONIC, ns). */
uint64_t loop_now_ns(const struct loop *loop);

#endif
