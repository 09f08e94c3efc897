/* SPDX-License-Identifier: MIT */
/*
 * net/tls_record.c: seals and opens records of TLS 1.3, and makes their keys.
 *
 * The ciphers are OpenSSL's. A context for each connection would be 1.2 KB for each direction;
 * setting the key of one that all share costs 0.14 µs a record (bench/tls).
 */
#include "net/tls_record_priv.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

enum { TAG_BYTES = 16 };
/* AES-GCM wants another key after 2^24.5 records. */
static const uint64_t worn_after = (uint64_t)1 << 24;

static const struct {
    unsigned protocol_id;
    const char *cipher;
    uint8_t key_bytes, secret_bytes;
} suites[TLS_SUITES] = {
    [TLS_AES_128] = { 0x1301, "AES-128-GCM", 16, 32 },
    [TLS_AES_256] = { 0x1302, "AES-256-GCM", 32, 48 },
    [TLS_CHACHA] = { 0x1303, "ChaCha20-Poly1305", 32, 32 },
};

bool tls_suite_of(unsigned protocol_id, enum tls_suite *ret) {
    for (int i = 0; i < TLS_SUITES; i++) {
        if (suites[i].protocol_id != protocol_id) continue;
        *ret = (enum tls_suite)i;
        return true;
    }
    return false;
}

static EVP_CIPHER_CTX *cipher_new(const char *name) {
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *c = cipher ? EVP_CIPHER_CTX_new() : NULL;
    if (c && EVP_CipherInit_ex2(c, cipher, NULL, NULL, 1, NULL) != 1) {
        EVP_CIPHER_CTX_free(c);
        c = NULL;
    }
    EVP_CIPHER_free(cipher);
    return c;
}

bool tls_ciphers_init(struct tls_ciphers *ciphers) {
    bool are_all = true;
    for (int i = 0; i < TLS_SUITES; i++) {
        ciphers->of[i] = cipher_new(suites[i].cipher);
        are_all = are_all && ciphers->of[i];
    }
    return are_all;
}

void tls_ciphers_finish(struct tls_ciphers *ciphers) {
    for (int i = 0; i < TLS_SUITES; i++)
        EVP_CIPHER_CTX_free(ciphers->of[i]);
}

/* HKDF-Expand-Label of §7.1 without a context, for no more than one block of the hash. */
static bool expand(const struct tls_way *way, enum tls_suite suite, const char *label, uint8_t *ret,
                   size_t len) {
    static const char prefix[] = "tls13 ";
    uint8_t info[32], block[EVP_MAX_MD_SIZE];
    size_t label_len = strlen(label), at = 0;
    info[at++] = 0;
    info[at++] = (uint8_t)len;
    info[at++] = (uint8_t)(sizeof prefix - 1 + label_len);
    memcpy(info + at, prefix, sizeof prefix - 1);
    at += sizeof prefix - 1;
    memcpy(info + at, label, label_len);
    at += label_len;
    info[at++] = 0; /* no context */
    info[at++] = 1; /* the first block */
    const EVP_MD *hash = suites[suite].secret_bytes == 48 ? EVP_sha384() : EVP_sha256();
    unsigned block_len;
    if (!HMAC(hash, way->secret, suites[suite].secret_bytes, info, at, block, &block_len)) {
        return false;
    }
    assert(len <= block_len);
    memcpy(ret, block, len);
    OPENSSL_cleanse(block, sizeof block);
    return true;
}

bool tls_way_begin(struct tls_way *way, enum tls_suite suite) {
    way->sequence = 0;
    return expand(way, suite, "key", way->key, suites[suite].key_bytes) &&
           expand(way, suite, "iv", way->iv, sizeof way->iv);
}

bool tls_way_update(struct tls_way *way, enum tls_suite suite) {
    struct tls_way next = { .sequence = 0 };
    bool is_done = expand(way, suite, "traffic upd", next.secret, suites[suite].secret_bytes) &&
                   tls_way_begin(&next, suite);
    /* All or nothing: the old key with a sequence that begins anew would repeat nonces. */
    if (is_done) *way = next;
    OPENSSL_cleanse(&next, sizeof next);
    return is_done;
}

bool tls_way_is_worn(const struct tls_way *way) {
    return way->sequence >= worn_after;
}

/* §5.3: the vector and the sequence number, the latter at its end. */
static void next_nonce(struct tls_way *way, uint8_t ret[static TLS_IV_BYTES]) {
    memcpy(ret, way->iv, TLS_IV_BYTES);
    for (int i = 0; i < 8; i++)
        ret[TLS_IV_BYTES - 1 - i] ^= (uint8_t)(way->sequence >> (8 * i));
    way->sequence++;
}

bool tls_seal(struct tls_ciphers *ciphers, struct tls_way *way, enum tls_suite suite,
              enum tls_content content, struct span plain, struct buf *out) {
    assert(plain.len <= TLS_PLAIN_MAX);
    size_t inner = plain.len + 1, body = inner + TAG_BYTES;
    uint8_t *head = (uint8_t *)buf_room(out, TLS_HEAD_BYTES + body);
    if (!head) return false;
    head[0] = TLS_DATA;
    head[1] = head[2] = 3;
    head[3] = (uint8_t)(body >> 8);
    head[4] = (uint8_t)body;
    uint8_t *at = head + TLS_HEAD_BYTES;
    if (plain.len) memcpy(at, plain.at, plain.len);
    at[plain.len] = (uint8_t)content;
    uint8_t nonce[TLS_IV_BYTES];
    next_nonce(way, nonce);
    EVP_CIPHER_CTX *c = ciphers->of[suite];
    int len;
    bool is_sealed = EVP_CipherInit_ex2(c, NULL, way->key, nonce, 1, NULL) == 1 &&
                     EVP_EncryptUpdate(c, NULL, &len, head, TLS_HEAD_BYTES) == 1 &&
                     EVP_EncryptUpdate(c, at, &len, at, (int)inner) == 1 &&
                     EVP_EncryptFinal_ex(c, at + len, &len) == 1 &&
                     EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, at + inner) == 1;
    if (is_sealed) buf_added(out, TLS_HEAD_BYTES + body);
    return is_sealed;
}

static bool decrypt(EVP_CIPHER_CTX *c, struct tls_way *way, const uint8_t *head, uint8_t *at,
                    size_t inner) {
    uint8_t nonce[TLS_IV_BYTES];
    next_nonce(way, nonce);
    int len;
    return EVP_CipherInit_ex2(c, NULL, way->key, nonce, 0, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, at + inner) == 1 &&
           EVP_DecryptUpdate(c, NULL, &len, head, TLS_HEAD_BYTES) == 1 &&
           EVP_DecryptUpdate(c, at, &len, at, (int)inner) == 1 &&
           EVP_DecryptFinal_ex(c, at + len, &len) == 1;
}

int tls_open(struct tls_ciphers *ciphers, struct tls_way *way, enum tls_suite suite, char *record,
             size_t len, struct span *ret, enum tls_content *ret_content) {
    uint8_t *head = (uint8_t *)record, *at = head + TLS_HEAD_BYTES;
    /* Of one too long only the head may be there. */
    if (len < TLS_HEAD_BYTES) return SSL_AD_DECODE_ERROR;
    if (TLS_HEAD_BYTES + ((size_t)head[3] << 8 | head[4]) > TLS_RECORD_MAX) {
        return SSL_AD_RECORD_OVERFLOW;
    }
    /* §5: after the handshake nothing comes unprotected. */
    if (head[0] != TLS_DATA) return SSL_AD_UNEXPECTED_MESSAGE;
    if (len < TLS_HEAD_BYTES + TAG_BYTES + 1) return SSL_AD_BAD_RECORD_MAC;
    size_t inner = len - TLS_HEAD_BYTES - TAG_BYTES;
    if (!decrypt(ciphers->of[suite], way, head, at, inner)) return SSL_AD_BAD_RECORD_MAC;
    /* §5.4: padding counts; the kind of content stands before it. */
    if (inner > TLS_PLAIN_MAX + 1) return SSL_AD_RECORD_OVERFLOW;
    while (inner > 0 && at[inner - 1] == 0)
        inner--;
    if (inner == 0) return SSL_AD_UNEXPECTED_MESSAGE;
    *ret = span_of((const char *)at, inner - 1);
    *ret_content = (enum tls_content)at[inner - 1];
    return 0;
}
