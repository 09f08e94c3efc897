/* SPDX-License-Identifier: MIT */
/*
 * bench/jwt.c: what judging a token costs, for each algorithm, beside cjose alone and beside the
 * parts that it is made of; and what looking up an API key costs.
 *
 * build: cc -O2 -Isrc -Itests/support bench/jwt.c build/src/auth/libauth.a build/src/base/libbase.a
 *        -lcjose -ljansson -lcrypto -lm -o jwt
 * usage: jwt
 */
#include "auth/jwt.h"
#include "auth/api_key.h"
#include "token_maker.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <time.h>

#define NOW 1700000000
#define CLAIMS                                                                                     \
    "{\"sub\":\"user-12345678\",\"user_id\":\"0b9b7c3e-8f0c-4b1e-9d5a-3f6d2c1b0a99\",\"iat\":"     \
    "1700000000,"                                                                                  \
    "\"exp\":1900000000,\"aud\":\"tidings\",\"iss\":\"huleedu\"}"

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The least of five rounds, a call: the machine is shared. */
static void measure(const char *name, int rounds, void (*work)(void *), void *arg) {
    double least = 1e9;
    for (int i = 0; i < 5; i++) {
        double start = cpu_us();
        for (int j = 0; j < rounds; j++)
            work(arg);
        double each = (cpu_us() - start) / rounds;
        if (each < least) least = each;
    }
    printf("%-32s %8.3f us\n", name, least);
}

struct job {
    struct auth_keys *keys;
    struct span token;
    cjose_jwk_t *jwk;
};

static void verify(void *arg) {
    struct job *job = arg;
    static const char *const required[] = { "exp" };
    static const char *const names[] = { "user_id", "sub" };
    struct jwt_rules rules = { SPAN("tidings"), SPAN("huleedu"), 5, required, 1 };
    struct jwt_user_rule rule = { names, 2, JWT_USER_ANY };
    struct jwt_claims *claims;
    struct span user;
    if (jwt_verify(job->keys, &rules, job->token, NOW, &claims)) abort();
    if (jwt_claims_user(claims, &rule, &user)) abort();
    jwt_claims_free(claims);
}

static void cjose_alone(void *arg) {
    struct job *job = arg;
    cjose_jws_t *jws = cjose_jws_import(job->token.at, job->token.len, NULL);
    if (!cjose_jws_verify(jws, job->jwk, NULL)) abort();
    cjose_jws_release(jws);
}

static void read_claims(void *arg) {
    (void)arg;
    json_decref(json_loadb(CLAIMS, sizeof CLAIMS - 1, JSON_REJECT_DUPLICATES, NULL));
}

static void hmac_anew(void *arg) {
    struct job *job = arg;
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned len;
    HMAC(EVP_sha256(), MAKER_SECRET, sizeof MAKER_SECRET - 1, (const unsigned char *)job->token.at,
         job->token.len - 44, out, &len);
}

struct keyed {
    EVP_MAC_CTX *ctx;
    struct span token;
};

static void hmac_copied(void *arg) {
    struct keyed *keyed = arg;
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(keyed->ctx);
    EVP_MAC_update(ctx, (const unsigned char *)keyed->token.at, keyed->token.len - 44);
    EVP_MAC_final(ctx, out, &len, sizeof out);
    EVP_MAC_CTX_free(ctx);
}

static void find_key(void *arg) {
    if (!api_keys_find(arg, SPAN("key-number-1-of-thirty-two-bytes"))) abort();
}

static void run(const char *alg, EVP_PKEY *key, int rounds) {
    char header[64], name[64];
    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", alg);
    char *token = maker_token(alg, key, MAKER_SECRET, header, CLAIMS);
    char *jwk = key ? maker_jwk(key, false, "") : maker_oct(MAKER_SECRET, "");
    struct job job = { .token = span_str(token), .jwk = cjose_jwk_import(jwk, strlen(jwk), NULL) };
    char *jwks = maker_set(jwk, NULL, NULL);
    struct auth_key_options opt = { .algorithms = AUTH_BIT(AUTH_ALGORITHM_COUNT) - 1,
                                    .jwks = span_str(jwks) };
    if (auth_keys_new(&opt, &job.keys, NULL)) abort();
    (void)snprintf(name, sizeof name, "%s, judged, %zu bytes", alg, strlen(token));
    measure(name, rounds, verify, &job);
    (void)snprintf(name, sizeof name, "%s, cjose alone", alg);
    measure(name, rounds, cjose_alone, &job);
    if (!key) measure("  HMAC keyed anew", rounds, hmac_anew, &job);
    free(token), free(jwks);
    cjose_jwk_release(job.jwk);
    auth_keys_free(job.keys);
}

static void run_parts(void) {
    char *token = maker_simple(CLAIMS);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    struct keyed keyed = { EVP_MAC_CTX_new(mac), span_str(token) };
    char digest[] = "SHA256";
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                            OSSL_PARAM_construct_end() };
    EVP_MAC_init(keyed.ctx, (const unsigned char *)MAKER_SECRET, sizeof MAKER_SECRET - 1, params);
    measure("  HMAC copied", 20000, hmac_copied, &keyed);
    measure("  claims by jansson", 20000, read_claims, NULL);
    EVP_MAC_CTX_free(keyed.ctx);
    EVP_MAC_free(mac);
    free(token);
}

static void run_api_keys(size_t count) {
    struct api_key_options list[100];
    char texts[100][40], name[64];
    struct api_keys *keys;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "key-number-%zu-of-thirty-two-bytes", i);
        list[i] = (struct api_key_options){ .key = span_str(texts[i]), .scopes = API_SCOPE_READ };
    }
    if (api_keys_new(list, count, &keys, NULL)) abort();
    (void)snprintf(name, sizeof name, "API key among %zu", count);
    measure(name, 100000, find_key, keys);
    api_keys_free(keys);
}

int main(void) {
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *p256 = EVP_EC_gen("P-256");
    run("HS256", NULL, 20000);
    run_parts();
    run("RS256", rsa, 2000);
    run("PS256", rsa, 2000);
    run("ES256", p256, 1000);
    run_api_keys(3);
    run_api_keys(20);
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256);
    return 0;
}
