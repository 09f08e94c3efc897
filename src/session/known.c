/* SPDX-License-Identifier: MIT */
/*
 * session/known.c: takes in an answer; gives back what a handshake has that is not judged any more.
 */
#include "session/known.h"

#include "base/mem.h"
#include "session/admission.h"

bool known_hear(struct session *s, uint64_t ticket, enum asked what,
                const struct broker_call *call) {
    uint32_t index = (uint32_t)(ticket >> 32);
    const struct conn *c = conn_at(s, index);
    if (c->state != CONN_HTTP || c->in.http->ticket != ticket) return false;
    struct conn_http *http = c->in.http;
    struct known *known = http->known;
    enum err err = call->err ? call->err : buf_err(&call->answer); /* a lost owner is not nobody */
    struct span owner = buf_span(&call->answer);
    if (what == ASKED_CHANNEL && !err && owner.len > 0 &&
        !span_eq(owner, span_of(known->user, known->user_len))) {
        err = ERR_DENIED;
    }
    known->answers[what] = (struct answer){ true, err, call->value };
    if (what == ASKED_SEAT) known->seats.is_shared = !err;
    http->ticket = 0;
    conn_go_on(s, index);
    return true;
}

void known_give_up(struct conn_http *http) {
    http->known->is_given_up = true;
    http->ticket = 0;
}

void known_forget(struct session *s, struct conn_http *http) {
    if (!http->known) return;
    admission_leave(s, http->known->endpoint, &http->known->seats);
    mem_free(http->known);
    http->known = NULL;
}
