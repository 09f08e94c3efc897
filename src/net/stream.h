/* SPDX-License-Identifier: MIT */
/*
 * net/stream.h: a connected byte stream with backpressure: what the kernel does not take, the
 * caller keeps. TCP alone, or TLS on it; one who reads and writes need not know which.
 *
 * A plain stream buffers nothing. One with TLS holds at most a record that the kernel has refused,
 * encrypted already, and the beginning of one that the peer has not sent completely. So what was
 * written has gone when `stream_flush` says so as well. Where the kernel seals records, it may
 * still hold the end of one then, which it drops if the stream is closed: before that
 * `stream_flush` is to succeed once more behind `stream_finish_writing`.
 *
 * A stream with TLS belongs to one thread.
 */
#ifndef TIDINGS_NET_STREAM_H
#define TIDINGS_NET_STREAM_H

#include "base/address.h"
#include "net/loop.h"
#include "net/tls.h"

#include <sys/uio.h>

struct tls;

/* Embedded by value in what it belongs to; -1 is no stream. */
struct stream {
    int fd;
    struct tls *tls; /* NULL: plain */
};

/* At most this many pieces go into one `stream_write`. */
enum { STREAM_PIECES_MAX = 64 };
/* The least room that a `stream_read` may offer if there is TLS: what a record may carry. */
enum { STREAM_READ_MIN = 16384 };

/* Up to `cap` bytes. ERR_OK with `*ret_len` > 0, ERR_AGAIN when there are none yet, ERR_CLOSED at
 * the peer's end of stream, after a reset, and when TLS failed. Nothing that has come is left where
 * poll(2) does not see it. It carries the handshake on, too. */
MUST_USE enum err stream_read(struct stream *s, char *at, size_t cap, size_t *ret_len);

/* Hands `count` pieces to the kernel, with one system call if it is not more than a record of TLS
 * takes. ERR_OK with what was taken, which may be less than all and even nothing: then wait until
 * `stream_flush` can be called with success (see `stream_awaits_room`). ERR_CLOSED when the peer is
 * gone. */
MUST_USE enum err stream_write(struct stream *s, const struct iovec *pieces, size_t count,
                               size_t *ret_sent);

/* Hands over what earlier writes, or the handshake, left behind. ERR_OK when there is nothing
 * (more), ERR_AGAIN: wait for EPOLLOUT; ERR_CLOSED. A plain stream has never anything. */
MUST_USE enum err stream_flush(struct stream *s);

/* Whether it is EPOLLOUT that says when to write on. False while a handshake waits for the peer: it
 * is `stream_read` then, after which `stream_is_shaking` says whether writing is possible. */
bool stream_awaits_room(const struct stream *s);

/* Nobody is there any more to hear an answer: a reset came, or both ends are closed. */
bool stream_is_broken(const struct stream *s);

/* Sends the end of stream, behind what `stream_flush` still has; reading goes on. */
void stream_finish_writing(struct stream *s);

/* Closes the descriptor; what the kernel holds is still sent. */
void stream_close(struct stream *s);
/* Closes at once with a reset; what the kernel holds is dropped. For peers that read nothing. */
void stream_abort(struct stream *s);

/* Bytes that were written and that the peer has not acknowledged yet (SIOCOUTQ, and what
 * `stream_flush` has); 0 if unknown. */
size_t stream_unacknowledged(const struct stream *s);

/* Bytes that TLS holds in buffers for it: what `stream_flush` has, and an unfinished record. */
size_t stream_held_bytes(const struct stream *s);

/* Begins a connection to `address`; writable when it stands (or failed: the first read or write
 * then says so). ERR_IO and a note when it cannot even begin. */
MUST_USE enum err stream_connect(const struct address *address, struct stream *ret,
                                 struct err_note *note);
/* Before that first read or write: why the connection could not be made, an errno, and 0 if it
 * stands or is under way. Says it once. */
int stream_connect_errno(const struct stream *s);

/* From here on it is TLS; nothing may have been read or written. It keeps `context`. The handshake
 * is driven by `stream_read` and `stream_flush`. ERR_NOMEM: the stream is as it was. */
MUST_USE enum err stream_begin_tls_server(struct stream *s, struct tls_context *context);
/* Likewise, to a server that must prove to be `name`, a DNS name or an IP address. The connection
 * may still be under way; the first bytes wait for a `stream_flush`. ERR_INVALID: no such name. */
MUST_USE enum err stream_begin_tls_client(struct stream *s, struct tls_context *context,
                                          const char *name);

/* The handshake is not finished: nothing can be written yet. */
bool stream_is_shaking(const struct stream *s);
/* After the handshake: it went on where an earlier connection had left off. */
bool stream_is_resumed(const struct stream *s);
/* "TLSv1.2", "TLSv1.3"; empty when it is plain or not known yet. */
const char *stream_tls_version(const struct stream *s);
/* Why TLS failed; TLS_PROBLEM_NONE when it did not. Good until the stream is closed. */
enum tls_problem stream_problem(const struct stream *s);
/* The same in words without a full stop: "certificate has expired"; empty when it did not. */
const char *stream_problem_text(const struct stream *s);
/* Makes it a plain one that can be written to: for words to a peer that does not speak TLS. */
void stream_end_tls(struct stream *s);

#endif
