/* SPDX-License-Identifier: MIT */
/*
 * load/publishing.c: the publishing side of a bench: as much as the window allows, or as much as
 * is due at a fixed rate, all of a turn in one write.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "http/reply.h"
#include "load/bench_priv.h"
#include "load/message.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * 1024 * 1024, HEAD_MAX = 64 * 1024 };

/* At high rates a turn publishes several: waking up more often would only cost. */
static const uint64_t pace_min_ns = 100 * NS_PER_US;

static void on_answered(void *owner, const struct http_reply *reply) {
    struct bench *bench = owner;
    bench->publishing.answered++;
    bench->active_ns = clock_now_ns();
    if (reply->status >= 200 && reply->status < 300) return;
    bench->result->failed++;
    bench_complain(bench, "a publish was answered with status %d %.*s", reply->status,
                   SPAN_ARG(reply->body));
}

static void on_publisher_ended(void *owner, const char *why) {
    struct bench *bench = owner;
    bench->publishing.is_over = true;
    bench->publishing.is_on = false;
    bench_complain(bench, "publishing: %s", why);
}

/* "POST /target HTTP/1.1" and the fields, as a template of their own. */
static enum err make_head(struct bench *bench, const struct load_url *url, struct err_note *note) {
    struct publishing *p = &bench->publishing;
    buf_append_text(&p->head_template, "POST ");
    buf_append_span(&p->head_template, url->target.len ? url->target : SPAN("/"));
    buf_append_text(&p->head_template, " HTTP/1.1\r\nHost: ");
    buf_append_span(&p->head_template, url->authority);
    buf_append_text(&p->head_template, "\r\n");
    buf_append_span(&p->head_template, bench->options->publish_headers);
    enum err e = buf_err(&p->head_template);
    if (e) return err_note(note, e, "the publish headers: %s", err_text(e));
    return load_template_parse(buf_span(&p->head_template), &p->head, note);
}

static void on_pace(void *owner, uint32_t index, uint32_t events) {
    (void)index;
    (void)events;
    struct bench *bench = owner;
    uint64_t times; /* the turn's end looks at the clock itself */
    (void)!read(bench->publishing.pace_timer, &times, sizeof times);
}

static enum err make_pace(struct bench *bench, struct err_note *note) {
    struct publishing *p = &bench->publishing;
    uint64_t every_ns = NS_PER_S / bench->options->rate;
    if (every_ns < pace_min_ns) every_ns = pace_min_ns;
    const struct timespec every = { .tv_sec = (time_t)(every_ns / NS_PER_S),
                                    .tv_nsec = (long)(every_ns % NS_PER_S) };
    p->pace_timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (p->pace_timer < 0 ||
        timerfd_settime(p->pace_timer, 0, &(struct itimerspec){ every, every }, NULL))
        return err_note(note, ERR_IO, "timer: %s", strerror(errno));
    uint32_t kind = loop_add_kind(bench->loop, on_pace, bench);
    return loop_watch(bench->loop, p->pace_timer, kind, 0, EPOLLIN);
}

enum err publishing_init(struct bench *bench, struct err_note *note) {
    const struct load_options *options = bench->options;
    struct publishing *p = &bench->publishing;
    buf_init(&p->head_template, HEAD_MAX);
    buf_init(&p->head_text, HEAD_MAX);
    buf_init(&p->body_text, TEXT_MAX);
    buf_init(&p->data, TEXT_MAX);
    struct load_url url;
    enum err e = load_url_parse(options->publish_url, LOAD_HTTP, &url, note);
    if (!e) e = load_server_find(&url, options->tls, &p->server, note);
    if (!e) e = make_head(bench, &url, note);
    if (!e) e = load_template_parse(options->publish_body, &p->body, note);
    if (!e && options->rate) e = make_pace(bench, note);
    if (e) return e;
    const struct load_publisher_hooks hooks = { on_answered, on_publisher_ended, bench };
    p->publisher = load_publisher_new(bench->loop, &p->server, &hooks, note);
    p->remaining = mem_new(LOAD_WINDOW_MAX * sizeof *p->remaining);
    return p->publisher ? ERR_OK : ERR_IO;
}

void publishing_finish(struct bench *bench) {
    struct publishing *p = &bench->publishing;
    load_publisher_free(p->publisher);
    if (p->pace_timer >= 0) (void)close(p->pace_timer);
    mem_free(p->remaining);
    buf_finish(&p->head_template);
    buf_finish(&p->head_text);
    buf_finish(&p->body_text);
    buf_finish(&p->data);
}

void publishing_start(struct bench *bench) {
    struct publishing *p = &bench->publishing;
    p->is_on = !p->is_over;
    p->paced_from = p->sent;
    p->paced_from_ns = clock_now_ns();
}

void publishing_stop(struct bench *bench) {
    bench->publishing.is_on = false;
}

/* Which client, and the number of its message; for fan-out all of them get the same series. */
static struct load_mark address_next(struct bench *bench, uint32_t *ret_client) {
    struct publishing *p = &bench->publishing;
    struct load_mark mark = { .number = p->sent, .at_ns = clock_now_ns() };
    *ret_client = 0;
    if (bench->options->workload == LOAD_UNICAST) {
        *ret_client = (uint32_t)random_below(bench->options->connections);
        mark.number = bench->crowd.list[*ret_client + 1].sent++;
    } else {
        p->remaining[p->sent % LOAD_WINDOW_MAX] = bench->result->opened - bench->result->broken;
    }
    return mark;
}

static void publish_one(struct bench *bench) {
    struct publishing *p = &bench->publishing;
    uint32_t client;
    struct load_mark mark = address_next(bench, &client);
    char user[LOAD_USER_LEN];
    load_user(client, user);
    buf_clear(&p->data);
    buf_clear(&p->head_text);
    buf_clear(&p->body_text);
    load_message_write(&p->data, mark, bench->options->message_bytes);
    const struct load_values values = {
        .words = { [LOAD_WORD_USER] = { user, sizeof user }, [LOAD_WORD_DATA] = buf_span(&p->data) }
    };
    load_template_write(&p->head, &values, &p->head_text);
    load_template_write(&p->body, &values, &p->body_text);
    load_publisher_post(p->publisher, buf_span(&p->head_text), buf_span(&p->body_text));
    p->sent++;
    if (bench->is_measuring) bench->result->published++;
}

static uint64_t under_way(const struct publishing *p) {
    uint64_t done = p->answered < p->completed ? p->answered : p->completed;
    return p->sent - done;
}

/* How many `sent` may be by now. */
static uint64_t sent_allowed(const struct bench *bench) {
    const struct publishing *p = &bench->publishing;
    uint64_t done = p->sent - under_way(p);
    if (!bench->options->rate) return done + bench->options->window;
    uint64_t passed_ns = clock_now_ns() - p->paced_from_ns;
    uint64_t due =
        p->paced_from + (uint64_t)((double)passed_ns / (double)NS_PER_S * bench->options->rate);
    return due < done + LOAD_WINDOW_MAX ? due : done + LOAD_WINDOW_MAX;
}

void publishing_turn(struct bench *bench) {
    struct publishing *p = &bench->publishing;
    if (!p->is_on) return;
    for (uint64_t allowed = sent_allowed(bench); p->sent < allowed;)
        publish_one(bench);
    load_publisher_flush(p->publisher);
}

void publishing_received(struct bench *bench, uint64_t number) {
    struct publishing *p = &bench->publishing;
    if (bench->options->workload == LOAD_UNICAST) {
        p->completed++;
        return;
    }
    uint32_t *remaining = &p->remaining[number % LOAD_WINDOW_MAX];
    if (*remaining > 0 && --*remaining == 0) p->completed++;
}

bool publishing_is_settled(const struct bench *bench) {
    return bench->publishing.is_over || under_way(&bench->publishing) == 0;
}

uint64_t publishing_sent_to(const struct bench *bench, uint32_t index) {
    return bench->options->workload == LOAD_UNICAST ? bench->crowd.list[index].sent
                                                    : bench->publishing.sent;
}
