/* SPDX-License-Identifier: MIT */
/*
 * cli/trust.c: see cli/trust.h.
 */
#include "cli/trust.h"

#include "base/file.h"
#include "cli/cli.h"
#include "net/tls.h"

enum { PEM_MAX = 4 * 1024 * 1024 }; /* the system's own list of authorities has 200 KiB */

/* `file` may be NULL. */
static int read_pem(const char *command, const char *option, const char *file, struct buf *out) {
    struct err_note note = { "" };
    buf_init(out, 0);
    if (!file || !file_read(file, PEM_MAX, out, &note)) return CLI_DONE;
    return cli_failed(command, "%s: %s cannot be read: %s", option, file, note.text);
}

int cli_trust_open(const char *command, const struct cli_trust *trust, bool is_needed,
                   struct tls_context **ret) {
    *ret = NULL;
    bool is_given = trust->ca_file || trust->cert_file || trust->is_insecure;
    if (!is_needed && is_given)
        return cli_misused(command, "--ca, --cert and --insecure are for URLs that speak TLS");
    if (trust->ca_file && trust->is_insecure)
        return cli_misused(command, "either --ca or --insecure");
    if (!is_needed) return CLI_DONE;
    struct buf ca, own;
    int code = read_pem(command, "--ca", trust->ca_file, &ca);
    int own_code = read_pem(command, "--cert", trust->cert_file, &own);
    if (code == CLI_DONE) code = own_code;
    const struct tls_identity identity = { .name = "--cert",
                                           .chain = buf_span(&own),
                                           .key = buf_span(&own) };
    const struct tls_client_options options = {
        .trusted = buf_span(&ca),
        .identity = trust->cert_file ? &identity : NULL,
        .min_version = TLS_1_2,
        .trusts_anybody = trust->is_insecure,
    };
    struct err_note note = { "" };
    if (code == CLI_DONE && tls_client_new(&options, ret, &note))
        code = cli_failed(command, "TLS: %s", note.text);
    buf_finish(&ca);
    buf_wipe(&own);
    return code;
}
