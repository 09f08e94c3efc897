/* SPDX-License-Identifier: MIT */
/*
 * The scene with one endpoint, /{room}, that needs no token, and its clients.
 */
#ifndef TIDINGS_TESTS_SESSION_ROOMS_H
#define TIDINGS_TESTS_SESSION_ROOMS_H

#include "scene.h"

enum { ROOMS_TURNS_MAX = 100000 };

static struct endpoint_options room_endpoint = {
    .name = "rooms",
    .path = "/{room}",
    .is_enabled = true,
    .auth = ENDPOINT_AUTH_OPTIONAL,
    .path_user = "",
    .ends_after = "",
    .channels = { "{room}" },
    .channels_count = 1,
    .max_message_bytes = 1000,
    .max_notification_bytes = 1000,
    .max_queue_bytes = 1 << 20,
    .write_seconds = 10,
};

static inline void rooms_begin(void) {
    room_endpoint.dialect = dialect_find(SPAN("huleedu"));
    scene_begin((struct session_options){
        .endpoints = &room_endpoint, .endpoint_count = 1, .handshake_seconds = 10 });
    scene.hub_shared->endpoint_max_bytes[0] = room_endpoint.max_notification_bytes;
}

/* A client whose handshake, with these lines too, is over. */
static inline int rooms_join_with(const char *room, const char *lines) {
    char request[512], answer[1024];
    int fd = scene_connect();
    int len = snprintf(request, sizeof request,
                       "GET /%s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                       room, lines);
    assert_int_equal(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
    ssize_t got = -1;
    for (int i = 0; i < ROOMS_TURNS_MAX && got < 0; i++) {
        scene_turns(1);
        got = recv(fd, answer, sizeof answer, 0);
    }
    assert_in_range(got, 1, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 101", 12);
    return fd;
}

static inline int rooms_join(const char *room) {
    return rooms_join_with(room, "");
}

#endif
