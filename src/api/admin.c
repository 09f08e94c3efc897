/* SPDX-License-Identifier: MIT */
/*
 * api/admin.c: GET /admin and what that page loads. Its files hold no secret, so anyone may have
 * them: what they show they ask of other calls, with the key that the operator types in. Where no
 * key would be good for those calls, the page is off as they are.
 */
#include "api/admin_priv.h"

/* Nothing but its own scripts, styles and pictures, and calls to where it came from: the page has
 * an operator's key, and text that clients chose. Text never becomes markup (trusted types). */
static const char headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n";

static const struct http_static_file *file_of(const struct http_route *route) {
    size_t i = 0;
    while (strcmp(admin_files[i].path, route->pattern.text) != 0)
        i++;
    return &admin_files[i];
}

static void admin_get(void *context, struct http_call *call) {
    if (!api_is_on(context, call)) return;
    call->response->common = span_str(headers);
    http_static_answer(file_of(call->route), call->request, call->response);
}

void admin_add_routes(struct api *api, struct http_router *router) {
    for (size_t i = 0; i < admin_files_count; i++)
        http_router_add(router, HTTP_BIT(GET), admin_files[i].path, admin_get, api);
}
