/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/ask.c: see cli/doctor/ask_priv.h.
 */
#include "cli/doctor/ask_priv.h"

#include "base/clock.h"
#include "cli/request.h"
#include "http/reply.h"
#include "load/publisher.h"

enum { HEAD_MAX = 8192, BODY_MAX = 4 * 1024 * 1024 };

struct asking {
    struct loop *loop;
    struct doctor_answer *answer;
};

static void on_answered(void *owner, const struct http_reply *reply) {
    struct asking *asking = owner;
    asking->answer->status = reply->status;
    buf_append_span(&asking->answer->body, reply->body);
    loop_stop(asking->loop);
}

static void on_ended(void *owner, const char *why) {
    struct asking *asking = owner;
    (void)snprintf(asking->answer->why, sizeof asking->answer->why, "%s", why);
    loop_stop(asking->loop);
}

static void on_late(void *owner) {
    on_ended(owner, "no answer within 5 seconds");
}

static void ask(struct asking *asking, const struct doctor_place *place, const char *path,
                struct err_note *note) {
    const struct load_publisher_hooks hooks = { on_answered, on_ended, asking };
    struct load_publisher *publisher =
        load_publisher_new(asking->loop, &place->server, &hooks, note);
    if (!publisher) return;
    struct buf head;
    buf_init(&head, HEAD_MAX);
    const struct load_url url = { .authority = place->url.authority };
    cli_request_head(&head, "GET", &url, path, NULL);
    load_publisher_get(publisher, buf_span(&head));
    load_publisher_flush(publisher);
    loop_add_tick(asking->loop, DOCTOR_WAIT_MS, on_late, asking);
    if (!*asking->answer->why) loop_run(asking->loop);
    load_publisher_free(publisher);
    buf_finish(&head);
}

void doctor_ask(const struct doctor_place *place, const char *path, struct doctor_answer *ret) {
    struct err_note note = { "" };
    uint64_t from_ns = clock_now_ns();
    struct asking asking = { .loop = loop_new(&note), .answer = ret };
    *ret = (struct doctor_answer){ .status = 0 };
    buf_init(&ret->body, BODY_MAX);
    if (asking.loop) ask(&asking, place, path, &note);
    loop_free(asking.loop);
    ret->took_ns = clock_now_ns() - from_ns;
    if (!ret->status && !*ret->why) (void)snprintf(ret->why, sizeof ret->why, "%.255s", note.text);
}

void doctor_answer_finish(struct doctor_answer *answer) {
    buf_finish(&answer->body);
}
