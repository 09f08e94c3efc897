/* SPDX-License-Identifier: MIT */
/*
 * config/type_list.c: values that are lists: names, channel templates, addresses, networks,
 * origins, algorithms, API keys.
 */
#include "auth/algorithm.h"
#include "auth/api_key.h"
#include "base/address.h"
#include "base/json.h"
#include "config/suggest_priv.h"
#include "config/type_priv.h"

#include <ctype.h>

enum { CLAIM_MAX = 128, CHANNEL_MAX = 200, ORIGIN_MAX = 300 };

static bool read_name(const struct config_read *in, const struct config_row *row,
                      const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_name(in, node, 1, CLAIM_MAX, &text)) return false;
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_names = { .name = "list of texts",
                                               .is_list = true,
                                               .item_bytes = sizeof(const char *),
                                               .read = read_name,
                                               .show = config_show_text };

/* Whether the path has what stands between braces is judged when the whole endpoint is known. */
static bool read_channel(const struct config_read *in, const struct config_row *row,
                         const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_name(in, node, 1, CHANNEL_MAX, &text)) return false;
    bool is_open = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if ((c == '{' && is_open) || (c == '}' && (!is_open || text.at[i - 1] == '{')))
            return config_wrong(in, node, "braces that are no {placeholder}, in " CONFIG_QUOTE,
                                CONFIG_QUOTED(text));
        if (c == '{' || c == '}') is_open = c == '{';
    }
    if (is_open)
        return config_wrong(in, node, "a brace that is not closed, in " CONFIG_QUOTE,
                            CONFIG_QUOTED(text));
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_channels = { .name = "list of channels",
                                                  .is_list = true,
                                                  .item_bytes = sizeof(const char *),
                                                  .read = read_channel,
                                                  .show = config_show_text };

/* `address_parse` takes an address without a port too, which cannot be listened on. */
static bool has_port(struct span text) {
    if (span_starts(text, SPAN("[")))
        return span_starts(span_skip(text, span_find(text, ']')), SPAN("]:"));
    size_t colon = span_find(text, ':');
    return colon < text.len && span_find(span_skip(text, colon + 1), ':') == text.len - colon - 1;
}

static bool read_address(const struct config_read *in, const struct config_row *row,
                         const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    struct address address;
    if (!config_take_scalar(in, node, "an address", &text)) return false;
    if (!address_parse(text, &address) || !has_port(text))
        return config_wrong(in, node,
                            "an IP address with a port expected, as 127.0.0.1:8080 or [::1]:8080, "
                            "found " CONFIG_QUOTE,
                            CONFIG_QUOTED(text));
    memcpy(ret, &address, sizeof address);
    return true;
}

static void show_address(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    struct address address;
    memcpy(&address, value, sizeof address);
    char text[ADDRESS_TEXT_MAX];
    size_t len = address_format_port(&address, text);
    json_append_string(out, span_of(text, len));
}

const struct config_type config_type_addresses = { .name = "list of addresses",
                                                   .is_list = true,
                                                   .item_bytes = sizeof(struct address),
                                                   .read = read_address,
                                                   .show = show_address };

static bool read_network(const struct config_read *in, const struct config_row *row,
                         const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_scalar(in, node, "a network", &text)) return false;
    struct cidr network;
    struct err_note note = { 0 };
    if (cidr_parse(text, &network, &note))
        return config_wrong(in, node, "%s, in " CONFIG_QUOTE, note.text, CONFIG_QUOTED(text));
    memcpy(ret, &network, sizeof network);
    return true;
}

static void show_network(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    struct cidr network;
    memcpy(&network, value, sizeof network);
    struct address address = { 0 };
    memcpy(address.bytes, network.bytes, sizeof address.bytes);
    char text[ADDRESS_TEXT_MAX];
    address_format(&address, text);
    bool is_v4 = address_is_v4(&address) && network.bits >= 96;
    buf_printf(out, "\"%s/%u\"", text, network.bits - (is_v4 ? 96u : 0u));
}

const struct config_type config_type_networks = { .name = "list of networks",
                                                  .is_list = true,
                                                  .item_bytes = sizeof(struct cidr),
                                                  .read = read_network,
                                                  .show = show_network };

static bool is_host_char(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_';
}

/* Brackets go around IPv6. */
static bool is_host(struct span host) {
    if (span_starts(host, SPAN("[")) && span_ends(host, SPAN("]"))) {
        struct address address;
        return address_parse(host, &address);
    }
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_char(host.at[i])) return false;
    return host.len > 0 && host.at[0] != '.';
}

/* Why no browser would ever send this as Origin (RFC 6454 §6.2); NULL if one would. */
static const char *origin_fault(struct span text) {
    if (span_eq(text, SPAN("*"))) return "an empty list allows every origin; \"*\" is none";
    if (span_starts(text, SPAN("*.")))
        return is_host(span_skip(text, 2)) ? NULL : "only a host name may follow \"*.\"";
    size_t colon = span_find(text, ':');
    struct span scheme = span_of(text.at, colon);
    struct span host = span_skip(text, colon + 3);
    if (colon == 0 || !span_starts(span_skip(text, colon), SPAN("://")))
        return "scheme://host[:port] or *.host expected";
    for (size_t i = 0; i < scheme.len; i++)
        if (!is_host_char(scheme.at[i]) && scheme.at[i] != '+')
            return "the scheme is not one that browsers send";
    if (memchr(host.at, '/', host.len))
        return "an origin ends with its host or port, without a slash or path";
    size_t bracket = span_starts(host, SPAN("[")) ? span_find(host, ']') : 0;
    size_t at = bracket + span_find(span_skip(host, bracket), ':');
    struct span port = span_skip(host, at);
    if (!is_host(span_of(host.at, at))) return "the host is not one that browsers send";
    uint64_t number = 0;
    if (port.len > 0 && (!span_to_uint(span_skip(port, 1), 65535, &number) || number == 0))
        return "the port is not a number from 1 to 65535";
    if ((span_eq(scheme, SPAN("http")) && number == 80) ||
        (span_eq(scheme, SPAN("https")) && number == 443))
        return "browsers leave out the port that the scheme stands for";
    return NULL;
}

static bool read_origin(const struct config_read *in, const struct config_row *row,
                        const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_name(in, node, 1, ORIGIN_MAX, &text)) return false;
    const char *fault = origin_fault(text);
    if (fault) return config_wrong(in, node, "%s, found " CONFIG_QUOTE, fault, CONFIG_QUOTED(text));
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_origins = { .name = "list of origins",
                                                 .is_list = true,
                                                 .item_bytes = sizeof(const char *),
                                                 .read = read_origin,
                                                 .show = config_show_text };

static bool read_algorithms(const struct config_read *in, const struct config_row *row,
                            const struct config_node *node, void *ret) {
    (void)row;
    auth_algorithm_set set = 0;
    bool is_good = true;
    for (const struct config_node *item = node->first; item; item = item->next) {
        struct span text;
        enum auth_algorithm algorithm;
        if (!config_take_scalar(in, item, "an algorithm", &text)) {
            is_good = false;
        } else if (!auth_algorithm_parse(text, &algorithm)) {
            struct config_suggest near = config_suggest_for(text);
            for (int i = 0; i < AUTH_ALGORITHM_COUNT; i++)
                config_suggest_try(&near, span_str(auth_algorithm_text((enum auth_algorithm)i)));
            is_good = config_wrong(in, item, "unknown algorithm " CONFIG_QUOTE "%s%s%s",
                                   CONFIG_QUOTED(text), *near.best ? "; did you mean " : "",
                                   near.best, *near.best ? "?" : "");
        } else if (set & AUTH_BIT(algorithm)) {
            is_good = config_wrong(in, item, "stands in the list twice");
        } else {
            set |= AUTH_BIT(algorithm);
        }
    }
    if (!node->first) return config_wrong(in, node, "at least 1 expected");
    memcpy(ret, &set, sizeof set);
    return is_good;
}

static void show_algorithms(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    auth_algorithm_set set;
    memcpy(&set, value, sizeof set);
    const char *between = "[";
    for (int i = 0; i < AUTH_ALGORITHM_COUNT; i++) {
        if (!(set & AUTH_BIT(i))) continue;
        buf_printf(out, "%s%s", between, auth_algorithm_text((enum auth_algorithm)i));
        between = ", ";
    }
    buf_append_char(out, ']');
}

const struct config_type config_type_algorithms = {
    .name = "list of algorithms", .is_list = true, .read = read_algorithms, .show = show_algorithms
};

static bool read_scopes(const struct config_read *in, const struct config_node *node,
                        uint32_t *ret) {
    if (node->kind != CONFIG_LIST || !node->first)
        return config_wrong(in, node, "scopes: a list of publish, admin, read expected");
    uint32_t scopes = 0;
    for (const struct config_node *item = node->first; item; item = item->next) {
        enum api_scope scope;
        if (item->kind != CONFIG_SCALAR || !api_scope_parse(item->text, &scope))
            return config_wrong(in, item, "scopes: publish, admin or read expected");
        scopes |= scope;
    }
    *ret = scopes;
    return true;
}

static bool read_key_map(const struct config_read *in, const struct config_node *node,
                         struct api_key_options *ret) {
    bool is_good = true;
    for (const struct config_node *item = node->first; item; item = item->next) {
        struct span member = item->key->text, text;
        if (span_eq(member, SPAN("scopes"))) {
            is_good &= read_scopes(in, item, &ret->scopes);
        } else if (span_eq(member, SPAN("name")) || span_eq(member, SPAN("key"))) {
            bool is_key = span_eq(member, SPAN("key"));
            if (!config_take_name(in, item, 1, API_KEY_MAX, &text))
                is_good = false;
            else
                *(is_key ? &ret->key : &ret->name) = text;
        } else {
            is_good =
                config_wrong(in, item->key, "a key has name, key and scopes, but no " CONFIG_QUOTE,
                             CONFIG_QUOTED(member));
        }
    }
    if (is_good && ret->key.len == 0) return config_wrong(in, node, "a key without its \"key\"");
    return is_good;
}

static bool read_api_key(const struct config_read *in, const struct config_row *row,
                         const struct config_node *node, void *ret) {
    (void)row;
    struct api_key_options options = { .scopes = API_SCOPE_ALL };
    if (node->kind == CONFIG_MAP ? !read_key_map(in, node, &options)
                                 : !config_take_text(in, node, 1, API_KEY_MAX, &options.key))
        return false;
    /* The rules for a key are those of the set that it will be in; a key in one set with others is
     * judged later. */
    struct api_keys *alone;
    struct err_note note = { 0 };
    if (api_keys_new(&options, 1, &alone, &note)) {
        const char *colon = strchr(note.text, ':');
        return config_wrong(in, node, "%s", colon ? colon + 2 : note.text);
    }
    api_keys_free(alone);
    options.key.at = config_pool_text(in->pool, options.key);
    options.name.at = config_pool_text(in->pool, options.name);
    memcpy(ret, &options, sizeof options);
    return true;
}

static void show_api_key(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    static const struct {
        uint32_t bit;
        const char *text;
    } scopes[] = {
#define SCOPE(name, text) { API_SCOPE_##name, text },
        API_SCOPE_MAP(SCOPE)
#undef SCOPE
    };
    struct api_key_options options;
    memcpy(&options, value, sizeof options);
    buf_append_char(out, '{');
    if (options.name.len > 0) {
        buf_append_text(out, "name: ");
        json_append_string(out, options.name);
        buf_append_text(out, ", ");
    }
    buf_append_text(out, "key: " CONFIG_MASK ", scopes: ");
    const char *between = "[";
    for (size_t i = 0; i < countof(scopes); i++) {
        if (!(options.scopes & scopes[i].bit)) continue;
        buf_printf(out, "%s%s", between, scopes[i].text);
        between = ", ";
    }
    buf_append_text(out, "]}");
}

const struct config_type config_type_api_keys = { .name = "list of keys",
                                                  .is_list = true,
                                                  .item_bytes = sizeof(struct api_key_options),
                                                  .read = read_api_key,
                                                  .show = show_api_key };
