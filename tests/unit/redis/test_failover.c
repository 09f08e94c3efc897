/* SPDX-License-Identifier: MIT */
/*
 * A link to a Cluster whose masters die, hang and are replaced: three masters, the first with a
 * replica, anew for each test.
 */
#include "rig.h"

#include "redis_cluster.h"

enum { MASTERS = 3, CHANNELS = 10000, DYING = 0, REPLICA = MASTERS };

static struct cluster cluster;
static struct rig rig;
static char names[CHANNELS][32];
static struct redis_subscription subscriptions[CHANNELS];

static int start(void **state) {
    (void)state;
    cluster_begin(&cluster, MASTERS, 1);
    return 0;
}

static int stop(void **state) {
    (void)state;
    cluster_end(&cluster);
    return 0;
}

static void connect_up(const struct cluster_node *node) {
    rig = (struct rig){ .options = { .mode = REDIS_CLUSTER, .is_sharded = true } };
    rig_begin(&rig, node->process.port);
    for (size_t i = 0; i < CHANNELS; i++) {
        (void)snprintf(names[i], sizeof names[i], "ws:u%zu", i);
        subscriptions[i] =
            (struct redis_subscription){ .name = span_str(names[i]), .is_plain = i % 2 == 0 };
        redis_subscribe(rig.link, &subscriptions[i]);
    }
    run_until(&rig, redis_link_is_up(rig.link));
    assert_int_equal(rig.subscribed, CHANNELS);
}

static bool lies_with_the_dying(size_t channel) {
    return cluster_owner(MASTERS, redis_slot(subscriptions[channel].name)) == DYING;
}

/* Each is published by the link and heard once; some also by a stranger, and heard once. */
static void all_is_heard(const struct cluster_node *stranger) {
    static struct asked asked[CHANNELS];
    unsigned want = rig.messages + CHANNELS;
    for (size_t i = 0; i < CHANNELS; i++) {
        asked[i] = (struct asked){ .command.answered = asked_answered };
        assert_int_equal(
            redis_publish(rig.link, &asked[i].command, subscriptions[i].name, SPAN("hello")),
            ERR_OK);
        assert_true(redis_is_subscribed(&subscriptions[i]));
    }
    for (size_t i = 0; i < CHANNELS; i++) {
        run_until(&rig, asked[i].answers == 1);
        if (strcmp(asked[i].text, ":1") != 0) fail_msg("%s; %s", asked[i].text, rig.said);
    }
    for (size_t i = 0; i < 100; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "PUBLISH %.31s strange", names[i]);
        redis_say(stranger->process.port, line);
        if (i % 2 == 0) want++;
    }
    run_until(&rig, rig.messages >= want);
    run_for(&rig, 200);
    assert_int_equal(rig.messages, want);
}

/* Publishes to all, and says how many could not be sent, were lost, were refused. */
static void publish_meanwhile(unsigned *ret_closed, unsigned *ret_lost) {
    static struct asked asked[100];
    *ret_closed = *ret_lost = 0;
    for (size_t i = 0; i < countof(asked); i++) {
        asked[i] = (struct asked){ .command.answered = asked_answered };
        if (redis_publish(rig.link, &asked[i].command, subscriptions[i].name, SPAN("x"))) {
            assert_true(lies_with_the_dying(i));
            asked[i].answers = 1;
            ++*ret_closed;
        }
    }
    for (size_t i = 0; i < countof(asked); i++) {
        run_until(&rig, asked[i].answers == 1);
        if (strcmp(asked[i].text, "lost") == 0) ++*ret_lost;
    }
}

static void a_replica_takes_over_from_a_dead_master(void **state) {
    (void)state;
    connect_up(&cluster.nodes[DYING]);
    all_is_heard(&cluster.nodes[1]);
    uint64_t from_ns = clock_now_ns();
    redis_stop(&cluster.nodes[DYING].process);
    run_until(&rig, rig.downs == 1);
    assert_non_null(strstr(rig.why, "closed the connection"));
    unsigned closed, lost;
    publish_meanwhile(&closed, &lost);
    assert_in_range(closed, 20, 50);
    assert_int_equal(lost, 0);
    for (size_t i = 0; i < CHANNELS; i++)
        assert_true(redis_is_subscribed(&subscriptions[i]) == !lies_with_the_dying(i));
    run_until(&rig, rig.ups == 2);
    print_message("up %.0f ms after the death\n", (double)(clock_now_ns() - from_ns) / 1e6);
    all_is_heard(&cluster.nodes[REPLICA]);
    /* It comes back, as a replica. */
    cluster_start_node(&cluster.nodes[DYING]);
    run_until(&rig, cluster_says(&cluster.nodes[DYING], "INFO replication", "role:slave"));
    run_until(&rig, cluster_is_whole(&cluster));
    all_is_heard(&cluster.nodes[DYING]);
    assert_int_equal(rig.downs, 1);
    rig_end(&rig);
}

/* Nobody is told to leave, and nothing is lost that is published thereafter. */
static void masters_and_replicas_change_places(void **state) {
    (void)state;
    connect_up(&cluster.nodes[1]);
    for (int round = 0; round < 2; round++) {
        struct cluster_node *old = &cluster.nodes[round == 0 ? DYING : REPLICA];
        struct cluster_node *next = &cluster.nodes[round == 0 ? REPLICA : DYING];
        uint64_t from_ns = clock_now_ns();
        unsigned before = rig.subscribed, lying = 0;
        run_until(&rig, cluster_says(next, "INFO replication", "master_link_status:up"));

        cluster_order(next, "CLUSTER FAILOVER");
        for (size_t i = 0; i < CHANNELS; i++)
            lying += lies_with_the_dying(i);
        run_until(&rig, rig.subscribed >= before + lying);
        for (size_t i = 0; i < CHANNELS; i++)
            run_until(&rig, redis_is_subscribed(&subscriptions[i]));
        print_message("%u of %d at the new master after %.0f ms\n", lying, CHANNELS,
                      (double)(clock_now_ns() - from_ns) / 1e6);
        /* The former master hears for a while what it is sent as a replica, then it is given up. */
        run_until(&rig, is_left_alone(old));
        for (size_t i = 0; i < CHANNELS; i++)
            run_until(&rig, redis_is_subscribed(&subscriptions[i]));
        all_is_heard(old);
    }
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

static void a_master_that_hangs_is_replaced(void **state) {
    (void)state;
    connect_up(&cluster.nodes[1]);
    uint64_t from_ns = clock_now_ns();
    (void)kill(cluster.nodes[DYING].process.pid, SIGSTOP);
    unsigned closed, lost;
    publish_meanwhile(&closed, &lost);
    assert_int_equal(closed, 0);
    assert_in_range(lost, 20, 50);
    print_message("what was sent is given up after %.0f ms\n",
                  (double)(clock_now_ns() - from_ns) / 1e6);
    run_until(&rig, cluster_says(&cluster.nodes[REPLICA], "INFO replication", "role:master"));
    for (size_t i = 0; i < CHANNELS; i++)
        run_until(&rig, redis_link_is_up(rig.link) && redis_is_subscribed(&subscriptions[i]));
    all_is_heard(&cluster.nodes[1]);
    (void)kill(cluster.nodes[DYING].process.pid, SIGCONT);
    run_until(&rig, cluster_says(&cluster.nodes[DYING], "INFO replication", "role:slave"));
    run_until(&rig, cluster_is_whole(&cluster));
    run_for(&rig, 500); /* it does what it was sent before it hung, and that is heard */
    all_is_heard(&cluster.nodes[DYING]);
    rig_end(&rig);
}

/* No replica is there for it: nothing else moves, and it comes back as it was. */
static void a_master_comes_back(void **state) {
    (void)state;
    connect_up(&cluster.nodes[1]);
    for (int round = 1; round <= 2; round++) {
        redis_stop(&cluster.nodes[2].process);
        run_until(&rig, rig.downs == (unsigned)round);
        run_for(&rig, 300);
        cluster_start_node(&cluster.nodes[2]);
        run_until(&rig, rig.ups == (unsigned)round + 1);
        run_until(&rig, cluster_is_whole(&cluster));
        all_is_heard(&cluster.nodes[1]);
    }
    rig_end(&rig);
}

static void all_of_them_come_back(void **state) {
    (void)state;
    connect_up(&cluster.nodes[REPLICA]);
    for (size_t i = 0; i < cluster.count; i++)
        redis_stop(&cluster.nodes[i].process);
    run_until(&rig, rig.downs == 1);
    run_for(&rig, 1000);
    struct asked asked;
    assert_int_equal(ask(&rig, &asked, "GET a"), ERR_CLOSED);
    /* All but the one that is configured. */
    for (size_t i = 0; i < MASTERS; i++)
        cluster_start_node(&cluster.nodes[i]);
    run_until(&rig, rig.ups == 2);
    run_until(&rig, cluster_is_whole(&cluster));
    all_is_heard(&cluster.nodes[1]);
    rig_end(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replica_takes_over_from_a_dead_master, start, stop),
        cmocka_unit_test_setup_teardown(masters_and_replicas_change_places, start, stop),
        cmocka_unit_test_setup_teardown(a_master_that_hangs_is_replaced, start, stop),
        cmocka_unit_test_setup_teardown(a_master_comes_back, start, stop),
        cmocka_unit_test_setup_teardown(all_of_them_come_back, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
