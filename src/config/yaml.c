/* SPDX-License-Identifier: MIT */
/*
 * config/yaml.c: YAML to nodes, through libyaml's events.
 *
 * A configuration needs little of YAML, and what lets a short text stand for a huge or a surprising
 * one is refused: anchors, aliases, tags, more than one document, deep nesting.
 */
#include "base/json.h"
#include "config/node_priv.h"

#include <yaml.h>

struct source {
    yaml_parser_t parser;
    struct span text;
    const char *name;
    struct config_pool *pool;
    struct config_report *report;
    size_t nodes;
};

static struct config_place place_of(const struct source *in, yaml_mark_t mark) {
    return (struct config_place){ in->name, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

static enum err refuse(const struct source *in, yaml_mark_t mark, const char *why) {
    config_report_add(in->report, place_of(in, mark), "%s", why);
    return ERR_INVALID;
}

/* The most frequent slip, which libyaml has no words for. */
static bool is_indented_by_tab(struct span text, size_t line) {
    struct span rest = text, head = text;
    for (size_t i = 0; i <= line; i++)
        if (!span_next(&rest, '\n', &head)) return false;
    size_t blanks = 0;
    while (blanks < head.len && head.at[blanks] == ' ')
        blanks++;
    return blanks < head.len && head.at[blanks] == '\t';
}

/* The parser's own words, with the place that it found. */
static enum err syntax_error(struct source *in) {
    const yaml_parser_t *parser = &in->parser;
    const char *problem = parser->problem ? parser->problem : "cannot be read";
    if (parser->error == YAML_READER_ERROR) {
        size_t line, column;
        json_position(in->text, parser->problem_offset, &line, &column);
        struct config_place place = { in->name, (uint32_t)line, (uint32_t)column };
        config_report_add(in->report, place, "not a text in UTF-8: %s", problem);
        return ERR_INVALID;
    }
    struct config_place place = place_of(in, parser->problem_mark);
    if (is_indented_by_tab(in->text, parser->problem_mark.line))
        config_report_add(in->report, place, "not YAML: indentation is made of spaces, not tabs");
    else
        config_report_add(in->report, place, "not YAML: %s%s%s",
                          parser->context ? parser->context : "", parser->context ? ": " : "",
                          problem);
    return ERR_INVALID;
}

static enum err next_event(struct source *in, yaml_event_t *ret) {
    if (!yaml_parser_parse(&in->parser, ret))
        return in->parser.error == YAML_MEMORY_ERROR ? ERR_NOMEM : syntax_error(in);
    return ERR_OK;
}

static enum err new_node(struct source *in, const yaml_event_t *event, enum config_node_kind kind,
                         struct config_node **ret) {
    if (++in->nodes > CONFIG_NODES_MAX)
        return refuse(in, event->start_mark, "too many values in one file");
    struct config_node *node = config_pool_take(in->pool, sizeof *node);
    node->kind = kind;
    node->place = place_of(in, event->start_mark);
    *ret = node;
    return ERR_OK;
}

static enum err take_scalar(struct source *in, const yaml_event_t *event,
                            struct config_node **ret) {
    struct span text = { (const char *)event->data.scalar.value, event->data.scalar.length };
    if (memchr(text.at, '\0', text.len))
        return refuse(in, event->start_mark, "a text must not hold a NUL character");
    struct config_node *node;
    enum err e = new_node(in, event, CONFIG_SCALAR, &node);
    if (e) return e;
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->is_null = !node->is_quoted &&
                    (text.len == 0 || span_eq(text, SPAN("~")) || span_eq(text, SPAN("null")));
    node->text = span_of(config_pool_text(in->pool, text), text.len);
    *ret = node;
    return ERR_OK;
}

static enum err take_node(struct source *in, const yaml_event_t *event, size_t depth,
                          struct config_node **ret);

/* What stands between the start of a list or map and its end. */
static enum err take_items(struct source *in, struct config_node *parent, size_t depth) {
    struct config_node *last = NULL, *key = NULL;
    for (;;) {
        yaml_event_t event;
        enum err e = next_event(in, &event);
        if (e) return e;
        bool is_end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        bool is_key = parent->kind == CONFIG_MAP && !key;
        struct config_node *node = NULL;
        if (is_key && !is_end && event.type != YAML_SCALAR_EVENT)
            e = refuse(in, event.start_mark, "a key must be a plain text");
        else if (!is_end)
            e = take_node(in, &event, depth, &node);
        yaml_event_delete(&event);
        if (e || is_end) return e;
        if (is_key) {
            key = node;
            continue;
        }
        node->key = key;
        key = NULL;
        config_node_append(parent, &last, node);
    }
}

static enum err take_node(struct source *in, const yaml_event_t *event, size_t depth,
                          struct config_node **ret) {
    const yaml_char_t *anchor = NULL, *tag = NULL;
    enum config_node_kind kind = CONFIG_SCALAR;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        kind = CONFIG_LIST;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        kind = CONFIG_MAP;
        break;
    default: return refuse(in, event->start_mark, "aliases (*name) are not supported");
    }
    if (anchor) return refuse(in, event->start_mark, "anchors (&name) are not supported");
    if (tag) return refuse(in, event->start_mark, "tags (!name) are not supported");
    if (kind == CONFIG_SCALAR) return take_scalar(in, event, ret);
    if (depth == CONFIG_DEPTH_MAX) return refuse(in, event->start_mark, "nested too deeply");
    enum err e = new_node(in, event, kind, ret);
    return e ? e : take_items(in, *ret, depth + 1);
}

/* The document's root and the end of the stream after it. */
static enum err take_stream(struct source *in, struct config_node **ret) {
    for (;;) {
        yaml_event_t event;
        enum err e = next_event(in, &event);
        if (e) return e;
        bool is_end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && *ret)
            e = refuse(in, event.start_mark, "a second document; a configuration is only one");
        else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
                 event.type != YAML_DOCUMENT_END_EVENT && !is_end)
            e = take_node(in, &event, 0, ret);
        yaml_event_delete(&event);
        if (e || is_end) return e;
    }
}

enum err config_node_from_yaml(struct span text, const char *name, struct config_pool *pool,
                               struct config_report *report, const struct config_node **ret) {
    struct source in = { .text = text, .pool = pool, .report = report };
    in.name = config_pool_text(pool, span_str(name));
    if (!yaml_parser_initialize(&in.parser)) return ERR_NOMEM;
    /* Otherwise a byte order mark could turn it into UTF-16. */
    yaml_parser_set_encoding(&in.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&in.parser, (const unsigned char *)(text.at ? text.at : ""),
                                 text.len);
    struct config_node *root = NULL;
    enum err e = take_stream(&in, &root);
    yaml_parser_delete(&in.parser);
    if (!e) *ret = root;
    return e;
}
