/* SPDX-License-Identifier: MIT */
/*
 * One configuration after another: numbers of endpoints, what is told of the changes, what waits
 * for a restart.
 */
#include "configured.h"

static struct config *from(const char *yaml) {
    static const char *const environ[] = { "JWT_SECRET_KEY=" GOOD_SECRET, NULL };
    struct configured got = configured_by(yaml, environ);
    assert_string_equal(got.mistakes.at, "");
    buf_finish(&got.mistakes);
    return got.config;
}

enum { TOLD_MAX = 4096 };
static char told[TOLD_MAX];

static void tell(void *owner, const char *key, const char *before, const char *after,
                 bool is_put_off) {
    assert_ptr_equal(owner, told);
    size_t len = strlen(told);
    (void)snprintf(told + len, sizeof told - len, "%s%s %s>%s\n", is_put_off ? "! " : "", key,
                   before, after);
}

/* The successor of `running`, which is freed; `told` has what changed. */
static struct config *then(struct config *running, const char *yaml) {
    struct config *next = from(yaml);
    struct err_note note = { "" };
    assert_int_equal(config_succeed(next, running, &note), ERR_OK);
    told[0] = '\0';
    config_settle(next, running, tell, told);
    config_free(running);
    return next;
}

/* `names` in the order of their numbers: "a" is served, "-a" is not, "+a" is retired. */
static void assert_endpoints(const struct config *config, const char *names) {
    char got[512] = "";
    for (size_t i = 4; i < config->endpoints_count; i++) {
        const char *state = config->is_retired[i]             ? "+"
                            : config->endpoints[i].is_enabled ? ""
                                                              : "-";
        assert_false(config->is_retired[i] && config->endpoints[i].is_enabled);
        size_t len = strlen(got);
        (void)snprintf(got + len, sizeof got - len, "%s%s%s", len ? " " : "", state,
                       config->endpoints[i].name);
    }
    assert_string_equal(got, names);
    assert_string_equal(config->endpoints[0].name, "huleedu");
}

#define A     "- {name: a, path: /a, idle_seconds: 7}\n"
#define A_OFF "- {name: a, path: /x, enabled: false}\n"
#define A_NEW "- {name: a, path: /new, idle_seconds: 8}\n"
#define B     "- {name: b, path: /b}\n"
#define C     "- {name: c, path: /a}\n"

static void keeps_numbers(void **unused) {
    (void)unused;
    static const struct {
        const char *label, *yaml, *endpoints;
    } steps[] = {
        { "two", "endpoints:\n" A B, "a b" },
        { "in another order", "endpoints:\n" B A, "a b" },
        { "one removed", "endpoints:\n" B, "+a b" },
        { "its path goes to another", "endpoints:\n" C B, "+a b c" },
        { "not enabled is removed", "endpoints:\n" A_OFF C, "+a +b c" },
        { "nothing", "", "+a +b +c" },
        { "it comes back", "endpoints:\n" A_NEW, "a +b +c" },
        { "and goes", "endpoints:\n" A_OFF, "+a +b +c" },
    };
    struct config *config = from(steps[0].yaml);
    for (size_t i = 0; i < countof(steps); i++) {
        if (i > 0) config = then(config, steps[i].yaml);
        print_message("%s\n", steps[i].label);
        assert_endpoints(config, steps[i].endpoints);
        const struct endpoint_options *a = &config->endpoints[4];
        bool is_new = i >= 6;
        assert_string_equal(a->path, is_new ? "/new" : "/a");
        assert_int_equal(a->idle_seconds, is_new ? 8 : 7);
    }
    config_free(config);
}

static void takes_what_was_never_served(void **unused) {
    (void)unused;
    struct config *config = from("endpoints:\n- {name: a, path: /a, enabled: false}\n");
    config = then(config, "endpoints:\n" A_OFF);
    assert_endpoints(config, "-a");
    assert_string_equal(config->endpoints[4].path, "/x");
    config = then(config, "endpoints:\n" A);
    assert_endpoints(config, "a");
    config_free(config);
}

static void has_an_end(void **unused) {
    (void)unused;
    struct config *config = from("");
    enum { OWN = CONFIG_ENDPOINTS_MAX - 4 };
    for (int i = 0; i < OWN; i++) {
        char yaml[128];
        (void)snprintf(yaml, sizeof yaml, "endpoints:\n- {name: n%d, path: /n%d}\n", i, i);
        config = then(config, yaml);
    }
    assert_int_equal(config->endpoints_count, CONFIG_ENDPOINTS_MAX);
    struct config *next = from("endpoints:\n" A);
    struct err_note note = { "" };
    assert_int_equal(config_succeed(next, config, &note), ERR_LIMIT);
    assert_non_null(strstr(note.text, "more than 64"));
    assert_int_equal(next->endpoints_count, 5);
    config_free(next);
    config = then(config, "endpoints:\n- {name: n0, path: /other}\n");
    assert_true(config->endpoints[4].is_enabled);
    config_free(config);
}

static void tells_what_changed(void **unused) {
    (void)unused;
    static const struct {
        const char *label, *yaml, *told;
    } steps[] = {
        { "nothing", "", "" },
        { "values", "origins: [https://a.example]\ndrain_seconds: 9\n",
          "drain_seconds 5>9\norigins []>[\"https://a.example\"]\n" },
        { "an endpoint's", "endpoints:\n- {name: huleedu, idle_seconds: 60}\n",
          "drain_seconds 9>5\norigins [\"https://a.example\"]>[]\n"
          "endpoints.huleedu.idle_seconds 300>60\n" },
        { "one more endpoint", "endpoints:\n- {name: huleedu, idle_seconds: 60}\n" A,
          "endpoints.a.enabled false>true\n" },
        { "one less", "endpoints:\n- {name: huleedu, idle_seconds: 60}\n",
          "endpoints.a.enabled true>false\n" },
        { "still the same", "endpoints:\n- {name: huleedu, idle_seconds: 60}\n", "" },
        { "a secret is not told", "api: {keys: [another-key]}\n",
          "endpoints.huleedu.idle_seconds 60>300\n" },
    };
    struct config *config = from("");
    for (size_t i = 0; i < countof(steps); i++) {
        print_message("%s\n", steps[i].label);
        config = then(config, steps[i].yaml);
        assert_string_equal(told, steps[i].told);
    }
    config_free(config);
}

static void leaves_to_a_restart(void **unused) {
    (void)unused;
    static const char changed[] = "listen: [127.0.0.1:1, 127.0.0.1:2]\n"
                                  "workers: 3\n"
                                  "keepalive_seconds: 10\n"
                                  "addresses_max: 2000\n"
                                  "metrics: {listen: 127.0.0.1:3}\n"
                                  "api: {idempotency_entries: 5}\n"
                                  "store: {channels: 1, channel_messages: 2, channel_bytes: 2048, "
                                  "bytes: 4194304, keep_seconds: 5}\n";
    struct config *config = from("workers: 2\n");
    for (int i = 0; i < 2; i++) { /* the second time it is told again: it still waits */
        config = then(config, changed);
        assert_string_equal(told, "! listen [\"0.0.0.0:8080\"]>[\"127.0.0.1:1\", \"127.0.0.1:2\"]\n"
                                  "! workers 2>3\n"
                                  "! keepalive_seconds 30>10\n"
                                  "! addresses_max 200000>2000\n"
                                  "! metrics.listen []>[\"127.0.0.1:3\"]\n"
                                  "! api.idempotency_entries 100000>5\n"
                                  "! store.channels 100000>1\n"
                                  "! store.channel_messages 10000>2\n"
                                  "! store.channel_bytes 4194304>2048\n"
                                  "! store.bytes 1073741824>4194304\n"
                                  "! store.keep_seconds 86400>5\n");
        assert_int_equal(config->workers, 2);
        assert_int_equal(config->listen_count, 1);
        assert_int_equal(config->listen[0].port, 8080);
        assert_int_equal(config->metrics.listen_count, 0);
        assert_int_equal(config->store.keep_seconds, 86400);
    }
    config = then(config, "workers: 2\n");
    assert_string_equal(told, "");
    config_free(config);
}

/* Sockets that listen are what they were bound as. */
static void leaves_tls_where_it_is(void **unused) {
    (void)unused;
#define TLS(more) "tls: {cert_file: a, key_file: b, " more "}\n"
    struct config *config = from(TLS("listen: 127.0.0.1:1"));
    config = then(config, TLS("listen: '[::1]:1', min_version: '1.3'"));
    assert_string_equal(told, "tls.min_version 1.2>1.3\n"
                              "! tls.listen [\"127.0.0.1:1\"]>[\"[::1]:1\"]\n");
    assert_true(address_is_v4(&config->tls.listen[0]));
    struct config *without = from("workers: 3\n");
    struct err_note note = { "" };
    assert_int_equal(config_succeed(without, config, &note), ERR_INVALID);
    assert_string_equal(note.text, "tls: switched on or off only by a restart");
    assert_int_equal(config_succeed(config, without, &note), ERR_INVALID);
    config_free(without);
    config = then(config, "tls: {certificates: [{cert_file: c, key_file: d}]}\n");
    assert_int_equal(config->tls.listen_count, 1);
    config_free(config);
}

/* Its texts and list are the successor's own; the password decides although nobody sees it. */
static void leaves_the_broker_to_a_restart(void **unused) {
    (void)unused;
#define REDIS(url) "broker: {kind: redis, redis: {url: '" url "', mode: sentinel, prefix: 'p:', "
    static const char running[] = REDIS("redis://u:one@h") "sentinels: ['a:1', 'b:2']}}\n";
    struct config *config = from(running);
    config = then(config, running);
    assert_string_equal(told, "");
    config = then(config, REDIS("redis://u:two@h") "sentinels: ['c:3'], sentinel_master: m}}\n");
    assert_string_equal(told, "! broker.redis.url \"redis://u:***@h:6379/0\">"
                              "\"redis://u:***@h:6379/0\"\n"
                              "! broker.redis.sentinels [\"a:1\", \"b:2\"]>[\"c:3\"]\n"
                              "! broker.redis.sentinel_master \"mymaster\">\"m\"\n");
    const struct config_redis *redis = &config->broker.redis;
    assert_string_equal(redis->url.password, "one");
    assert_int_equal(redis->sentinels_count, 2);
    assert_string_equal(redis->sentinels[0], "a:1");
    assert_string_equal(redis->sentinels[1], "b:2");
    assert_string_equal(redis->sentinel_master, "mymaster");
    assert_string_equal(redis->prefix, "p:");
    config = then(config, running);
    assert_string_equal(told, "");
    config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_numbers),
        cmocka_unit_test(takes_what_was_never_served),
        cmocka_unit_test(has_an_end),
        cmocka_unit_test(tells_what_changed),
        cmocka_unit_test(leaves_to_a_restart),
        cmocka_unit_test(leaves_tls_where_it_is),
        cmocka_unit_test(leaves_the_broker_to_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
