/* SPDX-License-Identifier: MIT */
/*
 * cli/publish_redis.c: a link to Redis for the length of one PUBLISH. A link would try again and
 * again; here its first failure is the answer.
 */
#include "cli/publish_redis.h"

#include "base/buf.h"
#include "base/log.h"
#include "cli/cli.h"
#include "redis/link.h"

enum {
    DEADLINE_MS = 10000,
    CONNECT_MS = 5000,
    TEXT_MAX = 4096,
    COMMAND_ROOM = 64 * 1024, /* what a command needs beside its payload */
};

struct publish {
    const char *command;
    struct span channel, data;
    struct loop *loop;
    struct redis_link *link;
    struct redis_command publishing;
    bool is_sent;
    int code; /* what the process will end with; -1: not known yet */
};

static void end(struct publish *publish, int code) {
    publish->code = code;
    loop_stop(publish->loop);
}

static void print_published(struct publish *publish, int64_t subscribers) {
    struct buf out;
    buf_init(&out, TEXT_MAX);
    buf_printf(&out, "published to %.*s: %lld subscriber%s in Redis\n", SPAN_ARG(publish->channel),
               (long long)subscribers, subscribers == 1 ? "" : "s");
    end(publish, cli_print(publish->command, buf_span(&out)));
    buf_finish(&out);
}

static void on_answered(struct redis_command *command, const struct redis_reply *reply) {
    struct publish *publish = container_of(command, struct publish, publishing);
    if (publish->code >= 0) return;
    if (reply && reply->kind == REDIS_INTEGER)
        print_published(publish, reply->integer);
    else if (reply && reply->kind == REDIS_ERROR)
        end(publish, cli_failed(publish->command, "Redis refused it: %.*s", SPAN_ARG(reply->text)));
    /* Else the connection is lost, and why is said next. */
}

static void on_up(void *owner) {
    struct publish *publish = owner;
    const struct span args[] = { SPAN("PUBLISH"), publish->channel, publish->data };
    if (publish->is_sent) return;
    publish->is_sent = true;
    publish->publishing.answered = on_answered;
    enum err e =
        redis_send(publish->link, &publish->publishing, publish->channel, args, countof(args));
    if (e) end(publish, cli_failed(publish->command, "%s", err_text(e)));
}

static void on_said(void *owner, int level, const char *what, const char *server) {
    struct publish *publish = owner;
    if (publish->code >= 0 || level > LOG_WARNING) return;
    end(publish, cli_failed(publish->command, "%s: %s%s", server, what,
                            publish->is_sent ? "; it may have been published" : ""));
}

static void on_down(void *owner, const char *why) {
    (void)owner;
    (void)why; /* was said */
}

static void on_deadline(void *owner) {
    struct publish *publish = owner;
    if (publish->code >= 0) return;
    end(publish, cli_failed(publish->command, "no answer within %d seconds%s", DEADLINE_MS / 1000,
                            publish->is_sent ? "; it may have been published" : ""));
}

int cli_publish_redis(const char *command, const struct redis_url *url, struct tls_context *tls,
                      struct span channel, struct span data) {
    /* Nothing is subscribed to, so that nothing is ever told of subscriptions. */
    static const struct redis_events events = { .up = on_up, .down = on_down, .said = on_said };
    const struct redis_options options = {
        .mode = REDIS_SINGLE,
        .host = url->host,
        .port = url->port,
        .user = url->user,
        .password = url->password,
        .database = url->database,
        .tls = tls,
        .name = "tidings-publish",
        .connect_timeout_ms = CONNECT_MS,
        .reconnect_max_ms = CONNECT_MS,
        .reply_timeout_ms = DEADLINE_MS,
        .queued_bytes_max = data.len + COMMAND_ROOM,
    };
    struct publish publish = { .command = command, .channel = channel, .data = data, .code = -1 };
    struct err_note note = { "" };
    publish.loop = loop_new(&note);
    if (!publish.loop) return cli_failed(command, "%s", note.text);
    publish.link = redis_link_new(publish.loop, &options, &events, &publish);
    loop_add_tick(publish.loop, DEADLINE_MS, on_deadline, &publish);
    if (publish.code < 0) loop_run(publish.loop);
    redis_link_free(publish.link);
    loop_free(publish.loop);
    return publish.code;
}
