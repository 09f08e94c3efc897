/* SPDX-License-Identifier: MIT */
/*
 * Path patterns: which are good, and what they match.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/pattern.h"

static struct http_pattern parse(const char *text) {
    struct http_pattern pattern;
    struct err_note note = { "" };
    if (http_pattern_parse(span_str(text), &pattern, &note)) fail_msg("'%s': %s", text, note.text);
    return pattern;
}

static void bad_patterns_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } CASES[] = {
        { "", "begins with" },
        { "ws", "begins with" },
        { "/a//b", "empty segment" },
        { "/{}", "placeholder" },
        { "/{a", "placeholder" },
        { "/a}", "placeholder" },
        { "/x{a}", "placeholder" },
        { "/{a}x", "placeholder" },
        { "/{A}", "placeholder" },
        { "/{a b}", "placeholder" },
        { "/{a}{b}", "placeholder" },
        { "/{a}/{a}", "twice" },
        { "/{a}/{b}/{c}/{d}/{e}", "more than 4" },
        { "/a?b", "cannot stand" },
        { "/a b", "cannot stand" },
        { "/a%20b", "cannot stand" },
        { "/..", "cannot stand" },
        { "/./a", "cannot stand" },
        { "/\xc3\xa4", "cannot stand" },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct http_pattern pattern;
        struct err_note note = { "" };
        assert_int_equal(http_pattern_parse(span_str(CASES[i].text), &pattern, &note), ERR_INVALID);
        if (!strstr(note.text, CASES[i].why)) fail_msg("'%s': %s", CASES[i].text, note.text);
    }
    char longest[HTTP_PATTERN_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    struct http_pattern pattern;
    assert_int_equal(http_pattern_parse(span_of(longest, HTTP_PATTERN_MAX), &pattern, NULL),
                     ERR_OK);
    assert_int_equal(http_pattern_parse(span_of(longest, sizeof longest), &pattern, NULL),
                     ERR_TOO_BIG);
}

static void paths_match_or_not(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *path;
        const char *values; /* "name=value" each with a blank behind; NULL: no match */
    } CASES[] = {
        { "/", "/", "" },
        { "/", "/a", NULL },
        { "/ws", "/ws", "" },
        { "/ws/", "/ws", "" },
        { "/ws", "/ws/", "" },
        { "/ws", "/ws//", NULL },
        { "/ws", "/w", NULL },
        { "/ws", "/wss", NULL },
        { "/ws", "/WS", NULL },
        { "/ws", "/ws/a", NULL },
        { "/ws", "/%77s", "" },
        { "/ws", "/%77x", NULL },
        { "/ws", "/w%", NULL },
        { "/ws", "", NULL },
        { "/ws", "*", NULL },
        { "/a/{id}", "/a/1", "id=1 " },
        { "/a/{id}", "/a/1/", "id=1 " },
        { "/a/{id}", "/a/", NULL },
        { "/a/{id}", "/a", NULL },
        { "/a/{id}", "/a//", NULL },
        { "/a/{id}", "/a/1/b", NULL },
        { "/a/{id}", "/a/x%2Fy", "id=x/y " },
        { "/a/{id}", "/a/%c3%a4+", "id=\xc3\xa4+ " },
        { "/a/{id}", "/a/%00", NULL },
        { "/a/{id}", "/a/%4", NULL },
        { "/{x}/b/{y_2}", "/1/b/2", "x=1 y_2=2 " },
        { "/{x}/b/{y_2}", "/%31/%62/%32%33", "x=1 y_2=23 " },
        { "/{x}/b/{y_2}", "/1/c/2", NULL },
        { "/{x}", "/", NULL },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct http_pattern pattern = parse(CASES[i].pattern);
        struct http_params params;
        bool is_match = http_pattern_match(&pattern, span_str(CASES[i].path), &params);
        char values[200] = "";
        size_t len = 0;
        for (size_t k = 0; is_match && k < params.count; k++) {
            len += (size_t)snprintf(values + len, sizeof values - len, "%.*s=%.*s ",
                                    SPAN_ARG(params.name[k]), SPAN_ARG(params.value[k]));
        }
        if (is_match != (CASES[i].values != NULL) ||
            (is_match && strcmp(values, CASES[i].values))) {
            fail_msg("'%s' and '%s': %s", CASES[i].pattern, CASES[i].path,
                     is_match ? values : "no match");
        }
    }
}

static void values_are_found_by_name(void **state) {
    (void)state;
    struct http_pattern pattern = parse("/a/{one}/{two}");
    assert_true(http_pattern_has(&pattern, SPAN("two")));
    assert_false(http_pattern_has(&pattern, SPAN("a")));
    struct http_params params;
    assert_true(http_pattern_match(&pattern, SPAN("/a/b/%63"), &params));
    assert_true(span_eq(http_params_get(&params, SPAN("two")), SPAN("c")));
    assert_null(http_params_get(&params, SPAN("three")).at);
}

static void escaped_values_have_a_limit(void **state) {
    (void)state;
    struct http_pattern pattern = parse("/{a}/{b}");
    char path[3 * HTTP_PARAMS_DECODED_MAX + 10] = "/";
    size_t len = 1;
    for (int i = 0; i < HTTP_PARAMS_DECODED_MAX; i++) {
        if (i == 100) path[len++] = '/';
        memcpy(path + len, "%41", 3);
        len += 3;
    }
    struct http_params params;
    assert_true(http_pattern_match(&pattern, span_of(path, len), &params));
    assert_int_equal(params.value[1].len, HTTP_PARAMS_DECODED_MAX - 100);
    path[len++] = 'A';
    assert_false(http_pattern_match(&pattern, span_of(path, len), &params));
}

static void patterns_that_can_match_one_path_overlap(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool is_overlap;
    } CASES[] = {
        { "/ws", "/ws", true },       { "/ws", "/ws/", true },           { "/ws", "/wt", false },
        { "/{a}", "/ws", true },      { "/{a}", "/{b}", true },          { "/{a}", "/ws/x", false },
        { "/a/{x}", "/{y}/b", true }, { "/a/{x}/c", "/{y}/b/d", false }, { "/{a}", "/", false },
        { "/", "/", true },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct http_pattern a = parse(CASES[i].a);
        struct http_pattern b = parse(CASES[i].b);
        assert_int_equal(http_pattern_overlaps(&a, &b), CASES[i].is_overlap);
        assert_int_equal(http_pattern_overlaps(&b, &a), CASES[i].is_overlap);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_patterns_are_named),
        cmocka_unit_test(paths_match_or_not),
        cmocka_unit_test(values_are_found_by_name),
        cmocka_unit_test(escaped_values_have_a_limit),
        cmocka_unit_test(patterns_that_can_match_one_path_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
