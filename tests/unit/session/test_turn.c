/* SPDX-License-Identifier: MIT */
/*
 * What one turn of the loop has time for: nobody waits behind a crowd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/publish.h"
#include "scene.h"

enum { CROWD = 200 };

static struct endpoint_options endpoint = {
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
};

static int listener(const char *room) {
    int client = scene_connect();
    char request[256], answer[1024];
    int len = snprintf(request, sizeof request,
                       "GET /%s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                       room);
    assert_int_equal(send(client, request, (size_t)len, MSG_NOSIGNAL), len);
    scene_turns(6);
    assert_in_range(recv(client, answer, sizeof answer, 0), 1, sizeof answer);
    assert_memory_equal(answer, "HTTP/1.1 101", 12);
    return client;
}

static void publish(struct span channel, const char *payload, uint32_t deliveries) {
    struct message *message = message_new(span_str(payload), 1);
    struct receipt receipt;
    assert_int_equal(hub_publish(session_hub(scene.session), channel, message, &receipt), ERR_OK);
    message_unref(message);
    assert_int_equal(receipt.deliveries, deliveries);
}

/* How many of them got exactly this, which is short, by now. */
static int heard(const int *clients, int count, const char *frames) {
    int all = 0;
    for (int i = 0; i < count; i++) {
        char got[64];
        ssize_t len = recv(clients[i], got, sizeof got, 0);
        if (len < 0) continue;
        assert_int_equal(len, strlen(frames));
        assert_memory_equal(got, frames, strlen(frames));
        all++;
    }
    return all;
}

static void one_does_not_wait_behind_a_crowd(void **state) {
    (void)state;
    endpoint.dialect = dialect_find(SPAN("huleedu"));
    scene_begin((struct session_options){
        .endpoints = &endpoint, .endpoint_count = 1, .handshake_seconds = 10 });
    scene.hub_shared->endpoint_max_bytes[0] = endpoint.max_notification_bytes;
    int crowd[CROWD];
    for (int i = 0; i < CROWD; i++)
        crowd[i] = listener("all");
    int one = listener("one");

    publish(SPAN("all"), "news", CROWD);
    scene_turns(1);
    publish(SPAN("one"), "mine", 1);
    scene_turns(1);
    assert_int_equal(heard(&one, 1, "\x81\x04mine"), 1);
    int early = heard(crowd, CROWD, "\x81\x04news");
    assert_in_range(early, 1, CROWD - 1);

    /* Nor does the crowd wait for ever while others keep coming. */
    for (int turn = 0; turn < CROWD && early < CROWD; turn++) {
        publish(SPAN("one"), "mine", 1);
        scene_turns(1);
        assert_int_equal(heard(&one, 1, "\x81\x04mine"), 1);
        early += heard(crowd, CROWD, "\x81\x04news");
    }
    assert_int_equal(early, CROWD);

    for (int i = 0; i < CROWD; i++)
        (void)close(crowd[i]);
    (void)close(one);
    scene_turns(6);
    assert_true(session_is_empty(scene.session));
    scene_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_does_not_wait_behind_a_crowd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
