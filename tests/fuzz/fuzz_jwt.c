/* SPDX-License-Identifier: MIT */
/*
 * Tokens: the input as it is, and then as the claims, and as the header, of a token that is signed
 * well, so that what stands behind the signature is reached too.
 */
#include "../support/token_maker.h"
#include "auth/jwt.h"

#define NOW 1700000000

static const char jwks[] = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"e\":\"AQAB\",\"n\":"
                           "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
                           "wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-"
                           "SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32"
                           "690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
                           "UTo7WTBEMa2R2CapHg665xsmtdVMT"
                           "BQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
                           "h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4F"
                           "RWyuXpoQ\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
                           "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                           "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const char *const required[] = { "exp" };
static const char *const user_names[] = { "user_id", "sub" };

static void judge(const struct auth_keys *keys, const struct jwt_rules *rules, struct span token) {
    struct jwt_claims *claims = NULL;
    enum jwt_verdict verdict = jwt_verify(keys, rules, token, NOW, &claims);
    assert((verdict == JWT_OK) == (claims != NULL));
    if (!claims) return;
    assert(jwt_claims_expiry(claims) > NOW - 5 && jwt_claims_expiry(claims) <= JWT_NEVER);
    for (int format = JWT_USER_ANY; format <= JWT_USER_UUID; format++) {
        struct jwt_user_rule rule = { user_names, countof(user_names),
                                      (enum jwt_user_format)format };
        struct span user;
        if (jwt_claims_user(claims, &rule, &user) == JWT_OK)
            assert(user.len >= 1 && user.len <= JWT_USER_MAX);
    }
    jwt_claims_free(claims);
}

static void judge_signed(const struct auth_keys *keys, const struct jwt_rules *rules,
                         const char *head, const char *body) {
    char *token = maker_sign_parts("HS256", NULL, MAKER_SECRET, head, body);
    judge(keys, rules, span_str(token));
    free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct auth_keys *keys;
    static char *head, *body;
    if (!keys) {
        struct auth_key_options opt = { .algorithms = AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1,
                                        .secret = SPAN(MAKER_SECRET),
                                        .jwks = span_str(jwks) };
        if (auth_keys_new(&opt, &keys, NULL)) abort();
        head = maker_text("{\"alg\":\"HS256\"}");
        body = maker_text("{\"sub\":\"u1\",\"exp\":1700000600}");
    }
    static const struct jwt_rules loose = { .leeway_s = 5 };
    const struct jwt_rules tight = { SPAN("us"), SPAN("them"), 5, required, countof(required) };
    judge(keys, &loose, span_of((const char *)data, size));
    char *coded = maker_base64url(data, size);
    judge_signed(keys, &loose, head, coded);
    judge_signed(keys, &tight, head, coded);
    judge_signed(keys, &loose, coded, body);
    free(coded);
    return 0;
}
