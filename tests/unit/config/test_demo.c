/* SPDX-License-Identifier: MIT */
/*
 * Demo mode: its defaults, and what it refuses.
 */
#include "configured.h"

static struct configured demo(const char *yaml, const char *const *environ) {
    const struct config_source source = { .path = "t.yaml",
                                          .environ = environ,
                                          .demo_secret = GOOD_SECRET };
    return configured_from(yaml, &source);
}

static void needs_nothing(void **unused) {
    (void)unused;
    struct configured got = demo("", NULL);
    assert_string_equal(got.mistakes.at, "");
    const struct config *c = got.config;
    assert_true(c->is_demo);
    assert_int_equal(c->listen_count, 1);
    assert_true(address_is_loopback(&c->listen[0]));
    assert_int_equal(c->listen[0].port, 8080);
    assert_non_null(c->jwt.keys);
    for (size_t i = 0; i < c->endpoints_count; i++) {
        bool is_optional = strcmp(c->endpoints[i].name, "submissions") == 0;
        assert_int_equal(c->endpoints[i].auth,
                         is_optional ? ENDPOINT_AUTH_OPTIONAL : ENDPOINT_AUTH_REQUIRED);
    }
    configured_finish(&got);
}

static void gives_way_to_what_is_written(void **unused) {
    (void)unused;
    struct configured got = demo("listen: ['[::1]:1', 127.1.2.3:2]\n"
                                 "endpoints:\n  - name: submissions\n    auth: required\n",
                                 NULL);
    assert_string_equal(got.mistakes.at, "");
    assert_int_equal(got.config->listen_count, 2);
    for (size_t i = 0; i < got.config->endpoints_count; i++)
        assert_int_equal(got.config->endpoints[i].auth, ENDPOINT_AUTH_REQUIRED);
    configured_finish(&got);
}

static void is_off_by_default(void **unused) {
    (void)unused;
    static const char *const environ[] = { "JWT_SECRET_KEY=" GOOD_SECRET, NULL };
    struct configured got =
        configured_by("endpoints:\n  - name: own\n    path: /demo/token\n", environ);
    assert_string_equal(got.mistakes.at, "");
    assert_false(got.config->is_demo);
    configured_finish(&got);
}

static void refuses(void **unused) {
    (void)unused;
    static const struct {
        const char *yaml, *variable, *mistakes;
    } cases[] = {
        { "listen: 0.0.0.0:8080\n", NULL,
          "t.yaml:1:9: listen: demo mode listens on loopback only (127.0.0.1 or [::1])\n" },
        { "listen: [127.0.0.1:1, '[::]:2']\n", NULL,
          "t.yaml:1:9: listen: demo mode listens on loopback only (127.0.0.1 or [::1])\n" },
        { "metrics: {listen: 10.0.0.1:9000}\n", NULL,
          "t.yaml:1:19: metrics.listen: demo mode listens on loopback only (127.0.0.1 or "
          "[::1])\n" },
        { "jwt: {secret: " GOOD_SECRET "}\n", NULL,
          "t.yaml:1:15: jwt.secret: demo mode makes a key of its own and takes no other\n" },
        { "jwt: {key_file: a.pem}\n", NULL,
          "t.yaml:1:17: jwt.key_file: demo mode makes a key of its own and takes no other\n" },
        { "jwt: {jwks_file: a.json}\n", NULL,
          "t.yaml:1:18: jwt.jwks_file: demo mode makes a key of its own and takes no other\n" },
        { "", "JWT_SECRET_KEY=" GOOD_SECRET,
          "JWT_SECRET_KEY: jwt.secret: demo mode makes a key of its own and takes no other\n" },
        { "endpoints:\n  - name: own\n    path: /demo/token\n", NULL,
          "t.yaml:3:11: endpoints.own.path: \"/demo/token\" and the server's own /demo/token can "
          "be the same\n" },
        { "endpoints:\n  - name: own\n    path: /\n", NULL,
          "t.yaml:3:11: endpoints.own.path: \"/\" and the server's own / can be the same\n" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        const char *const environ[] = { cases[i].variable, NULL };
        struct configured got = demo(cases[i].yaml, environ);
        assert_string_equal(got.mistakes.at, cases[i].mistakes);
        configured_finish(&got);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_nothing),
        cmocka_unit_test(gives_way_to_what_is_written),
        cmocka_unit_test(is_off_by_default),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
