/* SPDX-License-Identifier: MIT */
/*
 * Nodes know of each other and ask each other, over a real Redis.
 */
#include "shared.h"

#include "broker/redis/node_text_priv.h"

static uint64_t node_count(struct node *node) {
    struct broker_redis_state is;
    broker_redis_state(node->redis, &is);
    return is.nodes;
}

static int nodes_start(void **state) {
    (void)two_start(state);
    WAIT_FOR(5, node_count(&one) == 2 && node_count(&two) == 2);
    return 0;
}

static enum err ask_all(struct node *node, const char *question) {
    return ask(node,
               &(struct broker_call){ .verb = BROKER_ASK_NODES, .payload = span_str(question) });
}

static void test_all_answer(void **state) {
    (void)state;
    node_says(&one, "1", 1);
    node_says(&two, "2 2", 3);
    assert_int_equal(ask_all(&one, "who is there?"), ERR_OK);
    assert_int_equal(value, 0);
    assert_true(strcmp(said, "1,2 2") == 0 || strcmp(said, "2 2,1") == 0);
    assert_true(node_has(&two, &two.asked, "who is there?\n"));
    assert_int_equal(ask_all(&two, ""), ERR_OK);
    assert_true(node_has(&one, &one.asked, "who is there?\n\n"));
    node_says(&one, "", 0);
    assert_int_equal(ask_all(&two, ""), ERR_OK);
    assert_string_equal(said, "2 2");
    assert_int_equal(value, 0);
    node_says(&two, "", 0);
    assert_int_equal(ask_all(&two, ""), ERR_OK);
    assert_string_equal(said, "");
    assert_int_equal(value, 0);
}

static void test_one_is_silent(void **state) {
    (void)state;
    node_says(&one, "1", 1);
    uint64_t began_ns = clock_now_ns();
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_in_range((clock_now_ns() - began_ns) / NS_PER_MS, 1900, 3000);
    assert_string_equal(said, "1");
    assert_int_equal(value, 1);
    /* What it says then is too late. */
    broker_question_answer(node_asked(&two), SPAN("late"));
    node_says(&two, "2", 1);
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_true(strcmp(said, "1,2") == 0 || strcmp(said, "2,1") == 0);
    /* The first of two that are under way is answered last. */
    node_says(&two, NULL, 0);
    static struct asking first;
    first = (struct asking){ .call = { .verb = BROKER_ASK_NODES, .payload = SPAN("first") } };
    node_ask(&one, &first);
    WAIT_FOR(5, node_has(&two, &two.asked, "?\n?\nfirst\n"));
    struct broker_question *question = node_asked(&two);
    node_says(&two, "2", 1);
    assert_int_equal(ask_all(&one, "second"), ERR_OK);
    assert_false(first.is_done);
    broker_question_answer(question, SPAN("2nd"));
    WAIT_FOR(1, (node_take(&one), first.is_done));
    assert_int_equal(first.call.value, 0);
    assert_int_equal(first.call.answer.len, 5);
    buf_finish(&first.call.answer);
    /* One that is never answered is freed at the end. */
    node_says(&two, NULL, 0);
    node_ask(&one, &first);
    WAIT_FOR(5, node_has(&two, &two.asked, "?\n?\nfirst\nsecond\nfirst\n"));
}

static void test_sizes(void **state) {
    (void)state;
    static char big[(1 << 20) + 1];
    memset(big, 'x', sizeof big);
    node_says(&one, big, sizeof big - 1);
    node_says(&two, big, sizeof big - 1);
    struct asking asking = { .call = { .verb = BROKER_ASK_NODES } };
    assert_int_equal(node_ask_now(&one, &asking), ERR_OK);
    assert_int_equal(asking.call.value, 0);
    assert_int_equal(asking.call.answer.len, (size_t)2 * (1 << 20) + 1);
    buf_finish(&asking.call.answer);
    /* Too much is no answer, and is known at once. */
    node_says(&one, big, sizeof big);
    node_says(&two, "2", 1);
    uint64_t began_ns = clock_now_ns();
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_true(clock_now_ns() - began_ns < NS_PER_S);
    assert_int_equal(value, 1);
    assert_string_equal(said, "2");
    static char question[(1 << 17) + 1];
    memset(question, 'x', sizeof question - 1);
    assert_int_equal(ask_all(&one, question), ERR_LIMIT);
}

static void test_coming_and_going(void **state) {
    (void)state;
    static struct node three;
    node_says(&one, "1", 1);
    node_says(&two, "2", 1);
    start(&three);
    node_says(&three, "3", 1);
    /* It is asked, and answers, before others know of it. */
    assert_int_equal(ask_all(&three, "?"), ERR_OK);
    assert_int_equal(value, 0);
    WAIT_FOR(5, node_count(&one) == 3);
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_int_equal(strlen(said), 5);
    node_end(&three);
    WAIT_FOR(5, node_count(&one) == 2);
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_int_equal(value, 0);
    redis_stop(&server);
    WAIT_FOR(5, !node_is_up(&one));
    assert_int_equal(ask_all(&one, "?"), ERR_CLOSED);
    redis_start(&server);
    WAIT_FOR(10, node_is_up(&one) && node_is_up(&two) && node_count(&one) == 2);
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_int_equal(value, 0);
    /* Nobody answers any more: one that is cut off midway. */
    node_says(&two, NULL, 0);
    struct asking asking = { .call = { .verb = BROKER_ASK_NODES } };
    node_ask(&one, &asking);
    redis_pause_ms(200);
    redis_stop(&server);
    WAIT_FOR(10, (node_take(&one), asking.is_done));
    assert_int_equal(asking.call.err, ERR_OK);
    assert_int_equal(asking.call.value, 1);
    buf_finish(&asking.call.answer);
}

static void test_strangers(void **state) {
    (void)state;
    char line[128];
    node_says(&one, "1", 1);
    node_says(&two, "2", 1);
    server_say("PUBLISH tidings:nodes what");
    server_say("PUBLISH tidings:nodes \"ask me 1 what\"");
    server_say("PUBLISH tidings:nodes \"\"");
    (void)snprintf(line, sizeof line, "PUBLISH tidings:node:%s \"answer 1 %s 1 what\"",
                   broker_redis_node(one.redis), broker_redis_node(two.redis));
    server_say(line);
    (void)snprintf(line, sizeof line, "PUBLISH tidings:node:%s what", broker_redis_node(one.redis));
    server_say(line);
    server_say("ZADD tidings:nodes:seen 99999999999999 what");
    redis_pause_ms(2500);
    assert_int_equal(node_count(&one), 2);
    assert_int_equal(ask_all(&one, "?"), ERR_OK);
    assert_int_equal(value, 0);
    assert_true(node_has(&one, &one.asked, "?\n"));
}

/* ---- what they say to each other ---- */

static void test_texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_ask, is_answer;
    } cases[] = {
        { "ask 0123456789abcdef 7 what is", true, false },
        { "ask 0123456789abcdef 7 ", true, false },
        { "answer 7 0123456789abcdef 1 that", false, true },
        { "answer 18446744073709551615 0123456789abcdef 0 ", false, true },
        { "answer 18446744073709551616 0123456789abcdef 0 ", false, false },
        { "answer 7 0123456789abcdef 2 that", false, false },
        { "answer 7 0123456789abcdef  that", false, false },
        { "answer 7 0123456789abcdef 11 that", false, false },
        { "answer 07 0123456789abcdef 1 that", false, false },
        { "answer 7 0123456789abcdeF 1 that", false, false },
        { "answer 7 0123456789abcde 1 that", false, false },
        { "answer  0123456789abcdef 1 that", false, false },
        { "ask 0123456789abcdef -7 what", false, false },
        { "ask 0123456789abcdef0 7 what", false, false },
        { "asks 0123456789abcdef 7 what", false, false },
    };
    struct buf out;
    buf_init(&out, 1000);
    for (size_t i = 0; i < countof(cases); i++) {
        struct span text = span_str(cases[i].text);
        struct node_text read;
        assert_int_equal(node_text_read_ask(text, &read), cases[i].is_ask);
        buf_clear(&out);
        if (cases[i].is_ask) node_text_write_ask(&out, &read);
        assert_int_equal(node_text_read_answer(text, &read), cases[i].is_answer);
        if (cases[i].is_answer) node_text_write_answer(&out, &read);
        if (out.len > 0) assert_true(span_eq(buf_span(&out), text));
        /* Without its body, and then some, it is nothing. */
        size_t head = text.len - (out.len > 0 ? read.body.len : 0);
        for (size_t cut = 0; cut < head; cut++) {
            assert_false(node_text_read_ask(span_of(text.at, cut), &read));
            assert_false(node_text_read_answer(span_of(text.at, cut), &read));
        }
    }
    buf_finish(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_answer, nodes_start, two_end),
        cmocka_unit_test_setup_teardown(test_one_is_silent, nodes_start, two_end),
        cmocka_unit_test_setup_teardown(test_sizes, nodes_start, two_end),
        cmocka_unit_test_setup_teardown(test_coming_and_going, nodes_start, two_end),
        cmocka_unit_test_setup_teardown(test_strangers, nodes_start, two_end),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
