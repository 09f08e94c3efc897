/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/redis_talk.c: one conversation with Redis: questions one after the other, and a
 * message to ourselves. A link would try again and again; here it has DOCTOR_WAIT_MS.
 */
#include "cli/doctor/redis_priv.h"

#include "app/sharing.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"

enum {
    QUEUED_MAX = 64 * 1024,
    RECONNECT_MS = 500,
    SERVER_MS = 1500, /* for one server, so that there is time for the next */
    ARGS_MAX = 4,
};

struct talk;

/* A question and who takes its answer. */
struct step {
    const char *args[ARGS_MAX];
    void (*take)(struct talk *talk, const struct redis_reply *reply);
};

struct talk {
    struct loop *loop;
    struct redis_link *link;
    struct doctor_redis *out;
    enum redis_mode mode;
    const struct step *steps;
    size_t step_count, step;
    struct redis_command command;
    uint64_t asked_ns;
    int64_t asked_wall_ms;
    struct redis_subscription subscription; /* without a name: no message to ourselves */
    char mark[DOCTOR_MARK_BYTES];
    struct doctor_sentinel *sentinel; /* of a talk with one */
    bool is_begun, is_over;
};

static void end(struct talk *talk) {
    talk->is_over = true;
    loop_stop(talk->loop);
}

/* The last reason counts: with several servers, that of the one that was tried last. */
static void fail(struct talk *talk, const char *server, const char *why) {
    (void)snprintf(talk->out->why, sizeof talk->out->why, "%s: %s", server, why);
}

/* ---- answers ---- */

/* A line of INFO. */
static bool find_line(struct span text, const char *name, struct span *ret) {
    struct span line;
    while (span_next(&text, '\n', &line)) {
        if (!span_starts(line, span_str(name))) continue;
        line = span_skip(line, strlen(name));
        if (span_ends(line, SPAN("\r"))) line.len--;
        *ret = line;
        return true;
    }
    return false;
}

static void keep_line(struct span text, const char *name, char ret[static DOCTOR_VERSION_MAX]) {
    struct span value;
    if (find_line(text, name, &value))
        (void)snprintf(ret, DOCTOR_VERSION_MAX, "%.*s", SPAN_ARG(value));
}

static uint64_t line_number(struct span text, const char *name) {
    struct span value;
    uint64_t number;
    bool is_read = find_line(text, name, &value) && span_to_uint(value, UINT64_MAX - 1, &number);
    return is_read ? number : DOCTOR_UNKNOWN;
}

static void take_pong(struct talk *talk, const struct redis_reply *reply) {
    (void)reply;
    talk->out->ping_ns = clock_now_ns() - talk->asked_ns;
}

/* Asked and answered at times between which Redis looked at its clock. */
static void take_time(struct talk *talk, const struct redis_reply *reply) {
    uint64_t s, us;
    if (reply->kind != REDIS_ARRAY || reply->count != 2 ||
        !span_to_uint(reply->items[0].text, INT32_MAX, &s) ||
        !span_to_uint(reply->items[1].text, 999999, &us))
        return;
    int64_t half_us = (int64_t)((clock_now_ns() - talk->asked_ns) / NS_PER_US / 2);
    talk->out->ahead_us = (int64_t)(s * 1000000 + us) - talk->asked_wall_ms * 1000 - half_us;
    talk->out->has_clock = true;
}

static void take_info(struct talk *talk, const struct redis_reply *reply) {
    struct doctor_redis *out = talk->out;
    if (reply->kind != REDIS_STRING) return;
    keep_line(reply->text, "redis_version:", out->version);
    keep_line(reply->text, "role:", out->role);
    keep_line(reply->text, "maxmemory_policy:", out->policy);
    out->used_bytes = line_number(reply->text, "used_memory:");
    out->max_bytes = line_number(reply->text, "maxmemory:");
}

/* "normal 0 0 0 slave … pubsub 33554432 8388608 60" */
static void take_buffers(struct talk *talk, const struct redis_reply *reply) {
    if (reply->kind != REDIS_ARRAY || reply->count != 2) return;
    struct span text = reply->items[1].text, word;
    while (span_next(&text, ' ', &word)) {
        if (!span_eq(word, SPAN("pubsub"))) continue;
        if (!span_next(&text, ' ', &word) ||
            !span_to_uint(word, UINT64_MAX - 1, &talk->out->buffer_bytes))
            talk->out->buffer_bytes = DOCTOR_UNKNOWN;
    }
}

/* "<id> <address> <flags> …" a line. */
static void take_nodes(struct talk *talk, const struct redis_reply *reply) {
    struct doctor_redis *out = talk->out;
    struct span text = reply->text, line, id, address, flags;
    out->nodes = out->nodes_bad = 0;
    if (reply->kind != REDIS_STRING) return;
    while (span_next(&text, '\n', &line)) {
        if (!span_next(&line, ' ', &id) || !span_next(&line, ' ', &address) ||
            !span_next(&line, ' ', &flags))
            continue;
        out->nodes++;
        char flag_text[128];
        (void)snprintf(flag_text, sizeof flag_text, "%.*s", SPAN_ARG(flags));
        if (!strstr(flag_text, "fail") && !strstr(flag_text, "noaddr")) continue;
        out->nodes_bad++;
        address.len = span_find(address, '@');
        (void)snprintf(out->nodes_why, sizeof out->nodes_why, "%.*s: %s", SPAN_ARG(address),
                       flag_text);
    }
}

static void take_state(struct talk *talk, const struct redis_reply *reply) {
    struct span state;
    if (reply->kind != REDIS_STRING || !find_line(reply->text, "cluster_state:", &state)) return;
    if (span_eq(state, SPAN("ok"))) return;
    talk->out->is_cluster_down = true;
}

/* Whom a Sentinel names. */
static void take_master(struct talk *talk, const struct redis_reply *reply) {
    if (reply->kind != REDIS_ARRAY || reply->count != 2) return;
    (void)snprintf(talk->sentinel->master, sizeof talk->sentinel->master, "%.*s:%.*s",
                   SPAN_ARG(reply->items[0].text), SPAN_ARG(reply->items[1].text));
}

static const struct step questions[] = {
    { { "PING" }, take_pong },
    { { "TIME" }, take_time },
    { { "INFO" }, take_info },
    { { "CONFIG", "GET", "client-output-buffer-limit" }, take_buffers },
    { { "CLUSTER", "NODES" }, take_nodes }, /* these two in a Cluster alone */
    { { "CLUSTER", "INFO" }, take_state },
};
enum { CLUSTER_QUESTIONS = 2 };

/* ---- the conversation ---- */

static void publish(struct talk *talk);

static void ask(struct talk *talk) {
    struct span args[ARGS_MAX];
    size_t count = 0;
    if (talk->step == talk->step_count) {
        publish(talk);
        return;
    }
    const struct step *step = &talk->steps[talk->step];
    while (count < ARGS_MAX && step->args[count]) {
        args[count] = span_str(step->args[count]);
        count++;
    }
    talk->asked_ns = clock_now_ns();
    talk->asked_wall_ms = clock_wall_ms();
    if (redis_send(talk->link, &talk->command, talk->subscription.name, args, count)) end(talk);
}

static void on_answered(struct redis_command *command, const struct redis_reply *reply) {
    struct talk *talk = container_of(command, struct talk, command);
    struct doctor_redis *out = talk->out;
    if (talk->is_over) return;
    if (!reply) {
        end(talk);
        return;
    }
    bool is_question = talk->step < talk->step_count;
    if (reply->kind == REDIS_ERROR) {
        (void)snprintf(out->refused, sizeof out->refused, "%s: %.*s",
                       is_question ? talk->steps[talk->step].args[0] : "PUBLISH",
                       SPAN_ARG(reply->text));
        if (!is_question) end(talk);
    } else if (is_question) {
        talk->steps[talk->step].take(talk, reply);
    }
    if (!is_question) return; /* the message itself is waited for */
    talk->step++;
    ask(talk);
}

static void publish(struct talk *talk) {
    if (talk->subscription.name.len == 0) {
        end(talk);
        return;
    }
    talk->asked_ns = clock_now_ns();
    if (redis_publish(talk->link, &talk->command, talk->subscription.name, span_str(talk->mark)))
        end(talk);
}

static void on_message(void *owner, struct redis_subscription *subscription, struct span payload) {
    (void)subscription;
    struct talk *talk = owner;
    if (!span_eq(payload, span_str(talk->mark))) return;
    talk->out->echo_ns = clock_now_ns() - talk->asked_ns;
    end(talk);
}

static void on_subscribed(void *owner, struct redis_subscription *subscription) {
    (void)owner;
    (void)subscription;
}

static void on_up(void *owner) {
    struct talk *talk = owner;
    talk->out->is_up = true;
    if (talk->is_begun) return;
    talk->is_begun = true;
    ask(talk);
}

static void on_down(void *owner, const char *why) {
    struct talk *talk = owner;
    fail(talk, "Redis", why);
    end(talk);
}

/* With several servers one that is not there need not be the end. */
static void on_said(void *owner, int level, const char *what, const char *server) {
    struct talk *talk = owner;
    if (talk->is_over || level > LOG_WARNING) return;
    fail(talk, server, what);
    if (talk->mode == REDIS_SINGLE) end(talk);
}

static void on_late(void *owner) {
    struct talk *talk = owner;
    if (!talk->out->is_up && !*talk->out->why) fail(talk, "Redis", "no answer within 5 seconds");
    end(talk);
}

static void converse(struct talk *talk, struct redis_options *options) {
    static const struct redis_events events = { .up = on_up,
                                                .down = on_down,
                                                .message = on_message,
                                                .subscribed = on_subscribed,
                                                .said = on_said };
    struct err_note note = { "" };
    options->name = "tidings-doctor";
    options->reconnect_max_ms = RECONNECT_MS;
    options->connect_timeout_ms = options->reply_timeout_ms = SERVER_MS;
    options->queued_bytes_max = QUEUED_MAX;
    talk->mode = options->mode;
    talk->command.answered = on_answered;
    talk->loop = loop_new(&note);
    if (!talk->loop) {
        fail(talk, "Redis", note.text);
        return;
    }
    talk->link = redis_link_new(talk->loop, options, &events, talk);
    if (talk->subscription.name.len > 0) redis_subscribe(talk->link, &talk->subscription);
    loop_add_tick(talk->loop, DOCTOR_WAIT_MS, on_late, talk);
    if (!talk->is_over) loop_run(talk->loop);
    talk->is_over = true;
    redis_link_free(talk->link);
    loop_free(talk->loop);
}

void doctor_redis_talk(const struct config *config, struct doctor_redis *out) {
    char channel[REDIS_CHANNEL_MAX];
    bool is_cluster = config->broker.redis.mode == REDIS_CLUSTER;
    struct redis_options options = sharing_link_options(config);
    struct talk talk = {
        .out = out,
        .steps = questions,
        .step_count = countof(questions) - (is_cluster ? 0 : CLUSTER_QUESTIONS),
    };
    (void)snprintf(talk.mark, sizeof talk.mark, "%016llx", (unsigned long long)random_u64());
    int len = snprintf(channel, sizeof channel, "%stidings:doctor:%s", config->broker.redis.prefix,
                       talk.mark);
    talk.subscription.name = span_of(channel, (size_t)len);
    *out = (struct doctor_redis){ .is_asked = true,
                                  .echo_ns = DOCTOR_UNKNOWN,
                                  .used_bytes = DOCTOR_UNKNOWN,
                                  .max_bytes = DOCTOR_UNKNOWN,
                                  .buffer_bytes = DOCTOR_UNKNOWN };
    converse(&talk, &options);
}

void doctor_sentinel_ask(const struct config *config, const char *sentinel,
                         struct doctor_sentinel *ret) {
    struct doctor_redis out = { 0 };
    struct span host;
    uint16_t port;
    bool is_good = redis_host_parse(span_str(sentinel), &host, &port);
    assert(is_good); /* the configuration has seen to it */
    (void)is_good;
    const struct step question = {
        { "SENTINEL", "get-master-addr-by-name", config->broker.redis.sentinel_master }, take_master
    };
    char host_text[REDIS_URL_HOST_MAX + 1];
    (void)snprintf(host_text, sizeof host_text, "%.*s", SPAN_ARG(host));
    struct redis_options options = sharing_link_options(config);
    options.mode = REDIS_SINGLE;
    options.host = host_text;
    options.port = port;
    options.user = options.password = NULL;
    options.database = 0;
    *ret = (struct doctor_sentinel){ .master = "" };
    struct talk talk = { .out = &out, .steps = &question, .step_count = 1, .sentinel = ret };
    converse(&talk, &options);
    (void)snprintf(ret->why, sizeof ret->why, "%s", *out.why ? out.why : out.refused);
}
