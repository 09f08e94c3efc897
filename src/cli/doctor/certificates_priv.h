/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/certificates_priv.h: is a certificate good, and whom the doctor trusts.
 */
#ifndef TIDINGS_CLI_DOCTOR_CERTIFICATES_PRIV_H
#define TIDINGS_CLI_DOCTOR_CERTIFICATES_PRIV_H

#include "cli/doctor/doctor_priv.h"

/* Whether it is good now and for a while; `where` it is goes before. */
void doctor_certificate_judge(const struct certificate *certificate, int64_t now_s,
                              const char *where, struct doctor_finding *ret);

/* Prepares to speak to a server that shows the first of the configured certificates. False: its
 * file cannot be read. */
MUST_USE bool doctor_trust_own(struct doctor *doctor);

#endif
