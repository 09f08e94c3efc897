/* SPDX-License-Identifier: MIT */
/*
 * api/api.c: the routes, who may call them, and how a refusal looks.
 */
#include "api/api_priv.h"

#include "api/admin_priv.h"
#include "api/demo_priv.h"
#include "api/publish_later_priv.h"
#include "api/routes_priv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/bearer.h"
#include "http/origin.h"

#include <stdarg.h>

/* Rooms of a worker. A name or key that does not fit into its room is too long anyway. */
enum { NAME_ROOM_MAX = 256, CORS_ROOM_MAX = 4096, SCOPES_TEXT_MAX = 64 };

struct api_shared *api_shared_new(const struct api_options *options) {
    struct api_shared *shared = mem_new(sizeof *shared);
    shared->options = *options;
    shared->idempotency = idempotency_new(options->idempotency_entries, IDEMPOTENCY_BYTES_MAX);
    shared->started_ms = clock_wall_ms();
    shared->started_ns = clock_now_ns();
    samples_init(&shared->samples);
    api_shared_sample(shared, shared->started_ns);
    submissions_go_on(shared, options->hub_shared->store);
    return shared;
}

void api_shared_free(struct api_shared *shared) {
    if (!shared) return;
    idempotency_free(shared->idempotency);
    samples_finish(&shared->samples);
    mem_free(shared);
}

void api_shared_set_ready(struct api_shared *shared, bool is_ready) {
    atomic_store(&shared->is_ready, is_ready);
}

void api_shared_set_endpoints(struct api_shared *shared, size_t count) {
    atomic_store(&shared->endpoint_count, count);
}

struct api *api_new(struct api_shared *shared, const struct api_rules *rules, struct hub *hub,
                    const struct loop *loop) {
    struct api *api = mem_new(sizeof *api);
    api->shared = shared;
    api->rules = rules;
    api->hub = hub;
    api->loop = loop;
    buf_init(&api->name, NAME_ROOM_MAX);
    buf_init(&api->key, NAME_ROOM_MAX);
    buf_init(&api->answer, IDEMPOTENCY_BYTES_MAX);
    buf_init(&api->cors, CORS_ROOM_MAX);
    return api;
}

void api_free(struct api *api) {
    if (!api) return;
    publish_jobs_finish(api);
    buf_finish(&api->name);
    buf_finish(&api->key);
    buf_finish(&api->answer);
    buf_finish(&api->cors);
    mem_free(api);
}

void api_set_rules(struct api *api, const struct api_rules *rules) {
    api->rules = rules;
}

static const struct {
    unsigned methods;
    const char *pattern;
    http_handler handler;
} routes[] = {
#define ITEM(handler, methods, pattern, who, body, good, bad, text)                                \
    { API_METHODS_##methods, pattern, handler },
    API_ROUTE_MAP(ITEM)
#undef ITEM
};

const char *api_route(size_t number, bool is_demo) {
    if (number == 0) return API_METRICS_PATTERN;
    number -= 1;
    if (number < countof(routes)) return routes[number].pattern;
    number -= countof(routes);
    if (number < admin_files_count) return admin_files[number].path;
    return is_demo ? demo_route(number - admin_files_count) : NULL;
}

void api_add_metrics(struct api *api, struct http_router *router) {
    http_router_add(router, HTTP_BIT(GET), API_METRICS_PATTERN, metrics_direct_get, api);
}

/* Whether the caller may publish, before the body is there; see http/router.h. */
static bool guard_publish(void *api, struct http_call *call) {
    const struct api_key *key;
    return api_authorize(api, call, API_SCOPE_PUBLISH, &key);
}

void api_add_routes(struct api *api, struct http_router *router, bool serves_metrics) {
    http_router_add(router, HTTP_BIT(GET), API_METRICS_PATTERN,
                    serves_metrics ? metrics_get : metrics_elsewhere_get, api);
    for (size_t i = 0; i < countof(routes); i++) {
        http_router_add(router, routes[i].methods, routes[i].pattern, routes[i].handler, api);
        if (routes[i].methods == HTTP_BIT(POST)) {
            http_router_add_guard(router, routes[i].pattern, guard_publish);
        }
    }
    admin_add_routes(api, router);
    if (api->shared->options.is_demo) demo_add_routes(api, router);
    api->router = router;
}

bool api_problem(struct api_problem *ret, int status, const char *code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    ret->status = status;
    ret->code = code;
    (void)vsnprintf(ret->message.text, sizeof ret->message.text, format, args);
    va_end(args);
    return false;
}

bool api_problem_json(struct api_problem *ret, struct span body, const struct json_error *error) {
    struct json_value value;
    struct json_error whole;
    size_t line;
    size_t column;
    if (json_parse(body, &value, &whole)) {
        return api_problem(ret, 400, "invalid_request", "The body is JSON, but not %s",
                           error->expected);
    }
    json_position(body, error->offset, &line, &column);
    return api_problem(ret, 400, "malformed_json",
                       "Malformed JSON at line %zu, column %zu: expected %s", line, column,
                       error->expected);
}

bool api_problem_broker(struct api_problem *ret, enum err err, const char *undone,
                        const char *unknown) {
    switch (err) {
    case ERR_CLOSED:
        return api_problem(ret, 503, "broker_unavailable", "The broker is not available; %s",
                           undone);
    case ERR_IO:
        return api_problem(ret, 503, "broker_unknown", "The broker did not answer; %s", unknown);
    default:
        return api_problem(ret, 503, "overloaded", "Too much waits for the broker already; %s",
                           undone);
    }
}

void api_problem_write(const struct api_problem *problem, struct buf *out) {
    buf_append_span(out, SPAN("{\"error\":{\"code\":"));
    json_append_string(out, span_str(problem->code));
    buf_append_span(out, SPAN(",\"message\":"));
    json_append_string(out, span_str(problem->message.text));
    buf_append_span(out, SPAN("}}"));
}

void api_problem_answer(const struct api_problem *problem, struct http_response *response) {
    http_response_start(response, problem->status);
    if (problem->status == 401) {
        http_response_header(response, SPAN("WWW-Authenticate"), SPAN("Bearer"));
    }
    if (problem->status == 503) http_response_header(response, SPAN("Retry-After"), SPAN("1"));
    http_response_error_body(response, problem->code, span_str(problem->message.text));
}

bool api_later_take(struct api_shared *shared, size_t bytes) {
    uint64_t max =
        atomic_load_explicit(&shared->options.hub_shared->mailed_bytes_max, memory_order_relaxed);
    uint64_t before = atomic_fetch_add_explicit(&shared->later_bytes, bytes, memory_order_relaxed);
    if (before + bytes <= max) return true;
    api_later_give(shared, bytes);
    return false;
}

void api_later_give(struct api_shared *shared, size_t bytes) {
    atomic_fetch_sub_explicit(&shared->later_bytes, bytes, memory_order_relaxed);
}

/* The key that a call presents: X-API-Key, else a bearer token. */
static struct span presented_key(const struct http_request *request) {
    struct span key = http_headers_get(request->headers, HTTP_FIELD_API_KEY);
    if (!key.at) key = http_bearer(request->headers);
    return key.at ? key : SPAN("");
}

bool api_has_key(struct api *api, struct http_call *call) {
    const struct http_request *request = call->request;
    return http_headers_get(request->headers, HTTP_FIELD_API_KEY).at ||
           api_keys_find(api->rules->keys, presented_key(request));
}

/* `"read"`, or `"admin" or "read"`. */
static const char *scope_text(uint32_t scopes, char room[static SCOPES_TEXT_MAX]) {
    size_t len = 0;
#define ITEM(name, text)                                                                           \
    if (scopes & API_SCOPE_##name) {                                                               \
        len += (size_t)snprintf(room + len, SCOPES_TEXT_MAX - len, "%s\"" text "\"",               \
                                len > 0 ? " or " : "");                                            \
    }
    API_SCOPE_MAP(ITEM)
#undef ITEM
    return room;
}

bool api_is_on(struct api *api, struct http_call *call) {
    if (api->shared->options.is_demo || api_keys_count(api->rules->keys) > 0) return true;
    struct api_problem problem;
    api_problem(&problem, 403, "forbidden", "No API key is configured, so this call is off");
    api_problem_answer(&problem, call->response);
    return false;
}

bool api_authorize(struct api *api, struct http_call *call, uint32_t scopes,
                   const struct api_key **ret) {
    const struct api_keys *keys = api->rules->keys;
    if (api->shared->options.is_demo) {
        static const struct api_key anyone = { .name = "demo", .scopes = API_SCOPE_ALL };
        *ret = &anyone;
        return true;
    }
    if (!api_is_on(api, call)) return false;
    struct span presented = presented_key(call->request);
    const struct api_key *key = api_keys_find(keys, presented);
    struct api_problem problem;
    if (key && key->scopes & scopes) {
        call->has_key = true;
        *ret = key;
        return true;
    }
    if (!key) {
        api_problem(&problem, 401, "unauthorized", "%s",
                    presented.len > 0 ? "Unknown API key" : "An API key is needed");
    } else {
        char room[SCOPES_TEXT_MAX];
        api_problem(&problem, 403, "forbidden", "The API key has not the scope %s",
                    scope_text(scopes, room));
    }
    api_problem_answer(&problem, call->response);
    return false;
}

bool api_cors(struct api *api, struct http_call *call) {
    const struct api_rules *rules = api->rules;
    struct span origin = http_headers_get(call->request->headers, HTTP_FIELD_ORIGIN);
    struct buf *lines = &api->cors;
    bool is_allowed = http_origin_is_allowed(origin, rules->origins, rules->origin_count);
    buf_clear(lines);
    http_origin_append_cors(lines, origin, rules->origins, rules->origin_count);
    bool is_preflight = call->request->method == HTTP_METHOD_OPTIONS;
    if (is_preflight && is_allowed) {
        buf_append_text(lines, "Access-Control-Allow-Methods: GET\r\n"
                               "Access-Control-Allow-Headers: Authorization, X-API-Key\r\n"
                               "Access-Control-Max-Age: 600\r\n");
    }
    if (!buf_err(lines)) call->response->common = buf_span(lines);
    if (!is_preflight) return false;
    http_response_start(call->response, 204);
    http_response_empty(call->response);
    return true;
}
