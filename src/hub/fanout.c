/* SPDX-License-Identifier: MIT */
/*
 * hub/fanout.c: one message to all of a channel's subscribers on this worker. A pointer each:
 * nothing is copied, locked or allocated for a receiver.
 */
#include "hub/channel_priv.h"

enum {
    PUSHES_A_TURN = 1 << 17, /* a few milliseconds' worth */
    MAIL_AT_ONCE = 64,
};

void fanout(struct hub *hub, uint32_t index, struct message *message) {
    struct channel *channel = channel_at(hub, index);
    const uint32_t *subscribers = channel_subscribers(channel);
    uint32_t count = channel->count;
    /* All references at once: one atomic operation, not one a receiver. */
    message_ref_many(message, count);
    uint32_t refused = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!hub->ops->deliver(hub->owner, subscribers[i], message)) refused++;
    }
    message_unref_many(message, refused);
    hub->pushed += count;
    busy_note(hub, channel->interest, count - refused);
}

bool hub_is_sated(const struct hub *hub) {
    return hub->pushed >= PUSHES_A_TURN;
}

static void deliver_mail(struct hub *hub, const struct mail *mail) {
    struct message *message = mail->message;
    if (hub->generations[mail->channel] == mail->generation) fanout(hub, mail->channel, message);
    atomic_fetch_sub_explicit(&hub->shared->mailed_bytes, message->len, memory_order_relaxed);
    message_unref(message);
}

bool fanout_mail(void *owner) {
    struct hub *hub = owner;
    struct mailbox *box = hub->shared->mailboxes[hub->worker];
    struct mail mail[MAIL_AT_ONCE];
    size_t count;
    while (!hub_is_sated(hub) && (count = mailbox_take(box, mail, MAIL_AT_ONCE)) > 0) {
        for (size_t i = 0; i < count; i++) {
            if (mail[i].message) {
                deliver_mail(hub, &mail[i]);
            } else {
                ask_mail(hub, mail[i].ask);
            }
        }
    }
    ask_finish_done(hub);
    publish_take_answers(hub);
    for (uint64_t left = hub->to_wake; left; left &= left - 1) {
        mailbox_wake(hub->shared->mailboxes[__builtin_ctzll(left)]);
    }
    hub->to_wake = 0;
    hub->pushed = 0;
    return !mailbox_is_empty(box);
}

void hub_settle(struct hub *hub) {
    while (fanout_mail(hub))
        ;
}
