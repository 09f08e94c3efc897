/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/visit.c: see cli/doctor/visit_priv.h.
 */
#include "cli/doctor/visit_priv.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/random.h"
#include "cli/request.h"
#include "http/reply.h"
#include "load/clients.h"
#include "load/publisher.h"
#include "ws/close.h"

#include <time.h>

enum { GOODBYE_MS = 1000, HEAD_MAX = 16 * 1024, AUTHORIZATION_MAX = 16 * 1024 };

struct doctor_visiting {
    struct doctor *doctor;
    struct doctor_visit *visit;
    struct loop *loop;
    struct load_clients *clients;
    struct load_publisher *publisher;
    uint32_t alarm, index;
    char mark[DOCTOR_MARK_BYTES];
    uint64_t since_ns; /* the step began */
    uint64_t ping_ns;  /* the doctor said it */
    uint64_t sign_ns;  /* the server was last heard of */
    bool is_over;      /* the step is */
    bool is_running;   /* else there is no loop to be stopped: the next one would be */
};

static void finish(struct doctor_visiting *visiting) {
    visiting->is_over = true;
    if (visiting->is_running) loop_stop(visiting->loop);
}

/* Until the step is over, and no longer than `ms`. */
static void run(struct doctor_visiting *visiting, uint64_t ms) {
    loop_set_alarm(visiting->loop, visiting->alarm, ms);
    if (visiting->is_over) return;
    visiting->is_running = true;
    loop_run(visiting->loop);
    visiting->is_running = false;
}

static void begin_step(struct doctor_visiting *visiting) {
    visiting->is_over = false;
    visiting->since_ns = clock_now_ns();
}

/* An endpoint may accept a handshake to say why it refuses somebody; only one who is in gets an
 * answer to a ping. */
static void on_opened(void *owner, uint32_t index) {
    struct doctor_visiting *visiting = owner;
    visiting->visit->is_open = true;
    visiting->ping_ns = clock_now_ns();
    load_clients_send(visiting->clients, index, WS_OP_TEXT, SPAN("{\"type\":\"ping\"}"));
}

static bool holds(struct span payload, const char *text) {
    return payload.len > 0 && memmem(payload.at, payload.len, text, strlen(text)) != NULL;
}

static bool read_milliseconds(const char *digits, uint64_t *ret) {
    uint64_t value = 0;
    for (int i = 0; i < 3; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *ret = value;
    return true;
}

/* RFC 3339 in UTC, as Tidings writes it. */
static bool read_time(struct span text, int64_t *ret_ms) {
    char room[32];
    struct tm tm = { 0 };
    uint64_t ms;
    (void)snprintf(room, sizeof room, "%.*s", (int)size_min(text.len, sizeof room - 1), text.at);
    const char *rest = strptime(room, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || strlen(rest) != 5 || rest[0] != '.' || rest[4] != 'Z' ||
        !read_milliseconds(rest + 1, &ms))
        return false;
    *ret_ms = (int64_t)timegm(&tm) * 1000 + (int64_t)ms;
    return true;
}

/* The answer was written about halfway between the question and now. */
static void take_pong(struct doctor_visiting *visiting, struct span pong, uint64_t at_ns) {
    struct doctor_visit *visit = visiting->visit;
    struct json_value value;
    int64_t server_ms;
    visit->is_in = true;
    visit->open_ns = at_ns - visiting->since_ns;
    if (!json_find(pong, SPAN("timestamp"), &value) || value.kind != JSON_KIND_STRING ||
        !read_time(span_of(value.raw.at + 1, value.raw.len - 2), &server_ms))
        return;
    int64_t half_ms = (int64_t)((at_ns - visiting->ping_ns) / NS_PER_MS / 2);
    visit->has_clock = true;
    visit->ahead_ms = server_ms + half_ms - clock_wall_ms();
}

static void on_message(void *owner, uint32_t index, struct span payload, uint64_t at_ns) {
    (void)index;
    struct doctor_visiting *visiting = owner;
    struct doctor_visit *visit = visiting->visit;
    visiting->sign_ns = at_ns;
    if (!visit->is_in && holds(payload, "pong")) {
        take_pong(visiting, payload, at_ns);
        finish(visiting);
    } else if (holds(payload, visiting->mark)) {
        visit->is_heard = true;
        visit->heard_ns = at_ns - visiting->since_ns;
        finish(visiting);
    }
}

static void on_pinged(void *owner, uint32_t index) {
    (void)index;
    struct doctor_visiting *visiting = owner;
    visiting->sign_ns = clock_now_ns();
    visiting->visit->pings++;
}

static void on_ended(void *owner, uint32_t index, const struct load_ending *ending) {
    (void)index;
    struct doctor_visiting *visiting = owner;
    struct doctor_visit *visit = visiting->visit;
    struct span reason = ending->why ? span_str(ending->why) : ending->reason;
    uint64_t now_ns = clock_now_ns();
    visit->is_ended = true;
    visit->status = ending->status;
    visit->code = ending->code;
    visit->ended_ns = now_ns - visiting->since_ns;
    visit->quiet_ns = now_ns - visiting->sign_ns;
    (void)snprintf(visit->reason, sizeof visit->reason, "%.*s", SPAN_ARG(reason));
    finish(visiting);
}

static void on_late(void *owner) {
    finish(owner);
}

struct doctor_visiting *doctor_visiting_new(struct doctor *doctor, struct err_note *note) {
    struct loop *loop = loop_new(note);
    if (!loop) return NULL;
    struct doctor_visiting *visiting = mem_new(sizeof *visiting);
    visiting->doctor = doctor;
    visiting->visit = &doctor->visit;
    visiting->loop = loop;
    visiting->alarm = loop_add_alarm(loop, on_late, visiting);
    (void)snprintf(visiting->mark, sizeof visiting->mark, "%016llx",
                   (unsigned long long)random_u64());
    return visiting;
}

static void say_goodbye(struct doctor_visiting *visiting) {
    char payload[WS_CONTROL_MAX];
    size_t len = ws_close_encode(payload, WS_CLOSE_NORMAL, SPAN(""));
    begin_step(visiting);
    load_clients_send(visiting->clients, visiting->index, WS_OP_CLOSE, span_of(payload, len));
    run(visiting, GOODBYE_MS);
}

void doctor_visiting_free(struct doctor_visiting *visiting) {
    if (!visiting) return;
    if (visiting->visit->is_open && !visiting->visit->is_ended) say_goodbye(visiting);
    load_publisher_free(visiting->publisher);
    load_clients_free(visiting->clients);
    loop_free(visiting->loop);
    mem_free(visiting);
}

void doctor_visiting_open(struct doctor_visiting *visiting) {
    const struct doctor *doctor = visiting->doctor;
    const struct load_clients_hooks hooks = { .opened = on_opened,
                                              .message = on_message,
                                              .ended = on_ended,
                                              .owner = visiting,
                                              .pinged = on_pinged };
    struct err_note note = { "" };
    struct buf authorization;
    buf_init(&authorization, AUTHORIZATION_MAX);
    buf_append_text(&authorization, "Bearer ");
    buf_append_span(&authorization, buf_span(&doctor->user.token));
    const struct load_dial dial = { .server = &doctor->clients.server,
                                    .host = doctor->clients.url.authority,
                                    .target = span_str(doctor->user.target),
                                    .authorization = buf_span(&authorization) };
    visiting->clients = load_clients_new(visiting->loop, 1, &hooks);
    begin_step(visiting);
    if (load_clients_open(visiting->clients, &dial, &visiting->index, &note))
        (void)snprintf(visiting->visit->reason, sizeof visiting->visit->reason, "%.255s",
                       note.text);
    else
        run(visiting, DOCTOR_WAIT_MS);
    buf_finish(&authorization);
}

/* ---- publishing ---- */

static void on_published(void *owner, const struct http_reply *reply) {
    struct doctor_visiting *visiting = owner;
    struct doctor_visit *visit = visiting->visit;
    struct json_value error, message;
    struct buf room;
    struct span text = SPAN("as Tidings does not");
    visit->is_answered = reply->status == 200;
    if (visit->is_answered) return;
    visit->publish_status = reply->status;
    buf_init(&room, sizeof visit->publish_why);
    if (json_find(reply->body, SPAN("error"), &error) &&
        json_find(error.raw, SPAN("message"), &message))
        (void)!json_text(&message, &room, &text);
    (void)snprintf(visit->publish_why, sizeof visit->publish_why, "status %d: %.*s", reply->status,
                   (int)size_min(text.len, 200), text.at);
    buf_finish(&room);
    finish(visiting);
}

static void on_unpublished(void *owner, const char *why) {
    struct doctor_visiting *visiting = owner;
    struct doctor_visit *visit = visiting->visit;
    if (visit->is_answered || *visit->publish_why) return;
    (void)snprintf(visit->publish_why, sizeof visit->publish_why, "%s", why);
    finish(visiting);
}

static void post(struct doctor_visiting *visiting, struct span key) {
    const struct doctor *doctor = visiting->doctor;
    const struct load_url url = { .authority = doctor->api.url.authority };
    char key_text[API_KEY_MAX + 1];
    struct buf head, body;
    (void)snprintf(key_text, sizeof key_text, "%.*s", SPAN_ARG(key));
    buf_init(&head, HEAD_MAX);
    buf_init(&body, HEAD_MAX);
    cli_request_head(&head, "POST", &url, "/api/v1/publish", key_text);
    buf_append_text(&body, "{\"channel\":");
    json_append_string(&body, span_str(doctor->user.channel));
    buf_printf(&body, ",\"data\":{\"type\":\"tidings_doctor\",\"mark\":\"%s\"}}", visiting->mark);
    load_publisher_post(visiting->publisher, buf_span(&head), buf_span(&body));
    load_publisher_flush(visiting->publisher);
    explicit_bzero(key_text, sizeof key_text);
    buf_finish(&head);
    buf_finish(&body);
}

void doctor_visiting_publish(struct doctor_visiting *visiting, struct span key) {
    const struct load_publisher_hooks hooks = { on_published, on_unpublished, visiting };
    struct err_note note = { "" };
    begin_step(visiting);
    visiting->publisher =
        load_publisher_new(visiting->loop, &visiting->doctor->api.server, &hooks, &note);
    if (!visiting->publisher) {
        on_unpublished(visiting, note.text);
        return;
    }
    post(visiting, key);
    run(visiting, DOCTOR_WAIT_MS);
}

void doctor_visiting_keep_still(struct doctor_visiting *visiting, uint32_t seconds) {
    begin_step(visiting);
    run(visiting, (uint64_t)seconds * 1000);
}
