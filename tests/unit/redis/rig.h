/* SPDX-License-Identifier: MIT */
/*
 * A link on a loop of its own, and a record of what it said. A test ends it itself, while what it
 * subscribed is still there.
 */
#ifndef TIDINGS_TESTS_REDIS_RIG_H
#define TIDINGS_TESTS_REDIS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/tls.h"
#include "redis/link.h"

#include "redis_cluster.h"
#include "reply_text.h"

struct rig {
    struct loop *loop;
    struct redis_link *link;
    struct redis_options options;
    unsigned ups, downs, messages, subscribed;
    char why[512];  /* it went down */
    char said[512]; /* the last line for the log */
    char last[512]; /* "channel=payload" */
    /* What the owner of the subscriptions does when one stands; may be NULL. */
    void (*on_subscribed)(struct rig *rig, struct redis_subscription *s);
    void (*on_message)(struct rig *rig); /* may be NULL */
};

/* A command and what it was answered with, as redis/reply_text.h has it, or "lost". */
struct asked {
    struct redis_command command;
    unsigned answers;
    char text[512];
};

#define run_until(rig, claim)                                                                      \
    do {                                                                                           \
        uint64_t end_ns_ = clock_now_ns() + 60 * NS_PER_S;                                         \
        while (!(claim)) {                                                                         \
            if (clock_now_ns() > end_ns_) fail_msg("never true: %s", #claim);                      \
            (void)uv_run(loop_uv((rig)->loop), UV_RUN_ONCE);                                       \
        }                                                                                          \
    } while (0)

static inline void run_for(struct rig *rig, unsigned ms) {
    uint64_t end_ns = clock_now_ns() + ms * NS_PER_MS;
    while (clock_now_ns() < end_ns)
        (void)uv_run(loop_uv(rig->loop), UV_RUN_ONCE);
}

/* The link has no connection to it. */
static inline bool is_left_alone(const struct cluster_node *node) {
    char answer[8192];
    const char *list = redis_tell(node->process.port, "CLIENT LIST", answer, sizeof answer);
    return list[0] == '$' && !strstr(list, "name=tidings-test");
}

static inline void rig_up(void *owner) {
    ((struct rig *)owner)->ups++;
}

static inline void rig_down(void *owner, const char *why) {
    struct rig *rig = owner;
    rig->downs++;
    (void)snprintf(rig->why, sizeof rig->why, "%s", why);
}

static inline void rig_message(void *owner, struct redis_subscription *s, struct span payload) {
    struct rig *rig = owner;
    rig->messages++;
    (void)snprintf(rig->last, sizeof rig->last, "%.*s=%.*s", SPAN_ARG(s->name), SPAN_ARG(payload));
    if (rig->on_message) rig->on_message(rig);
}

static inline void rig_subscribed(void *owner, struct redis_subscription *s) {
    struct rig *rig = owner;
    rig->subscribed++;
    if (rig->on_subscribed) rig->on_subscribed(rig, s);
}

static inline void rig_said(void *owner, int level, const char *what, const char *server) {
    struct rig *rig = owner;
    (void)snprintf(rig->said, sizeof rig->said, "%d %s (%s)", level, what, server);
}

/* What links trust and show after `rig_tls_begin`; NULL: they are plain. */
static struct tls_context *rig_tls;

/* A context that trusts `ca`.pem of the servers' folder and, unless it is NULL, is `own`. */
static inline struct tls_context *rig_tls_new(const char *ca, const char *own) {
    static char trusted[TLS_FILE_BYTES], chain[TLS_FILE_BYTES], key[TLS_FILE_BYTES];
    char name[32];
    struct tls_client_options options = { 0 };
    struct tls_identity identity = { .name = own };
    (void)snprintf(name, sizeof name, "%s.pem", ca);
    options.trusted = span_of(trusted, tls_file_read(&redis_tls, name, trusted));
    if (own) {
        (void)snprintf(name, sizeof name, "%s.pem", own);
        identity.chain = span_of(chain, tls_file_read(&redis_tls, name, chain));
        (void)snprintf(name, sizeof name, "%s.key", own);
        identity.key = span_of(key, tls_file_read(&redis_tls, name, key));
        options.identity = &identity;
    }
    struct tls_context *tls;
    struct err_note note = { "" };
    if (tls_client_new(&options, &tls, &note)) fail_msg("%s", note.text);
    return tls;
}

/* From here on links and servers speak TLS. */
static inline void rig_tls_begin(void) {
    redis_speak_tls();
    rig_tls = rig_tls_new("redis", "redis");
}

static inline void rig_tls_end(void) {
    tls_context_unref(rig_tls);
    rig_tls = NULL;
    tls_folder_end(&redis_tls);
}

static inline void rig_begin(struct rig *rig, uint16_t port) {
    static const struct redis_events EVENTS = { rig_up, rig_down, rig_message, rig_subscribed,
                                                rig_said };
    struct redis_options *o = &rig->options;
    if (!o->host) o->host = "127.0.0.1";
    if (!o->port) o->port = port;
    if (!o->tls) o->tls = rig_tls;
    if (!o->name) o->name = "tidings-test";
    if (!o->connect_timeout_ms) o->connect_timeout_ms = 1000;
    if (!o->reconnect_max_ms) o->reconnect_max_ms = 500;
    if (!o->reply_timeout_ms) o->reply_timeout_ms = 2000;
    if (!o->queued_bytes_max) o->queued_bytes_max = 8 << 20;
    rig->loop = loop_new(NULL);
    rig->link = redis_link_new(rig->loop, o, &EVENTS, rig);
}

static inline void rig_end(struct rig *rig) {
    redis_link_free(rig->link);
    loop_free(rig->loop);
    rig->link = NULL;
    rig->loop = NULL;
}

static inline void asked_answered(struct redis_command *command, const struct redis_reply *reply) {
    struct asked *asked = container_of(command, struct asked, command);
    struct buf text;
    buf_init(&text, 1 << 26);
    if (reply) reply_write(&text, reply);
    (void)snprintf(asked->text, sizeof asked->text, "%.*s", reply ? (int)text.len : 4,
                   reply ? text.at : "lost");
    buf_finish(&text);
    asked->answers++;
}

/* `words` are the arguments, divided by blanks; the second is the key. */
static inline enum err ask(struct rig *rig, struct asked *asked, const char *words) {
    struct span args[32], rest = span_str(words);
    size_t count = 0;
    while (count < countof(args) && span_next(&rest, ' ', &args[count]))
        count++;
    *asked = (struct asked){ .command.answered = asked_answered };
    return redis_send(rig->link, &asked->command, count > 1 ? args[1] : SPAN(""), args, count);
}

/* Asks and waits for the answer. */
static inline const char *answer_to(struct rig *rig, const char *words) {
    static struct asked asked;
    assert_int_equal(ask(rig, &asked, words), ERR_OK);
    run_until(rig, asked.answers > 0);
    return asked.text;
}

#endif
