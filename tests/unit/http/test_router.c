/* SPDX-License-Identifier: MIT */
/*
 * Which route answers which request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/router.h"

/* Answers 200 with the name of the route and its parameters. */
static void answer(void *context, struct http_call *call) {
    http_response_start(call->response, 200);
    struct buf *out = http_response_open(call->response, HTTP_TEXT);
    buf_append_text(out, context);
    for (size_t i = 0; i < call->params.count; i++) {
        buf_printf(out, " %.*s=%.*s", SPAN_ARG(call->params.name[i]),
                   SPAN_ARG(call->params.value[i]));
    }
    http_response_close(call->response);
}

static void answer_nothing(void *context, struct http_call *call) {
    (void)context;
    (void)call;
}

static struct http_router *router;

static void add(unsigned methods, const char *pattern, const char *name) {
    static char names[16][16];
    static size_t used;
    char *kept = names[used++ % countof(names)];
    (void)snprintf(kept, sizeof names[0], "%s", name);
    http_router_add(router, methods, pattern, answer, kept);
}

static int setup(void **state) {
    (void)state;
    router = http_router_new();
    add(HTTP_BIT(GET), "/users/{id}", "user");
    add(HTTP_BIT(DELETE), "/users/{id}", "drop");
    add(HTTP_BIT(GET), "/users/{id}/connections", "connections");
    add(HTTP_BIT(POST), "/publish", "publish");
    add(HTTP_BIT(GET), "/users/all", "all");
    add(HTTP_BIT(PUT) | HTTP_BIT(OPTIONS), "/users/all", "all-put");
    add(HTTP_BIT(GET), "/", "root");
    add(HTTP_BIT(PATCH), "/{any}/all", "any");
    http_router_add(router, HTTP_BIT(GET), "/silent", answer_nothing, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    http_router_free(router);
    return 0;
}

static void requests_reach_their_route(void **state) {
    (void)state;
    static const struct {
        enum http_method method;
        const char *path;
        int status;
        const char *route; /* its pattern, for metrics; NULL: none */
        const char *says;  /* stands in the answer */
    } CASES[] = {
        { HTTP_METHOD_GET, "/", 200, "/", "\r\n\r\nroot" },
        { HTTP_METHOD_POST, "/publish", 200, "/publish", "\r\n\r\npublish" },
        { HTTP_METHOD_POST, "/pub%6cish", 200, "/publish", "\r\n\r\npublish" },
        { HTTP_METHOD_GET, "/users/7", 200, "/users/{id}", "user id=7" },
        { HTTP_METHOD_GET, "/users/a%2Fb", 200, "/users/{id}", "user id=a/b" },
        { HTTP_METHOD_DELETE, "/users/7", 200, "/users/{id}", "drop id=7" },
        { HTTP_METHOD_GET, "/users/7/connections", 200, "/users/{id}/connections",
          "connections id=7" },
        { HTTP_METHOD_GET, "/users/all", 200, "/users/all", "\r\n\r\nall" },
        { HTTP_METHOD_PUT, "/users/all", 200, "/users/all", "all-put" },
        { HTTP_METHOD_OPTIONS, "/users/all", 200, "/users/all", "all-put" },
        { HTTP_METHOD_HEAD, "/users/7", 200, "/users/{id}", "Content-Length:          9\r\n\r\n" },
        { HTTP_METHOD_GET, "/publish", 405, "/publish", "Allow: POST\r\n" },
        { HTTP_METHOD_OTHER, "/users/7", 405, "/users/{id}", "Allow: GET, HEAD, DELETE\r\n" },
        { HTTP_METHOD_DELETE, "/users/all", 405, "/users/all",
          "Allow: GET, HEAD, PUT, OPTIONS\r\n" },
        { HTTP_METHOD_POST, "/", 405, "/", "\"method_not_allowed\"" },
        { HTTP_METHOD_GET, "/user", 404, NULL, "\"not_found\"" },
        { HTTP_METHOD_GET, "/users", 404, NULL, "\"not_found\"" },
        { HTTP_METHOD_GET, "/users/7/x", 404, NULL, "\"not_found\"" },
        { HTTP_METHOD_OPTIONS, "*", 404, NULL, "\"not_found\"" },
        { HTTP_METHOD_GET, "/silent", 500, "/silent", "\"internal\"" },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct buf out;
        buf_init(&out, 4096);
        struct http_request request = { .method = CASES[i].method,
                                        .path = span_str(CASES[i].path),
                                        .version_minor = 1,
                                        .is_keep_alive = true };
        struct http_response response;
        http_response_init(&response, &out, &request);
        struct http_call call = { .request = &request, .response = &response };
        http_router_dispatch(router, &call);
        buf_append_char(&out, 0);
        const char *route = call.route ? call.route->pattern.text : NULL;
        bool is_routed =
            route ? CASES[i].route && strcmp(route, CASES[i].route) == 0 : !CASES[i].route;
        if (response.status != CASES[i].status || !is_routed || !strstr(out.at, CASES[i].says)) {
            fail_msg("%d %s: route %s, %s", CASES[i].method, CASES[i].path, route ? route : "none",
                     out.at);
        }
        buf_finish(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_reach_their_route, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
