/* SPDX-License-Identifier: MIT */
/*
 * Mail between threads: nothing lost, nothing doubled, each sender's order kept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/mailbox.h"

#include <pthread.h>
#include <unistd.h>

struct letter {
    uint32_t sender, number;
};

static void count_call(void *owner) {
    ++*(unsigned *)owner;
}

static void it_holds_its_maximum_in_order(void **state) {
    (void)state;
    struct loop *loop = loop_new(NULL);
    unsigned calls = 0;
    struct mailbox *box = mailbox_new(loop, sizeof(struct letter), 200, count_call, &calls);
    struct letter got[64];
    assert_true(mailbox_is_empty(box));
    assert_int_equal(mailbox_take(box, got, 64), 0);
    assert_true(mailbox_has_room(box, 200));
    assert_false(mailbox_has_room(box, 201));
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(mailbox_post(box, &(struct letter){ 1, i }), ERR_OK);
    assert_int_equal(mailbox_post(box, &(struct letter){ 1, 200 }), ERR_LIMIT);
    assert_false(mailbox_has_room(box, 1));
    assert_true(mailbox_has_room(box, 0));
    uint32_t next = 0;
    size_t count;
    while ((count = mailbox_take(box, got, 64)) > 0) {
        for (size_t i = 0; i < count; i++)
            assert_int_equal(got[i].number, next++);
        assert_int_equal(mailbox_is_empty(box), next == 200);
    }
    assert_int_equal(next, 200);
    assert_true(mailbox_has_room(box, 200));
    loop_free(loop);
    assert_int_equal(calls, 0); /* posting alone wakes nobody */
    mailbox_free(box);
}

static void what_comes_while_some_was_taken_stands_behind_it(void **state) {
    (void)state;
    struct loop *loop = loop_new(NULL);
    unsigned calls = 0;
    struct mailbox *box = mailbox_new(loop, sizeof(struct letter), 10, count_call, &calls);
    struct letter got[64];
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(mailbox_post(box, &(struct letter){ 1, i }), ERR_OK);
    assert_int_equal(mailbox_take(box, got, 2), 2);
    assert_int_equal(mailbox_post(box, &(struct letter){ 1, 3 }), ERR_OK);
    assert_false(mailbox_is_empty(box));
    assert_int_equal(mailbox_take(box, got, 64), 1);
    assert_int_equal(got[0].number, 2);
    assert_false(mailbox_is_empty(box));
    assert_int_equal(mailbox_take(box, got, 64), 1);
    assert_int_equal(got[0].number, 3);
    assert_true(mailbox_is_empty(box));
    loop_free(loop);
    mailbox_free(box);
}

static void without_memory_it_says_so_and_goes_on(void **state) {
    (void)state;
    struct loop *loop = loop_new(NULL);
    unsigned calls = 0;
    struct mailbox *box = mailbox_new(loop, sizeof(struct letter), 1000, count_call, &calls);
    uint32_t failed = 0;
    for (uint32_t i = 0; i < 200; i++) {
        mem_fail_nth(1);
        enum err e = mailbox_post(box, &(struct letter){ 1, i });
        mem_fail_nth(0);
        if (e) {
            assert_int_equal(e, ERR_NOMEM);
            failed++;
            assert_int_equal(mailbox_post(box, &(struct letter){ 1, i }), ERR_OK);
        }
    }
    assert_true(failed > 1);
    struct letter got[200];
    assert_int_equal(mailbox_take(box, got, 200), 200);
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(got[i].number, i);
    loop_free(loop);
    mailbox_free(box);
}

/* Some threads post, in small batches with a wake-up behind each; the owner's loop takes. */

enum { SENDERS = 3, LETTERS = 20000 };

struct sender {
    pthread_t thread;
    struct mailbox *box;
    uint32_t number;
    uint64_t refused;
};

struct owner {
    struct loop *loop;
    struct mailbox *box;
    uint32_t next[SENDERS];
    uint32_t taken;
    bool is_disordered;
};

static void *send_letters(void *arg) {
    struct sender *sender = arg;
    for (uint32_t i = 0; i < LETTERS; i++) {
        const struct letter letter = { sender->number, i };
        while (mailbox_post(sender->box, &letter) != ERR_OK) {
            sender->refused++;
            mailbox_wake(sender->box);
            (void)usleep(100);
        }
        if (i % 7 == 0) mailbox_wake(sender->box);
    }
    mailbox_wake(sender->box);
    return NULL;
}

static void take_letters(void *arg) {
    struct owner *owner = arg;
    struct letter got[16];
    size_t count;
    while ((count = mailbox_take(owner->box, got, countof(got))) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (got[i].number != owner->next[got[i].sender]++) owner->is_disordered = true;
        }
        owner->taken += (uint32_t)count;
    }
    if (owner->taken == SENDERS * LETTERS) loop_stop(owner->loop);
}

static void several_threads_send_to_one(void **state) {
    (void)state;
    struct owner owner = { .loop = loop_new(NULL) };
    owner.box = mailbox_new(owner.loop, sizeof(struct letter), 500, take_letters, &owner);
    struct sender senders[SENDERS];
    for (uint32_t i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ .box = owner.box, .number = i };
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_letters, &senders[i]), 0);
    }
    loop_run(owner.loop); /* hangs when a wake-up is lost */
    for (uint32_t i = 0; i < SENDERS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
        assert_int_equal(owner.next[i], LETTERS);
    }
    assert_false(owner.is_disordered);
    assert_true(mailbox_is_empty(owner.box));
    loop_free(owner.loop);
    mailbox_free(owner.box);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_its_maximum_in_order),
        cmocka_unit_test(what_comes_while_some_was_taken_stands_behind_it),
        cmocka_unit_test(without_memory_it_says_so_and_goes_on),
        cmocka_unit_test(several_threads_send_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
