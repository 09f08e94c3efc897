/* SPDX-License-Identifier: MIT */
/*
 * Key files: the input as a PEM key, as a key set and as a secret. Whatever is taken must then be
 * able to judge a token and, where it can sign, to verify what it signed.
 */
#include "auth/jwt.h"
#include "auth/sign.h"

#include <jansson.h>

static void use(struct auth_keys *own_keys) {
    struct jwt_claims *claims = NULL;
    const struct jwt_rules rules = { 0 };
    /* A secret that nobody has: HS256 over "{}" with an empty signature's worth of zeros. */
    struct span token =
        SPAN("eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    if (jwt_verify(own_keys, &rules, token, 0, &claims) == JWT_OK) abort();

    struct buf out;
    buf_init(&out, JWT_TOKEN_MAX);
    json_t *nothing = json_object();
    enum err e = jwt_sign(own_keys, nothing, &out, NULL);
    json_decref(nothing);
    if (!e) {
        /* Another key may fit as well, then a token without `kid` is refused. */
        enum jwt_verdict verdict = jwt_verify(own_keys, &rules, buf_span(&out), 0, &claims);
        if (verdict != JWT_OK && verdict != JWT_UNKNOWN_KEY) abort();
        if (verdict == JWT_OK) jwt_claims_free(claims);
    }
    buf_finish(&out);
    auth_keys_unref(own_keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span bytes = { (const char *)data, size };
    struct auth_key_options options[] = { { .pem = bytes },
                                          { .jwks = bytes },
                                          { .jwks = bytes, .is_published = true },
                                          { .secret = bytes } };
    for (size_t i = 0; i < countof(options); i++) {
        struct err_note note = { "" };
        struct auth_keys *keys = NULL;
        options[i].algorithms = AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1;
        enum err e = auth_keys_new(&options[i], &keys, &note);
        if (e && (keys || !note.text[0])) abort();
        if (!e) use(keys);
    }
    return 0;
}
