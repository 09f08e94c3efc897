/* SPDX-License-Identifier: MIT */
/*
 * api/overview.c: GET /api/v1/admin/overview: what a page for operators shows, in one object.
 *
 * Rates and percentiles come from samples that are taken once a second, whoever asks and however
 * often. The busiest are in sketches that only their worker may touch, so that all workers are
 * asked and the answer comes later; a worker that cannot be asked is left out, since such a page is
 * needed most when there is much to do. So is a node that does not answer.
 */
#include "api/busiest_priv.h"
#include "api/figures_priv.h"
#include "api/nodes_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "broker/redis/redis.h"
#include "hub/ask.h"

enum { RATE_SAMPLES = 10, LATENCY_SAMPLES = SAMPLES_BACK_MAX, NODES_BYTES_MAX = 1 << 20 };

struct question {
    struct hub_ask ask; /* first: the one is the other's address */
    struct nodes_ask nodes_ask;
    const struct api *api;
    struct http_later later;
    struct busiest *busiest;
    bool is_whole;         /* every worker has answered */
    bool has_nodes;        /* the other nodes could be asked: */
    struct buf nodes;      /* an object for each that answered, each behind a comma, */
    uint64_t nodes_silent; /* and how many did not */
};

void api_shared_sample(struct api_shared *shared, uint64_t now_ns) {
    size_t endpoint_count = atomic_load(&shared->endpoint_count);
    struct sample sample = { .at_ns = now_ns };
    uint64_t *values = sample.values;
    values[SAMPLE_PUBLISHED] = FIGURES_SUM(shared, published);
    values[SAMPLE_QUEUED] = FIGURES_SUM(shared, queued);
    values[SAMPLE_RECEIVED] = FIGURES_SUM(shared, received);
    for (size_t i = 0; i < endpoint_count; i++) {
        values[SAMPLE_SENT] += FIGURES_SUM(shared, endpoints[i].sent);
        for (size_t result = 0; result < COUNT_OPENED_KINDS; result++) {
            values[result == COUNT_OPENED_OK ? SAMPLE_OPENED : SAMPLE_REFUSED] +=
                FIGURES_SUM(shared, endpoints[i].opened[result]);
        }
    }
    for (size_t i = 0; i < countof(sample.latency); i++)
        sample.latency[i] = FIGURES_SUM(shared, latency.buckets[i]);
    samples_add(&shared->samples, &sample);
}

/* `"name":`, with a comma before all but the first of an object. */
static void append_name(struct buf *out, const char *name, bool is_first) {
    if (!is_first) buf_append_char(out, ',');
    json_append_string(out, span_str(name));
    buf_append_char(out, ':');
}

static void append_uint(struct buf *out, const char *name, uint64_t value) {
    append_name(out, name, false);
    buf_append_uint(out, value);
}

static void write_connections(const struct api_shared *shared, struct buf *out) {
    size_t endpoint_count = atomic_load(&shared->endpoint_count);
    const struct api_options *options = &shared->options;
    buf_append_text(out, ",\"connections\":{\"total\":");
    buf_append_uint(out, stats_connections(shared));
    append_uint(out, "max", atomic_load(options->max_connections));
    append_uint(out, "users", stats_users(shared));
    append_uint(out, "channels", atomic_load(&options->hub_shared->interest.channels));
    buf_append_text(out, ",\"endpoints\":{");
    for (size_t i = 0; i < endpoint_count; i++) {
        append_name(out, options->endpoint_names[i], i == 0);
        buf_append_uint(out, figures_not_negative(FIGURES_SUM(shared, endpoints[i].active)));
    }
    buf_append_text(out, "}}");
}

static void write_rates(struct api_shared *shared, struct buf *out) {
    static const char *const names[] = {
#define ITEM(name, text) [SAMPLE_##name] = text,
        SAMPLE_MAP(ITEM)
#undef ITEM
    };
    struct sample grown;
    samples_growth(&shared->samples, RATE_SAMPLES, &grown);
    double seconds = (double)grown.at_ns / (double)NS_PER_S;
    buf_printf(out, ",\"rates\":{\"seconds\":%.3f", seconds);
    for (size_t i = 0; i < SAMPLE_KINDS; i++) {
        append_name(out, names[i], false);
        buf_printf(out, "%.2f", seconds > 0 ? (double)grown.values[i] / seconds : 0.0);
    }
    buf_append_char(out, '}');
}

static void write_latency(struct api_shared *shared, struct buf *out) {
    static const struct {
        const char *name;
        double part;
    } quantiles[] = { { "p50_ms", 0.5 }, { "p90_ms", 0.9 }, { "p99_ms", 0.99 } };
    const struct histogram_shape *shape = &histogram_latency;
    struct sample grown;
    samples_growth(&shared->samples, LATENCY_SAMPLES, &grown);
    uint64_t count = 0;
    for (size_t i = 0; i <= shape->count; i++)
        count += grown.latency[i];
    buf_printf(out, ",\"latency\":{\"seconds\":%.3f", (double)grown.at_ns / (double)NS_PER_S);
    append_uint(out, "count", count);
    for (size_t i = 0; i < countof(quantiles); i++) {
        append_name(out, quantiles[i].name, false);
        if (count > 0) {
            double value = histogram_quantile(shape, grown.latency, quantiles[i].part);
            buf_printf(out, "%.3f", value / (double)NS_PER_MS);
        } else {
            buf_append_text(out, "null");
        }
    }
    buf_append_char(out, '}');
}

static void write_refusals(const struct api_shared *shared, struct buf *out) {
    size_t endpoint_count = atomic_load(&shared->endpoint_count);
    bool is_first = true;
    buf_append_text(out, ",\"refusals\":{");
    for (size_t result = 0; result < COUNT_OPENED_KINDS; result++) {
        if (result == COUNT_OPENED_OK) continue;
        uint64_t sum = 0;
        for (size_t i = 0; i < endpoint_count; i++)
            sum += FIGURES_SUM(shared, endpoints[i].opened[result]);
        append_name(out, figures_opened[result], is_first);
        buf_append_uint(out, sum);
        is_first = false;
    }
    buf_append_char(out, '}');
}

/* Counters that stand one behind the other from `offset` on. */
static void write_list(const struct api_shared *shared, const char *name, const char *const *labels,
                       size_t count, size_t offset, struct buf *out) {
    append_name(out, name, false);
    buf_append_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        append_name(out, labels[i], i == 0);
        buf_append_uint(out, figures_sum_at(shared, offset + i * sizeof(struct counter)));
    }
    buf_append_char(out, '}');
}

static void write_busy(struct busiest *busiest, enum busy_kind kind, const char *list,
                       const char *member, struct buf *out) {
    size_t count;
    const struct sketch_top *tops = busiest_join(busiest, kind, &count);
    append_name(out, list, false);
    buf_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buf_append_text(out, i == 0 ? "{" : ",{");
        append_name(out, member, true);
        json_append_string(out, sketch_top_name(&tops[i]));
        append_uint(out, "messages", tops[i].count);
        append_uint(out, "error", tops[i].error);
        buf_append_char(out, '}');
    }
    buf_append_char(out, ']');
}

static void write_busiest(const struct question *q, struct buf *out) {
    uint64_t now_s = loop_now_ns(q->api->loop) / NS_PER_S;
    uint64_t back_s = BUSY_WINDOW_SECONDS + now_s % BUSY_WINDOW_SECONDS;
    uint64_t uptime_s = (clock_now_ns() - q->api->shared->started_ns) / NS_PER_S;
    buf_append_text(out, ",\"busiest\":{\"seconds\":");
    buf_append_uint(out, back_s < uptime_s ? back_s : uptime_s);
    append_name(out, "is_whole", false);
    buf_append_text(out, q->is_whole ? "true" : "false");
    write_busy(q->busiest, BUSY_USERS, "users", "user", out);
    write_busy(q->busiest, BUSY_CHANNELS, "channels", "channel", out);
    buf_append_char(out, '}');
}

static void write_redis(const struct question *q, struct buf *out) {
    struct broker_redis *broker = q->api->shared->options.broker;
    struct broker_redis_state state;
    if (!broker) {
        buf_append_text(out, ",\"redis\":{\"status\":\"disabled\"}");
        return;
    }
    char since[CLOCK_TEXT_BYTES];
    broker_redis_state(broker, &state);
    clock_text((int64_t)state.changed_ms, since);
    buf_printf(out, ",\"redis\":{\"status\":\"%s\",\"since\":\"%s\"", state.is_up ? "up" : "down",
               since);
    if (!state.is_up) {
        append_name(out, "problem", false);
        json_append_string(out, span_str(state.problem));
    }
    append_name(out, "ping_ms", false);
    if (state.ping_ns > 0)
        buf_printf(out, "%.3f", (double)state.ping_ns / (double)NS_PER_MS);
    else
        buf_append_text(out, "null");
    append_uint(out, "reconnects", state.reconnects);
    append_uint(out, "channels", state.channels);
    append_uint(out, "nodes", state.nodes);
    buf_append_char(out, '}');
}

static void write_nodes(const struct question *q, struct buf *out) {
    buf_append_text(out, ",\"nodes\":[");
    nodes_write_own(q->api, true, out);
    buf_append_span(out, buf_span(&q->nodes));
    buf_append_char(out, ']');
    if (q->has_nodes) append_uint(out, "nodes_silent", q->nodes_silent);
}

static void write_overview(void *context, struct http_response *response) {
    const struct question *q = context;
    struct api_shared *shared = q->api->shared;
    http_response_start(response, 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    buf_append_char(out, '{');
    nodes_write_about(q->api, out);
    write_connections(shared, out);
    write_rates(shared, out);
    write_latency(shared, out);
    write_list(shared, "closes", figures_closed, COUNT_CLOSE_KINDS, offsetof(struct counts, closed),
               out);
    write_refusals(shared, out);
    write_list(shared, "dropped", figures_dropped, COUNT_DROP_KINDS,
               offsetof(struct counts, dropped), out);
    write_busiest(q, out);
    write_redis(q, out);
    write_nodes(q, out);
    buf_append_char(out, '}');
    http_response_close(response);
}

static struct question *question_of(struct hub_ask *ask) {
    return container_of(ask, struct question, ask);
}

static void question_free(struct question *q) {
    busiest_free(q->busiest);
    buf_finish(&q->nodes);
    mem_free(q);
}

static void run(struct hub_ask *ask, struct hub *hub, size_t worker) {
    busiest_collect(question_of(ask)->busiest, hub, worker);
}

static void done(struct hub_ask *ask, enum hub_answered how) {
    struct question *q = question_of(ask);
    q->is_whole = how == HUB_ANSWERED_BY_ALL;
    if (how != HUB_ANSWERED_NEVER) {
        q->later.answer(q->later.owner, q->later.ticket, write_overview, q);
    }
    question_free(q);
}

static void add_node(void *context, const struct nodes_figures *figures) {
    struct question *q = context;
    buf_append_char(&q->nodes, ',');
    buf_append_span(&q->nodes, figures->text);
}

static void on_nodes(struct broker_call *call) {
    struct question *q = container_of(call, struct question, nodes_ask.call);
    bool is_dropped = call->is_dropped;
    q->has_nodes = call->err == ERR_OK;
    q->nodes_silent = call->value;
    nodes_answered(&q->nodes_ask, add_node, q);
    if (buf_err(&q->nodes)) q->has_nodes = false;
    if (!q->has_nodes) buf_clear(&q->nodes);
    if (!is_dropped && hub_ask_all(q->api->hub, &q->ask) == ERR_OK) return;
    if (!is_dropped) q->later.answer(q->later.owner, q->later.ticket, write_overview, q);
    question_free(q);
}

void overview_get(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    if (!api_authorize(api, call, API_SCOPE_READ, &key)) return;
    struct question *q = mem_new(sizeof *q);
    q->ask.run = run;
    q->ask.done = done;
    q->api = api;
    q->later = call->later;
    q->busiest = busiest_new(api->shared->options.hub_shared->worker_count);
    buf_init(&q->nodes, NODES_BYTES_MAX);
    if (hub_is_shared(api->hub)) {
        nodes_ask(api, &q->nodes_ask, on_nodes);
        call->is_later = true;
        return;
    }
    if (hub_ask_all(api->hub, &q->ask) == ERR_OK) {
        call->is_later = true;
        return;
    }
    write_overview(q, call->response);
    question_free(q);
}
