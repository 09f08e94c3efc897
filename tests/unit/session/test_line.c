/* SPDX-License-Identifier: MIT */
/*
 * Who says a lot waits in line: what one client can make a worker do in a turn is bounded, the
 * others do not wait for it, and nothing of what it says is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/clock.h"
#include "rooms.h"
#include "ws/frame.h"

enum {
    PINGS = 20000,
    FLOODERS = 20,
    PONG_BYTES = 2 + 4,
    PONGS_A_PORTION = 64,    /* of conn_ws.c */
    REQUESTS_A_PORTION = 32, /* of conn_http.c */
    READS_MAX = 100,
    HEAVY_EVERY_MS = 40, /* of conn_line.c */
    BOMB_BYTES = 256 << 10,
};

/* With room for many pings on their way. */
static int client(void) {
    const int room = 1 << 20;
    int fd = rooms_join("room");
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return fd;
}

/* Pings with the numbers from `first` on, as many as the socket takes; how many. */
static uint32_t flood(int fd, uint32_t first) {
    static char pings[PINGS * (6 + 4)];
    for (uint32_t i = 0; i < PINGS; i++) {
        uint32_t number = first + i;
        memcpy(pings + i * 10, "\x89\x84\0\0\0\0", 6);
        memcpy(pings + i * 10 + 6, &number, 4);
    }
    ssize_t len = send(fd, pings, sizeof pings, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(len > 0 && len % 10 == 0);
    return (uint32_t)len / 10;
}

/* Reads pongs; the number of the last. */
static uint32_t last_pong(int fd, uint32_t before, uint32_t *count) {
    char got[1 << 16];
    ssize_t len = recv(fd, got, sizeof got, MSG_DONTWAIT);
    for (ssize_t at = 0; at + PONG_BYTES <= len; at += PONG_BYTES) {
        uint32_t number;
        assert_memory_equal(got + at, "\x8A\x04", 2);
        memcpy(&number, got + at + 2, sizeof number);
        assert_true(number > before);
        before = number;
        ++*count;
    }
    return before;
}

static void a_flood_of_pings_is_answered_in_portions(void **state) {
    (void)state;
    rooms_begin();
    int one = client();
    uint32_t sent = flood(one, 1), heard = 0, pongs = 0;
    assert_true(sent > 5000);
    scene_turns(1);
    heard = last_pong(one, 0, &pongs);
    assert_true(heard < sent); /* not all at once */
    for (int i = 0; i < ROOMS_TURNS_MAX && heard < sent; i++) {
        scene_turns(1);
        heard = last_pong(one, heard, &pongs);
    }
    assert_int_equal(heard, sent); /* but all in the end, */
    uint64_t portions = counter_read(&scene.counts->portions);
    assert_true(portions > 0);
    /* Of more in a portion the last one only; reads that were no more than one are not counted. */
    assert_true(pongs <= PONGS_A_PORTION * (portions + READS_MAX));
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);

    /* Who says little has a pong for each ping. */
    static const char ten[] = "\x89\x80\0\0\0\0\x89\x80\0\0\0\0\x89\x80\0\0\0\0\x89\x80\0\0\0\0";
    assert_int_equal(send(one, ten, sizeof ten - 1, MSG_NOSIGNAL), sizeof ten - 1);
    char answer[64];
    ssize_t len = -1;
    for (int i = 0; i < ROOMS_TURNS_MAX && len < 0; i++) {
        scene_turns(1);
        len = recv(one, answer, sizeof answer, MSG_DONTWAIT);
    }
    assert_int_equal(len, 4 * 2);
    (void)close(one);
    scene_turns(6);
    assert_true(session_is_empty(scene.session));
    scene_end();
}

static void the_quiet_do_not_wait_for_the_loud(void **state) {
    (void)state;
    rooms_begin();
    int loud[FLOODERS], quiet = client();
    for (int i = 0; i < FLOODERS; i++) {
        loud[i] = client();
        (void)flood(loud[i], 1);
    }
    scene_turns(3); /* all of them are in line now */
    for (int i = 0; i < 10; i++) {
        char answer[8];
        assert_int_equal(send(quiet, "\x89\x80\0\0\0\0", 6, MSG_NOSIGNAL), 6);
        scene_turns(2); /* the one that is under way, and its own */
        assert_int_equal(recv(quiet, answer, sizeof answer, MSG_DONTWAIT), 2);
    }
    /* Nor do newcomers: a turn or two, whoever is in line. */
    (void)close(client());

    /* What they had still to say is not read when they are gone. */
    for (int i = 0; i < FLOODERS; i++)
        (void)close(loud[i]);
    (void)close(quiet);
    scene_turns(2 * FLOODERS + 10);
    assert_true(session_is_empty(scene.session));
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    scene_end();
}

/* Sends a thousand requests at once; the most that were answered in one turn. */
static int most_in_a_turn(const char *path) {
    enum { REQUESTS = 1000, REQUEST_MAX = 64 };
    static char requests[REQUESTS * REQUEST_MAX];
    size_t len = 0;
    for (int i = 0; i < REQUESTS; i++) {
        len += (size_t)snprintf(requests + len, REQUEST_MAX, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n",
                                path);
    }
    int one = scene_connect();
    assert_int_equal(send(one, requests, len, MSG_NOSIGNAL), len);
    int answers = 0, most = 0;
    for (int i = 0; i < ROOMS_TURNS_MAX && answers < REQUESTS; i++) {
        static char got[1 << 20];
        scene_turns(1);
        ssize_t size = recv(one, got, sizeof got - 1, MSG_DONTWAIT);
        if (size < 0) continue;
        got[size] = '\0';
        int before = answers;
        for (const char *at = got; (at = strstr(at, "HTTP/1.1 404")); at++)
            answers++;
        if (answers - before > most) most = answers - before;
    }
    assert_int_equal(answers, REQUESTS);
    (void)close(one);
    scene_turns(6);
    assert_true(session_is_empty(scene.session));
    return most;
}

static void requests_of_strangers_are_answered_in_portions(void **state) {
    (void)state;
    rooms_begin();
    assert_true(most_in_a_turn("/a/b") < 1000);
    scene_end();
}

static void take_key(void *context, struct http_call *call) {
    (void)context;
    call->has_key = true;
    http_response_start(call->response, 404);
    http_response_empty(call->response);
}

/* Who has a key need not stand in line, and yet is not all that a turn is for. */
static void requests_with_a_key_are_answered_in_portions(void **state) {
    (void)state;
    rooms_begin();
    http_router_add(scene.router, HTTP_BIT(GET), "/api/keyed", take_key, NULL);
    int most = most_in_a_turn("/api/keyed");
    assert_in_range(most, 2, 2 * REQUESTS_A_PORTION);
    scene_end();
}

/* A compressed message of BOMB_BYTES blanks, in one frame. */
static size_t write_bomb(char *at, size_t cap) {
    static char blanks[BOMB_BYTES];
    memset(blanks, ' ', sizeof blanks);
    z_stream z = { .next_in = (Bytef *)blanks,
                   .avail_in = sizeof blanks,
                   .next_out = (Bytef *)at + 8,
                   .avail_out = (uInt)cap - 8 };
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    size_t len = cap - 8 - z.avail_out - 4; /* without the end of the flush (RFC 7692 §7.2.1) */
    (void)deflateEnd(&z);
    const char head[8] = { '\xC1', '\xFE', (char)(len >> 8), (char)len, 0, 0, 0, 0 };
    memcpy(at, head, sizeof head);
    return sizeof head + len;
}

/* Each is one piece of work, which brings nobody anything: there is only one now and then. */
static void bombs_wait_in_a_line_of_their_own(void **state) {
    (void)state;
    enum { BOMBS = 5, AT_ONCE = 2, TURNS = 3 };
    char bombs[BOMBS * 1024];
    room_endpoint.compresses = true;
    room_endpoint.max_message_bytes = BOMB_BYTES;
    rooms_begin();
    int loud = rooms_join_with("room", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    int quiet = client();
    size_t len = write_bomb(bombs, 1024);
    for (size_t i = 1; i < BOMBS; i++)
        memcpy(bombs + i * len, bombs, len);
    uint64_t begun_ns = clock_now_ns();
    assert_int_equal(send(loud, bombs, BOMBS * len, MSG_NOSIGNAL), BOMBS * len);
    scene_turns(TURNS);
    assert_in_range(counter_read(&scene.counts->received), 1, TURNS + 1);
    char answer[8];
    assert_int_equal(send(quiet, "\x89\x80\0\0\0\0", 6, MSG_NOSIGNAL), 6);
    scene_turns(2);
    assert_int_equal(recv(quiet, answer, sizeof answer, MSG_DONTWAIT), 2);
    while (counter_read(&scene.counts->received) < BOMBS)
        (void)uv_run(loop_uv(scene.loop), UV_RUN_ONCE);
    uint64_t least_ms = (BOMBS - AT_ONCE) * HEAVY_EVERY_MS;
    assert_true(clock_now_ns() - begun_ns >= least_ms * NS_PER_MS);

    /* One that goes while it waits leaves nothing behind. */
    assert_int_equal(send(loud, bombs, BOMBS * len, MSG_NOSIGNAL), BOMBS * len);
    scene_turns(TURNS);
    (void)close(loud);
    (void)close(quiet);
    for (int i = 0; i < ROOMS_TURNS_MAX && !session_is_empty(scene.session); i++)
        (void)uv_run(loop_uv(scene.loop), UV_RUN_ONCE);
    scene_end();
    room_endpoint.compresses = false;
    room_endpoint.max_message_bytes = 1000;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_pings_is_answered_in_portions),
        cmocka_unit_test(the_quiet_do_not_wait_for_the_loud),
        cmocka_unit_test(requests_of_strangers_are_answered_in_portions),
        cmocka_unit_test(requests_with_a_key_are_answered_in_portions),
        cmocka_unit_test(bombs_wait_in_a_line_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
