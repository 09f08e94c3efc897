/* SPDX-License-Identifier: MIT */
/*
 * config/type_text.c: values that are texts, and what the types that are made of texts share.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "config/row_priv.h"
#include "config/type_priv.h"

bool config_take_scalar(const struct config_read *in, const struct config_node *node,
                        const char *expected, struct span *ret) {
    if (node->kind != CONFIG_SCALAR) {
        config_wrong(in, node, "%s expected, found a %s", expected,
                     node->kind == CONFIG_LIST ? "list" : "map");
        return false;
    }
    *ret = node->text;
    return true;
}

bool config_take_text(const struct config_read *in, const struct config_node *node, size_t min,
                      size_t max, struct span *ret) {
    struct span text;
    if (!config_take_scalar(in, node, "a text", &text)) return false;
    if (node->is_null) return config_wrong(in, node, "has no value; \"\" is the empty text");
    if (text.len < min) return config_wrong(in, node, "must not be empty");
    if (text.len > max) return config_wrong(in, node, "longer than %zu bytes", max);
    *ret = text;
    return true;
}

bool config_take_name(const struct config_read *in, const struct config_node *node, size_t min,
                      size_t max, struct span *ret) {
    if (!config_take_text(in, node, min, max, ret)) return false;
    if (ret->len > 0 && !utf8_is_name(*ret, max))
        return config_wrong(in, node, "must be UTF-8 without control characters");
    return true;
}

void config_keep_text(const struct config_read *in, struct span text, void *ret) {
    const char *copy = config_pool_text(in->pool, text);
    memcpy(ret, &copy, sizeof copy);
}

void config_show_text(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    const char *text;
    memcpy(&text, value, sizeof text);
    json_append_string(out, span_str(text));
}

static bool read_text(const struct config_read *in, const struct config_row *row,
                      const struct config_node *node, void *ret) {
    struct span text;
    if (!config_take_name(in, node, row->min, row->max, &text)) return false;
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_text = {
    .name = "text", .is_text = true, .read = read_text, .show = config_show_text
};

static bool read_secret(const struct config_read *in, const struct config_row *row,
                        const struct config_node *node, void *ret) {
    struct span text;
    if (!config_take_text(in, node, row->min, row->max, &text)) return false;
    config_keep_text(in, text, ret);
    return true;
}

static void show_secret(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    const char *text;
    memcpy(&text, value, sizeof text);
    buf_append_text(out, *text ? CONFIG_MASK : "\"\"");
}

const struct config_type config_type_secret = { .name = "text",
                                                .read = read_secret,
                                                .show = show_secret };
