/* SPDX-License-Identifier: MIT */
/*
 * api/health.c: /healthz and its parts: does it live; /readyz: should it get clients.
 */
#include "api/api_priv.h"

static void answer(struct http_call *call, int status, const char *service, const char *text) {
    http_response_start(call->response, status);
    struct buf *out = http_response_open(call->response, HTTP_JSON);
    buf_append_text(out, "{\"service\":");
    json_append_string(out, span_str(service));
    buf_append_text(out, ",\"status\":");
    json_append_string(out, span_str(text));
    buf_append_char(out, '}');
    http_response_close(call->response);
}

void health_get(void *api, struct http_call *call) {
    (void)api;
    answer(call, 200, "tidings", "healthy");
}

/* The broker is this process. */
void health_redis_get(void *api, struct http_call *call) {
    (void)api;
    answer(call, 200, "redis", "disabled");
}

void health_websocket_get(void *context, struct http_call *call) {
    struct api *api = context;
    http_response_start(call->response, 200);
    struct buf *out = http_response_open(call->response, HTTP_JSON);
    buf_append_text(out, "{\"service\":\"websocket\",\"status\":\"healthy\",\"connections\":");
    buf_append_uint(out, stats_connections(api->shared));
    buf_append_char(out, '}');
    http_response_close(call->response);
}

void health_ready_get(void *context, struct http_call *call) {
    struct api *api = context;
    bool is_ready = atomic_load(&api->shared->is_ready);
    answer(call, is_ready ? 200 : 503, "tidings", is_ready ? "ready" : "not ready");
}
