/* SPDX-License-Identifier: MIT */
/*
 * Tests of dialect/: every refusal word for word, pongs, welcomes, notices, and what counts as a
 * ping.
 */
#include "dialect/dialect.h"

#include "base/json.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

static const struct dialect *named(const char *name) {
    const struct dialect *d = dialect_find(span_str(name));
    if (!d) fail_msg("no dialect %s", name);
    return d;
}

static void finding(void **unused) {
    (void)unused;
    static const char *const names[] = { "huleedu", "huleedu-status", "hailango", "submissions" };
    for (size_t i = 0; i < countof(names); i++)
        assert_string_equal(named(names[i])->name, names[i]);
    assert_null(dialect_find(SPAN("HuleEdu")));
    assert_null(dialect_find(SPAN("huleed")));
    assert_null(dialect_find(SPAN("huleedu2")));
    assert_null(dialect_find(SPAN("huleedu_status")));
    assert_null(dialect_find(SPAN("")));
}

struct said {
    struct refusal refusal;
    const char *reason;
    const char *text;
};

static void expect_refusals(const char *dialect, const struct said *all, size_t count) {
    const struct dialect *d = named(dialect);
    assert_int_equal(count, REFUSAL_KINDS);
    struct buf out;
    buf_init(&out, 1024);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(all[i].refusal.kind, i);
        buf_clear(&out);
        d->refusal(&all[i].refusal, &out);
        assert_int_equal(buf_err(&out), ERR_OK);
        buf_append_char(&out, '\0');
        assert_string_equal(out.at, all[i].text);
        struct span reason = d->refusal_reason(all[i].refusal.kind);
        assert_true(span_eq(reason, span_str(all[i].reason)));
        assert_true(utf8_is_name(reason, 123));
    }
    buf_finish(&out);
}

#define BAD_TOKEN                                                                                  \
    "Authentication failed",                                                                       \
        "{\"error\":\"Authentication failed\",\"code\":1008,"                                      \
        "\"message\":\"Invalid or expired JWT token\",\"retry_recommended\":false}"

static void huleedu_refusals(void **unused) {
    (void)unused;
    static const struct said all[] = {
        { { REFUSAL_NO_TOKEN, 1008, 0 }, BAD_TOKEN },
        { { REFUSAL_UNAUTHORIZED, 1008, 0 }, BAD_TOKEN },
        { { REFUSAL_BAD_USER, 1008, 0 }, BAD_TOKEN },
        { { REFUSAL_FORBIDDEN_CLIENT, 1008, 0 },
          "Authentication failed",
          "{\"error\":\"Authentication failed\",\"code\":1008,"
          "\"message\":\"Token does not belong to this client\",\"retry_recommended\":false}" },
        { { REFUSAL_FORBIDDEN_CHANNEL, 1008, 0 },
          "Authentication failed",
          "{\"error\":\"Authentication failed\",\"code\":1008,"
          "\"message\":\"Token does not belong to the owner\",\"retry_recommended\":false}" },
        { { REFUSAL_NOT_FOUND, 4004, 0 },
          "Not found",
          "{\"error\":\"Not found\",\"code\":4004,"
          "\"message\":\"There is no such channel\",\"retry_recommended\":false}" },
        { { REFUSAL_LIMITED_ATTEMPTS, 4000, 60 },
          "Rate limit exceeded",
          "{\"error\":\"Rate limit exceeded\",\"code\":4000,"
          "\"message\":\"Too many connection attempts\",\"retry_after_seconds\":60}" },
        { { REFUSAL_LIMITED_CONNECTIONS, 4000, 0 },
          "Rate limit exceeded",
          "{\"error\":\"Rate limit exceeded\",\"code\":4000,"
          "\"message\":\"Too many concurrent connections\",\"retry_recommended\":false}" },
        { { REFUSAL_LIMITED_MESSAGES, 4029, 7 },
          "Rate limit exceeded",
          "{\"error\":\"Rate limit exceeded\",\"code\":4029,"
          "\"message\":\"Too many messages\",\"retry_after_seconds\":7}" },
        { { REFUSAL_BLOCKED, 4000, 1 },
          "Rate limit exceeded",
          "{\"error\":\"Rate limit exceeded\",\"code\":4000,"
          "\"message\":\"Temporarily blocked\",\"retry_after_seconds\":1}" },
        { { REFUSAL_SERVER_FAULT, 1011, 0 },
          "Internal server error",
          "{\"error\":\"Internal server error\",\"code\":1011,\"message\":\"WebSocket service "
          "temporarily unavailable\",\"retry_recommended\":true}" },
    };
    expect_refusals("huleedu", all, countof(all));
    expect_refusals("huleedu-status", all, countof(all));
}
#undef BAD_TOKEN

static void hailango_refusals(void **unused) {
    (void)unused;
    static const struct said all[] = {
        { { REFUSAL_NO_TOKEN, 1008, 0 }, "Token required", "{\"error\":\"Token required\"}" },
        { { REFUSAL_UNAUTHORIZED, 1008, 0 },
          "Invalid or expired token",
          "{\"error\":\"Invalid or expired token\"}" },
        { { REFUSAL_BAD_USER, 1008, 0 }, "Invalid user ID", "{\"error\":\"Invalid user ID\"}" },
        { { REFUSAL_FORBIDDEN_CLIENT, 1008, 0 },
          "Token does not belong to this client",
          "{\"error\":\"Token does not belong to this client\"}" },
        { { REFUSAL_FORBIDDEN_CHANNEL, 1008, 0 },
          "Token does not belong to the owner",
          "{\"error\":\"Token does not belong to the owner\"}" },
        { { REFUSAL_NOT_FOUND, 4004, 0 }, "Not found", "{\"error\":\"Not found\"}" },
        { { REFUSAL_LIMITED_ATTEMPTS, 4000, 60 },
          "Too many connection attempts",
          "{\"error\":\"Too many connection attempts\",\"retry_after_seconds\":60}" },
        { { REFUSAL_LIMITED_CONNECTIONS, 4000, 0 },
          "Too many connections",
          "{\"error\":\"Too many connections\"}" },
        { { REFUSAL_LIMITED_MESSAGES, 4000, 7 },
          "Too many messages",
          "{\"error\":\"Too many messages\",\"retry_after_seconds\":7}" },
        { { REFUSAL_BLOCKED, 4000, 1 },
          "Temporarily blocked",
          "{\"error\":\"Temporarily blocked\",\"retry_after_seconds\":1}" },
        { { REFUSAL_SERVER_FAULT, 1011, 0 },
          "Internal server error",
          "{\"error\":\"Internal server error\"}" },
    };
    expect_refusals("hailango", all, countof(all));
}

static void submissions_refusals(void **unused) {
    (void)unused;
    static const struct said all[] = {
        { { REFUSAL_NO_TOKEN, 4003, 0 },
          "Unauthorized",
          "{\"error\":\"Unauthorized\",\"code\":4003,\"message\":\"A token is required\","
          "\"retry_recommended\":false}" },
        { { REFUSAL_UNAUTHORIZED, 4003, 0 },
          "Unauthorized",
          "{\"error\":\"Unauthorized\",\"code\":4003,\"message\":\"Invalid or expired token\","
          "\"retry_recommended\":false}" },
        { { REFUSAL_BAD_USER, 4003, 0 },
          "Unauthorized",
          "{\"error\":\"Unauthorized\",\"code\":4003,\"message\":\"Invalid user ID\","
          "\"retry_recommended\":false}" },
        { { REFUSAL_FORBIDDEN_CLIENT, 4003, 0 },
          "Unauthorized",
          "{\"error\":\"Unauthorized\",\"code\":4003,"
          "\"message\":\"Token does not belong to this client\",\"retry_recommended\":false}" },
        { { REFUSAL_FORBIDDEN_CHANNEL, 4003, 0 },
          "Unauthorized",
          "{\"error\":\"Unauthorized\",\"code\":4003,"
          "\"message\":\"The submission is somebody else's\",\"retry_recommended\":false}" },
        { { REFUSAL_NOT_FOUND, 4004, 0 },
          "Submission not found",
          "{\"error\":\"Submission not found\",\"code\":4004,"
          "\"message\":\"There is no such submission\",\"retry_recommended\":false}" },
        { { REFUSAL_LIMITED_ATTEMPTS, 4029, 60 },
          "Rate limited",
          "{\"error\":\"Rate limited\",\"code\":4029,"
          "\"message\":\"Too many connection attempts\",\"retry_after_seconds\":60}" },
        { { REFUSAL_LIMITED_CONNECTIONS, 4029, 0 },
          "Rate limited",
          "{\"error\":\"Rate limited\",\"code\":4029,"
          "\"message\":\"Too many watch this submission\",\"retry_recommended\":true}" },
        { { REFUSAL_LIMITED_MESSAGES, 4029, 7 },
          "Rate limited",
          "{\"error\":\"Rate limited\",\"code\":4029,\"message\":\"Too many messages\","
          "\"retry_after_seconds\":7}" },
        { { REFUSAL_BLOCKED, 4029, 1 },
          "Rate limited",
          "{\"error\":\"Rate limited\",\"code\":4029,\"message\":\"Temporarily blocked\","
          "\"retry_after_seconds\":1}" },
        { { REFUSAL_SERVER_FAULT, 1011, 0 },
          "Server error",
          "{\"error\":\"Server error\",\"code\":1011,\"message\":\"Temporarily unavailable\","
          "\"retry_recommended\":true}" },
    };
    expect_refusals("submissions", all, countof(all));
}

static void pongs(void **unused) {
    (void)unused;
    static const char timed[] = "{\"type\":\"pong\",\"timestamp\":\"2024-01-15T10:35:00.123Z\"}";
    static const struct {
        const char *dialect, *pong;
    } cases[] = {
        { "huleedu", timed },
        { "huleedu-status", timed },
        { "hailango", timed },
        { "submissions", "pong" },
    };
    struct buf out;
    buf_init(&out, 1024);
    for (size_t i = 0; i < countof(cases); i++) {
        buf_clear(&out);
        named(cases[i].dialect)->pong(1705314900123, &out);
        assert_true(span_eq(buf_span(&out), span_str(cases[i].pong)));
    }
    buf_finish(&out);
}

static void welcomes(void **unused) {
    (void)unused;
    assert_null(named("huleedu")->welcome);
    assert_null(named("huleedu-status")->welcome);
    assert_null(named("submissions")->welcome);
    struct buf out;
    buf_init(&out, 1024);
    named("hailango")->welcome(SPAN("a\"b"), 1705314900123, &out);
    assert_true(span_eq(buf_span(&out), SPAN("{\"type\":\"connection_established\",\"payload\":{"
                                             "\"userId\":\"a\\\"b\","
                                             "\"message\":\"WebSocket connection established\","
                                             "\"timestamp\":\"2024-01-15T10:35:00.123Z\"},"
                                             "\"timestamp\":\"2024-01-15T10:35:00.123Z\"}")));
    buf_finish(&out);
}

#define AT      "\"timestamp\":\"2024-01-15T10:35:00.123Z\"}"
#define BAD     "\"message\":\"Notifications may be delayed or lost until the service recovers\""
#define GOOD    "\"message\":\"Notifications are delivered again\""
#define HULEEDU "\"category\":\"system_alerts\",\"priority\":\"high\",\"action_required\":false,"

static void notices(void **unused) {
    (void)unused;
    static const struct {
        const char *dialect, *channel;
        bool is_degraded;
        const char *text;
    } cases[] = {
        { "huleedu", "ws:u7", true,
          "{\"notification_type\":\"service_degraded\"," HULEEDU "\"payload\":{" BAD "}," AT },
        { "huleedu", "ws:u7", false,
          "{\"notification_type\":\"service_recovered\"," HULEEDU "\"payload\":{" GOOD "}," AT },
        { "huleedu-status", "ws:u7", true,
          "{\"event_type\":\"service.degraded\",\"status\":\"degraded\"," BAD "," AT },
        { "huleedu-status", "ws:u7", false,
          "{\"event_type\":\"service.recovered\",\"status\":\"recovered\"," GOOD "," AT },
        { "hailango", "ws:u7", true,
          "{\"type\":\"error\",\"payload\":{\"code\":\"service_degraded\"," BAD "}," AT },
        { "hailango", "ws:u7", false,
          "{\"type\":\"error\",\"payload\":{\"code\":\"service_recovered\"," GOOD "}," AT },
        { "submissions", "submission:17", true,
          "{\"type\":\"service_status\",\"submission_id\":17,\"status\":\"degraded\"," AT },
        { "submissions", "submission:17", false,
          "{\"type\":\"service_status\",\"submission_id\":17,\"status\":\"recovered\"," AT },
        { "submissions", "0", true,
          "{\"type\":\"service_status\",\"submission_id\":0,\"status\":\"degraded\"," AT },
        /* Channels of another kind, which a configuration may give it. */
        { "submissions", "news", true,
          "{\"type\":\"service_status\",\"submission_id\":null,\"status\":\"degraded\"," AT },
        { "submissions", "r:007", true,
          "{\"type\":\"service_status\",\"submission_id\":null,\"status\":\"degraded\"," AT },
    };
    struct buf out;
    buf_init(&out, 1024);
    for (size_t i = 0; i < countof(cases); i++) {
        buf_clear(&out);
        struct span channel = span_str(cases[i].channel);
        named(cases[i].dialect)->notice(cases[i].is_degraded, channel, 1705314900123, &out);
        buf_append_char(&out, '\0');
        assert_string_equal(out.at, cases[i].text);
        struct json_value value;
        struct json_error error;
        assert_true(json_parse(span_str(out.at), &value, &error));
    }
    buf_finish(&out);
}

static void pings(void **unused) {
    (void)unused;
    static const struct {
        struct span message;
        bool is_ping;
    } cases[] = {
        { T("ping"), true },
        { T(" ping\r\n"), true },
        { T("{\"type\":\"ping\"}"), true },
        { T(" {\n\t\"type\" :\r \"ping\"\n}\n"), true },
        { T("{\"id\":1,\"type\":\"ping\",\"at\":{\"type\":\"x\"}}"), true },
        { T("{\"\\u0074ype\":\"\\u0070ing\"}"), true },
        { T("{\"type\":\"pong\",\"type\":\"ping\"}"), true },
        { T("{\"type\":\"ping\",\"type\":\"pong\"}"), false },
        { T("{\"type\":\"ping\",\"type\":null}"), false },
        { T(""), false },
        { T(" "), false },
        { T("pin"), false },
        { T("pings"), false },
        { T("pi ng"), false },
        { T("PING"), false },
        { T("ping\0"), false },
        { T("\"ping\""), false },
        { T("pong"), false },
        { T("{}"), false },
        { T("[\"ping\"]"), false },
        { T("{\"type\":\"Ping\"}"), false },
        { T("{\"Type\":\"ping\"}"), false },
        { T("{\"type\":[\"ping\"]}"), false },
        { T("{\"a\":{\"type\":\"ping\"}}"), false },
        { T("{\"type\":\"ping\""), false },
        { T("{\"type\":\"ping\"} x"), false },
        { T("{\"type\":\"ping\",}"), false },
        { T("{\"type\":\"ping\",\"a\":01}"), false },
        { T("{'type':'ping'}"), false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        if (dialect_is_ping(cases[i].message) != cases[i].is_ping) fail_msg("case %zu", i);
    }
    assert_false(dialect_is_ping((struct span){ NULL, 0 }));
    /* Cut anywhere it is none. */
    struct span whole = SPAN("{\"type\":\"ping\",\"id\":[1,2]}");
    for (size_t cut = 0; cut < whole.len; cut++) {
        assert_false(dialect_is_ping(span_of(whole.at, cut)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding),
        cmocka_unit_test(huleedu_refusals),
        cmocka_unit_test(hailango_refusals),
        cmocka_unit_test(submissions_refusals),
        cmocka_unit_test(pongs),
        cmocka_unit_test(welcomes),
        cmocka_unit_test(notices),
        cmocka_unit_test(pings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
