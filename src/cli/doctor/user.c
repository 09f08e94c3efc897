/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/user.c: who the doctor is as a client: a user whom nobody has ever heard of, with a
 * token as the configuration wants it, or the one of a token that was given.
 */
#include "cli/doctor/visit_priv.h"

#include "auth/claims.h"
#include "auth/jwt.h"
#include "auth/sign.h"
#include "base/clock.h"
#include "base/random.h"
#include "cli/claims.h"
#include "http/pattern.h"

#include <jansson.h>

#define USER_PLACE "{user_id}"

enum { TTL_S = 60 };

/* `template` with `value` where `place` stands, once. False: too long, or another place is left. */
static bool fill(const char *template, const char *place, const char *value, char *ret,
                 size_t size) {
    const char *at = strstr(template, place);
    int len = at ? snprintf(ret, size, "%.*s%s%s", (int)(at - template), template, value,
                            at + strlen(place))
                 : snprintf(ret, size, "%s", template);
    return len >= 0 && (size_t)len < size && !strchr(ret, '{');
}

/* The channel that only this user hears. */
static const char *user_channel(const struct endpoint_options *endpoint) {
    for (size_t i = 0; i < endpoint->channels_count; i++) {
        const char *place = strstr(endpoint->channels[i], USER_PLACE);
        if (place && strchr(endpoint->channels[i], '{') == place &&
            !strchr(place + strlen(USER_PLACE), '{'))
            return endpoint->channels[i];
    }
    return NULL;
}

/* The only placeholder that can be filled is the user's. */
static bool can_visit(const struct endpoint_options *endpoint) {
    char place[HTTP_PATTERN_MAX + 3], path[HTTP_PATTERN_MAX + 3];
    (void)snprintf(place, sizeof place, "{%s}", endpoint->path_user);
    return endpoint->is_enabled && !endpoint->is_declared && user_channel(endpoint) &&
           fill(endpoint->path, place, "x", path, sizeof path);
}

static bool has_path(const struct endpoint_options *endpoint, struct span path) {
    struct http_pattern pattern;
    struct http_params params;
    struct err_note note;
    return !http_pattern_parse(span_str(endpoint->path), &pattern, &note) &&
           http_pattern_match(&pattern, path, &params);
}

/* The first that can be visited, and, where the URL has a path, is there. */
static const struct endpoint_options *choose(const struct config *config, struct span path) {
    const struct endpoint_options *first = NULL;
    for (size_t i = 0; i < config->endpoints_count; i++) {
        const struct endpoint_options *endpoint = &config->endpoints[i];
        if (!can_visit(endpoint)) continue;
        if (path.len > 1 && has_path(endpoint, path)) return endpoint;
        if (!first) first = endpoint;
    }
    return first;
}

static void make_name(struct doctor_user *user) {
    unsigned long long a = random_u64(), b = random_u64();
    if (user->endpoint->user_format == ENDPOINT_USER_UUID)
        (void)snprintf(user->name, sizeof user->name, "d0c70500-%04llx-4%03llx-8%03llx-%012llx",
                       a & 0xffff, a >> 16 & 0xfff, a >> 32 & 0xfff, b & 0xffffffffffff);
    else
        (void)snprintf(user->name, sizeof user->name, "tidings-doctor-%016llx", a);
}

/* Names the user in every way that the endpoint may look for, and has what it wants to see. */
static void complete_claims(json_t *claims, const struct doctor_user *user) {
    const struct endpoint_options *endpoint = user->endpoint;
    for (size_t i = 0; i < endpoint->user_claims_count; i++)
        json_object_set_new(claims, endpoint->user_claims[i], json_string(user->name));
    for (size_t i = 0; i < endpoint->required_claims_count; i++)
        if (!json_object_get(claims, endpoint->required_claims[i]))
            json_object_set_new(claims, endpoint->required_claims[i],
                                json_string("tidings-doctor"));
}

static void sign(struct doctor *doctor) {
    struct doctor_user *user = &doctor->user;
    const struct config_jwt *jwt = &doctor->config->jwt;
    struct err_note note = { "" };
    make_name(user);
    json_t *claims = cli_claims(jwt, user->name, TTL_S + (int64_t)doctor->idle_seconds);
    complete_claims(claims, user);
    enum err e = jwt_sign(jwt->keys, claims, &user->token, &note);
    json_decref(claims);
    if (!e) return;
    (void)snprintf(user->why, sizeof user->why, "%s", *note.text ? note.text : err_text(e));
    (void)snprintf(user->remedy, sizeof user->remedy,
                   "TIDINGS_TOKEN=... tidings doctor, with a token of a test user from the issuer");
}

/* The user of a token that was given; it is judged as the server will. */
static void take_token(struct doctor *doctor) {
    struct doctor_user *user = &doctor->user;
    const struct config_jwt *jwt = &doctor->config->jwt;
    const struct endpoint_options *endpoint = user->endpoint;
    const struct jwt_rules rules = { .audience = span_str(jwt->audience),
                                     .issuer = span_str(jwt->issuer),
                                     .leeway_s = jwt->leeway_seconds,
                                     .required = endpoint->required_claims,
                                     .required_count = endpoint->required_claims_count };
    const struct jwt_user_rule rule = { endpoint->user_claims, endpoint->user_claims_count,
                                        endpoint->user_format == ENDPOINT_USER_UUID
                                            ? JWT_USER_UUID
                                            : JWT_USER_ANY };
    const struct auth_keys *keys = doctor->keys ? doctor->keys : jwt->keys;
    struct jwt_claims *claims = NULL;
    struct span name = SPAN("");
    enum jwt_verdict verdict =
        jwt_verify(keys, &rules, span_str(doctor->token), clock_wall_ms() / 1000, &claims);
    if (verdict == JWT_OK) verdict = jwt_claims_user(claims, &rule, &name);
    (void)snprintf(user->name, sizeof user->name, "%.*s", SPAN_ARG(name));
    jwt_claims_free(claims);
    buf_append_text(&user->token, doctor->token);
    if (verdict == JWT_OK) return;
    user->is_refused = true;
    (void)snprintf(user->why, sizeof user->why, "TIDINGS_TOKEN is not accepted at %s: %s",
                   endpoint->path, jwt_verdict_text(verdict));
    (void)snprintf(user->remedy, sizeof user->remedy,
                   "get a fresh one; do jwt.algorithms, audience and issuer match its issuer?");
}

/* Where the URL leads; but a path that has the user's name in it gets this user's. */
static void find_target(struct doctor_user *user, struct span asked) {
    char place[HTTP_PATTERN_MAX + 3];
    (void)snprintf(place, sizeof place, "{%s}", user->endpoint->path_user);
    bool is_users = *user->endpoint->path_user &&
                    has_path(user->endpoint, span_of(asked.at, span_find(asked, '?')));
    if (asked.len > 1 && !is_users)
        (void)snprintf(user->target, sizeof user->target, "%.*s", SPAN_ARG(asked));
    else
        (void)!fill(user->endpoint->path, place, user->name, user->target, sizeof user->target);
    (void)!fill(user_channel(user->endpoint), USER_PLACE, user->name, user->channel,
                sizeof user->channel);
}

void doctor_user_make(struct doctor *doctor) {
    struct doctor_user *user = &doctor->user;
    struct span asked = doctor->clients.url.target;
    buf_init(&user->token, JWT_TOKEN_MAX);
    if (!doctor->config) {
        (void)snprintf(user->why, sizeof user->why, "there is no configuration");
        return;
    }
    user->endpoint = choose(doctor->config, span_of(asked.at, span_find(asked, '?')));
    if (!user->endpoint) {
        (void)snprintf(user->why, sizeof user->why,
                       "no enabled endpoint gives its users a channel of their own");
        return;
    }
    if (doctor->token)
        take_token(doctor);
    else
        sign(doctor);
    find_target(user, asked);
}
