/* SPDX-License-Identifier: MIT */
/*
 * net/certificate.h: what a certificate says, for people who look after it: how long it is good and
 * for whom; of a file, or of a server that is asked for it.
 */
#ifndef TIDINGS_NET_CERTIFICATE_H
#define TIDINGS_NET_CERTIFICATE_H

#include "base/address.h"
#include "base/err.h"
#include "base/span.h"

struct tls_context;

enum { CERTIFICATE_NAMES_MAX = 256, CERTIFICATE_NAME_MAX = 253 };

struct certificate {
    int64_t begins_s;                    /* seconds since 1970 */
    int64_t expires_s;                   /* of it or of one in its chain: the first */
    char name[CERTIFICATE_NAME_MAX + 1]; /* the first that it is for; empty: none */
    char names[CERTIFICATE_NAMES_MAX];   /* all of them with blanks between, "..." if too many */
    unsigned char digest[32];            /* SHA-256, which tells it from others */
    char problem[128];                   /* of one that was asked for: why not to trust it */
};

/* Reads the first certificate in `pem`; those behind it are its chain. ERR_INVALID and a note. */
MUST_USE enum err certificate_read(struct span pem, struct certificate *ret, struct err_note *note);

/* Connects to `address` as a client of `context` that wants to speak to `name`, and sees which
 * certificate is shown. A bad one is no error but a `problem`. No step takes longer than
 * `timeout_ms`; it blocks, and SIGPIPE must be ignored. ERR_NOT_FOUND (nobody is there),
 * ERR_IO, ERR_NOMEM, and a note. */
MUST_USE enum err certificate_ask(const struct address *address, const char *name,
                                  struct tls_context *context, uint32_t timeout_ms,
                                  struct certificate *ret, struct err_note *note);

#endif
