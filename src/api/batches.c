/* SPDX-License-Identifier: MIT */
/*
 * api/batches.c: GET /api/v1/batches/{id}/status and GET /internal/v1/batches/{id}/status: for who
 * missed notifications, what they said. A user learns what that user was sent; a backend, all.
 */
#include "api/caller_priv.h"
#include "api/waiting_priv.h"
#include "base/utf8.h"
#include "dialect/batch.h"
#include "store/batch_record.h"
#include "store/batch_table.h"

static void write_not_found(struct http_response *response) {
    http_response_error(response, 404, "not_found", "Nothing was told of such a batch");
}

static void write_overloaded(struct http_response *response) {
    http_response_error(response, 503, "overloaded", "There is no memory for the answer");
}

/* ---- with what this process keeps ---- */

static void answer(struct api *api, struct http_call *call, struct span user, struct span id) {
    struct http_response *response = call->response;
    struct batch_table *table = hub_shared_of(api->hub)->batches;
    struct buf out;
    buf_init(&out, response->out->max);
    if (!table || !batch_table_write(table, user, id, &out)) {
        write_not_found(response);
    } else if (buf_err(&out)) {
        write_overloaded(response);
    } else {
        http_response_start(response, 200);
        buf_append_span(http_response_open(response, HTTP_JSON), buf_span(&out));
        http_response_close(response);
    }
    buf_finish(&out);
}

/* ---- with what a broker that nodes share keeps ---- */

struct recalling {
    struct waiting waiting;
    struct span id, user, cors; /* all in `bytes` */
    char bytes[];
};

static void write_record(struct recalling *recalling, struct http_response *response) {
    struct batch_record record = { 0 };
    if (batch_record_apply(&record, buf_span(&recalling->waiting.call.answer)) != ERR_OK) {
        write_overloaded(response);
    } else {
        http_response_start(response, 200);
        batch_record_write(&record, recalling->id, http_response_open(response, HTTP_JSON));
        http_response_close(response);
    }
    batch_record_finish(&record);
}

static void write_recalled(void *context, struct http_response *response) {
    struct recalling *recalling = context;
    struct waiting *waiting = &recalling->waiting;
    enum err err = waiting->call.err;
    response->common = recalling->cors;
    if (!err) {
        write_record(recalling, response);
    } else if (err == ERR_NOT_FOUND) {
        write_not_found(response);
    } else {
        (void)api_problem_broker(&waiting->problem, err == ERR_IO ? ERR_CLOSED : err, "try again",
                                 "try again");
        waiting_write_problem(waiting, response);
    }
    response->common = SPAN("");
}

static void on_recalled(struct broker_call *call) {
    struct waiting *waiting = waiting_of(call);
    if (!call->is_dropped) waiting_answer(waiting, write_recalled);
    waiting_free(waiting);
}

static struct span keep(char **at, struct span text) {
    char *copy = *at;
    if (text.len > 0) memcpy(copy, text.at, text.len);
    *at += text.len;
    return span_of(copy, text.len);
}

static void answer_later(struct api *api, struct http_call *call, struct span user,
                         struct span id) {
    struct span cors = call->response->common;
    struct recalling *recalling =
        waiting_new(api, call, sizeof *recalling + id.len + user.len + cors.len);
    if (!recalling) return;
    char *at = recalling->bytes;
    recalling->id = keep(&at, id);
    recalling->user = keep(&at, user);
    recalling->cors = keep(&at, cors);
    waiting_ask(&recalling->waiting, BROKER_RECALL, recalling->id, recalling->user, on_recalled);
}

/* ---- both ---- */

/* `user` is empty for who may see everything. */
static void answer_status(struct api *api, struct http_call *call, struct span user) {
    struct span id = http_params_get(&call->params, SPAN("id"));
    if (!utf8_is_name(id, BATCH_ID_MAX)) {
        write_not_found(call->response);
    } else if (hub_is_shared(api->hub)) {
        answer_later(api, call, user, id);
    } else {
        answer(api, call, user, id);
    }
}

void batches_get(void *context, struct http_call *call) {
    struct api *api = context;
    struct caller caller;
    if (api_cors(api, call) || !caller_identify(api, call, &caller)) return;
    answer_status(api, call, caller.has_key ? SPAN("") : caller.user);
    caller_finish(&caller);
}

void batches_internal_get(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    if (api_authorize(api, call, API_SCOPE_READ, &key)) answer_status(api, call, SPAN(""));
}
