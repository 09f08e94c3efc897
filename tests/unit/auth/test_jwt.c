/* SPDX-License-Identifier: MIT */
/*
 * Tokens good and bad for every algorithm: signatures, headers, keys and their names, shapes.
 * Claims have their own tests.
 */
#include "auth/jwt.h"
#include "auth/keys_priv.h"
#include "base/mem.h"
#include "token_maker.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW    1700000000
#define CLAIMS "{\"sub\":\"u1\",\"exp\":1700000600}"
#define ALL    (AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1)

static EVP_PKEY *rsa, *rsa_other, *p256, *p384, *p521;
static const struct jwt_rules no_rules;

static int make_keys(void **state) {
    (void)state;
    rsa = EVP_RSA_gen(2048);
    rsa_other = EVP_RSA_gen(2048);
    p256 = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    p521 = EVP_EC_gen("P-521");
    return rsa && rsa_other && p256 && p384 && p521 ? 0 : -1;
}

static int free_keys(void **state) {
    (void)state;
    EVP_PKEY *const all[] = { rsa, rsa_other, p256, p384, p521 };
    for (size_t i = 0; i < countof(all); i++)
        EVP_PKEY_free(all[i]);
    return 0;
}

/* The key that goes with an algorithm; NULL: the secret. */
static EVP_PKEY *key_for(enum auth_algorithm alg) {
    switch (alg) {
    case AUTH_HS256:
    case AUTH_HS384:
    case AUTH_HS512: return NULL;
    case AUTH_ES256: return p256;
    case AUTH_ES384: return p384;
    case AUTH_ES512: return p521;
    default: return rsa;
    }
}

static struct auth_keys *load(const struct auth_key_options *opt) {
    struct err_note note = { "" };
    struct auth_keys *keys = NULL;
    if (auth_keys_new(opt, &keys, &note)) fail_msg("%s", note.text);
    return keys;
}

/* The secret alone, or one public key as PEM. */
static struct auth_keys *load_one(EVP_PKEY *key, auth_algorithm_set algorithms) {
    struct auth_key_options opt = { .algorithms = algorithms };
    char *pem = key ? maker_public_pem(key) : NULL;
    if (pem)
        opt.pem = span_str(pem);
    else
        opt.secret = SPAN(MAKER_SECRET);
    struct auth_keys *keys = load(&opt);
    free(pem);
    return keys;
}

static struct auth_keys *load_set(char *own_jwks, auth_algorithm_set algorithms) {
    struct auth_keys *keys =
        load(&(struct auth_key_options){ .algorithms = algorithms, .jwks = span_str(own_jwks) });
    free(own_jwks);
    return keys;
}

static enum jwt_verdict judge(const struct auth_keys *keys, struct span token) {
    struct jwt_claims *claims = NULL;
    enum jwt_verdict verdict = jwt_verify(keys, &no_rules, token, NOW, &claims);
    assert_int_equal(claims != NULL, verdict == JWT_OK);
    jwt_claims_free(claims);
    assert_int_equal(ERR_peek_error(), 0);
    return verdict;
}

#define expect(keys, token, verdict)                                                               \
    assert_string_equal(jwt_verdict_text(judge(keys, token)), jwt_verdict_text(verdict))

static void expect_free(const struct auth_keys *keys, char *own_token, enum jwt_verdict verdict) {
    expect(keys, span_str(own_token), verdict);
    free(own_token);
}

static char *header_of(enum auth_algorithm alg) {
    static char text[64];
    (void)snprintf(text, sizeof text, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", auth_algorithm_text(alg));
    return text;
}

static char *token_of(enum auth_algorithm alg) {
    return maker_token(auth_algorithm_text(alg), key_for(alg), MAKER_SECRET, header_of(alg),
                       CLAIMS);
}

/* Every algorithm verifies its own tokens and refuses those of every other, allowed or not. */
static void each_algorithm_is_its_own(void **state) {
    (void)state;
    for (unsigned a = 0; a < AUTH_ALGORITHM_COUNT; a++) {
        struct auth_keys *alone = load_one(key_for(a), AUTH_BIT(a));
        struct auth_keys *among = load_one(key_for(a), ALL);
        for (unsigned b = 0; b < AUTH_ALGORITHM_COUNT; b++) {
            char *token = token_of(b);
            bool is_same_key = key_for(a) == key_for(b);
            expect(alone, span_str(token), a == b ? JWT_OK : JWT_ALGORITHM);
            expect(among, span_str(token), is_same_key ? JWT_OK : JWT_UNKNOWN_KEY);
            free(token);
        }
        auth_keys_unref(alone);
        auth_keys_unref(among);
    }
}

/* A changed bit anywhere, a cut anywhere, a byte more: never accepted, for any algorithm. */
static void no_byte_may_change(void **state) {
    (void)state;
    for (unsigned a = 0; a < AUTH_ALGORITHM_COUNT; a++) {
        struct auth_keys *keys = load_one(key_for(a), AUTH_BIT(a));
        char *token = token_of(a);
        size_t len = strlen(token);
        for (size_t i = 0; i < len; i++) {
            token[i] ^= 1;
            assert_int_not_equal(judge(keys, span_of(token, len)), JWT_OK);
            token[i] ^= 1;
            assert_int_not_equal(judge(keys, span_of(token, i)), JWT_OK);
        }
        token[len] = 'A';
        assert_int_not_equal(judge(keys, span_of(token, len + 1)), JWT_OK);
        token[len] = 0;
        expect_free(keys, token, JWT_OK);
        auth_keys_unref(keys);
    }
}

/* Takes the token's signature away and puts another there. */
/* cjose asserts that padding is at an end. */
static void padding_stands_nowhere(void **state) {
    (void)state;
    for (int alg = 0; alg < AUTH_ALGORITHM_COUNT; alg++) {
        struct auth_keys *keys = load_one(key_for((enum auth_algorithm)alg), AUTH_BIT(alg));
        char *token = token_of((enum auth_algorithm)alg);
        size_t len = strlen(token);
        for (size_t i = 0; i + 1 < len; i++) {
            char before[2] = { token[i], token[i + 1] };
            token[i] = '=';
            assert_int_not_equal(judge(keys, span_of(token, len)), JWT_OK);
            token[i + 1] = '=';
            assert_int_not_equal(judge(keys, span_of(token, len)), JWT_OK);
            memcpy(token + i, before, sizeof before);
        }
        free(token);
        auth_keys_unref(keys);
    }
}

static char *with_signature(char *own_token, const void *sig, size_t len) {
    *strrchr(own_token, '.') = 0;
    char *token = maker_attach(own_token, sig, len);
    free(own_token);
    return token;
}

static void signatures_of_wrong_length(void **state) {
    (void)state;
    static const uint8_t zeros[2000];
    static const size_t lengths[] = { 1,  31,  32,  33,  63,  64,  65,  66,  71,   96,
                                      97, 131, 132, 133, 139, 255, 256, 257, 1024, 2000 };
    for (unsigned a = 0; a < AUTH_ALGORITHM_COUNT; a++) {
        struct auth_keys *keys = load_one(key_for(a), AUTH_BIT(a));
        for (size_t i = 0; i < countof(lengths); i++) {
            expect_free(keys, with_signature(token_of(a), zeros, lengths[i]), JWT_BAD_SIGNATURE);
        }
        expect_free(keys, with_signature(token_of(a), zeros, 0), JWT_MALFORMED);
        auth_keys_unref(keys);
    }
}

/* r and s with zeros put before each: the same numbers, but not 64 bytes. */
static void ecdsa_has_one_length(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(p256, AUTH_BIT(AUTH_ES256));
    char *head = maker_text(header_of(AUTH_ES256)), *body = maker_text(CLAIMS);
    char *input = maker_join(head, body);
    uint8_t sig[512], wide[66] = { 0 };
    size_t len = maker_sign_pkey("ES256", p256, input, sig, sizeof sig);
    assert_int_equal(len, 64);
    memcpy(wide + 1, sig, 32);
    memcpy(wide + 34, sig + 32, 32);
    expect_free(keys, maker_attach(input, sig, len), JWT_OK);
    expect_free(keys, maker_attach(input, wide, sizeof wide), JWT_BAD_SIGNATURE);

    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t der_len = sizeof sig;
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, p256), 1);
    assert_int_equal(EVP_DigestSign(ctx, sig, &der_len, (uint8_t *)input, strlen(input)), 1);
    EVP_MD_CTX_free(ctx);
    expect_free(keys, maker_attach(input, sig, der_len), JWT_BAD_SIGNATURE);
    free(head), free(body), free(input);
    auth_keys_unref(keys);
}

/* RFC 7518 §3.5: the salt of PS256 is as long as the hash. */
static void pss_salt_has_one_length(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(rsa, AUTH_BIT(AUTH_PS256));
    char *head = maker_text(header_of(AUTH_PS256)), *body = maker_text(CLAIMS);
    char *input = maker_join(head, body);
    static const int salts[] = { 0, 20, 31, 32, 33, 64 };
    for (size_t i = 0; i < countof(salts); i++) {
        uint8_t sig[256];
        size_t len = sizeof sig;
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pctx;
        assert_int_equal(EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, rsa), 1);
        EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salts[i]);
        assert_int_equal(EVP_DigestSign(ctx, sig, &len, (uint8_t *)input, strlen(input)), 1);
        EVP_MD_CTX_free(ctx);
        expect_free(keys, maker_attach(input, sig, len),
                    salts[i] == 32 ? JWT_OK : JWT_BAD_SIGNATURE);
    }
    free(head), free(body), free(input);
    auth_keys_unref(keys);
}

/* What is public must not become a secret. */
static void public_key_is_no_secret(void **state) {
    (void)state;
    char *pem = maker_public_pem(rsa);
    char *token = maker_token("HS256", NULL, pem, header_of(AUTH_HS256), CLAIMS);
    struct auth_keys *keys = load_one(rsa, ALL);
    expect(keys, span_str(token), JWT_UNKNOWN_KEY);
    auth_keys_unref(keys);

    keys = load(&(struct auth_key_options){
        .algorithms = ALL, .secret = SPAN(MAKER_SECRET), .pem = span_str(pem) });
    expect(keys, span_str(token), JWT_BAD_SIGNATURE);
    auth_keys_unref(keys);
    free(token);

    /* And a token signed with the right RSA key does not pass under another name. */
    keys = load_one(rsa, ALL);
    expect_free(keys, maker_token("RS256", rsa, NULL, header_of(AUTH_PS256), CLAIMS),
                JWT_BAD_SIGNATURE);
    expect_free(keys, maker_token("PS256", rsa, NULL, header_of(AUTH_RS256), CLAIMS),
                JWT_BAD_SIGNATURE);
    expect_free(keys, maker_token("RS512", rsa, NULL, header_of(AUTH_RS256), CLAIMS),
                JWT_BAD_SIGNATURE);
    expect_free(keys, maker_token("RS256", rsa_other, NULL, header_of(AUTH_RS256), CLAIMS),
                JWT_BAD_SIGNATURE);
    auth_keys_unref(keys);
    free(pem);
}

struct header_case {
    const char *header;
    enum jwt_verdict verdict;
};

static void headers(void **state) {
    (void)state;
    static const struct header_case cases[] = {
        { "{\"alg\":\"HS256\"}", JWT_OK },
        { " {\r\n\"typ\":\"JWT\", \"alg\":\"HS256\", \"cty\":\"x\", \"extra\":{\"a\":[1,2]}}\n",
          JWT_OK },
        { "{\"alg\":\"\\u0048S256\"}", JWT_OK },
        { "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"jku\":\"http://x\"}",
          JWT_OK },
        { "{\"alg\":\"none\"}", JWT_ALGORITHM },
        { "{\"alg\":\"None\"}", JWT_ALGORITHM },
        { "{\"alg\":\"NONE\"}", JWT_ALGORITHM },
        { "{\"alg\":\"\"}", JWT_ALGORITHM },
        { "{\"alg\":\"hs256\"}", JWT_ALGORITHM },
        { "{\"alg\":\"HS256 \"}", JWT_ALGORITHM },
        { "{\"alg\":\"HS2567\"}", JWT_ALGORITHM },
        { "{\"alg\":\"HS1\"}", JWT_ALGORITHM },
        { "{\"alg\":\"ES256K\"}", JWT_ALGORITHM },
        { "{\"alg\":\"EdDSA\"}", JWT_ALGORITHM },
        { "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", JWT_ALGORITHM },
        { "{\"alg\":\"HS384\"}", JWT_ALGORITHM },
        { "{\"alg\":\"RS256\"}", JWT_UNKNOWN_KEY },
        { "{}", JWT_MALFORMED },
        { "{\"typ\":\"JWT\"}", JWT_MALFORMED },
        { "{\"alg\":null}", JWT_MALFORMED },
        { "{\"alg\":256}", JWT_MALFORMED },
        { "{\"alg\":[\"HS256\"]}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"crit\":[]}", JWT_UNSUPPORTED },
        { "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", JWT_UNSUPPORTED },
        { "{\"alg\":\"HS256\",\"crit\":null}", JWT_UNSUPPORTED },
        { "{\"alg\":\"HS256\",\"cr\\u0069t\":[\"x\"]}", JWT_UNSUPPORTED },
        { "{\"alg\":\"HS256\",\"b64\":true}", JWT_UNSUPPORTED },
        { "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", JWT_UNSUPPORTED },
        { "{\"alg\":\"none\",\"alg\":\"HS256\"}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"x\":{\"a\":1,\"a\":2}}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"x\":[{\"b\":{\"a\":1,\"a\":1}}]}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":7}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":null}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"kid\":\"a\"}", JWT_UNKNOWN_KEY }, /* a secret has no name */
        { "{\"alg\":\"HS256\",\"kid\":\"\"}", JWT_UNKNOWN_KEY },
        { "[\"alg\",\"HS256\"]", JWT_MALFORMED },
        { "\"HS256\"", JWT_MALFORMED },
        { "{\"alg\":\"HS256\"", JWT_MALFORMED },
        { "{\"alg\":\"HS256\"} x", JWT_MALFORMED },
        { "{\"alg\":\"HS256\"}{}", JWT_MALFORMED },
        { "{'alg':'HS256'}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"x\":\"\xff\"}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\\u0000\"}", JWT_ALGORITHM },
        { "{\"alg\":\"\\ud800\"}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\",\"\\ud800\":1}", JWT_MALFORMED },
        { "\xef\xbb\xbf{\"alg\":\"HS256\"}", JWT_MALFORMED },
        { "{\"alg\":\"HS256\"\v}", JWT_MALFORMED },
    };
    struct auth_keys *keys = load_one(NULL, AUTH_BIT(AUTH_HS256) | AUTH_BIT(AUTH_RS256));
    for (size_t i = 0; i < countof(cases); i++) {
        char *token = maker_token("HS256", NULL, MAKER_SECRET, cases[i].header, CLAIMS);
        enum jwt_verdict got = judge(keys, span_str(token));
        if (got != cases[i].verdict)
            fail_msg("%s: %s, expected %s", cases[i].header, jwt_verdict_text(got),
                     jwt_verdict_text(cases[i].verdict));
        free(token);
    }
    auth_keys_unref(keys);
}

static void unsigned_tokens(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(NULL, ALL);
    char *head = maker_text("{\"alg\":\"none\"}"), *body = maker_text(CLAIMS);
    char *input = maker_join(head, body);
    expect(keys, span_str(input), JWT_MALFORMED);
    char *token = maker_join(input, "");
    expect(keys, span_str(token), JWT_MALFORMED);
    free(token);
    expect_free(keys, maker_join(input, "AA"), JWT_ALGORITHM);
    free(head), free(body), free(input);
    auth_keys_unref(keys);
}

static void shapes(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(NULL, ALL);
    char *good = token_of(AUTH_HS256);
    expect(keys, span_str(good), JWT_OK);
    expect(keys, SPAN(""), JWT_ABSENT);
    static const char *const bad[] = {
        ".", "..", "...", "a.b.c", "a.b", "abc", "....", "%00", " "
    };
    for (size_t i = 0; i < countof(bad); i++)
        expect(keys, span_str(bad[i]), JWT_MALFORMED);

    char text[1024];
    static const char *const frames[] = { " %s", "%s ", "%s\n",    "%s=",
                                          "%s.", ".%s", "%s.AAAA", "\"%s\"" };
    for (size_t i = 0; i < countof(frames); i++) {
        const char *hole = strstr(frames[i], "%s");
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - frames[i]), frames[i], good,
                       hole + 2);
        assert_int_not_equal(judge(keys, span_str(text)), JWT_OK);
    }
    /* A terminator within does not end it. */
    size_t len = strlen(good);
    memcpy(text, good, len);
    text[len] = 0;
    assert_int_not_equal(judge(keys, span_of(text, len + 1)), JWT_OK);
    free(good);
    auth_keys_unref(keys);
}

/* The claims are read strictly too, although they are signed. */
static void payloads(void **state) {
    (void)state;
    static const struct header_case cases[] = {
        { "{}", JWT_OK },
        { "{\"a\":{\"b\":[1,2,{\"c\":null}]}}", JWT_OK },
        { "[]", JWT_MALFORMED },
        { "7", JWT_MALFORMED },
        { "null", JWT_MALFORMED },
        { "\"a\"", JWT_MALFORMED },
        { "{\"a\":1,\"a\":1}", JWT_MALFORMED },
        { "{\"a\":{\"b\":1,\"\\u0062\":2}}", JWT_MALFORMED },
        { "{\"a\":1", JWT_MALFORMED },
        { "{\"a\":01}", JWT_MALFORMED },
        { "{\"a\":NaN}", JWT_MALFORMED },
        { "{\"a\":\"\xc3\x28\"}", JWT_MALFORMED },
        { "{\"a\":\"\xed\xa0\x80\"}", JWT_MALFORMED },
        { "{\"\\ud800\":1}", JWT_MALFORMED },
        { "{\"a\":[{},{\"b\":1},{\"b\":2}],\"b\":3}", JWT_OK },
        { "{\"x\":{\"a\":{\"b\":1},\"b\":2}}", JWT_OK },
        { "{\"a\":[{\"b\":1},[[{\"b\":1,\"c\":{},\"b\":1}]]]}", JWT_MALFORMED },
        { "{\"b\":{\"a\":1},\"a\":{\"b\":1},\"b\":1}", JWT_MALFORMED },
        { "{\"a\":1,\"\":2,\"\":3}", JWT_MALFORMED },
        { "{\"a\":123456789012345678901234567890,\"b\":1e999}", JWT_OK },
        { "{\"a\":\"x\ny\"}", JWT_MALFORMED },
        { "{}x", JWT_MALFORMED },
        { " ", JWT_MALFORMED },
    };
    struct auth_keys *keys = load_one(NULL, ALL);
    for (size_t i = 0; i < countof(cases); i++) {
        char *token = maker_simple(cases[i].header);
        enum jwt_verdict got = judge(keys, span_str(token));
        if (got != cases[i].verdict)
            fail_msg("%s: %s, expected %s", cases[i].header, jwt_verdict_text(got),
                     jwt_verdict_text(cases[i].verdict));
        free(token);
    }
    char *head = maker_text(header_of(AUTH_HS256));
    static const char *const coded[] = { "e30=", "e31", "e 30", "e30\n", "e3+0", "e" };
    for (size_t i = 0; i < countof(coded); i++)
        expect_free(keys, maker_sign_parts("HS256", NULL, MAKER_SECRET, head, coded[i]),
                    JWT_MALFORMED);
    expect_free(keys, maker_sign_parts("HS256", NULL, MAKER_SECRET, head, "e30"), JWT_OK);
    free(head);
    auth_keys_unref(keys);
}

/* An object that begins as given and ends in `count` arrays within one another. */
static char *nested(const char *start, int count) {
    char *text = malloc(16384);
    assert_non_null(text);
    int used = snprintf(text, 64, "%s", start);
    memset(text + used, '[', (size_t)count);
    memset(text + used + count, ']', (size_t)count);
    (void)snprintf(text + used + 2 * count, 8, "}");
    return text;
}

/* Claims or a header may nest 32 deep, the object itself included. */
static void depths(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(NULL, ALL);
    for (int depth = 1; depth < 700; depth += depth < 40 ? 1 : 97) {
        enum jwt_verdict verdict = depth < 32 ? JWT_OK : JWT_MALFORMED;
        char *claims = nested("{\"a\":", depth),
             *header = nested("{\"alg\":\"HS256\",\"a\":", depth);
        expect_free(keys, maker_simple(claims), verdict);
        expect_free(keys, maker_token("HS256", NULL, MAKER_SECRET, header, "{}"), verdict);
        free(claims), free(header);
    }
    auth_keys_unref(keys);
}

/* An object with `count` members beside the one given. */
static char *wide(const char *start, int count) {
    char *text = malloc(16384);
    assert_non_null(text);
    int used = snprintf(text, 64, "%s", start);
    for (int i = 0; i < count; i++)
        used += snprintf(text + used, 16, ",\"%x\":0", (unsigned)i);
    (void)snprintf(text + used, 8, "}");
    return text;
}

static void many_members(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(NULL, ALL);
    for (int count = 60; count < 67; count++) {
        char *header = wide("{\"alg\":\"HS256\"", count);
        expect_free(keys, maker_token("HS256", NULL, MAKER_SECRET, header, "{}"),
                    count < 64 ? JWT_OK : JWT_MALFORMED);
        free(header);
    }
    for (int count = 500; count < 750; count += 50) {
        char *claims = wide("{\"a0a0\":0", count), twice[16384];
        expect_free(keys, maker_simple(claims), JWT_OK);
        (void)snprintf(twice, sizeof twice, "%.*s,\"\\u0061\":1}", (int)strlen(claims) - 1, claims);
        expect_free(keys, maker_simple(twice), JWT_MALFORMED);
        free(claims);
    }
    auth_keys_unref(keys);
}

static void sizes(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(NULL, ALL);
    for (size_t pad = 5800; pad < 6200; pad++) {
        char *claims = malloc(pad + 16);
        assert_non_null(claims);
        (void)snprintf(claims, pad + 16, "{\"a\":\"%0*d\"}", (int)pad, 0);
        char *token = maker_simple(claims);
        expect(keys, span_str(token), strlen(token) <= JWT_TOKEN_MAX ? JWT_OK : JWT_MALFORMED);
        free(claims);
        free(token);
    }
    auth_keys_unref(keys);
}

/* A `kid` names its key or the token is refused; without one exactly one key must fit. */
static void key_names(void **state) {
    (void)state;
    struct auth_keys *keys =
        load_set(maker_set(maker_jwk(rsa, false, ",\"kid\":\"a\""),
                           maker_jwk(rsa_other, false, ",\"kid\":\"b\",\"alg\":\"RS256\""),
                           maker_jwk(p256, false, ",\"kid\":\"a\"")),
                 ALL);
    assert_int_equal(keys->count, 3);
    struct {
        const char *header;
        EVP_PKEY *key;
        enum jwt_verdict verdict;
    } cases[] = {
        { "{\"alg\":\"RS256\",\"kid\":\"a\"}", rsa, JWT_OK },
        { "{\"alg\":\"RS256\",\"kid\":\"b\"}", rsa_other, JWT_OK },
        { "{\"alg\":\"ES256\",\"kid\":\"a\"}", p256, JWT_OK }, /* kid and kind together */
        { "{\"alg\":\"RS256\",\"kid\":\"a\"}", rsa_other, JWT_BAD_SIGNATURE },
        { "{\"alg\":\"RS256\",\"kid\":\"b\"}", rsa, JWT_BAD_SIGNATURE },
        { "{\"alg\":\"RS256\",\"kid\":\"c\"}", rsa, JWT_UNKNOWN_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"A\"}", rsa, JWT_UNKNOWN_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"a \"}", rsa, JWT_UNKNOWN_KEY },
        { "{\"alg\":\"RS256\",\"kid\":\"\"}", rsa, JWT_UNKNOWN_KEY },
        { "{\"alg\":\"PS256\",\"kid\":\"b\"}", rsa_other, JWT_UNKNOWN_KEY }, /* its alg is RS256 */
        { "{\"alg\":\"PS256\",\"kid\":\"a\"}", rsa, JWT_OK },
        { "{\"alg\":\"ES256\",\"kid\":\"b\"}", p256, JWT_UNKNOWN_KEY },
        { "{\"alg\":\"RS256\"}", rsa, JWT_UNKNOWN_KEY }, /* two would fit */
        { "{\"alg\":\"RS384\"}", rsa, JWT_OK },          /* one fits */
        { "{\"alg\":\"PS256\"}", rsa, JWT_OK },
        { "{\"alg\":\"ES256\"}", p256, JWT_OK },
        { "{\"alg\":\"ES384\"}", p384, JWT_UNKNOWN_KEY },
        { "{\"alg\":\"HS256\"}", NULL, JWT_UNKNOWN_KEY },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        const char *alg = strchr(cases[i].header, ':') + 2;
        char *token = maker_token(alg, cases[i].key, MAKER_SECRET, cases[i].header, CLAIMS);
        enum jwt_verdict got = judge(keys, span_str(token));
        if (got != cases[i].verdict)
            fail_msg("%zu %s: %s, expected %s", i, cases[i].header, jwt_verdict_text(got),
                     jwt_verdict_text(cases[i].verdict));
        free(token);
    }
    auth_keys_unref(keys);

    /* Keys of several sources are one set. */
    char *pem = maker_public_pem(rsa), *jwks = maker_set(maker_oct(MAKER_SECRET, ""), NULL, NULL);
    keys =
        load(&(struct auth_key_options){ .algorithms = ALL,
                                         .secret = SPAN("another secret, of forty bytes and some"),
                                         .pem = span_str(pem),
                                         .jwks = span_str(jwks) });
    expect_free(keys, token_of(AUTH_RS256), JWT_OK);
    expect_free(keys, token_of(AUTH_HS256), JWT_UNKNOWN_KEY);
    auth_keys_unref(keys);
    free(pem), free(jwks);
}

/* Every algorithm again, with its key out of a JWKS. */
static void each_algorithm_from_jwks(void **state) {
    (void)state;
    for (unsigned a = 0; a < AUTH_ALGORITHM_COUNT; a++) {
        EVP_PKEY *key = key_for(a);
        for (int with_private = 0; with_private < 2; with_private++) {
            char *jwk = key ? maker_jwk(key, with_private, "") : maker_oct(MAKER_SECRET, "");
            struct auth_keys *keys = load_set(maker_set(jwk, NULL, NULL), AUTH_BIT(a));
            expect_free(keys, token_of(a), JWT_OK);
            expect_free(keys, with_signature(token_of(a), "nonsense", 8), JWT_BAD_SIGNATURE);
            auth_keys_unref(keys);
        }
    }
}

/* RFC 7515 appendices A.1 to A.3, whose `exp` is 1300819380. */
#define RFC_CLAIMS                                                                                 \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static const struct {
    const char *jwks;
    const char *token;
} rfc7515[] = {
    { "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
      "1qS0gZH75aKtMN3"
      "Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}]}",
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS
      ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" },
    { "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
      "wWJcyQoTbji9k0l8W26mPddxHm"
      "fHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGz"
      "jb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxv"
      "b3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW"
      "yuXpoQ\",\"e\":\"AQAB\"}]}",
      "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS
      ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
      "O8W2Fp5"
      "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
      "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
      "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },
    { "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
      "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
      "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS
      ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
};

static void vectors_of_rfc7515(void **state) {
    (void)state;
    const struct jwt_rules rules = { .issuer = SPAN("joe") };
    for (size_t i = 0; i < countof(rfc7515); i++) {
        struct auth_keys *keys = load(
            &(struct auth_key_options){ .algorithms = ALL, .jwks = span_str(rfc7515[i].jwks) });
        struct span token = span_str(rfc7515[i].token);
        struct jwt_claims *claims;
        assert_int_equal(jwt_verify(keys, &rules, token, 1300819379, &claims), JWT_OK);
        assert_int_equal(jwt_claims_expiry(claims), 1300819380);
        assert_true(jwt_claims_have(claims, "http://example.com/is_root"));
        jwt_claims_free(claims);
        assert_int_equal(jwt_verify(keys, &rules, token, 1300819380, &claims), JWT_EXPIRED);
        auth_keys_unref(keys);
    }
}

/* Verifies, and takes the user; the first that fails. */
static enum jwt_verdict judge_user(const struct auth_keys *keys, const char *token) {
    static const char *const names[] = { "user_id" };
    const struct jwt_user_rule rule = { names, 1, JWT_USER_ANY };
    struct jwt_claims *claims = NULL;
    struct span user;
    enum jwt_verdict verdict = jwt_verify(keys, &no_rules, span_str(token), NOW, &claims);
    if (!verdict) verdict = jwt_claims_user(claims, &rule, &user);
    if (!verdict) assert_true(span_eq(user, SPAN("u1")));
    jwt_claims_free(claims);
    return verdict;
}

/* Whichever allocation fails, the token is refused and nothing is left behind. Escapes everywhere:
 * they are what needs memory. */
static void failing_allocations(void **state) {
    (void)state;
    struct auth_keys *keys = load_one(NULL, AUTH_BIT(AUTH_HS256));
    char *token = maker_token("HS256", NULL, MAKER_SECRET, "{\"\\u0061lg\":\"\\u0048S256\"}",
                              "{\"user_i\\u0064\":\"\\u00751\",\"x\":{\"\\u0079\":1.5}}");
    mem_fail_nth(0);
    assert_int_equal(judge_user(keys, token), JWT_OK);
    uint64_t count = mem_tried();
    assert_true(count >= 5);
    for (uint64_t nth = 1; nth <= count; nth++) {
        mem_fail_nth(nth);
        assert_int_not_equal(judge_user(keys, token), JWT_OK);
    }
    mem_fail_nth(0);
    assert_int_equal(judge_user(keys, token), JWT_OK);
    free(token);
    auth_keys_unref(keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_is_its_own),
        cmocka_unit_test(each_algorithm_from_jwks),
        cmocka_unit_test(no_byte_may_change),
        cmocka_unit_test(padding_stands_nowhere),
        cmocka_unit_test(signatures_of_wrong_length),
        cmocka_unit_test(ecdsa_has_one_length),
        cmocka_unit_test(pss_salt_has_one_length),
        cmocka_unit_test(public_key_is_no_secret),
        cmocka_unit_test(headers),
        cmocka_unit_test(unsigned_tokens),
        cmocka_unit_test(shapes),
        cmocka_unit_test(payloads),
        cmocka_unit_test(sizes),
        cmocka_unit_test(depths),
        cmocka_unit_test(many_members),
        cmocka_unit_test(key_names),
        cmocka_unit_test(vectors_of_rfc7515),
        cmocka_unit_test(failing_allocations),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
