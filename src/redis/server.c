/* SPDX-License-Identifier: MIT */
/*
 * redis/server.c: where a server is.
 */
#include "redis/conn_priv.h"

bool redis_server_set(struct redis_server *server, struct span host, uint16_t port) {
    if (host.len == 0 || host.len > REDIS_HOST_MAX || memchr(host.at, 0, host.len)) return false;
    *server = (struct redis_server){ .port = port };
    memcpy(server->host, host.at, host.len);
    return true;
}

bool redis_server_parse(struct redis_server *server, struct span text) {
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    uint64_t port;
    if (colon == 0 || !span_to_uint(span_skip(text, colon), UINT16_MAX, &port)) return false;
    struct span host = span_of(text.at, colon - 1);
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
        host = span_of(host.at + 1, host.len - 2);
    }
    return port > 0 && redis_server_set(server, host, (uint16_t)port);
}

bool redis_server_eq(const struct redis_server *a, const struct redis_server *b) {
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

void redis_server_format(const struct redis_server *server, char ret[REDIS_SERVER_TEXT_MAX]) {
    bool is_v6 = strchr(server->host, ':') != NULL;
    (void)snprintf(ret, REDIS_SERVER_TEXT_MAX, "%s%s%s:%u", is_v6 ? "[" : "", server->host,
                   is_v6 ? "]" : "", (unsigned)server->port);
}
