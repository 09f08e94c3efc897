/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/node_text_priv.h: what nodes say to each other.
 *
 *     ask <node> <number> <question>
 *     answer <number> <node> <1, or 0: it had too much to say> <answer>
 */
#ifndef TIDINGS_BROKER_REDIS_NODE_TEXT_PRIV_H
#define TIDINGS_BROKER_REDIS_NODE_TEXT_PRIV_H

#include "base/buf.h"

enum { NODE_NAME_LEN = 16 }; /* hex digits */

/* Lent from what was read. */
struct node_text {
    struct span node;
    uint64_t number;
    bool is_whole; /* of an answer */
    struct span body;
};

bool node_name_is_good(struct span name);

MUST_USE bool node_text_read_ask(struct span text, struct node_text *ret);
MUST_USE bool node_text_read_answer(struct span text, struct node_text *ret);
void node_text_write_ask(struct buf *out, const struct node_text *what);
void node_text_write_answer(struct buf *out, const struct node_text *what);

#endif
