/* SPDX-License-Identifier: MIT */
/*
 * app/settings.c: hands the values of a configuration to the parts that go by them.
 */
#include "app/settings.h"

#include "base/mem.h"

static struct session_options session_options_of(const struct settings *settings) {
    const struct config *config = settings->config;
    return (struct session_options){
        .endpoints = config->endpoints,
        .endpoint_count = config->endpoints_count,
        .keys = settings->keys,
        .audience = span_str(config->jwt.audience),
        .issuer = span_str(config->jwt.issuer),
        .leeway_seconds = config->jwt.leeway_seconds,
        .max_connections = settings->max_connections,
        .handshake_seconds = config->handshake_seconds,
        .http_idle_seconds = config->http_idle_seconds,
        .max_header_bytes = config->max_header_bytes,
        .max_body_bytes = config->api.max_body_bytes,
        .queue_bytes_max = config->queue_bytes_max,
        .trusted_proxies = config->trusted_proxies,
        .trusted_proxy_count = config->trusted_proxies_count,
        .speaks_proxy_protocol = config->speaks_proxy_protocol,
        .origins = config->origins,
        .origin_count = config->origins_count,
        .only_loopback = config->is_demo,
        .tls = settings->identity.context,
    };
}

static struct api_rules api_rules_of(const struct settings *settings) {
    const struct config *config = settings->config;
    return (struct api_rules){
        .keys = config->api.keys,
        .publish_max_bytes = config->publish.max_bytes,
        .jwt_keys = settings->keys,
        .awaits_keys = auth_keys_count(settings->keys) == 0,
        .audience = span_str(config->jwt.audience),
        .issuer = span_str(config->jwt.issuer),
        .leeway_seconds = config->jwt.leeway_seconds,
        .has_public_stats = config->api.has_public_stats,
        .origins = config->origins,
        .origin_count = config->origins_count,
    };
}

/* Endpoints whose channels begin alike share a rule. */
static struct hub_rule *obtain_rule(struct settings *settings, struct span prefix) {
    for (size_t i = 0; i < settings->hub_rule_count; i++) {
        if (span_eq(settings->hub_rules[i].prefix, prefix)) return &settings->hub_rules[i];
    }
    struct hub_rule *rule = &settings->hub_rules[settings->hub_rule_count++];
    rule->prefix = prefix;
    return rule;
}

/* A rule for the channels that must be declared: those of an endpoint's first template, which begin
 * with what stands before its placeholder. */
static void add_rule(struct settings *settings, const struct endpoint_options *endpoint) {
    struct span prefix = span_str(endpoint->channels[0]);
    prefix.len = span_find(prefix, '{');
    struct hub_rule *rule = obtain_rule(settings, prefix);
    rule->keeps_history |= endpoint->replay == ENDPOINT_REPLAY_ALL;
    if (rule->ends_after.len == 0) rule->ends_after = span_str(endpoint->ends_after);
}

/* Of the endpoints that are served, then of the retired ones: their channels stay what they are. */
static void add_rules(struct settings *settings) {
    const struct config *config = settings->config;
    for (size_t i = 0; i < config->endpoints_count; i++) {
        const struct endpoint_options *endpoint = &config->endpoints[i];
        if (endpoint->is_declared && endpoint->is_enabled) add_rule(settings, endpoint);
    }
    for (size_t i = 0; i < config->endpoints_count; i++) {
        const struct endpoint_options *endpoint = &config->endpoints[i];
        if (endpoint->is_declared && config->is_retired[i]) add_rule(settings, endpoint);
    }
}

/* Fills in what follows from configuration and keys. */
static void conclude(struct settings *settings) {
    const struct session_options options = session_options_of(settings);
    settings->users = 1;
    settings->session_rules = session_rules_new(&options);
    settings->api_rules = api_rules_of(settings);
    add_rules(settings);
}

/* Shared with others that say the same. */
static struct tls_context *ref_context(const struct config_identity *identity) {
    return identity->context ? tls_context_ref(identity->context) : NULL;
}

struct settings *settings_new(struct config *own_config, struct auth_keys *own_keys,
                              uint64_t max_connections) {
    struct settings *settings = mem_new(sizeof *settings);
    settings->config = own_config;
    settings->keys = own_keys;
    settings->identity = own_config->tls.identity;
    settings->identity.context = ref_context(&settings->identity);
    settings->max_connections = max_connections;
    conclude(settings);
    return settings;
}

static struct settings *renew(struct settings *running, struct auth_keys *own_keys,
                              const struct config_identity *own_identity) {
    struct settings *settings = mem_new(sizeof *settings);
    settings->base = settings_ref(running->base ? running->base : running);
    settings->config = running->config;
    settings->keys = own_keys;
    settings->identity = *own_identity;
    settings->max_connections = running->max_connections;
    conclude(settings);
    return settings;
}

struct settings *settings_with_keys(struct settings *running, struct auth_keys *own_keys) {
    struct config_identity identity = running->identity;
    identity.context = ref_context(&identity);
    return renew(running, own_keys, &identity);
}

struct settings *settings_with_identity(struct settings *running,
                                        const struct config_identity *own_identity) {
    return renew(running, auth_keys_ref(running->keys), own_identity);
}

struct settings *settings_ref(struct settings *settings) {
    atomic_fetch_add(&settings->users, 1);
    return settings;
}

void settings_unref(struct settings *settings) {
    if (!settings || atomic_fetch_sub(&settings->users, 1) > 1) return;
    session_rules_free(settings->session_rules);
    tls_context_unref(settings->identity.context);
    auth_keys_unref(settings->keys);
    if (!settings->base) config_free(settings->config);
    settings_unref(settings->base);
    mem_free(settings);
}

struct span settings_batch_channels(const struct config *config) {
    struct span channels = span_str(config->batches.channels);
    return span_of(channels.at, span_find(channels, '{'));
}
