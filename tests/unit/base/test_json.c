/* SPDX-License-Identifier: MIT */
/*
 * Tests of base/json: texts that RFC 8259 allows and refuses, each also cut at every place, walks,
 * strings, integers, positions and writing.
 */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

struct good {
    struct span text;
    enum json_kind kind;
};

static const struct good goods[] = {
    { T("null"), JSON_KIND_NULL },
    { T("true"), JSON_KIND_TRUE },
    { T("false"), JSON_KIND_FALSE },
    { T(" \t\r\n null \t\r\n "), JSON_KIND_NULL },
    { T("0"), JSON_KIND_NUMBER },
    { T("-0"), JSON_KIND_NUMBER },
    { T("-1"), JSON_KIND_NUMBER },
    { T("10"), JSON_KIND_NUMBER },
    { T("0.0"), JSON_KIND_NUMBER },
    { T("0e1"), JSON_KIND_NUMBER },
    { T("0e+1"), JSON_KIND_NUMBER },
    { T("0E-01"), JSON_KIND_NUMBER },
    { T("123.456e78"), JSON_KIND_NUMBER },
    { T("1e400"), JSON_KIND_NUMBER },
    { T("-1e-400"), JSON_KIND_NUMBER },
    { T("99999999999999999999999999999999999999"), JSON_KIND_NUMBER },
    { T("0.00000000000000000000000000000000000000000000000001"), JSON_KIND_NUMBER },
    { T("\"\""), JSON_KIND_STRING },
    { T("\"a\""), JSON_KIND_STRING },
    { T("\"exactly8\""), JSON_KIND_STRING },
    { T("\"a longer text, more than sixteen bytes of it\""), JSON_KIND_STRING },
    { T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), JSON_KIND_STRING },
    { T("\"\\u0000\\u001f\\uD834\\uDd1e\""), JSON_KIND_STRING },
    { T("\"\\ud800\""), JSON_KIND_STRING },
    { T("\"\\udc00\\ud800x\""), JSON_KIND_STRING },
    { T("\"\x7F\""), JSON_KIND_STRING },
    { T("\"\xC2\x80 \xED\x9F\xBF \xEF\xBF\xBF \xF4\x8F\xBF\xBF\""), JSON_KIND_STRING },
    { T("\"\xE2\x80\xA8\xE2\x80\xA9\""), JSON_KIND_STRING },
    { T("\"'<script>//\""), JSON_KIND_STRING },
    { T("[]"), JSON_KIND_ARRAY },
    { T(" [ ] "), JSON_KIND_ARRAY },
    { T("[1]"), JSON_KIND_ARRAY },
    { T("[1,2 , 3\n,\t4]"), JSON_KIND_ARRAY },
    { T("[[],[[]],{}]"), JSON_KIND_ARRAY },
    { T("[null,true,false,\"\",0,{},[]]"), JSON_KIND_ARRAY },
    { T("{}"), JSON_KIND_OBJECT },
    { T("{ }"), JSON_KIND_OBJECT },
    { T("{\"\":0}"), JSON_KIND_OBJECT },
    { T("{\"a\":1,\"a\":2}"), JSON_KIND_OBJECT },
    { T("{ \"a\" : { \"b\" : [ { } ] } , \"c\" : null }"), JSON_KIND_OBJECT },
    { T("{\"a\\\"b\\u0000\":\"}\"}"), JSON_KIND_OBJECT },
};

/* What is refused, at which byte, and what should have stood there. */
struct bad {
    struct span text;
    size_t offset;
    const char *expected;
};

#define VALUE   "a value"
#define TEXTEND "the end of the text"
#define CLOSING "the closing quote of a string"
#define ESCAPED "an escape instead of a control character"
#define ESCAPE  "one of \"\\/bfnrtu after the backslash"
#define HEX     "four hexadecimal digits"
#define UTF8    "valid UTF-8"
#define DIGIT   "a digit"
#define FIRST   "a member name or '}'"
#define NAME    "a member name"
#define COLON   "':'"
#define MEMBER  "',' or '}'"
#define ELEMENT "',' or ']'"
#define INSIDE  "a value or ']'"

static const struct bad bads[] = {
    { T(""), 0, VALUE },
    { T("  "), 2, VALUE },
    { T("\xEF\xBB\xBF{}"), 0, VALUE },
    { T("nul"), 0, VALUE },
    { T("nulL"), 0, VALUE },
    { T("True"), 0, VALUE },
    { T("nullx"), 4, TEXTEND },
    { T("true false"), 5, TEXTEND },
    { T("NaN"), 0, VALUE },
    { T("Infinity"), 0, VALUE },
    { T("-Infinity"), 1, DIGIT },
    { T("-"), 1, DIGIT },
    { T("+1"), 0, VALUE },
    { T(".5"), 0, VALUE },
    { T("1."), 2, DIGIT },
    { T("1.e1"), 2, DIGIT },
    { T("1e"), 2, DIGIT },
    { T("1e+"), 3, DIGIT },
    { T("1e1.5"), 3, TEXTEND },
    { T("01"), 1, TEXTEND },
    { T("-01"), 2, TEXTEND },
    { T("- 1"), 1, DIGIT },
    { T("0x10"), 1, TEXTEND },
    { T("1_000"), 1, TEXTEND },
    { T("1\0"), 1, TEXTEND },
    { T("\xEF\xBC\x91"), 0, VALUE },
    { T("\""), 1, CLOSING },
    { T("\"abc"), 4, CLOSING },
    { T("\"abcdefgh"), 9, CLOSING },
    { T("\"a\\"), 3, ESCAPE },
    { T("\"\\a\""), 2, ESCAPE },
    { T("\"\\\0\""), 2, ESCAPE },
    { T("\"\\U0041\""), 2, ESCAPE },
    { T("\"\\x41\""), 2, ESCAPE },
    { T("\"\\u004\""), 6, HEX },
    { T("\"\\u004g\""), 6, HEX },
    { T("\"\\u-041\""), 3, HEX },
    { T("\"\\u00"), 5, HEX },
    { T("\"\n\""), 1, ESCAPED },
    { T("\"\t\""), 1, ESCAPED },
    { T("\"\0\""), 1, ESCAPED },
    { T("\"01234567890\x1F\""), 12, ESCAPED },
    { T("\"\x80\""), 1, UTF8 },
    { T("\"\xC0\x80\""), 1, UTF8 },
    { T("\"\xED\xA0\x80\""), 1, UTF8 },
    { T("\"0123456789\xF4\x90\x80\x80\""), 11, UTF8 },
    { T("\"\xE2\x82\""), 1, UTF8 },
    { T("\"\xE2\x82"), 1, UTF8 },
    { T("'a'"), 0, VALUE },
    { T("["), 1, INSIDE },
    { T("[ "), 2, INSIDE },
    { T("[,1]"), 1, INSIDE },
    { T("[1"), 2, ELEMENT },
    { T("[1,"), 3, VALUE },
    { T("[1,]"), 3, VALUE },
    { T("[1,,2]"), 3, VALUE },
    { T("[1 2]"), 3, ELEMENT },
    { T("[1}"), 2, ELEMENT },
    { T("[1:2]"), 2, ELEMENT },
    { T("]"), 0, VALUE },
    { T("[]]"), 2, TEXTEND },
    { T("[\f]"), 1, INSIDE },
    { T("[\xC2\xA0]"), 1, INSIDE },
    { T("{"), 1, FIRST },
    { T("{ "), 2, FIRST },
    { T("{,}"), 1, FIRST },
    { T("{a:1}"), 1, FIRST },
    { T("{1:1}"), 1, FIRST },
    { T("{\"a\""), 4, COLON },
    { T("{\"a\" 1}"), 5, COLON },
    { T("{\"a\",1}"), 4, COLON },
    { T("{\"a\":"), 5, VALUE },
    { T("{\"a\":}"), 5, VALUE },
    { T("{\"a\"::1}"), 5, VALUE },
    { T("{\"a\":1"), 6, MEMBER },
    { T("{\"a\":1,"), 7, NAME },
    { T("{\"a\":1,}"), 7, NAME },
    { T("{\"a\":1]"), 6, MEMBER },
    { T("{\"a\":1 \"b\":2}"), 7, MEMBER },
    { T("{\"a\":1;\"b\":2}"), 6, MEMBER },
    { T("{\"a\":1}}"), 7, TEXTEND },
    { T("{\"a\":1} // end"), 8, TEXTEND },
    { T("{/* */}"), 1, FIRST },
    { T("{\"a\":[{\"b\":tru}]}"), 11, VALUE },
    { T("{\"a\n\":1}"), 3, ESCAPED },
};

/* Walks `text` as what its first bracket says, values and all; false with the error when it fails.
 */
static bool walk_through(struct span text, struct json_error *ret_error) {
    struct json_walk walk = json_walk(text);
    struct json_value name;
    struct json_value value;
    bool is_object =
        memchr(text.at, '{', text.len) &&
        (!memchr(text.at, '[', text.len) || span_find(text, '{') < span_find(text, '['));
    enum json_step step;
    do {
        step = is_object ? json_member(&walk, &name, &value) : json_element(&walk, &value);
    } while (step == JSON_ITEM);
    if (step == JSON_FAIL) *ret_error = walk.error;
    return step == JSON_END;
}

/* A copy that ends where the heap block does, so that a sanitizer sees a byte read too far. */
static struct span exact_copy(struct span s) {
    char *copy = malloc(s.len ? s.len : 1);
    assert_non_null(copy);
    if (s.len) memcpy(copy, s.at, s.len);
    return span_of(copy, s.len);
}

static void good_texts(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(goods); i++) {
        struct span text = exact_copy(goods[i].text);
        struct json_value value = { 0 };
        struct json_error error = { 0 };
        if (!json_parse(text, &value, &error)) {
            fail_msg("case %zu, byte %zu: expected %s", i, error.offset, error.expected);
        }
        assert_int_equal(value.kind, goods[i].kind);
        /* The very bytes, without the white space around. */
        assert_true(value.raw.at >= text.at && value.raw.at + value.raw.len <= text.at + text.len);
        assert_null(memchr(" \t\r\n", value.raw.at[0], 4));
        assert_null(memchr(" \t\r\n", value.raw.at[value.raw.len - 1], 4));
        if (value.kind == JSON_KIND_ARRAY || value.kind == JSON_KIND_OBJECT) {
            assert_true(walk_through(text, &error));
        }
        free((void *)(uintptr_t)text.at);
    }
}

static void bad_texts(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(bads); i++) {
        struct span text = exact_copy(bads[i].text);
        struct json_value value;
        struct json_error error = { 0 };
        if (json_parse(text, &value, &error)) fail_msg("case %zu passed", i);
        if (error.offset != bads[i].offset || strcmp(error.expected, bads[i].expected) != 0) {
            fail_msg("case %zu: byte %zu: expected %s", i, error.offset, error.expected);
        }
        if (text.len && (text.at[0] == '[' || text.at[0] == '{')) {
            struct json_error walked = { 0 };
            assert_false(walk_through(text, &walked));
            assert_int_equal(walked.offset, error.offset);
            assert_string_equal(walked.expected, error.expected);
        }
        free((void *)(uintptr_t)text.at);
    }
    struct json_value value;
    struct json_error error;
    assert_false(json_parse((struct span){ NULL, 0 }, &value, &error));
    assert_int_equal(error.offset, 0);
}

/* No proper head of a string, an array or an object is a text. */
static void cut_texts(void **unused) {
    (void)unused;
    for (size_t i = 0; i < countof(goods); i++) {
        struct span whole = span_of(goods[i].text.at, goods[i].text.len);
        if (goods[i].kind < JSON_KIND_STRING) continue;
        while (strchr(" \t\r\n", whole.at[whole.len - 1]))
            whole.len--;
        for (size_t cut = 0; cut < whole.len; cut++) {
            struct span text = exact_copy(span_of(whole.at, cut));
            struct json_value value;
            struct json_error error;
            if (json_parse(text, &value, &error)) fail_msg("case %zu cut at %zu passed", i, cut);
            assert_true(error.offset <= cut);
            if (cut > 0 && goods[i].kind != JSON_KIND_STRING)
                assert_false(walk_through(text, &error));
            free((void *)(uintptr_t)text.at);
        }
    }
}

/* Every single byte put in the place of every other: nothing reads too far, and what a string
 * accepts is what it should. */
static void changed_bytes(void **unused) {
    (void)unused;
    struct span base = SPAN("{\"key\":[\"0123456789\\u00e4\",-1.5e3,true,null,{}]}");
    for (size_t at = 0; at < base.len; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            struct span text = exact_copy(base);
            char *copy = (char *)(uintptr_t)text.at;
            copy[at] = (char)byte;
            struct json_value value;
            struct json_error error;
            bool is_good = json_parse(text, &value, &error);
            struct json_error walked;
            assert_int_equal(is_good, walk_through(text, &walked));
            if (at >= 9 && at < 19) {
                bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
                if (is_plain) assert_true(is_good);
                if (byte < 0x20 || byte >= 0x80) assert_false(is_good);
            }
            free(copy);
        }
    }
}

/* The special byte at every place of strings of every length, so in every lane of a word. */
static void special_in_every_lane(void **unused) {
    (void)unused;
    static const char specials[] = { '\x01', '\x1F', '\x80', '\xFF', '\0' };
    char text[64];
    for (size_t len = 1; len < 40; len++) {
        for (size_t at = 1; at <= len; at++) {
            for (size_t i = 0; i < countof(specials); i++) {
                memset(text, 0x20 + (int)(len & 1) * 0x5F, sizeof text);
                text[0] = text[len + 1] = '"';
                struct json_value value;
                struct json_error error;
                assert_true(json_parse(span_of(text, len + 2), &value, &error));
                text[at] = specials[i];
                assert_false(json_parse(span_of(text, len + 2), &value, &error));
                assert_int_equal(error.offset, at);
            }
        }
    }
}

static bool nested(size_t depth, char open, struct json_error *error) {
    struct buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < depth; i++)
        buf_append_text(&b, open == '[' ? "[" : "{\"a\":");
    buf_append_text(&b, "1");
    for (size_t i = 0; i < depth; i++)
        buf_append_text(&b, open == '[' ? "]" : "}");
    struct json_value value;
    bool is_good = json_parse(buf_span(&b), &value, error);
    /* A walk does not count, its values do. */
    struct json_error walked;
    if (depth > 1)
        assert_int_equal(walk_through(buf_span(&b), &walked), depth <= JSON_DEPTH_MAX + 1);
    buf_finish(&b);
    return is_good;
}

static void nesting(void **unused) {
    (void)unused;
    struct json_error error;
    for (size_t depth = 0; depth < 140; depth++) {
        assert_int_equal(nested(depth, '[', &error), depth <= JSON_DEPTH_MAX);
        assert_int_equal(nested(depth, '{', &error), depth <= JSON_DEPTH_MAX);
    }
    assert_false(nested(129, '[', &error));
    assert_int_equal(error.offset, 128);
    assert_string_equal(error.expected, "at most 128 levels of nesting");
    assert_false(nested(5000, '[', &error));
}

static void walking(void **unused) {
    (void)unused;
    struct json_walk walk =
        json_walk(SPAN(" { \"a\" : [1, 2] , \"b\\u0063\":\"x\",\"d\":{\"e\":null} } "));
    struct json_value name;
    struct json_value value;
    assert_int_equal(json_member(&walk, &name, &value), JSON_ITEM);
    assert_true(json_text_is(&name, SPAN("a")));
    assert_int_equal(value.kind, JSON_KIND_ARRAY);
    assert_true(span_eq(value.raw, SPAN("[1, 2]")));
    struct json_walk inner = json_walk(value.raw);
    struct json_value element;
    assert_int_equal(json_element(&inner, &element), JSON_ITEM);
    assert_true(span_eq(element.raw, SPAN("1")));
    assert_int_equal(json_element(&inner, &element), JSON_ITEM);
    assert_true(span_eq(element.raw, SPAN("2")));
    assert_int_equal(json_element(&inner, &element), JSON_END);
    assert_int_equal(json_member(&walk, &name, &value), JSON_ITEM);
    assert_true(json_text_is(&name, SPAN("bc")));
    assert_true(name.has_escapes);
    assert_false(value.has_escapes);
    assert_true(span_eq(value.raw, SPAN("\"x\"")));
    assert_int_equal(json_member(&walk, &name, &value), JSON_ITEM);
    assert_true(span_eq(value.raw, SPAN("{\"e\":null}")));
    assert_int_equal(json_member(&walk, &name, &value), JSON_END);

    walk = json_walk(SPAN("[]"));
    assert_int_equal(json_member(&walk, &name, &value), JSON_FAIL);
    assert_string_equal(walk.error.expected, "an object");
    walk = json_walk(SPAN(" \"x\""));
    assert_int_equal(json_element(&walk, &value), JSON_FAIL);
    assert_string_equal(walk.error.expected, "an array");
    assert_int_equal(walk.error.offset, 1);
    walk = json_walk((struct span){ NULL, 0 });
    assert_int_equal(json_member(&walk, &name, &value), JSON_FAIL);
}

static struct json_value parsed(struct span text) {
    struct json_value value;
    struct json_error error;
    assert_true(json_parse(text, &value, &error));
    return value;
}

static void strings(void **unused) {
    (void)unused;
    static const struct {
        struct span text;
        struct span decoded;
        bool is_bad;
    } cases[] = {
        { T("\"\""), T(""), false },
        { T("\"plain\""), T("plain"), false },
        { T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), T("\"\\/\b\f\n\r\t"), false },
        { T("\"\\u0041b\\u00e4\\u20AC\""), T("Ab\xC3\xA4\xE2\x82\xAC"), false },
        { T("\"\\u0000\""), T("\0"), false },
        { T("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
          T("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"), false },
        { T("\"\\ud834\\udd1E!\""), T("\xF0\x9D\x84\x9E!"), false },
        { T("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), T("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), false },
        { T("\"\xF0\x9F\x98\x80\\u0020\""), T("\xF0\x9F\x98\x80 "), false },
        { T("\"\\\\u0041\""), T("\\u0041"), false },
        { T("\"\\ud800\""), T(""), true },
        { T("\"\\ud800x\""), T(""), true },
        { T("\"\\ud800\\n\""), T(""), true },
        { T("\"\\ud800\\ud800\""), T(""), true },
        { T("\"\\udc00\""), T(""), true },
        { T("\"\\ud800\\u0041\""), T(""), true },
        { T("\"a\\ud800\\udbff\""), T(""), true },
        { T("\"\\ud800\\ue000\""), T(""), true },
        { T("\"\\udc00\\udc00\""), T(""), true },
        { T("1"), T(""), true },
        { T("[]"), T(""), true },
        { T("null"), T(""), true },
    };
    struct buf room;
    buf_init(&room, 64);
    for (size_t i = 0; i < countof(cases); i++) {
        struct json_value value = parsed(cases[i].text);
        struct span got = { NULL, 0 };
        enum err e = json_text(&value, &room, &got);
        assert_int_equal(e, cases[i].is_bad ? ERR_INVALID : ERR_OK);
        if (!e && !span_eq(got, cases[i].decoded)) fail_msg("case %zu: %.*s", i, SPAN_ARG(got));
        assert_int_equal(json_text_is(&value, cases[i].decoded), !cases[i].is_bad);
        assert_false(json_text_is(&value, SPAN("something else")));
        char longer[32];
        memcpy(longer, cases[i].decoded.at, cases[i].decoded.len + 1);
        assert_false(json_text_is(&value, span_of(longer, cases[i].decoded.len + 1)));
        if (cases[i].decoded.len) {
            struct span shorter = span_of(cases[i].decoded.at, cases[i].decoded.len - 1);
            assert_false(json_text_is(&value, shorter));
        }
    }
    buf_finish(&room);
    buf_init(&room, 3);
    struct json_value value = parsed(SPAN("\"abc\\n\""));
    struct span got;
    assert_int_equal(json_text(&value, &room, &got), ERR_TOO_BIG);
    value = parsed(SPAN("\"ab\\n\""));
    assert_int_equal(json_text(&value, &room, &got), ERR_OK);
    buf_finish(&room);
}

static void integers(void **unused) {
    (void)unused;
    static const struct {
        struct span text;
        bool is_good;
        int64_t number;
    } cases[] = {
        { T("0"), true, 0 },
        { T("7"), true, 7 },
        { T("-7"), true, -7 },
        { T("9223372036854775807"), true, INT64_MAX },
        { T("-9223372036854775808"), true, INT64_MIN },
        { T("9223372036854775808"), false, 0 },
        { T("-9223372036854775809"), false, 0 },
        { T("99999999999999999999999"), false, 0 },
        { T("-0"), false, 0 },
        { T("1.0"), false, 0 },
        { T("1e2"), false, 0 },
        { T("\"1\""), false, 0 },
        { T("null"), false, 0 },
        { T("[]"), false, 0 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct json_value value = parsed(cases[i].text);
        int64_t number = 0;
        assert_int_equal(json_int(&value, INT64_MIN, INT64_MAX, &number), cases[i].is_good);
        assert_true(number == cases[i].number);
    }
    int64_t number;
    struct json_value value = parsed(SPAN("1000"));
    assert_true(json_int(&value, 1000, 4999, &number));
    assert_false(json_int(&value, 1001, 4999, &number));
    assert_false(json_int(&value, -5, 999, &number));
}

static void positions(void **unused) {
    (void)unused;
    static const struct {
        struct span text;
        size_t offset;
        size_t line;
        size_t column;
    } cases[] = {
        { T(""), 0, 1, 1 },          { T("abc"), 0, 1, 1 },
        { T("abc"), 3, 1, 4 },       { T("abc"), 9, 1, 4 },
        { T("a\nb\n\nc"), 2, 2, 1 }, { T("a\nb\n\nc"), 5, 4, 1 },
        { T("a\r\nb"), 3, 2, 1 },    { T("\xC3\xA4\xE2\x82\xACz"), 5, 1, 3 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        size_t line;
        size_t column;
        json_position(cases[i].text, cases[i].offset, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
}

static void writing(void **unused) {
    (void)unused;
    static const struct {
        struct span text;
        struct span written;
    } cases[] = {
        { T(""), T("\"\"") },
        { T("plain text"), T("\"plain text\"") },
        { T("\"\\/"), T("\"\\\"\\\\/\"") },
        { T("\b\f\n\r\t"), T("\"\\b\\f\\n\\r\\t\"") },
        { T("\0\x01\x1F\x7F"), T("\"\\u0000\\u0001\\u001f\x7F\"") },
        { T("\xC3\xA4\xF0\x9F\x98\x80"), T("\"\xC3\xA4\xF0\x9F\x98\x80\"") },
        { T("a\xFF\xC3"), T("\"a\xEF\xBF\xBD\xEF\xBF\xBD\"") },
        { T("\xED\xA0\x80"), T("\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"") },
    };
    struct buf b;
    buf_init(&b, 256);
    for (size_t i = 0; i < countof(cases); i++) {
        buf_clear(&b);
        json_append_string(&b, cases[i].text);
        if (!span_eq(buf_span(&b), cases[i].written)) {
            fail_msg("case %zu: %.*s", i, SPAN_ARG(buf_span(&b)));
        }
    }
    buf_finish(&b);
    /* What was written reads back, for every byte there is. */
    buf_init(&b, 4096);
    char ascii[128];
    for (size_t i = 0; i < sizeof ascii; i++)
        ascii[i] = (char)i;
    json_append_string(&b, span_of(ascii, sizeof ascii));
    struct json_value value = parsed(buf_span(&b));
    assert_true(json_text_is(&value, span_of(ascii, sizeof ascii)));
    buf_finish(&b);
    json_append_string(&b, (struct span){ NULL, 0 });
    assert_true(span_eq(buf_span(&b), SPAN("\"\"")));
    buf_finish(&b);
}

static void the_last_of_a_name_is_found(void **state) {
    (void)state;
    struct json_value value = { .kind = JSON_KIND_NULL };
    const struct span object = SPAN("{\"a\":1,\"b\":{\"a\":9},\"\\u0061\":[2]}");
    assert_true(json_find(object, SPAN("a"), &value));
    assert_true(span_eq(value.raw, SPAN("[2]")));
    assert_false(json_find(object, SPAN("c"), &value));
    assert_false(json_find(SPAN("[1]"), SPAN("a"), &value));
    assert_true(span_eq(value.raw, SPAN("[2]"))); /* as it was */
}

static void several_are_found_in_one_walk(void **state) {
    (void)state;
    struct json_wanted wanted[] = { { .name = SPAN("b") },
                                    { .name = SPAN("x") },
                                    { .name = SPAN("a") } };
    assert_true(json_find_all(SPAN("{\"a\":1,\"b\":{\"x\":9},\"\\u0061\":[2]}"), wanted, 3));
    assert_true(wanted[0].is_there && span_eq(wanted[0].value.raw, SPAN("{\"x\":9}")));
    assert_false(wanted[1].is_there);
    assert_true(wanted[2].is_there && span_eq(wanted[2].value.raw, SPAN("[2]")));
    assert_false(json_find_all(SPAN("{\"a\":1,"), wanted, 3));
    assert_true(wanted[2].is_there);
    assert_false(json_find_all(SPAN("[\"a\"]"), wanted, 3));
    assert_false(wanted[2].is_there);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_are_found_in_one_walk),
        cmocka_unit_test(the_last_of_a_name_is_found),
        cmocka_unit_test(good_texts),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(cut_texts),
        cmocka_unit_test(changed_bytes),
        cmocka_unit_test(nesting),
        cmocka_unit_test(special_in_every_lane),
        cmocka_unit_test(walking),
        cmocka_unit_test(strings),
        cmocka_unit_test(integers),
        cmocka_unit_test(positions),
        cmocka_unit_test(writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
