/* SPDX-License-Identifier: MIT */
/*
 * net/tls_record_priv.h: records of TLS 1.3 once the handshake is over (RFC 8446 §5, §7).
 *
 * For what is left then, data, alerts and updates of keys, OpenSSL keeps 14 KB a connection and
 * takes 1.1 µs a record beside the cipher (bench/tls). A connection of ours keeps its secrets, and
 * the thread has the ciphers.
 */
#ifndef TIDINGS_NET_TLS_RECORD_PRIV_H
#define TIDINGS_NET_TLS_RECORD_PRIV_H

#include "base/buf.h"
#include "base/span.h"

#include <openssl/evp.h>

/* The longest record (RFC 8446 §5.2) with its head, and what one can carry. */
enum {
    TLS_HEAD_BYTES = 5,
    TLS_PLAIN_MAX = 16384,
    TLS_RECORD_MAX = TLS_HEAD_BYTES + TLS_PLAIN_MAX + 256
};

enum tls_content { TLS_CHANGE = 20, TLS_ALERT, TLS_HANDSHAKE, TLS_DATA };

enum tls_suite { TLS_AES_128, TLS_AES_256, TLS_CHACHA, TLS_SUITES };

/* False: it is none of these. `protocol_id` is the cipher suite's number. */
MUST_USE bool tls_suite_of(unsigned protocol_id, enum tls_suite *ret);

enum { TLS_SECRET_MAX = 48, TLS_KEY_MAX = 32, TLS_IV_BYTES = 12 };

/* One direction. */
struct tls_way {
    uint64_t sequence; /* of the next record */
    uint8_t secret[TLS_SECRET_MAX];
    uint8_t key[TLS_KEY_MAX];
    uint8_t iv[TLS_IV_BYTES];
};

/* A thread's. */
struct tls_ciphers {
    EVP_CIPHER_CTX *of[TLS_SUITES];
};

MUST_USE bool tls_ciphers_init(struct tls_ciphers *ciphers);
void tls_ciphers_finish(struct tls_ciphers *ciphers);

/* Key and vector from the secret, with the first record to come. False: no memory. */
MUST_USE bool tls_way_begin(struct tls_way *way, enum tls_suite suite);
/* The next secret, and what comes of it (§7.2). False: no memory; it is as it was. */
MUST_USE bool tls_way_update(struct tls_way *way, enum tls_suite suite);
/* So many records went with the same key that it must be replaced first (§5.5). */
bool tls_way_is_worn(const struct tls_way *way);

/* Appends a record to `out`; `plain` has at most TLS_PLAIN_MAX bytes. False: no memory. */
MUST_USE bool tls_seal(struct tls_ciphers *ciphers, struct tls_way *way, enum tls_suite suite,
                       enum tls_content content, struct span plain, struct buf *out);

/* Opens a whole record, or refuses one that is too long, where it lies; what it carries is lent
 * from there. 0, or the alert that is its answer (§6). */
MUST_USE int tls_open(struct tls_ciphers *ciphers, struct tls_way *way, enum tls_suite suite,
                      char *record, size_t len, struct span *ret, enum tls_content *ret_content);

#endif
