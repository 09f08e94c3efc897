/* SPDX-License-Identifier: MIT */
/*
 * config/environ.c: variables and flags: each key's own name, `_FILE` for secrets, and the names
 * that deployments had before.
 */
#include "base/address.h"
#include "config/draft_priv.h"
#include "config/suggest_priv.h"
#include "config/type_priv.h"

#include <ctype.h>

/* What the process was given; names and values are texts of the draft's pool or of the process. */
struct variable {
    const char *name;
    struct span value;
};
struct variables {
    struct variable *list;
    size_t count;
};

static struct variables split(struct config_draft *draft, const char *const *environ) {
    struct variables all = { 0 };
    for (size_t i = 0; environ[i]; i++)
        all.count++;
    all.list = config_pool_take(draft->pool, all.count * sizeof *all.list);
    for (size_t i = 0; i < all.count; i++) {
        struct span text = span_str(environ[i]);
        size_t at = span_find(text, '=');
        all.list[i].name = config_pool_text(draft->pool, span_of(text.at, at));
        all.list[i].value = span_skip(text, at + 1);
    }
    return all;
}

static const struct variable *find(const struct variables *all, struct span name) {
    for (size_t i = 0; i < all->count; i++)
        if (span_eq(span_str(all->list[i].name), name)) return &all->list[i];
    return NULL;
}

/* Names from before; a variable of the key's own goes over them. Since other programs have them
 * too, an empty one counts as not set. */
static const struct alias {
    const char *name;
    const char *row;
    const char *endpoint; /* whose key `row` is; NULL: a key for all */
    bool is_item;         /* the value is one item of the list, not the list */
    bool is_redis;        /* it says that there is a Redis, too */
} aliases[] = {
    { "LOG_LEVEL", "log_level" },
    { "CORS_ORIGINS", "origins" },
    { "JWT_SECRET_KEY", "jwt.secret" },
    { "JWT_ALGORITHM", "jwt.algorithms", .is_item = true },
    { "JWT_AUDIENCE", "jwt.audience" },
    { "JWT_ISSUER", "jwt.issuer" },
    { "REDIS_URL", "broker.redis.url", .is_redis = true },
    { "WEBSOCKET_MAX_CONNECTIONS_PER_USER", "connections", "huleedu" },
    { "WEBSOCKET_MAX_CONNECTIONS_PER_USER", "connections", "huleedu-status" },
    { "WEBSOCKET_IDLE_TIMEOUT", "idle_seconds", "huleedu" },
    { "WEBSOCKET_IDLE_TIMEOUT", "idle_seconds", "huleedu-status" },
};

void config_aliases(struct buf *out) {
    for (size_t i = 0; i < countof(aliases); i++) {
        const struct alias *alias = &aliases[i];
        buf_printf(out, "| `%s` | `%s`%s", alias->name, alias->row,
                   alias->is_item ? ", one of them" : "");
        if (alias->is_redis) buf_append_text(out, ", and `redis` as `broker.kind`");
        if (alias->endpoint) buf_printf(out, " of the endpoint `%s`", alias->endpoint);
        buf_append_text(out, " |\n");
    }
    buf_append_text(out, "| `WEBSOCKET_PORT` | the port of `listen` |\n");
}

/* The slot of a key for all, or of one endpoint's key. */
struct target {
    const struct config_row *row;
    const struct config_node **slot;
};

static struct target target_for(struct config_draft *draft, const char *row, const char *endpoint) {
    if (!endpoint) {
        const struct config_row *found =
            config_row_find(config_rows, config_rows_count, span_str(row));
        return (struct target){ found, &draft->values[found - config_rows] };
    }
    const struct config_row *found =
        config_row_find(config_endpoint_rows, config_endpoint_rows_count, span_str(row));
    size_t i = 0; /* the built-in ones are always there */
    while (!span_eq(draft->endpoints[i].name, span_str(endpoint)))
        i++;
    return (struct target){ found, &draft->endpoints[i].values[found - config_endpoint_rows] };
}

static void set_broken(struct config_draft *draft, struct target target,
                       struct config_place place) {
    struct config_node *node = config_pool_take(draft->pool, sizeof *node);
    node->kind = CONFIG_BROKEN;
    node->place = place;
    *target.slot = node;
}

static void take(struct config_draft *draft, struct target target, const char *name,
                 struct span value, bool is_item) {
    const struct config_row *row = target.row;
    struct config_place place = { .source = name };
    if (config_node_from_text(value, row->type->is_list, row->allows_one || is_item, place,
                              draft->pool, draft->report, target.slot))
        set_broken(draft, target, place);
}

/* The value names a file that holds what is meant. */
static void take_file(struct config_draft *draft, const struct variables *all, struct target target,
                      const struct variable *variable) {
    struct config_place place = { .source = variable->name };
    struct span plain = span_of(variable->name, strlen(variable->name) - strlen("_FILE"));
    if (find(all, plain)) {
        config_report_add(draft->report, place, "%.*s is set too; only one can be meant",
                          SPAN_ARG(plain));
    } else {
        config_draft_name_file(draft, target.slot, variable->value, place);
    }
}

/* WEBSOCKET_PORT says only the port: of the one address that is listened on. */
static void take_port(struct config_draft *draft, const char *name, struct span value) {
    struct config_place place = { .source = name };
    struct target listen = target_for(draft, "listen", NULL);
    uint64_t port;
    if (!span_to_uint(value, UINT16_MAX, &port)) {
        config_report_add(draft->report, place,
                          "a port from 0 to 65535 expected, found " CONFIG_QUOTE,
                          CONFIG_QUOTED(value));
        return;
    }
    const struct config_node *was = *listen.slot;
    if (was && was->kind == CONFIG_LIST && was->count == 1) was = was->first;
    if (was && was->kind != CONFIG_SCALAR) {
        config_report_add(draft->report, place,
                          "`listen` has several addresses, set TIDINGS_LISTEN instead");
        return;
    }
    struct span host = was ? was->text : span_str(listen.row->standard);
    while (host.len > 0 && host.at[host.len - 1] != ':')
        host.len--;
    if (host.len == 0 || host.len > ADDRESS_TEXT_MAX)
        return; /* no address, which will be said of `listen` itself */
    char text[ADDRESS_TEXT_MAX + 8];
    snprintf(text, sizeof text, "%.*s%u", SPAN_ARG(host), (unsigned)port);
    take(draft, listen, name, span_str(text), true);
}

/* Who sets REDIS_URL wants what is published there to be heard, unless it is said otherwise; then
 * it is another program's. */
static bool take_broker(struct config_draft *draft, const struct variables *all, const char *name) {
    struct target kind = target_for(draft, "broker.kind", NULL);
    const struct variable *own = find(all, SPAN("TIDINGS_BROKER_KIND"));
    if (own) return !span_eq(own->value, SPAN("memory"));
    const struct config_node *said = *kind.slot;
    if (said) return said->kind != CONFIG_SCALAR || !span_eq(said->text, SPAN("memory"));
    take(draft, kind, name, SPAN("redis"), false);
    return true;
}

static void take_alias(struct config_draft *draft, const struct variables *all,
                       const struct variable *variable) {
    if (variable->value.len == 0) return;
    struct span name = span_str(variable->name);
    if (span_eq(name, SPAN("WEBSOCKET_PORT"))) take_port(draft, variable->name, variable->value);
    for (size_t i = 0; i < countof(aliases); i++) {
        const struct alias *alias = &aliases[i];
        if (!span_starts(name, span_str(alias->name))) continue;
        struct target target = target_for(draft, alias->row, alias->endpoint);
        struct span tail = span_skip(name, strlen(alias->name));
        bool is_file = target.row->is_secret && span_eq(tail, SPAN("_FILE"));
        if (tail.len > 0 && !is_file) continue;
        if (alias->is_redis && !take_broker(draft, all, variable->name)) continue;
        if (is_file)
            take_file(draft, all, target, variable);
        else
            take(draft, target, variable->name, variable->value, alias->is_item);
    }
}

void config_variable(char ret[CONFIG_VARIABLE_MAX], const char *endpoint,
                     const struct config_row *row) {
    if (endpoint)
        snprintf(ret, CONFIG_VARIABLE_MAX, "TIDINGS_ENDPOINTS_%s_%s", endpoint, row->path);
    else
        snprintf(ret, CONFIG_VARIABLE_MAX, "TIDINGS_%s", row->path);
    for (char *c = ret; *c; c++)
        *c = *c == '.' || *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* Looking for the key that a variable names, among all that there are. */
struct search {
    struct span name;
    struct target target;
    bool is_file; /* it is the `_FILE` of that key */
    struct config_suggest near;
};
typedef bool (*search_step)(struct search *search, struct target target, struct span own_name);

/* Tries key after key until one is the right one. */
static bool search_keys(struct config_draft *draft, struct search *search, search_step step) {
    char own_name[CONFIG_VARIABLE_MAX];
    for (size_t i = 0; i < config_rows_count; i++) {
        config_variable(own_name, NULL, &config_rows[i]);
        struct target target = { &config_rows[i], &draft->values[i] };
        if (step(search, target, span_str(own_name))) return true;
    }
    for (size_t i = 0; i < draft->endpoints_count; i++) {
        struct config_draft_endpoint *endpoint = &draft->endpoints[i];
        for (size_t k = 0; k < config_endpoint_rows_count; k++) {
            config_variable(own_name, endpoint->name.at, &config_endpoint_rows[k]);
            struct target target = { &config_endpoint_rows[k], &endpoint->values[k] };
            if (step(search, target, span_str(own_name))) return true;
        }
    }
    return false;
}

static bool is_the_one(struct search *search, struct target target, struct span own_name) {
    if (!span_starts(search->name, own_name)) return false;
    struct span tail = span_skip(search->name, own_name.len);
    search->target = target;
    search->is_file = target.row->is_secret && span_eq(tail, SPAN("_FILE"));
    return tail.len == 0 || search->is_file;
}

static bool is_near(struct search *search, struct target target, struct span own_name) {
    (void)target;
    config_suggest_try(&search->near, own_name);
    return false;
}

static bool span_holds(struct span s, struct span needle) {
    return memmem(s.at, s.len, needle.at, needle.len) != NULL;
}

/* Kubernetes gives every pod variables that describe the services beside it: of one called tidings,
 * TIDINGS_SERVICE_HOST, TIDINGS_PORT=tcp://… and the like. */
static bool is_from_kubernetes(const struct variable *variable) {
    struct span name = span_str(variable->name);
    bool is_url = span_starts(variable->value, SPAN("tcp://")) ||
                  span_starts(variable->value, SPAN("udp://"));
    return span_ends(name, SPAN("_SERVICE_HOST")) || span_holds(name, SPAN("_SERVICE_PORT")) ||
           span_holds(name, SPAN("_TCP_")) || span_holds(name, SPAN("_UDP_")) ||
           (is_url && span_holds(name, SPAN("_PORT")));
}

static void take_own(struct config_draft *draft, const struct variables *all,
                     const struct variable *variable) {
    struct search search = { .name = span_str(variable->name) };
    if (search_keys(draft, &search, is_the_one)) {
        if (search.is_file)
            take_file(draft, all, search.target, variable);
        else
            take(draft, search.target, variable->name, variable->value, false);
        return;
    }
    if (is_from_kubernetes(variable)) return;
    search.near = config_suggest_for(search.name);
    search_keys(draft, &search, is_near);
    const char *near = search.near.best;
    config_report_add(draft->report, (struct config_place){ .source = variable->name },
                      "no key has this variable%s%s%s", *near ? "; did you mean " : "", near,
                      *near ? "?" : "");
}

/* The whole list of endpoints in one variable, in place of the file's. */
static void take_endpoints(struct config_draft *draft, const struct variable *variable) {
    const struct config_node *list;
    if (!config_node_from_text(variable->value, true, false,
                               (struct config_place){ .source = variable->name }, draft->pool,
                               draft->report, &list))
        config_draft_endpoints(draft, list);
}

void config_draft_environ(struct config_draft *draft, const char *const *environ) {
    struct variables all = split(draft, environ);
    const struct variable *endpoints = find(&all, SPAN("TIDINGS_ENDPOINTS"));
    if (endpoints) take_endpoints(draft, endpoints);
    const struct variable *credentials = find(&all, SPAN("CREDENTIALS_DIRECTORY"));
    if (credentials) config_draft_credentials(draft, credentials->value);
    for (size_t i = 0; i < all.count; i++)
        if (!span_starts(span_str(all.list[i].name), SPAN("TIDINGS_")))
            take_alias(draft, &all, &all.list[i]);
    /* The command line's own: a key, and a token, to call a server with. */
    const struct variable *client_key = find(&all, SPAN("TIDINGS_API_KEY"));
    const struct variable *client_token = find(&all, SPAN("TIDINGS_TOKEN"));
    for (size_t i = 0; i < all.count; i++)
        if (span_starts(span_str(all.list[i].name), SPAN("TIDINGS_")) &&
            &all.list[i] != endpoints && &all.list[i] != client_key && &all.list[i] != client_token)
            take_own(draft, &all, &all.list[i]);
}

void config_draft_flags(struct config_draft *draft, const struct config_flag *flags, size_t count) {
    for (size_t i = 0; i < count; i++) {
        take(draft, target_for(draft, flags[i].key, NULL), flags[i].name, span_str(flags[i].value),
             false);
    }
}
