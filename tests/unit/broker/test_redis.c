/* SPDX-License-Identifier: MIT */
/*
 * The broker over Redis: two nodes and a real server that is killed, stopped and refuses.
 */
#include "node.h"

static struct redis_process server;
static struct node one, two;

static int set_up(void **state) {
    (void)state;
    server.port = redis_free_port();
    redis_start(&server);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    redis_stop(&server);
    return 0;
}

static void start(struct node *node) {
    node_start(node, server.port, "");
    WAIT_FOR(10, node_is_up(node));
}

static bool is_subscribed(const char *channel, int times) {
    char line[128], answer[256], wanted[16];
    (void)snprintf(line, sizeof line, "PUBSUB NUMSUB %s", channel);
    (void)snprintf(wanted, sizeof wanted, "\r\n:%d\r\n", times);
    return strstr(redis_tell(server.port, line, answer, sizeof answer), wanted) != NULL;
}

static uint64_t published(const struct node *node, enum count_redis kind) {
    return counter_read(&node->counts.redis_published[kind]);
}

static void test_both_hear(void **state) {
    (void)state;
    start(&one);
    start(&two);
    node_listen(&one, "ws:u1", false);
    node_listen(&two, "ws:u1", false);
    assert_int_equal(node_publish(&one, "ws:u1", "a"), ERR_OK);
    assert_int_equal(node_publish(&two, "ws:u1", "b"), ERR_OK);
    redis_say(server.port, "PUBLISH ws:u1 c");
    redis_say(server.port, "PUBLISH ws:u2 nobody");
    redis_say(server.port, "PUBLISH ws:u1 \"\"");
    WAIT_FOR(5, node_has(&one, &one.told, "ws:u1=a\nws:u1=b\nws:u1=c\nws:u1=\n"));
    WAIT_FOR(5, node_has(&two, &two.told, "ws:u1=a\nws:u1=b\nws:u1=c\nws:u1=\n"));
    WAIT_FOR(5, atomic_load(&one.delivered_calls) >= 1);
    assert_int_equal(published(&one, COUNT_REDIS_OK), 1);
    assert_true(node_has(&one, &one.changes, "+"));
    struct broker_redis_state is;
    broker_redis_state(one.redis, &is);
    assert_true(is.is_up && is.ping_ns > 0 && is.changed_ms > 0 && !is.problem[0]);
    assert_int_equal(is.channels, 1);
    assert_int_equal(is.nodes, 1);
    assert_string_not_equal(broker_redis_node(one.redis), broker_redis_node(two.redis));
    node_end(&one);
    node_end(&two);
}

static void test_prefix(void **state) {
    (void)state;
    node_start(&one, server.port, "app7:");
    WAIT_FOR(10, node_is_up(&one));
    node_listen(&one, "ws:u1", false);
    redis_say(server.port, "PUBLISH ws:u1 wrong");
    redis_say(server.port, "PUBLISH app7:ws:u1 right");
    WAIT_FOR(5, node_has(&one, &one.told, "ws:u1=right\n"));
    assert_int_equal(node_publish(&one, "ws:u1", "own"), ERR_OK);
    WAIT_FOR(5, node_has(&one, &one.told, "ws:u1=right\nws:u1=own\n"));
    node_end(&one);
    char long_prefix[200];
    memset(long_prefix, 'p', sizeof long_prefix - 1);
    long_prefix[sizeof long_prefix - 1] = 0;
    const struct broker_redis_options options = { .prefix = long_prefix };
    struct err_note note = { { 0 } };
    assert_null(broker_redis_new(&options, NULL, NULL, NULL, &note));
    assert_true(note.text[0]);
}

static bool woken;

static bool on_woken(void *owner) {
    struct node *node = owner;
    woken |= node_take(node) > 0;
    return false;
}

/* Answers wake the worker's loop. */
static void test_worker_is_woken(void **state) {
    (void)state;
    start(&one);
    loop_add_turn(one.loop, on_woken, &one);
    struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("ws:u1") } };
    node_ask(&one, &asking);
    while (!asking.is_done)
        (void)uv_run(loop_uv(one.loop), UV_RUN_ONCE);
    assert_true(woken);
    node_end(&one);
}

/* Answers come in the order of the questions. */
static void test_order_of_calls(void **state) {
    (void)state;
    enum { CALLS = 5000 };
    static struct asking askings[CALLS];
    static char texts[CALLS][8];
    start(&one);
    node_listen(&one, "c", false);
    struct buf wanted;
    buf_init(&wanted, 1 << 20);
    for (int i = 0; i < CALLS; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "%d", i);
        buf_printf(&wanted, "c=%d\n", i);
        askings[i] = (struct asking){
            .call = { .verb = BROKER_PUBLISH, .name = SPAN("c"), .payload = span_str(texts[i]) }
        };
        node_ask(&one, &askings[i]);
    }
    int next = 0;
    while (next < CALLS) {
        struct broker_call *call = broker_take(one.broker);
        if (!call) continue;
        assert_ptr_equal(call, &askings[next++].call);
        assert_int_equal(call->err, ERR_OK);
    }
    buf_append_char(&wanted, 0);
    WAIT_FOR(5, node_has(&one, &one.told, wanted.at));
    assert_true(atomic_load(&one.delivered_calls) < CALLS / 4);
    buf_finish(&wanted);
    node_end(&one);
}

static void test_lingers(void **state) {
    (void)state;
    start(&one);
    assert_true(node_listen(&one, "ws:u1", false) > 0);
    assert_true(is_subscribed("ws:u1", 1));
    broker_leave(one.broker, SPAN("ws:u1"));
    uint64_t left_ns = clock_now_ns();
    /* Who comes back waits for nothing. */
    assert_int_equal(node_listen(&one, "ws:u1", false), 0);
    broker_leave(one.broker, SPAN("ws:u1"));
    redis_pause_ms(3000);
    assert_true(is_subscribed("ws:u1", 1));
    WAIT_FOR(5, is_subscribed("ws:u1", 0));
    assert_in_range(clock_now_ns() - left_ns, 5 * NS_PER_S, 7 * NS_PER_S);
    struct broker_redis_state is;
    broker_redis_state(one.redis, &is);
    assert_int_equal(is.channels, 0);
    assert_true(node_listen(&one, "ws:u1", false) > 0);
    assert_true(is_subscribed("ws:u1", 1));
    node_end(&one);
}

/* `heard` rises with the tickets, which rise with each new channel. */
static void test_tickets(void **state) {
    (void)state;
    start(&one);
    uint64_t before = 0, ticket;
    char name[32];
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(name, sizeof name, "ws:%d", i);
        assert_int_equal(broker_listen(one.broker, span_str(name), false, &ticket), ERR_OK);
        assert_true(ticket > before);
        before = ticket;
        /* Coming and going in between changes nothing. */
        if (i % 3 == 0) {
            uint64_t again;
            broker_leave(one.broker, span_str(name));
            assert_int_equal(broker_listen(one.broker, span_str(name), false, &again), ERR_OK);
            assert_true(again == ticket || again == 0);
        }
    }
    for (uint64_t last = 0; last < before;) {
        uint64_t heard = broker_heard(one.broker);
        assert_true(heard >= last && heard <= before);
        last = heard;
    }
    WAIT_FOR(2, atomic_load(&one.heard_calls) > 1); /* the first: when it came up, none waited */
    node_end(&one);
}

static void test_storm(void **state) {
    (void)state;
    enum { CHANNELS = 15000 };
    char name[32];
    uint64_t ticket = 0;
    start(&one);
    uint64_t began_ns = clock_now_ns();
    for (int i = 0; i < CHANNELS; i++) {
        (void)snprintf(name, sizeof name, "ws:user-%d", i);
        assert_int_equal(broker_listen(one.broker, span_str(name), false, &ticket), ERR_OK);
    }
    WAIT_FOR(10, broker_heard(one.broker) >= ticket);
    print_message("%d channels heard after %u ms\n", CHANNELS,
                  (unsigned)((clock_now_ns() - began_ns) / NS_PER_MS));
    redis_stop(&server);
    WAIT_FOR(5, !node_is_up(&one));
    redis_start(&server);
    began_ns = clock_now_ns();
    WAIT_FOR(10, node_is_up(&one));
    print_message("and again after %u ms\n", (unsigned)((clock_now_ns() - began_ns) / NS_PER_MS));
    assert_true(is_subscribed("ws:user-0", 1) && is_subscribed("ws:user-14999", 1));
    for (int i = 0; i < CHANNELS; i++) {
        (void)snprintf(name, sizeof name, "ws:user-%d", i);
        broker_leave(one.broker, span_str(name));
    }
    struct broker_redis_state is;
    WAIT_FOR(10, (broker_redis_state(one.redis, &is), is.channels == 0));
    WAIT_FOR(5, is_subscribed("ws:user-14999", 0));
    assert_true(node_is_up(&one));
    node_end(&one);
}

static void test_killed(void **state) {
    (void)state;
    start(&one);
    start(&two);
    node_listen(&one, "ws:u1", false);
    redis_stop(&server);
    WAIT_FOR(5, !node_is_up(&one) && !node_is_up(&two));
    struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("ws:u1") } };
    assert_int_equal(node_ask_now(&one, &asking), ERR_CLOSED);
    assert_true(asking.call.answer.len > 0);
    buf_finish(&asking.call.answer);
    struct broker_redis_state is;
    broker_redis_state(one.redis, &is);
    assert_true(is.problem[0]);
    /* Nobody waits, and yet it is listened to later. */
    int heard_calls = atomic_load(&one.heard_calls);
    node_listen(&one, "ws:u2", false);
    assert_true(heard_calls > 0);
    redis_pause_ms(1000);
    assert_true(node_has(&one, &one.changes, "+-"));
    redis_start(&server);
    WAIT_FOR(10, node_is_up(&one) && node_is_up(&two));
    assert_true(is_subscribed("ws:u1", 1) && is_subscribed("ws:u2", 1));
    assert_int_equal(node_publish(&two, "ws:u1", "x"), ERR_OK);
    assert_int_equal(node_publish(&two, "ws:u2", "y"), ERR_OK);
    WAIT_FOR(5, node_has(&one, &one.told, "ws:u1=x\nws:u2=y\n"));
    assert_true(node_has(&one, &one.changes, "+-+"));
    assert_int_equal(published(&one, COUNT_REDIS_UNAVAILABLE), 1);
    broker_redis_state(one.redis, &is);
    assert_int_equal(is.reconnects, 1);
    node_end(&one);
    node_end(&two);
}

/* Every connection stands and nothing comes. */
static void test_stopped(void **state) {
    (void)state;
    start(&one);
    uint64_t began_ns = clock_now_ns();
    (void)kill(server.pid, SIGSTOP);
    struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("ws:u1") } };
    assert_int_equal(node_ask_now(&one, &asking), ERR_IO);
    buf_finish(&asking.call.answer);
    WAIT_FOR(8, !node_is_up(&one));
    assert_in_range(clock_now_ns() - began_ns, 1, 8 * NS_PER_S);
    assert_int_equal(published(&one, COUNT_REDIS_UNKNOWN), 1);
    assert_int_equal(node_publish(&one, "ws:u1", "x"), ERR_CLOSED);
    (void)kill(server.pid, SIGCONT);
    WAIT_FOR(10, node_is_up(&one));
    assert_true(node_has(&one, &one.changes, "+-+"));
    node_end(&one);
}

/* A server that answers everything and delivers nothing: the ping finds out. */
static void test_deaf(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(node_publish(&one, "ws:u1", "x"), ERR_OK);
    redis_say(server.port, "ACL SETUSER default -publish");
    struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("ws:u1") } };
    assert_int_equal(node_ask_now(&one, &asking), ERR_CLOSED);
    assert_true(span_starts(buf_span(&asking.call.answer), SPAN("NOPERM")));
    buf_finish(&asking.call.answer);
    WAIT_FOR(9, !node_is_up(&one));
    redis_say(server.port, "ACL SETUSER default +publish");
    WAIT_FOR(9, node_is_up(&one));
    node_end(&one);
}

static void test_full_hubs(void **state) {
    (void)state;
    start(&one);
    node_listen(&one, "c", false);
    atomic_store(&one.is_full, true);
    for (char text[2] = "a"; text[0] <= 'z'; text[0]++)
        assert_int_equal(node_publish(&one, "c", text), ERR_OK);
    /* Longer than a ping may take, of which none is read. */
    redis_pause_ms(7500);
    assert_true(node_is_up(&one) && node_has(&one, &one.changes, "+"));
    assert_true(node_has(&one, &one.told, ""));
    assert_true(atomic_load(&one.refused) > 100);
    atomic_store(&one.is_full, false);
    struct buf wanted;
    buf_init(&wanted, 1 << 10);
    for (char c = 'a'; c <= 'z'; c++)
        buf_printf(&wanted, "c=%c\n", c);
    buf_append_char(&wanted, 0);
    WAIT_FOR(5, node_has(&one, &one.told, wanted.at));
    redis_pause_ms(100);
    assert_true(node_is_up(&one));
    buf_finish(&wanted);
    node_end(&one);
}

/* Whoever waits when the broker ends is told so. */
static void test_end_with_calls(void **state) {
    (void)state;
    enum { CALLS = 2000 };
    static struct asking askings[CALLS];
    start(&one);
    node_listen(&one, "c", false);
    (void)kill(server.pid, SIGSTOP);
    for (int i = 0; i < CALLS; i++) {
        askings[i] = (struct asking){ .call = { .verb = BROKER_PUBLISH, .name = SPAN("c") } };
        node_ask(&one, &askings[i]);
        if (i == CALLS / 2) redis_pause_ms(100);
    }
    broker_redis_stop(one.redis);
    struct asking late = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("c") } };
    node_ask(&one, &late);
    broker_leave(one.broker, SPAN("c"));
    assert_int_equal(node_take(&one), CALLS + 1);
    for (int i = 0; i < CALLS; i++)
        assert_true(askings[i].is_done && askings[i].call.is_dropped);
    assert_true(late.is_done && late.call.is_dropped);
    broker_free(one.broker);
    broker_redis_free(one.redis);
    loop_free(one.loop);
    buf_finish(&one.told);
    buf_finish(&one.changes);
    buf_finish(&one.forgotten);
}

static void test_no_memory(void **state) {
    (void)state;
    start(&one);
    uint64_t ticket;
    mem_fail_nth(1);
    assert_int_equal(broker_listen(one.broker, SPAN("ws:u1"), false, &ticket), ERR_NOMEM);
    assert_int_equal(broker_listen(one.broker, SPAN("ws:u1"), false, &ticket), ERR_OK);
    mem_fail_nth(0);
    broker_leave(one.broker, SPAN("ws:u2")); /* of which it never heard */
    node_end(&one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_both_hear),      TEST(test_prefix),    TEST(test_worker_is_woken),
        TEST(test_order_of_calls), TEST(test_lingers),   TEST(test_tickets),
        TEST(test_storm),          TEST(test_killed),    TEST(test_stopped),
        TEST(test_deaf),           TEST(test_full_hubs), TEST(test_end_with_calls),
        TEST(test_no_memory),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
