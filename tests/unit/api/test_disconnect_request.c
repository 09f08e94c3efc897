/* SPDX-License-Identifier: MIT */
/*
 * Tests of api/disconnect_request: a table of bodies, the good ones also cut at every place.
 */
#include "api/disconnect_request_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }
#define USUAL T("Disconnected by the operator")
#define X39   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X41   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static struct buf room;

static int set_up(void **unused) {
    (void)unused;
    buf_init(&room, 256);
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    buf_finish(&room);
    return 0;
}

static const struct {
    struct span body;
    struct disconnect_request expected;
} goods[] = {
    { T(""), { "", 1008, USUAL, 0 } },
    { T("{}"), { "", 1008, USUAL, 0 } },
    { T(" { \"code\" : 1000 } "), { "", 1000, USUAL, 0 } },
    { T("{\"code\":1008}"), { "", 1008, USUAL, 0 } },
    { T("{\"code\":1011}"), { "", 1011, USUAL, 0 } },
    { T("{\"code\":1012}"), { "", 1012, USUAL, 0 } },
    { T("{\"code\":1013}"), { "", 1013, USUAL, 0 } },
    { T("{\"code\":3000}"), { "", 3000, USUAL, 0 } },
    { T("{\"code\":4999}"), { "", 4999, USUAL, 0 } },
    { T("{\"reason\":\"\"}"), { "", 1008, T(""), 0 } },
    { T("{\"reason\":\"" X41 X41 X41 "\"}"), { "", 1008, T(X41 X41 X41), 0 } },
    { T("{\"r\\u0065ason\":\"\\u00e4\\n\"}"), { "", 1008, T("\xC3\xA4\n"), 0 } },
    { T("{\"block_seconds\":0}"), { "", 1008, USUAL, 0 } },
    { T("{\"id\":\"0-17-9-0a1b2c3d\"}"), { "0-17-9-0a1b2c3d", 1008, USUAL, 0 } },
    { T("{\"id\":\"" X39 "\"}"), { X39, 1008, USUAL, 0 } },
    { T("{\"reason\":\"\\u0031\",\"id\":\"\\u0032-3\"}"), { "2-3", 1008, T("1"), 0 } },
    { T("{\"block_seconds\":31536000,\"reason\":\"r\",\"code\":4000}"),
      { "", 4000, T("r"), 31536000 } },
};

static void good_bodies(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(goods); i++) {
        struct disconnect_request got;
        struct api_problem problem;
        if (!disconnect_request_read(goods[i].body, &room, &got, &problem)) {
            fail_msg("%.*s: %s", SPAN_ARG(goods[i].body), problem.message.text);
        }
        assert_string_equal(got.id, goods[i].expected.id);
        assert_int_equal(got.code, goods[i].expected.code);
        assert_int_equal(got.block_seconds, goods[i].expected.block_seconds);
        assert_true(span_eq(got.reason, goods[i].expected.reason));
        struct span whole = span_trim(goods[i].body);
        for (size_t cut = 1; cut < whole.len; cut++) {
            assert_false(disconnect_request_read(span_of(whole.at, cut), &room, &got, &problem));
            assert_int_equal(problem.status, 400);
        }
    }
}

static void bad_bodies(void **unused) {
    (void)unused;
    static const struct {
        struct span body;
        const char *code;
    } bads[] = {
        { T("null"), "invalid_request" },
        { T("{\"code\":1000}x"), "malformed_json" },
        { T("{\"Code\":1000}"), "invalid_request" },
        { T("{\"code\":1000,\"co\\u0064e\":1000}"), "invalid_request" },
        { T("{\"code\":0}"), "invalid_code" },
        { T("{\"code\":999}"), "invalid_code" },
        { T("{\"code\":1001}"), "invalid_code" },
        { T("{\"code\":1007}"), "invalid_code" },
        { T("{\"code\":1009}"), "invalid_code" },
        { T("{\"code\":1010}"), "invalid_code" },
        { T("{\"code\":1014}"), "invalid_code" },
        { T("{\"code\":2999}"), "invalid_code" },
        { T("{\"code\":5000}"), "invalid_code" },
        { T("{\"code\":66544}"), "invalid_code" }, /* 1008 in 16 bits */
        { T("{\"code\":1e3}"), "invalid_code" },
        { T("{\"code\":\"1000\"}"), "invalid_code" },
        { T("{\"code\":null}"), "invalid_code" },
        { T("{\"id\":\"\"}"), "invalid_id" },
        { T("{\"id\":\"" X39 "x\"}"), "invalid_id" },
        { T("{\"id\":\"1\\u00002\"}"), "invalid_id" },
        { T("{\"id\":1}"), "invalid_id" },
        { T("{\"id\":null}"), "invalid_id" },
        { T("{\"id\":\"1\",\"id\":\"1\"}"), "invalid_request" },
        { T("{\"reason\":null}"), "invalid_reason" },
        { T("{\"reason\":\"\\ud800\"}"), "invalid_reason" },
        { T("{\"reason\":\"" X41 X41 X41 "x\"}"), "invalid_reason" },
        { T("{\"reason\":\"\\u0078" X41 X41 X41 X41 X41 X41 X41 "\"}"), "invalid_reason" },
        { T("{\"block_seconds\":-1}"), "invalid_block_seconds" },
        { T("{\"block_seconds\":31536001}"), "invalid_block_seconds" },
        { T("{\"block_seconds\":1.5}"), "invalid_block_seconds" },
        { T("{\"block_seconds\":true}"), "invalid_block_seconds" },
    };
    for (size_t i = 0; i < countof(bads); i++) {
        struct disconnect_request got;
        struct api_problem problem = { 0 };
        if (disconnect_request_read(bads[i].body, &room, &got, &problem)) {
            fail_msg("%.*s is good", SPAN_ARG(bads[i].body));
        }
        assert_int_equal(problem.status, 400);
        if (strcmp(problem.code, bads[i].code) != 0) {
            fail_msg("%.*s: %s", SPAN_ARG(bads[i].body), problem.code);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bodies),
        cmocka_unit_test(bad_bodies),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
