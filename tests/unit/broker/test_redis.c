/* SPDX-License-Identifier: MIT */
/*
 * The broker over Redis: two nodes and a real server that is killed, stopped and refuses.
 */
#include "shared.h"

static bool is_subscribed(const char *channel, int times) {
    char line[128], answer[256], wanted[16];
    (void)snprintf(line, sizeof line, "PUBSUB NUMSUB %s", channel);
    (void)snprintf(wanted, sizeof wanted, "\r\n:%d\r\n", times);
    return strstr(redis_tell(server.port, line, answer, sizeof answer), wanted) != NULL;
}

static uint64_t published(const struct node *node, enum count_redis kind) {
    return counter_read(&node->counts.redis_published[kind]);
}

static void what_one_publishes_both_hear(void **state) {
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

static void the_prefix_stands_before_channels(void **state) {
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
static void answers_wake_the_worker(void **state) {
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

/* Also from outside a turn, behind whose end they would stand: asked at once, not when the broker's
 * thread looks anyway, which it does some fifty times a second. */
static void what_is_asked_outside_of_turns_is_carried_out(void **state) {
    (void)state;
    enum { CALLS = 200 };
    start(&one);
    loop_add_turn(one.loop, on_woken, &one);
    uint64_t begun_ns = clock_now_ns();
    for (int i = 0; i < CALLS; i++) {
        struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("ws:u1") } };
        node_ask(&one, &asking);
        while (!asking.is_done)
            (void)uv_run(loop_uv(one.loop), UV_RUN_ONCE);
    }
    assert_true(clock_now_ns() - begun_ns < CALLS * 10 * NS_PER_MS);
    node_end(&one);
}

/* Answers come in the order of the questions. */
static void answers_come_in_the_order_of_calls(void **state) {
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

static void a_channel_lingers(void **state) {
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
static void heard_rises_with_the_tickets(void **state) {
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
    WAIT_FOR(2, atomic_load(&one.heard_calls) > 0);
    node_end(&one);
}

static void thousands_come_and_go(void **state) {
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

static void a_server_is_killed_and_comes_back(void **state) {
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

/* Those who come and go while there is no Redis leave nothing behind. */
static void channels_are_forgotten_without_a_server(void **state) {
    (void)state;
    start(&one);
    redis_stop(&server);
    WAIT_FOR(5, !node_is_up(&one));
    node_listen(&one, "ws:u1", false);
    node_listen(&one, "ws:u2", false);
    broker_leave(one.broker, SPAN("ws:u1"));
    struct broker_redis_state is;
    WAIT_FOR(7, (broker_redis_state(one.redis, &is), is.channels == 1));
    redis_start(&server);
    WAIT_FOR(10, node_is_up(&one));
    node_listen(&one, "ws:u3", false);
    assert_true(is_subscribed("ws:u1", 0));
    assert_true(is_subscribed("ws:u2", 1) && is_subscribed("ws:u3", 1));
    node_end(&one);
}

/* Every connection stands and nothing comes. */
static void a_server_that_hangs_is_found_out(void **state) {
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
static void a_ping_that_does_not_come_back_is_noticed(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(node_publish(&one, "ws:u1", "x"), ERR_OK);
    redis_say(server.port, "ACL SETUSER default -publish");
    struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("ws:u1") } };
    assert_int_equal(node_ask_now(&one, &asking), ERR_CLOSED);
    assert_true(span_starts(buf_span(&asking.call.answer), SPAN("NOPERM")));
    buf_finish(&asking.call.answer);
    WAIT_FOR(9, !node_is_up(&one));
    /* The link stands again soon, which does not mean that the broker does. */
    for (int i = 0; i < 10; i++) {
        redis_pause_ms(100);
        assert_int_equal(node_ask_now(&one, &asking), ERR_CLOSED);
        assert_false(span_starts(buf_span(&asking.call.answer), SPAN("NOPERM")));
        buf_finish(&asking.call.answer);
    }
    redis_say(server.port, "ACL SETUSER default +publish");
    WAIT_FOR(9, node_is_up(&one));
    node_end(&one);
}

static void what_hubs_do_not_take_waits(void **state) {
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

/* The payloads of one letter that `node` was told, in their order. */
static void letters_of(struct node *node, char *ret, size_t cap) {
    size_t len = 0;
    pthread_mutex_lock(&node->lock);
    for (size_t i = 0; i + 2 < node->told.len && len < cap - 1; i++) {
        const char *at = node->told.at + i;
        if (at[0] == '=' && at[2] == '\n') ret[len++] = at[1];
    }
    pthread_mutex_unlock(&node->lock);
    ret[len] = 0;
}

/* A page of a history that comes at once waits in order, and with it whoever wants to replay it. */
static void a_history_that_hubs_do_not_take_waits(void **state) {
    (void)state;
    start(&one);
    start(&two);
    struct asking asking = { .call = { .verb = BROKER_DECLARE, .name = SPAN("c") } };
    assert_int_equal(node_ask_now(&two, &asking), ERR_OK);
    for (char text[2] = "a"; text[0] <= 'z'; text[0]++) {
        asking.call.verb = BROKER_APPEND;
        asking.call.payload = span_str(text);
        assert_int_equal(node_ask_now(&two, &asking), ERR_OK);
        buf_finish(&asking.call.answer);
    }
    atomic_store(&one.is_full, true);
    uint64_t ticket;
    assert_int_equal(broker_listen(one.broker, SPAN("c"), true, &ticket), ERR_OK);
    WAIT_FOR(5, atomic_load(&one.refused) > 20);
    assert_true(broker_heard(one.broker) < ticket);
    atomic_store(&one.is_full, false);
    WAIT_FOR(5, broker_heard(one.broker) >= ticket);
    char letters[64];
    letters_of(&one, letters, sizeof letters);
    assert_string_equal(letters, "abcdefghijklmnopqrstuvwxyz");
    /* One that is refused once is not overtaken. */
    atomic_store(&two.to_refuse, 1);
    node_listen(&two, "c", true);
    letters_of(&two, letters, sizeof letters);
    assert_string_equal(letters, "abcdefghijklmnopqrstuvwxyz");
    node_end(&one);
    node_end(&two);
}

/* Whoever waits when the broker ends is told so. */
static void calls_are_dropped_at_the_end(void **state) {
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
    node_end(&one);
}

static void a_listen_without_memory_can_be_tried_again(void **state) {
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

static void too_much_is_not_queued(void **state) {
    (void)state;
    enum { CALLS = 100, BYTES = 1 << 20 }; /* of which 64 MiB may wait */
    static struct asking askings[CALLS];
    char *payload = mem_new(BYTES);
    start(&one);
    (void)kill(server.pid, SIGSTOP);
    int refused = 0, done = 0;
    for (int i = 0; i < CALLS; i++) {
        askings[i] = (struct asking){ .call = { .verb = BROKER_PUBLISH,
                                                .name = SPAN("c"),
                                                .payload = span_of(payload, BYTES) } };
        node_ask(&one, &askings[i]);
    }
    WAIT_FOR(5, (done += node_take(&one), done >= CALLS - 64));
    for (int i = 0; i < CALLS; i++) {
        if (!askings[i].is_done) continue;
        assert_int_equal(askings[i].call.err, ERR_LIMIT);
        assert_true(askings[i].call.answer.len > 0);
        buf_finish(&askings[i].call.answer);
        refused++;
    }
    assert_in_range(refused, CALLS - 64, CALLS - 62);
    assert_int_equal(published(&one, COUNT_REDIS_UNAVAILABLE), refused);
    (void)kill(server.pid, SIGCONT);
    WAIT_FOR(10, (done += node_take(&one), done == CALLS));
    assert_int_equal(published(&one, COUNT_REDIS_OK), CALLS - refused);
    mem_free(payload);
    node_end(&one);
}

/* ---- workers of their own threads ---- */

enum { WORKERS = 3, WORKER_CHANNELS = 40, WORKER_CALLS = 2000 };

struct busy_worker {
    struct loop *loop;
    struct broker *broker;
    pthread_t thread;
    unsigned number;
    int done, good;
    uint64_t random;
};

struct busy_call {
    struct broker_call call;
    struct busy_worker *worker;
};

static void on_busy_done(struct broker_call *call) {
    struct busy_worker *w = container_of(call, struct busy_call, call)->worker;
    w->done++;
    w->good += call->err == ERR_OK;
    buf_finish(&call->answer);
}

static unsigned dice(struct busy_worker *w, unsigned sides) {
    w->random = w->random * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(w->random >> 33) % sides;
}

static void *be_busy(void *arg) {
    static struct busy_call calls[WORKERS][WORKER_CALLS];
    struct busy_worker *w = arg;
    bool listens[WORKER_CHANNELS] = { false };
    char name[32];
    int asked = 0;
    while (w->done < WORKER_CALLS) {
        unsigned which = dice(w, WORKER_CHANNELS);
        (void)snprintf(name, sizeof name, "w%u:%u", w->number, which);
        uint64_t ticket;
        if (listens[which]) {
            broker_leave(w->broker, span_str(name));
            listens[which] = false;
        } else {
            listens[which] = !broker_listen(w->broker, span_str(name), false, &ticket);
        }
        if (asked < WORKER_CALLS) {
            struct busy_call *call = &calls[w->number][asked++];
            *call = (struct busy_call){ .worker = w,
                                        .call = { .verb = BROKER_PUBLISH,
                                                  .name = SPAN("all"),
                                                  .payload = SPAN("x"),
                                                  .done = on_busy_done } };
            broker_ask(w->broker, &call->call);
        }
        (void)broker_heard(w->broker);
        for (struct broker_call *call; (call = broker_take(w->broker)) != NULL;)
            call->done(call);
        if (dice(w, 50) == 0) redis_pause_ms(1);
    }
    return NULL;
}

static void workers_do_not_hinder_each_other(void **state) {
    (void)state;
    struct busy_worker workers[WORKERS];
    node_init(&one, server.port, "");
    for (unsigned i = 0; i < WORKERS; i++) {
        struct loop *loop = loop_new(NULL);
        workers[i] = (struct busy_worker){
            .loop = loop,
            .broker = broker_redis_join(one.redis, loop),
            .number = i,
            .random = i + 1,
        };
    }
    assert_int_equal(broker_redis_start(one.redis), ERR_OK);
    WAIT_FOR(10, node_is_up(&one));
    node_listen(&one, "all", false);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, be_busy, &workers[i]), 0);
    for (int i = 0; i < WORKERS; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].good, WORKER_CALLS);
    }
    static const char LINE[] = "all=x\n";
    size_t len = 0;
    WAIT_FOR(5, (pthread_mutex_lock(&one.lock), len = one.told.len, pthread_mutex_unlock(&one.lock),
                 len == (sizeof LINE - 1) * WORKERS * WORKER_CALLS));
    broker_redis_stop(one.redis);
    for (int i = 0; i < WORKERS; i++) {
        broker_free(workers[i].broker);
        loop_free(workers[i].loop);
    }
    node_end(&one);
}

/* Nothing was ever started, or could be. */
static void a_broker_that_never_ran_can_be_freed(void **state) {
    (void)state;
    node_init(&one, server.port, "");
    uint64_t ticket;
    assert_int_equal(broker_listen(one.broker, SPAN("ws:u1"), false, &ticket), ERR_OK);
    assert_true(broker_heard(one.broker) >= ticket); /* it is down */
    assert_false(node_is_up(&one));
    struct asking asking = { .call = { .verb = BROKER_PUBLISH, .name = SPAN("c") } };
    node_ask(&one, &asking);
    node_end(&one);
    assert_true(asking.is_done && asking.call.is_dropped);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, server_start, server_stop)
        TEST(what_one_publishes_both_hear),
        TEST(the_prefix_stands_before_channels),
        TEST(answers_wake_the_worker),
        TEST(what_is_asked_outside_of_turns_is_carried_out),
        TEST(answers_come_in_the_order_of_calls),
        TEST(a_channel_lingers),
        TEST(heard_rises_with_the_tickets),
        TEST(thousands_come_and_go),
        TEST(a_server_is_killed_and_comes_back),
        TEST(channels_are_forgotten_without_a_server),
        TEST(a_server_that_hangs_is_found_out),
        TEST(a_ping_that_does_not_come_back_is_noticed),
        TEST(what_hubs_do_not_take_waits),
        TEST(a_history_that_hubs_do_not_take_waits),
        TEST(calls_are_dropped_at_the_end),
        TEST(too_much_is_not_queued),
        TEST(workers_do_not_hinder_each_other),
        TEST(a_broker_that_never_ran_can_be_freed),
        TEST(a_listen_without_memory_can_be_tried_again),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
