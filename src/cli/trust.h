/* SPDX-License-Identifier: MIT */
/*
 * cli/trust.h: the options of commands that may speak TLS: whom they trust, and who they are.
 */
#ifndef TIDINGS_CLI_TRUST_H
#define TIDINGS_CLI_TRUST_H

#include "base/base.h"

struct tls_context;

struct cli_trust {
    const char *ca_file;   /* --ca; NULL: the system's authorities */
    const char *cert_file; /* --cert: own certificate and its key in one file; NULL: none */
    bool is_insecure;      /* --insecure: anybody is trusted */
};

/* What the options come to; `*ret` is NULL unless `is_needed`. Otherwise says what is wrong, also
 * with options where nothing speaks TLS, and gives the exit code. */
int cli_trust_open(const char *command, const struct cli_trust *trust, bool is_needed,
                   struct tls_context **ret);

#endif
