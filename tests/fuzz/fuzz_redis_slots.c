/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what a Cluster says about its slots: an answer to CLUSTER SLOTS on the wire, or, when it
 * is an error, a command sent elsewhere. Each slot has a server that can be connected to, or
 * nobody.
 */
#include "redis/reader_priv.h"
#include "redis/slots_priv.h"

enum { REPLY_MAX = 1 << 17 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_server(const struct redis_server *server) {
    char text[REDIS_SERVER_TEXT_MAX];
    assert(server->host[0] && server->port > 0);
    redis_server_format(server, text);
}

static void read_reply(const struct redis_reply *reply) {
    static const struct redis_server asked = { .host = "127.0.0.1", .port = 7000 };
    static struct redis_slots slots;
    struct redis_server server;
    struct err_note note = { "" };
    uint16_t slot;
    if (reply->kind == REDIS_ERROR && redis_redirect_read(reply->text, &asked, &slot, &server)) {
        assert(slot < REDIS_SLOTS);
        check_server(&server);
    }
    if (redis_slots_read(reply, &asked, &slots, &note)) {
        assert(note.text[0]);
        return;
    }
    assert(slots.server_count <= REDIS_SERVERS_MAX);
    for (size_t i = 0; i < slots.server_count; i++)
        check_server(&slots.servers[i]);
    for (size_t i = 0; i < REDIS_SLOTS; i++)
        assert(slots.master[i] == REDIS_NOBODY || slots.master[i] < slots.server_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct redis_reader *r = redis_reader_new(REPLY_MAX);
    const struct redis_reply *reply;
    if (size > 0 && !redis_reader_feed(r, span_of((const char *)data, size))) {
        while (redis_reader_next(r, &reply) == ERR_OK)
            read_reply(reply);
    }
    redis_reader_free(r);
    return 0;
}
