/* SPDX-License-Identifier: MIT */
/*
 * auth/key.c: one key, whatever it was read from: what makes it good enough, what it serves.
 */
#include "auth/keys_priv.h"
#include "base/mem.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static const struct auth_curve curves[] = {
    { "P-256", CJOSE_JWK_EC_P_256, AUTH_ES256, 32 },
    { "P-384", CJOSE_JWK_EC_P_384, AUTH_ES384, 48 },
    { "P-521", CJOSE_JWK_EC_P_521, AUTH_ES512, 66 },
};

const struct auth_curve *auth_curve_by_name(const char *name) {
    for (size_t i = 0; i < countof(curves); i++) {
        if (strcmp(curves[i].name, name) == 0) return &curves[i];
    }
    return NULL;
}

const struct auth_curve *auth_curve_by_id(int id) {
    for (size_t i = 0; i < countof(curves); i++) {
        if ((int)curves[i].id == id) return &curves[i];
    }
    return NULL;
}

enum err auth_secret_check(struct span secret, bool allow_weak, struct err_note *note) {
    static const char pem_head[] = "-----BEGIN ";
    if (secret.len == 0) return err_note(note, ERR_INVALID, "empty");
    if (secret.len > AUTH_SECRET_MAX)
        return err_note(note, ERR_TOO_BIG, "longer than %d bytes", AUTH_SECRET_MAX);
    /* Whoever knows a public key could sign with it, were it taken for a secret. */
    if (memmem(secret.at, secret.len, pem_head, sizeof pem_head - 1))
        return err_note(note, ERR_INVALID, "this is a PEM file, which is never a secret");
    if (secret.len < AUTH_SECRET_MIN && !allow_weak)
        return err_note(
            note, ERR_INVALID,
            "only %zu bytes long; at least %d are needed (allow_weak_secret permits it)",
            secret.len, AUTH_SECRET_MIN);
    return ERR_OK;
}

static struct span without_leading_zeros(struct span number) {
    while (number.len > 0 && number.at[0] == 0)
        number = span_skip(number, 1);
    return number;
}

static size_t bit_count(struct span number) {
    if (number.len == 0) return 0;
    size_t bits = number.len * 8;
    for (unsigned top = (uint8_t)number.at[0]; top < 0x80; top <<= 1)
        bits--;
    return bits;
}

enum err auth_rsa_check(struct span modulus, struct span exponent, struct err_note *note) {
    modulus = without_leading_zeros(modulus);
    exponent = without_leading_zeros(exponent);
    size_t bits = bit_count(modulus);
    if (bits < AUTH_RSA_BITS_MIN || bits > AUTH_RSA_BITS_MAX)
        return err_note(note, ERR_INVALID, "an RSA key of %zu bits; it must have %d to %d", bits,
                        AUTH_RSA_BITS_MIN, AUTH_RSA_BITS_MAX);
    /* With the exponent 1 anyone can sign; a long one makes verifying as dear as signing. */
    bool is_one = exponent.len == 1 && exponent.at[0] == 1;
    if (exponent.len == 0 || exponent.len > 8 || is_one || !(exponent.at[exponent.len - 1] & 1) ||
        !(modulus.at[modulus.len - 1] & 1))
        return err_note(note, ERR_INVALID,
                        "not an RSA key: its modulus or exponent cannot be right");
    return ERR_OK;
}

static EVP_MAC_CTX *hmac_new(EVP_MAC *mac, const char *digest, struct span secret) {
    char name[8];
    (void)snprintf(name, sizeof name, "%s", digest); /* the parameter is not const */
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                            OSSL_PARAM_construct_end() };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    if (ctx && !EVP_MAC_init(ctx, (const unsigned char *)secret.at, secret.len, params)) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static enum err prepare_hmac(struct auth_key *key, struct err_note *note) {
    static const char *const digests[] = { "SHA256", "SHA384", "SHA512" };
    struct span secret = { cjose_jwk_get_keydata(key->jwk, NULL),
                           cjose_jwk_get_keysize(key->jwk, NULL) / 8 };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bool is_good = mac != NULL;
    for (unsigned i = AUTH_HS256; is_good && i <= AUTH_HS512; i++) {
        if (!(key->serves & AUTH_BIT(i))) continue;
        key->hmac[i] = hmac_new(mac, digests[i - AUTH_HS256], secret);
        is_good = key->hmac[i] != NULL;
    }
    EVP_MAC_free(mac);
    return is_good ? ERR_OK : err_note(note, ERR_CRYPTO, "OpenSSL cannot make an HMAC of it");
}

enum err auth_key_adopt(struct auth_key *key, cjose_jwk_t *own_jwk, auth_algorithm_set serves,
                        struct err_note *note) {
    key->jwk = own_jwk;
    key->serves = serves;
    if (!own_jwk) return err_note(note, ERR_INVALID, "not a valid key");
    switch (cjose_jwk_get_kty(own_jwk, NULL)) {
    case CJOSE_JWK_KTY_OCT: return prepare_hmac(key, note);
    case CJOSE_JWK_KTY_RSA:
        key->signature_bytes = cjose_jwk_get_keysize(own_jwk, NULL) / 8;
        return ERR_OK;
    case CJOSE_JWK_KTY_EC:
        key->signature_bytes =
            2 * auth_curve_by_id((int)cjose_jwk_EC_get_curve(own_jwk, NULL))->bytes;
        return ERR_OK;
    }
    return err_note(note, ERR_INVALID, "not a valid key");
}

enum err auth_key_from_secret(struct span secret, const struct auth_key_terms *terms,
                              struct auth_key *key, struct err_note *note) {
    auth_algorithm_set serves = AUTH_HS_SET & terms->algorithms;
    if (!serves) return ERR_OK;
    enum err e = auth_secret_check(secret, terms->allow_weak_secret, note);
    if (e) return e;
    cjose_jwk_t *jwk = cjose_jwk_create_oct_spec((const uint8_t *)secret.at, secret.len, NULL);
    e = auth_key_adopt(key, jwk, serves, note);
    if (!e) key->signer = cjose_jwk_retain(jwk, NULL);
    return e;
}

void auth_key_finish(struct auth_key *key) {
    for (size_t i = 0; i < countof(key->hmac); i++)
        EVP_MAC_CTX_free(key->hmac[i]);
    if (key->signer) cjose_jwk_release(key->signer);
    if (key->jwk) cjose_jwk_release(key->jwk);
    mem_free(key->kid);
    *key = (struct auth_key){ 0 };
}
