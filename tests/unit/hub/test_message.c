/* SPDX-License-Identifier: MIT */
/*
 * Messages: their frames byte for byte (RFC 6455 §5.2), their references, their twins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/message.h"

#include <pthread.h>

static void frames_have_the_shortest_length(void **state) {
    (void)state;
    static const struct {
        size_t len;
        struct span head;
    } cases[] = {
        { 0, { "\x81\x00", 2 } },
        { 1, { "\x81\x01", 2 } },
        { 125, { "\x81\x7d", 2 } },
        { 126, { "\x81\x7e\x00\x7e", 4 } },
        { 65535, { "\x81\x7e\xff\xff", 4 } },
        { 65536, { "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10 } },
        { 100000, { "\x81\x7f\x00\x00\x00\x00\x00\x01\x86\xa0", 10 } },
    };
    char *payload = mem_new(100000);
    for (size_t i = 0; i < 100000; i++)
        payload[i] = (char)(i * 7);
    for (size_t i = 0; i < countof(cases); i++) {
        struct message *m = message_new(span_of(payload, cases[i].len), 4711);
        assert_non_null(m);
        assert_int_equal(m->len, cases[i].head.len + cases[i].len);
        assert_memory_equal(m->bytes, cases[i].head.at, cases[i].head.len);
        assert_true(span_eq(message_payload(m), span_of(payload, cases[i].len)));
        assert_true(m->is_notification);
        assert_int_equal(m->received_ns, 4711);
        message_unref(m);
    }
    mem_free(payload);
}

static void other_kinds(void **state) {
    (void)state;
    struct message *m = message_new_frame(0x9, SPAN("hi"));
    assert_true(span_eq(span_of(m->bytes, m->len), SPAN("\x89\x02hi")));
    assert_false(m->is_notification);
    assert_int_equal(m->received_ns, 0);
    message_unref(m);
    m = message_new_raw(SPAN("HTTP/1.1 101\r\n"));
    assert_true(span_eq(span_of(m->bytes, m->len), SPAN("HTTP/1.1 101\r\n")));
    assert_false(m->is_notification);
    message_unref(m);
    m = message_new(SPAN("plain"), 12);
    struct message *packed = message_new_compressed(SPAN("zz"), m);
    assert_true(span_eq(span_of(packed->bytes, packed->len), SPAN("\xc1\x02zz")));
    assert_true(packed->is_notification);
    assert_int_equal(packed->received_ns, 12);
    message_unref(packed);
    message_unref(m);
    message_unref(NULL);
    assert_null(message_new(span_of("x", UINT32_MAX), 0)); /* looked at before a byte is read */
}

static void the_last_reference_frees(void **state) {
    (void)state;
    struct message *m = message_new(SPAN("x"), 0);
    assert_ptr_equal(message_ref(m), m);
    message_ref_many(m, 10);
    message_unref_many(m, 0);
    message_unref_many(m, 11);
    assert_int_equal(m->refs, 1);
    message_unref(m); /* a leak, or a use after it, is the sanitizer's to see */
}

static void a_twin_goes_with_its_message(void **state) {
    (void)state;
    struct message *m = message_new(SPAN("plain"), 0);
    assert_null(message_twin(m, 0));
    struct message *first = message_new_compressed(SPAN("a"), m);
    struct message *second = message_new_compressed(SPAN("b"), m);
    assert_ptr_equal(message_set_twin(m, 0, first), first);
    assert_ptr_equal(message_set_twin(m, 0, second), first); /* the first one stays */
    assert_ptr_equal(message_set_twin(m, 0, m), first);
    assert_ptr_equal(message_twin(m, 0), first);
    assert_null(message_twin(m, 1));
    assert_ptr_equal(message_set_twin(m, 1, m), m); /* not worth it */
    struct message *late = message_new_compressed(SPAN("c"), m);
    assert_ptr_equal(message_set_twin(m, 1, late), m);
    message_ref(first); /* on its way to a socket: outlives the message */
    message_unref(m);
    assert_true(span_eq(message_payload(first), SPAN("a")));
    message_unref(first);
}

static void without_memory_there_is_none(void **state) {
    (void)state;
    struct message *m = message_new(SPAN("x"), 0);
    mem_fail_nth(1);
    assert_null(message_new(SPAN("x"), 0));
    mem_fail_nth(1);
    assert_null(message_new_frame(0x9, SPAN("")));
    mem_fail_nth(1);
    assert_null(message_new_raw(SPAN("x")));
    mem_fail_nth(1);
    assert_null(message_new_compressed(SPAN("x"), m));
    mem_fail_nth(0);
    message_unref(m);
}

enum { RACERS = 4, RACES = 2000 };

struct racer {
    pthread_t thread;
    pthread_barrier_t *barrier;
    struct message *const *messages; /* with a reference for each racer */
    struct message *twins[RACES];    /* with references */
};

static void *race(void *arg) {
    struct racer *racer = arg;
    (void)pthread_barrier_wait(racer->barrier);
    for (size_t i = 0; i < RACES; i++) {
        struct message *m = racer->messages[i];
        struct message *twin = message_twin(m, 0);
        if (!twin) twin = message_set_twin(m, 0, message_new_compressed(SPAN("zzzz"), m));
        racer->twins[i] = message_ref(twin);
        assert(span_eq(message_payload(twin), SPAN("zzzz")));
        message_unref(m);
    }
    return NULL;
}

static void threads_agree_on_one_twin(void **state) {
    (void)state;
    static struct message *messages[RACES];
    static struct racer racers[RACERS];
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, RACERS), 0);
    for (size_t i = 0; i < RACES; i++) {
        messages[i] = message_new(SPAN("plain"), 0);
        message_ref_many(messages[i], RACERS - 1);
    }
    for (size_t r = 0; r < RACERS; r++) {
        racers[r].barrier = &barrier;
        racers[r].messages = messages;
        assert_int_equal(pthread_create(&racers[r].thread, NULL, race, &racers[r]), 0);
    }
    for (size_t r = 0; r < RACERS; r++)
        (void)pthread_join(racers[r].thread, NULL);
    for (size_t i = 0; i < RACES; i++) {
        assert_int_equal(racers[0].twins[i]->refs, RACERS); /* the message's own is gone */
        for (size_t r = 0; r < RACERS; r++) {
            assert_ptr_equal(racers[r].twins[i], racers[0].twins[i]);
        }
        message_unref_many(racers[0].twins[i], RACERS);
    }
    (void)pthread_barrier_destroy(&barrier);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_have_the_shortest_length),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(the_last_reference_frees),
        cmocka_unit_test(a_twin_goes_with_its_message),
        cmocka_unit_test(without_memory_there_is_none),
        cmocka_unit_test(threads_agree_on_one_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
