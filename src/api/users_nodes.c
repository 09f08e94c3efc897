/* SPDX-License-Identifier: MIT */
/*
 * api/users_nodes.c: a user's connections on all nodes. Each node is asked by
 *
 *     {"do":"user","user":"…"}              to list them,
 *     {"do":"user","user":"…","end":{…}}    to end them, as the body of DELETE says,
 *
 * and answers with connections as they are listed, with commas between them, or with the number of
 * those that it has ended; or with `null` when it could not. What comes by the broker was written
 * by whoever may publish there, and is judged like a body.
 */
#include "api/question_priv.h"
#include "api/users_priv.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
    QUESTION_MAX = 4096,
    ANSWER_MAX = 1 << 20, /* of one node */
};

/* ---- asking --------------------------------------------------------------------------------- */

struct asking {
    struct broker_call call;
    struct api *api;
    struct http_later later;
    bool ends;
    struct buf question;
};

static void write_question(const struct users_task *task, struct buf *out) {
    buf_append_text(out, "{\"do\":\"user\",\"user\":");
    json_append_string(out, task->user);
    if (task->ends) {
        buf_printf(out, ",\"end\":{\"code\":%u,\"reason\":", task->request.code);
        json_append_string(out, task->request.reason);
        buf_printf(out, ",\"block_seconds\":%u", task->request.block_seconds);
        if (*task->request.id) {
            buf_append_text(out, ",\"id\":");
            json_append_string(out, span_str(task->request.id));
        }
        buf_append_char(out, '}');
    }
    buf_append_char(out, '}');
}

/* Takes together what the nodes answered: appends the connections to `out` (NULL: none are wanted),
 * adds up those that were ended. False when some node is missing. */
static bool join(const struct broker_call *call, struct buf *out, uint64_t *ended) {
    struct buf all;
    bool is_whole = call->value == 0 && buf_err(&call->answer) == ERR_OK;
    buf_init(&all, USERS_LISTED_BYTES_MAX);
    buf_append_char(&all, '[');
    buf_append_span(&all, buf_span(&call->answer));
    buf_append_char(&all, ']');
    is_whole &= buf_err(&all) == ERR_OK;
    struct json_walk walk = json_walk(is_whole ? buf_span(&all) : SPAN("[]"));
    struct json_value value;
    enum json_step step;
    bool is_first = true;
    while ((step = json_element(&walk, &value)) == JSON_ITEM) {
        int64_t count;
        if (out && value.kind == JSON_KIND_OBJECT) {
            if (!is_first) buf_append_char(out, ',');
            is_first = false;
            buf_append_span(out, value.raw);
        } else if (!out && json_int(&value, 0, INT32_MAX, &count)) {
            *ended += (uint64_t)count;
        } else {
            is_whole = false;
        }
    }
    buf_finish(&all);
    return is_whole && step == JSON_END;
}

static void write_problem(const struct asking *asking, struct http_response *response) {
    struct api_problem problem;
    enum err err = asking->call.err;
    if (err == ERR_OK) {
        (void)api_problem(&problem, 503, "overloaded", "Not every node could answer");
    } else {
        if (err == ERR_IO && !asking->ends) err = ERR_CLOSED;
        (void)api_problem_broker(&problem, err, "nobody was asked", "it may have been done");
    }
    api_problem_answer(&problem, response);
}

static void write_answers(void *context, struct http_response *response) {
    const struct asking *asking = context;
    uint64_t ended = 0;
    bool is_whole = asking->call.err == ERR_OK;
    if (is_whole) {
        struct buf *out = asking->ends ? NULL : users_begin_list(response);
        is_whole = join(&asking->call, out, &ended);
    }
    if (!is_whole) {
        write_problem(asking, response);
    } else if (asking->ends) {
        users_write_ended(response, ended);
    } else {
        users_end_list(response);
    }
}

/* After the server's end there is nothing left to count in. */
static void asking_free(struct asking *asking) {
    if (!asking->call.is_dropped) {
        api_later_give(asking->api->shared, sizeof *asking + QUESTION_MAX);
    }
    buf_finish(&asking->call.answer);
    buf_finish(&asking->question);
    mem_free(asking);
}

static void on_answers(struct broker_call *call) {
    struct asking *asking = container_of(call, struct asking, call);
    const struct http_later *later = &asking->later;
    if (!call->is_dropped) later->answer(later->owner, later->ticket, write_answers, asking);
    asking_free(asking);
}

void users_ask_nodes(struct api *api, struct http_call *call, const struct users_task *task) {
    if (!api_later_take(api->shared, sizeof(struct asking) + QUESTION_MAX)) {
        http_response_error(call->response, 503, "overloaded", "Too many calls wait already");
        return;
    }
    struct asking *asking = mem_new(sizeof *asking);
    asking->api = api;
    asking->ends = task->ends;
    asking->later = call->later;
    buf_init(&asking->question, QUESTION_MAX);
    write_question(task, &asking->question);
    if (buf_err(&asking->question)) {
        asking->call.err = ERR_NOMEM;
        write_problem(asking, call->response);
        asking_free(asking);
        return;
    }
    asking->call.verb = BROKER_ASK_NODES;
    asking->call.payload = buf_span(&asking->question);
    asking->call.done = on_answers;
    call->is_later = true;
    broker_ask(hub_broker(api->hub), &asking->call);
}

/* ---- answering ------------------------------------------------------------------------------ */

static bool read_question(struct api *api, struct span text, struct users_task *ret) {
    struct json_walk walk = json_walk(text);
    struct json_value name, value;
    struct api_problem problem;
    enum json_step step;
    bool is_good = true;
    *ret = (struct users_task){ 0 };
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        if (json_text_is(&name, SPAN("do"))) continue; /* it has led here */
        if (json_text_is(&name, SPAN("user"))) {
            buf_clear(&api->key);
            is_good &= value.kind == JSON_KIND_STRING &&
                       json_text(&value, &api->key, &ret->user) == ERR_OK;
        } else if (json_text_is(&name, SPAN("end"))) {
            ret->ends = true;
            is_good &= disconnect_request_read(value.raw, &api->name, &ret->request, &problem);
        } else {
            is_good = false;
        }
    }
    return is_good && step == JSON_END && utf8_is_name(ret->user, USER_ID_MAX);
}

static void answer(struct users_question *q, enum hub_answered how) {
    struct buf text;
    buf_init(&text, ANSWER_MAX);
    bool is_whole = users_question_is_whole(q, how);
    if (q->ends) {
        buf_append_uint(&text, users_question_ended(q));
    } else {
        users_question_list(q, &text);
    }
    q->answer(q->owner, is_whole && !buf_err(&text) ? buf_span(&text) : SPAN("null"));
    buf_finish(&text);
}

void question_user(struct api *api, struct span question, const struct question_asker *asker) {
    struct users_task task;
    if (read_question(api, question, &task)) {
        struct users_question *q = users_question_new(api, &task);
        q->answer = asker->answered;
        q->owner = asker->owner;
        q->done = answer;
        if (users_question_ask(api, &task, q)) return;
    }
    question_answer(asker, SPAN("null"));
}
