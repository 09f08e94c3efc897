/* SPDX-License-Identifier: MIT */
/*
 * Seats over all nodes with a real Redis: who is let in, what Redis is told when it comes back, and
 * that a node that is gone holds nothing for long.
 */
#include "shared.h"

static enum err sit(struct node *node, const char *seat, uint64_t limit, const char *block) {
    return ask(node, &(struct broker_call){ .verb = BROKER_SIT,
                                            .name = span_str(seat),
                                            .text = span_str(block),
                                            .limit = limit });
}

static void leave(struct node *node, const char *seat) {
    assert_int_equal(ask_name(node, BROKER_LEAVE, seat), ERR_OK);
}

/* What Redis knows of the node's connections on the seat. */
static int known(const struct node *node, const char *seat) {
    char line[128], text[128];
    (void)snprintf(line, sizeof line, "HGET tidings:{%s}:seat %s", seat,
                   broker_redis_node(node->redis));
    const char *at = strchr(redis_tell(server.port, line, text, sizeof text), '\n');
    return at ? (int)strtol(at + 1, NULL, 10) : 0;
}

static void test_limit(void **state) {
    (void)state;
    assert_int_equal(sit(&one, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&two, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&one, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&one, "s", 3, ""), ERR_EXISTS);
    assert_int_equal(sit(&two, "s", 3, ""), ERR_EXISTS);
    assert_int_equal(sit(&two, "s", 4, ""), ERR_OK);
    assert_int_equal(sit(&two, "t", 1, ""), ERR_OK);
    assert_int_equal(known(&one, "s"), 2);
    assert_int_equal(known(&two, "s"), 2);
    assert_true(server_says("TTL tidings:{s}:seat", ":14400"));
    leave(&one, "s");
    WAIT_FOR(5, known(&one, "s") == 1);
    assert_int_equal(sit(&two, "s", 4, ""), ERR_OK);
    for (int i = 0; i < 3; i++)
        leave(&two, "s");
    leave(&one, "s");
    leave(&one, "s"); /* nobody is left to leave */
    leave(&one, "nowhere");
    WAIT_FOR(5, server_says("EXISTS tidings:{s}:seat", ":0"));
    for (int i = 0; i < 50; i++)
        assert_int_equal(sit(&one, "u", 0, ""), ERR_OK);
    assert_int_equal(known(&one, "u"), 50);
}

static void test_block(void **state) {
    (void)state;
    const struct broker_call block = { .verb = BROKER_BLOCK, .name = SPAN("user"), .number = 300 };
    assert_int_equal(ask(&one, &block), ERR_OK);
    assert_int_equal(sit(&two, "s", 3, "user"), ERR_DENIED);
    assert_in_range(value, 100, 300);
    assert_int_equal(sit(&two, "s", 3, "other"), ERR_OK);
    assert_int_equal(sit(&two, "s", 3, ""), ERR_OK);
    redis_pause_ms(310);
    assert_int_equal(sit(&two, "s", 3, "user"), ERR_OK);
    assert_int_equal(sit(&two, "s", 3, "user"), ERR_EXISTS);
    assert_int_equal(known(&two, "s"), 3);
}

/* Answers do not wait for each other: the last ones of many are judged by what was before. */
static void test_many_at_once(void **state) {
    (void)state;
    enum { TRIES = 2000, LIMIT = 700 };
    static struct asking askings[TRIES];
    for (int i = 0; i < TRIES; i++) {
        askings[i] = (struct asking){ .call = { .verb = i % 5 == 4 ? BROKER_LEAVE : BROKER_SIT,
                                                .name = SPAN("s") } };
        askings[i].call.limit = LIMIT;
        node_ask(i % 2 ? &one : &two, &askings[i]);
    }
    int in = 0, left = 0;
    for (int i = 0; i < TRIES; i++) {
        WAIT_FOR(10, (node_take(&one), node_take(&two), askings[i].is_done));
        if (i % 5 == 4) continue;
        in += askings[i].call.err == ERR_OK;
        left += askings[i].call.err == ERR_EXISTS;
    }
    assert_int_equal(in + left, TRIES - TRIES / 5);
    assert_true(in >= LIMIT && in <= LIMIT + TRIES / 5);
    WAIT_FOR(5, known(&one, "s") + known(&two, "s") <= LIMIT);
    /* When all have gone Redis knows of nobody. */
    for (int i = 0; i < TRIES; i++) {
        askings[i] = (struct asking){ .call = { .verb = BROKER_LEAVE, .name = SPAN("s") } };
        node_ask(i % 2 ? &one : &two, &askings[i]);
    }
    WAIT_FOR(10, (node_take(&one), node_take(&two),
                  askings[TRIES - 1].is_done && askings[TRIES - 2].is_done));
    WAIT_FOR(5, server_says("EXISTS tidings:{s}:seat", ":0"));
}

/* Without a Redis the node counts for itself, and tells Redis later. */
static void test_down(void **state) {
    (void)state;
    assert_int_equal(sit(&one, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&two, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&one, "gone", 3, ""), ERR_OK);
    assert_int_equal(sit(&one, "quiet", 3, ""), ERR_OK);
    redis_stop(&server);
    WAIT_FOR(10, !node_is_up(&one) && !node_is_up(&two));
    assert_int_equal(sit(&one, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&one, "s", 3, "user"), ERR_OK);
    assert_int_equal(sit(&one, "s", 3, ""), ERR_EXISTS);
    assert_int_equal(sit(&two, "s", 3, ""), ERR_OK);
    assert_int_equal(sit(&one, "t", 3, ""), ERR_OK);
    leave(&one, "gone");
    redis_start(&server); /* with nothing that it knew */
    WAIT_FOR(10, known(&one, "s") == 3 && known(&two, "s") == 2 && known(&one, "t") == 1);
    WAIT_FOR(5, known(&one, "quiet") == 1);
    assert_true(server_says("EXISTS tidings:{gone}:seat", ":0"));
    assert_int_equal(sit(&one, "s", 5, ""), ERR_EXISTS);
    for (int i = 0; i < 3; i++)
        leave(&one, "s");
    WAIT_FOR(5, known(&one, "s") == 0);
    assert_int_equal(sit(&two, "s", 5, ""), ERR_OK);
    assert_int_equal(known(&two, "s"), 3);
}

/* Nor while it has no memory. */
static void test_refused(void **state) {
    (void)state;
    assert_int_equal(sit(&one, "s", 2, ""), ERR_OK);
    server_say("CONFIG SET maxmemory 1");
    assert_int_equal(sit(&one, "s", 2, ""), ERR_OK);
    assert_int_equal(sit(&one, "s", 2, ""), ERR_EXISTS);
    assert_int_equal(sit(&one, "t", 2, ""), ERR_OK);
    leave(&one, "t");
    assert_int_equal(known(&one, "s"), 1);
    server_say("CONFIG SET maxmemory 0");
    WAIT_FOR(5, known(&one, "s") == 2);
    assert_int_equal(known(&one, "t"), 0);
}

/* What Redis forgot, and what it was told while the link was cut, it knows when that is back. */
static void test_cut(void **state) {
    (void)state;
    enum { SEATS = 2000 };
    static struct asking askings[SEATS];
    static char names[SEATS][8];
    for (int i = 0; i < SEATS; i++) {
        (void)snprintf(names[i], sizeof names[i], "%d", i);
        askings[i] = (struct asking){
            .call = { .verb = BROKER_SIT, .name = span_str(names[i]), .limit = 1 }
        };
        node_ask(&one, &askings[i]);
        if (i % 500 == 250) server_say("CLIENT KILL TYPE normal SKIPME yes");
        if (i % 500 == 250) server_say("SCRIPT FLUSH");
        if (i % 500 == 400) server_say("FLUSHALL");
    }
    for (int i = 0; i < SEATS; i++) {
        WAIT_FOR(10, (node_take(&one), askings[i].is_done));
        assert_int_equal(askings[i].call.err, ERR_OK);
    }
    server_say("CLIENT KILL TYPE normal SKIPME yes");
    char line[32];
    (void)snprintf(line, sizeof line, ":%d", SEATS + 1); /* and the set of nodes */
    WAIT_FOR(15, server_says("DBSIZE", line));
    for (int i = 0; i < SEATS; i += 97)
        assert_int_equal(known(&one, names[i]), 1);
}

/* Somebody comes to a seat of which Redis was not told again yet. */
static void test_told_again(void **state) {
    (void)state;
    enum { SEATS = 10000 };
    static struct asking askings[SEATS];
    static char names[SEATS][8];
    for (int i = 0; i < SEATS; i++) {
        (void)snprintf(names[i], sizeof names[i], "%d", i);
        askings[i] = (struct asking){ .call = { .verb = BROKER_SIT, .name = span_str(names[i]) } };
        node_ask(&one, &askings[i]);
    }
    WAIT_FOR(10, (node_take(&one), askings[SEATS - 1].is_done));
    redis_stop(&server);
    WAIT_FOR(10, !node_is_up(&one));
    redis_start(&server);
    WAIT_FOR(10, node_is_up(&one));
    assert_int_equal(sit(&one, "new", 0, ""), ERR_OK);
    assert_int_equal(sit(&one, names[SEATS - 1], 0, ""), ERR_OK);
    WAIT_FOR(10, known(&one, names[SEATS - 1]) == 2);
    WAIT_FOR(10, known(&one, names[SEATS - 2]) == 1);
}

static void test_killed_node(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(sit(&two, "s", 3, ""), ERR_OK);
    uint64_t began_ns = clock_now_ns();
    /* Its connections are cut: as far as Redis knows it never said goodbye. */
    char line[64];
    server_say("SET tidings:{kept}:x y");
    (void)snprintf(line, sizeof line, "ZADD tidings:nodes:seen 1 %s", broker_redis_node(two.redis));
    node_end(&two);
    two.redis = NULL;
    server_say(line);
    assert_int_equal(sit(&one, "s", 3, ""), ERR_EXISTS);
    WAIT_FOR(30, sit(&one, "s", 3, "") == ERR_OK);
    uint64_t took_s = (clock_now_ns() - began_ns) / NS_PER_S;
    assert_in_range(took_s, 19, 30);
    assert_true(server_says("HLEN tidings:{s}:seat", ":1"));
}

/* A node that lives keeps its seats however long ago it was last told of. */
static void test_living_node(void **state) {
    (void)state;
    char line[128];
    assert_int_equal(sit(&two, "s", 1, ""), ERR_OK);
    (void)snprintf(line, sizeof line, "HSET tidings:{s}:seat %s 1:5 dead 3:5",
                   broker_redis_node(two.redis));
    server_say(line);
    /* When the broker has just come up it takes nobody for dead. */
    assert_int_equal(sit(&one, "s", 4, ""), ERR_EXISTS);
    WAIT_FOR(30, sit(&one, "s", 2, "") == ERR_OK);
    assert_int_equal(sit(&one, "s", 2, ""), ERR_EXISTS);
    assert_int_equal(known(&two, "s"), 1);
    assert_true(server_says("HLEN tidings:{s}:seat", ":2"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_limit, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_block, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_many_at_once, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_down, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_refused, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_cut, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_told_again, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_killed_node, two_start, two_end),
        cmocka_unit_test_setup_teardown(test_living_node, two_start, two_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
