/* SPDX-License-Identifier: MIT */
/*
 * net/loop.c: one epoll for all sockets of a thread, watched by libuv's loop as a single handle.
 */
#include "net/loop.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    KINDS_MAX = 49, /* a worker has one for each address that it listens on, and one is our own */
    TURNS_MAX = 12,
    PAUSES_MAX = 2,
    TICKS_MAX = 4,
    ALARMS_MAX = 4,
    EVENTS_A_WAIT = 512,
    WAITS_A_TURN = 4
};

struct kind {
    loop_ready ready;
    void *owner;
};

struct turn {
    loop_turn turn;
    void *owner;
};

struct pause {
    loop_pause pause;
    void *owner;
};

struct tick {
    uv_timer_t timer;
    loop_tick tick;
    void *owner;
};

struct loop {
    uv_loop_t uv;
    uv_poll_t sockets; /* readable when any socket of `epoll` is ready */
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t again; /* active while a turn left work over */
    int epoll, wake; /* an eventfd that nobody reads: each write is an event */
    atomic_bool is_woken;
    struct loop_waker *wakers;
    uint32_t kind_count, turn_count, pause_count, tick_count, alarm_count;
    struct kind kinds[KINDS_MAX];
    struct turn ends[TURNS_MAX];
    struct pause pauses[PAUSES_MAX];
    struct tick ticks[TICKS_MAX];
    struct tick alarms[ALARMS_MAX];
    uint64_t now_ns;
    uint64_t begun_ns;       /* when the running turn had its first socket; 0: none so far */
    struct histogram *turns; /* NULL: not counted */
    struct epoll_event events[EVENTS_A_WAIT];
};

static void on_sockets(uv_poll_t *handle, int status, int events) {
    (void)status;
    (void)events;
    struct loop *loop = handle->data;
    loop->now_ns = loop->begun_ns = clock_now_ns();
    for (int wait = 0; wait < WAITS_A_TURN; wait++) {
        int count = epoll_wait(loop->epoll, loop->events, EVENTS_A_WAIT, 0);
        for (int i = 0; i < count; i++) {
            uint64_t data = loop->events[i].data.u64;
            const struct kind *kind = &loop->kinds[data >> 32];
            kind->ready(kind->owner, (uint32_t)data, loop->events[i].events);
        }
        if (count < EVENTS_A_WAIT) break;
    }
}

static void on_again(uv_idle_t *handle) {
    (void)handle; /* its being active is what keeps the loop from sleeping */
}

/* Whoever finds `is_woken` set while it is reset here has set their waker before. */
static void on_wake(void *owner, uint32_t index, uint32_t events) {
    struct loop *loop = owner;
    (void)index;
    (void)events;
    (void)atomic_exchange(&loop->is_woken, false);
    for (struct loop_waker *waker = loop->wakers; waker; waker = waker->next) {
        if (atomic_load_explicit(&waker->is_set, memory_order_relaxed) &&
            atomic_exchange(&waker->is_set, false)) {
            waker->woken(waker->owner);
        }
    }
}

static void pause_all(struct loop *loop) {
    for (uint32_t i = 0; i < loop->pause_count; i++)
        loop->pauses[i].pause(loop->pauses[i].owner);
}

static void on_prepare(uv_prepare_t *handle) {
    pause_all(handle->data);
}

/* Who had something to say meanwhile has waited so long. */
static void count_turn(struct loop *loop) {
    uint64_t from_ns = loop->begun_ns ? loop->begun_ns : loop->now_ns;
    loop->begun_ns = 0;
    if (loop->turns) {
        histogram_add(loop->turns, &histogram_latency, clock_now_ns() - from_ns, 1);
    }
}

void loop_count_turns(struct loop *loop, struct histogram *turns) {
    loop->turns = turns;
}

static void on_check(uv_check_t *handle) {
    struct loop *loop = handle->data;
    loop->now_ns = clock_now_ns();
    bool is_more = false;
    for (uint32_t i = 0; i < loop->turn_count; i++) {
        is_more |= loop->ends[i].turn(loop->ends[i].owner);
    }
    count_turn(loop);
    if (is_more) {
        (void)uv_idle_start(&loop->again, on_again);
    } else {
        (void)uv_idle_stop(&loop->again);
    }
}

static void close_descriptors(struct loop *loop) {
    if (loop->epoll >= 0) (void)close(loop->epoll);
    if (loop->wake >= 0) (void)close(loop->wake);
}

struct loop *loop_new(struct err_note *note) {
    struct loop *loop = mem_new(sizeof *loop);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->now_ns = clock_now_ns();
    int e = loop->epoll < 0 || loop->wake < 0 ? uv_translate_sys_error(errno) : 0;
    if (!e && loop_watch(loop, loop->wake, loop_add_kind(loop, on_wake, loop), 0,
                         EPOLLIN | EPOLLET) != ERR_OK) {
        e = uv_translate_sys_error(errno);
    }
    if (!e) e = uv_loop_init(&loop->uv);
    if (e) {
        (void)err_note(note, ERR_LIMIT, "event loop: %s", uv_strerror(e));
        close_descriptors(loop);
        mem_free(loop);
        return NULL;
    }
    loop->sockets.data = loop->prepare.data = loop->check.data = loop->again.data = loop;
    e = uv_poll_init(&loop->uv, &loop->sockets, loop->epoll);
    assert(e == 0);
    e = uv_poll_start(&loop->sockets, UV_READABLE, on_sockets);
    assert(e == 0);
    (void)uv_prepare_init(&loop->uv, &loop->prepare);
    (void)uv_prepare_start(&loop->prepare, on_prepare);
    (void)uv_check_init(&loop->uv, &loop->check);
    (void)uv_check_start(&loop->check, on_check);
    (void)uv_idle_init(&loop->uv, &loop->again);
    return loop;
}

static void close_handle(uv_handle_t *handle, void *arg) {
    (void)arg;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void loop_free(struct loop *loop) {
    if (!loop) return;
    loop->turn_count = loop->pause_count = 0;
    uv_walk(&loop->uv, close_handle, NULL);
    /* Not just one run: a `loop_stop` that no run has met yet would end it at once. */
    while (uv_loop_close(&loop->uv) == UV_EBUSY)
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    close_descriptors(loop);
    mem_free(loop);
}

uv_loop_t *loop_uv(struct loop *loop) {
    return &loop->uv;
}

void loop_run(struct loop *loop) {
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    pause_all(loop);
}

void loop_stop(struct loop *loop) {
    uv_stop(&loop->uv);
}

void loop_wake(struct loop *loop) {
    static const uint64_t one = 1;
    if (atomic_exchange(&loop->is_woken, true)) return;
    ssize_t written = write(loop->wake, &one, sizeof one);
    assert(written == sizeof one);
    (void)written;
}

void loop_add_waker(struct loop *loop, struct loop_waker *waker, loop_woken woken, void *owner) {
    *waker = (struct loop_waker){ .loop = loop, .woken = woken, .owner = owner };
    waker->next = loop->wakers;
    loop->wakers = waker;
}

void loop_waker_set(struct loop_waker *waker) {
    atomic_store(&waker->is_set, true);
    loop_wake(waker->loop);
}

uint32_t loop_add_kind(struct loop *loop, loop_ready ready, void *owner) {
    assert(loop->kind_count < KINDS_MAX);
    loop->kinds[loop->kind_count] = (struct kind){ ready, owner };
    return loop->kind_count++;
}

void loop_add_turn(struct loop *loop, loop_turn turn, void *owner) {
    assert(loop->turn_count < TURNS_MAX);
    loop->ends[loop->turn_count++] = (struct turn){ turn, owner };
}

void loop_add_pause(struct loop *loop, loop_pause pause, void *owner) {
    assert(loop->pause_count < PAUSES_MAX);
    loop->pauses[loop->pause_count++] = (struct pause){ pause, owner };
}

static void on_tick(uv_timer_t *timer) {
    struct tick *tick = timer->data;
    tick->tick(tick->owner);
}

static void tick_init(struct loop *loop, struct tick *t, loop_tick tick, void *owner) {
    t->tick = tick;
    t->owner = owner;
    t->timer.data = t;
    (void)uv_timer_init(&loop->uv, &t->timer);
}

void loop_add_tick(struct loop *loop, uint64_t every_ms, loop_tick tick, void *owner) {
    assert(loop->tick_count < TICKS_MAX);
    struct tick *t = &loop->ticks[loop->tick_count++];
    tick_init(loop, t, tick, owner);
    (void)uv_timer_start(&t->timer, on_tick, every_ms, every_ms);
}

uint32_t loop_add_alarm(struct loop *loop, loop_tick tick, void *owner) {
    assert(loop->alarm_count < ALARMS_MAX);
    tick_init(loop, &loop->alarms[loop->alarm_count], tick, owner);
    return loop->alarm_count++;
}

void loop_set_alarm(struct loop *loop, uint32_t alarm, uint64_t after_ms) {
    (void)uv_timer_start(&loop->alarms[alarm].timer, on_tick, after_ms, 0);
}

static int control(struct loop *loop, int op, int fd, uint32_t kind, uint32_t index,
                   uint32_t events) {
    struct epoll_event event = { .events = events, .data.u64 = (uint64_t)kind << 32 | index };
    return epoll_ctl(loop->epoll, op, fd, &event);
}

enum err loop_watch(struct loop *loop, int fd, uint32_t kind, uint32_t index, uint32_t events) {
    if (control(loop, EPOLL_CTL_ADD, fd, kind, index, events) == 0) return ERR_OK;
    return errno == ENOMEM ? ERR_NOMEM : ERR_LIMIT;
}

void loop_rewatch(struct loop *loop, int fd, uint32_t kind, uint32_t index, uint32_t events) {
    int e = control(loop, EPOLL_CTL_MOD, fd, kind, index, events);
    assert(e == 0);
    (void)e;
}

void loop_unwatch(struct loop *loop, int fd) {
    (void)control(loop, EPOLL_CTL_DEL, fd, 0, 0, 0);
}

uint64_t loop_now_ns(const struct loop *loop) {
    return loop->now_ns;
}
