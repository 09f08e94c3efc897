/* SPDX-License-Identifier: MIT */
/*
 * load/message.h: what a load generator publishes: a JSON object of a given size that carries its
 * number and when it was sent, and is recognised even inside an envelope that a server puts around
 * it.
 */
#ifndef TIDINGS_LOAD_MESSAGE_H
#define TIDINGS_LOAD_MESSAGE_H

#include "base/buf.h"
#include "base/span.h"

/* The smallest size in bytes. */
enum { LOAD_MESSAGE_MIN = 64 };

struct load_mark {
    uint64_t number;
    uint64_t at_ns;
};

/* Appends a message of `bytes` bytes, at least LOAD_MESSAGE_MIN. */
void load_message_write(struct buf *out, struct load_mark mark, size_t bytes);

/* Finds the mark in what was received; false for what is no such message. */
MUST_USE bool load_message_read(struct span text, struct load_mark *ret);

#endif
