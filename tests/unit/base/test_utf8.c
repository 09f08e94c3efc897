/* SPDX-License-Identifier: MIT */
/*
 * Tests of base/utf8: tables of good and bad texts, fed whole and cut at every place, and every
 * code point there is.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

/* What a text is: good, bad at a byte, or good so far but ending within a character. */
enum verdict { GOOD, BAD, OPEN };

struct sample {
    struct span text;
    enum verdict verdict;
    size_t bad_at; /* index of the first byte that cannot belong */
};

static const struct sample samples[] = {
    { T(""), GOOD, 0 },
    { T("a"), GOOD, 0 },
    { T("\0"), GOOD, 0 },
    { T("abcdefghijklmnopqrstuvwxyz0123456789"), GOOD, 0 },
    { T("\x7F"), GOOD, 0 },
    { T("\xC2\x80"), GOOD, 0 },
    { T("\xDF\xBF"), GOOD, 0 },
    { T("\xE0\xA0\x80"), GOOD, 0 },
    { T("\xED\x9F\xBF"), GOOD, 0 },
    { T("\xEE\x80\x80"), GOOD, 0 },
    { T("\xEF\xBF\xBF"), GOOD, 0 },
    { T("\xF0\x90\x80\x80"), GOOD, 0 },
    { T("\xF4\x8F\xBF\xBF"), GOOD, 0 },
    { T("0123456789abcdef\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5 0123456789abcdef"), GOOD, 0 },
    { T("\xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E\xF0\x9F\x98\x80"), GOOD, 0 },
    { T("\x80"), BAD, 0 },
    { T("\xBF"), BAD, 0 },
    { T("\xC0\x80"), BAD, 0 },
    { T("\xC1\xBF"), BAD, 0 },
    { T("\xE0\x80\x80"), BAD, 1 },
    { T("\xE0\x9F\xBF"), BAD, 1 },
    { T("\xED\xA0\x80"), BAD, 1 },
    { T("\xED\xBF\xBF"), BAD, 1 },
    { T("\xF0\x80\x80\x80"), BAD, 1 },
    { T("\xF0\x8F\xBF\xBF"), BAD, 1 },
    { T("\xF4\x90\x80\x80"), BAD, 1 },
    { T("\xF5\x80\x80\x80"), BAD, 0 },
    { T("\xF8\x88\x80\x80\x80"), BAD, 0 },
    { T("\xFE"), BAD, 0 },
    { T("\xFF"), BAD, 0 },
    { T("\xC2\x41"), BAD, 1 },
    { T("\xE2\x82\x41"), BAD, 2 },
    { T("\xE2\x82\xC2\x80"), BAD, 2 },
    { T("\xF0\x9F\x98\x41"), BAD, 3 },
    { T("0123456789abcdef01234567\xFF"), BAD, 24 },
    { T("0123456789abcdef0123\x80zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), BAD, 20 },
    { T("a\xC3\xA4\xA4"), BAD, 3 },
    { T("\xC3zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), BAD, 1 },
    { T("\xC2"), OPEN, 0 },
    { T("\xE2"), OPEN, 0 },
    { T("\xE2\x82"), OPEN, 0 },
    { T("\xF0\x9F\x98"), OPEN, 0 },
    { T("0123456789abcdef\xF0"), OPEN, 0 },
};

static enum verdict judge(const bool *fed, const struct utf8_state *state) {
    if (!*fed) return BAD;
    return utf8_is_complete(state) ? GOOD : OPEN;
}

static void whole(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(samples); i++) {
        const struct sample *s = &samples[i];
        struct utf8_state state = { 0 };
        bool fed = utf8_feed(&state, s->text);
        assert_int_equal(judge(&fed, &state), s->verdict);
        assert_int_equal(utf8_is_valid(s->text), s->verdict == GOOD);
    }
}

static void cut_in_two(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(samples); i++) {
        const struct sample *s = &samples[i];
        for (size_t cut = 0; cut <= s->text.len; cut++) {
            struct utf8_state state = { 0 };
            bool fed = utf8_feed(&state, span_of(s->text.at, cut));
            /* Refused as soon as the bad byte is there, and not before. */
            assert_int_equal(fed, s->verdict != BAD || cut <= s->bad_at);
            if (!fed) continue;
            fed = utf8_feed(&state, span_skip(s->text, cut));
            assert_int_equal(judge(&fed, &state), s->verdict);
        }
    }
}

static void byte_by_byte(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(samples); i++) {
        const struct sample *s = &samples[i];
        struct utf8_state state = { 0 };
        bool fed = true;
        for (size_t at = 0; at < s->text.len && fed; at++) {
            fed = utf8_feed(&state, span_of(s->text.at + at, 1));
            assert_int_equal(fed, s->verdict != BAD || at != s->bad_at);
        }
        assert_int_equal(judge(&fed, &state), s->verdict);
    }
}

/* Every code point, surrogates and what lies past U+10FFFF included, as the bits would encode it.
 */
static void every_code_point(void **unused) {
    (void)unused;
    for (uint32_t point = 0; point < 0x200000; point++) {
        char bytes[4];
        size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const uint8_t leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
        uint32_t rest = point;
        for (size_t i = len - 1; i > 0; i--, rest >>= 6)
            bytes[i] = (char)(0x80 | (rest & 0x3F));
        bytes[0] = (char)(leads[len] | rest);
        bool is_good = point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
        if (utf8_is_valid(span_of(bytes, len)) != is_good) fail_msg("U+%04X", point);
        if (utf8_char_len(span_of(bytes, len)) != (is_good ? len : 0)) fail_msg("U+%04X", point);
    }
}

static void first_character(void **unused) {
    (void)unused;
    assert_int_equal(utf8_char_len(SPAN("")), 0);
    assert_int_equal(utf8_char_len(SPAN("ab")), 1);
    assert_int_equal(utf8_char_len(SPAN("\xC3\xA4z")), 2);
    assert_int_equal(utf8_char_len(SPAN("\xE2\x82\xAC\xE2")), 3);
    assert_int_equal(utf8_char_len(SPAN("\xE2\x82")), 0);
    assert_int_equal(utf8_char_len(SPAN("\xA4")), 0);
}

static void cutting(void **unused) {
    (void)unused;
    struct span text = SPAN("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z");
    static const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11 };
    for (size_t max = 0; max < countof(expected); max++) {
        assert_int_equal(utf8_cut(text, max), expected[max]);
    }
    assert_int_equal(utf8_cut(SPAN(""), 0), 0);
    /* What stands behind the span is not looked at. */
    assert_int_equal(utf8_cut(span_of("ab\xA4", 2), 2), 2);
}

static void names(void **unused) {
    (void)unused;
    static const struct {
        struct span name;
        bool is_good;
    } cases[] = {
        { T("u1"), true },        { T("ws:\xC3\xA4 b"), true },
        { T("12345678"), true },  { T("123456789"), false },
        { T(""), false },         { T("a\nb"), false },
        { T("a\0b"), false },     { T("\x1F"), false },
        { T(" "), true },         { T("~"), true },
        { T("\x7F"), false },     { T("\xC2\x80"), false },
        { T("\xC2\x9F"), false }, { T("\xC2\xA0"), true },
        { T("\xC3\x80"), true },  { T("\xFF"), false },
        { T("a\xC3"), false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        if (utf8_is_name(cases[i].name, 8) != cases[i].is_good) fail_msg("case %zu", i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),           cmocka_unit_test(cut_in_two),
        cmocka_unit_test(byte_by_byte),    cmocka_unit_test(every_code_point),
        cmocka_unit_test(first_character), cmocka_unit_test(cutting),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
