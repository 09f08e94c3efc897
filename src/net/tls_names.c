/* SPDX-License-Identifier: MIT */
/*
 * net/tls_names.c: which certificate for whom: the DNS names that certificates have among their
 * subjectAltNames (RFC 6125 §6.4), read once and sorted.
 */
#include "net/tls_priv.h"

#include "base/mem.h"

#include <openssl/x509v3.h>

enum { NAME_MAX_LEN = 255, NAMES_MAX = 10000 };

struct name {
    char *text; /* small letters */
    SSL_CTX *ssl;
    size_t rank;
};

struct tls_names {
    struct name *at;
    size_t count;
    SSL_CTX *kept[TLS_IDENTITIES_MAX];
    size_t kept_count;
};

static void lower(char *text) {
    for (; *text; text++) {
        if (*text >= 'A' && *text <= 'Z') *text = (char)(*text - 'A' + 'a');
    }
}

struct tls_names *tls_names_new(void) {
    struct tls_names *names = mem_new(sizeof *names);
    names->at = mem_new(NAMES_MAX * sizeof *names->at);
    return names;
}

void tls_names_free(struct tls_names *names) {
    if (!names) return;
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->at[i].text);
    for (size_t i = 0; i < names->kept_count; i++)
        SSL_CTX_free(names->kept[i]);
    mem_free(names->at);
    mem_free(names);
}

static void add(struct tls_names *names, const ASN1_IA5STRING *name, SSL_CTX *ssl) {
    const char *text = (const char *)ASN1_STRING_get0_data(name);
    size_t len = (size_t)ASN1_STRING_length(name);
    if (len == 0 || len > NAME_MAX_LEN || memchr(text, '\0', len)) return;
    if (names->count == NAMES_MAX) return;
    char *own = mem_new_text(text, len);
    lower(own);
    names->at[names->count] = (struct name){ own, ssl, names->count };
    names->count++;
}

void tls_names_add(struct tls_names *names, SSL_CTX *own_ssl) {
    assert(names->kept_count < TLS_IDENTITIES_MAX);
    names->kept[names->kept_count++] = own_ssl;
    GENERAL_NAMES *all =
        X509_get_ext_d2i(SSL_CTX_get0_certificate(own_ssl), NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type == GEN_DNS) add(names, name->d.dNSName, own_ssl);
    }
    GENERAL_NAMES_free(all);
}

static int compare(const void *a, const void *b) {
    const struct name *left = a, *right = b;
    int order = strcmp(left->text, right->text);
    if (order) return order;
    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

void tls_names_sort(struct tls_names *names) {
    qsort(names->at, names->count, sizeof *names->at, compare);
    /* Of one name the first counts. */
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (kept > 0 && strcmp(names->at[i].text, names->at[kept - 1].text) == 0) {
            mem_free(names->at[i].text);
        } else {
            names->at[kept++] = names->at[i];
        }
    }
    names->count = kept;
}

static int compare_text(const void *key, const void *item) {
    const struct name *name = item;
    return strcmp(key, name->text);
}

static SSL_CTX *find(const struct tls_names *names, const char *text) {
    const struct name *hit =
        bsearch(text, names->at, names->count, sizeof *names->at, compare_text);
    return hit ? hit->ssl : NULL;
}

SSL_CTX *tls_names_find(const struct tls_names *names, const char *host) {
    char text[NAME_MAX_LEN + 1];
    size_t len = strlen(host);
    if (len == 0 || len > NAME_MAX_LEN) return NULL;
    memcpy(text, host, len + 1);
    lower(text);
    SSL_CTX *ssl = find(names, text);
    char *dot = strchr(text, '.');
    if (ssl || !dot || dot == text) return ssl;
    /* The asterisk stands for the first label and nothing else. */
    dot[-1] = '*';
    return find(names, dot - 1);
}
