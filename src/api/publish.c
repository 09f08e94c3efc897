/* SPDX-License-Identifier: MIT */
/*
 * api/publish.c: POST /api/v1/publish and POST /api/v1/broadcast.
 *
 * A publish becomes one message, which goes to each target by way of the hub. When the workers
 * have too much to deliver before anything was sent, the call fails and may be repeated; when that
 * happens midway, the answer says for each target what became of it, since a repetition would send
 * to some twice.
 */
#include "api/publish_priv.h"

#include "hub/publish.h"
#include "hub/rule.h"
#include "hub/seat.h"

/* The channel of a target; a user's is built in `room`. */
static struct span channel_of(const struct publish_request *request,
                              const struct publish_target *target,
                              char room[static PUBLISH_CHANNEL_MAX]) {
    static const char prefix[] = SEAT_USER_CHANNEL;
    enum { PREFIX_LEN = sizeof prefix - 1 };
    if (!request->is_users) return target->name;
    memcpy(room, prefix, PREFIX_LEN);
    memcpy(room + PREFIX_LEN, target->name.at, target->name.len);
    return span_of(room, PREFIX_LEN + target->name.len);
}

static bool refuse_unavailable(struct api_problem *problem) {
    return api_problem(problem, 503, "store_unavailable",
                       "What is published cannot be kept at present; nothing was sent");
}

static bool refuse_overloaded(struct api_problem *problem) {
    return api_problem(problem, 503, "overloaded",
                       "The server has too much to deliver; nothing was sent");
}

static bool refuse_target(enum err e, struct span channel, struct api_problem *problem) {
    if (e == ERR_IO) return refuse_unavailable(problem);
    if (e == ERR_AGAIN) return refuse_overloaded(problem);
    if (e == ERR_NOT_FOUND) {
        return api_problem(problem, 404, "not_declared", "The channel %.*s was not declared",
                           SPAN_ARG(channel));
    }
    return api_problem(problem, 409, "history_full",
                       "The history of the channel %.*s takes no more", SPAN_ARG(channel));
}

/* Whether each target could be sent to now; one that cannot fails the whole call. */
static bool check_all(struct api *api, const struct publish_request *request,
                      struct api_problem *problem) {
    for (size_t i = 0; i < request->target_count; i++) {
        char room[PUBLISH_CHANNEL_MAX];
        struct span channel = channel_of(request, &request->targets[i], room);
        enum err e = hub_check_channel(api->hub, channel, request->data.len);
        if (e) return refuse_target(e, channel, problem);
    }
    return true;
}

/* Sends to each target; an error, the last one's, when nobody got it. */
static enum err send_all(struct api *api, struct publish *publish) {
    struct publish_request *request = &publish->request;
    struct message *message = message_new(request->data, loop_now_ns(api->loop));
    bool is_sent = false;
    enum err e = ERR_OK;
    if (!message) return ERR_NOMEM;
    for (size_t i = 0; i < request->target_count; i++) {
        struct publish_target *target = &request->targets[i];
        char room[PUBLISH_CHANNEL_MAX];
        struct span channel = channel_of(request, target, room);
        target->err = hub_publish(api->hub, channel, message, &target->receipt);
        if (target->err) {
            e = target->err;
            continue;
        }
        is_sent = true;
        if (target->receipt.ticket) publish->ticket = target->receipt.ticket; /* they rise */
    }
    message_unref(message);
    return is_sent ? ERR_OK : e;
}

/* An answer that is remembered is as good as what it tells of: it waits for the disk too. */
static bool repeat(struct api *api, struct publish *publish) {
    const struct publish_request *request = &publish->request;
    const struct store *store = hub_shared_of(api->hub)->store;
    for (size_t i = 0; i < request->target_count; i++) {
        char room[PUBLISH_CHANNEL_MAX];
        struct span channel = channel_of(request, &request->targets[i], room);
        uint64_t ticket = hub_ticket_of(api->hub, channel);
        if (ticket) publish->ticket = ticket;
    }
    bool is_kept = publish->ticket == 0 || !store_is_failing(store);
    return is_kept || refuse_unavailable(&publish->problem);
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
    case IDEMPOTENCY_OTHER:
        return api_problem(&ret->problem, 422, "idempotency_key_reused",
                           "That idempotency key came with another body before");
    case IDEMPOTENCY_RUNNING:
        return api_problem(&ret->problem, 409, "idempotency_key_in_use",
                           "A call with that idempotency key is under way");
    case IDEMPOTENCY_NO_MEMORY: break;
    }
    return api_problem(&ret->problem, 503, "overloaded",
                       "There is no memory to remember the idempotency key");
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
    if (!check_all(api, &ret->request, &ret->problem)) {
        if (ret->entry) idempotency_abandon(api->shared->idempotency, ret->entry);
        return false;
    }
    enum err e = send_all(api, ret);
    if (!e) return true;
    if (ret->entry) idempotency_abandon(api->shared->idempotency, ret->entry);
    return e == ERR_IO ? refuse_unavailable(&ret->problem) : refuse_overloaded(&ret->problem);
}

static void write_target(const struct publish_request *request, const struct publish_target *target,
                         struct buf *out) {
    char room[PUBLISH_CHANNEL_MAX];
    buf_append_span(out, SPAN("{\"channel\":"));
    json_append_string(out, channel_of(request, target, room));
    if (target->err == ERR_IO) {
        buf_append_span(out, SPAN(",\"error\":{\"code\":\"store_unavailable\",\"message\":\"It "
                                  "cannot be kept at present; not sent\"}}"));
        return;
    }
    if (target->err) {
        buf_append_span(out,
                        SPAN(",\"error\":{\"code\":\"overloaded\",\"message\":\"The server has "
                             "too much to deliver; not sent\"}}"));
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

void publish_write(struct api *api, struct publish *publish, struct buf *out) {
    if (publish->is_again) {
        buf_append_span(out, publish->answer);
        return;
    }
    size_t begin = out->len;
    buf_append_span(out, SPAN("{\"published\":["));
    for (size_t i = 0; i < publish->request.target_count; i++) {
        if (i > 0) buf_append_char(out, ',');
        write_target(&publish->request, &publish->request.targets[i], out);
    }
    buf_append_span(out, SPAN("]}"));
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
