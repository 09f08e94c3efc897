/* SPDX-License-Identifier: MIT */
/*
 * auth/jwt.c: the order of judgement: shape, header, key, signature, and only then what it claims.
 */
#include "auth/jwt.h"
#include "auth/base64url_priv.h"
#include "auth/claims_priv.h"
#include "auth/signature_priv.h"
#include "base/mem.h"

/* A header is read before anything is proven: of this many characters it costs little and nests
 * little. */
#define HEADER_MAX 2048

const char *jwt_verdict_text(enum jwt_verdict verdict) {
    static const char *const texts[JWT_VERDICT_COUNT] = {
#define JWT_VERDICT_ITEM(name, text) [JWT_##name] = text,
        JWT_VERDICT_MAP(JWT_VERDICT_ITEM)
#undef JWT_VERDICT_ITEM
    };
    return texts[verdict];
}

/* The key that the header asks for, if configuration allows it that algorithm. */
static enum jwt_verdict choose_key(const json_t *header, const struct auth_keys *keys,
                                   enum auth_algorithm *ret_algorithm,
                                   const struct auth_key **ret) {
    if (json_object_get(header, "crit") || json_object_get(header, "b64")) return JWT_UNSUPPORTED;
    const json_t *alg = json_object_get(header, "alg"), *kid = json_object_get(header, "kid");
    if (!json_is_string(alg) || (kid && !json_is_string(kid))) return JWT_MALFORMED;
    struct span name = { json_string_value(alg), json_string_length(alg) };
    if (!auth_algorithm_parse(name, ret_algorithm) ||
        !(keys->algorithms & AUTH_BIT(*ret_algorithm)))
        return JWT_ALGORITHM;
    *ret = auth_keys_find(keys, *ret_algorithm, json_string_value(kid));
    return *ret ? JWT_OK : JWT_UNKNOWN_KEY;
}

static enum jwt_verdict check_signature(const struct auth_keys *keys,
                                        const struct auth_token *token) {
    uint8_t text[HEADER_MAX];
    size_t len;
    if (!base64url_decode(token->header, text, &len)) return JWT_MALFORMED;
    json_t *header = jwt_object(span_of((char *)text, len));
    if (!header) return JWT_MALFORMED;

    enum auth_algorithm algorithm;
    const struct auth_key *key;
    enum jwt_verdict verdict = choose_key(header, keys, &algorithm, &key);
    json_decref(header);
    if (verdict) return verdict;
    return auth_signature_is_good(key, algorithm, token) ? JWT_OK : JWT_BAD_SIGNATURE;
}

static enum jwt_verdict read_claims(struct span coded, struct jwt_claims *claims) {
    uint8_t text[JWT_TOKEN_MAX];
    size_t len;
    if (!base64url_decode(coded, text, &len)) return JWT_MALFORMED;
    claims->object = jwt_object(span_of((char *)text, len));
    return claims->object ? JWT_OK : JWT_MALFORMED;
}

enum jwt_verdict jwt_verify(const struct auth_keys *keys, const struct jwt_rules *rules,
                            struct span token, int64_t now_s, struct jwt_claims **ret) {
    struct auth_token parts;
    if (token.len == 0) return JWT_ABSENT;
    if (token.len > JWT_TOKEN_MAX || !auth_token_cut(token, &parts) ||
        parts.header.len > HEADER_MAX)
        return JWT_MALFORMED;
    enum jwt_verdict verdict = check_signature(keys, &parts);
    if (verdict) return verdict;

    struct jwt_claims *claims = mem_try(sizeof *claims);
    if (!claims) return JWT_NO_MEMORY;
    *claims = (struct jwt_claims){ 0 };
    verdict = read_claims(parts.payload, claims);
    if (!verdict) verdict = jwt_claims_judge(claims, rules, now_s);
    if (verdict) {
        jwt_claims_free(claims);
        return verdict;
    }
    *ret = claims;
    return JWT_OK;
}
