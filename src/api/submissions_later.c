/* SPDX-License-Identifier: MIT */
/*
 * api/submissions_later.c: submissions that all nodes know, since a broker that they share keeps
 * them. The answers come when the broker's do.
 */
#include "api/submissions_priv.h"
#include "api/waiting_priv.h"
#include "store/store.h"

enum { TRIES_MAX = 1000 }; /* of numbers that somebody had asked for; the next call goes on there */

/* ---- declaring ------------------------------------------------------------------------------ */

struct declaring {
    struct waiting waiting;
    char room[SUBMISSION_NAME_MAX];
    uint64_t number;
    bool is_any; /* that is free */
    bool is_new;
    unsigned tries;
    size_t owner_len;
    char owner[STORE_OWNER_MAX];
};

static void write_declared(void *context, struct http_response *response) {
    const struct declaring *declaring = context;
    submission_write_declared(declaring->number, declaring->is_new, response);
}

static void refuse(struct declaring *declaring, enum err err) {
    struct waiting *waiting = &declaring->waiting;
    if (err == ERR_EXISTS) {
        (void)submission_refuse_owner(&waiting->problem);
    } else {
        (void)api_problem_broker(&waiting->problem, err, "nothing was declared",
                                 "it may have been declared");
    }
    waiting_answer(waiting, waiting_write_problem);
    waiting_free(waiting);
}

static void on_declared(struct broker_call *call);

static void declare_number(struct declaring *declaring) {
    struct waiting *waiting = &declaring->waiting;
    waiting_ask(waiting, BROKER_DECLARE, submission_channel(declaring->number, declaring->room),
                span_of(declaring->owner, declaring->owner_len), on_declared);
}

static void on_number(struct broker_call *call) {
    struct declaring *declaring = container_of(waiting_of(call), struct declaring, waiting);
    if (call->is_dropped) {
        waiting_free(&declaring->waiting);
    } else if (call->err) {
        refuse(declaring, call->err == ERR_IO ? ERR_CLOSED : call->err);
    } else {
        declaring->number = call->value;
        declare_number(declaring);
    }
}

static void declare_any(struct declaring *declaring) {
    waiting_ask(&declaring->waiting, BROKER_NEXT, SPAN("submissions"), SPAN(""), on_number);
}

static void on_declared(struct broker_call *call) {
    struct declaring *declaring = container_of(waiting_of(call), struct declaring, waiting);
    bool is_taken = call->err == ERR_EXISTS || (!call->err && call->value == 0);
    if (call->is_dropped) {
        waiting_free(&declaring->waiting);
    } else if (declaring->is_any && is_taken) {
        if (++declaring->tries < TRIES_MAX) {
            declare_any(declaring);
        } else {
            refuse(declaring, ERR_LIMIT);
        }
    } else if (call->err) {
        refuse(declaring, call->err);
    } else {
        declaring->is_new = call->value != 0;
        waiting_answer(&declaring->waiting, write_declared);
        waiting_free(&declaring->waiting);
    }
}

void submission_declare_later(struct api *api, struct http_call *call,
                              const struct declaration *declaration) {
    struct declaring *declaring = waiting_new(api, call, sizeof *declaring);
    if (!declaring) return;
    declaring->number = declaration->number;
    declaring->owner_len = declaration->owner.len;
    if (declaration->owner.len > 0) {
        memcpy(declaring->owner, declaration->owner.at, declaration->owner.len);
    }
    declaring->is_any = declaration->number == 0;
    if (declaring->is_any) {
        declare_any(declaring);
    } else {
        declare_number(declaring);
    }
}

/* ---- how it stands -------------------------------------------------------------------------- */

struct viewing {
    struct waiting waiting;
    char room[SUBMISSION_NAME_MAX];
    struct caller caller;
    uint64_t number;
    size_t cors_len;
    char cors[]; /* header lines that every answer has */
};

/* With what was fetched, which is in the store now; or says why not. */
static void write_view(void *context, struct http_response *response) {
    struct viewing *viewing = context;
    struct waiting *waiting = &viewing->waiting;
    const struct buf *owner = &waiting->call.answer;
    enum err err = waiting->call.err ? waiting->call.err : buf_err(owner);
    response->common = span_of(viewing->cors, viewing->cors_len);
    if (!err) {
        submission_write_state(hub_shared_of(waiting->api->hub)->store, &viewing->caller,
                               viewing->number, buf_span(owner), response);
    } else if (err == ERR_NOT_FOUND) {
        submission_write_not_found(response);
    } else {
        (void)api_problem_broker(&waiting->problem, err == ERR_IO ? ERR_CLOSED : err, "try again",
                                 "try again");
        waiting_write_problem(waiting, response);
    }
    response->common = SPAN("");
}

static void on_fetched(struct broker_call *call) {
    struct viewing *viewing = container_of(waiting_of(call), struct viewing, waiting);
    if (!call->is_dropped) waiting_answer(&viewing->waiting, write_view);
    caller_finish(&viewing->caller);
    waiting_free(&viewing->waiting);
}

void submission_state_later(struct api *api, struct http_call *call, struct caller *own_caller,
                            uint64_t number) {
    struct span cors = call->response->common;
    struct viewing *viewing = waiting_new(api, call, sizeof *viewing + cors.len);
    if (!viewing) {
        caller_finish(own_caller);
        return;
    }
    viewing->caller = *own_caller;
    viewing->number = number;
    viewing->cors_len = cors.len;
    if (cors.len > 0) memcpy(viewing->cors, cors.at, cors.len);
    waiting_ask(&viewing->waiting, BROKER_FETCH, submission_channel(number, viewing->room),
                SPAN(""), on_fetched);
}
