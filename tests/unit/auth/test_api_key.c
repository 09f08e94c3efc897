/* SPDX-License-Identifier: MIT */
/*
 * API keys: which is found, which are refused at load, and that scopes keep their names.
 */
#include "auth/api_key.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* SPAN for static tables. */
#define T(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }

static const struct api_key_options three[] = {
    { T("backend"), T("key-of-the-backend"), API_SCOPE_PUBLISH },
    { T(""), T("key-of-the-backend-2"), API_SCOPE_ALL },
    { T("page"), T("q"), API_SCOPE_READ },
};

static struct api_keys *load(const struct api_key_options *list, size_t count) {
    struct err_note note = { "" };
    struct api_keys *keys = NULL;
    if (api_keys_new(list, count, &keys, &note)) fail_msg("%s", note.text);
    assert_int_equal(api_keys_count(keys), count);
    return keys;
}

static void finds_the_right_one(void **state) {
    (void)state;
    static const char *const names[] = { "backend", "key 2", "page" };
    struct api_keys *keys = load(three, countof(three));
    for (uint32_t i = 0; i < countof(three); i++) {
        const struct api_key *key = api_keys_find(keys, three[i].key);
        assert_non_null(key);
        assert_string_equal(key->name, names[i]);
        assert_int_equal(key->scopes, three[i].scopes);
        for (uint32_t other = 0; other < i; other++)
            assert_int_not_equal(key->id, api_keys_find(keys, three[other].key)->id);
    }
    api_keys_free(keys);
    api_keys_free(NULL);
}

static void finds_nothing_else(void **state) {
    (void)state;
    struct api_keys *keys = load(three, countof(three)), *none = load(NULL, 0);
    static const struct span wrong[] = {
        T(""),
        T("key"),
        T("key-of-the-backenD"),
        T("key-of-the-backend-"),
        T("Q"),
        T("q "),
        T("q\0"),
        T("\0"),
        T("backend"),
        T("qq"),
        T("key-of-the-backend\0"),
        T("key-of-the-backend-23"),
        { NULL, 0 },
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        assert_null(api_keys_find(keys, wrong[i]));
        assert_null(api_keys_find(none, wrong[i]));
    }
    for (size_t cut = 0; cut < three[0].key.len; cut++)
        assert_null(api_keys_find(keys, span_of(three[0].key.at, cut)));
    assert_null(api_keys_find(none, three[0].key));
    char big[API_KEY_MAX + 100] = "q";
    for (size_t len = 2; len < sizeof big; len++)
        assert_null(api_keys_find(keys, span_of(big, len)));
    api_keys_free(keys);
    api_keys_free(none);
}

static void longest_key(void **state) {
    (void)state;
    char big[API_KEY_MAX + 1];
    memset(big, 'x', sizeof big);
    struct api_key_options opt = { .key = { big, API_KEY_MAX }, .scopes = API_SCOPE_ADMIN };
    struct api_keys *keys = load(&opt, 1);
    assert_non_null(api_keys_find(keys, opt.key));
    assert_null(api_keys_find(keys, span_of(big, API_KEY_MAX + 1)));
    assert_null(api_keys_find(keys, span_of(big, API_KEY_MAX - 1)));
    api_keys_free(keys);
    opt.key.len++;
    assert_int_equal(api_keys_new(&opt, 1, &keys, NULL), ERR_INVALID);
}

static void refuses_bad_lists(void **state) {
    (void)state;
    static const struct {
        struct api_key_options second;
        enum err e;
        const char *text;
    } cases[] = {
        { { T("b"), T(""), API_SCOPE_READ }, ERR_INVALID, "keys[1]: the key must be" },
        { { T("b"), T("a b"), API_SCOPE_READ }, ERR_INVALID, "keys[1]: the key must be" },
        { { T("b"), T("b\n"), API_SCOPE_READ }, ERR_INVALID, "keys[1]: the key must be" },
        { { T("b"), T("b\x7f"), API_SCOPE_READ }, ERR_INVALID, "keys[1]: the key must be" },
        { { T("b"), T("\xc3\xa4"), API_SCOPE_READ }, ERR_INVALID, "keys[1]: the key must be" },
        { { T("b"), T("secret-b"), 0 }, ERR_INVALID, "keys[1]: it has no scope" },
        { { T("b"), T("secret-b"), 8 }, ERR_INVALID, "keys[1]: it has no scope" },
        { { T("b"), T("secret-a"), API_SCOPE_READ },
          ERR_EXISTS,
          "keys[1]: the key is that of keys[0]" },
        { { T("a"), T("secret-b"), API_SCOPE_READ },
          ERR_EXISTS,
          "keys[1]: the name is that of keys[0]" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct api_key_options list[] = { { SPAN("a"), SPAN("secret-a"), API_SCOPE_READ },
                                          cases[i].second };
        struct err_note note = { "" };
        struct api_keys *keys = NULL;
        assert_int_equal(api_keys_new(list, 2, &keys, &note), cases[i].e);
        assert_null(keys);
        if (!strstr(note.text, cases[i].text)) fail_msg("%zu: %s", i, note.text);
        assert_null(strstr(note.text, "secret-"));
    }
}

static void limit_of_keys(void **state) {
    (void)state;
    static struct api_key_options list[API_KEYS_MAX + 1];
    static char texts[API_KEYS_MAX + 1][8];
    for (size_t i = 0; i < countof(list); i++) {
        (void)snprintf(texts[i], sizeof texts[i], "k%zu", i);
        list[i] = (struct api_key_options){ .key = span_str(texts[i]), .scopes = API_SCOPE_READ };
    }
    struct api_keys *keys = load(list, API_KEYS_MAX);
    assert_string_equal(api_keys_find(keys, SPAN("k255"))->name, "key 256");
    api_keys_free(keys);
    struct err_note note;
    assert_int_equal(api_keys_new(list, API_KEYS_MAX + 1, &keys, &note), ERR_LIMIT);
}

static void scope_names(void **state) {
    (void)state;
    enum api_scope scope = API_SCOPE_READ;
    assert_true(api_scope_parse(SPAN("publish"), &scope));
    assert_int_equal(scope, API_SCOPE_PUBLISH);
    assert_true(api_scope_parse(SPAN("admin"), &scope));
    assert_int_equal(scope, API_SCOPE_ADMIN);
    assert_true(api_scope_parse(SPAN("read"), &scope));
    assert_int_equal(scope, API_SCOPE_READ);
    assert_int_equal(API_SCOPE_ALL, API_SCOPE_PUBLISH | API_SCOPE_ADMIN | API_SCOPE_READ);
    static const char *const bad[] = { "", "Publish", "publish ", "all", "*" };
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(api_scope_parse(span_str(bad[i]), &scope));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_right_one), cmocka_unit_test(finds_nothing_else),
        cmocka_unit_test(longest_key),         cmocka_unit_test(refuses_bad_lists),
        cmocka_unit_test(limit_of_keys),       cmocka_unit_test(scope_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
