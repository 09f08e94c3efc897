/* SPDX-License-Identifier: MIT */
/*
 * net/tls_context.c: contexts of servers and clients, and what they want of TLS.
 */
#include "net/tls_priv.h"

#include "base/mem.h"

#include <openssl/err.h>

/* RFC 7301 §6: as a client says it, and what a server takes, the best first. */
static const unsigned char http_protocol[] = "\x08http/1.1";
static const unsigned char http_protocols[] = "\x08http/1.1\x08http/1.0";
enum {
    HTTP_PROTOCOL_LEN = sizeof http_protocol - 1,
    HTTP_PROTOCOLS_LEN = sizeof http_protocols - 1,
};

static const char ciphers_1_2[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"; /* RFC 9325 §4.2, all of them AEAD */
static const char ciphers_1_3[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";

static bool set_up(SSL_CTX *ssl, enum tls_version min_version) {
    /* A client without AES in hardware puts ChaCha20 first, and gets it. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_keylog_callback(ssl, tls_on_secret);
    int min = min_version == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    return SSL_CTX_set_min_proto_version(ssl, min) == 1 &&
           SSL_CTX_set_cipher_list(ssl, ciphers_1_2) == 1 &&
           SSL_CTX_set_ciphersuites(ssl, ciphers_1_3) == 1 &&
           SSL_CTX_set1_groups_list(ssl, groups) == 1;
}

static struct tls_context *context_new(const SSL_METHOD *method, enum tls_version min_version) {
    struct tls_context *context = mem_new(sizeof *context);
    atomic_init(&context->count, 1);
    context->ssl = SSL_CTX_new(method);
    if (context->ssl && set_up(context->ssl, min_version)) return context;
    ERR_clear_error();
    tls_context_unref(context);
    return NULL;
}

struct tls_context *tls_context_ref(struct tls_context *context) {
    atomic_fetch_add_explicit(&context->count, 1, memory_order_relaxed);
    return context;
}

void tls_context_unref(struct tls_context *context) {
    if (!context) return;
    if (atomic_fetch_sub_explicit(&context->count, 1, memory_order_acq_rel) > 1) return;
    tls_names_free(context->names);
    tls_tickets_unref(context->tickets);
    SSL_CTX_free(context->ssl);
    mem_free(context);
}

int64_t tls_context_expires_s(const struct tls_context *context) {
    return context->expires_s;
}

/* ---- server ---- */

static int on_server_name(SSL *ssl, int *alert, void *arg) {
    (void)alert;
    const struct tls_context *context = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX *own = name ? tls_names_find(context->names, name) : NULL;
    if (own && own != SSL_get_SSL_CTX(ssl)) (void)SSL_set_SSL_CTX(ssl, own);
    return SSL_TLSEXT_ERR_OK;
}

static int on_protocols(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                        const unsigned char *offered, unsigned int len, void *arg) {
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    int how =
        SSL_select_next_proto(&chosen, ret_len, http_protocols, HTTP_PROTOCOLS_LEN, offered, len);
    *ret = chosen;
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* All identities are alike but for their certificates. */
static bool serve(struct tls_context *context, SSL_CTX *ssl) {
    static const unsigned char session_name[] = "tidings";
    SSL_CTX_set_app_data(ssl, context);
    tls_tickets_use(ssl);
    SSL_CTX_set_alpn_select_cb(ssl, on_protocols, NULL);
    return SSL_CTX_set_session_id_context(ssl, session_name, sizeof session_name - 1) == 1;
}

static enum err add_identity(struct tls_context *context, const struct tls_identity *identity,
                             enum tls_version min_version, struct err_note *note) {
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    enum err e = ERR_NOMEM;
    if (ssl && set_up(ssl, min_version) && serve(context, ssl)) {
        e = tls_identity_use(ssl, identity, &context->expires_s, note);
    }
    if (e) {
        SSL_CTX_free(ssl);
    } else {
        tls_names_add(context->names, ssl);
    }
    return e;
}

static enum err fill_server(struct tls_context *context, const struct tls_server_options *options,
                            struct err_note *note) {
    context->tickets =
        options->heir_of ? tls_tickets_ref(options->heir_of->tickets) : tls_tickets_new();
    if (!context->tickets || !serve(context, context->ssl)) return ERR_NOMEM;
    enum err e = tls_identity_use(context->ssl, options->identities, &context->expires_s, note);
    if (e || options->identity_count == 1) return e;
    context->names = tls_names_new();
    (void)SSL_CTX_up_ref(context->ssl);
    tls_names_add(context->names, context->ssl);
    for (size_t i = 1; i < options->identity_count && !e; i++)
        e = add_identity(context, &options->identities[i], options->min_version, note);
    tls_names_sort(context->names);
    (void)SSL_CTX_set_tlsext_servername_callback(context->ssl, on_server_name);
    (void)SSL_CTX_set_tlsext_servername_arg(context->ssl, context);
    return e;
}

/* Memory that ran out has no note yet. */
static enum err settle(struct tls_context *own, enum err e, struct tls_context **ret,
                       struct err_note *note) {
    ERR_clear_error();
    if (e) {
        tls_context_unref(own);
        return e == ERR_NOMEM ? err_note(note, e, "TLS: %s", err_text(e)) : e;
    }
    *ret = own;
    return ERR_OK;
}

enum err tls_server_new(const struct tls_server_options *options, struct tls_context **ret,
                        struct err_note *note) {
    assert(options->identity_count > 0 && options->identity_count <= TLS_IDENTITIES_MAX);
    assert(!options->heir_of || options->heir_of->tickets);
    if (note) note->text[0] = '\0';
    struct tls_context *context = context_new(TLS_server_method(), options->min_version);
    if (context) context->uses_kernel = options->uses_kernel;
    enum err e = context ? fill_server(context, options, note) : ERR_NOMEM;
    return settle(context, e, ret, note);
}

/* ---- client ---- */

static enum err fill_client(struct tls_context *context, const struct tls_client_options *options,
                            struct err_note *note) {
    SSL_CTX *ssl = context->ssl;
    SSL_CTX_set_verify(ssl, options->trusts_anybody ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (options->is_http && SSL_CTX_set_alpn_protos(ssl, http_protocol, HTTP_PROTOCOL_LEN) != 0) {
        return ERR_NOMEM;
    }
    if (options->trusts_each)
        (void)X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    enum err e = ERR_OK;
    if (options->trusted.len > 0) {
        e = tls_trust(ssl, options->trusted, note);
    } else if (SSL_CTX_set_default_verify_paths(ssl) != 1) {
        e = ERR_NOMEM;
    }
    if (e || !options->identity) return e;
    return tls_identity_use(ssl, options->identity, &context->expires_s, note);
}

enum err tls_client_new(const struct tls_client_options *options, struct tls_context **ret,
                        struct err_note *note) {
    if (note) note->text[0] = '\0';
    struct tls_context *context = context_new(TLS_client_method(), options->min_version);
    enum err e = context ? fill_client(context, options, note) : ERR_NOMEM;
    return settle(context, e, ret, note);
}
