/* SPDX-License-Identifier: MIT */
/*
 * api/users.c: GET and DELETE /api/v1/users/{id}/connections: what an operator sees of a user's
 * connections, and how they are ended. They live on all workers, so all are asked and the answer
 * comes later.
 */
#include "api/users_priv.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

/* ---- on all workers ------------------------------------------------------------------------- */

static struct users_question *question_of(struct hub_ask *ask) {
    return container_of(ask, struct users_question, ask);
}

struct users_question *users_question_new(struct api *api, const struct users_task *task) {
    size_t count = api->shared->options.hub_shared->worker_count;
    struct users_question *q = mem_new(sizeof *q + count * sizeof q->parts[0]);
    q->shared = api->shared;
    memcpy(q->user, task->user.at, task->user.len);
    q->user_len = task->user.len;
    q->ends = task->ends;
    if (task->ends) {
        memcpy(q->id, task->request.id, sizeof q->id);
        q->code = task->request.code;
        memcpy(q->reason, task->request.reason.at, task->request.reason.len);
        q->reason_len = task->request.reason.len;
    }
    q->part_count = count;
    for (size_t i = 0; i < count; i++)
        buf_init(&q->parts[i].listed, USERS_LISTED_BYTES_MAX / count);
    return q;
}

static void question_free(struct users_question *q) {
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
    struct users_question *q = question_of(ask);
    struct users_part *part = &q->parts[worker];
    struct span user = span_of(q->user, q->user_len);
    if (q->ends) {
        part->ended =
            hub_user_end(hub, user, span_str(q->id), q->code, span_of(q->reason, q->reason_len));
    } else {
        struct listing listing = { q->shared, &part->listed };
        hub_user_list(hub, user, list_one, &listing);
    }
}

static void done(struct hub_ask *ask, enum hub_answered how) {
    struct users_question *q = question_of(ask);
    q->done(q, how);
    question_free(q);
}

bool users_question_ask(struct api *api, const struct users_task *task,
                        struct users_question *own_q) {
    own_q->ask.run = run;
    own_q->ask.done = done;
    /* Before anybody is ended, so that nobody slips in again between the two. */
    if (task->ends && task->request.block_seconds > 0) {
        hub_user_block(api->hub, task->user, task->request.block_seconds);
    }
    if (hub_ask_all(api->hub, &own_q->ask) == ERR_OK) return true;
    question_free(own_q);
    return false;
}

bool users_question_is_whole(const struct users_question *q, enum hub_answered how) {
    bool is_whole = how == HUB_ANSWERED_BY_ALL;
    for (size_t i = 0; i < q->part_count; i++)
        is_whole &= buf_err(&q->parts[i].listed) == ERR_OK;
    return is_whole;
}

void users_question_list(const struct users_question *q, struct buf *out) {
    bool is_first = true;
    for (size_t i = 0; i < q->part_count; i++) {
        struct span listed = buf_span(&q->parts[i].listed);
        if (listed.len == 0) continue;
        if (!is_first) buf_append_char(out, ',');
        is_first = false;
        buf_append_span(out, listed);
    }
}

uint64_t users_question_ended(const struct users_question *q) {
    uint64_t ended = 0;
    for (size_t i = 0; i < q->part_count; i++)
        ended += q->parts[i].ended;
    return ended;
}

/* ---- the answers ---------------------------------------------------------------------------- */

struct buf *users_begin_list(struct http_response *response) {
    http_response_start(response, 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    buf_append_text(out, "{\"connections\":[");
    return out;
}

void users_end_list(struct http_response *response) {
    buf_append_text(response->out, "]}");
    http_response_close(response);
}

void users_write_ended(struct http_response *response, uint64_t ended) {
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

static void write_done(void *context, struct http_response *response) {
    const struct users_question *q = context;
    if (q->ends) {
        users_write_ended(response, users_question_ended(q));
        return;
    }
    users_question_list(q, users_begin_list(response));
    users_end_list(response);
}

static void answer(struct users_question *q, enum hub_answered how) {
    const struct http_later *later = &q->later;
    if (how == HUB_ANSWERED_NEVER) return;
    http_writer writer = users_question_is_whole(q, how) ? write_done : write_overloaded;
    later->answer(later->owner, later->ticket, writer, q);
}

/* ---- the calls ------------------------------------------------------------------------------ */

static void carry_out(struct api *api, struct http_call *call, const struct users_task *task) {
    if (hub_is_shared(api->hub)) {
        users_ask_nodes(api, call, task);
        return;
    }
    struct users_question *q = users_question_new(api, task);
    q->later = call->later;
    q->done = answer;
    call->is_later = users_question_ask(api, task, q);
    if (!call->is_later) write_overloaded(NULL, call->response);
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
    struct users_task task = { .ends = false };
    if (!api_authorize(api, call, API_SCOPE_READ | API_SCOPE_ADMIN, &key)) return;
    if (!read_user(call, &task.user)) return;
    carry_out(api, call, &task);
}

void users_connections_delete(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    struct users_task task = { .ends = true };
    struct api_problem problem;
    if (!api_authorize(api, call, API_SCOPE_ADMIN, &key) || !read_user(call, &task.user)) return;
    if (!disconnect_request_read(call->request->body, &api->name, &task.request, &problem)) {
        api_problem_answer(&problem, call->response);
        return;
    }
    log_line(LOG_INFO, "user disconnected by the operator", log_span("user", task.user),
             log_text("connection", *task.request.id ? task.request.id : "all"),
             log_text("key", key->name), log_uint("code", task.request.code),
             log_uint("block_seconds", task.request.block_seconds));
    carry_out(api, call, &task);
}
