/* SPDX-License-Identifier: MIT */
/*
 * tests/support/token_maker.h: keys and tokens made with OpenSSL alone, so that what src/auth
 * judges does not come from what it uses itself. Whatever is given back is freed with `free`.
 */
#ifndef TIDINGS_TESTS_TOKEN_MAKER_H
#define TIDINGS_TESTS_TOKEN_MAKER_H

#include <assert.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 64 bytes: long enough for every HS*. */
#define MAKER_SECRET "0123456789abcdef0123456789ABCDEF-fedcba9876543210FEDCBA987654321"

/* base64url without padding. */
static inline char *maker_base64url(const void *bytes, size_t len) {
    unsigned char *out = malloc(len / 3 * 4 + 8);
    assert(out);
    int written = EVP_EncodeBlock(out, bytes, (int)len);
    while (written > 0 && out[written - 1] == '=')
        written--;
    out[written] = 0;
    for (int i = 0; i < written; i++) {
        if (out[i] == '+') out[i] = '-';
        if (out[i] == '/') out[i] = '_';
    }
    return (char *)out;
}

static inline char *maker_text(const char *text) {
    return maker_base64url(text, strlen(text));
}

/* `a` and `b` with a dot between them. */
static inline char *maker_join(const char *a, const char *b) {
    size_t len = strlen(a) + strlen(b) + 2;
    char *out = malloc(len);
    assert(out);
    (void)snprintf(out, len, "%s.%s", a, b);
    return out;
}

static inline const EVP_MD *maker_digest(const char *alg) {
    return alg[2] == '2' ? EVP_sha256() : alg[2] == '3' ? EVP_sha384() : EVP_sha512();
}

/* Coordinate length of the key's curve. */
static inline size_t maker_ec_bytes(EVP_PKEY *key) {
    return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

/* From the DER form of an ECDSA signature to that of RFC 7518 §3.4. */
static inline size_t maker_raw_ecdsa(EVP_PKEY *key, unsigned char *sig, size_t len) {
    const unsigned char *der = sig;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)len);
    size_t half = maker_ec_bytes(key);
    assert(both);
    BN_bn2binpad(ECDSA_SIG_get0_r(both), sig, (int)half);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), sig + half, (int)half);
    ECDSA_SIG_free(both);
    return 2 * half;
}

/* Signs with a private key: `alg` says how, the key's own kind says with what. */
static inline size_t maker_sign_pkey(const char *alg, EVP_PKEY *key, const char *input,
                                     unsigned char *sig, size_t room) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int good = EVP_DigestSignInit(ctx, &pctx, maker_digest(alg), NULL, key);
    if (good == 1 && alg[0] == 'P') {
        EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
    }
    size_t len = room;
    good = good == 1 && EVP_DigestSign(ctx, sig, &len, (const unsigned char *)input, strlen(input));
    assert(good == 1);
    EVP_MD_CTX_free(ctx);
    return EVP_PKEY_is_a(key, "EC") ? maker_raw_ecdsa(key, sig, len) : len;
}

static inline char *maker_attach(const char *input, const unsigned char *sig, size_t len) {
    char *coded = maker_base64url(sig, len);
    char *token = maker_join(input, coded);
    free(coded);
    return token;
}

/* Over parts that are already in base64url, or are meant not to be. `key` NULL: HMAC with `secret`.
 */
static inline char *maker_sign_parts(const char *alg, EVP_PKEY *key, const char *secret,
                                     const char *head, const char *body) {
    unsigned char sig[2048];
    unsigned hmac_len = 0;
    size_t len;
    char *input = maker_join(head, body);
    if (key) {
        len = maker_sign_pkey(alg, key, input, sig, sizeof sig);
    } else {
        HMAC(maker_digest(alg), secret, (int)strlen(secret), (unsigned char *)input, strlen(input),
             sig, &hmac_len);
        len = hmac_len;
    }
    char *token = maker_attach(input, sig, len);
    free(input);
    return token;
}

/* A token with this JSON in it, signed in the way of `alg`, whatever the header says. */
static inline char *maker_token(const char *alg, EVP_PKEY *key, const char *secret,
                                const char *header, const char *claims) {
    char *head = maker_text(header), *body = maker_text(claims);
    char *token = maker_sign_parts(alg, key, secret, head, body);
    free(head);
    free(body);
    return token;
}

/* HS256 with MAKER_SECRET. */
static inline char *maker_simple(const char *claims) {
    return maker_token("HS256", NULL, MAKER_SECRET, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims);
}

static inline char *maker_bio_text(BIO *bio) {
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    char *text = calloc(1, (size_t)len + 1);
    assert(text);
    memcpy(text, data, (size_t)len);
    BIO_free(bio);
    return text;
}

static inline char *maker_public_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    return maker_bio_text(bio);
}

static inline char *maker_private_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    return maker_bio_text(bio);
}

/* Appends `,"name":"base64url"` for a number of the key. */
static inline void maker_add_number(char *json, size_t room, EVP_PKEY *key, const char *name,
                                    const char *param, size_t width) {
    BIGNUM *bn = NULL;
    unsigned char bytes[1024];
    EVP_PKEY_get_bn_param(key, param, &bn);
    assert(bn);
    if (width == 0) width = (size_t)BN_num_bytes(bn);
    BN_bn2binpad(bn, bytes, (int)width);
    BN_free(bn);
    char *coded = maker_base64url(bytes, width);
    size_t used = strlen(json);
    (void)snprintf(json + used, room - used, ",\"%s\":\"%s\"", name, coded);
    free(coded);
}

/* A JWK; `more` is put in as it stands (`,"kid":"a"`). */
static inline char *maker_jwk(EVP_PKEY *key, bool with_private, const char *more) {
    size_t room = 16384;
    char *json = calloc(1, room);
    assert(json);
    if (EVP_PKEY_is_a(key, "RSA")) {
        (void)snprintf(json, room, "{\"kty\":\"RSA\"%s", more);
        maker_add_number(json, room, key, "n", OSSL_PKEY_PARAM_RSA_N, 0);
        maker_add_number(json, room, key, "e", OSSL_PKEY_PARAM_RSA_E, 0);
        if (with_private) maker_add_number(json, room, key, "d", OSSL_PKEY_PARAM_RSA_D, 0);
    } else {
        size_t width = maker_ec_bytes(key);
        (void)snprintf(json, room, "{\"kty\":\"EC\",\"crv\":\"P-%d\"%s", EVP_PKEY_get_bits(key),
                       more);
        maker_add_number(json, room, key, "x", OSSL_PKEY_PARAM_EC_PUB_X, width);
        maker_add_number(json, room, key, "y", OSSL_PKEY_PARAM_EC_PUB_Y, width);
        if (with_private) maker_add_number(json, room, key, "d", OSSL_PKEY_PARAM_PRIV_KEY, width);
    }
    size_t used = strlen(json);
    (void)snprintf(json + used, room - used, "}");
    return json;
}

/* A JWK of a secret. */
static inline char *maker_oct(const char *secret, const char *more) {
    size_t room = 2 * strlen(secret) + strlen(more) + 64;
    char *json = malloc(room), *coded = maker_text(secret);
    assert(json);
    (void)snprintf(json, room, "{\"kty\":\"oct\",\"k\":\"%s\"%s}", coded, more);
    free(coded);
    return json;
}

/* A set of up to three JWKs (NULL: none), which it frees. */
static inline char *maker_set(char *own_a, char *own_b, char *own_c) {
    char *list[] = { own_a, own_b, own_c };
    size_t room = 64;
    for (int i = 0; i < 3; i++)
        room += list[i] ? strlen(list[i]) + 1 : 0;
    char *json = malloc(room);
    assert(json);
    (void)snprintf(json, room, "{\"keys\":[");
    for (int i = 0; i < 3 && list[i]; i++) {
        size_t used = strlen(json);
        (void)snprintf(json + used, room - used, "%s%s", i ? "," : "", list[i]);
        free(list[i]);
    }
    size_t used = strlen(json);
    (void)snprintf(json + used, room - used, "]}");
    return json;
}

#endif
