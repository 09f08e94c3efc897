/* SPDX-License-Identifier: MIT */
/*
 * config/type_redis.c: values that say where a Redis is.
 */
#include "base/json.h"
#include "config/type_priv.h"
#include "redis/url.h"

enum { URL_TEXT_MAX = 4096 };

/* A mistake quotes nothing of a URL: it may be a piece of the password. */
static bool read_url(const struct config_read *in, const struct config_row *row,
                     const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    struct redis_url url = { 0 };
    struct err_note note = { "" };
    if (!config_take_text(in, node, 1, URL_TEXT_MAX, &text)) return false;
    if (redis_url_parse(text, &url, &note)) return config_wrong(in, node, "%s", note.text);
    memcpy(ret, &url, sizeof url);
    explicit_bzero(&url, sizeof url);
    return true;
}

static void show_url(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    buf_append_char(out, '"');
    redis_url_show(value, out);
    buf_append_char(out, '"');
}

static bool is_same_url(const void *a, const void *b) {
    return redis_url_eq(a, b);
}

const struct config_type config_type_redis_url = {
    .name = "URL", .read = read_url, .show = show_url, .is_same = is_same_url
};

static bool read_prefix(const struct config_read *in, const struct config_row *row,
                        const struct config_node *node, void *ret) {
    struct span text;
    if (!config_take_text(in, node, row->min, row->max, &text)) return false;
    const char *fault = redis_prefix_fault(text);
    if (fault) return config_wrong(in, node, "%s", fault);
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_prefix = {
    .name = "text", .is_text = true, .read = read_prefix, .show = config_show_text
};

static bool read_server(const struct config_read *in, const struct config_row *row,
                        const struct config_node *node, void *ret) {
    (void)row;
    struct span text, host;
    uint16_t port;
    if (!config_take_scalar(in, node, "a server", &text)) return false;
    if (!redis_host_parse(text, &host, &port))
        return config_wrong(
            in, node,
            "host:port expected, as redis-1.example:26379 or [::1]:26379, found " CONFIG_QUOTE,
            CONFIG_QUOTED(text));
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_servers = { .name = "list of servers",
                                                 .is_list = true,
                                                 .item_bytes = sizeof(const char *),
                                                 .is_text = true,
                                                 .read = read_server,
                                                 .show = config_show_text };
