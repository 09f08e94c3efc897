/* SPDX-License-Identifier: MIT */
/*
 * ws/pending_priv.h: what is kept of a frame or message whose end has not come yet.
 */
#ifndef TIDINGS_WS_PENDING_PRIV_H
#define TIDINGS_WS_PENDING_PRIV_H

#include "base/utf8.h"
#include "ws/message.h"

struct ws_pending {
    struct ws_budget *budget;
    /* Input that nobody has looked at yet; see `ws_reader_hold`. */
    char *held;
    size_t held_cap;
    struct ws_input rest; /* of it */
    /* The message under way. */
    char *data; /* the part of its payload that is kept */
    size_t data_len;
    size_t data_cap;
    uint64_t message_len; /* of its payload so far, kept or not */
    struct utf8_state utf8;
    uint8_t message_op; /* 0: no message is under way */
    bool is_compressed;
    /* The frame under way. */
    bool has_head;     /* the head is complete, the payload not */
    uint8_t bytes_len; /* bytes of an incomplete head, in `bytes` */
    uint32_t since_s;  /* when the message, or the frame by itself, began; 0: not yet */
    struct ws_head head;
    uint64_t frame_done; /* payload bytes of it that have come */
    /* An incomplete head, then the payload if that is a control frame. */
    char bytes[WS_CONTROL_MAX];
};

/* NULL when there is no memory or the budget has none left. */
MUST_USE struct ws_pending *pending_new(struct ws_budget *budget);
/* Gives the bytes back to the budget too; NULL is fine. */
void pending_free(struct ws_pending *p);
/* Forgets the message and the frame; what is held stays. */
void pending_clear(struct ws_pending *p);

/* Keeps `in`, of which a part may be held already. False as above. */
MUST_USE bool pending_hold(struct ws_pending *p, const struct ws_input *in);
/* Nothing is held any more. */
void pending_let_go(struct ws_pending *p);

/* Whether nothing is under way any more: what it lent is all that it is still there for. */
static inline bool pending_is_spent(const struct ws_pending *p) {
    return p->message_op == 0 && !p->has_head && p->bytes_len == 0;
}

/* Appends to `data`, which will not have to hold more than `expected` bytes in the end. False when
 * there is no memory or the budget has none left. */
MUST_USE
bool pending_keep(struct ws_pending *p, struct span bytes, uint64_t expected);

#endif
