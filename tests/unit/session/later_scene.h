/* SPDX-License-Identifier: MIT */
/*
 * The scene with requests that wait for their answer until the test gives it, and an endpoint
 * /news that needs no token.
 */
#ifndef TIDINGS_TESTS_SESSION_LATER_SCENE_H
#define TIDINGS_TESTS_SESSION_LATER_SCENE_H

#include "scene.h"

enum { ASKED_MAX = 1000 };

static struct http_later asked[ASKED_MAX]; /* requests that wait for their answer */
static size_t asked_count;

/* A handler that answers later; those behind it wait for it. */
static inline void later_alone(void *context, struct http_call *call) {
    (void)context;
    assert_true(asked_count < ASKED_MAX);
    asked[asked_count++] = call->later;
    call->is_later = true;
}

/* One that those behind it may pass. */
static inline void later_passed(void *context, struct http_call *call) {
    later_alone(context, call);
    call->lets_pass = true;
}

static inline void answer_now(void *context, struct http_call *call) {
    (void)context;
    http_response_start(call->response, 200);
    http_response_body(call->response, HTTP_TEXT, SPAN("now"));
}

static struct endpoint_options news = {
    .name = "news",
    .path = "/news",
    .is_enabled = true,
    .auth = ENDPOINT_AUTH_OPTIONAL,
    .channels = { "news" },
    .channels_count = 1,
    .path_user = "",
    .ends_after = "",
    .max_message_bytes = 1000,
    .max_notification_bytes = 1000,
};

/* `queue_max`: of bytes that wait for a listener of the news. The test adds its routes. */
static inline void later_begin(uint32_t queue_max) {
    asked_count = 0;
    news.max_queue_bytes = queue_max;
    news.dialect = dialect_find(SPAN("huleedu"));
    scene_begin((struct session_options){
        .handshake_seconds = 1, .http_idle_seconds = 1, .endpoints = &news, .endpoint_count = 1 });
}

/* As many as it takes on a machine so slow that a turn has time for one request alone. */
static inline void run_turns(void) {
    scene_turns(300);
}

/* The loop would sleep now. Asked twice, since a tick may just be due. */
static inline bool is_resting(void) {
    if (uv_backend_timeout(loop_uv(scene.loop)) != 0) return true;
    run_turns();
    return uv_backend_timeout(loop_uv(scene.loop)) != 0;
}

static inline void send_text(int client, const char *text) {
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    run_turns();
}

static inline void write_word(void *context, struct http_response *response) {
    http_response_start(response, 200);
    http_response_body(response, HTTP_TEXT, span_str(context));
}

static inline void answer_only(size_t which, const char *word) {
    char room[16];
    (void)snprintf(room, sizeof room, "%s", word);
    asked[which].answer(asked[which].owner, asked[which].ticket, write_word, room);
}

static inline void answer(size_t which, const char *word) {
    answer_only(which, word);
    run_turns();
}

static char heard[1 << 16], received[1 << 16];

static inline const char *hear_answers(int client, bool has_statuses) {
    ssize_t got = recv(client, received, sizeof received - 1, 0);
    received[got > 0 ? got : 0] = 0;
    heard[0] = 0;
    for (const char *at = received; (at = strstr(at, "HTTP/1.1 ")) != NULL;) {
        const char *status = at + 9, *body = strstr(at, "\r\n\r\n");
        const char *end = strstr(status, "HTTP/1.1 ");
        assert_non_null(body);
        body += 4;
        size_t len = end ? (size_t)(end - body) : strlen(body);
        bool is_told = !has_statuses || strncmp(status, "200", 3) == 0;
        size_t before = strlen(heard);
        (void)snprintf(heard + before, sizeof heard - before, "%.*s ", is_told ? (int)len : 3,
                       is_told ? body : status);
        at = status;
    }
    return heard;
}

/* The bodies of all answers that came, one after the other, with a space behind each. */
static inline const char *hear(int client) {
    return hear_answers(client, false);
}

/* The same, with the status alone for those that are not 200. */
static inline const char *hear_statuses(int client) {
    return hear_answers(client, true);
}

static inline bool has_ended(int client) {
    char byte;
    return recv(client, &byte, 1, 0) == 0;
}

#endif
