/* SPDX-License-Identifier: MIT */
/*
 * config/judge.c: what only several keys together can be right or wrong in, and the key material.
 */
#include "api/api.h"
#include "base/file.h"
#include "config/draft_priv.h"
#include "config/type_priv.h"
#include "fetch/url.h"
#include "http/pattern.h"

static void wrong_at(struct config_draft *draft, const char *path, const char *why) {
    config_report_add(draft->report, config_draft_place(draft, path), "%s: %s", path, why);
}

#define FAMILY(head)                                                                               \
    (AUTH_BIT(AUTH_##head##256) | AUTH_BIT(AUTH_##head##384) | AUTH_BIT(AUTH_##head##512))

/* A key set in a file may hold anything, so with one only its content can be wrong. One that is
 * published holds no secrets, and takes the place of the file. */
static bool has_key_for_each(struct config_draft *draft, const struct config_jwt *jwt) {
    bool has_url = *jwt->jwks_url;
    if (*jwt->jwks_file && !has_url) return true;
    bool needs_secret = jwt->algorithms & FAMILY(HS);
    bool needs_key = jwt->algorithms & (FAMILY(RS) | FAMILY(PS) | FAMILY(ES));
    if (!*jwt->secret && !*jwt->key_file && !has_url) {
        config_report_add(draft->report, draft->whole,
                          "there is no key to judge tokens with: set jwt.secret (JWT_SECRET_KEY), "
                          "jwt.key_file, jwt.jwks_file or jwt.jwks_url");
        return false;
    }
    if (has_url && !needs_key)
        wrong_at(draft, "jwt.algorithms", "jwt.jwks_url has keys for all but the HS algorithms");
    else if (needs_secret && !*jwt->secret)
        wrong_at(draft, "jwt.algorithms",
                 has_url ? "HS256, HS384 and HS512 need jwt.secret: what is published is no secret"
                         : "HS256, HS384 and HS512 need jwt.secret or jwt.jwks_file");
    if (needs_key && !*jwt->key_file && !has_url)
        wrong_at(draft, "jwt.algorithms",
                 "all but the HS algorithms need jwt.key_file, jwt.jwks_file or jwt.jwks_url");
    return (!needs_secret || *jwt->secret) && (has_url ? needs_key : !needs_key || *jwt->key_file);
}
#undef FAMILY

/* What is in the file goes to the pool. */
static bool read_key_file(struct config_draft *draft, struct config_pool *pool, const char *path,
                          const char *file, struct span *ret) {
    struct err_note note = { 0 };
    struct buf text;
    if (!*file) return true;
    if (file_read(file, AUTH_SOURCE_MAX, &text, &note)) {
        config_report_add(draft->report, config_draft_place(draft, path),
                          "%s: %s cannot be read: %s", path, file, note.text);
        return false;
    }
    *ret = span_of(config_pool_text(pool, buf_span(&text)), text.len);
    buf_wipe(&text);
    return true;
}

/* The sentence begins with what is at fault: the secret, the PEM file or the key set. */
static void wrong_key(struct config_draft *draft, const struct err_note *note) {
    static const struct {
        const char *head, *path;
    } sources[] = { { "secret: ", "jwt.secret" },
                    { "pem: ", "jwt.key_file" },
                    { "jwks: ", "jwt.jwks_file" } };
    for (size_t i = 0; i < countof(sources); i++) {
        if (span_starts(span_str(note->text), span_str(sources[i].head))) {
            wrong_at(draft, sources[i].path, note->text + strlen(sources[i].head));
            return;
        }
    }
    config_report_add(draft->report, draft->whole, "jwt: %s", note->text);
}

static bool is_section_wrong(const struct config_draft *draft, struct span section) {
    for (size_t i = 0; i < config_rows_count; i++)
        if (draft->is_wrong[i] && span_eq(config_row_section(&config_rows[i]), section))
            return true;
    return false;
}

/* Where the set is, in form alone: nobody is asked. */
static bool has_good_url(struct config_draft *draft, const struct config_jwt *jwt) {
    struct err_note note = { 0 };
    bool is_good = !*jwt->jwks_url || !fetch_url_check(jwt->jwks_url, jwt->allows_jwks_http, &note);
    if (!is_good) wrong_at(draft, "jwt.jwks_url", note.text);
    return is_good;
}

static bool has_certificate(struct config_draft *draft, struct span pem) {
    static const char head[] = "-----BEGIN CERTIFICATE-----";
    bool is_good = pem.len == 0 || memmem(pem.at, pem.len, head, sizeof head - 1) != NULL;
    if (!is_good) wrong_at(draft, "jwt.jwks_ca_file", "there is no PEM certificate in it");
    return is_good;
}

static void judge_jwt(struct config_draft *draft, struct config *config) {
    struct config_jwt *jwt = &config->jwt;
    struct config_pool *pool = config->pool;
    if (is_section_wrong(draft, SPAN("jwt"))) return;
    bool is_good = has_key_for_each(draft, jwt);
    is_good &= has_good_url(draft, jwt);
    if (!is_good) return;
    bool has_file = *jwt->key_file || *jwt->jwks_file || *jwt->jwks_ca_file;
    if (!draft->opens_files && has_file) return;
    is_good = read_key_file(draft, pool, "jwt.key_file", jwt->key_file, &jwt->pem);
    is_good &= read_key_file(draft, pool, "jwt.jwks_file", jwt->jwks_file, &jwt->jwks);
    is_good &= read_key_file(draft, pool, "jwt.jwks_ca_file", jwt->jwks_ca_file, &jwt->jwks_ca);
    is_good &= has_certificate(draft, jwt->jwks_ca);
    struct err_note note = { 0 };
    if (is_good && config_make_keys(jwt, SPAN(""), &jwt->keys, &note)) wrong_key(draft, &note);
}

/* Whether what is given goes together; the files are for certificates.c. */
static bool has_whole_tls(struct config_draft *draft, const struct config_tls *tls) {
    const struct config_certificate *first = &tls->first;
    if (*first->cert_file && !*first->key_file) {
        wrong_at(draft, "tls.key_file", "the key of tls.cert_file is missing");
    } else if (*first->key_file && !*first->cert_file) {
        wrong_at(draft, "tls.cert_file", "the certificate of tls.key_file is missing");
    } else if (tls->listen_count > 0 && !config_has_tls(tls)) {
        wrong_at(draft, "tls.listen", "there is no certificate: set tls.cert_file and key_file");
    } else {
        return true;
    }
    return false;
}

static void judge_tls(struct config_draft *draft, struct config_tls *tls) {
    static const char *const keys[] = { "tls.cert_file", "tls.key_file", "tls.certificates" };
    struct err_note note = { 0 };
    if (is_section_wrong(draft, SPAN("tls")) || !has_whole_tls(draft, tls)) return;
    if (!config_has_tls(tls) || !draft->opens_files) return;
    if (!config_read_certificates(tls, draft->tls_before, &tls->identity, &note)) return;
    struct config_place place = draft->whole;
    for (size_t i = 0; i < countof(keys); i++)
        if (span_starts(span_str(note.text), span_str(keys[i])))
            place = config_draft_place(draft, keys[i]);
    config_report_add(draft->report, place, "%s", note.text);
}

/* Whether the same key or name stands there twice; each alone was judged before. */
static void judge_api_keys(struct config_draft *draft, struct config_api *api) {
    struct err_note note = { 0 };
    if (is_section_wrong(draft, SPAN("api"))) return;
    if (api_keys_new(api->keys_list, api->keys_count, &api->keys, &note))
        wrong_at(draft, "api.keys", note.text);
}

static void judge_channels(struct config_draft *draft, const struct config_draft_endpoint *from,
                           const struct endpoint_options *endpoint,
                           const struct http_pattern *pattern) {
    for (size_t i = 0; i < endpoint->channels_count; i++) {
        struct span rest = span_str(endpoint->channels[i]);
        for (;;) {
            rest = span_skip(rest, span_find(rest, '{') + 1);
            if (rest.len == 0) break;
            struct span name = span_of(rest.at, span_find(rest, '}'));
            if (!span_eq(name, SPAN("user_id")) && !http_pattern_has(pattern, name))
                config_report_add(draft->report, config_draft_place_of(draft, from, "channels"),
                                  "endpoints.%s.channels: {%.*s} is neither {user_id} nor in the "
                                  "path " CONFIG_QUOTE,
                                  endpoint->name, SPAN_ARG(name),
                                  CONFIG_QUOTED(span_str(endpoint->path)));
        }
    }
}

static bool has_user(const char *template) {
    return memmem(template, strlen(template), "{user_id}", strlen("{user_id}")) != NULL;
}

/* A path that names the user, and clients that bring no token. */
static void judge_users(struct config_draft *draft, const struct config_draft_endpoint *from,
                        const struct endpoint_options *endpoint,
                        const struct http_pattern *pattern) {
    bool has_path_user = *endpoint->path_user != '\0';
    if (has_path_user && !http_pattern_has(pattern, span_str(endpoint->path_user)))
        config_report_add(draft->report, config_draft_place_of(draft, from, "path_user"),
                          "endpoints.%s.path_user: {%s} is not in the path " CONFIG_QUOTE,
                          endpoint->name, endpoint->path_user,
                          CONFIG_QUOTED(span_str(endpoint->path)));
    if (endpoint->auth != ENDPOINT_AUTH_OPTIONAL) return;
    if (has_path_user)
        config_report_add(draft->report, config_draft_place_of(draft, from, "auth"),
                          "endpoints.%s.auth: with path_user a token is required", endpoint->name);
    if (has_user(endpoint->channels[0]))
        config_report_add(draft->report, config_draft_place_of(draft, from, "auth"),
                          "endpoints.%s.auth: the first channel, " CONFIG_QUOTE
                          ", needs a user, so a token is required",
                          endpoint->name, CONFIG_QUOTED(span_str(endpoint->channels[0])));
}

static bool is_submission(struct span template) {
    const struct span head = SPAN("submission:{");
    return span_starts(template, head) && span_find(template, '}') == template.len - 1 &&
           !has_user(template.at);
}

/* Only what was declared keeps history, and only submissions can be declared. */
static void judge_history(struct config_draft *draft, const struct config_draft_endpoint *from,
                          const struct endpoint_options *endpoint) {
    const char *key = endpoint->replay != ENDPOINT_REPLAY_NONE ? "replay" : "ends_after";
    bool has_history = endpoint->replay != ENDPOINT_REPLAY_NONE || *endpoint->ends_after;
    if (has_history && !endpoint->is_declared)
        config_report_add(draft->report, config_draft_place_of(draft, from, key),
                          "endpoints.%s.%s: only with declared: true", endpoint->name, key);
    if (endpoint->is_declared && !is_submission(span_str(endpoint->channels[0])))
        config_report_add(draft->report, config_draft_place_of(draft, from, "declared"),
                          "endpoints.%s.declared: the first channel, " CONFIG_QUOTE
                          ", is not submission:{…}, which is what can be declared",
                          endpoint->name, CONFIG_QUOTED(span_str(endpoint->channels[0])));
    /* Another one would skip the questions of existence and owner, and mix two histories. */
    for (size_t i = endpoint->is_declared ? 1 : 0; i < endpoint->channels_count; i++)
        if (span_starts(span_str(endpoint->channels[i]), SPAN("submission:")))
            config_report_add(draft->report, config_draft_place_of(draft, from, "channels"),
                              "endpoints.%s.channels: " CONFIG_QUOTE
                              " may only be the first channel, with declared: true",
                              endpoint->name, CONFIG_QUOTED(span_str(endpoint->channels[i])));
}

static void judge_kafka(struct config_draft *draft, const struct config *config) {
    if (is_section_wrong(draft, SPAN("kafka"))) return;
    const struct config_kafka *kafka = &config->kafka;
    if (*kafka->brokers && kafka->topics_count == 0)
        wrong_at(draft, "kafka.topics", "kafka.brokers needs at least one topic");
    if (*kafka->payload && kafka->relay_count > 0)
        wrong_at(draft, "kafka.payload", "only with an empty kafka.relay");
    for (size_t i = 0; i < kafka->relay_count; i++) {
        struct span text = span_str(kafka->relay[i]);
        size_t equals = span_find(text, '=');
        if (equals == 0 || equals + 1 >= text.len)
            wrong_at(draft, "kafka.relay", "must be a list of name=path");
    }
}

static void judge_batches(struct config_draft *draft, const struct config *config) {
    if (is_section_wrong(draft, SPAN("batches"))) return;
    struct span channels = span_str(config->batches.channels);
    const struct span user = SPAN("{user_id}");
    if (channels.len == 0) return;
    if (channels.len == user.len || !span_ends(channels, user) ||
        span_find(channels, '{') != channels.len - user.len)
        wrong_at(draft, "batches.channels",
                 "must be a name that ends with {user_id}, like "
                 "ws:{user_id}");
}

static void judge_store(struct config_draft *draft, const struct config *config) {
    if (is_section_wrong(draft, SPAN("store"))) return;
    if (config->store.kind == CONFIG_STORE_SQLITE && !*config->store.path)
        wrong_at(draft, "store.path", "store.kind: sqlite needs the name of a file");
}

static void judge_process(struct config_draft *draft, const struct config *config) {
    if (is_section_wrong(draft, SPAN(""))) return;
    if (*config->group && !*config->user) wrong_at(draft, "group", "only together with `user`");
    if (config->speaks_proxy_protocol && config->trusted_proxies_count == 0)
        wrong_at(draft, "proxy_protocol",
                 "true needs trusted_proxies, which are those that speak it");
}

/* Whether what is given for TLS goes together. */
static bool is_redis_tls_whole(struct config_draft *draft, const struct config_redis *redis) {
    static const char *const paths[] = { "broker.redis.tls.ca_file", "broker.redis.tls.cert_file",
                                         "broker.redis.tls.key_file",
                                         "broker.redis.tls.server_name" };
    const struct config_redis_tls *tls = &redis->tls;
    const char *const values[] = { tls->ca_file, tls->cert_file, tls->key_file, tls->server_name };
    bool is_good = true;
    for (size_t i = 0; i < countof(paths) && !redis->url.is_secure; i++) {
        if (!*values[i]) continue;
        wrong_at(draft, paths[i], "only with rediss:// in broker.redis.url");
        is_good = false;
    }
    if (!is_good || !*tls->cert_file == !*tls->key_file) return is_good;
    if (*tls->cert_file)
        wrong_at(draft, "broker.redis.tls.cert_file", "its key_file is missing");
    else
        wrong_at(draft, "broker.redis.tls.key_file", "its cert_file is missing");
    return false;
}

static void judge_redis_tls(struct config_draft *draft, struct config_redis *redis) {
    struct err_note note = { "" };
    if (is_section_wrong(draft, SPAN("broker.redis.tls")) || !is_redis_tls_whole(draft, redis))
        return;
    if (!redis->url.is_secure || !draft->opens_files) return;
    const char *path = config_redis_tls_open(&redis->tls, &note);
    if (path) wrong_at(draft, path, note.text);
}

static void judge_broker(struct config_draft *draft, struct config *config) {
    struct config_redis *redis = &config->broker.redis;
    if (is_section_wrong(draft, SPAN("broker")) || config->broker.kind == CONFIG_BROKER_MEMORY)
        return;
    if (config->store.kind == CONFIG_STORE_SQLITE)
        wrong_at(draft, "store.kind",
                 "sqlite is for broker.kind: memory; with redis, history is kept in Redis");
    if (is_section_wrong(draft, SPAN("broker.redis"))) return;
    bool has_sentinels = redis->sentinels_count > 0;
    if (redis->mode == REDIS_SENTINEL && !has_sentinels)
        wrong_at(draft, "broker.redis.sentinels",
                 "mode: sentinel needs at least one, as host:port");
    if (redis->mode != REDIS_SENTINEL && has_sentinels)
        wrong_at(draft, "broker.redis.sentinels", "only with mode: sentinel");
    if (redis->mode == REDIS_CLUSTER && redis->url.database > 0)
        wrong_at(draft, "broker.redis.url", "a Cluster has no database but 0");
    judge_redis_tls(draft, redis);
}

/* The endpoint would be found first, and nobody would reach the route any more. */
static void judge_routes(struct config_draft *draft, const struct config_draft_endpoint *from,
                         const struct endpoint_options *endpoint,
                         const struct http_pattern *pattern) {
    const char *route;
    for (size_t i = 0; endpoint->is_enabled && (route = api_route(i, draft->demo_secret)) != NULL;
         i++) {
        struct http_pattern other;
        if (http_pattern_parse(span_str(route), &other, NULL) ||
            !http_pattern_overlaps(pattern, &other))
            continue;
        config_report_add(draft->report, config_draft_place_of(draft, from, "path"),
                          "endpoints.%s.path: " CONFIG_QUOTE " and the server's own %s can be the "
                          "same",
                          endpoint->name, CONFIG_QUOTED(span_str(endpoint->path)), route);
        return;
    }
}

static void judge_endpoint(struct config_draft *draft, const struct config *config, size_t number) {
    const struct config_draft_endpoint *from = &draft->endpoints[number];
    const struct endpoint_options *endpoint = &config->endpoints[number];
    struct http_pattern pattern, other;
    if (from->is_wrong || http_pattern_parse(span_str(endpoint->path), &pattern, NULL)) return;
    judge_channels(draft, from, endpoint, &pattern);
    judge_users(draft, from, endpoint, &pattern);
    judge_routes(draft, from, endpoint, &pattern);
    judge_history(draft, from, endpoint);
    if (endpoint->idle_seconds > 0 && endpoint->ping_seconds >= endpoint->idle_seconds)
        config_report_add(
            draft->report, config_draft_place_of(draft, from, "ping_seconds"),
            "endpoints.%s.ping_seconds: %u is not below idle_seconds (%u), so no ping "
            "would ever be sent",
            endpoint->name, endpoint->ping_seconds, endpoint->idle_seconds);
    if (endpoint->max_message_bytes > config->unfinished_bytes_max)
        config_report_add(draft->report, config_draft_place_of(draft, from, "max_message_bytes"),
                          "endpoints.%s.max_message_bytes: larger than unfinished_bytes_max (%zu)",
                          endpoint->name, config->unfinished_bytes_max);
    for (size_t i = 0; i < number && endpoint->is_enabled; i++)
        if (config->endpoints[i].is_enabled && !draft->endpoints[i].is_wrong &&
            !http_pattern_parse(span_str(config->endpoints[i].path), &other, NULL) &&
            http_pattern_overlaps(&pattern, &other))
            config_report_add(draft->report, config_draft_place_of(draft, from, "path"),
                              "endpoints.%s.path: " CONFIG_QUOTE " and the path of %s can be the "
                              "same",
                              endpoint->name, CONFIG_QUOTED(span_str(endpoint->path)),
                              config->endpoints[i].name);
}

void config_draft_judge(struct config_draft *draft, struct config *config) {
    if (draft->demo_secret) {
        config_demo_judge(draft, config);
    } else {
        judge_jwt(draft, config);
    }
    judge_tls(draft, &config->tls);
    judge_api_keys(draft, &config->api);
    judge_process(draft, config);
    judge_store(draft, config);
    judge_batches(draft, config);
    judge_kafka(draft, config);
    judge_broker(draft, config);
    for (size_t i = 0; i < config->endpoints_count; i++)
        judge_endpoint(draft, config, i);
}
