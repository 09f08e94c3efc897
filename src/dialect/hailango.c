/* SPDX-License-Identifier: MIT */
/*
 * dialect/hailango.c: the words of HaiLanGo's endpoint.
 *
 * It refuses in HTTP: `{"error"}`, and how long to wait where that is known. Who is let in is
 * welcomed with `connection_established`.
 */
#include "base/json.h"
#include "dialect/dialect_priv.h"

static const struct span errors[REFUSAL_KINDS] = {
    [REFUSAL_NO_TOKEN] = TEXT("Token required"),
    [REFUSAL_UNAUTHORIZED] = TEXT("Invalid or expired token"),
    [REFUSAL_BAD_USER] = TEXT("Invalid user ID"),
    [REFUSAL_FORBIDDEN_CLIENT] = TEXT("Token does not belong to this client"),
    [REFUSAL_FORBIDDEN_CHANNEL] = TEXT("Token does not belong to the owner"),
    [REFUSAL_NOT_FOUND] = TEXT("Not found"),
    [REFUSAL_LIMITED_ATTEMPTS] = TEXT("Too many connection attempts"),
    [REFUSAL_LIMITED_CONNECTIONS] = TEXT("Too many connections"),
    [REFUSAL_LIMITED_MESSAGES] = TEXT("Too many messages"),
    [REFUSAL_BLOCKED] = TEXT("Temporarily blocked"),
    [REFUSAL_SERVER_FAULT] = TEXT("Internal server error"),
};

static struct span refusal_reason(enum refusal_kind kind) {
    return errors[kind];
}

static void write_refusal(const struct refusal *refusal, struct buf *out) {
    buf_append_text(out, "{\"error\":");
    json_append_string(out, errors[refusal->kind]);
    if (refusal->retry_after_s) {
        buf_append_text(out, ",\"retry_after_seconds\":");
        buf_append_uint(out, refusal->retry_after_s);
    }
    buf_append_char(out, '}');
}

static void write_welcome(struct span user, int64_t unix_ms, struct buf *out) {
    buf_append_text(out, "{\"type\":\"connection_established\",\"payload\":{\"userId\":");
    json_append_string(out, user);
    buf_append_text(out, ",\"message\":\"WebSocket connection established\",\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_text(out, "},\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_char(out, '}');
}

/* An error even when it is the good news: the shape is one that its clients know. */
static void write_notice(bool is_degraded, struct span channel, int64_t unix_ms, struct buf *out) {
    (void)channel;
    buf_append_text(out, "{\"type\":\"error\",\"payload\":{\"code\":");
    json_append_string(out, is_degraded ? SPAN("service_degraded") : SPAN("service_recovered"));
    buf_append_text(out, ",\"message\":");
    json_append_string(out, dialect_notice_text(is_degraded));
    buf_append_text(out, "},\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_char(out, '}');
}

const struct dialect dialect_hailango = {
    .name = "hailango",
    .refusal_reason = refusal_reason,
    .refusal = write_refusal,
    .pong = dialect_pong,
    .welcome = write_welcome,
    .notice = write_notice,
};
