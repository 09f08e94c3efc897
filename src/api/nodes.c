/* SPDX-License-Identifier: MIT */
/*
 * api/nodes.c: what a node says of itself, and hears from others. Whoever may publish in Redis can
 * say anything there, so what comes is judged before it is shown.
 */
#include "api/nodes_priv.h"
#include "api/question_priv.h"
#include "base/clock.h"
#include "broker/redis/redis.h"

enum { OWN_MAX = 1024 };

void nodes_write_about(const struct api *api, struct buf *out) {
    const struct api_shared *shared = api->shared;
    buf_append_text(out, "\"version\":\"" TIDINGS_VERSION "\",\"uptime_seconds\":");
    buf_append_uint(out, (clock_now_ns() - shared->started_ns) / NS_PER_S);
    buf_append_text(out, ",\"workers\":");
    buf_append_uint(out, shared->options.hub_shared->worker_count);
}

void nodes_write_own(const struct api *api, bool is_self, struct buf *out) {
    const struct api_shared *shared = api->shared;
    buf_append_text(out, is_self ? "{\"self\":true," : "{\"self\":false,");
    if (shared->options.broker) {
        buf_append_text(out, "\"node\":");
        json_append_string(out, span_str(broker_redis_node(shared->options.broker)));
        buf_append_char(out, ',');
    }
    nodes_write_about(api, out);
    buf_append_text(out, ",\"connections\":");
    buf_append_uint(out, stats_connections(shared));
    buf_append_text(out, ",\"users\":");
    buf_append_uint(out, stats_users(shared));
    buf_append_char(out, '}');
}

/* The asker knows its own figures. */
void question_stats(struct api *api, struct span question, const struct question_asker *asker) {
    struct span own = span_str(broker_redis_node(api->shared->options.broker));
    struct json_value from;
    struct buf out;
    buf_init(&out, OWN_MAX);
    if (!question_member(question, SPAN("from"), &from) || !json_text_is(&from, own))
        nodes_write_own(api, false, &out);
    question_answer(asker, buf_err(&out) ? SPAN("") : buf_span(&out));
    buf_finish(&out);
}

void nodes_ask(const struct api *api, struct nodes_ask *ask, void (*done)(struct broker_call *)) {
    /* A node's name is of hexadecimal digits. */
    (void)snprintf(ask->question, sizeof ask->question, "{\"do\":\"stats\",\"from\":\"%s\"}",
                   broker_redis_node(api->shared->options.broker));
    ask->call = (struct broker_call){ .verb = BROKER_ASK_NODES,
                                      .payload = span_str(ask->question),
                                      .done = done };
    broker_ask(hub_broker(api->hub), &ask->call);
}

static uint64_t number_of(struct span object, struct span name) {
    struct json_value value;
    int64_t number;
    if (!question_member(object, name, &value) || !json_int(&value, 0, INT64_MAX / 1024, &number))
        return 0;
    return (uint64_t)number;
}

void nodes_answered(struct nodes_ask *ask,
                    void (*each)(void *context, const struct nodes_figures *figures),
                    void *context) {
    struct buf list;
    struct json_value whole, node;
    struct json_error error;
    struct span answers = buf_span(&ask->call.answer);
    buf_init(&list, answers.len + 2);
    buf_append_char(&list, '[');
    buf_append_span(&list, answers);
    buf_append_char(&list, ']');
    buf_finish(&ask->call.answer);
    if (!ask->call.err && !buf_err(&list) && json_parse(buf_span(&list), &whole, &error)) {
        struct json_walk walk = json_walk(buf_span(&list));
        while (json_element(&walk, &node) == JSON_ITEM) {
            if (node.kind != JSON_KIND_OBJECT) continue;
            const struct nodes_figures figures = { .text = node.raw,
                                                   .connections =
                                                       number_of(node.raw, SPAN("connections")),
                                                   .users = number_of(node.raw, SPAN("users")) };
            each(context, &figures);
        }
    }
    buf_finish(&list);
}
