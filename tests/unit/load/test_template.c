/* SPDX-License-Identifier: MIT */
/*
 * Places are found and filled in, all else stays as it is.
 */
#include "load/template.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct load_values values = {
    .words = { [LOAD_WORD_USER] = { "u1", 2 },
               [LOAD_WORD_TOKEN] = { "a.b.c", 5 },
               [LOAD_WORD_DATA] = { "{\"n\":1}", 7 } },
};

static void fills_in(void **state) {
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        { "", "" },
        { "/ws", "/ws" },
        { "{user}", "u1" },
        { "/pub?id={user}", "/pub?id=u1" },
        { "{user}{user}", "u1u1" },
        { "{user}/{token}/", "u1/a.b.c/" },
        { "{\"user\":\"{user}\",\"data\":{data}}", "{\"user\":\"u1\",\"data\":{\"n\":1}}" },
        { "{{user}}", "{u1}" },
        { "{users}{ user }{User}{}{", "{users}{ user }{User}{}{" },
        { "{use{user}", "{useu1" },
        { "{user", "{user" },
        { "user}", "user}" },
        { "{data}x", "{\"n\":1}x" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct load_template t;
        struct buf out;
        buf_init(&out, 1024);
        assert_int_equal(load_template_parse(span_str(cases[i].text), &t, NULL), ERR_OK);
        load_template_write(&t, &values, &out);
        if (!span_eq(buf_span(&out), span_str(cases[i].wanted)))
            fail_msg("%s: %.*s", cases[i].text, SPAN_ARG(buf_span(&out)));
        buf_finish(&out);
    }
    /* Nothing at all, which lies nowhere. */
    struct load_template none;
    assert_int_equal(load_template_parse((struct span){ 0 }, &none, NULL), ERR_OK);
    assert_int_equal(none.count, 1);
}

static void has_a_limit(void **state) {
    (void)state;
    struct load_template t;
    struct err_note note = { "" };
    struct buf text;
    buf_init(&text, 1024);
    for (int i = 0; i < LOAD_TEMPLATE_PIECES_MAX - 1; i++)
        buf_append_text(&text, "-{user}");
    assert_int_equal(load_template_parse(buf_span(&text), &t, &note), ERR_OK);
    buf_append_text(&text, "{user}");
    assert_int_equal(load_template_parse(buf_span(&text), &t, &note), ERR_LIMIT);
    assert_true(*note.text);
    buf_finish(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in),
        cmocka_unit_test(has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
