/* SPDX-License-Identifier: MIT */
/*
 * auth/pem.c: a key from a PEM file, which holds one RSA or EC public key and nothing else.
 */
#include "auth/keys_priv.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

/* An encrypted file must not make OpenSSL ask for a password on the terminal. */
static int no_password(char *out, int size, int for_writing, void *arg) {
    (void)out, (void)size, (void)for_writing, (void)arg;
    return -1;
}

static bool has(struct span text, struct span what) {
    return memmem(text.at, text.len, what.at, what.len) != NULL;
}

/* Says what people mix up most before OpenSSL finds only that it cannot read it. */
static enum err check_text(struct span pem, struct err_note *note) {
    struct span head = SPAN("-----BEGIN ");
    const char *first = memmem(pem.at, pem.len, head.at, head.len);
    if (!first) return err_note(note, ERR_INVALID, "there is no PEM block in it");
    if (has(pem, SPAN("PRIVATE KEY-----")))
        return err_note(note, ERR_INVALID,
                        "a private key; a server that only verifies needs the public one "
                        "(openssl pkey -pubout)");
    if (has(pem, SPAN("CERTIFICATE-----")))
        return err_note(note, ERR_INVALID,
                        "a certificate; give its public key (openssl x509 -pubkey -noout)");
    size_t used = (size_t)(first - pem.at) + head.len;
    if (has(span_skip(pem, used), head))
        return err_note(note, ERR_INVALID, "more than one PEM block; put several keys into a JWKS");
    return ERR_OK;
}

/* Writes `param` of `pkey` big-endian into `out`, padded to `width` bytes where that is not 0. */
static bool number(EVP_PKEY *pkey, const char *param, uint8_t *out, size_t room, size_t width,
                   size_t *ret_len) {
    BIGNUM *bn = NULL;
    bool is_good = EVP_PKEY_get_bn_param(pkey, param, &bn) == 1 && BN_num_bytes(bn) <= (int)room &&
                   width <= room;
    if (is_good) {
        *ret_len = width ? width : (size_t)BN_num_bytes(bn);
        is_good = BN_bn2binpad(bn, out, (int)*ret_len) == (int)*ret_len;
    }
    BN_free(bn);
    return is_good;
}

static enum err adopt_rsa(EVP_PKEY *pkey, const struct auth_key_terms *terms, struct auth_key *key,
                          struct err_note *note) {
    uint8_t n[AUTH_RSA_BITS_MAX / 8], e[8];
    cjose_jwk_rsa_keyspec spec = { .n = n, .e = e };
    auth_algorithm_set serves = AUTH_RSA_SET & terms->algorithms;
    if (!serves) return ERR_OK;
    if (!number(pkey, OSSL_PKEY_PARAM_RSA_N, n, sizeof n, 0, &spec.nlen) ||
        !number(pkey, OSSL_PKEY_PARAM_RSA_E, e, sizeof e, 0, &spec.elen))
        return err_note(note, ERR_INVALID, "an RSA key of more than %d bits, or no usual one",
                        AUTH_RSA_BITS_MAX);
    enum err bad =
        auth_rsa_check(span_of((char *)n, spec.nlen), span_of((char *)e, spec.elen), note);
    if (bad) return bad;
    return auth_key_adopt(key, cjose_jwk_create_RSA_spec(&spec, NULL), serves, note);
}

static enum err adopt_ec(EVP_PKEY *pkey, const struct auth_key_terms *terms, struct auth_key *key,
                         struct err_note *note) {
    char group[64];
    size_t group_len;
    const struct auth_curve *curve = NULL;
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, &group_len) == 1)
        curve = auth_curve_by_id(OBJ_sn2nid(group));
    if (!curve)
        return err_note(note, ERR_UNSUPPORTED, "an EC key that is not on P-256, P-384 or P-521");

    auth_algorithm_set serves = AUTH_BIT(curve->algorithm) & terms->algorithms;
    if (!serves) return ERR_OK;
    uint8_t x[AUTH_COORDINATE_MAX], y[AUTH_COORDINATE_MAX];
    cjose_jwk_ec_keyspec spec = { .crv = curve->id, .x = x, .y = y };
    if (!number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, x, sizeof x, curve->bytes, &spec.xlen) ||
        !number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, y, sizeof y, curve->bytes, &spec.ylen))
        return err_note(note, ERR_INVALID, "an EC key without its point");
    return auth_key_adopt(key, cjose_jwk_create_EC_spec(&spec, NULL), serves, note);
}

enum err auth_key_from_pem(struct span pem, const struct auth_key_terms *terms,
                           struct auth_key *key, struct err_note *note) {
    enum err e = check_text(pem, note);
    if (e) return e;
    BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;
    if (!pkey)
        e = err_note(note, ERR_INVALID, "not a public key that OpenSSL can read");
    else if (EVP_PKEY_is_a(pkey, "RSA"))
        e = adopt_rsa(pkey, terms, key, note);
    else if (EVP_PKEY_is_a(pkey, "EC"))
        e = adopt_ec(pkey, terms, key, note);
    else
        e = err_note(note, ERR_UNSUPPORTED, "neither an RSA nor an EC key");
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return e;
}
