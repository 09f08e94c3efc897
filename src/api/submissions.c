/* SPDX-License-Identifier: MIT */
/*
 * api/submissions.c: POST /api/v1/submissions and GET /api/v1/submissions/{id}: declaring what
 * clients may watch, and asking how it stands.
 */
#include "api/submission_state_priv.h"
#include "api/submissions_priv.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "hub/rule.h"

/* Numbers are what JavaScript can hold exactly. */
static const int64_t number_max = (1ll << 53) - 1;

struct span submission_channel(uint64_t number, char room[static SUBMISSION_NAME_MAX]) {
    int len =
        snprintf(room, SUBMISSION_NAME_MAX, SUBMISSION_CHANNEL "%llu", (unsigned long long)number);
    return span_of(room, (size_t)len);
}

static bool read_number(const struct json_value *value, struct declaration *ret,
                        struct api_problem *problem) {
    int64_t number;
    if (json_int(value, 1, number_max, &number)) {
        ret->number = (uint64_t)number;
        return true;
    }
    return api_problem(problem, 400, "invalid_request",
                       "\"submission_id\" must be a whole number from 1 to 2^53 - 1");
}

static bool read_owner(struct api *api, const struct json_value *value, struct declaration *ret,
                       struct api_problem *problem) {
    buf_clear(&api->name);
    if (value->kind == JSON_KIND_NULL) return true;
    if (value->kind == JSON_KIND_STRING && json_text(value, &api->name, &ret->owner) == ERR_OK &&
        utf8_is_name(ret->owner, STORE_OWNER_MAX)) {
        return true;
    }
    return api_problem(problem, 400, "invalid_request",
                       "\"owner\" must be a user id of 1 to %d bytes", STORE_OWNER_MAX);
}

static bool read_declaration(struct api *api, struct span body, struct declaration *ret,
                             struct api_problem *problem) {
    struct json_walk walk = json_walk(body.len ? body : SPAN("{}"));
    struct json_value name, value;
    bool has_number = false, has_owner = false;
    enum json_step step;
    *ret = (struct declaration){ 0 };
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        bool is_number = json_text_is(&name, SPAN("submission_id"));
        bool *has = is_number ? &has_number : &has_owner;
        if (!is_number && !json_text_is(&name, SPAN("owner"))) {
            return api_problem(problem, 400, "invalid_request", "Unknown member %.*s",
                               (int)utf8_cut(name.raw, 80), name.raw.at);
        }
        if (*has) {
            return api_problem(problem, 400, "invalid_request", "%.*s is given twice",
                               SPAN_ARG(name.raw));
        }
        *has = true;
        if (is_number ? !read_number(&value, ret, problem)
                      : !read_owner(api, &value, ret, problem)) {
            return false;
        }
    }
    return step == JSON_END || api_problem_json(problem, body, &walk.error);
}

static enum err declare_number(struct api *api, const struct declaration *declaration,
                               uint64_t number, bool *ret_is_new) {
    char room[SUBMISSION_NAME_MAX];
    uint32_t now_s = (uint32_t)(loop_now_ns(api->loop) / NS_PER_S);
    return store_declare(hub_shared_of(api->hub)->store, submission_channel(number, room),
                         declaration->owner, now_s, ret_is_new);
}

static bool is_declared(struct api *api, uint64_t number) {
    char room[SUBMISSION_NAME_MAX];
    char owner[STORE_OWNER_MAX];
    size_t owner_len;
    return store_owner(hub_shared_of(api->hub)->store, submission_channel(number, room), owner,
                       &owner_len) == ERR_OK;
}

/* The next number that nobody has declared. It need not look far: each that it passes over is a
 * channel of the store, which has a maximum of them. */
static enum err declare_next(struct api *api, struct declaration *declaration) {
    bool is_new = false;
    while (!is_new) {
        uint64_t number = atomic_fetch_add(&api->shared->next_submission, 1);
        if (is_declared(api, number)) continue;
        enum err e = declare_number(api, declaration, number, &is_new);
        if (e && e != ERR_EXISTS) return e;
        declaration->number = number;
    }
    return ERR_OK;
}

bool submission_refuse_owner(struct api_problem *problem) {
    return api_problem(problem, 409, "other_owner",
                       "That submission is declared already, with another owner");
}

static bool declare(struct api *api, struct declaration *declaration, bool *ret_is_new,
                    struct api_problem *problem) {
    *ret_is_new = true;
    enum err e = declaration->number
                     ? declare_number(api, declaration, declaration->number, ret_is_new)
                     : declare_next(api, declaration);
    switch (e) {
    case ERR_OK: return true;
    case ERR_EXISTS: return submission_refuse_owner(problem);
    case ERR_LIMIT:
        return api_problem(problem, 503, "too_many_submissions",
                           "As many submissions are kept as may be (store.channels)");
    case ERR_IO:
        return api_problem(problem, 503, "store_unavailable", "It cannot be kept at present");
    case ERR_AGAIN:
        return api_problem(problem, 503, "overloaded", "Too much waits to be written already");
    default: return api_problem(problem, 503, "overloaded", "There is no memory for it");
    }
}

void submission_write_declared(uint64_t number, bool is_new, struct http_response *response) {
    http_response_start(response, is_new ? 201 : 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    buf_append_span(out, SPAN("{\"submission_id\":"));
    buf_append_uint(out, number);
    buf_append_char(out, '}');
    http_response_close(response);
}

void submissions_post(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    if (!api_authorize(api, call, API_SCOPE_PUBLISH, &key)) return;
    struct api_problem problem;
    struct declaration declaration;
    bool is_new;
    if (!read_declaration(api, call->request->body, &declaration, &problem)) {
        api_problem_answer(&problem, call->response);
    } else if (hub_is_shared(api->hub)) {
        submission_declare_later(api, call, &declaration);
    } else if (!declare(api, &declaration, &is_new, &problem)) {
        api_problem_answer(&problem, call->response);
    } else {
        submission_write_declared(declaration.number, is_new, call->response);
        call->held_until = store_ticket(hub_shared_of(api->hub)->store);
    }
}

static void go_behind(void *shared, struct span channel) {
    struct api_shared *api_shared = shared;
    uint64_t number;
    if (!span_starts(channel, SPAN(SUBMISSION_CHANNEL)) ||
        !span_to_uint(span_skip(channel, sizeof SUBMISSION_CHANNEL - 1), (uint64_t)number_max,
                      &number)) {
        return;
    }
    /* Who took one near the end of all numbers shall not leave us none. */
    if (number <= (uint64_t)number_max / 2 && number >= api_shared->next_submission)
        api_shared->next_submission = number + 1;
}

void submissions_go_on(struct api_shared *shared, struct store *store) {
    shared->next_submission = 1;
    if (store) store_each(store, go_behind, shared);
}

/* What somebody else owns does not exist for a client. */
static bool may_see(const struct caller *caller, struct span owner) {
    return caller->has_key || owner.len == 0 || span_eq(owner, caller->user);
}

void submission_write_not_found(struct http_response *response) {
    http_response_error(response, 404, "not_found", "There is no such submission");
}

void submission_write_state(struct store *store, const struct caller *caller, uint64_t number,
                            struct span owner, struct http_response *response) {
    char room[SUBMISSION_NAME_MAX];
    if (!may_see(caller, owner)) {
        submission_write_not_found(response);
        return;
    }
    const struct submission submission = { number, owner, submission_channel(number, room) };
    http_response_start(response, 200);
    if (!submission_state_write(store, &submission, http_response_open(response, HTTP_JSON))) {
        http_response_error(response, 503, "overloaded", "There is no memory for the answer");
        return;
    }
    http_response_close(response);
}

static void answer_state(struct api *api, struct http_call *call, const struct caller *caller,
                         uint64_t number) {
    struct store *store = hub_shared_of(api->hub)->store;
    char room[SUBMISSION_NAME_MAX];
    char owner[STORE_OWNER_MAX];
    size_t owner_len;
    if (store_owner(store, submission_channel(number, room), owner, &owner_len) != ERR_OK) {
        submission_write_not_found(call->response);
        return;
    }
    submission_write_state(store, caller, number, span_of(owner, owner_len), call->response);
}

void submissions_get(void *context, struct http_call *call) {
    struct api *api = context;
    struct caller caller;
    uint64_t number;
    if (api_cors(api, call) || !caller_identify(api, call, &caller)) return;
    struct span id = http_params_get(&call->params, SPAN("id"));
    bool is_number = span_to_uint(id, (uint64_t)number_max, &number);
    if (is_number && hub_is_shared(api->hub)) {
        submission_state_later(api, call, &caller, number);
        return;
    }
    if (is_number) {
        answer_state(api, call, &caller, number);
    } else {
        submission_write_not_found(call->response);
    }
    caller_finish(&caller);
}
