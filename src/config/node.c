/* SPDX-License-Identifier: MIT */
/*
 * config/node.c: the tree that sources are read into, and values from variables and flags.
 */
#include "config/node_priv.h"

#include "base/json.h"

void config_node_append(struct config_node *parent, struct config_node **ret_last,
                        struct config_node *own_item) {
    if (*ret_last)
        (*ret_last)->next = own_item;
    else
        parent->first = own_item;
    *ret_last = own_item;
    parent->count++;
}

struct json_source {
    struct span text;
    struct config_place place;
    struct config_pool *pool;
    struct config_report *report;
    size_t nodes;
};

static enum err refuse_at(const struct json_source *in, const char *at, const char *expected) {
    size_t line, column;
    json_position(in->text, (size_t)(at - in->text.at), &line, &column);
    if (line == 1)
        config_report_add(in->report, in->place, "%s expected at character %zu", expected, column);
    else
        config_report_add(in->report, in->place, "%s expected at line %zu, character %zu", expected,
                          line, column);
    return ERR_INVALID;
}

static struct config_node *scalar(struct config_pool *pool, struct config_place place,
                                  struct span text, bool is_quoted) {
    struct config_node *node = config_pool_take(pool, sizeof *node);
    node->kind = CONFIG_SCALAR;
    node->place = place;
    node->is_quoted = is_quoted;
    node->text = span_of(config_pool_text(pool, text), text.len);
    return node;
}

static enum err take_string(const struct json_source *in, const struct json_value *value,
                            struct config_node **ret) {
    struct buf room;
    buf_init(&room, value->raw.len);
    struct span text;
    enum err e = json_text(value, &room, &text);
    if (!e && text.len > 0 && memchr(text.at, '\0', text.len)) e = ERR_INVALID;
    if (!e)
        *ret = scalar(in->pool, in->place, text, true);
    else
        e = refuse_at(in, value->raw.at, "a text of whole characters, none of them NUL,");
    if (room.cap) explicit_bzero(room.at, room.cap);
    buf_finish(&room);
    return e;
}

static enum err take_value(struct json_source *in, const struct json_value *value, size_t depth,
                           struct config_node **ret) {
    if (++in->nodes > CONFIG_NODES_MAX) return refuse_at(in, value->raw.at, "fewer values");
    if (value->kind == JSON_KIND_STRING) return take_string(in, value, ret);
    if (value->kind != JSON_KIND_ARRAY && value->kind != JSON_KIND_OBJECT) {
        *ret = scalar(in->pool, in->place, value->raw, false);
        (*ret)->is_null = value->kind == JSON_KIND_NULL;
        return ERR_OK;
    }
    if (depth == CONFIG_DEPTH_MAX) return refuse_at(in, value->raw.at, "less nesting");
    struct config_node *parent = config_pool_take(in->pool, sizeof *parent), *last = NULL;
    parent->kind = value->kind == JSON_KIND_ARRAY ? CONFIG_LIST : CONFIG_MAP;
    parent->place = in->place;
    struct json_walk walk = json_walk(value->raw);
    for (;;) {
        struct json_value name, item;
        enum json_step step = parent->kind == CONFIG_LIST ? json_element(&walk, &item)
                                                          : json_member(&walk, &name, &item);
        if (step != JSON_ITEM) break; /* the text was judged before: this is its end */
        struct config_node *key = NULL, *node = NULL;
        enum err e = parent->kind == CONFIG_MAP ? take_string(in, &name, &key) : ERR_OK;
        if (!e) e = take_value(in, &item, depth + 1, &node);
        if (e) return e;
        assert(node);
        node->key = key;
        config_node_append(parent, &last, node);
    }
    *ret = parent;
    return ERR_OK;
}

/* Or else an IPv6 address with its brackets. */
static bool is_json_list(struct span text) {
    text = span_trim(text);
    struct span inner = span_trim(span_skip(text, 1));
    return span_starts(text, SPAN("[")) && inner.len > 0 && strchr("\"{]", inner.at[0]);
}

enum err config_node_from_text(struct span text, bool is_list, bool allows_one,
                               struct config_place place, struct config_pool *pool,
                               struct config_report *report, const struct config_node **ret) {
    if (!is_list) {
        *ret = scalar(pool, place, text, false);
        return ERR_OK;
    }
    if (allows_one && !is_json_list(text)) {
        struct config_node *parent = config_pool_take(pool, sizeof *parent), *last = NULL;
        parent->kind = CONFIG_LIST;
        parent->place = place;
        if (text.len > 0) config_node_append(parent, &last, scalar(pool, place, text, false));
        *ret = parent;
        return ERR_OK;
    }
    struct json_source in = { .text = text, .place = place, .pool = pool, .report = report };
    struct json_value value;
    struct json_error error;
    if (!json_parse(text, &value, &error)) {
        config_report_add(report, place,
                          "a list in JSON expected, such as [\"a\",\"b\"]: %s "
                          "missing at character %zu",
                          error.expected, error.offset + 1);
        return ERR_INVALID;
    }
    if (value.kind != JSON_KIND_ARRAY) {
        config_report_add(report, place, "a list in JSON expected, such as [\"a\",\"b\"]");
        return ERR_INVALID;
    }
    struct config_node *root;
    enum err e = take_value(&in, &value, 0, &root);
    if (!e) *ret = root;
    return e;
}
