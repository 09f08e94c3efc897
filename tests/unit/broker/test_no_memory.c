/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out on the way to a real Redis and back: everything that can be asked, and what comes
 * unasked, with the 1st, 2nd, 3rd, … allocation that may fail failing, and with all from there on.
 * Each call is answered, and afterwards the node hears everything again, histories without a gap.
 */
#include "node.h"

static struct redis_process server;
static struct node node;
static unsigned turn; /* each has names of its own */

static int set_up(void **state) {
    (void)state;
    server.port = redis_free_port();
    redis_start(&server);
    node_start(&node, server.port, "");
    WAIT_FOR(10, node_is_up(&node));
    node_listen(&node, "ws:by", false);
    node_says(&node, "{}", 2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    node_end(&node);
    redis_stop(&server);
    return 0;
}

/* What is asked in each turn, `name` being the turn's own. */
static enum err ask(enum broker_verb verb, const char *name, struct broker_call call) {
    call.verb = verb;
    call.name = span_str(name);
    struct asking asking = { .call = call };
    enum err e = node_ask_now(&node, &asking);
    buf_finish(&asking.call.answer);
    return e;
}

static int append(const char *channel, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++)
        kept +=
            ask(BROKER_APPEND, channel, (struct broker_call){ .payload = SPAN("kept") }) == ERR_OK;
    return kept;
}

/* How many appends were acknowledged; `*ret_is_heard`: the node listens to `history`. */
static int live(const char *name, const char *history, bool *ret_is_heard) {
    uint64_t ticket;
    const struct broker_call text = { .text = SPAN("digest"), .payload = SPAN("answer") };
    const struct broker_call limit = { .text = SPAN("blocked"), .limit = 3, .number = 50 };
    (void)ask(BROKER_DECLARE, history, (struct broker_call){ .text = SPAN("owner") });
    *ret_is_heard = broker_listen(node.broker, span_str(history), true, &ticket) == ERR_OK;
    int kept = append(history, 3);
    if (broker_listen(node.broker, span_str(name), false, &ticket) == ERR_OK) {
        (void)node_publish(&node, name, "one");
        broker_leave(node.broker, span_str(name));
    }
    (void)node_publish(&node, "ws:by", "to who stands by");
    redis_say(server.port, "PUBLISH ws:by unasked");
    (void)ask(BROKER_FIND, history, (struct broker_call){ 0 });
    (void)ask(BROKER_FETCH, history, (struct broker_call){ 0 });
    (void)ask(BROKER_NEXT, "counter", (struct broker_call){ 0 });
    (void)ask(BROKER_ATTEMPT, name, limit);
    (void)ask(BROKER_SIT, name, limit);
    (void)ask(BROKER_LEAVE, name, (struct broker_call){ 0 });
    (void)ask(BROKER_BLOCK, name, limit);
    if (ask(BROKER_ONCE, name, text) == ERR_OK) (void)ask(BROKER_ONCE_DONE, name, text);
    (void)ask(BROKER_ONCE, name, text);
    (void)ask(BROKER_ASK_NODES, "", (struct broker_call){ .payload = SPAN("{}") });
    return kept;
}

/* How many of `channel` are in what the node was told; their numbers must have no gap. */
static int heard_in_order(const char *channel) {
    char head[64];
    int len = snprintf(head, sizeof head, "%s#", channel);
    uint64_t last = 0;
    int count = 0, gaps = 0;
    pthread_mutex_lock(&node.lock);
    struct span rest = buf_span(&node.told);
    while (rest.len > 0) {
        struct span line = span_of(rest.at, span_find(rest, '\n'));
        rest = span_skip(rest, line.len + 1);
        if (!span_starts(line, span_of(head, (size_t)len))) continue;
        uint64_t number = strtoull(line.at + len, NULL, 10);
        if (count++ > 0 && number != last + 1) gaps++;
        last = number;
    }
    pthread_mutex_unlock(&node.lock);
    assert_int_equal(gaps, 0);
    return count;
}

static bool has_heard(const char *line) {
    pthread_mutex_lock(&node.lock);
    bool has = memmem(node.told.at, node.told.len, line, strlen(line)) != NULL;
    pthread_mutex_unlock(&node.lock);
    return has;
}

static void expect_back(const char *history, bool is_heard, int kept) {
    WAIT_FOR(10, node_is_up(&node));
    WAIT_FOR(10, node_publish(&node, "ws:by", "mark") == ERR_OK);
    WAIT_FOR(10, has_heard("ws:by=mark\n"));
    if (!is_heard) return;
    WAIT_FOR(10,
             ask(BROKER_DECLARE, history, (struct broker_call){ .text = SPAN("owner") }) == ERR_OK);
    kept += append(history, 1);
    WAIT_FOR(10, heard_in_order(history) >= kept);
    broker_leave(node.broker, span_str(history));
}

static uint64_t run(void (*break_from)(uint64_t), uint64_t nth) {
    char name[32], history[32];
    (void)snprintf(name, sizeof name, "name-%u", ++turn);
    (void)snprintf(history, sizeof history, "history-%u", turn);
    node_forget_told(&node);
    bool is_heard;
    break_from(nth);
    int kept = live(name, history, &is_heard);
    uint64_t tried = mem_tried();
    mem_fail_nth(0);
    expect_back(history, is_heard, kept);
    return tried;
}

static void each_allocation_fails(void **state) {
    (void)state;
    static void (*const ways[])(uint64_t) = { mem_fail_nth, mem_fail_from };
    for (size_t i = 0; i < countof(ways); i++) {
        uint64_t nth = 1;
        while (run(ways[i], nth) >= nth)
            nth++;
        assert_true(nth > 10);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_allocation_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
