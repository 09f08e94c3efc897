/* SPDX-License-Identifier: MIT */
/*
 * auth/keys.h: the set of keys that tokens are verified with, and the algorithms allowed for them.
 *
 * A set is built once from a secret, a PEM public key, a JSON Web Key Set (RFC 7517) or several of
 * these together, and never changes: any number of threads may verify with it at once. It is
 * counted, so that another takes its place while some still use the old one.
 *
 * A key serves only its own kind: HS* a secret (or a JWK `oct`), RS* and PS* an RSA key, ES256,
 * ES384 and ES512 a key on P-256, P-384 and P-521. A JWK's `alg`, `use` and `key_ops` narrow that
 * further. A secret and a PEM key have no `kid`, so they never serve a token that names one.
 */
#ifndef TIDINGS_AUTH_KEYS_H
#define TIDINGS_AUTH_KEYS_H

#include "auth/algorithm.h"
#include "base/err.h"
#include "base/span.h"

struct auth_keys;

struct auth_key_options {
    auth_algorithm_set algorithms; /* what a token may be signed with; at least one */
    struct span secret;            /* HMAC secret; empty: none */
    struct span pem;               /* one RSA or EC public key in PEM; empty: none */
    struct span jwks;              /* a JSON Web Key Set; empty: none */
    bool allow_weak_secret;        /* HMAC secrets shorter than AUTH_SECRET_MIN bytes */
    /* The JWKS was published for everybody, by somebody else: a secret in it would be none, and a
     * key that is broken, weak or bears a `kid` for the second time is passed over. */
    bool is_published;
    bool may_be_empty; /* no source at all is fine: such a set verifies nothing */
};

#define AUTH_SECRET_MIN   32   /* bytes */
#define AUTH_SECRET_MAX   4096 /* bytes */
#define AUTH_RSA_BITS_MIN 2048 /* bits of the modulus */
#define AUTH_RSA_BITS_MAX 8192 /* verifying with more costs more than a stranger may cause */
#define AUTH_KID_MAX      256  /* bytes of a `kid` */
#define AUTH_KEYS_MAX     256  /* keys in a set */
#define AUTH_SOURCE_MAX   (1024 * 1024) /* bytes of a PEM file or key set */

/**
 * Builds a set; the bytes in `opt` are copied. The caller is the one user of `*ret`.
 *
 * Keys of a JWKS that are for something else (another `kty` or curve, `use: enc`, an `alg` that is
 * not allowed) are passed over, as RFC 7517 §5 wants; a key that is broken, weak or has a `kid`
 * that another has too is an error, unless the set `is_published`. Errors, with a sentence in
 * `note` that begins with `secret:`, `pem:` or `jwks:` where one is at fault: ERR_INVALID
 * (malformed, weak, of a kind that no allowed algorithm uses, PEM given as a secret), ERR_TOO_BIG,
 * ERR_EXISTS (a `kid` twice), ERR_NOT_FOUND (no key at all), ERR_NOMEM.
 */
MUST_USE
enum err auth_keys_new(const struct auth_key_options *opt, struct auth_keys **ret,
                       struct err_note *note);

/* How many keys it has: those passed over are not among them. */
size_t auth_keys_count(const struct auth_keys *keys);

/* One more user; returns it. Any thread. */
struct auth_keys *auth_keys_ref(struct auth_keys *keys);
/* One user less; the last one frees it. Any thread. NULL is fine. */
void auth_keys_unref(struct auth_keys *keys);

#endif
