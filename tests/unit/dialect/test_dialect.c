/* SPDX-License-Identifier: MIT */
/*
 * Tests of dialect/: every refusal word for word, the pong, and what counts as a ping.
 */
#include "dialect/dialect.h"

#include "base/json.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

static const struct dialect *huleedu(void) {
    const struct dialect *d = dialect_find(SPAN("huleedu"));
    assert_non_null(d);
    return d;
}

static void finding(void **unused) {
    (void)unused;
    assert_string_equal(huleedu()->name, "huleedu");
    assert_null(dialect_find(SPAN("HuleEdu")));
    assert_null(dialect_find(SPAN("huleed")));
    assert_null(dialect_find(SPAN("huleedu2")));
    assert_null(dialect_find(SPAN("")));
}

static void refusals(void **unused) {
    (void)unused;
    static const struct {
        struct refusal refusal;
        const char *reason;
        const char *text;
    } cases[] = {
        { { REFUSAL_UNAUTHORIZED, 1008, 0 },
          "Authentication failed",
          "{\"error\":\"Authentication failed\",\"code\":1008,"
          "\"message\":\"Invalid or expired JWT token\",\"retry_recommended\":false}" },
        { { REFUSAL_FORBIDDEN_CLIENT, 1008, 0 },
          "Authentication failed",
          "{\"error\":\"Authentication failed\",\"code\":1008,"
          "\"message\":\"Token does not belong to this client\",\"retry_recommended\":false}" },
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
    assert_int_equal(countof(cases), REFUSAL_KINDS);
    struct buf out;
    buf_init(&out, 1024);
    for (size_t i = 0; i < countof(cases); i++) {
        buf_clear(&out);
        huleedu()->refusal(&cases[i].refusal, &out);
        assert_int_equal(buf_err(&out), ERR_OK);
        assert_int_equal(out.len, strlen(cases[i].text));
        assert_memory_equal(out.at, cases[i].text, out.len);
        struct span reason = huleedu()->refusal_reason(cases[i].refusal.kind);
        assert_true(span_eq(reason, span_str(cases[i].reason)));
        assert_true(utf8_is_name(reason, 123));
    }
    buf_finish(&out);
}

static void pong(void **unused) {
    (void)unused;
    struct buf out;
    buf_init(&out, 1024);
    huleedu()->pong(1705314900123, &out);
    assert_true(span_eq(buf_span(&out),
                        SPAN("{\"type\":\"pong\",\"timestamp\":\"2024-01-15T10:35:00.123Z\"}")));
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
        cmocka_unit_test(refusals),
        cmocka_unit_test(pong),
        cmocka_unit_test(pings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
