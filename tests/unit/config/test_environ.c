/* SPDX-License-Identifier: MIT */
/*
 * Variables and flags: their names, what goes over what, and what is wrong with them.
 */
#include "configured.h"

#include <unistd.h>

enum { VARIABLES_MAX = 4 };
#define SECRET "JWT_SECRET_KEY=" GOOD_SECRET

static struct configured with(const char *yaml, const char *const *variables) {
    const char *given[VARIABLES_MAX + 2] = { SECRET };
    for (size_t i = 0; i < VARIABLES_MAX && variables[i]; i++)
        given[i + 1] = variables[i];
    return configured_by(yaml, given);
}

static void sets_values(void **state) {
    (void)state;
    static const struct {
        const char *yaml;
        const char *variables[VARIABLES_MAX];
        const char *shown; /* a line of `tidings check` */
    } cases[] = {
        { "workers: 3", { "TIDINGS_WORKERS=7" }, "\nworkers: 7\n" },
        { "workers: x", { "TIDINGS_WORKERS=7" }, "\nworkers: 7\n" },
        { "", { "TIDINGS_JWT_LEEWAY_SECONDS=9" }, "\n  leeway_seconds: 9\n" },
        { "", { "TIDINGS_JWT_AUDIENCE=null" }, "\n  audience: \"null\"\n" },
        { "jwt: {audience: x}", { "TIDINGS_JWT_AUDIENCE=" }, "\n  audience: \"\"\n" },
        { "", { "TIDINGS_LISTEN=[::1]:9" }, "listen: [\"[::1]:9\"]\n" },
        { "",
          { "TIDINGS_LISTEN=[\"127.0.0.1:1\", \"[::1]:2\"]" },
          "listen: [\"127.0.0.1:1\", \"[::1]:2\"]\n" },
        { "metrics: {listen: 127.0.0.1:1}", { "TIDINGS_METRICS_LISTEN=" }, "\n  listen: []\n" },
        { "origins: [http://a]", { "TIDINGS_ORIGINS=[]" }, "\norigins: []\n" },
        { "",
          { "TIDINGS_API_KEYS=[\"a\",{\"name\":\"n\",\"key\":\"k\",\"scopes\":[\"read\"]}]" },
          "\n  keys: [{key: \"********\", scopes: [publish, admin, read]}, "
          "{name: \"n\", key: \"********\", scopes: [read]}]\n" },

        /* Endpoints. */
        { "", { "TIDINGS_ENDPOINTS_HULEEDU_IDLE_SECONDS=9" }, "\n    idle_seconds: 9\n" },
        { "endpoints: [{name: my-own, path: /o}, {name: huleedu, enabled: false}]",
          { "TIDINGS_ENDPOINTS_MY_OWN_MAX_QUEUE_BYTES=99" },
          "\n    max_queue_bytes: 99\n" },
        { "", { "TIDINGS_ENDPOINTS_HULEEDU_STATUS_IDLE_SECONDS=9" }, "\n    idle_seconds: 9\n" },
        { "", { "TIDINGS_ENDPOINTS_HULEEDU_CHANNELS=[\"a\"]" }, "\n    channels: [\"a\"]\n" },
        { "endpoints: [{name: gone, path: /g}]",
          { "TIDINGS_ENDPOINTS=[{\"name\":\"x\",\"path\":\"/x\"}]",
            "TIDINGS_ENDPOINTS_X_CONNECTIONS=77" },
          "\n    connections: 77\n" },

        /* The names from before. */
        { "log_level: info", { "LOG_LEVEL=DEBUG" }, "\nlog_level: debug\n" },
        { "log_level: debug", { "LOG_LEVEL=" }, "\nlog_level: debug\n" },
        { "",
          { "CORS_ORIGINS=[\"http://localhost:3000\", \"https://app.huledu.com\"]" },
          "\norigins: [\"http://localhost:3000\", \"https://app.huledu.com\"]\n" },
        { "", { "JWT_ALGORITHM=HS512" }, "\n  algorithms: [HS512]\n" },
        { "", { "JWT_AUDIENCE=a", "JWT_ISSUER=b" }, "\n  audience: \"a\"\n  issuer: \"b\"\n" },
        { "", { "WEBSOCKET_PORT=9000" }, "listen: [\"0.0.0.0:9000\"]\n" },
        { "listen: '[::1]:1'", { "WEBSOCKET_PORT=9000" }, "listen: [\"[::1]:9000\"]\n" },
        { "listen: [127.0.0.1:1]", { "WEBSOCKET_PORT=9000" }, "listen: [\"127.0.0.1:9000\"]\n" },
        { "", { "WEBSOCKET_MAX_CONNECTIONS_PER_USER=8" }, "\n    connections: 8\n" },
        { "", { "WEBSOCKET_IDLE_TIMEOUT=8" }, "\n    idle_seconds: 8\n" },

        { "",
          { "REDIS_URL=redis://h:7/1" },
          "\n  kind: redis\n  redis:\n    url: \"redis://h:7/1\"\n" },
        { "broker: {redis: {url: 'redis://i'}}",
          { "REDIS_URL=redis://u:classified@h" },
          "\n  kind: redis\n  redis:\n    url: \"redis://u:***@h:6379/0\"\n" },
        { "",
          { "REDIS_URL=rediss://:classified@h", "TIDINGS_BROKER_REDIS_TLS_CA_FILE=/ca" },
          "    url: \"rediss://:***@h:6379/0\"\n" },
        { "",
          { "REDIS_URL=rediss://h", "TIDINGS_BROKER_REDIS_TLS_CA_FILE=/ca" },
          "\n    tls:\n      ca_file: \"/ca\"\n      cert_file: \"\"\n" },
        { "broker: {kind: redis}", { "REDIS_URL=redis://h" }, "\n    url: \"redis://h:6379/0\"\n" },
        { "", { "REDIS_URL=" }, "\n  kind: memory\n  redis:\n" },
        { "", { "REDIS_URLS=redis://h" }, "\n  kind: memory\n  redis:\n" },
        /* Not for us then, whatever it holds. */
        { "broker: {kind: memory}", { "REDIS_URL=radish://h" }, "\n  kind: memory\n  redis:\n" },
        { "broker: {kind: redis}",
          { "REDIS_URL=radish://h", "TIDINGS_BROKER_KIND=memory" },
          "\n  kind: memory\n  redis:\n" },
        { "broker: {kind: memory}",
          { "REDIS_URL=redis://h", "TIDINGS_BROKER_KIND=redis" },
          "\n  kind: redis\n  redis:\n    url: \"redis://h:6379/0\"\n" },
        { "",
          { "TIDINGS_BROKER_REDIS_URL=redis://h" },
          "\n  kind: memory\n  redis:\n    url: \"redis://h:6379/0\"\n" },
        { "",
          { "TIDINGS_BROKER_REDIS_MODE=sentinel",
            "TIDINGS_BROKER_REDIS_SENTINELS=[\"a:1\",\"[::1]:2\"]", "TIDINGS_BROKER_KIND=redis" },
          "\n    mode: sentinel\n    sentinels: [\"a:1\", \"[::1]:2\"]\n" },

        /* The key's own name goes over them, wherever it stands. */
        { "", { "TIDINGS_LOG_LEVEL=error", "LOG_LEVEL=debug" }, "\nlog_level: error\n" },
        { "",
          { "TIDINGS_LISTEN=127.0.0.1:1", "WEBSOCKET_PORT=9000" },
          "listen: [\"127.0.0.1:1\"]\n" },
        { "",
          { "TIDINGS_BROKER_REDIS_URL=redis://i", "REDIS_URL=redis://h" },
          "\n  kind: redis\n  redis:\n    url: \"redis://i:6379/0\"\n" },

        /* Not ours. */
        { "", { "TIDINGS_API_KEY=x", "TIDING_WORKERS=x", "WORKERS=x" }, "\nworkers: 0\n" },
        { "",
          { "TIDINGS_SERVICE_HOST=10.0.0.1", "TIDINGS_PORT=tcp://10.0.0.1:80",
            "TIDINGS_SERVICE_PORT_HTTP=80", "TIDINGS_PORT_80_TCP_ADDR=10.0.0.1" },
          "\nworkers: 0\n" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct configured got = with(cases[i].yaml, cases[i].variables);
        assert_string_equal(got.mistakes.at, "");
        struct buf shown;
        buf_init(&shown, 1024 * 1024);
        config_show(got.config, &shown);
        buf_append_char(&shown, '\0');
        if (!strstr(shown.at, cases[i].shown))
            fail_msg("%s: no line \"%s\"", cases[i].variables[0], cases[i].shown);
        buf_finish(&shown);
        configured_finish(&got);
    }
}

/* Those that speak of HuleEdu speak of both its endpoints, and of no other. */
static void old_names_are_for_both_endpoints(void **state) {
    (void)state;
    static const char *const variables[] = { "WEBSOCKET_MAX_CONNECTIONS_PER_USER=8",
                                             "WEBSOCKET_IDLE_TIMEOUT=99", NULL };
    struct configured got = with("", variables);
    assert_string_equal(got.mistakes.at, "");
    for (size_t i = 0; i < got.config->endpoints_count; i++) {
        const struct endpoint_options *e = &got.config->endpoints[i];
        bool is_meant = span_starts(span_str(e->name), SPAN("huleedu"));
        assert_int_equal(e->connections == 8, is_meant);
        assert_int_equal(e->idle_seconds == 99, is_meant);
    }
    configured_finish(&got);
}

static void names_the_variable(void **state) {
    (void)state;
    static const struct {
        const char *yaml;
        const char *variables[VARIABLES_MAX];
        const char *mistakes;
    } cases[] = {
        { "",
          { "TIDINGS_WORKERS=x" },
          "TIDINGS_WORKERS: workers: a whole number from 0 to 64 expected, found \"x\"\n" },
        { "",
          { "TIDINGS_WORKERS=" },
          "TIDINGS_WORKERS: workers: a whole number from 0 to 64 expected, found \"\"\n" },
        { "",
          { "TIDINGS_WORKER=1" },
          "TIDINGS_WORKER: no key has this variable; did you mean TIDINGS_WORKERS?\n" },
        { "",
          { "TIDINGS_ENDPOINTS_HULEDU_PATH=/a" },
          "TIDINGS_ENDPOINTS_HULEDU_PATH: no key has this variable; did you mean "
          "TIDINGS_ENDPOINTS_HULEEDU_PATH?\n" },
        { "", { "TIDINGS_WORKERS_FILE=/a" }, "TIDINGS_WORKERS_FILE: no key has this variable\n" },
        { "", { "TIDINGS_PORT=8080" }, "TIDINGS_PORT: no key has this variable\n" },
        { "",
          { "TIDINGS_ORIGINS=http://a" },
          "TIDINGS_ORIGINS: a list in JSON expected, such as [\"a\",\"b\"]: a value missing at "
          "character 1\n" },
        { "",
          { "TIDINGS_ORIGINS=\"http://a\"" },
          "TIDINGS_ORIGINS: a list in JSON expected, such as [\"a\",\"b\"]\n" },
        { "",
          { "TIDINGS_ORIGINS=[\"http://a\", null, 5]" },
          "TIDINGS_ORIGINS: origins: has no value; \"\" is the empty text\n"
          "TIDINGS_ORIGINS: origins: scheme://host[:port] or *.host expected, found \"5\"\n" },
        { "",
          { "TIDINGS_ORIGINS=[\"a\\u0000\"]" },
          "TIDINGS_ORIGINS: a text of whole characters, none of them NUL, expected at character "
          "2\n" },
        { "",
          { "TIDINGS_ORIGINS=[[[[[[[[[]]]]]]]]]" },
          "TIDINGS_ORIGINS: less nesting expected at character 9\n" },
        { "",
          { "TIDINGS_ENDPOINTS=[{\"name\":\"a\",\"path\":\"/a\",\"pth\":1},{\"name\":\"a\"}]" },
          "TIDINGS_ENDPOINTS: unknown key of an endpoint: \"pth\"; did you mean \"path\"?\n"
          "TIDINGS_ENDPOINTS: a second endpoint named \"a\"\n" },
        { "",
          { "TIDINGS_ENDPOINTS=[{\"name\":\"a\",\"path\":\"/a\",\"path\":\"/b\"}]" },
          "TIDINGS_ENDPOINTS: \"path\" repeated\n" },
        { "",
          { "REDIS_URL=radish://u:classified@h" },
          "REDIS_URL: broker.redis.url: a Redis URL begins with redis:// or rediss://\n" },
        { "",
          { "REDIS_URL=redis://h", "TIDINGS_STORE_KIND=sqlite", "TIDINGS_STORE_PATH=x" },
          "TIDINGS_STORE_KIND: store.kind: sqlite is for broker.kind: memory; with redis, history "
          "is kept in Redis\n" },
        { "",
          { "REDIS_URL=redis://h", "REDIS_URL_FILE=/x" },
          "REDIS_URL_FILE: REDIS_URL is set too; only one can be meant\n" },
        { "",
          { "JWT_ALGORITHM=none" },
          "JWT_ALGORITHM: jwt.algorithms: unknown algorithm \"none\"\n" },
        { "",
          { "WEBSOCKET_PORT=65536" },
          "WEBSOCKET_PORT: a port from 0 to 65535 expected, found \"65536\"\n" },
        { "listen: [1.1.1.1:1, 1.1.1.1:2]",
          { "WEBSOCKET_PORT=1" },
          "WEBSOCKET_PORT: `listen` has several addresses, set TIDINGS_LISTEN instead\n" },
        { "listen: nowhere",
          { "WEBSOCKET_PORT=1" },
          "t.yaml:1:9: listen: an IP address with a port expected, as 127.0.0.1:8080 or "
          "[::1]:8080, found \"nowhere\"\n" },
        { "",
          { "TIDINGS_JWT_SECRET=" GOOD_SECRET, "TIDINGS_JWT_SECRET_FILE=/x" },
          "TIDINGS_JWT_SECRET_FILE: TIDINGS_JWT_SECRET is set too; only one can be meant\n" },
        { "",
          { "JWT_SECRET_KEY_FILE=/x" },
          "JWT_SECRET_KEY_FILE: JWT_SECRET_KEY is set too; only one can be meant\n" },
        { "jwt: {leeway_seconds: x}",
          { "TIDINGS_WORKERS=\xff\x1b" },
          "t.yaml:1:23: jwt.leeway_seconds: a whole number from 0 to 3600 expected, found \"x\"\n"
          "TIDINGS_WORKERS: workers: a whole number from 0 to 64 expected, found \"?\?\"\n" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct configured got = with(cases[i].yaml, cases[i].variables);
        assert_string_equal(got.mistakes.at, cases[i].mistakes);
        configured_finish(&got);
    }
}

/* A variable that names a file with the secret; files are opened by `config_load` alone. */
struct loaded {
    struct config *config;
    struct buf mistakes;
};

static struct loaded load(const char *const *given) {
    struct loaded ret = { 0 };
    struct config_report report = { 0 };
    struct config_source source = { .environ = given };
    if (config_load(&source, &report, &ret.config)) assert_true(report.count > 0);
    buf_init(&ret.mistakes, 4096);
    config_report_show(&report, &ret.mistakes);
    buf_append_char(&ret.mistakes, '\0');
    config_report_finish(&report);
    return ret;
}

static void secrets_come_from_files(void **state) {
    (void)state;
    static const struct {
        const char *content;
        size_t len;
        const char *secret; /* NULL: refused */
    } files[] = {
        { GOOD_SECRET, 32, GOOD_SECRET },
        { GOOD_SECRET "\n", 33, GOOD_SECRET },
        { GOOD_SECRET "\r\n", 34, GOOD_SECRET },
        { GOOD_SECRET "\n\n", 34, GOOD_SECRET "\n" },
        { GOOD_SECRET " ", 33, GOOD_SECRET " " },
        { GOOD_SECRET "\0x", 34, NULL },
        { "", 0, NULL },
    };
    for (size_t i = 0; i < countof(files); i++) {
        char path[] = "/tmp/tidings-secret-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, files[i].content, files[i].len), files[i].len);
        close(fd);
        char variable[64];
        snprintf(variable, sizeof variable, "TIDINGS_JWT_SECRET_FILE=%s", path);
        const char *given[] = { variable, NULL };
        struct loaded got = load(given);
        if (files[i].secret)
            assert_string_equal(got.config->jwt.secret, files[i].secret);
        else
            assert_null(got.config);
        if (got.config) assert_non_null(got.config->jwt.keys);
        unlink(path);
        config_free(got.config);
        buf_finish(&got.mistakes);
    }
    static const char *const given[] = { "TIDINGS_JWT_SECRET_FILE=/nowhere/secret", NULL };
    struct loaded got = load(given);
    assert_string_equal(got.mistakes.at, "TIDINGS_JWT_SECRET_FILE: /nowhere/secret cannot be read: "
                                         "No such file or directory\n");
    buf_finish(&got.mistakes);
}

static void key_files_are_judged(void **state) {
    (void)state;
    static const struct {
        const char *variables[VARIABLES_MAX];
        const char *mistakes;
    } cases[] = {
        { { "TIDINGS_JWT_KEY_FILE=/nowhere/key", "JWT_ALGORITHM=RS256" },
          "TIDINGS_JWT_KEY_FILE: jwt.key_file: /nowhere/key cannot be read: No such file or "
          "directory\n" },
        { { "TIDINGS_JWT_KEY_FILE=/dev/zero", "JWT_ALGORITHM=RS256" },
          "TIDINGS_JWT_KEY_FILE: jwt.key_file: /dev/zero cannot be read: larger than 1048576 "
          "bytes\n" },
        { { "TIDINGS_JWT_JWKS_FILE=" SOURCE_ROOT "/meson.build" },
          "TIDINGS_JWT_JWKS_FILE: jwt.jwks_file: line 1, column 7: not valid JSON\n" },
        { { "TIDINGS_JWT_KEY_FILE=" SOURCE_ROOT "/meson.build", "JWT_ALGORITHM=ES256" },
          "TIDINGS_JWT_KEY_FILE: jwt.key_file: there is no PEM block in it\n" },
        { { "TIDINGS_JWT_JWKS_CA_FILE=" SOURCE_ROOT "/meson.build", "JWT_ALGORITHM=ES256",
            "TIDINGS_JWT_JWKS_URL=https://issuer.example/keys" },
          "TIDINGS_JWT_JWKS_CA_FILE: jwt.jwks_ca_file: there is no PEM certificate in it\n" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct loaded got = load(cases[i].variables);
        assert_string_equal(got.mistakes.at, cases[i].mistakes);
        buf_finish(&got.mistakes);
    }
}

static void flags_go_over_everything(void **state) {
    (void)state;
    static const char *const given[] = { SECRET, "TIDINGS_WORKERS=2", "WEBSOCKET_PORT=9000", NULL };
    static const struct config_flag flags[] = { { "--workers", "workers", "3" },
                                                { "--listen", "listen", "[::1]:7" } };
    static const struct config_flag wrong[] = { { "--workers", "workers", "x" } };
    struct config_source source = { "t.yaml", given, flags, countof(flags) };
    struct config_report report = { 0 };
    struct config *config;
    assert_int_equal(config_parse(SPAN("workers: 1"), &source, &report, &config), ERR_OK);
    assert_int_equal(config->workers, 3);
    assert_int_equal(config->listen[0].port, 7);
    config_free(config);

    /* As `tidings serve --redis` does. */
    static const struct config_flag redis[] = { { "--redis", "broker.kind", "redis" },
                                                { "--redis", "broker.redis.url", "redis://h" } };
    source.flags = redis;
    source.flags_count = countof(redis);
    assert_int_equal(config_parse(SPAN("broker: {kind: memory}"), &source, &report, &config),
                     ERR_OK);
    assert_int_equal(config->broker.kind, CONFIG_BROKER_REDIS);
    assert_string_equal(config->broker.redis.url.host, "h");
    config_free(config);

    source.flags = wrong;
    source.flags_count = countof(wrong);
    assert_int_equal(config_parse(SPAN("workers: 1"), &source, &report, &config), ERR_INVALID);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.list[0].text,
                        "--workers: workers: a whole number from 0 to 64 expected, found \"x\"");
    config_report_finish(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_values),          cmocka_unit_test(old_names_are_for_both_endpoints),
        cmocka_unit_test(names_the_variable),   cmocka_unit_test(secrets_come_from_files),
        cmocka_unit_test(key_files_are_judged), cmocka_unit_test(flags_go_over_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
