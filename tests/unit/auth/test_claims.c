/* SPDX-License-Identifier: MIT */
/*
 * What a well signed token may say: times, audience, issuer, required claims, and who the user is.
 */
#include "auth/jwt.h"
#include "token_maker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1700000000

static struct auth_keys *keys;

static int make_keys(void **state) {
    (void)state;
    struct auth_key_options opt = { .algorithms = AUTH_BIT(AUTH_HS256),
                                    .secret = SPAN(MAKER_SECRET) };
    return auth_keys_new(&opt, &keys, NULL);
}

static int free_keys(void **state) {
    (void)state;
    auth_keys_unref(keys);
    return 0;
}

static enum jwt_verdict judge(const struct jwt_rules *rules, const char *claims, int64_t now_s,
                              struct jwt_claims **ret) {
    char *token = maker_simple(claims);
    enum jwt_verdict verdict = jwt_verify(keys, rules, span_str(token), now_s, ret);
    free(token);
    return verdict;
}

static void expect(const struct jwt_rules *rules, const char *claims, int64_t now_s,
                   enum jwt_verdict want) {
    struct jwt_claims *got = NULL;
    enum jwt_verdict verdict = judge(rules, claims, now_s, &got);
    assert_int_equal(got != NULL, verdict == JWT_OK);
    jwt_claims_free(got);
    if (verdict != want)
        fail_msg("%s at %lld: %s, expected %s", claims, (long long)now_s, jwt_verdict_text(verdict),
                 jwt_verdict_text(want));
}

struct time_case {
    const char *claims;
    int64_t now_s;
    uint32_t leeway_s;
    enum jwt_verdict verdict;
};

static void times(void **state) {
    (void)state;
    static const struct time_case cases[] = {
        { "{}", NOW, 0, JWT_OK },
        { "{\"exp\":1700000000}", 1699999999, 0, JWT_OK },
        { "{\"exp\":1700000000}", 1700000000, 0, JWT_EXPIRED },
        { "{\"exp\":1700000000}", 1700000004, 5, JWT_OK },
        { "{\"exp\":1700000000}", 1700000005, 5, JWT_EXPIRED },
        { "{\"exp\":1700000000.0}", 1699999999, 0, JWT_OK },
        { "{\"exp\":1700000000.0}", 1700000000, 0, JWT_EXPIRED },
        { "{\"exp\":1700000000.5}", 1700000000, 0, JWT_OK },
        { "{\"exp\":1700000000.5}", 1700000001, 0, JWT_EXPIRED },
        { "{\"exp\":1.7e9}", 1699999999, 0, JWT_OK },
        { "{\"exp\":1.7e9}", 1700000000, 0, JWT_EXPIRED },
        { "{\"exp\":0}", NOW, 0, JWT_EXPIRED },
        { "{\"exp\":-1}", NOW, UINT32_MAX, JWT_OK },
        { "{\"exp\":-9223372036854775808}", NOW, UINT32_MAX, JWT_EXPIRED },
        { "{\"exp\":9223372036854775807}", NOW, UINT32_MAX, JWT_OK },
        { "{\"exp\":9223372036854775808}", NOW, 0, JWT_OK },
        { "{\"exp\":-99999999999999999999999}", NOW, UINT32_MAX, JWT_EXPIRED },
        { "{\"exp\":1e300}", NOW, UINT32_MAX, JWT_OK },
        { "{\"exp\":-1e300}", NOW, 0, JWT_EXPIRED },
        { "{\"exp\":1e400}", NOW, UINT32_MAX, JWT_OK },
        { "{\"exp\":-1e400}", NOW, 0, JWT_EXPIRED },
        { "{\"exp\":-0}", -1, 0, JWT_OK },
        { "{\"exp\":17e8}", 1699999999, 0, JWT_OK },
        { "{\"exp\":0.17E+10}", 1700000000, 0, JWT_EXPIRED },
        { "{\"exp\":1e-300}", 0, 0, JWT_OK },
        { "{\"exp\":\"1800000000\"}", NOW, 0, JWT_MALFORMED },
        { "{\"exp\":null}", NOW, 0, JWT_MALFORMED },
        { "{\"exp\":true}", NOW, 0, JWT_MALFORMED },
        { "{\"exp\":[1800000000]}", NOW, 0, JWT_MALFORMED },
        { "{\"exp\":{}}", NOW, 0, JWT_MALFORMED },
        { "{\"nbf\":1700000000}", 1700000000, 0, JWT_OK },
        { "{\"nbf\":1700000000}", 1699999999, 0, JWT_NOT_YET_VALID },
        { "{\"nbf\":1700000000}", 1699999995, 5, JWT_OK },
        { "{\"nbf\":1700000000}", 1699999994, 5, JWT_NOT_YET_VALID },
        { "{\"nbf\":1700000000.5}", 1700000000, 0, JWT_NOT_YET_VALID },
        { "{\"nbf\":1700000000.5}", 1700000001, 0, JWT_OK },
        { "{\"nbf\":1e300}", NOW, UINT32_MAX, JWT_NOT_YET_VALID },
        { "{\"nbf\":-1e300}", NOW, UINT32_MAX, JWT_OK },
        { "{\"nbf\":-9223372036854775808}", 0, UINT32_MAX, JWT_OK },
        { "{\"nbf\":\"x\"}", NOW, 0, JWT_MALFORMED },
        { "{\"nbf\":1700000000,\"exp\":1700000000}", 1700000000, 0, JWT_EXPIRED },
        { "{\"iat\":1800000000,\"exp\":1800000600}", NOW, 0, JWT_OK },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct jwt_rules rules = { .leeway_s = cases[i].leeway_s };
        expect(&rules, cases[i].claims, cases[i].now_s, cases[i].verdict);
    }
}

static void expiry_is_told(void **state) {
    (void)state;
    static const struct {
        const char *claims;
        int64_t expiry;
    } cases[] = {
        { "{}", JWT_NEVER },
        { "{\"exp\":1700000001}", 1700000001 },
        { "{\"exp\":1700000001.25}", 1700000002 },
        { "{\"exp\":9223372036854775807}", JWT_NEVER },
        { "{\"exp\":1e300}", JWT_NEVER },
        { "{\"exp\":253402300799}", 253402300799 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct jwt_claims *claims;
        assert_int_equal(judge(&(struct jwt_rules){ 0 }, cases[i].claims, NOW, &claims), JWT_OK);
        assert_int_equal(jwt_claims_expiry(claims), cases[i].expiry);
        jwt_claims_free(claims);
    }
    jwt_claims_free(NULL);
}

static void audiences(void **state) {
    (void)state;
    static const struct {
        const char *claims;
        enum jwt_verdict verdict;
    } cases[] = {
        { "{\"aud\":\"us\"}", JWT_OK },
        { "{\"aud\":[\"us\"]}", JWT_OK },
        { "{\"aud\":[\"them\",\"us\",\"others\"]}", JWT_OK },
        { "{\"aud\":\"u\\u0073\"}", JWT_OK },
        { "{}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":null}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":\"US\"}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":\"us \"}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":\"u\"}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":\"\"}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":\"them,us\"}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":[]}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":[\"them\"]}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":[[\"us\"]]}", JWT_MALFORMED },
        { "{\"aud\":[\"us\",7]}", JWT_MALFORMED },
        { "{\"aud\":{\"us\":true}}", JWT_WRONG_AUDIENCE },
        { "{\"aud\":7}", JWT_WRONG_AUDIENCE },
    };
    struct jwt_rules rules = { .audience = SPAN("us") }, none = { 0 };
    for (size_t i = 0; i < countof(cases); i++) {
        expect(&rules, cases[i].claims, NOW, cases[i].verdict);
        expect(&none, cases[i].claims, NOW, JWT_OK);
    }
}

static void issuers(void **state) {
    (void)state;
    struct jwt_rules rules = { .issuer = SPAN("https://issuer") }, none = { 0 };
    expect(&rules, "{\"iss\":\"https://issuer\"}", NOW, JWT_OK);
    static const char *const wrong[] = { "{}",
                                         "{\"iss\":\"https://issuer/\"}",
                                         "{\"iss\":\"\"}",
                                         "{\"iss\":7}",
                                         "{\"iss\":null}",
                                         "{\"iss\":[\"https://issuer\"]}" };
    for (size_t i = 0; i < countof(wrong); i++) {
        expect(&rules, wrong[i], NOW, JWT_WRONG_ISSUER);
        expect(&none, wrong[i], NOW, JWT_OK);
    }
}

static void required_claims(void **state) {
    (void)state;
    static const char *const names[] = { "exp", "email" };
    struct jwt_rules rules = { .required = names, .required_count = 2 };
    expect(&rules, "{\"exp\":1700000600,\"email\":\"a@b\"}", NOW, JWT_OK);
    expect(&rules, "{\"exp\":1700000600,\"email\":false}", NOW, JWT_OK);
    expect(&rules, "{\"exp\":1700000600,\"email\":null}", NOW, JWT_MISSING_CLAIM);
    expect(&rules, "{\"exp\":1700000600,\"Email\":\"a@b\"}", NOW, JWT_MISSING_CLAIM);
    expect(&rules, "{\"email\":\"a@b\"}", NOW, JWT_MISSING_CLAIM);
    expect(&rules, "{}", NOW, JWT_MISSING_CLAIM);
    expect(&rules, "{\"exp\":1600000000}", NOW, JWT_EXPIRED);
}

struct user_case {
    const char *claims;
    enum jwt_verdict verdict;
    const char *user;
};

#define EIGHT      "abcdefgh"
#define THIRTY_TWO EIGHT EIGHT EIGHT EIGHT
#define DIGITS                                                                                     \
    "1234567812345678123456781234567812345678123456781234567812345678"                             \
    "1234567812345678123456781234567812345678123456781234567812345678"
#define LONGEST THIRTY_TWO THIRTY_TWO THIRTY_TWO THIRTY_TWO

static void check_users(const struct user_case *cases, size_t count, enum jwt_user_format format) {
    static const char *const names[] = { "user_id", "sub" };
    struct jwt_user_rule rule = { names, 2, format };
    for (size_t i = 0; i < count; i++) {
        struct jwt_claims *claims;
        struct span user = SPAN("untouched");
        assert_int_equal(judge(&(struct jwt_rules){ 0 }, cases[i].claims, NOW, &claims), JWT_OK);
        enum jwt_verdict got = jwt_claims_user(claims, &rule, &user);
        const char *want = got == JWT_OK ? cases[i].user : "untouched";
        if (got != cases[i].verdict || !span_eq(user, span_str(want)))
            fail_msg("%s: %s '%.*s', expected %s", cases[i].claims, jwt_verdict_text(got),
                     SPAN_ARG(user), jwt_verdict_text(cases[i].verdict));
        jwt_claims_free(claims);
    }
}

static void users(void **state) {
    (void)state;
    static const struct user_case cases[] = {
        { "{\"user_id\":\"u1\"}", JWT_OK, "u1" },
        { "{\"sub\":\"s1\"}", JWT_OK, "s1" },
        { "{\"sub\":\"s1\",\"user_id\":\"u1\"}", JWT_OK, "u1" },
        { "{\"sub\":\"s1\",\"user_id\":null}", JWT_OK, "s1" },
        { "{\"sub\":\"s1\",\"user_id\":\"\"}", JWT_BAD_USER,
          NULL }, /* the first that is there counts */
        { "{\"sub\":\"s1\",\"user_id\":true}", JWT_BAD_USER, NULL },
        { "{\"user_id\":7}", JWT_OK, "7" },
        { "{\"user_id\":-7}", JWT_OK, "-7" },
        { "{\"user_id\":0}", JWT_OK, "0" },
        { "{\"user_id\":9223372036854775807}", JWT_OK, "9223372036854775807" },
        { "{\"user_id\":-9223372036854775808}", JWT_OK, "-9223372036854775808" },
        { "{\"user_id\":18446744073709551616}", JWT_OK, "18446744073709551616" },
        { "{\"user_id\":-0}", JWT_BAD_USER, NULL },
        { "{\"user_id\":7E1}", JWT_BAD_USER, NULL },
        { "{\"user_id\":" DIGITS "}", JWT_OK, DIGITS },
        { "{\"user_id\":" DIGITS "1}", JWT_BAD_USER, NULL },
        { "{\"us\\u0065r_id\":\"u\\u0031\"}", JWT_OK, "u1" },
        { "{\"user_id\":\"a\\u0000b\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":\"\\ud800\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":7.0}", JWT_BAD_USER, NULL },
        { "{\"user_id\":1e3}", JWT_BAD_USER, NULL },
        { "{\"user_id\":[\"u1\"]}", JWT_BAD_USER, NULL },
        { "{\"user_id\":{\"id\":1}}", JWT_BAD_USER, NULL },
        { "{}", JWT_MISSING_CLAIM, NULL },
        { "{\"userId\":\"u1\"}", JWT_MISSING_CLAIM, NULL },
        { "{\"user_id\":\"" LONGEST "\"}", JWT_OK, LONGEST },
        { "{\"user_id\":\"" LONGEST "x\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":\"a b/c?d:*\"}", JWT_OK, "a b/c?d:*" },
        { "{\"user_id\":\"\\u65e5\xe6\x9c\xac\"}", JWT_OK, "\xe6\x97\xa5\xe6\x9c\xac" },
        { "{\"user_id\":\"\\ud83d\\ude00\"}", JWT_OK, "\xf0\x9f\x98\x80" },
        { "{\"user_id\":\"a\\nb\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":\"a\\u001fb\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":\"a\\u007f\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":\"a\\u0085\"}", JWT_BAD_USER, NULL },
        { "{\"user_id\":\"a\xc2\x9f\"}", JWT_BAD_USER, NULL },
    };
    check_users(cases, countof(cases), JWT_USER_ANY);
}

static void users_by_uuid(void **state) {
    (void)state;
    static const struct user_case cases[] = {
        { "{\"user_id\":\"0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a99\"}", JWT_OK,
          "0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a99" },
        { "{\"user_id\":\"0B9B7C3E-8F0C-4B1E-9D5A-3F6D2C1B0A99\"}", JWT_OK,
          "0B9B7C3E-8F0C-4B1E-9D5A-3F6D2C1B0A99" },
        { "{\"user_id\":\"00000000-0000-0000-0000-000000000000\"}", JWT_OK,
          "00000000-0000-0000-0000-000000000000" },
        { "{\"user_id\":\"0b9b7c3e8f0c4b1e9d5a3f6d2c1b0a99\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"{0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a9}\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a9\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a990\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a9g\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"0b9b7c3e-8f0c-4b1e-9d5a+3f6d2c1b0a99\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"0b9b7c3-e8f0c-4b1e-9d5a-3f6d2c1b0a99\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"u1\"}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":42}", JWT_BAD_USER_FORMAT, NULL },
        { "{\"user_id\":\"\"}", JWT_BAD_USER, NULL },
        { "{}", JWT_MISSING_CLAIM, NULL },
    };
    check_users(cases, countof(cases), JWT_USER_UUID);
}

/* They are label values: short words, each once. */
static void verdict_texts(void **state) {
    (void)state;
    for (unsigned i = 0; i < JWT_VERDICT_COUNT; i++) {
        const char *text = jwt_verdict_text(i);
        assert_true(text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(text, jwt_verdict_text(j));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),           cmocka_unit_test(expiry_is_told),
        cmocka_unit_test(audiences),       cmocka_unit_test(issuers),
        cmocka_unit_test(required_claims), cmocka_unit_test(users),
        cmocka_unit_test(users_by_uuid),   cmocka_unit_test(verdict_texts),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
