/* SPDX-License-Identifier: MIT */
/*
 * config/redis_tls.c: the files by which a Redis is recognized, and we by it.
 */
#include "base/file.h"
#include "config/draft_priv.h"
#include "net/tls.h"

enum { PEM_MAX = 4 * 1024 * 1024 }; /* the system's own list of authorities has 200 KiB */

static bool read_pem(const char *file, struct buf *out, struct err_note *note) {
    struct err_note why = { "" };
    buf_init(out, 0);
    if (!*file || !file_read(file, PEM_MAX, out, &why)) return true;
    (void)err_note(note, ERR_IO, "%s cannot be read: %s", file, why.text);
    return false;
}

const char *config_redis_tls_open(struct config_redis_tls *tls, struct err_note *note) {
    struct buf ca, cert, key;
    const char *fault = NULL;
    if (!read_pem(tls->ca_file, &ca, note)) fault = "broker.redis.tls.ca_file";
    if (!read_pem(tls->cert_file, &cert, note)) fault = "broker.redis.tls.cert_file";
    if (!read_pem(tls->key_file, &key, note)) fault = "broker.redis.tls.key_file";
    const struct tls_identity identity = { .name = tls->cert_file,
                                           .chain = buf_span(&cert),
                                           .key = buf_span(&key) };
    const struct tls_client_options options = {
        .trusted = buf_span(&ca),
        .identity = *tls->cert_file ? &identity : NULL,
        .min_version = TLS_1_2,
    };
    if (!fault && tls_client_new(&options, &tls->context, note))
        fault = *tls->cert_file ? "broker.redis.tls.cert_file" : "broker.redis.tls.ca_file";
    buf_finish(&ca);
    buf_finish(&cert);
    buf_wipe(&key);
    return fault;
}
