/* SPDX-License-Identifier: MIT */
/*
 * api/demo.c: POST /demo/token, and the files of the page in web/demo.
 */
#include "api/demo_priv.h"

#include "auth/jwt.h"
#include "auth/sign.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <jansson.h>

#define TOKEN_ROUTE "/demo/token"

enum { TOKEN_TTL_S = 3600 };

/* Nothing but its own scripts, styles and pictures, and connections to where it came from. */
static const char page_headers[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n";

static void demo_file_get(void *context, struct http_call *call) {
    call->response->common = span_str(page_headers);
    http_static_answer(context, call->request, call->response);
}

/* The members of `request`, which stay its own; `*ret_claims` is NULL when none are asked for. */
static bool read_request(const json_t *request, const char **ret_user, const json_t **ret_claims,
                         struct api_problem *problem) {
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)request, name, value) {
        if (strcmp(name, "user") != 0 && strcmp(name, "claims") != 0) {
            return api_problem(problem, 400, "invalid_request", "Unknown member \"%.80s\"", name);
        }
    }
    const json_t *user = json_object_get(request, "user");
    *ret_user = json_string_value(user);
    if (!*ret_user || !utf8_is_name(span_of(*ret_user, json_string_length(user)), JWT_USER_MAX)) {
        return api_problem(problem, 400, "invalid_request",
                           "\"user\" must be a user id of 1 to %d bytes", JWT_USER_MAX);
    }
    *ret_claims = json_object_get(request, "claims");
    if (*ret_claims && !json_is_object(*ret_claims)) {
        return api_problem(problem, 400, "invalid_request", "\"claims\" must be an object");
    }
    return true;
}

/* What the token says; claims that were asked for go over our own. */
static json_t *make_claims(const struct api_rules *rules, const char *user, const json_t *asked) {
    json_int_t now_s = clock_wall_ms() / 1000;
    json_t *claims = json_pack("{s:s, s:s, s:I, s:I}", "user_id", user, "sub", user, "iat", now_s,
                               "exp", now_s + TOKEN_TTL_S);
    if (rules->audience.len > 0) {
        json_object_set_new(claims, "aud", json_stringn(rules->audience.at, rules->audience.len));
    }
    if (rules->issuer.len > 0) {
        json_object_set_new(claims, "iss", json_stringn(rules->issuer.at, rules->issuer.len));
    }
    if (asked) json_object_update(claims, (json_t *)(uintptr_t)asked);
    return claims;
}

static void answer_token(struct http_call *call, struct span token, const char *user,
                         json_int_t expiry_s) {
    char expires[CLOCK_TEXT_BYTES];
    clock_text(expiry_s * 1000, expires);
    http_response_start(call->response, 200);
    http_response_header(call->response, SPAN("Cache-Control"), SPAN("no-store"));
    struct buf *out = http_response_open(call->response, HTTP_JSON);
    buf_append_text(out, "{\"token\":");
    json_append_string(out, token);
    buf_append_text(out, ",\"user\":");
    json_append_string(out, span_str(user));
    buf_append_text(out, ",\"expires_at\":");
    json_append_string(out, span_str(expires));
    buf_append_char(out, '}');
    http_response_close(call->response);
}

static bool sign(struct api *api, struct http_call *call, const char *user, const json_t *asked,
                 struct api_problem *problem) {
    json_t *claims = make_claims(api->rules, user, asked);
    const json_t *expiry = json_object_get(claims, "exp");
    bool is_good = false;
    struct buf token;
    buf_init(&token, JWT_TOKEN_MAX);
    struct err_note note = { "" };
    if (!json_is_integer(expiry) || json_integer_value(expiry) < 0 ||
        json_integer_value(expiry) >= JWT_NEVER) {
        api_problem(problem, 400, "invalid_request",
                    "\"exp\" must be a whole number of seconds since 1970");
        goto out;
    }
    if (jwt_sign(api->rules->jwt_keys, claims, &token, &note) != ERR_OK) {
        api_problem(problem, 400, "invalid_request", "No token can be made of that%s%s",
                    *note.text ? ": " : "", note.text);
        goto out;
    }
    answer_token(call, buf_span(&token), user, json_integer_value(expiry));
    is_good = true;
out:
    buf_finish(&token);
    json_decref(claims);
    return is_good;
}

static bool make_token(struct api *api, struct http_call *call, struct api_problem *problem) {
    struct span body = call->request->body;
    struct json_walk walk = json_walk(body);
    struct json_value name, value;
    enum json_step step;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM)
        continue;
    if (step == JSON_FAIL) return api_problem_json(problem, body, &walk.error);
    json_error_t error;
    json_t *request = json_loadb(body.at, body.len, JSON_REJECT_DUPLICATES, &error);
    if (!request) {
        return api_problem(problem, 400, "invalid_request", "The body is refused: %s", error.text);
    }
    const char *user = NULL;
    const json_t *claims = NULL;
    bool is_good =
        read_request(request, &user, &claims, problem) && sign(api, call, user, claims, problem);
    json_decref(request);
    return is_good;
}

static void demo_token_post(void *context, struct http_call *call) {
    struct api_problem problem;
    if (!make_token(context, call, &problem)) api_problem_answer(&problem, call->response);
}

/* Only this machine can ask, and needs no key. */
static bool anybody(void *context, struct http_call *call) {
    (void)context;
    (void)call;
    return true;
}

void demo_add_routes(struct api *api, struct http_router *router) {
    http_router_add(router, HTTP_BIT(POST), TOKEN_ROUTE, demo_token_post, api);
    http_router_add_guard(router, TOKEN_ROUTE, anybody);
    for (size_t i = 0; i < demo_files_count; i++) {
        void *file = (void *)(uintptr_t)&demo_files[i];
        http_router_add(router, HTTP_BIT(GET), demo_files[i].path, demo_file_get, file);
    }
}

const char *demo_route(size_t number) {
    if (number == 0) return TOKEN_ROUTE;
    return number <= demo_files_count ? demo_files[number - 1].path : NULL;
}
