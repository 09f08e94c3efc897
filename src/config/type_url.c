/* SPDX-License-Identifier: MIT */
/*
 * config/type_url.c: where something is fetched from. Whether it may be is for several keys to say.
 */
#include "base/json.h"
#include "config/type_priv.h"
#include "fetch/url.h"

static bool read_url(const struct config_read *in, const struct config_row *row,
                     const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_text(in, node, 0, FETCH_URL_MAX, &text)) return false;
    config_keep_text(in, text, ret);
    return true;
}

static const char *url_at(const void *value) {
    const char *url;
    memcpy(&url, value, sizeof url);
    return url;
}

static void show_url(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    struct buf shown;
    buf_init(&shown, 2 * FETCH_URL_MAX);
    if (*url_at(value)) fetch_url_show(url_at(value), &shown);
    json_append_string(out, buf_span(&shown));
    buf_finish(&shown);
}

static bool is_same_url(const void *a, const void *b) {
    return strcmp(url_at(a), url_at(b)) == 0;
}

const struct config_type config_type_url = {
    .name = "URL", .is_text = true, .read = read_url, .show = show_url, .is_same = is_same_url
};
