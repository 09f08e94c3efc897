/* SPDX-License-Identifier: MIT */
/*
 * Tokens of our own: each algorithm's pass its own verification, and who cannot sign says so.
 */
#include "auth/jwt.h"
#include "auth/sign.h"
#include "token_maker.h"

#include <jansson.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW 1700000000
#define ALL (AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1)

static json_t *claims;

static int make_claims(void **state) {
    (void)state;
    claims =
        json_pack("{ss si so}", "sub", "u1", "exp", NOW + 600, "name", json_string("\xc3\xa4\"\n"));
    return claims ? 0 : -1;
}

static int free_claims(void **state) {
    (void)state;
    json_decref(claims);
    return 0;
}

static struct auth_keys *load_set(char *own_jwks, auth_algorithm_set algorithms) {
    struct err_note note = { "" };
    struct auth_keys *keys = NULL;
    struct auth_key_options opt = { .algorithms = algorithms, .jwks = span_str(own_jwks) };
    if (auth_keys_new(&opt, &keys, &note)) fail_msg("%s", note.text);
    free(own_jwks);
    return keys;
}

static EVP_PKEY *make_key(enum auth_algorithm alg) {
    switch (alg) {
    case AUTH_HS256:
    case AUTH_HS384:
    case AUTH_HS512: return NULL;
    case AUTH_ES256: return EVP_EC_gen("P-256");
    case AUTH_ES384: return EVP_EC_gen("P-384");
    case AUTH_ES512: return EVP_EC_gen("P-521");
    default: return EVP_RSA_gen(2048);
    }
}

static void signed_is_verified(void **state) {
    (void)state;
    for (unsigned a = 0; a < AUTH_ALGORITHM_COUNT; a++) {
        EVP_PKEY *key = make_key(a);
        char *jwk = key ? maker_jwk(key, true, ",\"kid\":\"a\"")
                        : maker_oct(MAKER_SECRET, ",\"kid\":\"a\"");
        struct auth_keys *keys = load_set(maker_set(jwk, NULL, NULL), AUTH_BIT(a));
        struct buf out;
        buf_init(&out, JWT_TOKEN_MAX);
        assert_int_equal(jwt_sign(keys, claims, &out, NULL), ERR_OK);

        struct jwt_claims *got;
        assert_int_equal(jwt_verify(keys, &(struct jwt_rules){ 0 }, buf_span(&out), NOW, &got),
                         JWT_OK);
        assert_true(jwt_claims_have(got, "name"));
        assert_int_equal(jwt_claims_expiry(got), NOW + 600);
        jwt_claims_free(got);
        buf_finish(&out);
        auth_keys_unref(keys);
        EVP_PKEY_free(key);
    }
}

/* The very bytes, against OpenSSL's HMAC: the order of members is settled. */
static void secret_signs(void **state) {
    (void)state;
    struct auth_keys *keys;
    struct auth_key_options opt = { .algorithms = AUTH_BIT(AUTH_HS384) | AUTH_BIT(AUTH_HS512),
                                    .secret = SPAN(MAKER_SECRET) };
    assert_int_equal(auth_keys_new(&opt, &keys, NULL), ERR_OK);
    json_t *small = json_pack("{ss}", "sub", "u1");
    char *want = maker_token("HS384", NULL, MAKER_SECRET, "{\"alg\":\"HS384\",\"typ\":\"JWT\"}",
                             "{\"sub\":\"u1\"}");
    struct buf out;
    buf_init(&out, JWT_TOKEN_MAX);
    buf_append_text(&out, "token=");
    assert_int_equal(jwt_sign(keys, small, &out, NULL), ERR_OK);
    assert_true(span_eq(span_skip(buf_span(&out), 6), span_str(want)));
    buf_finish(&out);
    free(want);
    json_decref(small);
    auth_keys_unref(keys);
}

static void expect_refusal(struct auth_keys *own_keys, const json_t *content, size_t room,
                           enum err want) {
    struct err_note note = { "" };
    struct buf out;
    buf_init(&out, room);
    assert_int_equal(jwt_sign(own_keys, content, &out, &note), want);
    assert_int_equal(buf_span(&out).len, 0);
    assert_int_equal(ERR_peek_error(), 0);
    buf_finish(&out);
    auth_keys_unref(own_keys);
}

static void who_cannot_sign(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);
    char *pem = maker_public_pem(key);
    struct auth_keys *keys;
    struct auth_key_options opt = { .algorithms = ALL, .pem = span_str(pem) };
    assert_int_equal(auth_keys_new(&opt, &keys, NULL), ERR_OK);
    expect_refusal(keys, claims, JWT_TOKEN_MAX, ERR_NOT_FOUND);
    expect_refusal(
        load_set(maker_set(maker_jwk(rsa, false, ""), maker_jwk(key, false, ""), NULL), ALL),
        claims, JWT_TOKEN_MAX, ERR_NOT_FOUND);
    expect_refusal(
        load_set(maker_set(maker_jwk(key, true, ",\"key_ops\":[\"verify\"]"), NULL, NULL), ALL),
        claims, JWT_TOKEN_MAX, ERR_NOT_FOUND);
    /* A private part that is another key's. */
    char *mine = maker_jwk(key, false, ""), *theirs = maker_jwk(other, true, ""), mixed[512];
    (void)snprintf(mixed, sizeof mixed, "{\"keys\":[%.*s%s]}", (int)strlen(mine) - 1, mine,
                   strstr(theirs, ",\"d\""));
    expect_refusal(load_set(strdup(mixed), ALL), claims, JWT_TOKEN_MAX, ERR_CRYPTO);
    free(mine), free(theirs), free(pem);
    EVP_PKEY_free(key), EVP_PKEY_free(other), EVP_PKEY_free(rsa);
}

static void too_big_to_be_taken(void **state) {
    (void)state;
    struct auth_key_options opt = { .algorithms = ALL, .secret = SPAN(MAKER_SECRET) };
    struct auth_keys *keys;
    char text[8000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    json_t *big = json_pack("{ss}", "x", text);
    assert_int_equal(auth_keys_new(&opt, &keys, NULL), ERR_OK);
    expect_refusal(keys, big, 2 * JWT_TOKEN_MAX, ERR_TOO_BIG);
    assert_int_equal(auth_keys_new(&opt, &keys, NULL), ERR_OK);
    expect_refusal(keys, claims, 20, ERR_TOO_BIG);
    json_decref(big);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_is_verified),
        cmocka_unit_test(secret_signs),
        cmocka_unit_test(who_cannot_sign),
        cmocka_unit_test(too_big_to_be_taken),
    };
    return cmocka_run_group_tests(tests, make_claims, free_claims);
}
