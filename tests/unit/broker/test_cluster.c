/* SPDX-License-Identifier: MIT */
/*
 * What nodes have in common in a real Cluster of three masters, with and without sharded channels:
 * scripts see the slots that they may, and nodes hear each other wherever they listen.
 */
#include "shared.h"

#include "redis_cluster.h"

enum { MASTERS = 3, CHANNELS = 30 };

static struct cluster cluster;

static void start_both(bool is_sharded) {
    struct broker_redis_options options;
    node_options(&options, cluster.nodes[0].process.port, "app:");
    options.link.mode = REDIS_CLUSTER;
    options.link.is_sharded = is_sharded;
    node_start_with(&one, &options);
    options.link.port = cluster.nodes[2].process.port;
    node_start_with(&two, &options);
    WAIT_FOR(20, node_is_up(&one) && node_is_up(&two));
}

static int cluster_up(void **state) {
    (void)state;
    cluster_begin(&cluster, MASTERS, 0);
    return 0;
}

static int cluster_down(void **state) {
    (void)state;
    cluster_end(&cluster);
    return 0;
}

static enum err sit(struct node *node, const char *seat, const char *block) {
    return ask(node, &(struct broker_call){ .verb = BROKER_SIT,
                                            .name = span_str(seat),
                                            .text = span_str(block),
                                            .limit = 2 });
}

static void all_of_it(bool is_sharded) {
    char name[16];
    start_both(is_sharded);
    for (int i = 0; i < CHANNELS; i++) {
        (void)snprintf(name, sizeof name, "s:%d%d", is_sharded, i);
        assert_int_equal(declare(&one, name, "u"), ERR_OK);
        assert_int_equal(append(&two, name, "a", false), ERR_OK);
        node_listen(&one, name, true);
        assert_int_equal(append(&two, name, "b", false), ERR_OK);
        assert_int_equal(append(&one, name, "c", true), ERR_OK);
        assert_int_equal(ask_name(&two, BROKER_FETCH, name), ERR_OK);
    }
    WAIT_FOR(10, node_lines(&one) == (size_t)3 * CHANNELS);
    WAIT_FOR(10, node_lines(&two) == (size_t)3 * CHANNELS);
    for (int i = 0; i < CHANNELS; i++) {
        (void)snprintf(name, sizeof name, "%d%d", is_sharded, i);
        assert_int_equal(ask_name(&one, BROKER_NEXT, name), ERR_OK);
        assert_int_equal(sit(&one, name, ""), ERR_OK);
        assert_int_equal(sit(&two, name, "somebody"), ERR_OK);
        assert_int_equal(sit(&two, name, name), ERR_EXISTS);
        const struct broker_call block = { .verb = BROKER_BLOCK,
                                           .name = span_str(name),
                                           .number = 60000 };
        assert_int_equal(ask(&two, &block), ERR_OK);
        assert_int_equal(sit(&two, "elsewhere", name), ERR_DENIED);
        assert_in_range(value, 50000, 60000);
        const struct broker_call attempt = { .verb = BROKER_ATTEMPT,
                                             .name = span_str(name),
                                             .limit = 1 };
        assert_int_equal(ask(&one, &attempt), ERR_OK);
        assert_in_range(value, 50000, 60000);
        const struct broker_call once = { .verb = BROKER_ONCE, .name = span_str(name) };
        assert_int_equal(ask(&one, &once), ERR_OK);
        assert_int_equal(ask(&two, &once), ERR_BUSY);
    }
    node_says(&one, "1", 1);
    node_says(&two, "2", 1);
    assert_int_equal(ask(&one, &(struct broker_call){ .verb = BROKER_ASK_NODES }), ERR_OK);
    assert_int_equal(value, 0);
    assert_int_equal(strlen(said), 3);
    node_end(&one);
    node_end(&two);
}

static void test_sharded(void **state) {
    (void)state;
    all_of_it(true);
}

static void test_plain(void **state) {
    (void)state;
    all_of_it(false);
}

/* The order of numbers is that of what is published, however many add at once. */
static void test_order(void **state) {
    (void)state;
    enum { MESSAGES = 900 };
    static struct asking askings[MESSAGES];
    start_both(true);
    assert_int_equal(declare(&one, "order", ""), ERR_OK);
    node_listen(&one, "order", true);
    for (int i = 0; i < MESSAGES; i++) {
        askings[i] = (struct asking){ .call = { .verb = BROKER_APPEND, .name = SPAN("order") } };
        node_ask(i % 2 ? &one : &two, &askings[i]);
    }
    WAIT_FOR(10, (node_take(&one), node_take(&two),
                  askings[MESSAGES - 1].is_done && askings[MESSAGES - 2].is_done));
    WAIT_FOR(10, node_lines(&one) == MESSAGES);
    uint64_t last = 0;
    pthread_mutex_lock(&one.lock);
    struct span left = buf_span(&one.told), line;
    while (left.len > 0 && span_next(&left, '\n', &line)) {
        uint64_t number = strtoull(line.at + strlen("order#"), NULL, 10);
        assert_true(last == 0 || number == last + 1);
        last = number;
    }
    pthread_mutex_unlock(&one.lock);
    node_end(&one);
    node_end(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sharded),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, cluster_up, cluster_down);
}
