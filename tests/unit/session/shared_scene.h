/* SPDX-License-Identifier: MIT */
/*
 * The scene with a broker that nodes share, and clients that shake hands.
 */
#ifndef TIDINGS_TESTS_SESSION_SHARED_SCENE_H
#define TIDINGS_TESTS_SESSION_SHARED_SCENE_H

#include "auth/keys.h"
#include "fake_broker.h"
#include "scene.h"
#include "token_maker.h"

static struct fake_broker fake;
static struct auth_keys *keys;

static inline void shared_begin(struct session_options options) {
    const struct auth_key_options key_options = { .algorithms = AUTH_BIT(AUTH_HS256),
                                                  .secret = SPAN(MAKER_SECRET) };
    assert_int_equal(auth_keys_new(&key_options, &keys, NULL), ERR_OK);
    options.keys = keys;
    if (!options.handshake_seconds) options.handshake_seconds = 100;
    options.http_idle_seconds = 100;
    scene_begin(options);
    fake_broker_use(&fake, session_hub(scene.session));
}

static inline void shared_end(void) {
    fake.is_stopped = true;
    scene_end();
    assert_true(fake.is_freed);
    auth_keys_unref(keys);
}

/* "Authorization: Bearer ..." of that user; good until the next call. NULL: none. */
static inline const char *bearer(const char *user) {
    static char field[1024];
    field[0] = 0;
    if (!user) return field;
    char claims[256];
    (void)snprintf(claims, sizeof claims, "{\"sub\":\"%s\",\"exp\":4102444800}", user);
    char *token = maker_simple(claims);
    (void)snprintf(field, sizeof field, "Authorization: Bearer %s\r\n", token);
    free(token);
    return field;
}

#define HANDSHAKE                                                                                  \
    "Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"        \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static inline void send_bytes(int client, const char *at, size_t len) {
    assert_int_equal(send(client, at, len, MSG_NOSIGNAL), len);
    scene_turns(6);
}

static inline void shake_hands(int client, const char *path, const char *user) {
    char request[2048];
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" HANDSHAKE "%s\r\n", path,
                       bearer(user));
    send_bytes(client, request, (size_t)len);
}

/* What a client was told by now, byte for byte; behind an accepted handshake only what followed. */
static char heard[1 << 16];
static size_t heard_len;

/* Zeros among the bytes would end the text. */
static inline void heard_is(ssize_t len) {
    heard_len = len > 0 ? (size_t)len : 0;
    for (size_t i = 0; i < heard_len; i++)
        if (!heard[i]) heard[i] = '0';
    heard[heard_len] = 0;
}

/* 0: nothing so far. 101: it is open. The code, when it was closed right after the handshake. Else
 * the status. */
static inline int outcome(int client) {
    heard_is(recv(client, heard, sizeof heard - 1, 0));
    uint64_t status = 0;
    if (heard_len > 12) (void)!span_to_uint(span_of(heard + 9, 3), 999, &status);
    if (status != 101) return (int)status;
    const char *end = strstr(heard, "\r\n\r\n");
    assert_non_null(end);
    heard_len -= (size_t)(end + 4 - heard);
    memmove(heard, end + 4, heard_len + 1);
    if (heard_len >= 4 && (unsigned char)heard[0] == 0x88) {
        return (unsigned char)heard[2] << 8 | (unsigned char)heard[3];
    }
    return 101;
}

static inline void expect_asked(const char *call, enum err err, uint64_t value) {
    fake_broker_answer(&fake, fake_broker_expect(&fake, call), err, value);
    scene_turns(6);
}

static inline void leave(int client) {
    (void)close(client);
    scene_turns(6);
}

#endif
