/* SPDX-License-Identifier: MIT */
/*
 * session/notice.c: tells clients that notifications may fail to reach this server, and when they
 * do again.
 *
 * A connection remembers what it was last told. After a change all slots are gone through, so many
 * a turn; who comes meanwhile is told with the answer to its handshake. When things change back
 * before somebody's turn came, that client hears of neither.
 */
#include "base/clock.h"
#include "hub/subscribe.h"
#include "session/channels.h"
#include "session/conn_priv.h"
#include "ws/frame.h"

enum { PORTION = 64 }; /* as many as a turn flushes */

/* The words for one endpoint, or for one channel of it, framed for all who get them in a turn. */
struct notice {
    struct message *message;
    uint32_t channel; /* of the hub; 0 where the words are the same for all */
};

void session_set_degraded(struct session *s, bool is_degraded) {
    if (s->is_degraded == is_degraded) return;
    s->is_degraded = is_degraded;
    s->notice_next = 1; /* slots count from 1 */
    loop_wake(s->loop);
}

/* The channel that the client came for; may be none. */
static const struct subscription *own_channel(struct conn *c) {
    size_t count;
    const struct subscription *subscriptions = channels_of(c, &count);
    return count > 0 && subscriptions[0].channel ? &subscriptions[0] : NULL;
}

static void write_words(struct session *s, struct conn *c, struct buf *out) {
    const struct subscription *own = own_channel(c);
    struct span channel = own ? hub_channel_name(s->hub, own) : SPAN("");
    conn_endpoint(s, c)->dialect->notice(s->is_degraded, channel, clock_wall_ms(), out);
}

void notice_welcome(struct session *s, uint32_t index, struct buf *out) {
    struct conn *c = conn_at(s, index);
    if (!s->is_degraded) return;
    write_words(s, c, out);
    c->is_told_degraded = !buf_err(out);
}

/* NULL: no memory. */
static struct message *message_for(struct session *s, struct conn *c, struct notice *notice) {
    const struct subscription *own = own_channel(c);
    bool is_own = conn_endpoint(s, c)->dialect->has_channel_notice;
    uint32_t channel = is_own && own ? own->channel : 0;
    if (notice->message && notice->channel == channel) return notice->message;
    message_unref(notice->message);
    *notice = (struct notice){ .channel = channel };
    buf_clear(&s->scratch);
    write_words(s, c, &s->scratch);
    if (!buf_err(&s->scratch)) {
        notice->message = message_new_frame(WS_OP_TEXT, buf_span(&s->scratch));
    }
    return notice->message;
}

static void tell(struct session *s, uint32_t index, struct notice *notices) {
    struct conn *c = conn_at(s, index);
    if (c->state != CONN_OPEN || c->is_told_degraded == s->is_degraded) return;
    struct message *message = message_for(s, c, &notices[c->endpoint]);
    if (!message) return; /* it hears nothing of this change, and of its end neither */
    c->is_told_degraded = s->is_degraded;
    if (!conn_push(s, index, message_ref(message))) message_unref(message);
}

bool notice_turn(void *owner) {
    struct session *s = owner;
    if (!s->notice_next) return false;
    struct notice notices[COUNT_ENDPOINTS_MAX] = { 0 };
    for (int i = 0; i < PORTION && s->notice_next; i++) {
        if (s->notice_next < s->conns.fresh) {
            tell(s, s->notice_next++, notices);
        } else {
            s->notice_next = 0;
        }
    }
    for (size_t i = 0; i < countof(notices); i++)
        message_unref(notices[i].message);
    return s->notice_next != 0;
}
