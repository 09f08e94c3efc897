/* SPDX-License-Identifier: MIT */
/*
 * net/tls.h: who we are and whom we trust, as streams need it for TLS 1.2 and 1.3 (RFC 5246, 8446).
 *
 * A context is made once, from bytes that somebody else has read, is never changed and is counted:
 * any thread may use it, and a stream that began with it keeps it. `stream_begin_tls_server` and
 * `stream_begin_tls_client` (net/stream.h) are what it is for.
 *
 * No renegotiation, no compression, no early data; in TLS 1.2 only ECDHE with AEAD. A server hands
 * out tickets, keeps no sessions, and rotates the keys of its tickets.
 */
#ifndef TIDINGS_NET_TLS_H
#define TIDINGS_NET_TLS_H

#include "base/err.h"
#include "base/span.h"

enum tls_version { TLS_1_2, TLS_1_3 };

/* A certificate with those between it and a root, in that order, and its private key; both PEM. A
 * key that asks for a passphrase is refused. */
struct tls_identity {
    const char *name; /* for notes: "tls.cert_file", a path */
    struct span chain;
    struct span key;
};

/* At most this many for a server. */
enum { TLS_IDENTITIES_MAX = 64 };

struct tls_server_options {
    /* The first serves who names no server, or one that no other certificate is for (RFC 6066 §3,
     * RFC 6125 §6.4). Several of one name may differ in the kind of key: the first of them counts.
     */
    const struct tls_identity *identities;
    size_t identity_count; /* at least 1 */
    enum tls_version min_version;
    /* The kernel seals what is sent by TLS 1.3, where it will. */
    bool uses_kernel;
    /* The one that is to be replaced: its tickets stay good. NULL: none are. */
    struct tls_context *heir_of;
};

struct tls_client_options {
    struct span trusted;                 /* PEM of authorities; empty: those of the system */
    const struct tls_identity *identity; /* shown to a server that asks; NULL: none */
    enum tls_version min_version;
    bool is_http;        /* says `http/1.1` (ALPN) */
    bool trusts_each;    /* of `trusted` is good by itself, be it an authority or a server's own */
    bool trusts_anybody; /* no certificate is checked: for trying out and measuring */
};

struct tls_context;

/* ERR_INVALID with what is wrong in `note`: no PEM, a key that is another certificate's, a key that
 * is too weak, ... ERR_NOMEM. With ERR_OK `note` is empty or holds a warning: a certificate that is
 * expired or not valid yet is served nevertheless. The options and their bytes are not kept. */
MUST_USE enum err tls_server_new(const struct tls_server_options *options, struct tls_context **ret,
                                 struct err_note *note);
MUST_USE enum err tls_client_new(const struct tls_client_options *options, struct tls_context **ret,
                                 struct err_note *note);

struct tls_context *tls_context_ref(struct tls_context *context);
/* NULL is fine. */
void tls_context_unref(struct tls_context *context);

/* When the first of its certificates, or of those in their chains, expires: seconds since 1970; 0
 * when it has none. */
int64_t tls_context_expires_s(const struct tls_context *context);

/* Whether the kernel would seal what is sent. One that can load what it needs for that does so for
 * root. */
bool tls_kernel_is_offered(void);
/* How many streams of the process it does so for. */
uint64_t tls_kernel_streams(void);

/* Why there is no TLS with a peer, as it is counted. `stream_problem_text` has the words. */
#define TLS_PROBLEM_MAP(X)                                                                         \
    X(NONE, "ok")                                                                                  \
    X(CLOSED, "closed")         /* the peer left, or cut the stream without saying so */           \
    X(PLAIN_HTTP, "plain_http") /* it speaks HTTP without TLS: `stream_end_tls` and say so */      \
    X(NOT_TLS, "not_tls")       /* it speaks something else */                                     \
    X(VERSION, "version")       /* no version in common */                                         \
    X(PARAMETERS, "parameters") /* no cipher, group or signature algorithm in common; or the peer  \
                                   wants another key, and the kernel keeps the one it has */       \
    X(APPLICATION, "alpn")      /* it wants to speak another protocol than HTTP/1 */               \
    X(CERTIFICATE, "certificate") /* its certificate was refused here */                           \
    X(REFUSED, "refused_by_peer") /* it refused ours, or gave up with another alert */             \
    X(PROTOCOL, "protocol")       /* it broke the rules of TLS, or the bytes were changed */       \
    X(FLOOD, "flood")             /* too many records that carry nothing */                        \
    X(MEMORY, "out_of_memory")

enum tls_problem {
#define ITEM(name, text) TLS_PROBLEM_##name,
    TLS_PROBLEM_MAP(ITEM)
#undef ITEM
        TLS_PROBLEM_KINDS
};

/* The word for a label: "plain_http". */
const char *tls_problem_label(enum tls_problem problem);

#endif
