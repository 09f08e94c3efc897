/* SPDX-License-Identifier: MIT */
/*
 * api/users.c: GET and DELETE /api/v1/users/{id}/connections: what an operator sees of a user's
 * connections, and how they are ended. They live on all workers, so all are asked and the answer
 * comes later.
 */
#include "api/disconnect_request_priv.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "hub/ask.h"
#include "hub/user.h"

enum { LISTED_BYTES_MAX = 32 << 20 }; /* of all workers together */

/* What one worker answers. */
struct part {
    struct buf listed; /* its connections as JSON objects with commas between them */
    uint64_t ended;
};

struct question {
    struct hub_ask ask; /* first: the one is the other's address */
    const struct api_shared *shared;
    struct http_later later;
    char user[USER_ID_MAX];
    size_t user_len;
    bool ends; /* else it lists */
    uint16_t code;
    char reason[DISCONNECT_REASON_MAX];
    size_t reason_len;
    size_t part_count;
    struct part parts[]; /* one a worker, which alone writes to it */
};

static struct question *question_of(struct hub_ask *ask) {
    return container_of(ask, struct question, ask);
}

static struct question *question_new(const struct api *api, struct span user) {
    size_t count = api->shared->options.hub_shared->worker_count;
    struct question *q = mem_new(sizeof *q + count * sizeof q->parts[0]);
    q->shared = api->shared;
    memcpy(q->user, user.at, user.len);
    q->user_len = user.len;
    q->part_count = count;
    for (size_t i = 0; i < count; i++)
        buf_init(&q->parts[i].listed, LISTED_BYTES_MAX / count);
    return q;
}

static void question_free(struct question *q) {
    for (size_t i = 0; i < q->part_count; i++)
        buf_finish(&q->parts[i].listed);
    mem_free(q);
}

/* What is to be listed and for whom, on one worker. */
struct listing {
    const struct api_shared *shared;
    struct buf *out;
};

static void list_one(void *context, const struct subscriber_about *about) {
    const struct listing *listing = context;
    struct buf *out = listing->out;
    char connected_at[CLOCK_TEXT_BYTES];
    clock_text(about->connected_ms, connected_at);
    if (out->len > 0) buf_append_char(out, ',');
    buf_append_text(out, "{\"id\":");
    json_append_string(out, span_str(about->id));
    buf_append_text(out, ",\"endpoint\":");
    json_append_string(out, span_str(listing->shared->options.endpoint_names[about->endpoint]));
    buf_append_text(out, ",\"connected_at\":");
    json_append_string(out, span_str(connected_at));
    buf_append_text(out, ",\"remote_address\":");
    json_append_string(out, span_str(about->address));
    buf_append_char(out, '}');
}

static void run(struct hub_ask *ask, struct hub *hub, size_t worker) {
    struct question *q = question_of(ask);
    struct part *part = &q->parts[worker];
    struct span user = span_of(q->user, q->user_len);
    if (q->ends) {
        part->ended = hub_user_end(hub, user, q->code, span_of(q->reason, q->reason_len));
    } else {
        struct listing listing = { q->shared, &part->listed };
        hub_user_list(hub, user, list_one, &listing);
    }
}

static void write_list(void *context, struct http_response *response) {
    const struct question *q = context;
    http_response_start(response, 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    buf_append_text(out, "{\"connections\":[");
    bool is_first = true;
    for (size_t i = 0; i < q->part_count; i++) {
        struct span listed = buf_span(&q->parts[i].listed);
        if (listed.len == 0) continue;
        if (!is_first) buf_append_char(out, ',');
        is_first = false;
        buf_append_span(out, listed);
    }
    buf_append_text(out, "]}");
    http_response_close(response);
}

static void write_ended(void *context, struct http_response *response) {
    const struct question *q = context;
    uint64_t ended = 0;
    for (size_t i = 0; i < q->part_count; i++)
        ended += q->parts[i].ended;
    http_response_start(response, 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    buf_append_text(out, "{\"disconnected\":");
    buf_append_uint(out, ended);
    buf_append_char(out, '}');
    http_response_close(response);
}

static void write_overloaded(void *context, struct http_response *response) {
    (void)context;
    struct api_problem problem;
    (void)api_problem(&problem, 503, "overloaded", "Not every worker could answer");
    api_problem_answer(&problem, response);
}

static bool has_all(const struct question *q) {
    for (size_t i = 0; i < q->part_count; i++) {
        if (buf_err(&q->parts[i].listed)) return false;
    }
    return true;
}

static void done(struct hub_ask *ask, enum hub_answered how) {
    struct question *q = question_of(ask);
    const struct http_later *later = &q->later;
    if (how != HUB_ANSWERED_NEVER) {
        bool is_whole = how == HUB_ANSWERED_BY_ALL && has_all(q);
        http_writer writer = !is_whole ? write_overloaded : q->ends ? write_ended : write_list;
        later->answer(later->owner, later->ticket, writer, q);
    }
    question_free(q);
}

/* Takes over the question. */
static void ask_all(struct api *api, struct http_call *call, struct question *own_q) {
    own_q->ask.run = run;
    own_q->ask.done = done;
    own_q->later = call->later;
    if (hub_ask_all(api->hub, &own_q->ask) == ERR_OK) {
        call->is_later = true;
        return;
    }
    question_free(own_q);
    write_overloaded(NULL, call->response);
}

/* The user in the path; else it is answered. */
static bool read_user(struct http_call *call, struct span *ret) {
    *ret = http_params_get(&call->params, SPAN("id"));
    if (utf8_is_name(*ret, USER_ID_MAX)) return true;
    struct api_problem problem;
    (void)api_problem(&problem, 400, "invalid_user",
                      "A user id is 1 to %d bytes of text without control characters", USER_ID_MAX);
    api_problem_answer(&problem, call->response);
    return false;
}

void users_connections_get(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    struct span user;
    if (!api_authorize(api, call, API_SCOPE_READ | API_SCOPE_ADMIN, &key)) return;
    if (!read_user(call, &user)) return;
    ask_all(api, call, question_new(api, user));
}

void users_connections_delete(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    struct span user;
    struct disconnect_request request;
    struct api_problem problem;
    if (!api_authorize(api, call, API_SCOPE_ADMIN, &key) || !read_user(call, &user)) return;
    if (!disconnect_request_read(call->request->body, &api->name, &request, &problem)) {
        api_problem_answer(&problem, call->response);
        return;
    }
    log_line(LOG_INFO, "user disconnected by the operator", log_span("user", user),
             log_text("key", key->name), log_uint("code", request.code),
             log_uint("block_seconds", request.block_seconds));
    struct question *q = question_new(api, user);
    q->ends = true;
    q->code = request.code;
    memcpy(q->reason, request.reason.at, request.reason.len);
    q->reason_len = request.reason.len;
    /* Before anybody is ended, so that nobody slips in again between the two. */
    if (request.block_seconds > 0) hub_user_block(api->hub, user, request.block_seconds);
    ask_all(api, call, q);
}
