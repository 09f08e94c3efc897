/* SPDX-License-Identifier: MIT */
/*
 * base/digest.c: OpenSSL's.
 */
#include "base/digest.h"

#include <openssl/evp.h>

bool digest_of(struct span bytes, unsigned char ret[static DIGEST_BYTES]) {
    return EVP_Digest(bytes.at, bytes.len, ret, NULL, EVP_sha256(), NULL) == 1;
}

static void write_digits(const unsigned char *bytes, size_t count, char *ret) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        ret[2 * i] = digits[bytes[i] >> 4];
        ret[2 * i + 1] = digits[bytes[i] & 15];
    }
}

bool digest_text_of(struct span bytes, char ret[static DIGEST_TEXT_LEN]) {
    unsigned char digest[DIGEST_BYTES];
    if (!digest_of(bytes, digest)) return false;
    write_digits(digest, sizeof digest, ret);
    return true;
}

bool digest_sha1_text_of(struct span bytes, char ret[static DIGEST_SHA1_TEXT_LEN]) {
    unsigned char digest[DIGEST_SHA1_TEXT_LEN / 2];
    if (EVP_Digest(bytes.at, bytes.len, digest, NULL, EVP_sha1(), NULL) != 1) return false;
    write_digits(digest, sizeof digest, ret);
    return true;
}
