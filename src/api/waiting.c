/* SPDX-License-Identifier: MIT */
/*
 * api/waiting.c: what a call waits with is counted, since clients decide how many calls wait.
 */
#include "api/waiting_priv.h"

#include "base/mem.h"

void *waiting_new(struct api *api, struct http_call *call, size_t bytes) {
    struct waiting *waiting = NULL;
    if (api_later_take(api->shared, bytes)) {
        waiting = mem_try(bytes);
        if (!waiting) api_later_give(api->shared, bytes);
    }
    if (!waiting) {
        http_response_error(call->response, 503, "overloaded", "Too many calls wait already");
        return NULL;
    }
    memset(waiting, 0, bytes);
    waiting->api = api;
    waiting->bytes = bytes;
    waiting->later = call->later;
    call->is_later = true;
    return waiting;
}

/* After the server's end there is nothing left to count in. */
void waiting_free(struct waiting *waiting) {
    if (!waiting->call.is_dropped) api_later_give(waiting->api->shared, waiting->bytes);
    buf_finish(&waiting->call.answer);
    mem_free(waiting);
}

void waiting_ask(struct waiting *waiting, enum broker_verb verb, struct span name, struct span text,
                 void (*done)(struct broker_call *call)) {
    buf_finish(&waiting->call.answer);
    waiting->call = (struct broker_call){ .verb = verb, .name = name, .text = text, .done = done };
    broker_ask(hub_broker(waiting->api->hub), &waiting->call);
}

void waiting_answer(struct waiting *waiting, http_writer writer) {
    waiting->later.answer(waiting->later.owner, waiting->later.ticket, writer, waiting);
}

void waiting_write_problem(void *waiting, struct http_response *response) {
    api_problem_answer(&((const struct waiting *)waiting)->problem, response);
}
