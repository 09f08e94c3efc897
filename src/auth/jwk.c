/* SPDX-License-Identifier: MIT */
/*
 * auth/jwk.c: a key from a JSON Web Key (RFC 7517, RFC 7518 §6).
 *
 * cjose makes the key. What it would forgive (base64url with padding, a member of another type,
 * coordinates of another length, any size) is judged here first.
 */
#include "auth/base64url_priv.h"
#include "auth/keys_priv.h"
#include "base/mem.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

/* The text of a member; NULL in `ret` when it has none. An error when it is something else. */
static enum err text_member(const json_t *jwk, const char *name, const char **ret,
                            struct err_note *note) {
    const json_t *value = json_object_get(jwk, name);
    if (value && !json_is_string(value))
        return err_note(note, ERR_INVALID, "\"%s\" is not a string", name);
    *ret = json_string_value(value);
    return ERR_OK;
}

/* The bytes that a member stands for, into `out`, which has room for `max`. */
static enum err octets_member(const json_t *jwk, const char *name, uint8_t *out, size_t max,
                              struct span *ret, struct err_note *note) {
    const char *text = NULL;
    enum err e = text_member(jwk, name, &text, note);
    if (e) return e;
    if (!text) return err_note(note, ERR_INVALID, "\"%s\" is missing", name);
    struct span coded = span_str(text);
    size_t len = 0;
    if (coded.len > base64url_len(max))
        return err_note(note, ERR_TOO_BIG, "\"%s\" is longer than %zu bytes", name, max);
    if (!base64url_decode(coded, out, &len) || len == 0)
        return err_note(note, ERR_INVALID, "\"%s\" is not base64url without padding", name);
    *ret = span_of((char *)out, len);
    return ERR_OK;
}

static const char *const private_names[] = { "d", "p", "q", "dp", "dq", "qi" };

static enum err check_private(const json_t *jwk, struct err_note *note) {
    uint8_t room[AUTH_RSA_BITS_MAX / 8];
    struct span number;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < countof(private_names); i++) {
        if (json_object_get(jwk, private_names[i]))
            e = octets_member(jwk, private_names[i], room, sizeof room, &number, note);
    }
    OPENSSL_cleanse(room, sizeof room);
    return e;
}

static enum err check_oct(const json_t *jwk, bool allow_weak, struct err_note *note) {
    uint8_t room[AUTH_SECRET_MAX];
    struct span secret;
    enum err e = octets_member(jwk, "k", room, sizeof room, &secret, note);
    if (!e) e = auth_secret_check(secret, allow_weak, note);
    OPENSSL_cleanse(room, sizeof room);
    return e;
}

static enum err check_rsa(const json_t *jwk, struct err_note *note) {
    uint8_t n_room[AUTH_RSA_BITS_MAX / 8 + 1], e_room[16];
    struct span modulus, exponent;
    enum err e = octets_member(jwk, "n", n_room, sizeof n_room, &modulus, note);
    if (!e) e = octets_member(jwk, "e", e_room, sizeof e_room, &exponent, note);
    return e ? e : auth_rsa_check(modulus, exponent, note);
}

static enum err check_ec(const json_t *jwk, const struct auth_curve *curve, struct err_note *note) {
    static const char *const names[] = { "x", "y" };
    for (size_t i = 0; i < countof(names); i++) {
        uint8_t room[AUTH_COORDINATE_MAX];
        struct span number;
        enum err e = octets_member(jwk, names[i], room, sizeof room, &number, note);
        if (e) return e;
        if (number.len != curve->bytes)
            return err_note(note, ERR_INVALID, "\"%s\" has %zu bytes, on %s it must have %zu",
                            names[i], number.len, curve->name, curve->bytes);
    }
    return ERR_OK;
}

static bool list_has(const json_t *list, const char *text) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        if (strcmp(json_string_value(item), text) == 0) return true;
    }
    return false;
}

static enum err check_list(const json_t *list, const char *name, struct err_note *note) {
    size_t i;
    json_t *item;
    bool is_good = json_is_array(list);
    json_array_foreach(list, i, item) is_good = is_good && json_is_string(item);
    return is_good ? ERR_OK : err_note(note, ERR_INVALID, "\"%s\" is not a list of strings", name);
}

/* What `alg`, `use` and `key_ops` leave of `algorithms`, and whether they leave it to sign. */
static enum err narrow(const json_t *jwk, auth_algorithm_set *algorithms, bool *may_sign,
                       struct err_note *note) {
    const char *alg = NULL, *use = NULL;
    enum err e = text_member(jwk, "alg", &alg, note);
    if (!e) e = text_member(jwk, "use", &use, note);
    if (e) return e;
    enum auth_algorithm only;
    if (alg) *algorithms &= auth_algorithm_parse(span_str(alg), &only) ? AUTH_BIT(only) : 0;
    if (use && strcmp(use, "sig") != 0) *algorithms = 0;

    const json_t *ops = json_object_get(jwk, "key_ops");
    *may_sign = true;
    if (!ops) return ERR_OK;
    e = check_list(ops, "key_ops", note);
    if (e) return e;
    *may_sign = list_has(ops, "sign");
    if (!list_has(ops, "verify")) *algorithms = 0;
    return ERR_OK;
}

/* The algorithms that a key of this `kty` and `crv` could serve, left empty for unknown kinds. */
static enum err kind_of(const json_t *jwk, auth_algorithm_set *serves,
                        const struct auth_curve **curve, struct err_note *note) {
    const char *kty = NULL, *crv = NULL;
    enum err e = text_member(jwk, "kty", &kty, note);
    if (!e) e = text_member(jwk, "crv", &crv, note);
    if (e) return e;
    if (!kty) return err_note(note, ERR_INVALID, "\"kty\" is missing");
    if (strcmp(kty, "oct") == 0) *serves = AUTH_HS_SET;
    if (strcmp(kty, "RSA") == 0) *serves = AUTH_RSA_SET;
    if (strcmp(kty, "EC") != 0) return ERR_OK;
    if (!crv) return err_note(note, ERR_INVALID, "\"crv\" is missing");
    *curve = auth_curve_by_name(crv);
    if (*curve) *serves = AUTH_BIT((*curve)->algorithm);
    return ERR_OK;
}

static enum err take_kid(const json_t *jwk, struct auth_key *key, struct err_note *note) {
    const char *kid = NULL;
    enum err e = text_member(jwk, "kid", &kid, note);
    if (e || !kid) return e;
    if (strlen(kid) > AUTH_KID_MAX)
        return err_note(note, ERR_TOO_BIG, "\"kid\" is longer than %d bytes", AUTH_KID_MAX);
    key->kid = mem_new_text(kid, strlen(kid));
    return ERR_OK;
}

/* Verifies with the public part alone: from a private one cjose computes the public point itself,
 * and would not look at the one that stands there. */
static cjose_jwk_t *import_public(json_t *jwk) {
    json_t *part = json_copy(jwk);
    for (size_t i = 0; part && i < countof(private_names); i++)
        json_object_del(part, private_names[i]);
    cjose_jwk_t *made = cjose_jwk_import_json(part, NULL);
    json_decref(part);
    return made;
}

static enum err adopt_secret(json_t *jwk, const struct auth_key_terms *terms,
                             auth_algorithm_set serves, bool may_sign, struct auth_key *key,
                             struct err_note *note) {
    enum err e = check_oct(jwk, terms->allow_weak_secret, note);
    if (!e) e = auth_key_adopt(key, cjose_jwk_import_json(jwk, NULL), serves, note);
    if (!e && may_sign) key->signer = cjose_jwk_retain(key->jwk, NULL);
    return e;
}

static enum err adopt_pair(json_t *jwk, const struct auth_curve *curve, auth_algorithm_set serves,
                           bool may_sign, struct auth_key *key, struct err_note *note) {
    enum err e = curve ? check_ec(jwk, curve, note) : check_rsa(jwk, note);
    if (!e) e = check_private(jwk, note);
    if (!e) e = auth_key_adopt(key, import_public(jwk), serves, note);
    if (!e && may_sign && json_object_get(jwk, "d")) key->signer = cjose_jwk_import_json(jwk, NULL);
    ERR_clear_error();
    return e;
}

enum err auth_key_from_jwk(json_t *jwk, const struct auth_key_terms *terms, struct auth_key *key,
                           struct err_note *note) {
    if (!json_is_object(jwk)) return err_note(note, ERR_INVALID, "not an object");
    auth_algorithm_set serves = 0;
    const struct auth_curve *curve = NULL;
    bool may_sign = false;
    enum err e = kind_of(jwk, &serves, &curve, note);
    if (!e) e = narrow(jwk, &serves, &may_sign, note);
    if (!e) e = take_kid(jwk, key, note);
    if (e) return e;

    serves &= terms->algorithms;
    if (!serves) return ERR_OK;
    return serves & AUTH_HS_SET ? adopt_secret(jwk, terms, serves, may_sign, key, note)
                                : adopt_pair(jwk, curve, serves, may_sign, key, note);
}
