/* SPDX-License-Identifier: MIT */
/*
 * base/digest.h: SHA-256 (FIPS 180-4), for what several processes must find equal, and SHA-1, by
 * which Redis knows scripts.
 */
#ifndef TIDINGS_BASE_DIGEST_H
#define TIDINGS_BASE_DIGEST_H

#include "base/span.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_LEN = 2 * DIGEST_BYTES, DIGEST_SHA1_TEXT_LEN = 40 };

/* False when there is no memory for it. */
MUST_USE bool digest_of(struct span bytes, unsigned char ret[static DIGEST_BYTES]);

/* The same in hexadecimal digits, DIGEST_TEXT_LEN of them without a terminator. */
MUST_USE bool digest_text_of(struct span bytes, char ret[static DIGEST_TEXT_LEN]);

/* SHA-1 in hexadecimal digits, DIGEST_SHA1_TEXT_LEN of them without a terminator. Collisions can be
 * made: not for what strangers choose. */
MUST_USE bool digest_sha1_text_of(struct span bytes, char ret[static DIGEST_SHA1_TEXT_LEN]);

#endif
