/* SPDX-License-Identifier: MIT */
/*
 * auth/sign.c: tokens of our own, made by cjose.
 */
#include "auth/sign.h"
#include "auth/jwt.h"
#include "auth/signature_priv.h"

#include <cjose/jws.h>
#include <jansson.h>
#include <openssl/err.h>

static const struct auth_key *first_that_signs(const struct auth_keys *keys) {
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->list[i].signer) return &keys->list[i];
    }
    return NULL;
}

static enum auth_algorithm first_of(auth_algorithm_set set) {
    return (enum auth_algorithm)__builtin_ctz(set);
}

static json_t *make_header(const struct auth_key *key) {
    json_t *header =
        json_pack("{ss ss}", "alg", auth_algorithm_text(first_of(key->serves)), "typ", "JWT");
    if (header && key->kid && json_object_set_new(header, "kid", json_string(key->kid)) != 0) {
        json_decref(header);
        return NULL;
    }
    return header;
}

/* Nobody could use a token whose private key is not that of the public one. */
static bool is_verified(const struct auth_key *key, struct span token) {
    struct auth_token parts;
    return auth_token_cut(token, &parts) &&
           auth_signature_is_good(key, first_of(key->serves), &parts);
}

enum err jwt_sign(const struct auth_keys *keys, const struct json_t *claims, struct buf *out,
                  struct err_note *note) {
    const struct auth_key *key = first_that_signs(keys);
    if (!key)
        return err_note(note, ERR_NOT_FOUND,
                        "no key to sign with: neither a secret nor a private key in the key set");
    enum err e = ERR_NOMEM;
    cjose_jws_t *jws = NULL;
    json_t *header = make_header(key);
    char *text = json_dumps(claims, JSON_COMPACT);
    if (!header || !text) goto out;

    const char *token = NULL;
    jws = cjose_jws_sign(key->signer, header, (const uint8_t *)text, strlen(text), NULL);
    if (!jws || !cjose_jws_export(jws, &token, NULL) || !is_verified(key, span_str(token))) {
        e = err_note(note, ERR_CRYPTO,
                     "the key cannot sign: its private part is not that of its public part");
        goto out;
    }
    if (strlen(token) > JWT_TOKEN_MAX) {
        e = err_note(note, ERR_TOO_BIG, "the token would be longer than %d bytes", JWT_TOKEN_MAX);
        goto out;
    }
    buf_append_text(out, token);
    e = buf_err(out);
out:
    cjose_jws_release(jws);
    json_decref(header);
    free(text);
    ERR_clear_error();
    return e;
}
