/* SPDX-License-Identifier: MIT */
/*
 * net/tls_identity.c: certificates and keys, from PEM into OpenSSL.
 */
#include "net/tls_priv.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

enum { CHAIN_MAX = 16, PEM_MAX = 16 << 20 };

static BIO *open_pem(struct span pem) {
    return pem.len > 0 && pem.len <= PEM_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
}

/* Nobody is there to be asked for a passphrase. */
static int no_passphrase(char *room, int len, int is_writing, void *owner) {
    (void)room;
    (void)len;
    (void)is_writing;
    (void)owner;
    return -1;
}

static X509 *next_certificate(BIO *pem) {
    return PEM_read_bio_X509(pem, NULL, no_passphrase, NULL);
}

/* Nothing but the end of the text made reading stop. */
static bool is_at_end(void) {
    bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_end;
}

int64_t tls_seconds_of(const ASN1_TIME *time) {
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void warn(const X509 *leaf, const char *name, struct err_note *note) {
    if (X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0) {
        (void)err_note(note, ERR_OK, "%s: the certificate has expired", name);
    } else if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0) {
        (void)err_note(note, ERR_OK, "%s: the certificate is not valid yet", name);
    }
}

/* Those after the first, none being fine. */
static STACK_OF(X509) * read_chain(BIO *pem) {
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *next = NULL;
    while (chain && sk_X509_num(chain) < CHAIN_MAX && (next = next_certificate(pem)) != NULL) {
        if (sk_X509_push(chain, next) <= 0) X509_free(next);
    }
    if (chain && !next && is_at_end()) return chain;
    sk_X509_pop_free(chain, X509_free);
    return NULL;
}

static void note_expiry(const X509 *certificate, int64_t *ret_s) {
    int64_t at_s = tls_seconds_of(X509_get0_notAfter(certificate));
    if (*ret_s == 0 || at_s < *ret_s) *ret_s = at_s;
}

static EVP_PKEY *read_key(struct span pem) {
    BIO *bio = open_pem(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    return key;
}

enum err tls_identity_use(SSL_CTX *ssl, const struct tls_identity *identity, int64_t *ret_expires_s,
                          struct err_note *note) {
    enum err e = ERR_OK;
    EVP_PKEY *key = NULL;
    STACK_OF(X509) *chain = NULL;
    BIO *pem = open_pem(identity->chain);
    X509 *leaf = pem ? next_certificate(pem) : NULL;
    if (!leaf) {
        e = err_note(note, ERR_INVALID, "%s: no certificate in PEM is in it", identity->name);
        goto out;
    }
    chain = read_chain(pem);
    if (!chain) {
        e = err_note(note, ERR_INVALID, "%s: a certificate behind the first is damaged",
                     identity->name);
        goto out;
    }
    key = read_key(identity->key);
    if (!key) {
        e = err_note(note, ERR_INVALID, "%s: its private key is none in PEM without a passphrase",
                     identity->name);
        goto out;
    }
    if (X509_check_private_key(leaf, key) != 1) {
        e = err_note(note, ERR_INVALID, "%s: the private key is not this certificate's",
                     identity->name);
        goto out;
    }
    if (SSL_CTX_use_cert_and_key(ssl, leaf, key, chain, 1) != 1) {
        e = err_note(note, ERR_INVALID, "%s: the certificate cannot be used: %s", identity->name,
                     tls_last_error());
        goto out;
    }
    warn(leaf, identity->name, note);
    note_expiry(leaf, ret_expires_s);
    for (int i = 0; i < sk_X509_num(chain); i++)
        note_expiry(sk_X509_value(chain, i), ret_expires_s);
out:
    EVP_PKEY_free(key);
    sk_X509_pop_free(chain, X509_free);
    X509_free(leaf);
    BIO_free(pem);
    ERR_clear_error();
    return e;
}

enum err tls_trust(SSL_CTX *ssl, struct span pem, struct err_note *note) {
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    BIO *bio = open_pem(pem);
    size_t count = 0;
    bool is_added = bio != NULL;
    X509 *next;
    while (is_added && (next = next_certificate(bio)) != NULL) {
        is_added = X509_STORE_add_cert(store, next) == 1;
        X509_free(next);
        count++;
    }
    bool is_whole = is_added && is_at_end();
    BIO_free(bio);
    ERR_clear_error();
    if (count > 0 && is_whole) return ERR_OK;
    return err_note(note, ERR_INVALID,
                    count ? "a trusted certificate is damaged"
                          : "no trusted certificate in PEM is there");
}
