/* SPDX-License-Identifier: MIT */
/*
 * A link by TLS: who is let in and who is not, and why in words; and a Cluster that speaks nothing
 * else. All else that a link does runs by TLS in test_link.c and test_sentinel.c.
 */
#include "rig.h"

#include "redis_cluster.h"

enum { MASTERS = 3, CHANNELS = 300 };

static struct redis_process server;
static struct cluster cluster;
static struct rig rig;

static int begin(void **state) {
    (void)state;
    if (!rig_tls) {
        rig_tls_begin();
        tls_folder_add(&redis_tls, "stranger");
    }
    rig = (struct rig){ 0 };
    if (!server.port) redis_choose_ports(&server);
    if (server.pid <= 0) redis_start(&server);
    return 0;
}

static int end(void **state) {
    (void)state;
    redis_stop(&server);
    cluster_end(&cluster);
    rig_tls_end();
    return 0;
}

/* Begins and waits until the log has something, in which `why` must be. */
static void is_refused(uint16_t port, const char *why) {
    rig.options.connect_timeout_ms = 300;
    rig_begin(&rig, port);
    run_until(&rig, rig.said[0]);
    if (!strstr(rig.said, why)) fail_msg("%s instead of %s", rig.said, why);
    assert_int_equal(rig.ups, 0);
    rig_end(&rig);
}

static void both_are_recognized(void **state) {
    (void)state;
    redis_say(server.port, "ACL SETUSER ann on >secret ~* &* +@all");
    rig.options.user = "ann";
    rig.options.password = "secret";
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.ups == 1);
    assert_string_equal(answer_to(&rig, "ACL WHOAMI"), "$ann");
    rig_end(&rig);
}

static void a_stranger_is_not_trusted(void **state) {
    (void)state;
    rig.options.tls = rig_tls_new("stranger", "redis");
    is_refused(redis_port(&server), "its certificate is refused: self-signed certificate");
    tls_context_unref(rig.options.tls);
}

static void the_name_is_checked(void **state) {
    (void)state;
    rig.options.tls_name = "redis.example";
    is_refused(redis_port(&server), "its certificate is refused: hostname mismatch");
    rig = (struct rig){ .options.tls_name = "127.0.0.2" };
    is_refused(redis_port(&server), "its certificate is refused: IP address mismatch");
    rig = (struct rig){ .options.tls_name = "localhost" };
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.ups == 1);
    rig_end(&rig);
}

static void who_shows_nothing_is_not_let_in(void **state) {
    (void)state;
    rig.options.tls = rig_tls_new("redis", NULL);
    is_refused(redis_port(&server), "it refuses us in TLS: tlsv13 alert certificate required");
    tls_context_unref(rig.options.tls);
    rig = (struct rig){ .options.tls = rig_tls_new("redis", "stranger") };
    is_refused(redis_port(&server), "it refuses us in TLS: ");
    tls_context_unref(rig.options.tls);
}

static void who_does_not_speak_tls_is_recognized(void **state) {
    (void)state;
    is_refused(server.port, "does not speak TLS");
    struct tls_context *tls = rig_tls;
    rig = (struct rig){ 0 };
    rig_tls = NULL;
    is_refused(redis_port(&server), "rediss://");
    rig_tls = tls;
}

static void others_may_be_trusted_later(void **state) {
    (void)state;
    struct tls_context *stranger = rig_tls_new("stranger", "redis");
    rig.options.tls = stranger;
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.said[0]);
    redis_link_use_tls(rig.link, rig_tls);
    tls_context_unref(stranger);
    run_until(&rig, rig.ups == 1);
    rig_end(&rig);
}

static void a_master_of_a_cluster_dies(void **state) {
    (void)state;
    static struct redis_subscription all[CHANNELS];
    static struct asked asked[CHANNELS];
    static char names[CHANNELS][16];
    cluster_begin(&cluster, MASTERS, 1);
    rig.options.mode = REDIS_CLUSTER;
    rig.options.is_sharded = true;
    rig_begin(&rig, redis_port(&cluster.nodes[0].process));
    for (size_t i = 0; i < CHANNELS; i++) {
        (void)snprintf(names[i], sizeof names[i], "ws:u%zu", i);
        all[i] = (struct redis_subscription){ .name = span_str(names[i]), .is_plain = true };
        redis_subscribe(rig.link, &all[i]);
    }
    run_until(&rig, rig.ups == 1);
    redis_stop(&cluster.nodes[0].process);
    run_until(&rig, rig.ups == 2);
    for (size_t i = 0; i < CHANNELS; i++) {
        asked[i] = (struct asked){ .command.answered = asked_answered };
        assert_int_equal(redis_publish(rig.link, &asked[i].command, all[i].name, SPAN("hello")),
                         ERR_OK);
    }
    for (size_t i = 0; i < CHANNELS; i++) {
        run_until(&rig, asked[i].answers == 1);
        assert_string_equal(asked[i].text, ":1");
    }
    run_until(&rig, rig.messages == CHANNELS);
    rig_end(&rig);
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(both_are_recognized),
        CASE(a_stranger_is_not_trusted),
        CASE(the_name_is_checked),
        CASE(who_shows_nothing_is_not_let_in),
        CASE(who_does_not_speak_tls_is_recognized),
        CASE(others_may_be_trusted_later),
        CASE(a_master_of_a_cluster_dies),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
