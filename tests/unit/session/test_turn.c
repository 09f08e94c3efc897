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
#include "rooms.h"

enum { CROWD = 200 };

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
    rooms_begin();
    int crowd[CROWD];
    for (int i = 0; i < CROWD; i++)
        crowd[i] = rooms_join("all");
    int one = rooms_join("one");

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
