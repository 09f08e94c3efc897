/* SPDX-License-Identifier: MIT */
/*
 * What is counted and remembered over all nodes, with a real Redis: attempts, blocks, numbers, keys
 * of calls.
 */
#include "shared.h"

/* The milliseconds that `name` is shut out. */
static uint64_t attempt(struct node *node, const char *name, uint64_t limit, uint64_t block_ms) {
    const struct broker_call call = {
        .verb = BROKER_ATTEMPT, .name = span_str(name), .limit = limit, .number = block_ms
    };
    assert_int_equal(ask(node, &call), ERR_OK);
    return value;
}

static void block(struct node *node, const char *name, uint64_t for_ms) {
    const struct broker_call call = { .verb = BROKER_BLOCK,
                                      .name = span_str(name),
                                      .number = for_ms };
    assert_int_equal(ask(node, &call), ERR_OK);
}

static void test_attempts(void **state) {
    (void)state;
    assert_int_equal(attempt(&one, "a", 2, 400), 0);
    assert_int_equal(attempt(&two, "a", 2, 400), 0);
    assert_int_equal(attempt(&one, "b", 2, 400), 0);
    assert_int_equal(attempt(&one, "a", 2, 400), 400);
    redis_pause_ms(100);
    uint64_t left = attempt(&two, "a", 2, 400);
    assert_in_range(left, 1, 300); /* not prolonged */
    redis_pause_ms(310);
    assert_int_equal(attempt(&two, "a", 2, 400), 0); /* afresh */
    assert_int_equal(attempt(&two, "a", 2, 400), 0);
    assert_true(server_says("PTTL tidings:{a}:attempts", ":59"));
    /* A minute that is over. */
    server_say("PEXPIRE tidings:{a}:attempts 1");
    redis_pause_ms(10);
    assert_int_equal(attempt(&one, "a", 2, 400), 0);
    /* Without a limit, and without a block. */
    for (int i = 0; i < 5; i++)
        assert_int_equal(attempt(&one, "c", 0, 400), 0);
    assert_int_equal(attempt(&one, "d", 1, 0), 0);
    assert_int_equal(attempt(&one, "d", 1, 0), 1);
    assert_int_equal(attempt(&one, "d", 1, 0), 0);
    /* What somebody else put there shuts nobody out. */
    server_say("LPUSH tidings:{e}:attempts x");
    assert_int_equal(attempt(&one, "e", 1, 400), 0);
}

static void test_blocks(void **state) {
    (void)state;
    assert_int_equal(attempt(&one, "a", 2, 1000), 0);
    assert_int_equal(attempt(&one, "a", 2, 1000), 0);
    block(&one, "a", 300);
    assert_in_range(attempt(&two, "a", 2, 1000), 150, 300);
    block(&two, "a", 50); /* the later end stands */
    assert_in_range(attempt(&two, "a", 0, 1000), 100, 300);
    block(&one, "a", 600);
    assert_in_range(attempt(&one, "a", 2, 1000), 400, 600);
    redis_pause_ms(610);
    assert_int_equal(attempt(&one, "a", 2, 1000), 0); /* afresh */
    assert_int_equal(attempt(&one, "a", 2, 1000), 0);
    block(&one, "b", 0);
    assert_int_equal(attempt(&one, "b", 2, 1000), 0);
}

static void test_numbers(void **state) {
    (void)state;
    assert_int_equal(ask_name(&one, BROKER_NEXT, "n"), ERR_OK);
    assert_int_equal(value, 1);
    assert_int_equal(ask_name(&two, BROKER_NEXT, "n"), ERR_OK);
    assert_int_equal(value, 2);
    assert_int_equal(ask_name(&two, BROKER_NEXT, "m"), ERR_OK);
    assert_int_equal(value, 1);
    server_say("SET tidings:{o}:next text");
    assert_int_equal(ask_name(&two, BROKER_NEXT, "o"), ERR_CLOSED);
    assert_true(said[0]);
}

static enum err once(struct node *node, enum broker_verb verb, const char *text,
                     const char *payload) {
    return ask(node, &(struct broker_call){ .verb = verb,
                                            .name = SPAN("key"),
                                            .text = span_str(text),
                                            .payload = span_str(payload) });
}

static void test_once(void **state) {
    (void)state;
    assert_int_equal(once(&one, BROKER_ONCE, "d1", ""), ERR_OK);
    assert_int_equal(once(&one, BROKER_ONCE, "d1", ""), ERR_BUSY);
    assert_int_equal(once(&two, BROKER_ONCE, "d1", ""), ERR_BUSY);
    assert_int_equal(once(&two, BROKER_ONCE, "d2", ""), ERR_INVALID);
    /* Only who began can end it. */
    assert_int_equal(once(&two, BROKER_ONCE_DONE, "d1", "no"), ERR_OK);
    assert_int_equal(once(&two, BROKER_ONCE_DROP, "d1", ""), ERR_OK);
    assert_int_equal(once(&two, BROKER_ONCE, "d1", ""), ERR_BUSY);
    server_say("PEXPIRE tidings:{key}:once 1000");
    assert_int_equal(once(&one, BROKER_ONCE_DONE, "d1", "yes\r\n"), ERR_OK);
    assert_true(server_says("PTTL tidings:{key}:once", ":299"));
    assert_int_equal(once(&two, BROKER_ONCE, "d1", ""), ERR_EXISTS);
    assert_string_equal(said, "yes\r\n");
    assert_int_equal(once(&two, BROKER_ONCE, "d2", ""), ERR_INVALID);
    /* And once. */
    assert_int_equal(once(&one, BROKER_ONCE_DONE, "d1", "again"), ERR_OK);
    assert_int_equal(once(&one, BROKER_ONCE_DROP, "d1", ""), ERR_OK);
    assert_int_equal(once(&two, BROKER_ONCE, "d1", ""), ERR_EXISTS);
    assert_string_equal(said, "yes\r\n");
    server_say("DEL tidings:{key}:once");
    assert_int_equal(once(&one, BROKER_ONCE_DONE, "d1", "late"), ERR_OK);
    assert_int_equal(once(&two, BROKER_ONCE, "d1", ""), ERR_OK);
    assert_int_equal(once(&two, BROKER_ONCE_DROP, "d1", ""), ERR_OK);
    assert_int_equal(once(&one, BROKER_ONCE, "d2", ""), ERR_OK);
    /* An empty answer is one. */
    assert_int_equal(once(&one, BROKER_ONCE_DONE, "d2", ""), ERR_OK);
    assert_int_equal(once(&one, BROKER_ONCE, "d2", ""), ERR_EXISTS);
    assert_string_equal(said, "");
}

/* Without a Redis everybody may try, and nothing is said to be done once. */
static void test_down(void **state) {
    (void)state;
    redis_stop(&server);
    WAIT_FOR(10, !node_is_up(&one));
    assert_int_equal(attempt(&one, "a", 1, 1000), 0);
    assert_int_equal(attempt(&one, "a", 1, 1000), 0);
    assert_int_equal(once(&one, BROKER_ONCE, "d", ""), ERR_CLOSED);
    assert_true(said[0]);
    assert_int_equal(once(&one, BROKER_ONCE_DONE, "d", "x"), ERR_CLOSED);
    assert_int_equal(ask_name(&one, BROKER_NEXT, "n"), ERR_CLOSED);
    assert_int_equal(ask_name(&one, BROKER_FIND, "n"), ERR_CLOSED);
    assert_int_equal(ask_name(&one, BROKER_FETCH, "n"), ERR_CLOSED);
    assert_int_equal(append(&one, "n", "x", false), ERR_CLOSED);
    assert_int_equal(ask(&one, &(struct broker_call){ .verb = BROKER_BLOCK, .number = 1 }),
                     ERR_CLOSED);
    static char long_name[2000];
    memset(long_name, 'x', sizeof long_name - 1);
    redis_start(&server);
    WAIT_FOR(10, node_is_up(&one));
    assert_int_equal(ask_name(&one, BROKER_NEXT, long_name), ERR_CLOSED);
    assert_int_equal(attempt(&one, long_name, 1, 1000), 0);
    assert_int_equal(attempt(&one, long_name, 1, 1000), 0);
    /* Calls that a server that stands still does not answer. */
    (void)kill(server.pid, SIGSTOP);
    struct asking asking = { .call = { .verb = BROKER_NEXT, .name = SPAN("n") } };
    struct asking tries = { .call = { .verb = BROKER_ATTEMPT, .name = SPAN("n"), .limit = 1 } };
    node_ask(&one, &asking);
    node_ask(&one, &tries);
    WAIT_FOR(15, (node_take(&one), asking.is_done && tries.is_done));
    assert_int_equal(asking.call.err, ERR_IO);
    assert_int_equal(tries.call.err, ERR_OK);
    (void)kill(server.pid, SIGCONT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attempts, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_blocks, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_numbers, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_once, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_down, two_start, two_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
