/* SPDX-License-Identifier: MIT */
/*
 * redis/slots.c: see redis/slots_priv.h.
 *
 * CLUSTER SLOTS is asked for since every version has it; CLUSTER SHARDS, its successor, says the
 * same of masters.
 */
#include "redis/slots_priv.h"

/* Of an entry: its first and last slot, its master, its replicas. Of a server: host, port, id. */
enum { ENTRY_FIRST, ENTRY_LAST, ENTRY_MASTER };
enum { SERVER_HOST, SERVER_PORT, SERVER_FIELDS };

static bool read_slot(const struct redis_reply *reply, uint16_t *ret) {
    if (reply->kind != REDIS_INTEGER || reply->integer < 0 || reply->integer >= REDIS_SLOTS) {
        return false;
    }
    *ret = (uint16_t)reply->integer;
    return true;
}

/* Without a name it is where the server that answers is; one that is not known is "?". */
static bool set_server(struct redis_server *ret, struct span host, int64_t port,
                       const struct redis_server *asked) {
    if (host.len == 0) host = span_str(asked->host);
    return port > 0 && port <= UINT16_MAX && redis_server_set(ret, host, (uint16_t)port);
}

static bool read_server(const struct redis_reply *reply, const struct redis_server *asked,
                        struct redis_server *ret) {
    if (reply->kind != REDIS_ARRAY || reply->count < SERVER_FIELDS) return false;
    const struct redis_reply *host = &reply->items[SERVER_HOST];
    const struct redis_reply *port = &reply->items[SERVER_PORT];
    if (host->kind != REDIS_STRING && host->kind != REDIS_NIL) return false;
    struct span name = host->kind == REDIS_STRING ? host->text : SPAN("");
    return port->kind == REDIS_INTEGER && set_server(ret, name, port->integer, asked);
}

/* Its index; REDIS_NOBODY when there are too many. */
static uint16_t index_of(struct redis_slots *slots, const struct redis_server *server) {
    size_t i = 0;
    while (i < slots->server_count && !redis_server_eq(&slots->servers[i], server))
        i++;
    if (i == REDIS_SERVERS_MAX) return REDIS_NOBODY;
    if (i == slots->server_count) slots->servers[slots->server_count++] = *server;
    return (uint16_t)i;
}

static enum err read_entry(const struct redis_reply *entry, const struct redis_server *asked,
                           struct redis_slots *slots, struct err_note *note) {
    uint16_t first, last;
    struct redis_server server;
    if (entry->kind != REDIS_ARRAY || entry->count <= ENTRY_MASTER ||
        !read_slot(&entry->items[ENTRY_FIRST], &first) ||
        !read_slot(&entry->items[ENTRY_LAST], &last) || first > last ||
        !read_server(&entry->items[ENTRY_MASTER], asked, &server)) {
        return err_note(note, ERR_INVALID, "it does not say who has which slots");
    }
    if (strcmp(server.host, "?") == 0) return ERR_OK;
    uint16_t index = index_of(slots, &server);
    if (index == REDIS_NOBODY) {
        return err_note(note, ERR_LIMIT, "it names more than %d servers", REDIS_SERVERS_MAX);
    }
    for (unsigned slot = first; slot <= last; slot++) {
        if (slots->master[slot] != REDIS_NOBODY) {
            return err_note(note, ERR_INVALID, "it names two masters for slot %u", slot);
        }
        slots->master[slot] = index;
    }
    return ERR_OK;
}

/* Whom to ask when no master answers. Those that do not fit or cannot be read are left out. */
static void read_replicas(const struct redis_reply *entry, const struct redis_server *asked,
                          struct redis_slots *slots) {
    struct redis_server server;
    for (size_t i = ENTRY_MASTER + 1; i < entry->count; i++) {
        if (read_server(&entry->items[i], asked, &server)) (void)index_of(slots, &server);
    }
}

static void clear(struct redis_slots *slots) {
    slots->server_count = 0;
    for (size_t slot = 0; slot < REDIS_SLOTS; slot++)
        slots->master[slot] = REDIS_NOBODY;
}

enum err redis_slots_read(const struct redis_reply *reply, const struct redis_server *asked,
                          struct redis_slots *ret, struct err_note *note) {
    clear(ret);
    enum err e = ERR_OK;
    if (reply->kind == REDIS_ERROR) {
        return err_note(note, ERR_DENIED, "it does not say who has which slots: %.*s",
                        SPAN_ARG(reply->text));
    }
    if (reply->kind != REDIS_ARRAY) {
        return err_note(note, ERR_INVALID, "it does not say who has which slots");
    }
    for (size_t i = 0; i < reply->count && !e; i++)
        e = read_entry(&reply->items[i], asked, ret, note);
    if (e) return e;
    for (size_t i = 0; i < reply->count; i++)
        read_replicas(&reply->items[i], asked, ret);
    return ERR_OK;
}

bool redis_redirect_read(struct span text, const struct redis_server *asked, uint16_t *ret_slot,
                         struct redis_server *ret) {
    struct span word, number;
    uint64_t slot, port;
    if (!span_next(&text, ' ', &word) || !span_next(&text, ' ', &number) ||
        !span_to_uint(number, REDIS_SLOTS - 1, &slot)) {
        return false;
    }
    /* The host may be an IPv6 address without brackets, or nothing. */
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon == 0 || !span_to_uint(span_skip(text, colon), UINT16_MAX, &port)) return false;
    struct span host = span_of(text.at, colon - 1);
    if (span_eq(host, SPAN("?")) || !set_server(ret, host, (int64_t)port, asked)) return false;
    *ret_slot = (uint16_t)slot;
    return true;
}
