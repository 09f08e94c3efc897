/* SPDX-License-Identifier: MIT */
/*
 * net/tls_priv.h: what the files of TLS have in common.
 *
 * tls_context.c makes contexts, with tls_identity.c, tls_names.c (which certificate for whom) and
 * tls_ticket.c. tls_begin.c begins and ends streams, tls_stream.c moves their bytes: through the
 * wire (tls_wire.c) to and from OpenSSL, and past it when a handshake of TLS 1.3 is over
 * (tls_after.c, tls_record.c), or by the kernel (tls_kernel.c). tls_problem.c has the words for
 * what went wrong.
 */
#ifndef TIDINGS_NET_TLS_PRIV_H
#define TIDINGS_NET_TLS_PRIV_H

#include "net/stream.h"

#include "base/buf.h"
#include "net/tls_record_priv.h"

#include <openssl/ssl.h>
#include <stdatomic.h>

struct tls_names;
struct tls_tickets;

struct tls_context {
    atomic_uint count;
    SSL_CTX *ssl;                /* of the first identity */
    struct tls_names *names;     /* a server's other identities; NULL: none */
    struct tls_tickets *tickets; /* a server's */
    int64_t expires_s;
    bool uses_kernel; /* a server's */
};

/* What a stream has beside its descriptor. */
struct tls {
    SSL *ssl; /* NULL before the first record, and, as the next, after a handshake of TLS 1.3 */
    struct tls_context *context;
    char *partial; /* the beginning of a record */
    char *left;    /* ciphertext that the kernel has refused */
    const char *why;
    uint32_t partial_len;
    uint32_t left_begin, left_end;
    uint16_t silent; /* records that carried nothing, less those that were made up for */
    uint16_t spoken; /* records that did, since one was last made up for */
    uint8_t problem; /* enum tls_problem */
    uint8_t secrets; /* of the next, how many are known */
    uint8_t suite;   /* enum tls_suite */
    uint8_t owed_alert;
    uint32_t kernel_sum; /* of what TCP had, or has still to get, less each record's own bytes */
    struct tls_way in, out;
    uint32_t message_left; /* of a message of the handshake, to be skipped */
    uint8_t message[5];    /* or its beginning */
    uint8_t message_len;
    bool is_server : 1;
    bool is_shaking : 1;
    bool is_resumed : 1;
    bool has_heard : 1;      /* something of the peer */
    bool has_peer_ended : 1; /* nothing more is to be read */
    bool is_broken : 1;      /* nothing more is to be written */
    bool has_finished : 1;   /* our end of stream is said, */
    bool must_shut : 1;      /* but something must leave before the kernel may say it, too */
    bool wants_kernel : 1;   /* is to be asked to seal what is sent, */
    bool is_kernel : 1;      /* and does; then nothing is left */
    bool owes_alert : 1;     /* that the kernel did not take yet, */
    bool owes_update : 1;    /* or a new key */
    uint16_t shut_tries;     /* turns that waited for what the kernel held */
};

static inline size_t tls_left(const struct tls *tls) {
    return tls->left_end - tls->left_begin;
}

/* tls_wire.c: what the thread's streams share: a BIO, so that none needs one, and room. */

struct tls_wire {
    BIO *bio;
    struct span in; /* what OpenSSL may read */
    struct buf out; /* what it has written, and we */
    struct tls_ciphers ciphers;
    char received[2 * TLS_RECORD_MAX];
    char gathered[TLS_PLAIN_MAX];
};

/* The calling thread's; NULL when there is no memory. */
struct tls_wire *tls_wire(void);
/* What OpenSSL has written is elsewhere now. */
void tls_wire_clear(struct tls_wire *wire);

/* tls_stream.c: net/stream.h's functions for a stream with TLS */

enum err tls_read(struct stream *s, char *at, size_t cap, size_t *ret_len);
enum err tls_write(struct stream *s, const struct iovec *pieces, size_t count, size_t *ret_sent);
enum err tls_flush(struct stream *s);
void tls_finish_writing(struct stream *s);
/* Nothing more is to be read or written, for that reason. */
void tls_fail(struct tls *tls, enum tls_problem problem, const char *why);
/* Says goodbye if that is possible at once. */
void tls_part(struct stream *s);
/* stream.c: likewise, as if there were no TLS. */
MUST_USE enum err stream_write_plain(int fd, const struct iovec *pieces, size_t count,
                                     size_t *ret_sent);
/* Keeps what OpenSSL has written without trying to send it. */
MUST_USE enum err tls_keep_out(struct tls *tls, struct tls_wire *wire);

/* tls_begin.c */

void tls_free(struct tls *tls);
/* What a handshake needs. A server gets it when a client has said something: until then one costs
 * 300 bytes and not 9 KB. False: no memory. */
MUST_USE bool tls_get_ssl(struct tls *tls);
/* The server must prove to be `name`, which is sent if it is none of an address (RFC 6066 §3).
 * ERR_INVALID: no such name. ERR_NOMEM. */
MUST_USE enum err tls_expect(SSL *ssl, const char *name);
/* OpenSSL has done its part. */
void tls_drop_ssl(struct tls *tls);

/* tls_after.c */

/* Where plaintext goes. */
struct tls_room {
    char *at;
    size_t cap;
    size_t len;
};

/* OpenSSL's callback for keys that are known. */
void tls_on_secret(const SSL *ssl, const char *line);
/* The handshake is over, and OpenSSL has answered its last record: if it was TLS 1.3, it is not
 * needed any more. */
void tls_take_over(struct tls *tls, struct span answer);
/* The following without OpenSSL: appends a record to what goes out; false: no memory. */
MUST_USE bool tls_say(struct tls *tls, struct tls_wire *wire, enum tls_content content,
                      struct span plain);
void tls_say_alert(struct tls *tls, struct tls_wire *wire, int description);
enum { TLS_ALERT_BYTES = 2 };
void tls_alert_bytes(int description, char ret[static TLS_ALERT_BYTES]);
/* The message that says: from here on there is a new key. */
struct span tls_key_update(void);
/* Takes a whole record that lies in what the wire has received. */
void tls_take_sealed(struct tls *tls, struct tls_wire *wire, struct span record,
                     struct tls_room *room);

/* tls_kernel.c */

/* Makes the kernel seal what is sent from here on, if it will; otherwise all is as it was. Once,
 * when the handshake is over and nothing is left. */
void tls_kernel_begin(struct stream *s);
void tls_kernel_end(struct tls *tls);
/* The following after `is_kernel`: data, as `stream_write`; */
MUST_USE enum err tls_kernel_write(struct stream *s, const struct iovec *pieces, size_t count,
                                   size_t *ret_sent);
/* alerts and updates that are owed, ERR_AGAIN: not all of them could leave; */
MUST_USE enum err tls_kernel_settle(struct stream *s);
/* that, and the end of stream behind what the kernel held. */
MUST_USE enum err tls_kernel_flush(struct stream *s);

/* What the kernel is told of a key (struct tls12_crypto_info_...). */
struct tls_kernel_key {
    size_t len;
    char bytes[64];
};
void tls_kernel_key(enum tls_suite suite, const struct tls_way *way, struct tls_kernel_key *ret);

/* tls_problem.c */

/* Notes why OpenSSL gave up, from its queue of errors, which is empty afterwards. */
void tls_note_failure(struct tls *tls);
/* The first one counts. */
void tls_note_problem(struct tls *tls, enum tls_problem problem, const char *why);
/* What an alert says. */
const char *tls_alert_text(int number);
/* OpenSSL's last error as words; its queue is emptied, too. */
const char *tls_last_error(void);

/* tls_identity.c */

/* Gives `ssl` the certificate, its chain and the key. `ret_expires_s` only falls. */
MUST_USE enum err tls_identity_use(SSL_CTX *ssl, const struct tls_identity *identity,
                                   int64_t *ret_expires_s, struct err_note *note);
/* Trusts what `pem` has. */
MUST_USE enum err tls_trust(SSL_CTX *ssl, struct span pem, struct err_note *note);

/* Since 1970; 0 for a time that is none. */
int64_t tls_seconds_of(const ASN1_TIME *time);

/* tls_names.c: the names in certificates, sorted */

struct tls_names *tls_names_new(void);
void tls_names_free(struct tls_names *names);
/* Adds those of the certificate of `own_ssl`, which is kept until the end. */
void tls_names_add(struct tls_names *names, SSL_CTX *own_ssl);
/* After the last was added. */
void tls_names_sort(struct tls_names *names);
/* The one for `host`: its own name comes before a wildcard, what was added early before what was
 * added late. NULL: none. */
SSL_CTX *tls_names_find(const struct tls_names *names, const char *host);

/* tls_ticket.c: the keys of tickets (RFC 5077 §4, RFC 8446 §4.6.1) */

enum { TLS_TICKET_LIFE_S = 8 * 3600 };

/* NULL when OpenSSL has no memory. */
struct tls_tickets *tls_tickets_new(void);
struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets);
void tls_tickets_unref(struct tls_tickets *tickets);
/* Makes `ssl` use those of its context (the app data of `ssl`). */
void tls_tickets_use(SSL_CTX *ssl);
/* New tickets get a new key when the one they had is as old as a ticket may be. */
void tls_tickets_rotate(struct tls_tickets *tickets, uint64_t now_ns);

#endif
