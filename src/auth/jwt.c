/* SPDX-License-Identifier: MIT */
/*
 * auth/jwt.c: the order of judgement: shape, header, key, signature, and only then what it claims.
 */
#include "auth/jwt.h"
#include "auth/base64url_priv.h"
#include "auth/claims_priv.h"
#include "auth/signature_priv.h"

/* A header is read before anything is proven: of so many characters and members it costs little. */
#define HEADER_MAX         2048
#define HEADER_MEMBERS_MAX 64

const char *jwt_verdict_text(enum jwt_verdict verdict) {
    static const char *const texts[JWT_VERDICT_COUNT] = {
#define JWT_VERDICT_ITEM(name, text) [JWT_##name] = text,
        JWT_VERDICT_MAP(JWT_VERDICT_ITEM)
#undef JWT_VERDICT_ITEM
    };
    return texts[verdict];
}

struct header {
    struct member list[HEADER_MEMBERS_MAX];
    size_t count;
    struct buf room; /* for an `alg` or a `kid` that is written with escapes */
};

/* A member that must be a string where it is there. NULL in `ret->at`: it is not. */
static enum jwt_verdict header_text(struct header *header, const char *name, struct span *ret) {
    const struct json_value *value = members_find(header->list, header->count, name);
    *ret = (struct span){ NULL, 0 };
    return !value || !json_text(value, &header->room, ret) ? JWT_OK : JWT_MALFORMED;
}

/* The key that the header asks for, if configuration allows it that algorithm. */
static enum jwt_verdict choose_key(struct header *header, const struct auth_keys *keys,
                                   enum auth_algorithm *ret_algorithm,
                                   const struct auth_key **ret) {
    if (members_find(header->list, header->count, "crit") ||
        members_find(header->list, header->count, "b64"))
        return JWT_UNSUPPORTED;
    struct span alg, kid;
    enum auth_algorithm algorithm;
    enum jwt_verdict verdict = header_text(header, "alg", &alg);
    if (verdict || !alg.at) return JWT_MALFORMED;
    bool is_known = auth_algorithm_parse(alg, &algorithm);
    verdict = header_text(header, "kid", &kid);
    if (verdict) return verdict;
    if (!is_known || !(keys->algorithms & AUTH_BIT(algorithm))) return JWT_ALGORITHM;
    *ret_algorithm = algorithm;
    *ret = auth_keys_find(keys, algorithm, kid.at ? &kid : NULL);
    return *ret ? JWT_OK : JWT_UNKNOWN_KEY;
}

static enum jwt_verdict check_signature(const struct auth_keys *keys,
                                        const struct auth_token *token) {
    uint8_t text[HEADER_MAX];
    size_t len;
    struct header header;
    if (token->header.len > sizeof text || !base64url_decode(token->header, text, &len) ||
        !members_read(span_of((char *)text, len), header.list, HEADER_MEMBERS_MAX, &header.count))
        return JWT_MALFORMED;
    buf_init(&header.room, sizeof text);

    enum auth_algorithm algorithm;
    const struct auth_key *key;
    enum jwt_verdict verdict = choose_key(&header, keys, &algorithm, &key);
    buf_finish(&header.room);
    if (verdict) return verdict;
    return auth_signature_is_good(key, algorithm, token) ? JWT_OK : JWT_BAD_SIGNATURE;
}

static enum jwt_verdict read_claims(struct span coded, struct jwt_claims **ret) {
    uint8_t text[JWT_TOKEN_MAX];
    size_t len;
    if (!base64url_decode(coded, text, &len)) return JWT_MALFORMED;
    return jwt_claims_read(span_of((char *)text, len), ret);
}

enum jwt_verdict jwt_verify(const struct auth_keys *keys, const struct jwt_rules *rules,
                            struct span token, int64_t now_s, struct jwt_claims **ret) {
    struct auth_token parts;
    if (token.len == 0) return JWT_ABSENT;
    if (token.len > JWT_TOKEN_MAX || !auth_token_cut(token, &parts)) return JWT_MALFORMED;
    enum jwt_verdict verdict = check_signature(keys, &parts);
    if (verdict) return verdict;

    struct jwt_claims *claims;
    verdict = read_claims(parts.payload, &claims);
    if (verdict) return verdict;
    verdict = jwt_claims_judge(claims, rules, now_s);
    if (verdict) {
        jwt_claims_free(claims);
        return verdict;
    }
    *ret = claims;
    return JWT_OK;
}
