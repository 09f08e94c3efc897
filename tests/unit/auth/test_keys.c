/* SPDX-License-Identifier: MIT */
/*
 * What becomes a key and what is refused, with the words that an operator reads.
 */
#include "auth/jwt.h"
#include "auth/keys_priv.h"
#include "token_maker.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ALL (AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1)
#define N256                                                                                       \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define X256 "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define Y256 "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define K64  "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define RSA  "\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AQAB\""
#define EC   "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\""
#define OCT  "\"kty\":\"oct\",\"k\":\"" K64 "\""

static struct err_note note;

/* How many keys the set has, or the error. */
static int load(const struct auth_key_options *opt) {
    struct auth_keys *keys = NULL;
    note.text[0] = 0;
    enum err e = auth_keys_new(opt, &keys, &note);
    assert_int_equal(ERR_peek_error(), 0);
    if (e) {
        assert_null(keys);
        assert_true(note.text[0] != 0);
        assert_int_equal(auth_keys_new(opt, &keys, NULL), e);
        return e;
    }
    int count = (int)keys->count;
    auth_keys_unref(keys);
    return count;
}

static void expect(int got, int want, const char *text, const char *what) {
    if (got != want || (text && !strstr(note.text, text)))
        fail_msg("%s: %d '%s', expected %d '%s'", what, got, note.text, want, text ? text : "");
}

static void algorithm_names(void **state) {
    (void)state;
    enum auth_algorithm alg = AUTH_ES512;
    for (unsigned i = 0; i < AUTH_ALGORITHM_COUNT; i++) {
        assert_true(auth_algorithm_parse(span_str(auth_algorithm_text(i)), &alg));
        assert_int_equal(alg, i);
    }
    static const char *const bad[] = { "",   "none",   "None",   "hs256",
                                       "HS", "HS256 ", "HS2560", "EdDSA" };
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(auth_algorithm_parse(span_str(bad[i]), &alg));
}

static void secrets(void **state) {
    (void)state;
    static const char thirty_two[] = "0123456789abcdef0123456789abcdef";
    struct auth_key_options opt = { .algorithms = AUTH_BIT(AUTH_HS256), .secret = SPAN("short") };
    expect(load(&opt), ERR_INVALID, "secret: only 5 bytes", "short");
    opt.allow_weak_secret = true;
    expect(load(&opt), 1, NULL, "short but allowed");
    opt.allow_weak_secret = false;
    opt.secret = span_of(thirty_two, 31);
    expect(load(&opt), ERR_INVALID, "secret: only 31 bytes", "31");
    opt.secret = span_of(thirty_two, 32);
    expect(load(&opt), 1, NULL, "32");
    opt.secret =
        (struct span){ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32 };
    expect(load(&opt), 1, NULL, "zeros are bytes");
    opt.algorithms = AUTH_BIT(AUTH_RS256);
    expect(load(&opt), ERR_INVALID, "secret: none of the allowed", "no HS allowed");

    opt = (struct auth_key_options){ .algorithms = ALL };
    expect(load(&opt), ERR_NOT_FOUND, "no key", "nothing");
    opt.secret = SPAN(MAKER_SECRET);
    opt.algorithms = 0;
    expect(load(&opt), ERR_INVALID, "no algorithm", "none allowed");

    static char big[AUTH_SECRET_MAX + 1];
    memset(big, 'a', sizeof big);
    opt = (struct auth_key_options){ .algorithms = ALL, .secret = { big, AUTH_SECRET_MAX } };
    expect(load(&opt), 1, NULL, "longest");
    opt.secret.len++;
    expect(load(&opt), ERR_TOO_BIG, "secret: longer", "too long");
}

static void pem_is_no_secret(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *texts[] = { maker_public_pem(key), maker_private_pem(key) };
    for (size_t i = 0; i < countof(texts); i++) {
        char padded[1024];
        (void)snprintf(padded, sizeof padded, "\n  %s", texts[i]);
        struct auth_key_options opt = { .algorithms = ALL,
                                        .secret = span_str(texts[i]),
                                        .allow_weak_secret = true };
        expect(load(&opt), ERR_INVALID, "secret: this is a PEM file", "PEM");
        opt.secret = span_str(padded);
        expect(load(&opt), ERR_INVALID, "secret: this is a PEM file", "PEM after space");
        char *jwks = maker_set(maker_oct(texts[i], ""), NULL, NULL);
        opt = (struct auth_key_options){ .algorithms = ALL,
                                         .jwks = span_str(jwks),
                                         .allow_weak_secret = true };
        expect(load(&opt), ERR_INVALID, "jwks: keys[0]: this is a PEM file", "PEM in oct");
        free(jwks);
        free(texts[i]);
    }
    EVP_PKEY_free(key);
}

static int load_pem(const char *pem, auth_algorithm_set algorithms) {
    return load(&(struct auth_key_options){ .algorithms = algorithms, .pem = span_str(pem) });
}

static void check_generated(const char *what, EVP_PKEY *own_key, auth_algorithm_set algorithms,
                            int want, const char *text) {
    assert_non_null(own_key);
    char *pem = maker_public_pem(own_key);
    expect(load_pem(pem, algorithms), want, text, what);
    free(pem);
    EVP_PKEY_free(own_key);
}

static void pem_kinds(void **state) {
    (void)state;
    check_generated("rsa 2048", EVP_RSA_gen(2048), AUTH_BIT(AUTH_PS512), 1, NULL);
    check_generated("rsa 2047", EVP_RSA_gen(2047), ALL, ERR_INVALID,
                    "pem: an RSA key of 2047 bits");
    check_generated("rsa 1024", EVP_RSA_gen(1024), ALL, ERR_INVALID,
                    "pem: an RSA key of 1024 bits");
    check_generated("rsa, no use", EVP_RSA_gen(1024), AUTH_BIT(AUTH_ES256), ERR_INVALID,
                    "of this kind");
    check_generated("P-256", EVP_EC_gen("P-256"), AUTH_BIT(AUTH_ES256), 1, NULL);
    check_generated("P-384", EVP_EC_gen("P-384"), AUTH_BIT(AUTH_ES384), 1, NULL);
    check_generated("P-521", EVP_EC_gen("P-521"), AUTH_BIT(AUTH_ES512), 1, NULL);
    check_generated("other curve", EVP_EC_gen("P-521"), AUTH_BIT(AUTH_ES256), ERR_INVALID,
                    "of this kind");
    check_generated("secp256k1", EVP_EC_gen("secp256k1"), ALL, ERR_UNSUPPORTED, "not on P-256");
    check_generated("ed25519", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), ALL, ERR_UNSUPPORTED,
                    "neither");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *pss = NULL;
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
    assert_int_equal(EVP_PKEY_keygen(ctx, &pss), 1);
    EVP_PKEY_CTX_free(ctx);
    check_generated("rsa-pss", pss, ALL, ERR_UNSUPPORTED, "neither");
}

static void pem_texts(void **state) {
    (void)state;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char *pem = maker_public_pem(key), *private_pem = maker_private_pem(key);
    char text[4096];
    expect(load_pem("nonsense", ALL), ERR_INVALID, "pem: there is no PEM block", "no block");
    expect(load_pem(private_pem, ALL), ERR_INVALID, "pem: a private key", "private");
    expect(load_pem("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", ALL),
           ERR_INVALID, "pem: a certificate", "certificate");
    expect(load_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", ALL),
           ERR_INVALID, "pem: not a public key", "not a key");
    expect(load_pem("-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
                    "00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC "
                    "KEY-----\n",
                    ALL),
           ERR_INVALID, "pem: not a public key", "encrypted");
    (void)snprintf(text, sizeof text, "%s%s", pem, pem);
    expect(load_pem(text, ALL), ERR_INVALID, "pem: more than one", "twice");
    (void)snprintf(text, sizeof text, "# our key\n%s\n\n", pem);
    expect(load_pem(text, ALL), 1, NULL, "with words around it");
    for (size_t cut = 0; cut + 2 < strlen(pem); cut++) {
        struct auth_key_options opt = { .algorithms = ALL, .pem = { pem, cut } };
        int got = load(&opt);
        assert_true(got == (cut ? ERR_INVALID : ERR_NOT_FOUND));
    }
    struct auth_key_options opt = { .algorithms = ALL, .pem = { pem, AUTH_SOURCE_MAX + 1 } };
    expect(load(&opt), ERR_TOO_BIG, "pem: more than", "too big");
    free(pem), free(private_pem);
    EVP_PKEY_free(key);
}

struct jwks_case {
    const char *jwks;
    auth_algorithm_set algorithms;
    int want; /* keys, or an error */
    const char *text;
};

static void jwks(void **state) {
    (void)state;
    static const struct jwks_case cases[] = {
        { "{\"keys\":[{" RSA "}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA "},{" EC "},{" OCT "}],\"more\":1}", ALL, 3, NULL },
        { "{\"keys\":[{" RSA "},{" EC "},{" OCT "}]}", AUTH_BIT(AUTH_ES256), 1, NULL },
        { "{\"keys\":[{" RSA "},{" RSA "}]}", ALL, 2, NULL },
        { "{\"keys\":[{" RSA ",\"kid\":\"a\"},{" RSA ",\"kid\":\"b\"}]}", ALL, 2, NULL },
        { "{\"keys\":[{" RSA ",\"kid\":\"a\"},{" EC ",\"kid\":\"a\"}]}", ALL, 2, NULL },
        { "{\"keys\":[{" RSA ",\"kid\":\"a\"},{" RSA ",\"kid\":\"a\"}]}", ALL, ERR_EXISTS,
          "jwks: keys[1]: its \"kid\"" },
        { "{\"keys\":[{" RSA ",\"kid\":\"a\",\"alg\":\"RS256\"},{" RSA
          ",\"kid\":\"a\",\"alg\":\"PS256\"}]}",
          ALL, 2, NULL },
        /* Passed over: for something else, or of a kind that is not known here. */
        { "{\"keys\":[{" RSA ",\"use\":\"sig\"},{" RSA ",\"use\":\"enc\"}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"alg\":\"RSA-OAEP\"},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"alg\":\"ES256\"},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"key_ops\":[\"verify\"]}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"key_ops\":[\"sign\",\"verify\"]}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"key_ops\":[\"sign\"]},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"key_ops\":[]},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"},{" EC "}]}", ALL, 1,
          NULL },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"secp256k1\"},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AQ\"},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{\"kty\":\"rsa\"},{" EC "}]}", ALL, 1, NULL },
        { "{\"keys\":[{" RSA ",\"use\":\"enc\"}]}", ALL, ERR_NOT_FOUND,
          "jwks: none of its 1 keys" },
        { "{\"keys\":[{" RSA ",\"alg\":\"RS256\"}]}", AUTH_BIT(AUTH_PS256), ERR_NOT_FOUND,
          "jwks: none" },
        { "{\"keys\":[]}", ALL, ERR_NOT_FOUND, "jwks: none of its 0 keys" },
        /* Broken. */
        { "{\"keys\":[{" EC "},7]}", ALL, ERR_INVALID, "jwks: keys[1]: not an object" },
        { "{\"keys\":[{}]}", ALL, ERR_INVALID, "jwks: keys[0]: \"kty\" is missing" },
        { "{\"keys\":[{\"kty\":1}]}", ALL, ERR_INVALID, "\"kty\" is not a string" },
        { "{\"keys\":[{" RSA ",\"alg\":7}]}", ALL, ERR_INVALID, "\"alg\" is not a string" },
        { "{\"keys\":[{" RSA ",\"use\":[]}]}", ALL, ERR_INVALID, "\"use\" is not a string" },
        { "{\"keys\":[{" RSA ",\"kid\":7}]}", ALL, ERR_INVALID, "\"kid\" is not a string" },
        { "{\"keys\":[{" RSA ",\"key_ops\":\"verify\"}]}", ALL, ERR_INVALID,
          "\"key_ops\" is not a list" },
        { "{\"keys\":[{" RSA ",\"key_ops\":[\"verify\",1]}]}", ALL, ERR_INVALID,
          "\"key_ops\" is not a list" },
        { "{\"keys\":[{\"kty\":\"EC\"}]}", ALL, ERR_INVALID, "\"crv\" is missing" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}", ALL, ERR_INVALID, "\"n\" is missing" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\"}]}", ALL, ERR_INVALID,
          "\"e\" is missing" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"\"}]}", ALL, ERR_INVALID,
          "\"e\" is not base64url" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AQAB==\"}]}", ALL, ERR_INVALID,
          "\"e\" is not base64url" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AQ\"}]}", ALL, ERR_INVALID,
          "not an RSA key" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AAAAAQ\"}]}", ALL, ERR_INVALID,
          "not an RSA key" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AAAA\"}]}", ALL, ERR_INVALID,
          "not an RSA key" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AQAC\"}]}", ALL, ERR_INVALID,
          "not an RSA key" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"AQAAAAAAAAAB\"}]}", ALL,
          ERR_INVALID, "not an RSA key" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "\",\"e\":\"" N256 "\"}]}", ALL, ERR_TOO_BIG,
          "\"e\" is longer" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" N256 "==\",\"e\":\"AQAB\"}]}", ALL, ERR_INVALID,
          "\"n\" is not base64url" },
        { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", ALL, ERR_INVALID,
          "an RSA key of 17 bits" },
        { "{\"keys\":[{" RSA ",\"d\":7}]}", ALL, ERR_INVALID, "\"d\" is not a string" },
        { "{\"keys\":[{" RSA ",\"d\":\"A\"}]}", ALL, ERR_INVALID, "\"d\" is not base64url" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\"}]}", ALL, ERR_INVALID,
          "\"y\" is missing" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"AQAB\"}]}", ALL,
          ERR_INVALID, "\"y\" has 3 bytes" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" X256 "\"}]}",
          ALL, ERR_INVALID, "not a valid key" },
        { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X256 "\",\"y\":\"" Y256 "\"}]}",
          ALL, ERR_INVALID, "on P-384 it must have 48" },
        { "{\"keys\":[{\"kty\":\"oct\"}]}", ALL, ERR_INVALID, "\"k\" is missing" },
        { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQAB\"}]}", ALL, ERR_INVALID,
          "keys[0]: only 3 bytes" },
        { "{\"keys\":{}}", ALL, ERR_INVALID, "no list \"keys\"" },
        { "{" RSA "}", ALL, ERR_INVALID, "no list \"keys\"" },
        { "[]", ALL, ERR_INVALID, "no list \"keys\"" },
        { "{\"keys\":[],\n \"keys\":[]}", ALL, ERR_INVALID, "jwks: line 2, column" },
        { "{\"keys\":[{" RSA ",\"e\":\"AQAB\"}]}", ALL, ERR_INVALID, "second time" },
        { "{\"keys\":[}", ALL, ERR_INVALID, "jwks: line 1, column 10: not valid JSON" },
        { "x", ALL, ERR_INVALID, "not valid JSON" },
        { "{\"keys\":[{" RSA "}]} x", ALL, ERR_INVALID, "not valid JSON" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct auth_key_options opt = { .algorithms = cases[i].algorithms,
                                        .jwks = span_str(cases[i].jwks) };
        expect(load(&opt), cases[i].want, cases[i].text, cases[i].jwks);
    }
}

/* What somebody else publishes: one odd key in it must not cost the others. */
static void published(void **state) {
    (void)state;
    static const struct {
        const char *jwks;
        int want;
    } cases[] = {
        { "{\"keys\":[{" RSA ",\"kid\":\"a\"},{" EC ",\"kid\":\"b\"}]}", 2 },
        { "{\"keys\":[{" RSA ",\"kid\":\"a\"},{" RSA ",\"kid\":\"a\"}]}", 1 },
        { "{\"keys\":[{" RSA ",\"kid\":7},{" EC "}]}", 1 },
        { "{\"keys\":[7,{},{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"},{" EC "}]}", 1 },
        { "{\"keys\":[{" OCT "},{" EC "}]}", 1 },
        { "{\"keys\":[{" OCT "}]}", ERR_NOT_FOUND },
        { "{\"keys\":[{" RSA ",\"kid\":7}]}", ERR_NOT_FOUND },
        { "{\"keys\":[]}", ERR_NOT_FOUND },
        { "{\"keys\":[}", ERR_INVALID },
        { "<html>", ERR_INVALID },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct auth_key_options opt = { .algorithms = ALL,
                                        .jwks = span_str(cases[i].jwks),
                                        .is_published = true };
        expect(load(&opt), cases[i].want, NULL, cases[i].jwks);
    }
    struct auth_key_options opt = { .algorithms = ALL,
                                    .secret = SPAN(MAKER_SECRET),
                                    .jwks = span_str(cases[0].jwks),
                                    .is_published = true };
    expect(load(&opt), 3, NULL, "beside a secret");
}

static void none_yet(void **state) {
    (void)state;
    struct auth_key_options opt = { .algorithms = ALL, .may_be_empty = true };
    struct auth_keys *keys = NULL;
    assert_int_equal(auth_keys_new(&opt, &keys, NULL), ERR_OK);
    assert_int_equal(auth_keys_count(keys), 0);
    struct jwt_claims *claims = NULL;
    const struct jwt_rules rules = { 0 };
    char *token = maker_simple("{}");
    assert_int_equal(jwt_verify(keys, &rules, span_str(token), 0, &claims), JWT_UNKNOWN_KEY);
    free(token);
    assert_ptr_equal(auth_keys_ref(keys), keys);
    auth_keys_unref(keys);
    assert_int_equal(auth_keys_count(keys), 0); /* one user is left */
    auth_keys_unref(keys);
    opt.jwks = SPAN("{\"keys\":[]}");
    expect(load(&opt), ERR_NOT_FOUND, "none of its 0 keys", "a source that is there");
}

/* Syntax errors are told without the text around them, which may be a secret. */
static void notes_tell_no_secret(void **state) {
    (void)state;
    struct auth_key_options opt = {
        .algorithms = ALL, .jwks = SPAN("{\"keys\":[{\"kty\":\"oct\",\"k\":\"TOPSECRET\" x]}")
    };
    expect(load(&opt), ERR_INVALID, "not valid JSON", "oct");
    assert_null(strstr(note.text, "SECRET"));
}

static char *many(size_t count, const char *jwk) {
    size_t room = count * (strlen(jwk) + 1) + 32;
    char *text = malloc(room);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, room, "{\"keys\":[");
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%s", i ? "," : "", jwk);
    (void)snprintf(text + used, room - used, "]}");
    return text;
}

static void limits(void **state) {
    (void)state;
    struct auth_key_options opt = { .algorithms = ALL };
    char *text = many(AUTH_KEYS_MAX, "{" EC "}");
    opt.jwks = span_str(text);
    expect(load(&opt), AUTH_KEYS_MAX, NULL, "most");
    free(text);
    text = many(AUTH_KEYS_MAX + 1, "{" EC "}");
    opt.jwks = span_str(text);
    expect(load(&opt), ERR_LIMIT, "jwks: keys[256]: more than 256 keys", "one more");
    opt.jwks.len = AUTH_SOURCE_MAX + 1;
    expect(load(&opt), ERR_TOO_BIG, "jwks: more than", "bytes");
    free(text);

    char kid[AUTH_KID_MAX + 2] = "", jwk[2048];
    for (int longer = 0; longer < 2; longer++) {
        memset(kid, 'k', AUTH_KID_MAX + (size_t)longer);
        (void)snprintf(jwk, sizeof jwk, "{\"keys\":[{" EC ",\"kid\":\"%s\"}]}", kid);
        opt.jwks = span_str(jwk);
        expect(load(&opt), longer ? ERR_TOO_BIG : 1, longer ? "\"kid\" is longer" : NULL, "kid");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithm_names),
        cmocka_unit_test(secrets),
        cmocka_unit_test(pem_is_no_secret),
        cmocka_unit_test(pem_kinds),
        cmocka_unit_test(pem_texts),
        cmocka_unit_test(jwks),
        cmocka_unit_test(published),
        cmocka_unit_test(none_yet),
        cmocka_unit_test(notes_tell_no_secret),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
