/* SPDX-License-Identifier: MIT */
/*
 * Tests of api/publish_request: a table of bodies, each also cut at every place.
 */
#include "api/publish_request_priv.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }
#define X32  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X32 X32 X32 X32
#define X200 X128 X32 X32 "xxxxxxxx"

enum { DATA_MAX = 64 };

static struct buf name_room;
static struct buf key_room;
static const struct publish_rooms rooms = { &name_room, &key_room };

static int set_up(void **unused) {
    (void)unused;
    buf_init(&name_room, 4096);
    buf_init(&key_room, 4096);
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    buf_finish(&name_room);
    buf_finish(&key_room);
    return 0;
}

/* What a good body says: its targets joined by "|". */
struct good {
    enum publish_kind kind;
    struct span body;
    bool is_users;
    const char *targets;
    struct span data;
    const char *key;
};

static const struct good goods[] = {
    { PUBLISH_TARGETED, T("{\"user\":\"u1\",\"data\":{\"a\":1}}"), true, "u1", T("{\"a\":1}"), "" },
    { PUBLISH_TARGETED, T("{\"data\":1e400,\"channel\":\"c\"}"), false, "c", T("1e400"), "" },
    { PUBLISH_TARGETED, T(" {\n\"data\" : [ 1 , 2 ] , \"user\" : \"u\" }\n"), true, "u",
      T("[ 1 , 2 ]"), "" },
    { PUBLISH_TARGETED, T("{\"users\":[\"a\",\"b\",\"a\",\"c\",\"b\"],\"data\":null}"), true,
      "a|b|c", T("null"), "" },
    { PUBLISH_TARGETED, T("{\"channels\":[\"c\"],\"data\":\"\\ud800\"}"), false, "c",
      T("\"\\ud800\""), "" },
    { PUBLISH_TARGETED, T("{\"users\":[\"\\u0061\",\"a\",\"\\u00e4\",\"\xC3\xA4\"],\"data\":0}"),
      true, "a|\xC3\xA4", T("0"), "" },
    { PUBLISH_TARGETED, T("{\"user\":42,\"data\":0}"), true, "42", T("0"), "" },
    { PUBLISH_TARGETED, T("{\"users\":[-7,\"42\",42],\"data\":0}"), true, "-7|42", T("0"), "" },
    { PUBLISH_TARGETED, T("{\"\\u0075ser\":\"\\u0075\",\"d\\u0061ta\":0}"), true, "u", T("0"), "" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":0,\"idempotency_key\":\"k-1\"}"), true, "u",
      T("0"), "k-1" },
    { PUBLISH_TARGETED, T("{\"user\":\"\\u0075\",\"data\":0,\"idempotency_key\":\"\\u006b\"}"),
      true, "u", T("0"), "k" },
    { PUBLISH_TARGETED, T("{\"user\":\"" X128 "\",\"data\":0}"), true, X128, T("0"), "" },
    { PUBLISH_TARGETED, T("{\"channel\":\"" X200 "\",\"data\":0}"), false, X200, T("0"), "" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":0,\"idempotency_key\":\"" X128 "\"}"), true,
      "u", T("0"), X128 },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":\"" X32 "1234567890123456789012345678ab\"}"),
      true, "u", T("\"" X32 "1234567890123456789012345678ab\""), "" },
    { PUBLISH_BROADCAST, T("{\"data\":{}}"), false, "broadcast", T("{}"), "" },
    { PUBLISH_BROADCAST, T("{\"idempotency_key\":\"k\",\"data\":{}}"), false, "broadcast", T("{}"),
      "k" },
};

static const struct {
    enum publish_kind kind;
    struct span body;
    int status;
    const char *code;
    const char *message;
} bads[] = {
    { PUBLISH_TARGETED, T(""), 400, "malformed_json",
      "Malformed JSON at line 1, column 1: expected an object" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\n \"data\":nul}"), 400, "malformed_json",
      "Malformed JSON at line 2, column 9: expected a value" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":1} x"), 400, "malformed_json",
      "Malformed JSON at line 1, column 23: expected the end of the text" },
    { PUBLISH_TARGETED, T("[1]"), 400, "invalid_request", "The body is JSON, but not an object" },
    { PUBLISH_TARGETED, T("null"), 400, "invalid_request", "The body is JSON, but not an object" },
    { PUBLISH_TARGETED, T("{}"), 400, "invalid_request",
      "Exactly one of \"user\", \"users\", \"channel\" and \"channels\" must be given" },
    { PUBLISH_TARGETED, T("{\"data\":1}"), 400, "invalid_request",
      "Exactly one of \"user\", \"users\", \"channel\" and \"channels\" must be given" },
    { PUBLISH_TARGETED, T("{\"data\":1,\"user\":\"u\",\"channel\":\"c\"}"), 400, "invalid_request",
      "Exactly one of \"user\", \"users\", \"channel\" and \"channels\" must be given" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\"}"), 400, "invalid_request", "\"data\" is missing" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"user\":\"v\",\"data\":1}"), 400, "invalid_request",
      "\"user\" is given twice" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":1,\"d\\u0061ta\":2}"), 400, "invalid_request",
      "\"data\" is given twice" },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":1,\"idempotency-key\":\"k\"}"), 400,
      "invalid_request", "Unknown member \"idempotency-key\"" },
    { PUBLISH_TARGETED, T("{\"user\":\"\",\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"a\\n\",\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"\\ud800\",\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"" X128 "x\",\"data\":1}"), 400, "invalid_user",
      "A user id is 1 to 128 bytes of text without control characters" },
    { PUBLISH_TARGETED, T("{\"user\":null,\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"user\":1.5,\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"user\":[\"u\"],\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"channel\":\"" X200 "x\",\"data\":1}"), 400, "invalid_channel",
      "A channel name is 1 to 200 bytes of text without control characters" },
    { PUBLISH_TARGETED, T("{\"channel\":7,\"data\":1}"), 400, "invalid_channel", NULL },
    { PUBLISH_TARGETED, T("{\"channel\":\"a\\u0085\",\"data\":1}"), 400, "invalid_channel", NULL },
    { PUBLISH_TARGETED, T("{\"users\":[],\"data\":1}"), 400, "invalid_request", NULL },
    { PUBLISH_TARGETED, T("{\"users\":\"u\",\"data\":1}"), 400, "invalid_request", NULL },
    { PUBLISH_TARGETED, T("{\"users\":[\"u\",\"\"],\"data\":1}"), 400, "invalid_user", NULL },
    { PUBLISH_TARGETED, T("{\"channels\":[\"c\",1],\"data\":1}"), 400, "invalid_channel", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":1,\"idempotency_key\":\"\"}"), 400,
      "invalid_idempotency_key", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":1,\"idempotency_key\":1}"), 400,
      "invalid_idempotency_key", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":1,\"idempotency_key\":\"" X128 "x\"}"), 400,
      "invalid_idempotency_key", NULL },
    { PUBLISH_TARGETED, T("{\"user\":\"u\",\"data\":\"" X32 "1234567890123456789012345678abc\"}"),
      413, "too_large", "\"data\" may have 64 bytes" },
    { PUBLISH_BROADCAST, T("{\"data\":1,\"channel\":\"c\"}"), 400, "invalid_request",
      "A broadcast names no target" },
    { PUBLISH_BROADCAST, T("{}"), 400, "invalid_request", "\"data\" is missing" },
};

static bool read_body(struct span body, enum publish_kind kind, struct publish_request *ret,
                      struct api_problem *problem) {
    return publish_request_read(body, kind, DATA_MAX, &rooms, ret, problem);
}

static void assert_targets(const struct publish_request *request, const char *expected) {
    struct buf joined;
    buf_init(&joined, 4096);
    for (size_t i = 0; i < request->target_count; i++) {
        if (i > 0) buf_append_char(&joined, '|');
        buf_append_span(&joined, request->targets[i].name);
    }
    if (!span_eq(buf_span(&joined), span_str(expected))) {
        fail_msg("%.*s, not %s", SPAN_ARG(buf_span(&joined)), expected);
    }
    buf_finish(&joined);
}

static void good_bodies(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(goods); i++) {
        const struct good *good = &goods[i];
        struct publish_request request;
        struct api_problem problem;
        if (!read_body(good->body, good->kind, &request, &problem)) {
            fail_msg("case %zu: %s", i, problem.message.text);
        }
        assert_int_equal(request.is_users, good->is_users);
        assert_targets(&request, good->targets);
        assert_true(span_eq(request.data, good->data));
        /* The very bytes of the body, not a copy. */
        assert_true(request.data.at >= good->body.at &&
                    request.data.at < good->body.at + good->body.len);
        assert_true(span_eq(request.idempotency_key, span_str(good->key)));
        publish_request_finish(&request);
    }
}

static void bad_bodies(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(bads); i++) {
        struct publish_request request;
        struct api_problem problem;
        if (read_body(bads[i].body, bads[i].kind, &request, &problem)) fail_msg("case %zu", i);
        assert_int_equal(problem.status, bads[i].status);
        assert_string_equal(problem.code, bads[i].code);
        if (bads[i].message) assert_string_equal(problem.message.text, bads[i].message);
        assert_true(problem.message.text[0] != 0);
    }
}

static void cut_bodies(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(goods); i++) {
        struct span body = goods[i].body;
        size_t len = body.len;
        while (body.at[len - 1] != '}')
            len--;
        for (size_t cut = 0; cut < len; cut++) {
            char *copy = malloc(cut + 1);
            assert_non_null(copy);
            memcpy(copy, body.at, cut);
            copy = realloc(copy, cut ? cut : 1);
            struct publish_request request;
            struct api_problem problem;
            assert_false(read_body(span_of(copy, cut), goods[i].kind, &request, &problem));
            assert_string_equal(problem.code, "malformed_json");
            free(copy);
        }
    }
}

/* A long list with everything named twice, half of it with escapes. */
static void long_list(void **unused) {
    (void)unused;
    enum { NAMES = 5000 };
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_append_text(&body, "{\"channels\":[");
    for (int i = 0; i < 2 * NAMES; i++) {
        buf_printf(&body, "%s\"%s%d\"", i ? "," : "", i & 1 ? "\\u0063" : "c", i % NAMES);
    }
    buf_append_text(&body, "],\"data\":1}");
    struct publish_request request;
    struct api_problem problem;
    assert_true(read_body(buf_span(&body), PUBLISH_TARGETED, &request, &problem));
    assert_int_equal(request.target_count, NAMES);
    for (size_t i = 0; i < NAMES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "c%zu", i);
        assert_true(span_eq(request.targets[i].name, span_str(name)));
    }
    publish_request_finish(&request);
    mem_fail_nth(1);
    assert_false(read_body(buf_span(&body), PUBLISH_TARGETED, &request, &problem));
    mem_fail_nth(0);
    assert_int_equal(problem.status, 503);
    buf_finish(&body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cut_bodies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_list, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
