/* SPDX-License-Identifier: MIT */
/*
 * auth/claims.c: the registered claims of RFC 7519 §4.1, and who the user is.
 */
#include "auth/claims_priv.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>

json_t *jwt_object(struct span text) {
    json_t *value = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(value)) return value;
    json_decref(value);
    return NULL;
}

/* A time of RFC 7519 §2 in whole seconds, rounded up, cut to -JWT_NEVER..JWT_NEVER. What comes
 * before or after it is then the same for whole seconds as it was for the fraction. False: not a
 * number. */
static bool numeric_date(const json_t *value, int64_t *ret) {
    const int64_t limit = JWT_NEVER;
    int64_t at;
    if (json_is_integer(value)) {
        at = json_integer_value(value);
    } else if (json_is_real(value)) {
        double real = ceil(json_real_value(value));
        at = real >= (double)limit ? limit : real <= (double)-limit ? -limit : (int64_t)real;
    } else {
        return false;
    }
    *ret = at > limit ? limit : at < -limit ? -limit : at;
    return true;
}

static enum jwt_verdict judge_times(struct jwt_claims *claims, int64_t leeway_s, int64_t now_s) {
    const json_t *exp = json_object_get(claims->object, "exp");
    const json_t *nbf = json_object_get(claims->object, "nbf");
    int64_t expiry = JWT_NEVER, begin = -JWT_NEVER;
    if (exp && !numeric_date(exp, &expiry)) return JWT_MALFORMED;
    if (nbf && !numeric_date(nbf, &begin)) return JWT_MALFORMED;
    if (now_s >= expiry + leeway_s) return JWT_EXPIRED;
    if (now_s < begin - leeway_s) return JWT_NOT_YET_VALID;
    claims->expiry = expiry;
    return JWT_OK;
}

static bool text_is(const json_t *value, struct span text) {
    return json_is_string(value) &&
           span_eq(span_of(json_string_value(value), json_string_length(value)), text);
}

/* `aud` is a string or a list of strings: RFC 7519 §4.1.3. */
static enum jwt_verdict judge_audience(const json_t *aud, struct span audience) {
    if (!json_is_array(aud)) return text_is(aud, audience) ? JWT_OK : JWT_WRONG_AUDIENCE;
    size_t i;
    json_t *item;
    bool is_found = false;
    json_array_foreach(aud, i, item) {
        if (!json_is_string(item)) return JWT_MALFORMED;
        is_found = is_found || text_is(item, audience);
    }
    return is_found ? JWT_OK : JWT_WRONG_AUDIENCE;
}

enum jwt_verdict jwt_claims_judge(struct jwt_claims *claims, const struct jwt_rules *rules,
                                  int64_t now_s) {
    const json_t *object = claims->object;
    enum jwt_verdict verdict = judge_times(claims, rules->leeway_s, now_s);
    if (verdict) return verdict;
    if (rules->issuer.len && !text_is(json_object_get(object, "iss"), rules->issuer))
        return JWT_WRONG_ISSUER;
    if (rules->audience.len)
        verdict = judge_audience(json_object_get(object, "aud"), rules->audience);
    if (verdict) return verdict;
    for (size_t i = 0; i < rules->required_count; i++) {
        if (!jwt_claims_have(claims, rules->required[i])) return JWT_MISSING_CLAIM;
    }
    return JWT_OK;
}

void jwt_claims_free(struct jwt_claims *claims) {
    if (!claims) return;
    json_decref(claims->object);
    mem_free(claims);
}

int64_t jwt_claims_expiry(const struct jwt_claims *claims) {
    return claims->expiry;
}

bool jwt_claims_have(const struct jwt_claims *claims, const char *name) {
    const json_t *value = json_object_get(claims->object, name);
    return value && !json_is_null(value);
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

enum jwt_verdict jwt_claims_user(struct jwt_claims *claims, const struct jwt_user_rule *rule,
                                 struct span *ret) {
    size_t i = 0;
    while (i < rule->name_count && !jwt_claims_have(claims, rule->names[i]))
        i++;
    if (i == rule->name_count) return JWT_MISSING_CLAIM;

    const json_t *value = json_object_get(claims->object, rule->names[i]);
    struct span user;
    if (json_is_string(value)) {
        user = span_of(json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        int len = snprintf(claims->number, sizeof claims->number, "%" PRId64,
                           (int64_t)json_integer_value(value));
        user = span_of(claims->number, (size_t)len);
    } else {
        return JWT_BAD_USER;
    }
    if (!utf8_is_name(user, JWT_USER_MAX)) return JWT_BAD_USER;
    if (rule->format == JWT_USER_UUID && !is_uuid(user)) return JWT_BAD_USER_FORMAT;
    *ret = user;
    return JWT_OK;
}
