/* SPDX-License-Identifier: MIT */
/*
 * api/stats.c: GET /api/v1/ws/stats: how many are connected, to all nodes together.
 *
 * Anyone may ask, as often as they like, so that the other nodes are asked by each worker at most
 * once a second, and not at all when nobody wants to know. Who comes meanwhile waits for the same
 * answer. A user with connections to two nodes counts for both.
 */
#include "api/nodes_priv.h"
#include "base/clock.h"
#include "base/mem.h"

enum { KNOWN_FOR_MS = 1000 };

/* A call that waits. */
struct waiter {
    struct waiter *next;
    struct http_later later;
    size_t cors_len;
    char cors[]; /* the header lines of its answer */
};

struct stats_asking {
    struct nodes_ask ask;
    struct api *api;
    struct waiter *waiters;
    uint64_t connections, users; /* of other nodes */
};

uint64_t stats_connections(const struct api_shared *shared) {
    const struct api_options *options = &shared->options;
    size_t endpoint_count = atomic_load(&shared->endpoint_count);
    uint64_t sum = 0;
    for (size_t worker = 0; worker < options->counts_count; worker++) {
        for (size_t i = 0; i < endpoint_count; i++) {
            sum += counter_read(&options->counts[worker]->endpoints[i].active);
        }
    }
    /* A worker may have counted one down that another has not counted up yet. */
    return sum > INT64_MAX ? 0 : sum;
}

uint64_t stats_users(const struct api_shared *shared) {
    return atomic_load(&shared->options.hub_shared->interest.users);
}

static void write_stats(const struct api_shared *shared, struct http_response *response) {
    http_response_start(response, 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    buf_append_text(out, "{\"connected_users\":");
    buf_append_uint(out, stats_users(shared) + atomic_load(&shared->others.users));
    buf_append_text(out, ",\"total_connections\":");
    buf_append_uint(out, stats_connections(shared) + atomic_load(&shared->others.connections));
    buf_append_char(out, '}');
    http_response_close(response);
}

/* What a waiter is answered with, while its asking is being finished. */
struct waited {
    const struct api_shared *shared;
    const struct waiter *waiter;
};

static void write_waited(void *context, struct http_response *response) {
    const struct waited *waited = context;
    response->common = span_of(waited->waiter->cors, waited->waiter->cors_len);
    write_stats(waited->shared, response);
}

static void add_node(void *context, const struct nodes_figures *figures) {
    struct stats_asking *asking = context;
    asking->connections += figures->connections;
    asking->users += figures->users;
}

/* A node that did not answer counts for nothing, nor does any while the broker is down. */
static void note_others(struct stats_asking *asking) {
    struct api_others *others = &asking->api->shared->others;
    asking->api->stats_asking = NULL;
    atomic_store(&others->connections, asking->connections);
    atomic_store(&others->users, asking->users);
    atomic_store(&others->asked_ns, clock_now_ns());
}

static void on_nodes(struct broker_call *call) {
    struct stats_asking *asking = container_of(call, struct stats_asking, ask.call);
    bool is_dropped = call->is_dropped;
    nodes_answered(&asking->ask, add_node, asking);
    if (!is_dropped) note_others(asking);
    for (struct waiter *waiter = asking->waiters, *next; waiter; waiter = next) {
        next = waiter->next;
        if (!is_dropped) {
            const struct http_later *later = &waiter->later;
            struct waited waited = { asking->api->shared, waiter };
            later->answer(later->owner, later->ticket, write_waited, &waited);
        }
        mem_free(waiter);
    }
    mem_free(asking);
}

static bool are_others_known(const struct api_shared *shared) {
    uint64_t asked_ns = atomic_load(&shared->others.asked_ns);
    return asked_ns > 0 && clock_now_ns() - asked_ns < KNOWN_FOR_MS * NS_PER_MS;
}

/* False: there is no memory for a call that waits. */
static bool wait_for_nodes(struct api *api, struct http_call *call) {
    struct span cors = call->response->common;
    struct waiter *waiter = mem_try(sizeof *waiter + cors.len);
    if (!waiter) return false;
    waiter->later = call->later;
    waiter->cors_len = cors.len;
    if (cors.len > 0) memcpy(waiter->cors, cors.at, cors.len);
    struct stats_asking *asking = api->stats_asking;
    if (!asking) {
        asking = mem_new(sizeof *asking);
        asking->api = api;
        api->stats_asking = asking;
        nodes_ask(api, &asking->ask, on_nodes);
    }
    waiter->next = asking->waiters;
    asking->waiters = waiter;
    return true;
}

void stats_get(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    if (api_cors(api, call)) return;
    if (!api->rules->has_public_stats && !api_authorize(api, call, API_SCOPE_READ, &key)) {
        return;
    }
    bool is_to_wait = hub_is_shared(api->hub) && !are_others_known(api->shared);
    if (is_to_wait && wait_for_nodes(api, call))
        call->is_later = true;
    else
        write_stats(api->shared, call->response);
}
