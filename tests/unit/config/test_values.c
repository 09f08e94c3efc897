/* SPDX-License-Identifier: MIT */
/*
 * What comes out of a configuration: defaults, endpoints over them, the YAML that `tidings check`
 * prints, and the pages that are made from the table.
 */
#include "configured.h"

enum { TEXT_MAX = 1024 * 1024 };
static const char *const ENVIRON[] = { "JWT_SECRET_KEY=" GOOD_SECRET, NULL };

static struct config *good(const char *yaml) {
    struct configured got = configured_by(yaml, ENVIRON);
    assert_string_equal(got.mistakes.at, "");
    buf_finish(&got.mistakes);
    return got.config;
}

static void has_defaults(void **state) {
    (void)state;
    struct config *c = good("");
    assert_int_equal(c->listen_count, 1);
    assert_int_equal(c->listen[0].port, 8080);
    assert_int_equal(c->workers, 0);
    assert_int_equal(c->drain_seconds, 5);
    assert_int_equal(c->unfinished_bytes_max, 268435456);
    assert_int_equal(c->queue_bytes_max, 1073741824);
    assert_int_equal(c->trusted_proxies_count, 0);
    assert_int_equal(c->origins_count, 0);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_int_equal(c->log_format, LOG_LOGFMT);
    assert_int_equal(c->metrics.listen_count, 0);
    assert_int_equal(c->jwt.algorithms, AUTH_BIT(AUTH_HS256));
    assert_string_equal(c->jwt.secret, GOOD_SECRET);
    assert_false(config_has_tls(&c->tls));
    assert_int_equal(c->tls.min_version, TLS_1_2);
    assert_int_equal(c->tls.listen_count, 0);
    assert_string_equal(c->jwt.audience, "");
    assert_int_equal(c->jwt.leeway_seconds, 5);
    assert_false(c->jwt.allows_weak_secret);
    assert_int_equal(api_keys_count(c->api.keys), 0);
    assert_true(c->api.has_public_stats);
    assert_int_equal(c->publish.max_bytes, 524288);
    assert_int_equal(c->broker.kind, CONFIG_BROKER_MEMORY);
    assert_string_equal(c->broker.redis.url.host, "127.0.0.1");
    assert_int_equal(c->broker.redis.url.port, 6379);
    assert_int_equal(c->broker.redis.url.database, 0);
    assert_int_equal(c->broker.redis.mode, REDIS_SINGLE);
    assert_int_equal(c->broker.redis.sentinels_count, 0);
    assert_string_equal(c->broker.redis.sentinel_master, "mymaster");
    assert_true(c->broker.redis.is_sharded);
    assert_string_equal(c->broker.redis.prefix, "");
    assert_int_equal(c->broker.redis.connect_timeout_seconds, 5);
    assert_int_equal(c->broker.redis.reply_timeout_seconds, 5);
    assert_int_equal(c->broker.redis.reconnect_max_seconds, 10);

    assert_int_equal(c->endpoints_count, 4);
    const struct endpoint_options *e = &c->endpoints[0];
    assert_string_equal(e->name, "huleedu");
    assert_string_equal(e->path, "/ws");
    assert_string_equal(e->dialect->name, "huleedu");
    assert_true(e->is_enabled);
    assert_int_equal(e->auth, ENDPOINT_AUTH_REQUIRED);
    assert_int_equal(e->user_claims_count, 2);
    assert_string_equal(e->user_claims[0], "user_id");
    assert_string_equal(e->user_claims[1], "sub");
    assert_int_equal(e->required_claims_count, 1);
    assert_string_equal(e->required_claims[0], "exp");
    assert_int_equal(e->channels_count, 2);
    assert_string_equal(e->channels[0], "ws:{user_id}");
    assert_string_equal(e->channels[1], "broadcast");
    assert_string_equal(e->path_user, "");
    assert_false(e->is_declared);
    assert_int_equal(e->replay, ENDPOINT_REPLAY_NONE);
    assert_string_equal(e->ends_after, "");
    assert_int_equal(e->not_found_code, 4004);
    assert_int_equal(e->connections_per, ENDPOINT_PER_USER);
    assert_int_equal(e->refuse, ENDPOINT_REFUSE_CLOSE);
    assert_true(e->explains);
    assert_int_equal(e->unauthorized_code, 1008);
    assert_int_equal(e->limited_code, 4000);
    assert_int_equal(e->connections, 5);
    assert_int_equal(e->attempts_per_minute, 10);
    assert_int_equal(e->messages_per_minute, 100);
    assert_int_equal(e->block_seconds, 60);
    assert_int_equal(e->limits_scope, ENDPOINT_SCOPE_NODE);
    assert_int_equal(e->ping_seconds, 0);
    assert_int_equal(e->idle_seconds, 300);
    assert_int_equal(e->write_seconds, 10);
    assert_int_equal(e->unfinished_seconds, 30);
    assert_int_equal(e->max_message_bytes, 65536);
    assert_int_equal(e->max_notification_bytes, 65536);
    assert_int_equal(e->max_queue_bytes, 1048576);
    assert_int_equal(e->inbound, ENDPOINT_INBOUND_IGNORE);
    assert_true(e->compresses);
    assert_false(e->keeps_after_expiry);
    config_free(c);
}

static void endpoints_start_from_defaults(void **state) {
    (void)state;
    struct config *c =
        good("endpoints:\n"
             "  - {name: own, path: '/o/{x}', user_format: uuid, channels: ['c:{x}']}\n"
             "  - {name: huleedu, idle_seconds: 7, channels: [a]}\n");
    assert_int_equal(c->endpoints_count, 5);
    assert_string_equal(c->endpoints[0].name, "huleedu");
    assert_int_equal(c->endpoints[0].idle_seconds, 7);
    assert_int_equal(c->endpoints[0].channels_count, 1);
    assert_string_equal(c->endpoints[0].channels[0], "a");
    assert_int_equal(c->endpoints[0].connections, 5);
    assert_string_equal(c->endpoints[4].name, "own");
    assert_string_equal(c->endpoints[4].path, "/o/{x}");
    assert_int_equal(c->endpoints[4].user_format, ENDPOINT_USER_UUID);
    assert_int_equal(c->endpoints[4].idle_seconds, 300);
    assert_int_equal(c->endpoints[4].channels_count, 1);
    config_free(c);
}

static void keys_may_do_what_they_name(void **state) {
    (void)state;
    struct config *c =
        good("api: {keys: [all, {key: some, scopes: [publish, read]}, {key: every}]}");
    const struct api_key *all = api_keys_find(c->api.keys, SPAN("all"));
    const struct api_key *some = api_keys_find(c->api.keys, SPAN("some"));
    const struct api_key *every = api_keys_find(c->api.keys, SPAN("every"));
    assert_true(all && some && every);
    assert_int_equal(all->scopes, API_SCOPE_ALL);
    assert_int_equal(some->scopes, API_SCOPE_PUBLISH | API_SCOPE_READ);
    assert_int_equal(every->scopes, API_SCOPE_ALL);
    config_free(c);
}

static char *shown(const struct config *config, struct buf *room) {
    buf_init(room, TEXT_MAX);
    config_show(config, room);
    buf_append_char(room, '\0');
    assert_int_equal(buf_err(room), ERR_OK);
    return room->at;
}

/* What `tidings check` prints is a configuration, and the same one. */
static void shows_what_can_be_read_again(void **state) {
    (void)state;
    struct config *c = good(
        "listen: [127.0.0.1:0, '[2001:db8::1]:443']\n"
        "workers: 3\n"
        "trusted_proxies: [10.0.0.0/8, 0.0.0.0/0, '::/0', 'fd00::/8', 192.0.2.1, '::1']\n"
        "origins: ['*.a.b', 'https://c:8443']\n"
        "log_format: json\n"
        "metrics: {listen: 127.0.0.1:9090}\n"
        "tls: {certificates: [{cert_file: '/a \"b\".pem', key_file: c}, {key_file: d, cert_file: "
        "e}], "
        "min_version: '1.3', listen: 127.0.0.1:8443}\n"
        "jwt: {algorithms: [HS512, HS256], audience: \"a \\\"b\\\" \\\\ \xc3\xa4 # c\", issuer: "
        "'null'}\n"
        "broker:\n  kind: redis\n  redis: {url: 'redis://a%40b:classified@[::1]:7/3', mode: "
        "sentinel, "
        "sentinels: ['a:1', '[::1]:2'], sentinel_master: m, sharded: false, prefix: 'p:'}\n"
        "endpoints: [{name: own, path: '/o/{x}', channels: ['c:{x}'], inbound: echo, refuse: http, "
        "auth: optional, compression: false, required_claims: []}]\n");
    struct buf first, second;
    struct config *again = good(shown(c, &first));
    assert_string_equal(shown(again, &second), first.at);
    assert_non_null(strstr(first.at, "\ntrusted_proxies: [\"10.0.0.0/8\", \"0.0.0.0/0\", \"::/0\", "
                                     "\"fd00::/8\", \"192.0.2.1/32\", \"::1/128\"]\n"));
    assert_non_null(strstr(first.at,
                           "\ntls:\n"
                           "  cert_file: \"\"\n"
                           "  key_file: \"\"\n"
                           "  certificates: [{cert_file: \"/a \\\"b\\\".pem\", key_file: \"c\"}, "
                           "{cert_file: \"e\", key_file: \"d\"}]\n"
                           "  min_version: 1.3\n"
                           "  kernel: false\n"
                           "  listen: [\"127.0.0.1:8443\"]\n"));
    assert_true(config_has_tls(&c->tls));
    assert_non_null(strstr(first.at, "\n  secret: \"********\"\n"));
    assert_null(strstr(first.at, GOOD_SECRET));
    assert_non_null(strstr(first.at, "\nbroker:\n"
                                     "  kind: redis\n"
                                     "  redis:\n"
                                     "    url: \"redis://a%40b:***@[::1]:7/3\"\n"
                                     "    mode: sentinel\n"
                                     "    sentinels: [\"a:1\", \"[::1]:2\"]\n"
                                     "    sentinel_master: \"m\"\n"
                                     "    sharded: false\n"
                                     "    prefix: \"p:\"\n"
                                     "    connect_timeout_seconds: 5\n"));
    assert_string_equal(c->broker.redis.url.user, "a@b");
    assert_string_equal(c->broker.redis.url.password, "classified");
    config_free(c);
    config_free(again);
    buf_finish(&first);
    buf_finish(&second);
}

/* The part of the shown configuration about one endpoint, behind its name. */
static struct span shown_endpoint(const char *shown, const char *name) {
    char head[64];
    snprintf(head, sizeof head, "  - name: %s\n", name);
    const char *at = strstr(shown, head);
    assert_non_null(at);
    at += strlen(head);
    const char *end = strstr(at, "  - name: ");
    return span_of(at, end ? (size_t)(end - at) : strlen(at));
}

/* The lines of `name` that huleedu has otherwise. */
static void expect_differs(const char *shown, const char *name, const char *expected) {
    struct span first = shown_endpoint(shown, "huleedu");
    struct span other = shown_endpoint(shown, name);
    struct span one, two;
    struct buf found;
    buf_init(&found, TEXT_MAX);
    while (span_next(&first, '\n', &one)) {
        assert_true(span_next(&other, '\n', &two));
        if (span_eq(one, two)) continue;
        buf_append_span(&found, span_skip(two, 4));
        buf_append_char(&found, '\n');
    }
    buf_append_char(&found, '\0');
    assert_string_equal(found.at, expected);
    buf_finish(&found);
}

static void builtins_differ_where_they_should(void **state) {
    (void)state;
    struct config *c = good("");
    struct buf room;
    const char *text = shown(c, &room);
    expect_differs(text, "huleedu-status",
                   "path: \"/ws/v1/status/{client_id}\"\n"
                   "dialect: huleedu-status\n"
                   "user_claims: [\"sub\"]\n"
                   "path_user: \"client_id\"\n");
    expect_differs(text, "hailango",
                   "path: \"/api/v1/ws\"\n"
                   "dialect: hailango\n"
                   "user_claims: [\"user_id\"]\n"
                   "user_format: uuid\n"
                   "required_claims: [\"exp\", \"email\"]\n"
                   "refuse: http\n"
                   "connections: 0\n"
                   "attempts_per_minute: 0\n"
                   "messages_per_minute: 0\n"
                   "ping_seconds: 54\n"
                   "idle_seconds: 60\n"
                   "max_message_bytes: 524288\n"
                   "max_notification_bytes: 524288\n");
    expect_differs(text, "submissions",
                   "path: \"/ws/submissions/{submission_id}\"\n"
                   "dialect: submissions\n"
                   "channels: [\"submission:{submission_id}\"]\n"
                   "declared: true\n"
                   "replay: all\n"
                   "ends_after: \"complete\"\n"
                   "explain: false\n"
                   "unauthorized_code: 4003\n"
                   "limited_code: 4029\n"
                   "connections_per: channel\n"
                   "connections: 10\n"
                   "ping_seconds: 30\n");
    config_free(c);
    buf_finish(&room);

    /* What is not named stays the endpoint's own, and not huleedu's. */
    c = good("endpoints: [{name: hailango, idle_seconds: 70}, {name: own, path: /o}]");
    text = shown(c, &room);
    assert_int_equal(c->endpoints[2].ping_seconds, 54);
    assert_int_equal(c->endpoints[2].idle_seconds, 70);
    assert_int_equal(c->endpoints[2].refuse, ENDPOINT_REFUSE_HTTP);
    expect_differs(text, "own", "path: \"/o\"\n");
    config_free(c);
    buf_finish(&room);
}

static struct config *from_file(const char *path) {
    struct config_report report = { 0 };
    struct config_source source = { .path = path, .environ = ENVIRON };
    struct config *config = NULL;
    enum err e = config_load(&source, &report, &config);
    for (size_t i = 0; i < report.count; i++)
        print_error("%s\n", report.list[i].text);
    assert_int_equal(e, ERR_OK);
    return config;
}

/* The file that is shipped says what is so without it, and says all of it. */
static void the_shipped_file_is_the_default(void **state) {
    (void)state;
    struct config *shipped = from_file(SOURCE_ROOT "/config/tidings.yaml");
    struct config *standard = good("");
    struct buf a, b;
    assert_string_equal(shown(shipped, &a), shown(standard, &b));
    config_free(shipped);
    config_free(standard);

    FILE *file = fopen(SOURCE_ROOT "/config/tidings.yaml", "r");
    assert_non_null(file);
    static char text[TEXT_MAX];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    struct span rest = span_str(a.at), line;
    while (span_next(&rest, '\n', &line)) {
        char key[128];
        snprintf(key, sizeof key, "%.*s:", (int)span_find(line, ':'), line.at);
        if (line.len > 0 && !strstr(text, key))
            fail_msg("config/tidings.yaml has no line \"%s\"", key);
    }
    buf_finish(&a);
    buf_finish(&b);
}

static void the_reference_page_is_up_to_date(void **state) {
    (void)state;
    FILE *file = fopen(SOURCE_ROOT "/docs/configuration.md", "r");
    assert_non_null(file);
    static char text[TEXT_MAX];
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    struct buf page;
    buf_init(&page, TEXT_MAX);
    config_reference(&page);
    buf_append_char(&page, '\0');
    if (strcmp(text, page.at) != 0)
        fail_msg("docs/configuration.md is behind src/config/table.c: run ninja -C build docs");
    buf_finish(&page);
}

static void help_names_every_key(void **state) {
    (void)state;
    struct buf help;
    buf_init(&help, TEXT_MAX);
    config_help(&help);
    buf_append_char(&help, '\0');
    assert_int_equal(buf_err(&help), ERR_OK);
    assert_non_null(strstr(help.at, "\n  jwt.secret = \"\"\n      TIDINGS_JWT_SECRET, or"));
    assert_non_null(strstr(help.at, "\n  endpoints[].idle_seconds = 300\n"
                                    "      TIDINGS_ENDPOINTS_<NAME>_IDLE_SECONDS\n"));
    struct span rest = buf_span(&help), line;
    while (span_next(&rest, '\n', &line))
        assert_true(line.len <= 100);
    buf_finish(&help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(endpoints_start_from_defaults),
        cmocka_unit_test(builtins_differ_where_they_should),
        cmocka_unit_test(keys_may_do_what_they_name),
        cmocka_unit_test(shows_what_can_be_read_again),
        cmocka_unit_test(the_shipped_file_is_the_default),
        cmocka_unit_test(the_reference_page_is_up_to_date),
        cmocka_unit_test(help_names_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
