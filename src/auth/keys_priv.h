/* SPDX-License-Identifier: MIT */
/*
 * auth/keys_priv.h: what a key is made of, and how a token finds its own.
 */
#ifndef TIDINGS_AUTH_KEYS_PRIV_H
#define TIDINGS_AUTH_KEYS_PRIV_H

#include "auth/keys.h"

#include <cjose/jwk.h>
#include <openssl/evp.h>

#define AUTH_HS_SET (AUTH_BIT(AUTH_HS256) | AUTH_BIT(AUTH_HS384) | AUTH_BIT(AUTH_HS512))
#define AUTH_RSA_SET                                                                               \
    (AUTH_BIT(AUTH_RS256) | AUTH_BIT(AUTH_RS384) | AUTH_BIT(AUTH_RS512) | AUTH_BIT(AUTH_PS256) |   \
     AUTH_BIT(AUTH_PS384) | AUTH_BIT(AUTH_PS512))

struct json_t; /* jansson.h */

struct auth_key {
    cjose_jwk_t *jwk;
    char *kid;                         /* NULL: it has none */
    auth_algorithm_set serves;         /* the allowed algorithms that it verifies */
    cjose_jwk_t *signer;               /* the private part; NULL: it cannot sign */
    size_t signature_bytes;            /* of an RSA or EC signature */
    EVP_MAC_CTX *hmac[AUTH_HS512 + 1]; /* keyed, to be copied; for the HS* that it serves */
};

struct auth_keys {
    _Atomic uint32_t users;
    auth_algorithm_set algorithms; /* those allowed */
    size_t count;                  /* those passed over not counted */
    struct auth_key list[AUTH_KEYS_MAX];
};

/* What configuration demands of a key, whatever it is read from. */
struct auth_key_terms {
    auth_algorithm_set algorithms; /* those allowed */
    bool allow_weak_secret;
};

/* Each of these fills `key`, which is zeroed, and leaves its finishing to the caller, on failure
 * too. The note says what is wrong, not where. A key for which the terms have no use gets an empty
 * `serves` and is not looked into further. */
MUST_USE enum err auth_key_from_secret(struct span secret, const struct auth_key_terms *terms,
                                       struct auth_key *key, struct err_note *note);
MUST_USE enum err auth_key_from_pem(struct span pem, const struct auth_key_terms *terms,
                                    struct auth_key *key, struct err_note *note);
MUST_USE enum err auth_key_from_jwk(struct json_t *jwk, const struct auth_key_terms *terms,
                                    struct auth_key *key, struct err_note *note);
void auth_key_finish(struct auth_key *key);

/* Gives `key` its `own_jwk` (NULL: it could not be made) and what follows from it for the
 * algorithms in `serves`. */
MUST_USE enum err auth_key_adopt(struct auth_key *key, cjose_jwk_t *own_jwk,
                                 auth_algorithm_set serves, struct err_note *note);

/* Whether the bytes will do as a secret; whether modulus and exponent, big-endian, as an RSA key.
 */
MUST_USE enum err auth_secret_check(struct span secret, bool allow_weak, struct err_note *note);
MUST_USE enum err auth_rsa_check(struct span modulus, struct span exponent, struct err_note *note);

/* A curve of RFC 7518 §3.4. */
struct auth_curve {
    const char *name; /* in a JWK */
    cjose_jwk_ec_curve id;
    enum auth_algorithm algorithm;
    size_t bytes; /* of one coordinate; a signature has two numbers of this length */
};
#define AUTH_COORDINATE_MAX 66

/* NULL for curves that no algorithm here uses. */
const struct auth_curve *auth_curve_by_name(const char *name);
const struct auth_curve *auth_curve_by_id(int id);

/* The one key that serves `algorithm` and bears `kid`, or without a `kid` (NULL) the one that
 * serves it at all. NULL when there is none or more than one. */
const struct auth_key *auth_keys_find(const struct auth_keys *keys, enum auth_algorithm algorithm,
                                      const struct span *kid);

#endif
