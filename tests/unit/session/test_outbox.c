/* SPDX-License-Identifier: MIT */
/*
 * Messages that wait for a socket. In place of net/stream.c stands a kernel that takes just as many
 * bytes as it is told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "session/outbox.h"

enum { MESSAGES_MAX = 200, ENDPOINT = 3 };

static struct {
    size_t takes;  /* bytes that it still takes */
    bool is_gone;  /* the peer */
    bool has_left; /* TLS has something of what it took */
    unsigned calls;
    struct buf taken;
} kernel;

enum err stream_flush(struct stream *s) {
    (void)s;
    return kernel.has_left ? ERR_AGAIN : ERR_OK;
}

enum err stream_write(struct stream *s, const struct iovec *pieces, size_t count,
                      size_t *ret_sent) {
    (void)s;
    kernel.calls++;
    assert_in_range(count, 1, STREAM_PIECES_MAX);
    if (kernel.is_gone) return ERR_CLOSED;
    size_t sent = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = size_min(pieces[i].iov_len, kernel.takes);
        buf_append(&kernel.taken, pieces[i].iov_base, len);
        kernel.takes -= len;
        sent += len;
    }
    *ret_sent = sent;
    return ERR_OK;
}

static struct message *messages[MESSAGES_MAX]; /* every third is the server's own words */
static struct outbox_pool pool;
static struct counts *counts;

static int set_up(void **state) {
    (void)state;
    counts = mem_new(sizeof *counts);
    buf_init(&kernel.taken, 1 << 24);
    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "<%zu>", i * i);
        struct span payload = span_of(text, (size_t)len);
        messages[i] = i % 3 ? message_new(payload, 1) : message_new_frame(0x1, payload);
        assert_non_null(messages[i]);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < MESSAGES_MAX; i++) {
        assert_int_equal(messages[i]->refs, 1); /* each reference was given back */
        message_unref(messages[i]);
    }
    outbox_pool_finish(&pool);
    buf_finish(&kernel.taken);
    mem_free(counts);
    return 0;
}

static size_t notifications_among(size_t count) {
    return count - (count + 2) / 3;
}

static size_t bytes_of(size_t count) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += messages[i]->len;
    return bytes;
}

/* The server's own words are nobody else's, so all that they take in memory counts: a client that
 * asks for a million pongs and reads none does not get away with two bytes for each. */
static size_t weight(size_t i) {
    return messages[i]->len + (messages[i]->is_notification ? 0 : sizeof(struct message));
}

/* What the first `count` count for when `sent` bytes of them are out. */
static size_t weight_left(size_t count, size_t sent) {
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        size_t out = size_min(sent, messages[i]->len);
        sent -= out;
        if (out < messages[i]->len) left += weight(i) - out;
    }
    return left;
}

static void push(struct outbox *box, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_true(outbox_push(box, &pool, message_ref(messages[i])));
    assert_int_equal(box->bytes, weight_left(count, 0));
}

static enum err flush(struct outbox *box, size_t takes) {
    kernel.takes = takes;
    const struct outbox_tally tally = { counts, ENDPOINT, clock_now_ns(), true };
    return outbox_flush(box, &pool, &(struct stream){ 0 }, &tally);
}

static void check_taken(size_t count) {
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(kernel.taken.len >= at + messages[i]->len);
        assert_memory_equal(kernel.taken.at + at, messages[i]->bytes, messages[i]->len);
        at += messages[i]->len;
    }
    assert_int_equal(kernel.taken.len, at);
    buf_clear(&kernel.taken);
}

static const size_t sizes[] = { 1, 2, 3, 60, 61, 62, 63, 64, 65, 122, 123, 124, 200 };

static void the_order_stays_wherever_the_kernel_stops(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        size_t all = bytes_of(sizes[i]);
        for (size_t cut = 0; cut <= all; cut++) {
            struct outbox box = { 0 };
            push(&box, sizes[i]);
            enum err e = flush(&box, cut);
            assert_int_equal(e, cut < all ? ERR_AGAIN : ERR_OK);
            assert_int_equal(box.bytes, weight_left(sizes[i], cut));
            assert_int_equal(kernel.taken.len, cut);
            assert_int_equal(flush(&box, SIZE_MAX), ERR_OK);
            assert_true(outbox_is_empty(&box));
            assert_int_equal(box.bytes, 0);
            assert_null(box.rest);
            check_taken(sizes[i]);
        }
    }
}

static void a_byte_at_a_time(void **state) {
    (void)state;
    struct outbox box = { 0 };
    push(&box, MESSAGES_MAX);
    size_t all = bytes_of(MESSAGES_MAX);
    for (size_t n = 1; n < all; n++)
        assert_int_equal(flush(&box, 1), ERR_AGAIN);
    assert_int_equal(flush(&box, 1), ERR_OK);
    check_taken(MESSAGES_MAX);
}

static void sixty_four_leave_with_one_call(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        struct outbox box = { 0 };
        uint64_t sent = counter_read(&counts->endpoints[ENDPOINT].sent);
        push(&box, sizes[i]);
        kernel.calls = 0;
        assert_int_equal(flush(&box, SIZE_MAX), ERR_OK);
        assert_int_equal(kernel.calls, (sizes[i] + 63) / 64);
        assert_int_equal(counter_read(&counts->endpoints[ENDPOINT].sent) - sent,
                         notifications_among(sizes[i]));
        buf_clear(&kernel.taken);
    }
    kernel.calls = 0;
    struct outbox empty = { 0 };
    assert_int_equal(flush(&empty, 0), ERR_OK);
    assert_int_equal(kernel.calls, 0);
}

static uint64_t ages_seen(void) {
    uint64_t count = 0;
    for (size_t i = 0; i < countof(counts->latency.buckets); i++)
        count += counter_read(&counts->latency.buckets[i]);
    return count;
}

static void what_tls_still_has_counts_as_refused(void **state) {
    (void)state;
    struct outbox box = { 0 };
    push(&box, 3);
    kernel.has_left = true;
    assert_int_equal(flush(&box, SIZE_MAX), ERR_AGAIN);
    assert_true(outbox_is_empty(&box));
    kernel.has_left = false;
    assert_int_equal(flush(&box, SIZE_MAX), ERR_OK);
    check_taken(3);
}

static void what_is_replayed_has_no_age(void **state) {
    (void)state;
    for (int is_live = 0; is_live <= 1; is_live++) {
        const struct outbox_tally tally = { counts, ENDPOINT, clock_now_ns(), is_live };
        struct outbox box = { 0 };
        uint64_t before = ages_seen();
        push(&box, 10);
        kernel.takes = SIZE_MAX;
        assert_int_equal(outbox_flush(&box, &pool, &(struct stream){ 0 }, &tally), ERR_OK);
        assert_int_equal(ages_seen() - before, is_live ? notifications_among(10) : 0);
        buf_clear(&kernel.taken);
    }
}

/* Pushing goes on while the kernel stutters. */
static void more_come_while_some_leave(void **state) {
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 300; round++) {
        struct outbox box = { 0 };
        size_t pushed = 0;
        while (pushed < MESSAGES_MAX || !outbox_is_empty(&box)) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            for (size_t n = random % 90; n > 0 && pushed < MESSAGES_MAX; n--)
                assert_true(outbox_push(&box, &pool, message_ref(messages[pushed++])));
            enum err e = flush(&box, (random >> 32) % 700);
            assert_int_equal(e, outbox_is_empty(&box) ? ERR_OK : ERR_AGAIN);
            assert_int_equal(box.bytes, weight_left(pushed, kernel.taken.len));
        }
        check_taken(MESSAGES_MAX);
    }
}

static void cutting_keeps_what_has_begun(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        size_t all = bytes_of(sizes[i]);
        for (size_t cut = 0; cut < all; cut++) {
            struct outbox box = { 0 };
            push(&box, sizes[i]);
            assert_int_equal(flush(&box, cut), ERR_AGAIN);
            size_t out = 0, begun = 0; /* messages */
            while (bytes_of(out + 1) <= cut)
                out++;
            begun = bytes_of(out) < cut ? 1 : 0;
            assert_int_equal(outbox_cut(&box, &pool),
                             notifications_among(sizes[i]) - notifications_among(out + begun));
            assert_int_equal(outbox_is_empty(&box), !begun);
            assert_int_equal(box.bytes, weight_left(out + begun, cut));
            /* What comes behind the cut is whole again. */
            assert_true(outbox_push(&box, &pool, message_ref(messages[0])));
            assert_int_equal(flush(&box, SIZE_MAX), ERR_OK);
            assert_int_equal(kernel.taken.len, bytes_of(out + begun) + messages[0]->len);
            assert_memory_equal(kernel.taken.at + bytes_of(out + begun), messages[0]->bytes,
                                messages[0]->len);
            kernel.taken.len -= messages[0]->len;
            check_taken(out + begun);
        }
    }
}

static void clearing_drops_everything(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        struct outbox box = { 0 };
        assert_int_equal(outbox_clear(&box, &pool), 0);
        push(&box, sizes[i]);
        assert_int_equal(flush(&box, 1), ERR_AGAIN);
        assert_int_equal(outbox_clear(&box, &pool), notifications_among(sizes[i]));
        assert_true(outbox_is_empty(&box));
        assert_int_equal(box.bytes, 0);
        push(&box, 1); /* usable again */
        assert_int_equal(outbox_clear(&box, &pool), notifications_among(1));
        buf_clear(&kernel.taken);
    }
}

static void a_peer_that_is_gone(void **state) {
    (void)state;
    struct outbox box = { 0 };
    push(&box, 65);
    uint64_t sent = counter_read(&counts->endpoints[ENDPOINT].sent);
    kernel.is_gone = true;
    assert_int_equal(flush(&box, SIZE_MAX), ERR_CLOSED);
    kernel.is_gone = false;
    assert_int_equal(counter_read(&counts->endpoints[ENDPOINT].sent), sent);
    assert_int_equal(outbox_clear(&box, &pool), notifications_among(65));
}

static void empty_messages_pass(void **state) {
    (void)state;
    struct outbox box = { 0 };
    struct message *empty = message_new_raw(span_of(NULL, 0));
    for (int i = 0; i < 3; i++)
        assert_true(outbox_push(&box, &pool, message_ref(empty)));
    assert_int_equal(flush(&box, 0), ERR_OK);
    assert_true(outbox_is_empty(&box));
    message_unref(empty);
}

static void without_memory_the_reference_stays_the_callers(void **state) {
    (void)state;
    outbox_pool_finish(&pool);
    for (uint64_t nth = 1; nth <= 4; nth++) {
        struct outbox box = { 0 };
        struct message *refused = NULL;
        mem_fail_nth(nth);
        for (size_t i = 0; i < MESSAGES_MAX; i++) {
            if (outbox_push(&box, &pool, message_ref(messages[i]))) continue;
            assert_null(refused);
            refused = messages[i];
            message_unref(messages[i]);
            assert_true(outbox_push(&box, &pool, message_ref(messages[i])));
        }
        mem_fail_nth(0);
        assert_non_null(refused);
        assert_int_equal(flush(&box, SIZE_MAX), ERR_OK);
        check_taken(MESSAGES_MAX);
        outbox_pool_finish(&pool);
    }
}

static void a_clock_that_lags_makes_nothing_older(void **state) {
    (void)state;
    struct outbox box = { 0 };
    uint64_t before = counter_read(&counts->latency.sum);
    struct message *late = message_new(SPAN("late"), clock_now_ns());
    const struct outbox_tally tally = { counts, ENDPOINT, late->received_ns - 1, true };
    assert_true(outbox_push(&box, &pool, late));
    kernel.takes = SIZE_MAX;
    assert_int_equal(outbox_flush(&box, &pool, &(struct stream){ 0 }, &tally), ERR_OK);
    assert_int_equal(counter_read(&counts->latency.sum), before);
}

static void bytes_that_cannot_be_counted_are_refused(void **state) {
    (void)state;
    struct outbox box = { .bytes = UINT32_MAX - (uint32_t)weight(0) + 1, .first = messages[1] };
    assert_false(outbox_push(&box, &pool, messages[0]));
    box.bytes--;
    assert_true(outbox_push(&box, &pool, message_ref(messages[0])));
    assert_int_equal(box.bytes, UINT32_MAX);
    box.bytes = (uint32_t)(weight(0) + weight(1));
    (void)message_ref(messages[1]);
    assert_int_equal(outbox_clear(&box, &pool), 1);
}

/* Only what is the last, of the same opcode, and has not begun to leave gives its place up. */
static void the_latest_pong_may_stand_for_all(void **state) {
    (void)state;
    struct outbox box = { 0 };
    struct message *pongs[4], *text = message_new_frame(0x1, SPAN("text"));
    for (size_t i = 0; i < countof(pongs); i++) {
        const char payload[] = { (char)('a' + i), '\0' };
        pongs[i] = message_new_frame(0xA, span_of(payload, 1));
    }
    assert_false(outbox_supersede(&box, pongs[0]));
    assert_true(outbox_push(&box, &pool, message_ref(pongs[0])));
    assert_true(outbox_supersede(&box, message_ref(pongs[1])));
    assert_true(outbox_push(&box, &pool, message_ref(text)));
    assert_false(outbox_supersede(&box, pongs[2]));
    assert_true(outbox_push(&box, &pool, message_ref(pongs[2])));
    assert_true(outbox_supersede(&box, message_ref(pongs[3])));
    assert_int_equal(pongs[0]->refs, 1);
    assert_int_equal(pongs[2]->refs, 1);

    buf_clear(&kernel.taken);
    kernel.takes = 1;
    struct stream stream = { .fd = -1 };
    const struct outbox_tally tally = { .counts = counts };
    assert_int_equal(outbox_flush(&box, &pool, &stream, &tally), ERR_AGAIN);
    kernel.takes = SIZE_MAX / 2;
    assert_int_equal(outbox_flush(&box, &pool, &stream, &tally), ERR_OK);
    assert_true(span_eq(buf_span(&kernel.taken), SPAN("\x8A\x01"
                                                      "b\x81\x04text\x8A\x01"
                                                      "d")));
    assert_int_equal(box.bytes, 0);

    /* Nor one of which a part is out already. */
    assert_true(outbox_push(&box, &pool, message_ref(pongs[0])));
    kernel.takes = 1;
    assert_int_equal(outbox_flush(&box, &pool, &stream, &tally), ERR_AGAIN);
    assert_false(outbox_supersede(&box, pongs[1]));
    (void)outbox_clear(&box, &pool);
    for (size_t i = 0; i < countof(pongs); i++)
        message_unref(pongs[i]);
    message_unref(text);
    buf_clear(&kernel.taken);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_stays_wherever_the_kernel_stops),
        cmocka_unit_test(a_byte_at_a_time),
        cmocka_unit_test(sixty_four_leave_with_one_call),
        cmocka_unit_test(what_tls_still_has_counts_as_refused),
        cmocka_unit_test(what_is_replayed_has_no_age),
        cmocka_unit_test(more_come_while_some_leave),
        cmocka_unit_test(cutting_keeps_what_has_begun),
        cmocka_unit_test(clearing_drops_everything),
        cmocka_unit_test(a_peer_that_is_gone),
        cmocka_unit_test(empty_messages_pass),
        cmocka_unit_test(without_memory_the_reference_stays_the_callers),
        cmocka_unit_test(a_clock_that_lags_makes_nothing_older),
        cmocka_unit_test(bytes_that_cannot_be_counted_are_refused),
        cmocka_unit_test(the_latest_pong_may_stand_for_all),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
