/* SPDX-License-Identifier: MIT */
/*
 * api/health.c: /healthz and its parts: does it live; /readyz: should it get clients.
 */
#include "api/api_priv.h"
#include "broker/redis/redis.h"

/* `problem`: why not, for a person; NULL: none. */
static void answer(struct http_call *call, int status, const char *service, const char *text,
                   const char *problem) {
    http_response_start(call->response, status);
    struct buf *out = http_response_open(call->response, HTTP_JSON);
    buf_append_text(out, "{\"service\":");
    json_append_string(out, span_str(service));
    buf_append_text(out, ",\"status\":");
    json_append_string(out, span_str(text));
    if (problem) {
        buf_append_text(out, ",\"problem\":");
        json_append_string(out, span_str(problem));
    }
    buf_append_char(out, '}');
    http_response_close(call->response);
}

void health_get(void *api, struct http_call *call) {
    (void)api;
    answer(call, 200, "tidings", "healthy", NULL);
}

/* Whether what is published reaches this node, and this node's publishes the others. */
static bool is_broker_up(const struct api *api, struct broker_redis_state *ret) {
    struct broker_redis *broker = api->shared->options.broker;
    if (!broker) return true;
    broker_redis_state(broker, ret);
    return ret->is_up;
}

void health_redis_get(void *context, struct http_call *call) {
    const struct api *api = context;
    struct broker_redis_state state;
    if (!api->shared->options.broker)
        answer(call, 200, "redis", "disabled", NULL);
    else if (is_broker_up(api, &state))
        answer(call, 200, "redis", "healthy", NULL);
    else
        answer(call, 503, "redis", "unhealthy", state.problem);
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

/* Why no clients should come here: a text for a person, maybe empty. NULL: they should. */
static const char *reason_against(const struct api *api) {
    struct broker_redis_state state;
    if (!atomic_load(&api->shared->is_ready)) return "";
    if (api->rules->awaits_keys) return "No keys have come from jwt.jwks_url yet";
    return is_broker_up(api, &state) ? NULL : "Redis is down";
}

bool health_is_ready(const struct api *api) {
    return !reason_against(api);
}

void health_ready_get(void *context, struct http_call *call) {
    const char *problem = reason_against(context);
    if (!problem)
        answer(call, 200, "tidings", "ready", NULL);
    else
        answer(call, 503, "tidings", "not ready", *problem ? problem : NULL);
}
