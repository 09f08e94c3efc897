/* SPDX-License-Identifier: MIT */
/*
 * api/caller.c: tells backends and clients apart.
 */
#include "api/caller_priv.h"

#include "base/clock.h"
#include "http/bearer.h"
#include "http/query.h"

/* The client's token; empty when it cannot be read, `at` NULL when there is none. */
static struct span token_of(const struct http_request *request, char *room, size_t room_len) {
    struct span token;
    enum err e = http_query_get(request->query, SPAN("token"), room, room_len, &token);
    if (e == ERR_NOT_FOUND) return http_bearer(request->headers);
    return e ? SPAN("") : token;
}

static bool verify(struct api *api, struct span token, struct caller *ret) {
    static const char *const user_claims[] = { "user_id", "sub" };
    static const char *const required[] = { "exp" };
    const struct api_rules *api_rules = api->rules;
    const struct jwt_rules rules = {
        .audience = api_rules->audience,
        .issuer = api_rules->issuer,
        .leeway_s = api_rules->leeway_seconds,
        .required = required,
        .required_count = countof(required),
    };
    const struct jwt_user_rule user_rule = { user_claims, countof(user_claims), JWT_USER_ANY };
    int64_t now_s = clock_wall_ms() / 1000;
    if (jwt_verify(api_rules->jwt_keys, &rules, token, now_s, &ret->claims) != JWT_OK) return false;
    if (jwt_claims_user(ret->claims, &user_rule, &ret->user) == JWT_OK) return true;
    jwt_claims_free(ret->claims);
    return false;
}

bool caller_identify(struct api *api, struct http_call *call, struct caller *ret) {
    *ret = (struct caller){ 0 };
    char room[JWT_TOKEN_MAX];
    struct span token = token_of(call->request, room, sizeof room);
    bool is_trusted = api->shared->options.is_demo && !token.at;
    if (is_trusted || api_has_key(api, call)) {
        const struct api_key *key;
        ret->has_key = api_authorize(api, call, API_SCOPE_READ, &key);
        return ret->has_key;
    }
    if (token.at && verify(api, token, ret)) return true;
    struct api_problem problem;
    (void)api_problem(&problem, 401, "unauthorized",
                      token.at ? "Invalid or expired token" : "A token or an API key is needed");
    api_problem_answer(&problem, call->response);
    return false;
}

void caller_finish(struct caller *caller) {
    jwt_claims_free(caller->claims);
}
