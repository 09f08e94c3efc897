/* SPDX-License-Identifier: MIT */
/*
 * How a submission stands, told from the messages that it carried, good ones and junk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/submission_state_priv.h"
#include "base/json.h"
#include "base/mem.h"
#include "hub/message.h"
#include "hub/rule.h"

enum { OUT_MAX = 1 << 20 };

static struct store *store_new_with(const char *const *payloads) {
    const struct store_options options = { .channels_max = 1,
                                           .channel_messages_max = 1000,
                                           .channel_bytes_max = 1 << 20,
                                           .bytes_max = 1 << 20,
                                           .keep_seconds = 1 };
    struct store *store = store_new(&options, &hub_store_ops);
    bool is_new;
    assert_int_equal(store_declare(store, SPAN("c"), SPAN(""), 1, &is_new), ERR_OK);
    for (; *payloads; payloads++) {
        struct message *message = message_new(span_str(*payloads), 1);
        uint64_t sequence;
        assert_non_null(message);
        assert_int_equal(store_append(store, SPAN("c"), message, false, 1, &sequence), ERR_OK);
        message_unref(message);
    }
    return store;
}

static bool write_state(struct store *store, const char *owner, struct buf *out) {
    const struct submission submission = { 42, span_str(owner), SPAN("c") };
    return submission_state_write(store, &submission, out);
}

/* The state after these messages. */
static void expect_owned(const char *owner, const char *const *payloads, const char *expected) {
    struct store *store = store_new_with(payloads);
    struct buf out;
    buf_init(&out, OUT_MAX);
    assert_true(write_state(store, owner, &out));
    buf_append_char(&out, 0);
    assert_string_equal(out.at, expected);
    out.len--;
    struct json_value value;
    struct json_error error;
    assert_true(json_parse(buf_span(&out), &value, &error));
    buf_finish(&out);
    store_free(store);
}

#define HEAD(status, final, summary)                                                               \
    "{\"submission_id\":42,\"owner\":null,\"status\":" status ",\"final_status\":" final           \
    ",\"summary\":" summary
/* Ends with NULL. */
#define EXPECT(expected, ...) expect_owned("", (const char *const[]){ __VA_ARGS__ }, expected)

static void nothing_is_known_at_first(void **state) {
    (void)state;
    EXPECT(HEAD("null", "null", "null") ",\"tests\":[],\"errors\":[]}", NULL);
    expect_owned("A \"\n\xC3\xA4", (const char *const[]){ NULL },
                 "{\"submission_id\":42,\"owner\":\"A \\\"\\n\xC3\xA4\",\"status\":null,"
                 "\"final_status\":null,\"summary\":null,\"tests\":[],\"errors\":[]}");
}

static void the_last_status_counts(void **state) {
    (void)state;
    EXPECT(HEAD("\"b\"", "null", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"status_update\",\"status\":\"a\"}",
           "{\"status\":\"b\",\"type\":\"status_update\",\"summary\":1,\"final_status\":2}",
           "{\"type\":\"status_update\"}", NULL);
    EXPECT(HEAD("{ \"x\" : 1e400 }", "null", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"status_update\",\"status\": { \"x\" : 1e400 } }", NULL);
}

static void tests_and_errors_are_listed_in_order(void **state) {
    (void)state;
    EXPECT(
        HEAD("null", "null",
             "null") ",\"tests\":["
                     "{\"test_name\":\"a\",\"status\":\"passed\",\"duration_ms\":1.50,"
                     "\"timestamp\":\"t\"},"
                     "{\"test_name\":null,\"status\":null,\"duration_ms\":null,\"timestamp\":null}"
                     "],\"errors\":["
                     "{\"error\":\"\\u00e4\",\"analysis\":\"b\",\"suggestions\":[\"c\"],"
                     "\"timestamp\":0},"
                     "{\"error\":{},\"analysis\":null,\"suggestions\":null,\"timestamp\":null}]}",
        "{\"type\":\"test_result\",\"timestamp\":\"t\",\"duration_ms\":1.50,\"test_name\":\"a\","
        "\"status\":\"passed\",\"more\":[]}",
        "{\"type\":\"error_analysis\",\"error\":\"\\u00e4\",\"analysis\":\"b\","
        "\"suggestions\":[\"c\"],\"timestamp\":0}",
        "{\"type\":\"test_result\"}", "{\"type\":\"error_analysis\",\"error\":{}}", NULL);
}

static void complete_ends_it(void **state) {
    (void)state;
    EXPECT(HEAD("\"complete\"", "\"passed\"", "{\"total\":1}") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"status_update\",\"status\":\"testing\"}",
           "{\"type\":\"complete\",\"final_status\":\"passed\",\"summary\":{\"total\":1}}", NULL);
    EXPECT(HEAD("\"complete\"", "null", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"complete\",\"status\":\"x\"}", NULL);
    /* What is told after the end is told all the same. */
    EXPECT(HEAD("\"again\"", "\"failed\"", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"complete\",\"final_status\":\"failed\"}",
           "{\"type\":\"status_update\",\"status\":\"again\"}", NULL);
}

static void escapes_and_doubles_are_read_as_clients_read_them(void **state) {
    (void)state;
    EXPECT(HEAD("\"\\u0062\"", "null", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"\\u0074ype\":\"status\\u005fupdate\",\"stat\\u0075s\":\"\\u0062\"}", NULL);
    EXPECT(HEAD("2", "null", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"complete\",\"status\":1,\"status\":2,\"type\":\"status_update\"}", NULL);
}

static void junk_changes_nothing(void **state) {
    (void)state;
    EXPECT(HEAD("\"a\"", "null", "null") ",\"tests\":[],\"errors\":[]}",
           "{\"type\":\"status_update\",\"status\":\"a\"}", "null", "7", "\"status_update\"", "[]",
           "[{\"type\":\"complete\"}]", "{}", "{\"type\":null}", "{\"type\":[\"complete\"]}",
           "{\"type\":{\"type\":\"complete\"}}", "{\"type\":\"Complete\"}", "{\"type\":\"complete",
           "{\"type\":\"complete\"} x", "", "{\"type\":\"test_results\"}",
           "{\"payload\":{\"type\":\"test_result\"}}", "{\"\":\"complete\"}", NULL);
}

static void more_than_is_read_at_once(void **state) {
    (void)state;
    enum { COUNT = 500 };
    static const char *payloads[COUNT + 1];
    for (int i = 0; i < COUNT; i++)
        payloads[i] = i % 2 ? "{\"type\":\"test_result\",\"status\":\"p\"}" : "{}";
    struct store *store = store_new_with(payloads);
    struct buf out;
    buf_init(&out, OUT_MAX);
    assert_true(write_state(store, "", &out));
    struct json_walk walk = json_walk(buf_span(&out));
    struct json_value name, value = { 0 };
    while (json_member(&walk, &name, &value) == JSON_ITEM && !json_text_is(&name, SPAN("tests")))
        ;
    walk = json_walk(value.raw);
    int count = 0;
    while (json_element(&walk, &value) == JSON_ITEM)
        count++;
    assert_int_equal(count, COUNT / 2);
    buf_finish(&out);
    store_free(store);
}

/* Whole or not at all, however little room or memory there is. */
static void it_is_whole_or_an_error(void **state) {
    (void)state;
    const char *const payloads[] = {
        "{\"type\":\"status_update\",\"status\":\"a\"}",
        "{\"type\":\"test_result\",\"test_name\":\"t\"}",
        "{\"type\":\"error_analysis\",\"error\":\"e\"}",
        "{\"type\":\"complete\",\"final_status\":\"f\",\"summary\":{\"s\":1}}",
        NULL,
    };
    struct store *store = store_new_with(payloads);
    struct buf out;
    buf_init(&out, OUT_MAX);
    assert_true(write_state(store, "me", &out));
    size_t len = out.len;
    buf_finish(&out);
    for (size_t max = 0; max < len; max++) {
        buf_init(&out, max);
        assert_false(write_state(store, "me", &out));
        buf_finish(&out);
    }
    bool is_done = false;
    for (uint64_t nth = 1; !is_done; nth++) {
        buf_init(&out, OUT_MAX);
        mem_fail_nth(nth);
        bool is_whole = write_state(store, "me", &out);
        is_done = nth > mem_tried();
        mem_fail_nth(0);
        assert_true(is_whole || !is_done);
        if (is_whole) assert_int_equal(out.len, len);
        buf_finish(&out);
    }
    store_free(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(the_last_status_counts),
        cmocka_unit_test(tests_and_errors_are_listed_in_order),
        cmocka_unit_test(complete_ends_it),
        cmocka_unit_test(escapes_and_doubles_are_read_as_clients_read_them),
        cmocka_unit_test(junk_changes_nothing),
        cmocka_unit_test(more_than_is_read_at_once),
        cmocka_unit_test(it_is_whole_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
