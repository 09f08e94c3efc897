/* SPDX-License-Identifier: MIT */
/*
 * Which word a misspelt one was meant to be.
 */
#include "config/suggest_priv.h"

#include <setjmp.h>
#include <stdarg.h>
/* after those two */
#include <cmocka.h>

static void distances(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        { "", "", 0 },        { "", "abc", 3 },          { "abc", "", 3 },
        { "abc", "abc", 0 },  { "abc", "axc", 1 },       { "abc", "ac", 1 },
        { "abc", "abxc", 1 }, { "abc", "acb", 1 },       { "kitten", "sitting", 3 },
        { "ca", "abc", 3 },   { "listen", "silent", 4 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(config_edit_distance(span_str(cases[i].a), span_str(cases[i].b)),
                         cases[i].distance);
        assert_int_equal(config_edit_distance(span_str(cases[i].b), span_str(cases[i].a)),
                         cases[i].distance);
    }
}

static void takes_the_nearest(void **state) {
    (void)state;
    struct config_suggest near = config_suggest_for(SPAN("idle_secs"));
    config_suggest_try(&near, SPAN("idle_minutes"));
    assert_string_equal(near.best, "");
    config_suggest_try(&near, SPAN("idle_seconds"));
    assert_string_equal(near.best, "idle_seconds");
    config_suggest_try(&near, SPAN("idle_sec"));
    assert_string_equal(near.best, "idle_sec");
    config_suggest_try(&near, SPAN("idle_sexs"));
    assert_string_equal(near.best, "idle_sec");
}

static void short_and_long_words(void **state) {
    (void)state;
    struct config_suggest near = config_suggest_for(SPAN("ab"));
    config_suggest_try(&near, SPAN("abc"));
    assert_string_equal(near.best, "");
    char word[200];
    memset(word, 'a', sizeof word);
    near = config_suggest_for(span_of(word, sizeof word));
    config_suggest_try(&near, span_of(word, sizeof word));
    assert_string_equal(near.best, "");
    near = config_suggest_for(span_of(word, CONFIG_SUGGEST_MAX));
    config_suggest_try(&near, span_of(word, CONFIG_SUGGEST_MAX));
    assert_int_equal(strlen(near.best), CONFIG_SUGGEST_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(takes_the_nearest),
        cmocka_unit_test(short_and_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
