/* SPDX-License-Identifier: MIT */
/*
 * One set of keys, several threads that verify with it at once. To be run under the
 * thread sanitizer too; there and without it no answer may differ.
 */
#include "auth/jwt.h"
#include "token_maker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW     1700000000
#define THREADS 4
#define ROUNDS  150

static const char *const algs[] = { "HS256", "HS512", "RS256", "PS256", "ES256", "ES384" };

struct shared {
    struct auth_keys *keys;
    char *good[countof(algs)];
    char *bad[countof(algs)];
};

static void *verify_all(void *arg) {
    const struct shared *shared = arg;
    const struct auth_keys *keys = shared->keys;
    struct jwt_rules rules = { .audience = SPAN("us") };
    uintptr_t wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < countof(algs); i++) {
            struct jwt_claims *claims = NULL;
            wrong += jwt_verify(keys, &rules, span_str(shared->good[i]), NOW, &claims) != JWT_OK;
            jwt_claims_free(claims);
            wrong += jwt_verify(keys, &rules, span_str(shared->bad[i]), NOW, &claims) !=
                     JWT_BAD_SIGNATURE;
        }
    }
    return (void *)wrong;
}

static void make_tokens(struct shared *shared, EVP_PKEY *const keys[]) {
    for (size_t i = 0; i < countof(algs); i++) {
        char header[64];
        (void)snprintf(header, sizeof header, "{\"alg\":\"%s\"}", algs[i]);
        shared->good[i] = maker_token(algs[i], keys[i], MAKER_SECRET, header, "{\"aud\":[\"us\"]}");
        shared->bad[i] = strdup(shared->good[i]);
        char *sig = strrchr(shared->bad[i], '.') + 5;
        *sig = *sig == 'A' ? 'B' : 'A';
    }
}

static void one_set_for_all(void **state) {
    (void)state;
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384");
    EVP_PKEY *const keys[] = { NULL, NULL, rsa, rsa, p256, p384 };
    struct shared shared;
    char *jwks = maker_set(maker_jwk(rsa, false, ""), maker_jwk(p256, false, ""),
                           maker_jwk(p384, false, ""));
    struct auth_key_options opt = { .algorithms = AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1,
                                    .secret = SPAN(MAKER_SECRET),
                                    .jwks = span_str(jwks) };
    assert_int_equal(auth_keys_new(&opt, &shared.keys, NULL), ERR_OK);
    free(jwks);
    make_tokens(&shared, keys);

    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_all, &shared), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    auth_keys_unref(shared.keys);
    for (size_t i = 0; i < countof(algs); i++)
        free(shared.good[i]), free(shared.bad[i]);
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256), EVP_PKEY_free(p384);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_set_for_all) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
