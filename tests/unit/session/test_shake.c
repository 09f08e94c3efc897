/* SPDX-License-Identifier: MIT */
/*
 * TLS handshakes that come all at once: in their order, some a turn, and nobody else waits for
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"
#include "tls_pair.h"

enum { CLIENTS = 40, TURNS_MAX = 2000 };

static struct tls_world world;

static struct stream say_hello(void) {
    int ends[2];
    struct address address;
    socket_pair(ends);
    assert_true(address_parse(SPAN("192.0.2.1"), &address));
    session_accept(scene.session, SESSION_DOOR_PUBLIC, true, ends[1], &address);
    struct stream client = { .fd = ends[0] };
    assert_int_equal(stream_begin_tls_client(&client, world.client, "localhost"), ERR_OK);
    assert_int_equal(stream_flush(&client), ERR_OK);
    return client;
}

/* How many have an answer by now; nobody has one before who came first. */
static int count_answered(const struct stream *clients) {
    int count = 0;
    for (int i = 0; i < CLIENTS; i++) {
        char one;
        if (recv(clients[i].fd, &one, 1, MSG_PEEK) < 1) continue;
        assert_int_equal(count, i);
        count++;
    }
    return count;
}

static void ask(int fd) {
    static const char request[] = "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

static void they_stand_in_line(void **state) {
    (void)state;
    tls_world_make(&world);
    scene_begin((struct session_options){ .tls = world.server, .handshake_seconds = 10 });
    int plain = scene_connect();
    struct stream clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = say_hello();
    ask(plain);
    scene_turns(2);
    int answered = count_answered(clients);
    assert_in_range(answered, 1, CLIENTS - 1);
    char answer[1024];
    assert_in_range(recv(plain, answer, sizeof answer, 0), 1, sizeof answer);

    for (int i = 0; i < TURNS_MAX && answered < CLIENTS; i++) {
        scene_turns(1);
        answered = count_answered(clients);
    }
    assert_int_equal(answered, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(tls_turn(&clients[i]), ERR_AGAIN);
    for (int i = 0; i < TURNS_MAX; i++)
        scene_turns(1);
    assert_int_equal(counter_read(&scene.counts->tls_handshakes[TLS_PROBLEM_NONE]), CLIENTS);
    assert_int_equal(counter_read(&scene.counts->tls_resumed), 0);
    for (int i = 0; i < CLIENTS; i++)
        stream_close(&clients[i]);
    (void)close(plain);
    scene_turns(4);
    scene_end();
    tls_world_free(&world);
}

static void who_leaves_the_line_is_forgotten(void **state) {
    (void)state;
    tls_world_make(&world);
    scene_begin((struct session_options){ .tls = world.server, .handshake_seconds = 10 });
    struct stream clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = say_hello();
    scene_turns(1);
    for (int i = 0; i < CLIENTS; i++)
        stream_abort(&clients[i]);
    for (int i = 0; i < TURNS_MAX; i++)
        scene_turns(1);
    assert_int_equal(counter_read(&scene.counts->tls_handshakes[TLS_PROBLEM_CLOSED]), CLIENTS);
    assert_true(session_is_empty(scene.session));
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    scene_end();
    tls_world_free(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_stand_in_line),
        cmocka_unit_test(who_leaves_the_line_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
