/* SPDX-License-Identifier: MIT */
/*
 * ws/accept.c: the key of a handshake and the answer to it: base64 and SHA-1 from OpenSSL.
 */
#include "ws/accept_priv.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

/* Appended to every key, RFC 6455 §1.3. */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
enum { GUID_LEN = sizeof guid - 1 };

/* EVP_EncodeBlock writes a terminator. */
static void encode_base64(const uint8_t *at, size_t len, char *ret) {
    (void)EVP_EncodeBlock((unsigned char *)ret, at, (int)len);
}

void accept_of_key(struct span key, char ret[WS_ACCEPT_LEN + 1]) {
    key = span_trim(key);
    assert(key.len == WS_KEY_LEN); /* as ws_handshake_judge or ws_handshake_key saw to */
    unsigned char text[WS_KEY_LEN + GUID_LEN];
    unsigned char digest[SHA_DIGEST_LENGTH];
    memcpy(text, key.at, WS_KEY_LEN);
    memcpy(text + WS_KEY_LEN, guid, GUID_LEN);
    (void)SHA1(text, sizeof text, digest);
    encode_base64(digest, sizeof digest, ret);
}

void ws_handshake_key(const uint8_t nonce[WS_NONCE_LEN], char *ret) {
    char text[WS_KEY_LEN + 1];
    encode_base64(nonce, WS_NONCE_LEN, text);
    memcpy(ret, text, WS_KEY_LEN);
}
