/* SPDX-License-Identifier: MIT */
/*
 * net/stream.h: a connected byte stream with backpressure: what the kernel does not take, the
 * caller keeps. Nothing is buffered here.
 */
#ifndef TIDINGS_NET_STREAM_H
#define TIDINGS_NET_STREAM_H

#include "base/address.h"
#include "net/loop.h"

#include <sys/uio.h>

/* Embedded by value in what it belongs to; -1 is no stream. */
struct stream {
    int fd;
};

/* At most this many pieces go into one `stream_write`. */
enum { STREAM_PIECES_MAX = 64 };

/* Up to `cap` bytes. ERR_OK with `*ret_len` > 0, ERR_AGAIN when there are none yet, ERR_CLOSED at
 * the peer's end of stream or after a reset. */
MUST_USE enum err stream_read(struct stream *s, char *at, size_t cap, size_t *ret_len);

/* Hands `count` pieces to the kernel with one system call. ERR_OK with what it took, which may be
 * less than all and even nothing: then wait for EPOLLOUT. ERR_CLOSED when the peer is gone. */
MUST_USE enum err stream_write(struct stream *s, const struct iovec *pieces, size_t count,
                               size_t *ret_sent);

/* Sends the end of stream; reading goes on. */
void stream_finish_writing(struct stream *s);

/* Closes the descriptor; what the kernel holds is still sent. */
void stream_close(struct stream *s);
/* Closes at once with a reset; what the kernel holds is dropped. For peers that read nothing. */
void stream_abort(struct stream *s);

/* Bytes that were written and that the peer has not acknowledged yet (SIOCOUTQ); 0 if unknown. */
size_t stream_unacknowledged(const struct stream *s);

/* Begins a connection to `address`; writable when it stands (or failed: the first read or write
 * then says so). ERR_IO and a note when it cannot even begin. */
MUST_USE enum err stream_connect(const struct address *address, struct stream *ret,
                                 struct err_note *note);
/* Before that first read or write: why the connection could not be made, an errno, and 0 if it
 * stands or is under way. Says it once. */
int stream_connect_errno(const struct stream *s);

#endif
