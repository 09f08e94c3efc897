/* SPDX-License-Identifier: MIT */
/*
 * app/worker.c: a worker's thread, and the orders it takes.
 */
#include "app/worker.h"

#include "base/log.h"
#include "base/mem.h"
#include "broker/redis/redis.h"
#include "config/config.h"
#include "net/listener.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ORDERS_MAX = 1024, SAY_FAILED_MS = 5000 };

/* What the control thread tells a worker. */
struct order {
    enum { ORDER_DRAIN, ORDER_LEAVE, ORDER_GO_OVER, ORDER_QUESTION } kind;
    double fraction;
    bool is_all; /* of the doors to leave */
    struct broker_question *question;
    char *text; /* of the question, the order's own */
    size_t text_len;
};

/* A listening socket, in a list of them. */
struct entrance {
    struct entrance *next;
    struct worker *worker;
    struct worker_entrance is;
    struct listener *listener; /* NULL: it was left */
};

struct worker {
    pthread_t thread;
    bool is_started;
    struct loop *loop;
    struct mailbox *orders;
    struct session *session;
    struct api *api;
    struct http_router *routers[SESSION_DOORS];
    struct counts *counts;
    struct settings *settings;          /* those that hold here */
    _Atomic(struct settings *) offered; /* the latest; borrowed */
    struct entrance *entrances;
    atomic_bool is_empty;
    atomic_bool is_to_stop; /* no order, for which there might be no memory */
    atomic_bool is_degraded;
    bool has_said_degraded;
    uint64_t said_failed; /* accepts that failed and are in the log already */
};

static void follow(struct worker *worker, const struct settings *settings) {
    hub_set_rules(session_hub(worker->session), settings->hub_rules, settings->hub_rule_count);
    session_set_rules(worker->session, settings->session_rules);
    api_set_rules(worker->api, &settings->api_rules);
}

static void go_over(struct worker *worker) {
    struct settings *before = worker->settings;
    struct settings *next = atomic_load(&worker->offered);
    if (next == before) return;
    worker->settings = settings_ref(next);
    follow(worker, next);
    settings_unref(before);
    if (atomic_fetch_sub(&next->awaited, 1) > 1 || next->base) return;
    log_line(LOG_INFO, "configuration reloaded", log_uint("changed", worker->settings->changed),
             log_uint("need_restart", worker->settings->put_off));
}

static void on_answered(void *question, struct span answer) {
    broker_question_answer(question, answer);
}

static void put_question(struct worker *worker, const struct order *order) {
    api_question(worker->api, span_of(order->text, order->text_len), on_answered, order->question);
    mem_free(order->text);
}

static void leave(struct worker *worker, bool is_all) {
    for (struct entrance *at = worker->entrances; at; at = at->next) {
        if (!is_all && !at->is.is_held) continue;
        listener_close(at->listener);
        at->listener = NULL;
    }
}

static void on_orders(void *owner) {
    struct worker *worker = owner;
    struct order order;
    while (mailbox_take(worker->orders, &order, 1) > 0) {
        switch (order.kind) {
        case ORDER_LEAVE: leave(worker, order.is_all); break;
        case ORDER_GO_OVER: go_over(worker); break;
        case ORDER_QUESTION: put_question(worker, &order); break;
        case ORDER_DRAIN:
            hub_settle(session_hub(worker->session));
            session_drain(worker->session, order.fraction);
            atomic_store(&worker->is_empty, session_is_empty(worker->session));
            break;
        }
    }
}

static bool stop_turn(void *owner) {
    struct worker *worker = owner;
    if (atomic_load(&worker->is_to_stop)) loop_stop(worker->loop);
    return false;
}

/* Counting is the listener's; saying it, not more often than this, is ours. */
static void say_failed_accepts(void *owner) {
    struct worker *worker = owner;
    uint64_t failed = counter_read(&worker->counts->accept_failed);
    if (failed == worker->said_failed) return;
    log_line(LOG_WARNING, "connections could not be accepted: descriptors or memory ran out",
             log_uint("times", failed - worker->said_failed));
    worker->said_failed = failed;
}

static bool tell_degraded(void *owner) {
    struct worker *worker = owner;
    bool is_degraded = atomic_load_explicit(&worker->is_degraded, memory_order_relaxed);
    if (is_degraded == worker->has_said_degraded) return false;
    worker->has_said_degraded = is_degraded;
    session_set_degraded(worker->session, is_degraded);
    return false;
}

struct worker *worker_new(const struct worker_parts *parts, struct err_note *note) {
    struct loop *loop = loop_new(note);
    if (!loop) return NULL;
    struct worker *worker = mem_new(sizeof *worker);
    worker->loop = loop;
    worker->counts = parts->counts;
    loop_add_tick(loop, SAY_FAILED_MS, say_failed_accepts, worker);
    loop_add_turn(loop, stop_turn, worker);
    loop_add_turn(loop, tell_degraded, worker);
    worker->orders = mailbox_new(loop, sizeof(struct order), ORDERS_MAX, on_orders, worker);
    worker->settings = settings_ref(parts->settings);
    worker->offered = parts->settings;
    const struct session_parts session_parts = { parts->session_shared,
                                                 parts->settings->session_rules, parts->hub_shared,
                                                 loop, parts->counts };
    worker->session = session_new(&session_parts);
    struct hub *hub = session_hub(worker->session);
    if (parts->broker) hub_use_broker(hub, broker_redis_join(parts->broker, loop));
    hub_set_rules(hub, parts->settings->hub_rules, parts->settings->hub_rule_count);
    worker->api = api_new(parts->api_shared, &parts->settings->api_rules, hub, loop);
    for (size_t i = 0; i < SESSION_DOORS; i++)
        worker->routers[i] = http_router_new();
    api_add_routes(worker->api, worker->routers[SESSION_DOOR_PUBLIC], parts->serves_metrics);
    api_add_metrics(worker->api, worker->routers[SESSION_DOOR_METRICS]);
    for (int door = 0; door < SESSION_DOORS; door++) {
        session_set_router(worker->session, (enum session_door)door, worker->routers[door]);
    }
    return worker;
}

static bool on_accepted(void *owner, int fd, const struct address *peer) {
    const struct entrance *entrance = owner;
    struct session *session = entrance->worker->session;
    session_accept(session, entrance->is.leads_to, entrance->is.is_tls, fd, peer);
    return session_wants_more(session);
}

void worker_listen(struct worker *worker, const struct worker_entrance *is, int own_fd) {
    struct entrance *entrance = mem_new(sizeof *entrance);
    entrance->next = worker->entrances;
    worker->entrances = entrance;
    entrance->worker = worker;
    entrance->is = *is;
    entrance->listener =
        listener_new(worker->loop, own_fd, &worker->counts->accept_failed, on_accepted, entrance);
}

static void *run(void *arg) {
    struct worker *worker = arg;
    loop_run(worker->loop);
    return NULL;
}

enum err worker_start(struct worker *worker) {
    if (pthread_create(&worker->thread, NULL, run, worker) != 0) return ERR_LIMIT;
    worker->is_started = true;
    return ERR_OK;
}

static void give_order(struct worker *worker, struct order order) {
    /* Orders are few and small: without memory for one the next tick brings another. */
    if (mailbox_post(worker->orders, &order) == ERR_OK) mailbox_wake(worker->orders);
}

void worker_drain(struct worker *worker, double fraction) {
    give_order(worker, (struct order){ .kind = ORDER_DRAIN, .fraction = fraction });
}

void worker_leave(struct worker *worker, bool is_all) {
    give_order(worker, (struct order){ .kind = ORDER_LEAVE, .is_all = is_all });
}

void worker_offer(struct worker *worker, struct settings *settings) {
    atomic_store(&worker->offered, settings);
    give_order(worker, (struct order){ .kind = ORDER_GO_OVER });
}

void worker_set_degraded(struct worker *worker, bool is_degraded) {
    atomic_store(&worker->is_degraded, is_degraded);
    loop_wake(worker->loop);
}

void worker_question(struct worker *worker, struct broker_question *question, struct span text) {
    struct order order = { .kind = ORDER_QUESTION, .question = question, .text_len = text.len };
    order.text = mem_try(text.len);
    if (order.text) memcpy(order.text, text.at, text.len);
    if (order.text && mailbox_post(worker->orders, &order) == ERR_OK) {
        mailbox_wake(worker->orders);
    } else {
        mem_free(order.text);
        broker_question_answer(question, SPAN("null")); /* it could not be answered */
    }
}

bool worker_is_empty(const struct worker *worker) {
    return atomic_load(&worker->is_empty);
}

void worker_wake(struct worker *worker) {
    loop_wake(worker->loop);
}

void worker_stop(struct worker *worker) {
    if (!worker->is_started) return;
    atomic_store(&worker->is_to_stop, true);
    loop_wake(worker->loop);
    (void)pthread_join(worker->thread, NULL);
    worker->is_started = false;
}

static void free_entrances(struct entrance *list) {
    while (list) {
        struct entrance *next = list->next;
        mem_free(list);
        list = next;
    }
}

void worker_free(struct worker *worker) {
    if (!worker) return;
    for (struct entrance *at = worker->entrances; at; at = at->next)
        listener_close(at->listener);
    loop_free(worker->loop);
    free_entrances(worker->entrances);
    session_free(worker->session);
    api_free(worker->api);
    struct order order;
    while (mailbox_take(worker->orders, &order, 1) > 0)
        mem_free(order.text);
    for (size_t i = 0; i < SESSION_DOORS; i++)
        http_router_free(worker->routers[i]);
    mailbox_free(worker->orders);
    settings_unref(worker->settings);
    mem_free(worker);
}
