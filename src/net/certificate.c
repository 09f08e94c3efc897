/* SPDX-License-Identifier: MIT */
/*
 * net/certificate.c: see net/certificate.h.
 */
#include "net/certificate.h"

#include "net/socket_priv.h"
#include "net/tls_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void add_name(struct certificate *ret, struct span name) {
    size_t used = strlen(ret->names);
    if (name.len == 0 || name.len > CERTIFICATE_NAME_MAX) return;
    if (!*ret->name) memcpy(ret->name, name.at, name.len);
    if (used + 1 + name.len + sizeof " ..." <= sizeof ret->names) {
        (void)snprintf(ret->names + used, sizeof ret->names - used, "%s%.*s", used ? " " : "",
                       SPAN_ARG(name));
    } else if (!span_ends(span_of(ret->names, used), SPAN(" ..."))) {
        (void)snprintf(ret->names + used, sizeof ret->names - used, " ...");
    }
}

static struct span text_of(const ASN1_STRING *string) {
    return span_of((const char *)ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static void add_address(struct certificate *ret, struct span bytes) {
    struct address address = { .bytes = { [10] = 0xff, [11] = 0xff } };
    char text[ADDRESS_TEXT_MAX];
    if (bytes.len != 4 && bytes.len != sizeof address.bytes) return;
    memcpy(address.bytes + sizeof address.bytes - bytes.len, bytes.at, bytes.len);
    add_name(ret, span_of(text, address_format(&address, text)));
}

/* RFC 6125 §6.4.4: the common name counts where there is no other. */
static void add_common_name(struct certificate *ret, const X509 *x509) {
    const X509_NAME *subject = X509_get_subject_name(x509);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) add_name(ret, text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

static void read_names(const X509 *x509, struct certificate *ret) {
    GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) add_name(ret, text_of(name->d.dNSName));
        if (name->type == GEN_IPADD) add_address(ret, text_of(name->d.iPAddress));
    }
    GENERAL_NAMES_free(names);
    if (!*ret->name) add_common_name(ret, x509);
}

static void read_leaf(const X509 *x509, struct certificate *ret) {
    *ret = (struct certificate){ .begins_s = tls_seconds_of(X509_get0_notBefore(x509)),
                                 .expires_s = tls_seconds_of(X509_get0_notAfter(x509)) };
    (void)X509_digest(x509, EVP_sha256(), ret->digest, NULL);
    read_names(x509, ret);
}

static void read_other(const X509 *x509, struct certificate *ret) {
    int64_t expires_s = tls_seconds_of(X509_get0_notAfter(x509));
    if (expires_s < ret->expires_s) ret->expires_s = expires_s;
}

enum err certificate_read(struct span pem, struct certificate *ret, struct err_note *note) {
    BIO *bio = BIO_new_mem_buf(pem.at, (int)size_min(pem.len, INT32_MAX));
    X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    enum err e = x509 ? ERR_OK : err_note(note, ERR_INVALID, "no certificate in PEM is in it");
    if (x509) read_leaf(x509, ret);
    while (x509) {
        X509_free(x509);
        x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (x509) read_other(x509, ret);
    }
    BIO_free(bio);
    ERR_clear_error();
    return e;
}

/* ---- asking ---- */

static int connect_to(const struct address *address, uint32_t timeout_ms) {
    struct sockaddr_storage to;
    socklen_t len = socket_address(address, &to);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval wait = { .tv_sec = timeout_ms / 1000,
                                  .tv_usec = timeout_ms % 1000 * 1000 };
    if (fd < 0) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 &&
        connect(fd, (const struct sockaddr *)&to, len) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void read_shown(SSL *ssl, struct certificate *ret) {
    read_leaf(SSL_get0_peer_certificate(ssl), ret);
    const STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    for (int i = 0; i < sk_X509_num(chain); i++)
        read_other(sk_X509_value(chain, i), ret);
    long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK)
        (void)snprintf(ret->problem, sizeof ret->problem, "%s",
                       X509_verify_cert_error_string(verdict));
}

static enum err shake(SSL *ssl, int fd, const char *name, struct certificate *ret,
                      struct err_note *note) {
    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL); /* it is judged here, and looked at if it is bad */
    if (tls_expect(ssl, name) || SSL_set_fd(ssl, fd) != 1)
        return err_note(note, ERR_IO, "TLS: no name that a server could have: %s", name);
    errno = 0;
    if (SSL_connect(ssl) != 1) {
        bool is_late = errno == EAGAIN;
        return err_note(note, ERR_IO, "TLS: %s", is_late ? "no answer in time" : tls_last_error());
    }
    if (!SSL_get0_peer_certificate(ssl)) return err_note(note, ERR_IO, "TLS: no certificate");
    read_shown(ssl, ret);
    return ERR_OK;
}

enum err certificate_ask(const struct address *address, const char *name,
                         struct tls_context *context, uint32_t timeout_ms, struct certificate *ret,
                         struct err_note *note) {
    struct tls keys = { 0 }; /* where the context puts the secrets of every connection */
    int fd = connect_to(address, timeout_ms);
    if (fd < 0) return err_note(note, ERR_NOT_FOUND, "cannot connect: %s", strerror(errno));
    SSL *ssl = SSL_new(context->ssl);
    enum err e = ERR_NOMEM;
    if (ssl && SSL_set_app_data(ssl, &keys) == 1) e = shake(ssl, fd, name, ret, note);
    if (e == ERR_NOMEM) (void)err_note(note, e, "TLS: %s", err_text(e));
    SSL_free(ssl);
    OPENSSL_cleanse(&keys, sizeof keys);
    ERR_clear_error();
    (void)close(fd);
    return e;
}
