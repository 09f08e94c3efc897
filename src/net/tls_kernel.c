/* SPDX-License-Identifier: MIT */
/*
 * net/tls_kernel.c: the kernel seals what is sent, where it offers that and TLS is 1.3.
 *
 * It is told key, vector and number of the next record, and from then on a write is a plain one.
 * Alerts and updates of keys are records of another kind, named beside their bytes; what the kernel
 * does not take of them is owed until there is room. What comes is still opened by us.
 *
 * The kernel keeps the end of a record for which TCP has no room, and sends it later. Nothing tells
 * of it, and a socket that is shut or closed before drops it. So what TCP should have had is added
 * up here: what was written, and EXTRA_BYTES for each record, of which the kernel knows the number.
 */
#include "net/tls_priv.h"

#include "net/socket_priv.h"

#include <errno.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EXTRA_BYTES = TLS_HEAD_BYTES + 1 + 16, /* of a record: its head, kind and tag */
    SHUT_TRIES = 1000,                     /* turns of the loop that a record may take to leave */
};

static const struct {
    uint16_t cipher;
    uint8_t iv_bytes, key_bytes; /* what the vector has more is called salt */
} suites[TLS_SUITES] = {
    [TLS_AES_128] = { TLS_CIPHER_AES_GCM_128, 8, 16 },
    [TLS_AES_256] = { TLS_CIPHER_AES_GCM_256, 8, 32 },
    [TLS_CHACHA] = { TLS_CIPHER_CHACHA20_POLY1305, 12, 32 },
};

static _Atomic uint64_t streams;

uint64_t tls_kernel_streams(void) {
    return atomic_load_explicit(&streams, memory_order_relaxed);
}

bool tls_kernel_is_offered(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    /* Not to one that is not connected; but that is looked at second. */
    bool is_offered =
        setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") == 0 || errno == ENOTCONN;
    (void)close(fd);
    return is_offered;
}

/* ---- keys ---- */

static void put(struct tls_kernel_key *key, const void *bytes, size_t len) {
    memcpy(key->bytes + key->len, bytes, len);
    key->len += len;
}

void tls_kernel_key(enum tls_suite suite, const struct tls_way *way, struct tls_kernel_key *ret) {
    const struct tls_crypto_info info = { TLS_1_3_VERSION, suites[suite].cipher };
    size_t salt_bytes = TLS_IV_BYTES - suites[suite].iv_bytes;
    uint8_t sequence[8];
    for (int i = 0; i < 8; i++)
        sequence[i] = (uint8_t)(way->sequence >> (56 - 8 * i));
    ret->len = 0;
    put(ret, &info, sizeof info);
    put(ret, way->iv + salt_bytes, suites[suite].iv_bytes);
    put(ret, way->key, suites[suite].key_bytes);
    put(ret, way->iv, salt_bytes);
    put(ret, sequence, sizeof sequence);
}

/* The kernel has them now, or never will. */
static void forget_key(struct tls_way *way) {
    OPENSSL_cleanse(way->key, sizeof way->key);
    OPENSSL_cleanse(way->iv, sizeof way->iv);
}

static bool give_key(int fd, const struct tls *tls) {
    struct tls_kernel_key key;
    tls_kernel_key(tls->suite, &tls->out, &key);
    bool is_taken = setsockopt(fd, SOL_TLS, TLS_TX, key.bytes, (socklen_t)key.len) == 0;
    OPENSSL_cleanse(&key, sizeof key);
    return is_taken;
}

/* The number of the kernel's next record. */
static bool ask_sequence(int fd, const struct tls *tls, uint64_t *ret) {
    struct tls_kernel_key key;
    tls_kernel_key(tls->suite, &tls->out, &key); /* how long it is */
    socklen_t len = (socklen_t)key.len;
    bool is_told = getsockopt(fd, SOL_TLS, TLS_TX, key.bytes, &len) == 0 && len == key.len;
    uint64_t sequence = 0;
    for (size_t i = key.len - 8; i < key.len; i++)
        sequence = sequence << 8 | (uint8_t)key.bytes[i];
    OPENSSL_cleanse(&key, sizeof key);
    if (is_told) *ret = sequence;
    return is_told;
}

void tls_kernel_begin(struct stream *s) {
    struct tls *tls = s->tls;
    tls->wants_kernel = false;
    if (tls->ssl) return;
    /* Without a key it sends as it did before. */
    if (setsockopt(s->fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") != 0) return;
    uint32_t written;
    if (!socket_written(s->fd, &written) || !give_key(s->fd, tls)) return;
    tls->is_kernel = true;
    tls->kernel_sum = written - EXTRA_BYTES * (uint32_t)tls->out.sequence;
    forget_key(&tls->out);
    (void)atomic_fetch_add_explicit(&streams, 1, memory_order_relaxed);
}

void tls_kernel_end(struct tls *tls) {
    if (tls->is_kernel) (void)atomic_fetch_sub_explicit(&streams, 1, memory_order_relaxed);
}

/* ---- what is not data ---- */

static enum err give_up(struct tls *tls, enum tls_problem problem, const char *why) {
    tls->owes_update = tls->owes_alert = false;
    tls->is_broken = true;
    tls_note_problem(tls, problem, why);
    return ERR_CLOSED;
}

static enum err say(struct stream *s, enum tls_content content, struct span bytes) {
    union {
        struct cmsghdr head; /* for its alignment */
        char bytes[CMSG_SPACE(1)];
    } control = { .bytes = { 0 } };
    struct iovec piece = { (void *)(uintptr_t)bytes.at, bytes.len };
    const struct msghdr message = { .msg_iov = &piece,
                                    .msg_iovlen = 1,
                                    .msg_control = control.bytes,
                                    .msg_controllen = sizeof control.bytes };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_TLS;
    head->cmsg_type = TLS_SET_RECORD_TYPE;
    head->cmsg_len = CMSG_LEN(1);
    *CMSG_DATA(head) = (uint8_t)content;
    ssize_t sent;
    do {
        sent = sendmsg(s->fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        s->tls->kernel_sum += (uint32_t)sent;
        s->tls->out.sequence++;
        return ERR_OK;
    }
    if (errno == EAGAIN || errno == ENOBUFS) return ERR_AGAIN;
    return give_up(s->tls, TLS_PROBLEM_CLOSED, err_text(ERR_CLOSED));
}

static enum err say_alert(struct stream *s) {
    struct tls *tls = s->tls;
    char alert[TLS_ALERT_BYTES];
    tls_alert_bytes(tls->owed_alert, alert);
    enum err e = say(s, TLS_ALERT, span_of(alert, sizeof alert));
    if (!e) tls->owes_alert = false;
    return e;
}

/* Kernels before 6.14 take one key for good, and say so before they look at what it is: here it is
 * one that no kernel takes, being too short. */
static bool takes_keys(int fd, const struct tls *tls) {
    const struct tls_crypto_info info = { TLS_1_3_VERSION, suites[tls->suite].cipher };
    return setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof info) == 0 || errno != EBUSY;
}

/* A key that cannot be replaced ends the connection while the peer can still read why. */
static enum err refuse_update(struct stream *s) {
    struct tls *tls = s->tls;
    tls->owes_alert = true;
    tls->owed_alert = SSL_AD_INTERNAL_ERROR;
    (void)!say_alert(s);
    return give_up(tls, TLS_PROBLEM_PARAMETERS, "the kernel does not replace keys");
}

static enum err update(struct stream *s) {
    struct tls *tls = s->tls;
    if (!takes_keys(s->fd, tls)) return refuse_update(s);
    enum err e = say(s, TLS_HANDSHAKE, tls_key_update());
    if (e) return e;
    tls->owes_update = false;
    uint64_t sequence = 0;
    bool is_done = ask_sequence(s->fd, tls, &sequence) && tls_way_update(&tls->out, tls->suite) &&
                   give_key(s->fd, tls);
    forget_key(&tls->out);
    tls->kernel_sum += EXTRA_BYTES * (uint32_t)sequence;
    /* Nothing that we could still say would be understood. */
    return is_done ? ERR_OK
                   : give_up(tls, TLS_PROBLEM_PARAMETERS, "the kernel did not replace the key");
}

enum err tls_kernel_settle(struct stream *s) {
    struct tls *tls = s->tls;
    enum err e = tls->owes_update ? update(s) : ERR_OK;
    if (!e && tls->owes_alert) e = say_alert(s);
    return e;
}

/* ---- data ---- */

/* What we count as records are at least as many as the kernel makes: it is asked when those would
 * be too many. */
static bool is_worn(const struct stream *s) {
    struct tls *tls = s->tls;
    return tls_way_is_worn(&tls->out) && ask_sequence(s->fd, tls, &tls->out.sequence) &&
           tls_way_is_worn(&tls->out);
}

enum err tls_kernel_write(struct stream *s, const struct iovec *pieces, size_t count,
                          size_t *ret_sent) {
    struct tls *tls = s->tls;
    if (unlikely(is_worn(s))) {
        tls->owes_update = true;
        enum err settled = tls_kernel_settle(s);
        if (settled == ERR_AGAIN) *ret_sent = 0;
        if (settled) return settled == ERR_AGAIN ? ERR_OK : settled;
    }
    size_t sent;
    enum err e = stream_write_plain(s->fd, pieces, count, &sent);
    if (e) return give_up(tls, TLS_PROBLEM_CLOSED, err_text(ERR_CLOSED));
    tls->kernel_sum += (uint32_t)sent;
    tls->out.sequence += 1 + count + sent / TLS_PLAIN_MAX;
    *ret_sent = sent;
    return ERR_OK;
}

/* Has the kernel something that TCP had no room for? */
static bool is_held(const struct stream *s) {
    const struct tls *tls = s->tls;
    uint64_t sequence;
    uint32_t written;
    /* In this order: a record that leaves between the two counts as held, and is looked for again.
     */
    if (!socket_written(s->fd, &written) || !ask_sequence(s->fd, tls, &sequence)) return false;
    return (int32_t)(tls->kernel_sum + EXTRA_BYTES * (uint32_t)sequence - written) > 0;
}

enum err tls_kernel_flush(struct stream *s) {
    struct tls *tls = s->tls;
    enum err e = tls_kernel_settle(s);
    if (e || !tls->must_shut) return e;
    if (tls->shut_tries < SHUT_TRIES && is_held(s)) {
        tls->shut_tries++;
        return ERR_AGAIN;
    }
    tls->must_shut = false;
    (void)shutdown(s->fd, SHUT_WR);
    return ERR_OK;
}
