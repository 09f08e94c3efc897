/* SPDX-License-Identifier: MIT */
/*
 * A client of the world (world.h) that takes nothing from the server but what is whole: answers of
 * HTTP with the length that they say, JSON that is JSON, frames as RFC 6455 wants them.
 */
#ifndef TIDINGS_TESTS_APP_CLIENT_H
#define TIDINGS_TESTS_APP_CLIENT_H

#include "base/json.h"
#include "world.h"
#include "ws/message.h"

#include <errno.h>

enum { CLIENT_BYTES = 1 << 18 };

struct client {
    int fd;
    bool is_open;  /* it is a WebSocket */
    bool is_gone;  /* the server ended the stream */
    int status;    /* of the last answer */
    uint16_t code; /* of the close frame; 0: none came */
    int texts;     /* that came */
    int pongs;
    int acknowledged;   /* publishes of its own */
    uint64_t delivered; /* messages that its publishes are said to have become */
    char last[1024];    /* text or body, cut */
    size_t in_len;
    char in[CLIENT_BYTES];
    struct ws_reader reader;
};

static struct ws_inflater *client_inflater;
static struct ws_budget client_budget = { .max = UINT64_MAX };

static inline struct client *client_new(void) {
    struct client *client = calloc(1, sizeof *client);
    assert_non_null(client);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct address address;
    assert_true(address_parse(SPAN("192.0.2.1"), &address));
    session_accept(world.session, SESSION_DOOR_PUBLIC, false, ends[1], &address);
    client->fd = ends[0];
    return client;
}

static inline void expect_json(struct span text) {
    struct json_value value;
    struct json_error error;
    if (!json_parse(text, &value, &error)) fail_msg("no JSON: %.*s", SPAN_ARG(text));
}

static inline void client_note(struct client *client, struct span text) {
    (void)snprintf(client->last, sizeof client->last, "%.*s", SPAN_ARG(text));
}

/* How often all publishes in an answer were delivered. */
static inline uint64_t client_deliveries(struct span body) {
    static const char name[] = "\"deliveries\":";
    uint64_t sum = 0;
    const char *at;
    while ((at = memmem(body.at, body.len, name, sizeof name - 1)) != NULL) {
        body = span_skip(body, (size_t)(at - body.at) + sizeof name - 1);
        sum += strtoull(body.at, NULL, 10);
    }
    return sum;
}

/* One answer from what came; the bytes that it took, 0: it is not all there. */
static inline size_t client_answer(struct client *client, struct span in) {
    const char *end = memmem(in.at, in.len, "\r\n\r\n", 4);
    if (!end) return 0;
    struct span head = span_of(in.at, (size_t)(end + 4 - in.at));
    assert_true(span_starts(head, SPAN("HTTP/1.1 ")));
    uint64_t status, length = 0;
    assert_true(span_to_uint(span_of(in.at + 9, 3), 999, &status));
    const char *field = memmem(head.at, head.len, "Content-Length: ", 16);
    if (field) {
        struct span digits = span_of(field + 16, 0);
        while (digits.at[digits.len] != '\r')
            digits.len++;
        digits = span_trim(digits);
        assert_true(span_to_uint(digits, CLIENT_BYTES, &length));
    }
    if (in.len - head.len < length) return 0;
    struct span body = span_of(in.at + head.len, length);
    if (memmem(head.at, head.len, "application/json", 16)) expect_json(body);
    client->status = (int)status;
    client->is_open = status == 101;
    if (status == 200 && memmem(body.at, body.len, "\"published\"", 11)) {
        client->acknowledged++;
        client->delivered += client_deliveries(body);
    }
    client_note(client, body);
    return head.len + length;
}

static inline void client_event(struct client *client, const struct ws_event *event) {
    switch (event->kind) {
    case WS_EVENT_TEXT:
        expect_json(event->payload);
        client->texts++;
        client_note(client, event->payload);
        break;
    case WS_EVENT_PONG: client->pongs++; break;
    case WS_EVENT_CLOSE: client->code = event->code; break;
    default: fail_msg("event %d", event->kind);
    }
}

static inline void client_frames(struct client *client) {
    const struct ws_options options = { .role = WS_ROLE_CLIENT,
                                        .is_compressed = true,
                                        .message_max = CLIENT_BYTES,
                                        .keep_max = CLIENT_BYTES,
                                        .budget = &client_budget };
    struct ws_input in = { client->in, client->in_len };
    client->in_len = 0;
    while (!client->code) {
        struct ws_event event;
        switch (ws_read(&client->reader, &options, client_inflater, &in, &event)) {
        case WS_MORE: return;
        case WS_EVENT: client_event(client, &event); break;
        case WS_FAIL: fail_msg("%s", event.why);
        }
    }
}

/* Takes what came by now. Our own allocations do not fail meanwhile. */
static inline void client_take(struct client *client) {
    while (!client->is_gone) {
        ssize_t len =
            recv(client->fd, client->in + client->in_len, CLIENT_BYTES - client->in_len, 0);
        if (len < 0 && errno == EAGAIN) break;
        if (len <= 0) client->is_gone = true;
        if (len > 0) client->in_len += (size_t)len;
    }
    size_t used;
    while (!client->is_open && client->in_len > 0 &&
           (used = client_answer(client, span_of(client->in, client->in_len))) > 0) {
        client->in_len -= used;
        memmove(client->in, client->in + used, client->in_len);
    }
    if (client->is_open && client->in_len > 0) client_frames(client);
}

static inline void client_send(struct client *client, const void *at, size_t len) {
    (void)!send(client->fd, at, len, MSG_NOSIGNAL); /* the server may have ended it */
    world_turns();
}

/* A frame under the mask 0, which changes nothing. `first`: FIN, RSV and opcode. */
static inline void client_frame(struct client *client, unsigned char first, const char *text) {
    size_t len = strlen(text);
    assert_true(len < 1 << 16);
    char bytes[8 + (1 << 16)];
    bytes[0] = (char)first;
    size_t at = 2;
    bytes[1] = (char)(len < 126 ? 0x80 | len : 0x80 | 126);
    if (len >= 126) {
        bytes[2] = (char)(len >> 8);
        bytes[3] = (char)len;
        at = 4;
    }
    memset(bytes + at, 0, 4);
    memcpy(bytes + at + 4, text, len);
    client_send(client, bytes, at + 4 + len);
}

/* Asks for a WebSocket with a token of `user`, on `path`. */
static inline void client_shake(struct client *client, const char *path, const char *token,
                                const char *fields) {
    char request[2048];
    int len =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Authorization: Bearer %s\r\n%s\r\n",
                 path, token, fields);
    client_send(client, request, (size_t)len);
}

/* Asks with a key that may do everything. */
static inline void client_ask(struct client *client, const char *method, const char *path,
                              const char *fields, const char *body) {
    static char request[1 << 17];
    int len = snprintf(request, sizeof request,
                       "%s %s HTTP/1.1\r\nHost: h\r\nX-API-Key: publish-key\r\n%s"
                       "Content-Length: %zu\r\n\r\n%s",
                       method, path, fields, strlen(body), body);
    assert_in_range(len, 1, (int)sizeof request - 1);
    client_send(client, request, (size_t)len);
}

static inline void client_free(struct client *client) {
    (void)close(client->fd);
    ws_reader_finish(&client->reader);
    free(client);
    world_turns();
}

#endif
