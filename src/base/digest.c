/* SPDX-License-Identifier: MIT */
/*
 * base/digest.c: OpenSSL's.
 */
#include "base/digest.h"

#include <openssl/evp.h>

bool digest_of(struct span bytes, unsigned char ret[static DIGEST_BYTES]) {
    return EVP_Digest(bytes.at, bytes.len, ret, NULL, EVP_sha256(), NULL) == 1;
}

bool digest_text_of(struct span bytes, char ret[static DIGEST_TEXT_LEN]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[DIGEST_BYTES];
    if (!digest_of(bytes, digest)) return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        ret[2 * i] = digits[digest[i] >> 4];
        ret[2 * i + 1] = digits[digest[i] & 15];
    }
    return true;
}
