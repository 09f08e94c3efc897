/* SPDX-License-Identifier: MIT */
/*
 * api/stats.c: GET /api/v1/ws/stats: how many are connected.
 */
#include "api/api_priv.h"

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

void stats_get(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    if (api_cors(api, call)) return;
    if (!api->rules->has_public_stats && !api_authorize(api, call, API_SCOPE_READ, &key)) {
        return;
    }
    http_response_start(call->response, 200);
    struct buf *out = http_response_open(call->response, HTTP_JSON);
    buf_append_text(out, "{\"connected_users\":");
    buf_append_uint(out, stats_users(api->shared));
    buf_append_text(out, ",\"total_connections\":");
    buf_append_uint(out, stats_connections(api->shared));
    buf_append_char(out, '}');
    http_response_close(call->response);
}
