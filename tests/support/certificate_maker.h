/* SPDX-License-Identifier: MIT */
/*
 * support/certificate_maker.h: authorities, certificates and keys, made on the spot.
 */
#ifndef TIDINGS_SUPPORT_CERTIFICATE_MAKER_H
#define TIDINGS_SUPPORT_CERTIFICATE_MAKER_H

#include "base/span.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

struct maker_text {
    char text[8192];
    size_t len;
};

/* What is made: an authority if `names` is NULL, else a certificate for them as in "DNS:a.example,
 * IP:127.0.0.1". */
struct maker_order {
    const char *names;
    const struct made *issuer; /* NULL: itself */
    int from_days, to_days;    /* from now; both 0: good for a month */
    int rsa_bits;              /* 0: P-256 */
};

struct made {
    struct maker_text certificate, key;
    X509 *x509;
    EVP_PKEY *pkey;
};

static inline void maker_write(BIO *bio, struct maker_text *ret) {
    int len = BIO_read(bio, ret->text, sizeof ret->text - 1);
    assert(len > 0);
    ret->len = (size_t)len;
    ret->text[len] = '\0';
    BIO_free(bio);
}

static inline struct span maker_span(const struct maker_text *text) {
    return span_of(text->text, text->len);
}

static inline void maker_extend(X509 *x509, X509 *issuer, int kind, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    assert(extension);
    (void)X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
}

static inline void make(const struct maker_order *order, struct made *ret) {
    static long number = 1;
    EVP_PKEY *pkey = order->rsa_bits ? EVP_RSA_gen((unsigned)order->rsa_bits) : EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    assert(pkey && x509);
    const struct made *issuer = order->issuer;
    bool is_month = order->from_days == 0 && order->to_days == 0;
    (void)X509_set_version(x509, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x509), number++);
    (void)X509_time_adj_ex(X509_getm_notBefore(x509), is_month ? -1 : order->from_days, 0, NULL);
    (void)X509_time_adj_ex(X509_getm_notAfter(x509), is_month ? 30 : order->to_days, 0, NULL);
    X509_NAME *name = X509_get_subject_name(x509);
    char subject[32];
    (void)snprintf(subject, sizeof subject, "number %ld", number);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (unsigned char *)subject, -1, -1,
                                     0);
    (void)X509_set_issuer_name(x509, issuer ? X509_get_subject_name(issuer->x509) : name);
    (void)X509_set_pubkey(x509, pkey);
    X509 *by = issuer ? issuer->x509 : x509;
    if (order->names) {
        maker_extend(x509, by, NID_basic_constraints, "critical,CA:FALSE");
        if (order->names[0]) maker_extend(x509, by, NID_subject_alt_name, order->names);
    } else {
        maker_extend(x509, by, NID_basic_constraints, "critical,CA:TRUE");
        maker_extend(x509, by, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    assert(X509_sign(x509, issuer ? issuer->pkey : pkey, EVP_sha256()) > 0);
    ret->x509 = x509;
    ret->pkey = pkey;
    BIO *bio = BIO_new(BIO_s_mem());
    assert(PEM_write_bio_X509(bio, x509) == 1);
    maker_write(bio, &ret->certificate);
    bio = BIO_new(BIO_s_mem());
    assert(PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1);
    maker_write(bio, &ret->key);
}

static inline void made_free(struct made *made) {
    X509_free(made->x509);
    EVP_PKEY_free(made->pkey);
}

#endif
