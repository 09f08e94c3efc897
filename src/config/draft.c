/* SPDX-License-Identifier: MIT */
/*
 * config/draft.c: from a tree of nodes to the rows that they speak for.
 */
#include "config/draft_priv.h"

#include "config/suggest_priv.h"
#include "config/type_priv.h"

enum { ENDPOINT_NAME_MAX = 32, EARLIER_MAX = 40 };

void config_draft_init(struct config_draft *draft) {
    for (size_t i = 0; i < config_builtins_count; i++)
        draft->endpoints[draft->endpoints_count++] = (struct config_draft_endpoint){
            .name = span_str(config_builtins[i].name),
            .is_builtin = true,
        };
}

static const struct config_node *member(const struct config_node *map, struct span key) {
    for (const struct config_node *item = map->first; item; item = item->next)
        if (span_eq(item->key->text, key)) return item;
    return NULL;
}

/* Where the first of two stands, if its source has lines. */
static const char *earlier(char ret[EARLIER_MAX], const struct config_node *first) {
    *ret = '\0';
    if (first->place.line) snprintf(ret, EARLIER_MAX, ", first in line %u", first->place.line);
    return ret;
}

/* Says that a key is there twice, or too many are; true when `item` is the first of its name. */
static bool is_fresh(struct config_draft *draft, const struct config_node *map,
                     const struct config_node *item, size_t number) {
    if (number == CONFIG_MEMBERS_MAX)
        config_report_add(draft->report, item->key->place, "too many keys in one map");
    if (number >= CONFIG_MEMBERS_MAX) return false;
    const struct config_node *first = member(map, item->key->text);
    if (first == item) return true;
    char where[EARLIER_MAX];
    config_report_add(draft->report, item->key->place, CONFIG_QUOTE " repeated%s",
                      CONFIG_QUOTED(item->key->text), earlier(where, first->key));
    return false;
}

static void unknown(struct config_draft *draft, const struct config_node *key, const char *what,
                    const struct config_suggest *near) {
    config_report_add(draft->report, key->place, "unknown %s " CONFIG_QUOTE "%s%s%s", what,
                      CONFIG_QUOTED(key->text), *near->best ? "; did you mean \"" : "", near->best,
                      *near->best ? "\"?" : "");
}

static bool is_map(struct config_draft *draft, const struct config_node *node, const char *what) {
    if (node->kind != CONFIG_MAP)
        config_report_add(draft->report, node->place, "%s: a map of keys expected", what);
    return node->kind == CONFIG_MAP;
}

/* The section called `name` that stands directly within `outer`. */
static const struct config_section *section_within(struct span outer, struct span name) {
    for (size_t i = 0; i < config_sections_count; i++) {
        const char *path = config_sections[i].name;
        if (*path && span_eq(config_path_head(path), outer) &&
            span_eq(config_path_tail(path), name))
            return &config_sections[i];
    }
    return NULL;
}

/* Keys that stand beside each other: those of `section`, and at the top level the sections too. A
 * key that is right but for its section is suggested with it. */
static void unknown_key(struct config_draft *draft, const struct config_node *key,
                        struct span section) {
    struct config_suggest near = config_suggest_for(key->text);
    for (size_t i = 0; i < config_rows_count; i++)
        if (span_eq(config_row_section(&config_rows[i]), section))
            config_suggest_try(&near, config_row_key(&config_rows[i]));
    for (size_t i = 0; i < config_sections_count; i++)
        if (span_eq(config_path_head(config_sections[i].name), section))
            config_suggest_try(&near, config_path_tail(config_sections[i].name));
    if (section.len == 0) config_suggest_try(&near, SPAN("endpoints"));
    for (size_t i = 0; i < config_rows_count && !*near.best; i++)
        if (span_eq(config_row_key(&config_rows[i]), key->text))
            snprintf(near.best, sizeof near.best, "%s", config_rows[i].path);
    unknown(draft, key, "key", &near);
}

/* The row called `key` within `section`; NULL when there is none. */
static const struct config_row *row_within(struct span section, struct span key) {
    for (size_t i = 0; i < config_rows_count; i++)
        if (span_eq(config_row_section(&config_rows[i]), section) &&
            span_eq(config_row_key(&config_rows[i]), key))
            return &config_rows[i];
    return NULL;
}

/* The key of a secret with `_file` behind it names the file that holds the secret. False when
 * `item` is no such key. */
static bool take_secret_file(struct config_draft *draft, const struct config_node *map,
                             const struct config_node *item, struct span section) {
    struct span key = item->key->text;
    if (!span_ends(key, SPAN("_file"))) return false;
    struct span plain = span_of(key.at, key.len - strlen("_file"));
    const struct config_row *row = row_within(section, plain);
    if (!row || !row->is_secret) return false;
    if (member(map, plain)) {
        config_report_add(draft->report, item->key->place, "%.*s is set too; only one can be meant",
                          SPAN_ARG(plain));
    } else if (item->kind != CONFIG_SCALAR || item->is_null || item->text.len == 0) {
        config_report_add(draft->report, item->place, "%s_file: the name of a file expected",
                          row->path);
    } else {
        config_draft_name_file(draft, &draft->values[row - config_rows], item->text, item->place);
    }
    return true;
}

static void take_section(struct config_draft *draft, const struct config_node *map,
                         struct span section);

static void take_member(struct config_draft *draft, const struct config_node *map,
                        const struct config_node *item, struct span section) {
    struct span key = item->key->text;
    if (section.len == 0 && span_eq(key, SPAN("endpoints"))) {
        config_draft_endpoints(draft, item);
        return;
    }
    const struct config_section *inner = section_within(section, key);
    if (inner) {
        if (!item->is_null && is_map(draft, item, inner->name))
            take_section(draft, item, span_str(inner->name));
        return;
    }
    const struct config_row *row = row_within(section, key);
    if (row) {
        draft->values[row - config_rows] = item;
    } else if (!take_secret_file(draft, map, item, section)) {
        unknown_key(draft, item->key, section);
    }
}

static void take_section(struct config_draft *draft, const struct config_node *map,
                         struct span section) {
    size_t number = 0;
    for (const struct config_node *item = map->first; item; item = item->next)
        if (is_fresh(draft, map, item, number++)) take_member(draft, map, item, section);
}

void config_draft_file(struct config_draft *draft, const struct config_node *root) {
    if (root && !root->is_null && is_map(draft, root, "the configuration"))
        take_section(draft, root, SPAN(""));
}

/* A name is a part of variables and a label of metrics. */
static bool is_endpoint_name(struct span name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool is_inner = (c >= '0' && c <= '9') || c == '-';
        if (!(c >= 'a' && c <= 'z') && !(is_inner && i > 0)) return false;
    }
    return name.len > 0 && name.len <= ENDPOINT_NAME_MAX;
}

static struct config_draft_endpoint *endpoint_named(struct config_draft *draft, struct span name) {
    for (size_t i = 0; i < draft->endpoints_count; i++)
        if (span_eq(draft->endpoints[i].name, name)) return &draft->endpoints[i];
    return NULL;
}

/* The endpoint that an entry of the list is about: one that is there, or a new one. */
static struct config_draft_endpoint *endpoint_for(struct config_draft *draft,
                                                  const struct config_node *name) {
    if (name->kind != CONFIG_SCALAR || !is_endpoint_name(name->text)) {
        config_report_add(
            draft->report, name->place,
            "name: up to %d small letters, digits and dashes expected, a letter first",
            ENDPOINT_NAME_MAX);
        return NULL;
    }
    struct config_draft_endpoint *endpoint = endpoint_named(draft, name->text);
    if (endpoint && endpoint->name_node) {
        char where[EARLIER_MAX];
        config_report_add(draft->report, name->place, "a second endpoint named " CONFIG_QUOTE "%s",
                          CONFIG_QUOTED(name->text), earlier(where, endpoint->name_node));
        return NULL;
    }
    if (!endpoint && draft->endpoints_count == CONFIG_ENDPOINTS_MAX) {
        config_report_add(draft->report, name->place, "more than %d endpoints",
                          CONFIG_ENDPOINTS_MAX);
        return NULL;
    }
    if (!endpoint) {
        endpoint = &draft->endpoints[draft->endpoints_count++];
        *endpoint = (struct config_draft_endpoint){ .name = name->text };
    }
    endpoint->name_node = name;
    return endpoint;
}

static void take_endpoint_key(struct config_draft *draft, struct config_draft_endpoint *endpoint,
                              const struct config_node *item) {
    for (size_t i = 0; i < config_endpoint_rows_count; i++) {
        if (span_eq(span_str(config_endpoint_rows[i].path), item->key->text)) {
            endpoint->values[i] = item;
            return;
        }
    }
    struct config_suggest near = config_suggest_for(item->key->text);
    for (size_t i = 0; i < config_endpoint_rows_count; i++)
        config_suggest_try(&near, span_str(config_endpoint_rows[i].path));
    unknown(draft, item->key, "key of an endpoint:", &near);
}

static void take_endpoint(struct config_draft *draft, const struct config_node *map) {
    if (!is_map(draft, map, "endpoints")) return;
    struct config_draft_endpoint nameless = { 0 }; /* still judged for keys that do not exist */
    struct config_draft_endpoint *endpoint = NULL;
    const struct config_node *name = member(map, SPAN("name"));
    if (name)
        endpoint = endpoint_for(draft, name);
    else
        config_report_add(draft->report, map->place, "an endpoint without a name");
    size_t number = 0;
    for (const struct config_node *item = map->first; item; item = item->next)
        if (is_fresh(draft, map, item, number++) && item != name)
            take_endpoint_key(draft, endpoint ? endpoint : &nameless, item);
}

void config_draft_endpoints(struct config_draft *draft, const struct config_node *list) {
    if (list->is_null) return;
    if (list->kind != CONFIG_LIST) {
        config_report_add(draft->report, list->place,
                          "endpoints: a list expected, each entry "
                          "beginning with \"- name:\"");
        return;
    }
    draft->endpoints_count = 0;
    config_draft_init(draft);
    for (const struct config_node *item = list->first; item; item = item->next)
        take_endpoint(draft, item);
}

static struct config_place place_or(const struct config_node *node, struct config_place other) {
    return node ? node->place : other;
}

struct config_place config_draft_place(const struct config_draft *draft, const char *path) {
    const struct config_row *row = config_row_find(config_rows, config_rows_count, span_str(path));
    return place_or(draft->values[row - config_rows], draft->whole);
}

struct config_place config_draft_place_of(const struct config_draft *draft,
                                          const struct config_draft_endpoint *endpoint,
                                          const char *key) {
    const struct config_row *row =
        config_row_find(config_endpoint_rows, config_endpoint_rows_count, span_str(key));
    return place_or(endpoint->values[row - config_endpoint_rows],
                    place_or(endpoint->name_node, draft->whole));
}
