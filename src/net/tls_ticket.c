/* SPDX-License-Identifier: MIT */
/*
 * net/tls_ticket.c: the keys of tickets, by which a client goes on with an earlier session.
 *
 * Contexts that follow each other share them, so that a reload of certificates costs no client its
 * ticket. Two are kept: one for new tickets, and the one before it, whose tickets are taken for as
 * long as they are good, and replaced. What an old key protected is safe from then on.
 */
#include "net/tls_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

enum { NAME_BYTES = 16, SECRET_BYTES = 32, IV_BYTES = 16 };

struct ticket_key {
    unsigned char name[NAME_BYTES]; /* stands in the ticket */
    unsigned char cipher[SECRET_BYTES];
    unsigned char mac[SECRET_BYTES];
};

struct tls_tickets {
    atomic_uint count;
    EVP_CIPHER *cipher; /* fetched once: that is slow */
    pthread_mutex_t lock;
    struct ticket_key now, before; /* under the lock, like the next */
    uint64_t made_ns;
    bool has_before;
};

struct tls_tickets *tls_tickets_new(void) {
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (!cipher) return NULL;
    struct tls_tickets *tickets = mem_new(sizeof *tickets);
    tickets->cipher = cipher;
    atomic_init(&tickets->count, 1);
    (void)pthread_mutex_init(&tickets->lock, NULL);
    random_bytes(&tickets->now, sizeof tickets->now);
    tickets->made_ns = clock_now_ns();
    return tickets;
}

struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets) {
    atomic_fetch_add_explicit(&tickets->count, 1, memory_order_relaxed);
    return tickets;
}

void tls_tickets_unref(struct tls_tickets *tickets) {
    if (!tickets) return;
    if (atomic_fetch_sub_explicit(&tickets->count, 1, memory_order_acq_rel) > 1) return;
    EVP_CIPHER_free(tickets->cipher);
    (void)pthread_mutex_destroy(&tickets->lock);
    OPENSSL_cleanse(tickets, sizeof *tickets);
    mem_free(tickets);
}

static void rotate(struct tls_tickets *tickets, uint64_t now_ns) {
    const uint64_t life_ns = TLS_TICKET_LIFE_S * NS_PER_S;
    if (now_ns < tickets->made_ns + life_ns) return;
    /* After a long silence the last tickets of that key have expired, too. */
    tickets->has_before = now_ns < tickets->made_ns + 2 * life_ns;
    tickets->before = tickets->now;
    random_bytes(&tickets->now, sizeof tickets->now);
    tickets->made_ns = now_ns;
}

void tls_tickets_rotate(struct tls_tickets *tickets, uint64_t now_ns) {
    (void)pthread_mutex_lock(&tickets->lock);
    rotate(tickets, now_ns);
    (void)pthread_mutex_unlock(&tickets->lock);
}

/* The key for new tickets, or the one that `name` names; false: none has that name. */
static bool key_for(struct tls_tickets *tickets, const unsigned char *name, struct ticket_key *ret,
                    bool *ret_is_old) {
    (void)pthread_mutex_lock(&tickets->lock);
    rotate(tickets, clock_now_ns());
    bool is_new = !name || memcmp(name, tickets->now.name, NAME_BYTES) == 0;
    bool is_old =
        !is_new && tickets->has_before && memcmp(name, tickets->before.name, NAME_BYTES) == 0;
    *ret = is_old ? tickets->before : tickets->now;
    (void)pthread_mutex_unlock(&tickets->lock);
    *ret_is_old = is_old;
    return is_new || is_old;
}

static bool set_mac(EVP_MAC_CTX *mac, struct ticket_key *key) {
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* See SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 goes on without the ticket, 1 with it, 2 with it
 * and a new one. */
static int on_ticket(SSL *ssl, unsigned char name[NAME_BYTES], unsigned char iv[IV_BYTES],
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new) {
    const struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct tls_tickets *tickets = context->tickets;
    struct ticket_key key;
    bool is_old;
    if (!key_for(tickets, is_new ? NULL : name, &key, &is_old)) return 0;
    if (is_new) {
        memcpy(name, key.name, NAME_BYTES);
        random_bytes(iv, IV_BYTES);
    }
    bool is_set = EVP_CipherInit_ex2(cipher, tickets->cipher, key.cipher, iv, is_new, NULL) == 1 &&
                  set_mac(mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    if (!is_set) return -1;
    /* In TLS 1.3 a ticket is for one connection (RFC 8446 C.4). */
    return is_old || SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1;
}

void tls_tickets_use(SSL_CTX *ssl) {
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket);
    (void)SSL_CTX_set_timeout(ssl, TLS_TICKET_LIFE_S);
    (void)SSL_CTX_set_num_tickets(ssl, 1);
}
