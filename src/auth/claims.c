/* SPDX-License-Identifier: MIT */
/*
 * auth/claims.c: the registered claims of RFC 7519 §4.1, and who the user is.
 */
#include "auth/claims_priv.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <math.h>

enum jwt_verdict jwt_claims_read(struct span text, struct jwt_claims **ret) {
    size_t bound = members_bound(text);
    struct jwt_claims *claims = mem_try(sizeof *claims + bound * sizeof claims->list[0] + text.len);
    if (!claims) return JWT_NO_MEMORY;
    char *copy = (char *)&claims->list[bound];
    memcpy(copy, text.at, text.len);
    claims->expiry = JWT_NEVER;
    buf_init(&claims->user_room, JWT_TOKEN_MAX);
    if (!members_read(span_of(copy, text.len), claims->list, bound, &claims->count)) {
        mem_free(claims);
        return JWT_MALFORMED;
    }
    *ret = claims;
    return JWT_OK;
}

void jwt_claims_free(struct jwt_claims *claims) {
    if (!claims) return;
    buf_finish(&claims->user_room);
    mem_free(claims);
}

static const struct json_value *find(const struct jwt_claims *claims, const char *name) {
    return members_find(claims->list, claims->count, name);
}

/* A time of RFC 7519 §2 in whole seconds, rounded up, cut to -JWT_NEVER..JWT_NEVER. What comes
 * before or after it is then the same for whole seconds as it was for the fraction. False: not a
 * number. */
static bool numeric_date(const struct json_value *value, int64_t *ret) {
    const int64_t limit = JWT_NEVER;
    if (value->kind != JSON_KIND_NUMBER) return false;
    if (json_int(value, -limit, limit, ret)) return true;
    /* The text goes on behind a number, with the object's end at the latest: strtod stops there. */
    double real = ceil(strtod(value->raw.at, NULL));
    *ret = real >= (double)limit ? limit : real <= (double)-limit ? -limit : (int64_t)real;
    return true;
}

static enum jwt_verdict judge_times(struct jwt_claims *claims, int64_t leeway_s, int64_t now_s) {
    const struct json_value *exp = find(claims, "exp"), *nbf = find(claims, "nbf");
    int64_t expiry = JWT_NEVER, begin = -JWT_NEVER;
    if (exp && !numeric_date(exp, &expiry)) return JWT_MALFORMED;
    if (nbf && !numeric_date(nbf, &begin)) return JWT_MALFORMED;
    if (now_s >= expiry + leeway_s) return JWT_EXPIRED;
    if (now_s < begin - leeway_s) return JWT_NOT_YET_VALID;
    claims->expiry = expiry;
    return JWT_OK;
}

/* `aud` is a string or a list of strings: RFC 7519 §4.1.3. */
static enum jwt_verdict judge_audience(const struct json_value *aud, struct span audience) {
    if (!aud) return JWT_WRONG_AUDIENCE;
    if (aud->kind != JSON_KIND_ARRAY)
        return json_text_is(aud, audience) ? JWT_OK : JWT_WRONG_AUDIENCE;
    struct json_walk walk = json_walk(aud->raw);
    struct json_value item;
    bool is_found = false;
    while (json_element(&walk, &item) == JSON_ITEM) {
        if (item.kind != JSON_KIND_STRING) return JWT_MALFORMED;
        is_found = is_found || json_text_is(&item, audience);
    }
    return is_found ? JWT_OK : JWT_WRONG_AUDIENCE;
}

enum jwt_verdict jwt_claims_judge(struct jwt_claims *claims, const struct jwt_rules *rules,
                                  int64_t now_s) {
    enum jwt_verdict verdict = judge_times(claims, rules->leeway_s, now_s);
    if (verdict) return verdict;
    const struct json_value *iss = rules->issuer.len ? find(claims, "iss") : NULL;
    if (rules->issuer.len && !(iss && json_text_is(iss, rules->issuer))) return JWT_WRONG_ISSUER;
    if (rules->audience.len) verdict = judge_audience(find(claims, "aud"), rules->audience);
    if (verdict) return verdict;
    for (size_t i = 0; i < rules->required_count; i++) {
        if (!jwt_claims_have(claims, rules->required[i])) return JWT_MISSING_CLAIM;
    }
    return JWT_OK;
}

int64_t jwt_claims_expiry(const struct jwt_claims *claims) {
    return claims->expiry;
}

bool jwt_claims_have(const struct jwt_claims *claims, const char *name) {
    const struct json_value *value = find(claims, name);
    return value && value->kind != JSON_KIND_NULL;
}

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_uuid(struct span s) {
    if (s.len != 36) return false;
    for (size_t i = 0; i < s.len; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? s.at[i] != '-' : !is_hex(s.at[i])) return false;
    }
    return true;
}

/* An integer is its own text, but for "-0" and those with fraction or exponent. */
static bool is_plain_integer(struct span number) {
    return !memchr(number.at, '.', number.len) && !memchr(number.at, 'e', number.len) &&
           !memchr(number.at, 'E', number.len) && !span_eq(number, SPAN("-0"));
}

static enum jwt_verdict user_text(struct jwt_claims *claims, const struct json_value *value,
                                  struct span *ret) {
    switch (value->kind) {
    case JSON_KIND_STRING:
        switch (json_text(value, &claims->user_room, ret)) {
        case ERR_OK: return JWT_OK;
        case ERR_NOMEM: return JWT_NO_MEMORY;
        default: return JWT_BAD_USER;
        }
    case JSON_KIND_NUMBER:
        *ret = value->raw;
        return is_plain_integer(value->raw) ? JWT_OK : JWT_BAD_USER;
    default: return JWT_BAD_USER;
    }
}

enum jwt_verdict jwt_claims_user(struct jwt_claims *claims, const struct jwt_user_rule *rule,
                                 struct span *ret) {
    size_t i = 0;
    while (i < rule->name_count && !jwt_claims_have(claims, rule->names[i]))
        i++;
    if (i == rule->name_count) return JWT_MISSING_CLAIM;

    struct span user;
    enum jwt_verdict verdict = user_text(claims, find(claims, rule->names[i]), &user);
    if (verdict) return verdict;
    if (!utf8_is_name(user, JWT_USER_MAX)) return JWT_BAD_USER;
    if (rule->format == JWT_USER_UUID && !is_uuid(user)) return JWT_BAD_USER_FORMAT;
    *ret = user;
    return JWT_OK;
}
