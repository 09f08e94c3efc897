/* SPDX-License-Identifier: MIT */
/*
 * lib/redis.c: a thread whose loop holds the link. While the link is up, everything that waits is
 * sent in one pipeline; while it is not, it waits for its deadline. What was sent when the link
 * went is not sent again: it may have arrived.
 */
#include "publisher_priv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "net/tls.h"

#include <stdatomic.h>

enum {
    TICK_MS = 20,
    SENT_A_TURN = 256,    /* so that answers are read in between */
    ROOM_A_MESSAGE = 512, /* what a command needs beside its message */
    RECONNECT_MAX_MS = 2000,
    CA_BYTES_MAX = 4 << 20,
};

struct redis_publisher {
    struct tidings *publisher;
    struct redis_url url;
    struct loop *loop;
    struct redis_link *link;
    struct tls_context *tls; /* NULL: the URL is none of rediss */
    pthread_t thread;
    _Atomic uint64_t ends_ns; /* 0: it goes on */
};

static void on_up(void *owner) {
    struct redis_publisher *way = owner;
    queue_set_connected(&way->publisher->queue, true);
    publisher_log(way->publisher, TIDINGS_INFO, "connected to Redis");
}

static void on_down(void *owner, const char *why) {
    struct redis_publisher *way = owner;
    queue_set_connected(&way->publisher->queue, false);
    publisher_log(way->publisher, TIDINGS_WARNING, "the connection to Redis is lost: %s", why);
}

static void on_said(void *owner, int level, const char *what, const char *server) {
    struct redis_publisher *way = owner;
    publisher_log(way->publisher, (enum tidings_level)level, "Redis %s: %s", server, what);
}

static void on_answered(struct redis_command *command, const struct redis_reply *reply) {
    struct entry *entry = container_of(command, struct entry, command);
    struct tidings *publisher = entry->publisher;
    if (!reply) {
        queue_settle(publisher, entry, TIDINGS_UNKNOWN, 0, "the answer of Redis was lost");
    } else if (reply->kind == REDIS_INTEGER) {
        queue_settle(publisher, entry, TIDINGS_OK, (uint64_t)reply->integer, NULL);
    } else {
        char problem[TIDINGS_PROBLEM_MAX];
        (void)snprintf(problem, sizeof problem, "Redis refused it: %.*s", SPAN_ARG(reply->text));
        queue_settle(publisher, entry, TIDINGS_REFUSED, 0, problem);
    }
}

/* ERR_CLOSED, ERR_LIMIT, ERR_NOMEM: it was not sent. */
static enum err send_entry(struct redis_publisher *way, struct entry *entry) {
    const char *prefix = way->publisher->options.prefix;
    char room[REDIS_PREFIX_MAX + CHANNEL_MAX + 1];
    int len = snprintf(room, sizeof room, "%s%s", prefix ? prefix : "", entry->bytes);
    entry->command.answered = on_answered;
    return redis_publish(way->link, &entry->command, span_of(room, (size_t)len), entry_json(entry));
}

/* Sends some of what waits; true: there is more that can be sent. */
static bool send_some(struct redis_publisher *way) {
    struct queue *queue = &way->publisher->queue;
    for (int i = 0; i < SENT_A_TURN; i++) {
        if (!redis_link_is_up(way->link)) return false;
        struct entry *entry = queue_take(queue);
        if (!entry) return false;
        if (send_entry(way, entry) != ERR_OK) {
            queue_put_back(queue, entry); /* the next tick tries again */
            return false;
        }
    }
    return true;
}

static void end_if_done(struct redis_publisher *way) {
    uint64_t ends_ns = atomic_load(&way->ends_ns);
    if (ends_ns && (queue_is_settled(&way->publisher->queue) || clock_now_ns() >= ends_ns))
        loop_stop(way->loop);
}

/* Before the link's part of the turn, which writes. */
static bool on_turn(void *owner) {
    struct redis_publisher *way = owner;
    bool is_more = send_some(way);
    end_if_done(way);
    return is_more;
}

static void on_tick(void *owner) {
    struct redis_publisher *way = owner;
    struct entry *entry;
    while ((entry = queue_take_expired(way->publisher, clock_now_ns())) != NULL) {
        queue_settle(way->publisher, entry, TIDINGS_EXPIRED, 0,
                     "there was no connection to Redis in time");
    }
    end_if_done(way);
    loop_wake(way->loop);
}

static void *run(void *arg) {
    struct redis_publisher *way = arg;
    (void)pthread_setname_np(pthread_self(), "tidings");
    loop_run(way->loop);
    return NULL;
}

static void make_link(struct redis_publisher *way) {
    static const struct redis_events events = { .up = on_up, .down = on_down, .said = on_said };
    const struct tidings_options *options = &way->publisher->options;
    const struct redis_options link_options = {
        .mode = REDIS_SINGLE,
        .host = way->url.host,
        .port = way->url.port,
        .user = way->url.user,
        .password = way->url.password,
        .database = way->url.database,
        .name = "libtidings",
        .tls = way->tls,
        .connect_timeout_ms = options->connect_timeout_ms,
        .reconnect_max_ms = RECONNECT_MAX_MS,
        .reply_timeout_ms = options->reply_timeout_ms,
        .queued_bytes_max = 2 * options->queue_bytes_max + ROOM_A_MESSAGE,
    };
    loop_add_turn(way->loop, on_turn, way);
    way->link = redis_link_new(way->loop, &link_options, &events, way);
    loop_add_tick(way->loop, TICK_MS, on_tick, way);
}

static void free_way(struct redis_publisher *way) {
    /* What was sent and is not answered is answered now. */
    redis_link_free(way->link);
    loop_free(way->loop);
    tls_context_unref(way->tls);
    mem_free(way);
}

/* What the connection trusts: `ca_file`, or without one the system's authorities. */
static enum err make_tls(const struct tidings_options *options, struct tls_context **ret,
                         struct err_note *note) {
    struct buf trusted;
    struct err_note why = { "" };
    enum err e = ERR_OK;
    buf_init(&trusted, 0);
    if (options->ca_file) e = file_read(options->ca_file, CA_BYTES_MAX, &trusted, &why);
    if (e) return err_note(note, e, "ca_file: %s: %s", options->ca_file, why.text);
    const struct tls_client_options tls = { .trusted = buf_span(&trusted), .min_version = TLS_1_2 };
    e = tls_client_new(&tls, ret, note);
    buf_finish(&trusted);
    return e;
}

static enum err start(struct tidings *publisher, struct err_note *note) {
    struct redis_url url;
    enum err e = redis_url_parse(span_str(publisher->options.url), &url, note);
    struct tls_context *tls = NULL;
    if (!e && url.is_secure) e = make_tls(&publisher->options, &tls, note);
    if (e) return e;
    struct loop *loop = loop_new(note);
    if (!loop) {
        tls_context_unref(tls);
        return ERR_LIMIT;
    }
    struct redis_publisher *way = mem_new(sizeof *way);
    way->publisher = publisher;
    way->url = url;
    way->loop = loop;
    way->tls = tls;
    publisher->state = way;
    make_link(way);
    if (pthread_create(&way->thread, NULL, run, way) == 0) return ERR_OK;
    free_way(way);
    return err_note(note, ERR_LIMIT, "cannot start a thread");
}

static void wake(struct tidings *publisher) {
    struct redis_publisher *way = publisher->state;
    loop_wake(way->loop);
}

static void stop(struct tidings *publisher, uint64_t ends_ns) {
    struct redis_publisher *way = publisher->state;
    atomic_store(&way->ends_ns, ends_ns);
    loop_wake(way->loop);
    (void)pthread_join(way->thread, NULL);
    free_way(way);
}

const struct way way_redis = { start, wake, stop };
