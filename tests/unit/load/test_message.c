/* SPDX-License-Identifier: MIT */
/*
 * A published message has the size asked for, is JSON, and its mark is found again, in whatever it
 * is wrapped.
 */
#include "load/message.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void comes_back(void **state) {
    (void)state;
    static const struct load_mark marks[] = {
        { 0, 0 },
        { 1, UINT64_MAX },
        { 0x0123456789abcdef, 0xfedcba9876543210 },
    };
    static const size_t sizes[] = { LOAD_MESSAGE_MIN, 200, 70000 };
    for (size_t i = 0; i < countof(marks) * countof(sizes); i++) {
        const struct load_mark *mark = &marks[i % countof(marks)];
        size_t size = sizes[i / countof(marks)];
        struct buf out;
        buf_init(&out, 100000);
        load_message_write(&out, *mark, size);
        assert_int_equal(out.len, size);
        struct json_value value;
        struct json_error error;
        assert_true(json_parse(buf_span(&out), &value, &error));
        struct load_mark found;
        assert_true(load_message_read(buf_span(&out), &found));
        assert_true(found.number == mark->number && found.at_ns == mark->at_ns);
        buf_finish(&out);
    }
}

static void comes_back_from_an_envelope(void **state) {
    (void)state;
    struct buf out;
    struct load_mark found;
    buf_init(&out, 1000);
    buf_append_text(&out, "{\"channel\":\"c\",\"data\":");
    load_message_write(&out, (struct load_mark){ 7, 8 }, 100);
    buf_append_text(&out, "}");
    assert_true(load_message_read(buf_span(&out), &found));
    assert_true(found.number == 7 && found.at_ns == 8);
    buf_finish(&out);
}

static void others_are_not_taken_for_it(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "{\"type\":\"pong\"}",
        "{\"tidings_bench\":\"",
        "{\"tidings_bench\":\"0000000000000000000000000000000",
        "{\"tidings_bench\":\"000000000000000000000000000000g0\"}",
        "{\"tidings_bench\":\"0000000000000000000000000000000\"}",
        "{\"tidings_bench\":\"0000000000000000ABCDEF0000000000\"}",
    };
    for (size_t i = 0; i < countof(texts); i++) {
        struct load_mark found;
        if (load_message_read(span_str(texts[i]), &found)) fail_msg("%s", texts[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(comes_back_from_an_envelope),
        cmocka_unit_test(others_are_not_taken_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
