/* SPDX-License-Identifier: MIT */
/*
 * A link to the master that a real Sentinel names, through failovers.
 */
#include "rig.h"

static struct redis_process first, second, sentinel;
static struct rig rig;
static char at_sentinel[32], at_nobody[32];
static const char *const sentinels[] = { at_nobody, at_sentinel };

static void start_replica(struct redis_process *p, const struct redis_process *of) {
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)redis_port(of));
    const char *const more[] = { "--replicaof", "127.0.0.1", port, "--repl-diskless-sync-delay",
                                 "0",           NULL };
    redis_start_with(p, more);
}

/* Sentinel keeps what it knows in its configuration file. */
static void start_sentinel(const struct redis_process *of) {
    char path[] = "/tmp/tidings-sentinel-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "sentinel monitor mine 127.0.0.1 %u 1\n"
                  "sentinel down-after-milliseconds mine 400\n"
                  "sentinel failover-timeout mine 3000\n",
                  (unsigned)redis_port(of));
    (void)fclose(file);
    const char *const more[] = { path, "--sentinel", NULL };
    redis_start_with(&sentinel, more);
    (void)unlink(path);
}

static bool says(uint16_t port, const char *line, const char *want) {
    char answer[8192];
    return strstr(redis_tell(port, line, answer, sizeof answer), want) != NULL;
}

#define wait_until(claim)                                                                          \
    do {                                                                                           \
        bool is_true_ = false;                                                                     \
        for (int i_ = 0; i_ < 1500 && !is_true_; i_++) {                                           \
            redis_pause_ms(10);                                                                    \
            is_true_ = (claim);                                                                    \
        }                                                                                          \
        if (!is_true_) fail_msg("never true: %s", #claim);                                         \
    } while (0)

static int begin(void **state) {
    (void)state;
    rig = (struct rig){ .options = { .mode = REDIS_SENTINEL,
                                     .sentinels = sentinels,
                                     .sentinel_count = 2,
                                     .sentinel_master = "mine" } };
    redis_stop(&sentinel);
    redis_stop(&first);
    redis_stop(&second);
    redis_choose_ports(&first);
    redis_choose_ports(&second);
    redis_choose_ports(&sentinel);
    (void)snprintf(at_nobody, sizeof at_nobody, "127.0.0.1:%u", (unsigned)redis_free_port());
    (void)snprintf(at_sentinel, sizeof at_sentinel, "127.0.0.1:%u",
                   (unsigned)redis_port(&sentinel));
    redis_start(&first);
    start_replica(&second, &first);
    return 0;
}

static int stop(void **state) {
    (void)state;
    redis_stop(&sentinel);
    redis_stop(&first);
    redis_stop(&second);
    rig_tls_end();
    return 0;
}

static void wait_for_replica(void) {
    wait_until(says(second.port, "INFO replication", "master_link_status:up"));
    start_sentinel(&first);
    wait_until(says(sentinel.port, "INFO sentinel", "slaves=1"));
}

static struct redis_subscription subscription(const char *name) {
    return (struct redis_subscription){ .name = span_str(name) };
}

static void a_dead_master_is_followed_by_another(void **state) {
    (void)state;
    wait_for_replica();
    rig_begin(&rig, 1);
    struct redis_subscription s = subscription("ws:a");
    redis_subscribe(rig.link, &s);
    run_until(&rig, rig.ups == 1);
    assert_string_equal(answer_to(&rig, "SET a 1"), "+OK");
    assert_string_equal(answer_to(&rig, "WAIT 1 2000"), ":1");
    redis_stop(&first);
    run_until(&rig, rig.downs == 1);
    struct asked refused;
    assert_int_equal(ask(&rig, &refused, "GET a"), ERR_CLOSED);
    run_until(&rig, rig.ups == 2);
    assert_true(redis_is_subscribed(&s));
    assert_string_equal(answer_to(&rig, "GET a"), "$1");
    assert_string_equal(answer_to(&rig, "SET a 2"), "+OK");
    redis_say(second.port, "PUBLISH ws:a new");
    run_until(&rig, rig.messages == 1);
    assert_string_equal(rig.last, "ws:a=new");
    rig_end(&rig);
}

static void a_switch_between_living_ones_is_followed(void **state) {
    (void)state;
    wait_for_replica();
    rig_begin(&rig, 1);
    struct redis_subscription s = subscription("ws:a");
    redis_subscribe(rig.link, &s);
    run_until(&rig, rig.ups == 1);
    /* The Sentinel must have heard of the replica's good health first. */
    wait_until(says(sentinel.port, "SENTINEL FAILOVER mine", "+OK"));
    run_until(&rig, rig.downs >= 1);
    run_until(&rig,
              redis_link_is_up(rig.link) && says(second.port, "PUBSUB NUMSUB ws:a", ":1\r\n"));
    assert_true(redis_is_subscribed(&s));
    redis_say(second.port, "PUBLISH ws:a new");
    run_until(&rig, rig.messages == 1);
    rig_end(&rig);
}

static void a_replica_is_no_master(void **state) {
    (void)state;
    wait_until(says(second.port, "INFO replication", "master_link_status:up"));
    start_sentinel(&second);
    rig_begin(&rig, 1);
    run_until(&rig, strstr(rig.said, "it is a replica"));
    assert_int_equal(rig.ups, 0);
    struct asked refused;
    assert_int_equal(ask(&rig, &refused, "GET a"), ERR_CLOSED);
    rig_end(&rig);
}

static void a_name_that_no_sentinel_knows_is_said(void **state) {
    (void)state;
    start_sentinel(&first);
    rig.options.sentinel_master = "other";
    rig_begin(&rig, 1);
    run_until(&rig, strstr(rig.said, "it knows no master named other"));
    assert_int_equal(rig.ups, 0);
    rig_end(&rig);
}

static void without_a_sentinel_it_stays_with_its_master(void **state) {
    (void)state;
    start_sentinel(&first);
    rig.options.connect_timeout_ms = 300;
    rig_begin(&rig, 1);
    run_until(&rig, rig.ups == 1);
    redis_stop(&sentinel);
    run_until(&rig, strstr(rig.said, "Connection refused"));
    run_for(&rig, 500);
    assert_int_equal(rig.downs, 0);
    assert_string_equal(answer_to(&rig, "SET a 1"), "+OK");
    rig_end(&rig);
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

/* With an argument everybody speaks TLS: Sentinels, servers among each other, and the link. */
int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) rig_tls_begin();
    const struct CMUnitTest tests[] = {
        CASE(a_dead_master_is_followed_by_another),
        CASE(a_switch_between_living_ones_is_followed),
        CASE(a_replica_is_no_master),
        CASE(a_name_that_no_sentinel_knows_is_said),
        CASE(without_a_sentinel_it_stays_with_its_master),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
