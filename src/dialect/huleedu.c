/* SPDX-License-Identifier: MIT */
/*
 * dialect/huleedu.c: the words of HuleEdu's notification endpoint.
 *
 * A refusal is `{"error","code","message"}` and one piece of advice: how long to wait, where that
 * is known, else whether trying again makes sense at all.
 */
#include "base/clock.h"
#include "base/json.h"
#include "dialect/dialect_priv.h"

enum advice { ADVICE_GIVE_UP, ADVICE_TRY_AGAIN, ADVICE_WAIT };

struct words {
    struct span error;
    struct span message;
    enum advice advice;
};

#define TEXT(literal)                                                                              \
    { literal, sizeof(literal) - 1 }

static const struct words words[REFUSAL_KINDS] = {
    [REFUSAL_UNAUTHORIZED] = { TEXT("Authentication failed"), TEXT("Invalid or expired JWT token"),
                               ADVICE_GIVE_UP },
    [REFUSAL_FORBIDDEN_CLIENT] = { TEXT("Authentication failed"),
                                   TEXT("Token does not belong to this client"), ADVICE_GIVE_UP },
    [REFUSAL_LIMITED_ATTEMPTS] = { TEXT("Rate limit exceeded"),
                                   TEXT("Too many connection attempts"), ADVICE_WAIT },
    [REFUSAL_LIMITED_CONNECTIONS] = { TEXT("Rate limit exceeded"),
                                      TEXT("Too many concurrent connections"), ADVICE_GIVE_UP },
    [REFUSAL_LIMITED_MESSAGES] = { TEXT("Rate limit exceeded"), TEXT("Too many messages"),
                                   ADVICE_WAIT },
    [REFUSAL_BLOCKED] = { TEXT("Rate limit exceeded"), TEXT("Temporarily blocked"), ADVICE_WAIT },
    [REFUSAL_SERVER_FAULT] = { TEXT("Internal server error"),
                               TEXT("WebSocket service temporarily unavailable"),
                               ADVICE_TRY_AGAIN },
};
#undef TEXT

static struct span refusal_reason(enum refusal_kind kind) {
    return words[kind].error;
}

static void write_refusal(const struct refusal *refusal, struct buf *out) {
    const struct words *w = &words[refusal->kind];
    buf_append_text(out, "{\"error\":");
    json_append_string(out, w->error);
    buf_append_text(out, ",\"code\":");
    buf_append_uint(out, refusal->code);
    buf_append_text(out, ",\"message\":");
    json_append_string(out, w->message);
    switch (w->advice) {
    case ADVICE_GIVE_UP: buf_append_text(out, ",\"retry_recommended\":false}"); break;
    case ADVICE_TRY_AGAIN: buf_append_text(out, ",\"retry_recommended\":true}"); break;
    case ADVICE_WAIT:
        buf_append_text(out, ",\"retry_after_seconds\":");
        buf_append_uint(out, refusal->retry_after_s);
        buf_append_char(out, '}');
        break;
    }
}

static void write_pong(int64_t unix_ms, struct buf *out) {
    char now[CLOCK_TEXT_BYTES];
    clock_text(unix_ms, now);
    buf_append_text(out, "{\"type\":\"pong\",\"timestamp\":\"");
    buf_append_text(out, now);
    buf_append_text(out, "\"}");
}

const struct dialect dialect_huleedu = {
    .name = "huleedu",
    .refusal_reason = refusal_reason,
    .refusal = write_refusal,
    .pong = write_pong,
};
