/* SPDX-License-Identifier: MIT */
/*
 * api/publish_answer.c: the answers to publishes. When nobody got it the call fails and may be
 * repeated; when some did, the answer says for each target what became of it, since a repetition
 * would send to some twice.
 */
#include "api/publish_answer_priv.h"

#include "hub/seat.h"

struct span publish_channel(const struct publish_request *request,
                            const struct publish_target *target,
                            char room[static PUBLISH_CHANNEL_MAX]) {
    static const char prefix[] = SEAT_USER_CHANNEL;
    enum { PREFIX_LEN = sizeof prefix - 1 };
    if (!request->is_users) return target->name;
    memcpy(room, prefix, PREFIX_LEN);
    memcpy(room + PREFIX_LEN, target->name.at, target->name.len);
    return span_of(room, PREFIX_LEN + target->name.len);
}

static const struct words {
    int status;
    const char *code;
    const char *whole;  /* of the whole publish; goes on with the channel and */
    const char *behind; /* this, if there is one */
    const char *one;    /* of one of several targets */
} words[PUBLISH_OUTCOMES] = {
    [PUBLISH_OVERLOADED] = { 503, "overloaded",
                             "The server has too much to deliver; nothing was sent", NULL,
                             "The server has too much to deliver; not sent" },
    [PUBLISH_NOT_KEPT] = { 503, "store_unavailable",
                           "What is published cannot be kept at present; nothing was sent", NULL,
                           "It cannot be kept at present; not sent" },
    [PUBLISH_NOT_DECLARED] = { 404, "not_declared", "The channel ", " was not declared",
                               "It was not declared; not sent" },
    [PUBLISH_HISTORY_FULL] = { 409, "history_full", "The history of the channel ", " takes no more",
                               "Its history takes no more; not sent" },
    [PUBLISH_BROKER_DOWN] = { 503, "broker_unavailable",
                              "The broker is not available; nothing was sent", NULL,
                              "The broker is not available; not sent" },
    [PUBLISH_UNKNOWN] = { 503, "broker_unknown", "The broker did not answer; it may have been sent",
                          NULL, "The broker did not answer; it may have been sent" },
};

bool publish_refuse(enum publish_outcome outcome, struct span channel,
                    struct api_problem *problem) {
    const struct words *w = &words[outcome];
    if (!w->behind) return api_problem(problem, w->status, w->code, "%s", w->whole);
    return api_problem(problem, w->status, w->code, "%s%.*s%s", w->whole, SPAN_ARG(channel),
                       w->behind);
}

bool publish_refuse_key(enum err err, struct api_problem *problem) {
    switch (err) {
    case ERR_INVALID:
        return api_problem(problem, 422, "idempotency_key_reused",
                           "That idempotency key came with another body before");
    case ERR_BUSY:
        return api_problem(problem, 409, "idempotency_key_in_use",
                           "A call with that idempotency key is under way");
    case ERR_CLOSED:
    case ERR_IO: return publish_refuse(PUBLISH_BROKER_DOWN, SPAN(""), problem);
    default:
        return api_problem(problem, 503, "overloaded",
                           "There is no memory to remember the idempotency key");
    }
}

bool publish_settle(const struct publish_request *request, struct api_problem *problem) {
    const struct publish_target *failed = NULL;
    size_t sent = 0, unknown = 0;
    for (size_t i = 0; i < request->target_count; i++) {
        const struct publish_target *target = &request->targets[i];
        if (target->outcome != PUBLISH_SENT) failed = target;
        sent += target->outcome == PUBLISH_SENT;
        unknown += target->outcome == PUBLISH_UNKNOWN;
    }
    if (sent > 0 || (unknown > 0 && unknown < request->target_count)) return true;
    char room[PUBLISH_CHANNEL_MAX];
    return publish_refuse(failed->outcome, publish_channel(request, failed, room), problem);
}

static void write_target(const struct publish_request *request, const struct publish_target *target,
                         struct buf *out) {
    char room[PUBLISH_CHANNEL_MAX];
    buf_append_span(out, SPAN("{\"channel\":"));
    json_append_string(out, publish_channel(request, target, room));
    if (target->outcome != PUBLISH_SENT) {
        const struct words *w = &words[target->outcome];
        buf_printf(out, ",\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", w->code, w->one);
        return;
    }
    buf_append_span(out, SPAN(",\"deliveries\":"));
    buf_append_uint(out, target->receipt.deliveries);
    if (target->receipt.skipped > 0) {
        buf_append_span(out, SPAN(",\"skipped\":"));
        buf_append_uint(out, target->receipt.skipped);
    }
    buf_append_char(out, '}');
}

void publish_write_targets(const struct publish_request *request, struct buf *out) {
    buf_append_span(out, SPAN("{\"published\":["));
    for (size_t i = 0; i < request->target_count; i++) {
        if (i > 0) buf_append_char(out, ',');
        write_target(request, &request->targets[i], out);
    }
    buf_append_span(out, SPAN("]}"));
}
