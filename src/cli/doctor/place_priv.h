/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/place_priv.h: where to connect to: what a URL says, or an address of the
 * configuration, which is of this machine and must show the configured certificate.
 */
#ifndef TIDINGS_CLI_DOCTOR_PLACE_PRIV_H
#define TIDINGS_CLI_DOCTOR_PLACE_PRIV_H

#include "cli/doctor/doctor_priv.h"

/* `text` is a ws, wss, http or https URL; looks its host up. ERR_INVALID, ERR_TOO_BIG,
 * ERR_NOT_FOUND and a note. */
MUST_USE enum err doctor_place_open(const char *text, struct tls_context *tls,
                                    struct doctor_place *ret, struct err_note *note);

/* A place must not be copied otherwise. */
void doctor_place_copy(const struct doctor_place *from, struct doctor_place *to);

/* An address that the server listens on; `scheme` is "ws" or "http". False: it is not known which
 * port, or no certificate can be read. */
MUST_USE bool doctor_place_own(const struct doctor *doctor, const struct address *listen,
                               const char *scheme, bool is_secure, struct doctor_place *ret);

#endif
