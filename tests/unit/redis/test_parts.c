/* SPDX-License-Identifier: MIT */
/*
 * The small parts of a link: how commands are written, how long it waits, where servers are, where
 * keys lie, what is said first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/backoff_priv.h"
#include "redis/login_priv.h"
#include "redis/wire_priv.h"

static void assert_span(struct span got, struct span want) {
    if (!span_eq(got, want)) fail_msg("%.*s instead of %.*s", SPAN_ARG(got), SPAN_ARG(want));
}

static void commands_are_arrays_of_strings(void **state) {
    (void)state;
    const struct {
        struct span args[3];
        size_t count;
        struct span want;
    } cases[] = {
        { { SPAN("PING") }, 1, SPAN("*1\r\n$4\r\nPING\r\n") },
        { { SPAN("SET"), SPAN(""), SPAN("a\r\n\0b") },
          3,
          SPAN("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n") },
        { { SPAN("ECHO"), SPAN("0123456789") },
          2,
          SPAN("*2\r\n$4\r\nECHO\r\n$10\r\n0123456789\r\n") },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct buf out;
        buf_init(&out, 1000);
        redis_write_command(&out, cases[i].args, cases[i].count);
        assert_span(buf_span(&out), cases[i].want);
        assert_int_equal(redis_command_bytes(cases[i].args, cases[i].count), out.len);
        buf_finish(&out);
    }
}

static void it_waits_longer_each_time_and_never_too_long(void **state) {
    (void)state;
    struct redis_backoff b = { 0 };
    const uint32_t ceilings[] = { 100, 200, 400, 800, 1600, 3200, 5000, 5000 };
    for (size_t i = 0; i < countof(ceilings); i++) {
        struct redis_backoff copy = b;
        assert_int_equal(redis_backoff_next(&copy, 5000, 0), 0);
        copy = b;
        assert_int_equal(redis_backoff_next(&copy, 5000, ceilings[i] / 2), ceilings[i] / 2);
        assert_int_equal(redis_backoff_next(&b, 5000, ceilings[i]), ceilings[i]);
    }
    for (int i = 0; i < 1000; i++)
        assert_in_range(redis_backoff_next(&b, 30000, UINT64_MAX - (uint64_t)i), 0, 30000);
}

static void keys_lie_where_the_cluster_says(void **state) {
    (void)state;
    const struct {
        struct span key;
        uint16_t slot;
    } cases[] = {
        { SPAN("123456789"), 0x31c3 },   { SPAN("foo"), 12182 }, { SPAN("{foo}:meta"), 12182 },
        { SPAN("x{foo}y{bar}"), 12182 }, { SPAN("bar"), 5061 },  { SPAN(""), 0 },
    };
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(redis_slot(cases[i].key), cases[i].slot);
    /* All of it counts without both braces or with nothing between. */
    assert_int_not_equal(redis_slot(SPAN("{}foo")), redis_slot(SPAN("foo")));
    assert_int_not_equal(redis_slot(SPAN("{foo")), redis_slot(SPAN("foo")));
    assert_int_not_equal(redis_slot(SPAN("{}foo")), 0);
    assert_int_not_equal(redis_slot(SPAN("{}{foo}")), redis_slot(SPAN("foo")));
    assert_int_equal(redis_slot(SPAN("{{foo}}")), redis_slot(SPAN("{foo")));
}

static void servers_are_host_and_port(void **state) {
    (void)state;
    const struct {
        const char *text, *host;
        uint16_t port;
    } cases[] = {
        { "redis:6379", "redis", 6379 },
        { "127.0.0.1:1", "127.0.0.1", 1 },
        { "[::1]:6380", "::1", 6380 },
        { "redis", NULL, 0 },
        { ":6379", NULL, 0 },
        { "redis:", NULL, 0 },
        { "redis:0", NULL, 0 },
        { "redis:65536", NULL, 0 },
        { "redis:63x", NULL, 0 },
        { "", NULL, 0 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct redis_server server;
        assert_int_equal(redis_server_parse(&server, span_str(cases[i].text)),
                         cases[i].host != NULL);
        if (!cases[i].host) continue;
        assert_string_equal(server.host, cases[i].host);
        assert_int_equal(server.port, cases[i].port);
        char text[REDIS_SERVER_TEXT_MAX];
        redis_server_format(&server, text);
        assert_string_equal(text, cases[i].text);
    }
    char long_name[REDIS_HOST_MAX + 2];
    memset(long_name, 'x', sizeof long_name);
    struct redis_server server;
    assert_false(redis_server_set(&server, span_of(long_name, sizeof long_name), 1));
    assert_true(redis_server_set(&server, span_of(long_name, REDIS_HOST_MAX), 1));
}

static void what_is_said_first_depends_on_what_is_given(void **state) {
    (void)state;
    const struct {
        struct redis_login login;
        const char *want;
        size_t steps;
    } cases[] = {
        { { 0 }, "*1\r\n$4\r\nPING\r\n", 1 },
        { { .user = "", .password = "", .name = "" }, "*1\r\n$4\r\nPING\r\n", 1 },
        { { .password = "p" }, "*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n*1\r\n$4\r\nPING\r\n", 2 },
        { { .user = "u", .password = "p", .database = 12, .name = "n" },
          "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"
          "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$1\r\nn\r\n*1\r\n$4\r\nPING\r\n",
          4 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        uint8_t steps[REDIS_LOGIN_STEPS];
        struct buf out;
        buf_init(&out, 1000);
        assert_int_equal(redis_login_write(&cases[i].login, &out, steps), cases[i].steps);
        assert_span(buf_span(&out), span_str(cases[i].want));
        assert_int_equal(steps[cases[i].steps - 1], REDIS_LOGIN_PING);
        buf_finish(&out);
    }
}

static void refusals_are_said_in_a_sentence(void **state) {
    (void)state;
    const struct {
        enum redis_login_step step;
        struct redis_reply reply;
        const char *why; /* NULL: let in */
    } cases[] = {
        { REDIS_LOGIN_AUTH, { .kind = REDIS_STATUS, .text = SPAN("OK") }, NULL },
        { REDIS_LOGIN_AUTH,
          { .kind = REDIS_ERROR, .text = SPAN("WRONGPASS no") },
          "it does not accept user and password: WRONGPASS no" },
        { REDIS_LOGIN_SELECT,
          { .kind = REDIS_ERROR, .text = SPAN("ERR out of range") },
          "it does not give the database: ERR out of range" },
        { REDIS_LOGIN_NAME, { .kind = REDIS_ERROR, .text = SPAN("NOPERM no") }, NULL },
        { REDIS_LOGIN_NAME,
          { .kind = REDIS_ERROR, .text = SPAN("ERR max number of clients reached") },
          "it is full: ERR max number of clients reached" },
        { REDIS_LOGIN_PING,
          { .kind = REDIS_ERROR, .text = SPAN("LOADING it") },
          "it is not at work: LOADING it" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct err_note why = { "" };
        assert_int_equal(redis_login_judge(cases[i].step, &cases[i].reply, &why), !cases[i].why);
        assert_string_equal(why.text, cases[i].why ? cases[i].why : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_arrays_of_strings),
        cmocka_unit_test(it_waits_longer_each_time_and_never_too_long),
        cmocka_unit_test(keys_lie_where_the_cluster_says),
        cmocka_unit_test(servers_are_host_and_port),
        cmocka_unit_test(what_is_said_first_depends_on_what_is_given),
        cmocka_unit_test(refusals_are_said_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
