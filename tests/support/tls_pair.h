/* SPDX-License-Identifier: MIT */
/*
 * support/tls_pair.h: a client and a server of ours, or of OpenSSL alone, on a pair of sockets.
 */
#ifndef TIDINGS_SUPPORT_TLS_PAIR_H
#define TIDINGS_SUPPORT_TLS_PAIR_H

#include "certificate_maker.h"

#include "net/stream.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

/* An authority and what it has signed for "localhost" and 127.0.0.1. */
struct tls_world {
    struct made authority, leaf;
    struct tls_context *server, *client;
};

static inline struct tls_identity made_identity(const struct made *made) {
    return (struct tls_identity){ "test", maker_span(&made->certificate), maker_span(&made->key) };
}

static inline struct tls_context *made_server(const struct made *made,
                                              struct tls_context *heir_of) {
    struct tls_identity identity = made_identity(made);
    struct tls_context *context = NULL;
    enum err e = tls_server_new(&(struct tls_server_options){ .identities = &identity,
                                                              .identity_count = 1,
                                                              .heir_of = heir_of },
                                &context, NULL);
    return e ? NULL : context;
}

static inline struct tls_context *made_client(const struct made *authority) {
    struct tls_context *context = NULL;
    enum err e =
        tls_client_new(&(struct tls_client_options){ .trusted = maker_span(&authority->certificate),
                                                     .is_http = true },
                       &context, NULL);
    return e ? NULL : context;
}

static inline void tls_world_make(struct tls_world *w) {
    make(&(struct maker_order){ 0 }, &w->authority);
    make(&(struct maker_order){ .names = "DNS:localhost,IP:127.0.0.1", .issuer = &w->authority },
         &w->leaf);
    w->server = made_server(&w->leaf, NULL);
    w->client = made_client(&w->authority);
    assert(w->server && w->client);
}

static inline void tls_world_free(struct tls_world *w) {
    tls_context_unref(w->server);
    tls_context_unref(w->client);
    made_free(&w->leaf);
    made_free(&w->authority);
}

static inline void socket_pair(int ret[2]) {
    int e = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret);
    assert(e == 0);
    (void)e;
}

/* Likewise by TCP. If it `is_tight` what goes to the second waits in the first when it is more than
 * a few kilobytes. */
static inline void tcp_pair(int ret[2], bool is_tight) {
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, small = 4096;
    int e = bind(listening, (struct sockaddr *)&at, len);
    if (!e) e = listen(listening, 1);
    if (!e) e = getsockname(listening, (struct sockaddr *)&at, &len);
    ret[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!e && is_tight) e = setsockopt(ret[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (!e) e = connect(ret[1], (struct sockaddr *)&at, len);
    ret[0] = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (!e && is_tight) e = setsockopt(ret[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    if (!e) e = fcntl(ret[1], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 2 && !e; i++)
        e = setsockopt(ret[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    assert(e == 0 && ret[0] >= 0);
    (void)e;
    (void)close(listening);
}

/* Two streams without TLS yet. */
struct tls_pair {
    struct stream server, client;
};

static inline void tls_pair_open(struct tls_pair *p) {
    int fds[2];
    socket_pair(fds);
    p->server = (struct stream){ .fd = fds[0] };
    p->client = (struct stream){ .fd = fds[1] };
}

/* Begins TLS on both. */
static inline void tls_pair_begin(struct tls_pair *p, struct tls_context *server,
                                  struct tls_context *client, const char *name) {
    tls_pair_open(p);
    enum err e = stream_begin_tls_server(&p->server, server);
    if (!e) e = stream_begin_tls_client(&p->client, client, name);
    assert(e == ERR_OK);
}

/* One side's turn of a handshake; what it says of it. */
static inline enum err tls_turn(struct stream *s) {
    static _Thread_local char room[65536];
    size_t len;
    enum err e = stream_flush(s);
    if (e == ERR_OK || e == ERR_AGAIN) e = stream_read(s, room, sizeof room, &len);
    return e;
}

/* Turns until neither shakes or one has failed; true if both are through. */
static inline bool tls_pair_shake(struct tls_pair *p) {
    for (int i = 0; i < 20; i++) {
        enum err client = tls_turn(&p->client), server = tls_turn(&p->server);
        if (client == ERR_CLOSED && server == ERR_CLOSED) return false;
        if (!stream_is_shaking(&p->client) && !stream_is_shaking(&p->server)) {
            /* Tickets, and whether the other was content after all. */
            client = tls_turn(&p->client);
            server = tls_turn(&p->server);
            return client == ERR_AGAIN && server == ERR_AGAIN;
        }
    }
    return false;
}

static inline void tls_pair_close(struct tls_pair *p) {
    stream_close(&p->client);
    stream_close(&p->server);
}

/* ---- OpenSSL alone as the client ---- */

struct foreign {
    SSL_CTX *context;
    SSL *ssl;
    struct stream server;
    SSL_SESSION *session; /* the last that it was given */
};

static inline int foreign_on_session(SSL *ssl, SSL_SESSION *own) {
    struct foreign *f = SSL_get_app_data(ssl);
    SSL_SESSION_free(f->session);
    f->session = own;
    return 1;
}

static inline void foreign_open(struct foreign *f) {
    *f = (struct foreign){ .context = SSL_CTX_new(TLS_client_method()), .server = { .fd = -1 } };
    assert(f->context);
    SSL_CTX_set_session_cache_mode(f->context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(f->context, foreign_on_session);
}

/* A new connection on `fds`, which takes up the last session if `does_resume`. */
static inline void foreign_begin(struct foreign *f, const int fds[2], struct tls_context *server,
                                 bool does_resume) {
    f->server = (struct stream){ .fd = fds[0] };
    enum err e = stream_begin_tls_server(&f->server, server);
    assert(e == ERR_OK);
    (void)e;
    f->ssl = SSL_new(f->context);
    assert(f->ssl);
    SSL_set_app_data(f->ssl, f);
    (void)SSL_set_fd(f->ssl, fds[1]);
    SSL_set_connect_state(f->ssl);
    if (does_resume && f->session) (void)SSL_set_session(f->ssl, f->session);
}

static inline void foreign_connect(struct foreign *f, struct tls_context *server,
                                   bool does_resume) {
    int fds[2];
    socket_pair(fds);
    foreign_begin(f, fds, server, does_resume);
}

/* True if both are through; a TLS 1.3 server's ticket has been read then. */
static inline bool foreign_shake(struct foreign *f) {
    for (int i = 0; i < 20; i++) {
        char room[16];
        int done = SSL_do_handshake(f->ssl);
        bool is_fatal = done != 1 && SSL_get_error(f->ssl, done) != SSL_ERROR_WANT_READ;
        enum err server = tls_turn(&f->server);
        if (server == ERR_CLOSED || is_fatal) return false;
        if (done == 1 && !stream_is_shaking(&f->server)) {
            (void)SSL_read(f->ssl, room, sizeof room);
            /* OpenSSL does not tell of one that replaces another before TLS 1.3. */
            if (SSL_version(f->ssl) < TLS1_3_VERSION) {
                (void)foreign_on_session(f->ssl, SSL_get1_session(f->ssl));
            }
            return true;
        }
    }
    return false;
}

static inline void foreign_hang_up(struct foreign *f) {
    int fd = SSL_get_fd(f->ssl);
    SSL_set_shutdown(f->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(f->ssl);
    f->ssl = NULL;
    (void)close(fd);
    stream_close(&f->server);
    ERR_clear_error();
}

static inline void foreign_close(struct foreign *f) {
    if (f->ssl) foreign_hang_up(f);
    SSL_SESSION_free(f->session);
    SSL_CTX_free(f->context);
}

#endif
