/* SPDX-License-Identifier: MIT */
/*
 * http/router.c: finds the route for a path, by length and bytes where it is literal.
 */
#include "http/router.h"

#include "base/mem.h"

struct http_router {
    size_t count;
    uint8_t pattern_count;
    struct http_route routes[HTTP_ROUTES_MAX]; /* literal ones first, so that these win */
};

struct http_router *http_router_new(void) {
    return mem_new(sizeof(struct http_router));
}

void http_router_free(struct http_router *router) {
    mem_free(router);
}

static bool is_same_pattern(const struct http_pattern *a, const struct http_pattern *b) {
    return span_eq(span_of(a->text, a->len), span_of(b->text, b->len));
}

static void refuse(const char *pattern, const char *why) {
    (void)fprintf(stderr, "route '%s': %s\n", pattern, why);
    abort();
}

void http_router_add(struct http_router *router, unsigned methods, const char *pattern,
                     http_handler handler, void *context) {
    struct http_route route = { .methods = methods, .handler = handler, .context = context };
    struct err_note note;
    if (http_pattern_parse(span_str(pattern), &route.pattern, &note)) refuse(pattern, note.text);
    if (router->count == HTTP_ROUTES_MAX) refuse(pattern, "too many routes");
    if (methods & HTTP_BIT(GET)) route.methods |= HTTP_BIT(HEAD);
    route.number = router->pattern_count;
    size_t at = router->count;
    for (size_t i = 0; i < router->count; i++) {
        const struct http_route *other = &router->routes[i];
        if (is_same_pattern(&other->pattern, &route.pattern) && (other->methods & route.methods)) {
            refuse(pattern, "a method is routed twice");
        }
        if (is_same_pattern(&other->pattern, &route.pattern)) route.number = other->number;
        if (route.pattern.params == 0 && other->pattern.params > 0) at = size_min(at, i);
    }
    memmove(&router->routes[at + 1], &router->routes[at],
            (router->count - at) * sizeof router->routes[0]);
    router->routes[at] = route;
    router->count++;
    if (route.number == router->pattern_count) router->pattern_count++;
}

void http_router_add_guard(struct http_router *router, const char *pattern, http_guard guard) {
    for (size_t i = 0; i < router->count; i++) {
        struct http_route *route = &router->routes[i];
        if (strcmp(route->pattern.text, pattern) == 0) route->guard = guard;
    }
}

const char *http_router_pattern(const struct http_router *router, size_t number) {
    for (size_t i = 0; i < router->count; i++) {
        if (router->routes[i].number == number) return router->routes[i].pattern.text;
    }
    return NULL;
}

static bool matches(const struct http_route *route, struct span path, bool has_escapes,
                    struct http_params *params) {
    if (route->pattern.params > 0 || has_escapes) {
        return http_pattern_match(&route->pattern, path, params);
    }
    params->count = 0;
    return span_eq(span_of(route->pattern.text, route->pattern.len), path);
}

static void answer_methods(struct http_call *call, unsigned allowed) {
    static const char *const NAMES[HTTP_METHOD_COUNT] = {
        [HTTP_METHOD_GET] = "GET",       [HTTP_METHOD_HEAD] = "HEAD",
        [HTTP_METHOD_POST] = "POST",     [HTTP_METHOD_PUT] = "PUT",
        [HTTP_METHOD_DELETE] = "DELETE", [HTTP_METHOD_OPTIONS] = "OPTIONS",
        [HTTP_METHOD_PATCH] = "PATCH",
    };
    char text[64] = "";
    size_t len = 0;
    for (int i = HTTP_METHOD_GET; i < HTTP_METHOD_COUNT; i++) {
        if (!(allowed & 1u << i)) continue;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", len ? ", " : "", NAMES[i]);
    }
    http_response_start(call->response, 405);
    http_response_header(call->response, SPAN("Allow"), span_of(text, len));
    http_response_error_body(call->response, "method_not_allowed",
                             SPAN("This path does not know that method"));
}

void http_router_dispatch(const struct http_router *router, struct http_call *call) {
    struct span path = call->request->path;
    bool has_escapes = span_find(path, '%') < path.len;
    unsigned method = 1u << call->request->method;
    unsigned allowed = 0;
    call->route = NULL;
    for (size_t i = 0; i < router->count; i++) {
        const struct http_route *route = &router->routes[i];
        if (!matches(route, path, has_escapes, &call->params)) continue;
        /* What a literal path offers is not mixed with what a pattern would. */
        if (call->route && !is_same_pattern(&call->route->pattern, &route->pattern)) continue;
        call->route = route;
        if (route->methods & method) {
            route->handler(route->context, call);
            if (call->response->status == 0 && !call->is_later) {
                http_response_error(call->response, 500, "internal",
                                    "The request was not answered");
            }
            return;
        }
        allowed |= route->methods;
    }
    if (call->route) {
        answer_methods(call, allowed);
    } else {
        http_response_error(call->response, 404, "not_found", "There is nothing at this path");
    }
}

enum http_body_wanted http_router_judge_body(const struct http_router *router,
                                             struct http_call *call) {
    struct span path = call->request->path;
    bool has_escapes = span_find(path, '%') < path.len;
    for (size_t i = 0; i < router->count; i++) {
        const struct http_route *route = &router->routes[i];
        bool is_it = route->guard && route->methods & 1u << call->request->method &&
                     matches(route, path, has_escapes, &call->params);
        if (!is_it) continue;
        call->route = route;
        return route->guard(route->context, call) ? HTTP_BODY_WANTED : HTTP_BODY_REFUSED;
    }
    return HTTP_BODY_UNREAD;
}
