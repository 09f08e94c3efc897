/* SPDX-License-Identifier: MIT */
/*
 * net/tls_stream.c: the bytes of a stream with TLS, in and out.
 *
 * In: what came is cut into records here (RFC 8446 §5.1: five bytes of head say how long one is),
 * and OpenSSL gets whole ones, one at a time. So what is unfinished costs what came of it instead
 * of OpenSSL's buffer for the longest, and records that carry nothing can be counted.
 *
 * Out: one record takes up to 16 KiB of what is to be written and leaves with one system call. What
 * the kernel refuses of it waits here; until it has gone nothing else is encrypted. Where the
 * kernel seals, nothing waits (tls_kernel.c).
 */
#include "net/tls_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    HELLO_MAX = 16384,          /* the first message of a client; those of browsers have 2 KiB */
    SILENT_MAX = 32,            /* records that may carry nothing for the application, */
    SPOKEN_FOR_A_SILENT = 1024, /* and how many others make up for one of them */
    LEFT_MAX = 64 << 10,        /* a record and answers of the protocol's own */
};
enum { RECORD_HANDSHAKE = 22, CLIENT_HELLO = 1 };

/* ---- out ---- */

static void break_off(struct tls *tls, enum tls_problem problem, const char *why) {
    tls->is_broken = true;
    tls_note_problem(tls, problem, why);
}

/* How much went, which may be nothing; -1 when nothing ever will. See stream.c for the system call.
 */
static ssize_t send_some(int fd, const char *at, size_t len) {
    for (;;) {
        ssize_t sent = syscall(SYS_sendto, fd, at, len, MSG_NOSIGNAL, NULL, 0);
        if (sent >= 0) return sent;
        if (errno == EAGAIN || errno == ENOBUFS || errno == ENOTCONN) return 0;
        if (errno != EINTR) return -1;
    }
}

static enum err keep(struct tls *tls, struct span bytes) {
    size_t waits = tls_left(tls);
    if (waits + bytes.len > LEFT_MAX) {
        break_off(tls, TLS_PROBLEM_FLOOD, "it does not read the answers that it makes TLS give");
        return ERR_CLOSED;
    }
    char *left = mem_try(waits + bytes.len);
    if (!left) {
        break_off(tls, TLS_PROBLEM_MEMORY, err_text(ERR_NOMEM));
        return ERR_NOMEM;
    }
    if (waits) memcpy(left, tls->left + tls->left_begin, waits);
    memcpy(left + waits, bytes.at, bytes.len);
    mem_free(tls->left);
    tls->left = left;
    tls->left_begin = 0;
    tls->left_end = (uint32_t)(waits + bytes.len);
    return ERR_OK;
}

enum err tls_keep_out(struct tls *tls, struct tls_wire *wire) {
    struct span out = buf_span(&wire->out);
    enum err e = out.len ? keep(tls, out) : ERR_OK;
    tls_wire_clear(wire);
    return e;
}

/* Sends what OpenSSL has written, behind what is left. */
static enum err send_out(struct stream *s, struct tls_wire *wire) {
    struct tls *tls = s->tls;
    struct span out = buf_span(&wire->out);
    if (tls->is_kernel && tls_kernel_settle(s) == ERR_CLOSED) return ERR_CLOSED;
    if (out.len == 0) {
        /* Nor must want of room for it be the next stream's. */
        tls_wire_clear(wire);
        return ERR_OK;
    }
    enum err e = ERR_OK;
    ssize_t sent = tls->left ? 0 : send_some(s->fd, out.at, out.len);
    if (sent < 0) {
        break_off(tls, TLS_PROBLEM_CLOSED, err_text(ERR_CLOSED));
        e = ERR_CLOSED;
    } else if ((size_t)sent < out.len) {
        e = keep(tls, span_skip(out, (size_t)sent));
    }
    tls_wire_clear(wire);
    return e ? ERR_CLOSED : ERR_OK;
}

enum err tls_flush(struct stream *s) {
    struct tls *tls = s->tls;
    if (tls->is_broken) return ERR_CLOSED;
    if (tls->is_kernel) return tls_kernel_flush(s);
    if (!tls->left) return ERR_OK;
    ssize_t sent = send_some(s->fd, tls->left + tls->left_begin, tls_left(tls));
    if (sent < 0) {
        break_off(tls, TLS_PROBLEM_CLOSED, err_text(ERR_CLOSED));
        return ERR_CLOSED;
    }
    tls->left_begin += (uint32_t)sent;
    if (tls->left_begin < tls->left_end) return ERR_AGAIN;
    mem_free(tls->left);
    tls->left = NULL;
    tls->left_begin = tls->left_end = 0;
    if (tls->must_shut) (void)shutdown(s->fd, SHUT_WR);
    tls->must_shut = false;
    return ERR_OK;
}

/* What is still to be written: `begin` bytes of the first piece are not. */
struct rest {
    const struct iovec *pieces;
    size_t count;
    size_t begin;
};

/* The next bytes for one record: where they lie if that is one place, gathered if not. Empty at the
 * end. */
static struct span next_plain(struct rest *rest, char room[static TLS_PLAIN_MAX]) {
    size_t len = 0;
    while (rest->count > 0 && len < TLS_PLAIN_MAX) {
        const char *at = (const char *)rest->pieces->iov_base + rest->begin;
        size_t here = rest->pieces->iov_len - rest->begin;
        size_t part = size_min(here, TLS_PLAIN_MAX - len);
        bool is_alone = len == 0 && (part == TLS_PLAIN_MAX || rest->count == 1);
        if (!is_alone && part) memcpy(room + len, at, part);
        len += part;
        rest->begin += part;
        if (part == here) {
            rest->pieces++;
            rest->count--;
            rest->begin = 0;
        }
        if (is_alone) return span_of(at, len);
    }
    return span_of(room, len);
}

static enum err write_record(struct stream *s, struct tls_wire *wire, struct span plain) {
    struct tls *tls = s->tls;
    size_t taken;
    bool is_written = tls->ssl ? SSL_write_ex(tls->ssl, plain.at, plain.len, &taken) == 1
                               : tls_say(tls, wire, TLS_DATA, plain);
    if (is_written) return send_out(s, wire);
    tls->is_broken = true;
    tls_note_failure(tls);
    tls_wire_clear(wire);
    return ERR_CLOSED;
}

enum err tls_write(struct stream *s, const struct iovec *pieces, size_t count, size_t *ret_sent) {
    struct tls *tls = s->tls;
    enum err e = tls_flush(s);
    if (e == ERR_CLOSED) return e;
    if (tls->wants_kernel && !tls->left && !tls->is_shaking) tls_kernel_begin(s);
    if (tls->is_kernel && !e) return tls_kernel_write(s, pieces, count, ret_sent);
    struct tls_wire *wire = tls_wire();
    if (!wire) return ERR_CLOSED;
    size_t sent = 0;
    struct rest rest = { pieces, count, 0 };
    while (!tls->left && !tls->is_shaking && !tls->is_kernel) {
        struct span plain = next_plain(&rest, wire->gathered);
        if (plain.len == 0) break;
        e = write_record(s, wire, plain);
        if (e) return e;
        sent += plain.len;
    }
    *ret_sent = sent;
    return ERR_OK;
}

/* RFC 8446 §6.1: our end is said before the kernel's. */
static void say_end(struct stream *s, struct tls_wire *wire) {
    struct tls *tls = s->tls;
    tls->has_finished = true;
    if (tls->is_shaking || tls->is_broken) return;
    if (tls->ssl) {
        (void)SSL_shutdown(tls->ssl);
        ERR_clear_error();
    } else {
        tls_say_alert(tls, wire, SSL_AD_CLOSE_NOTIFY);
    }
    (void)send_out(s, wire);
}

void tls_finish_writing(struct stream *s) {
    struct tls *tls = s->tls;
    struct tls_wire *wire = tls_wire();
    if (wire && !tls->has_finished) say_end(s, wire);
    tls->must_shut = !tls->is_broken && (tls->left || tls->is_kernel);
    if (!tls->must_shut) {
        (void)shutdown(s->fd, SHUT_WR);
    } else if (tls->is_kernel) {
        (void)!tls_kernel_flush(s);
    }
}

void tls_part(struct stream *s) {
    struct tls *tls = s->tls;
    struct tls_wire *wire = tls_wire();
    if (wire && !tls->has_finished && !tls->left) say_end(s, wire);
}

/* ---- in ---- */

void tls_fail(struct tls *tls, enum tls_problem problem, const char *why) {
    tls_note_problem(tls, problem, why);
    tls->is_broken = true;
    tls->has_peer_ended = true;
}

/* How long the record is whose head `bytes` begin with. */
static size_t record_len(struct span bytes) {
    return TLS_HEAD_BYTES + ((size_t)(uint8_t)bytes.at[3] << 8 | (uint8_t)bytes.at[4]);
}

/* What is missing of the record, or of its head, that `bytes` begin with. */
static size_t missing(struct span bytes) {
    if (bytes.len < TLS_HEAD_BYTES) return TLS_HEAD_BYTES - bytes.len;
    size_t whole = record_len(bytes);
    /* One too long is for OpenSSL to refuse, by its head. */
    return whole > TLS_RECORD_MAX || whole <= bytes.len ? 0 : whole - bytes.len;
}

/* Takes the record off that `bytes` begin with; false when it is not complete. */
static bool next_record(struct span *bytes, struct span *ret) {
    if (bytes->len == 0 || missing(*bytes) > 0) return false;
    *ret = span_of(bytes->at, size_min(record_len(*bytes), bytes->len));
    *bytes = span_skip(*bytes, ret->len);
    return true;
}

/* A server judges the very first bytes itself: whether it is TLS at all, and how much OpenSSL would
 * reserve for the message that they announce. */
static bool greets_well(struct tls *tls, struct span bytes) {
    uint8_t first = (uint8_t)bytes.at[0];
    if (first >= 'A' && first <= 'Z') {
        tls_fail(tls, TLS_PROBLEM_PLAIN_HTTP, "HTTP without TLS");
        return false;
    }
    if (first != RECORD_HANDSHAKE) {
        tls_fail(tls, TLS_PROBLEM_NOT_TLS, "something else than TLS");
        return false;
    }
    if (missing(bytes) > 0) return true;
    const uint8_t *hello = (const uint8_t *)bytes.at + TLS_HEAD_BYTES;
    if (bytes.len < TLS_HEAD_BYTES + 4 || hello[0] != CLIENT_HELLO) {
        tls_fail(tls, TLS_PROBLEM_PROTOCOL, "it does not begin with a hello");
        return false;
    }
    if (((size_t)hello[1] << 16 | (size_t)hello[2] << 8 | hello[3]) > HELLO_MAX) {
        tls_fail(tls, TLS_PROBLEM_PROTOCOL, "its hello is too long");
        return false;
    }
    tls->has_heard = true;
    return true;
}

/* Bounds what makes us work and brings nobody anything: updates of keys, empty records. */
static bool bears_record(struct tls *tls, bool has_spoken) {
    if (!has_spoken) return ++tls->silent <= SILENT_MAX;
    if (++tls->spoken == SPOKEN_FOR_A_SILENT) {
        tls->spoken = 0;
        if (tls->silent > 0) tls->silent--;
    }
    return true;
}

/* OpenSSL reads no further. */
static void take_end(struct tls *tls) {
    int error = SSL_get_error(tls->ssl, 0);
    if (error == SSL_ERROR_WANT_READ) return;
    tls->has_peer_ended = true;
    if (error == SSL_ERROR_ZERO_RETURN) return;
    tls->is_broken = true;
    tls_note_failure(tls);
}

/* OpenSSL takes a whole record. */
static void feed_record(struct tls *tls, struct tls_wire *wire, struct span record,
                        struct tls_room *room) {
    wire->in = record;
    do {
        size_t len;
        if (SSL_read_ex(tls->ssl, room->at + room->len, room->cap - room->len, &len) != 1) {
            take_end(tls);
            break;
        }
        room->len += len;
    } while (wire->in.len > 0 || SSL_pending(tls->ssl) > 0);
    wire->in = (struct span){ NULL, 0 };
    /* Before TLS 1.3 it waits for the end of those that are up to 64 bytes too long. */
    if (!tls->has_peer_ended && record_len(record) > TLS_RECORD_MAX)
        tls_fail(tls, TLS_PROBLEM_PROTOCOL, tls_alert_text(SSL_AD_RECORD_OVERFLOW));
}

static void shake(struct tls *tls, struct tls_wire *wire, struct span record,
                  struct tls_room *room) {
    if (!tls->ssl && !tls_get_ssl(tls)) {
        tls_fail(tls, TLS_PROBLEM_MEMORY, err_text(ERR_NOMEM));
        return;
    }
    size_t before = wire->out.len;
    feed_record(tls, wire, record, room);
    if (tls->has_peer_ended || !SSL_is_init_finished(tls->ssl)) return;
    tls->is_shaking = false;
    tls->is_resumed = SSL_session_reused(tls->ssl);
    tls_take_over(tls, span_skip(buf_span(&wire->out), before));
}

static void take_record(struct tls *tls, struct tls_wire *wire, struct span record,
                        struct tls_room *room) {
    if (tls->is_shaking) {
        shake(tls, wire, record, room);
        return;
    }
    size_t before = room->len;
    if (tls->ssl) {
        feed_record(tls, wire, record, room);
    } else {
        tls_take_sealed(tls, wire, record, room);
    }
    if (!tls->has_peer_ended && !bears_record(tls, room->len > before)) {
        tls_fail(tls, TLS_PROBLEM_FLOOD, "too many records that carry nothing");
    }
}

/* Keeps the beginning of a record. */
static void keep_partial(struct tls *tls, struct span bytes) {
    char *partial = NULL;
    if (bytes.len > 0 && !tls->has_peer_ended) {
        partial = mem_try(bytes.len);
        if (!partial) {
            tls_fail(tls, TLS_PROBLEM_MEMORY, err_text(ERR_NOMEM));
            bytes.len = 0;
        } else {
            memcpy(partial, bytes.at, bytes.len);
        }
    }
    mem_free(tls->partial);
    tls->partial = partial;
    tls->partial_len = partial ? (uint32_t)bytes.len : 0;
}

/* Receives behind what is there of a record. No more than fits the caller's room when decrypted, or
 * the one record. */
static enum err receive(struct stream *s, struct tls_wire *wire, size_t cap, struct span *ret) {
    struct tls *tls = s->tls;
    size_t have = tls->partial_len;
    if (have) memcpy(wire->received, tls->partial, have);
    size_t most = size_max(cap > have ? cap - have : 0, missing(span_of(wire->received, have)));
    most = size_min(most, sizeof wire->received - have);
    ssize_t got;
    do {
        got = recv(s->fd, wire->received + have, most, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        *ret = span_of(wire->received, have + (size_t)got);
        return ERR_OK;
    }
    return got < 0 && errno == EAGAIN ? ERR_AGAIN : ERR_CLOSED;
}

enum err tls_read(struct stream *s, char *at, size_t cap, size_t *ret_len) {
    struct tls *tls = s->tls;
    assert(cap >= STREAM_READ_MIN);
    struct tls_wire *wire = tls->has_peer_ended ? NULL : tls_wire();
    if (!wire) return ERR_CLOSED;
    struct span bytes;
    enum err e = receive(s, wire, cap, &bytes);
    if (e == ERR_CLOSED)
        tls_fail(tls, TLS_PROBLEM_CLOSED, "it closed the connection without a word");
    if (e) return e;
    ERR_clear_error();
    struct tls_room room = { at, cap, 0 };
    struct span record;
    bool is_fine = !tls->is_server || tls->has_heard || greets_well(tls, bytes);
    while (is_fine && !tls->has_peer_ended && next_record(&bytes, &record))
        take_record(tls, wire, record, &room);
    keep_partial(tls, bytes);
    /* Answers of TLS itself, alerts among them. */
    if (send_out(s, wire)) tls->has_peer_ended = true;
    if (room.len == 0) return tls->has_peer_ended ? ERR_CLOSED : ERR_AGAIN;
    /* The end is to be read as well, so poll(2) must see one. */
    if (tls->has_peer_ended) (void)shutdown(s->fd, SHUT_RD);
    *ret_len = room.len;
    return ERR_OK;
}
