/* SPDX-License-Identifier: MIT */
/*
 * net/tls_begin.c: TLS on a stream: its beginning, what is known of it, its end.
 */
#include "net/tls_priv.h"

#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

void tls_drop_ssl(struct tls *tls) {
    /* Else OpenSSL looks for the session in a cache that there is not. */
    if (tls->ssl) SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    tls_context_unref(tls->context);
    tls->ssl = NULL;
    tls->context = NULL;
}

void tls_free(struct tls *tls) {
    if (!tls) return;
    tls_drop_ssl(tls);
    tls_kernel_end(tls);
    mem_free(tls->partial);
    mem_free(tls->left);
    OPENSSL_cleanse(tls, sizeof *tls);
    mem_free(tls);
}

static struct tls *tls_new(struct tls_context *context) {
    struct tls *tls = mem_try(sizeof *tls);
    if (!tls) return NULL;
    *tls = (struct tls){ .context = tls_context_ref(context), .why = "", .is_shaking = true };
    return tls;
}

bool tls_get_ssl(struct tls *tls) {
    struct tls_wire *wire = tls_wire();
    tls->ssl = wire ? SSL_new(tls->context->ssl) : NULL;
    if (!tls->ssl || SSL_set_app_data(tls->ssl, tls) != 1) {
        ERR_clear_error();
        return false;
    }
    (void)BIO_up_ref(wire->bio);
    SSL_set_bio(tls->ssl, wire->bio, wire->bio);
    if (tls->is_server) {
        SSL_set_accept_state(tls->ssl);
    } else {
        SSL_set_connect_state(tls->ssl);
    }
    return true;
}

enum err stream_begin_tls_server(struct stream *s, struct tls_context *context) {
    struct tls *tls = tls_new(context);
    if (!tls) return ERR_NOMEM;
    tls->is_server = true;
    tls->wants_kernel = context->uses_kernel;
    s->tls = tls;
    return ERR_OK;
}

enum err tls_expect(SSL *ssl, const char *name) {
    X509_VERIFY_PARAM *rules = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, name) == 1) return ERR_OK;
    if (name[0] == '\0' || strlen(name) > TLSEXT_MAXLEN_host_name) return ERR_INVALID;
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool is_set = X509_VERIFY_PARAM_set1_host(rules, name, 0) == 1 &&
                  SSL_set_tlsext_host_name(ssl, name) == 1;
    return is_set ? ERR_OK : ERR_NOMEM;
}

/* The hello is made at once, so that only sending can fail later. */
static enum err greet(struct tls *tls) {
    struct tls_wire *wire = tls_wire();
    wire->in = (struct span){ NULL, 0 };
    int done = SSL_do_handshake(tls->ssl);
    if (SSL_get_error(tls->ssl, done) == SSL_ERROR_WANT_READ) return tls_keep_out(tls, wire);
    tls_wire_clear(wire);
    return ERR_NOMEM;
}

enum err stream_begin_tls_client(struct stream *s, struct tls_context *context, const char *name) {
    struct tls *tls = tls_new(context);
    if (!tls) return ERR_NOMEM;
    ERR_clear_error();
    enum err e = tls_get_ssl(tls) ? tls_expect(tls->ssl, name) : ERR_NOMEM;
    if (!e) e = greet(tls);
    ERR_clear_error();
    if (e) {
        tls_free(tls);
        return e;
    }
    s->tls = tls;
    return ERR_OK;
}

bool stream_is_shaking(const struct stream *s) {
    return s->tls && s->tls->is_shaking;
}

bool stream_is_resumed(const struct stream *s) {
    return s->tls && s->tls->is_resumed;
}

const char *stream_tls_version(const struct stream *s) {
    if (!s->tls || s->tls->is_shaking) return "";
    return s->tls->ssl ? SSL_get_version(s->tls->ssl) : "TLSv1.3";
}

enum tls_problem stream_problem(const struct stream *s) {
    return s->tls ? (enum tls_problem)s->tls->problem : TLS_PROBLEM_NONE;
}

const char *stream_problem_text(const struct stream *s) {
    return s->tls ? s->tls->why : "";
}

void stream_end_tls(struct stream *s) {
    tls_free(s->tls);
    s->tls = NULL;
}
