/* SPDX-License-Identifier: MIT */
/*
 * api/publish.c: POST /api/v1/publish and POST /api/v1/broadcast.
 *
 * A publish becomes one message, which goes to each target by way of the hub; with a broker that
 * nodes share that is publish_later.c.
 */
#include "api/publish_later_priv.h"
#include "api/publish_priv.h"

#include "hub/publish.h"
#include "hub/rule.h"

static enum publish_outcome outcome_of(enum err e) {
    switch (e) {
    case ERR_OK: return PUBLISH_SENT;
    case ERR_IO: return PUBLISH_NOT_KEPT;
    case ERR_NOT_FOUND: return PUBLISH_NOT_DECLARED;
    default: return PUBLISH_OVERLOADED;
    }
}

/* Whether each target could be sent to now; one that cannot fails the whole call. */
static bool check_all(struct api *api, const struct publish_request *request,
                      struct api_problem *problem) {
    for (size_t i = 0; i < request->target_count; i++) {
        char room[PUBLISH_CHANNEL_MAX];
        struct span channel = publish_channel(request, &request->targets[i], room);
        enum err e = hub_check_channel(api->hub, channel, request->data.len);
        if (e == ERR_LIMIT) return publish_refuse(PUBLISH_HISTORY_FULL, channel, problem);
        if (e) return publish_refuse(outcome_of(e), channel, problem);
    }
    return true;
}

/* Sends to each target. */
static void send_all(struct api *api, struct publish *publish) {
    struct publish_request *request = &publish->request;
    struct message *message = message_new(request->data, loop_now_ns(api->loop));
    for (size_t i = 0; i < request->target_count; i++) {
        struct publish_target *target = &request->targets[i];
        char room[PUBLISH_CHANNEL_MAX];
        struct span channel = publish_channel(request, target, room);
        enum err e =
            message ? hub_publish(api->hub, channel, message, &target->receipt) : ERR_NOMEM;
        target->outcome = outcome_of(e);
        if (!e && target->receipt.ticket) publish->ticket = target->receipt.ticket; /* they rise */
    }
    message_unref(message);
}

/* An answer that is remembered is as good as what it tells of: it waits for the disk too. */
static bool repeat(struct api *api, struct publish *publish) {
    const struct publish_request *request = &publish->request;
    const struct store *store = hub_shared_of(api->hub)->store;
    for (size_t i = 0; i < request->target_count; i++) {
        char room[PUBLISH_CHANNEL_MAX];
        struct span channel = publish_channel(request, &request->targets[i], room);
        uint64_t ticket = hub_ticket_of(api->hub, channel);
        if (ticket) publish->ticket = ticket;
    }
    bool is_kept = publish->ticket == 0 || !store_is_failing(store);
    return is_kept || publish_refuse(PUBLISH_NOT_KEPT, SPAN(""), &publish->problem);
}

/* Judges the idempotency key, if there is one: true when the publish is to be carried out, or
 * `is_again`. */
static bool begin_once(struct api *api, const struct api_key *key, struct span body,
                       struct publish *ret) {
    const struct idempotency_call call = { key->id, ret->request.idempotency_key, body };
    if (call.key.len == 0) return true;
    switch (idempotency_begin(api->shared->idempotency, &call, loop_now_ns(api->loop), &ret->entry,
                              &api->answer)) {
    case IDEMPOTENCY_FIRST: return true;
    case IDEMPOTENCY_AGAIN:
        ret->is_again = true;
        ret->answer = buf_span(&api->answer);
        return true;
    case IDEMPOTENCY_OTHER: return publish_refuse_key(ERR_INVALID, &ret->problem);
    case IDEMPOTENCY_RUNNING: return publish_refuse_key(ERR_BUSY, &ret->problem);
    case IDEMPOTENCY_NO_MEMORY: break;
    }
    return publish_refuse_key(ERR_NOMEM, &ret->problem);
}

bool publish_run(struct api *api, const struct api_key *key, enum publish_kind kind,
                 struct span body, struct publish *ret) {
    const struct publish_rooms rooms = { &api->name, &api->key };
    ret->entry = NULL;
    ret->is_again = false;
    ret->ticket = 0;
    ret->request.own_list = NULL;
    if (!publish_request_read(body, kind, api->rules->publish_max_bytes, &rooms, &ret->request,
                              &ret->problem)) {
        return false;
    }
    if (!begin_once(api, key, body, ret)) return false;
    if (ret->is_again) return repeat(api, ret);
    bool is_good = check_all(api, &ret->request, &ret->problem);
    if (is_good) {
        send_all(api, ret);
        is_good = publish_settle(&ret->request, &ret->problem);
    }
    if (!is_good && ret->entry) idempotency_abandon(api->shared->idempotency, ret->entry);
    return is_good;
}

void publish_write(struct api *api, struct publish *publish, struct buf *out) {
    if (publish->is_again) {
        buf_append_span(out, publish->answer);
        return;
    }
    size_t begin = out->len;
    publish_write_targets(&publish->request, out);
    if (publish->entry) {
        /* A broken buffer has lost its answer, but not what was sent. */
        struct span answer = buf_err(out) ? SPAN("") : span_skip(buf_span(out), begin);
        idempotency_finish(api->shared->idempotency, publish->entry, answer);
    }
}

void publish_finish(struct publish *publish) {
    publish_request_finish(&publish->request);
}

static void answer_post(struct api *api, struct http_call *call, enum publish_kind kind) {
    const struct api_key *key;
    if (!api_authorize(api, call, API_SCOPE_PUBLISH, &key)) return;
    if (hub_is_shared(api->hub)) {
        struct publish_job *job = publish_job_new(api, call, key, call->request->body, 1);
        if (!job) return;
        publish_job_add(job, kind, publish_job_text(job));
        publish_job_begin(job, call, false);
        return;
    }
    struct publish publish;
    if (publish_run(api, key, kind, call->request->body, &publish)) {
        http_response_start(call->response, 200);
        publish_write(api, &publish, http_response_open(call->response, HTTP_JSON));
        http_response_close(call->response);
        call->held_until = publish.ticket;
    } else {
        api_problem_answer(&publish.problem, call->response);
    }
    publish_finish(&publish);
}

void publish_post(void *api, struct http_call *call) {
    answer_post(api, call, PUBLISH_TARGETED);
}

void publish_broadcast_post(void *api, struct http_call *call) {
    answer_post(api, call, PUBLISH_BROADCAST);
}
