/* SPDX-License-Identifier: MIT */
/*
 * dialect/huleedu.c: the words of HuleEdu's notification endpoint.
 *
 * Whatever is wrong with a token, the client hears the same, so that nobody learns from it how to
 * make a better one.
 */
#include "base/json.h"
#include "dialect/dialect_priv.h"

#define FAILED TEXT("Authentication failed")
#define BAD_TOKEN                                                                                  \
    { FAILED, TEXT("Invalid or expired JWT token"), ADVICE_GIVE_UP }
#define EXCEEDED TEXT("Rate limit exceeded")

static const struct refusal_words words[REFUSAL_KINDS] = {
    [REFUSAL_NO_TOKEN] = BAD_TOKEN,
    [REFUSAL_UNAUTHORIZED] = BAD_TOKEN,
    [REFUSAL_BAD_USER] = BAD_TOKEN,
    [REFUSAL_FORBIDDEN_CLIENT] = { FAILED, TEXT("Token does not belong to this client"),
                                   ADVICE_GIVE_UP },
    [REFUSAL_FORBIDDEN_CHANNEL] = { FAILED, TEXT("Token does not belong to the owner"),
                                    ADVICE_GIVE_UP },
    [REFUSAL_NOT_FOUND] = { TEXT("Not found"), TEXT("There is no such channel"), ADVICE_GIVE_UP },
    [REFUSAL_LIMITED_ATTEMPTS] = { EXCEEDED, TEXT("Too many connection attempts"), ADVICE_WAIT },
    [REFUSAL_LIMITED_CONNECTIONS] = { EXCEEDED, TEXT("Too many concurrent connections"),
                                      ADVICE_GIVE_UP },
    [REFUSAL_LIMITED_MESSAGES] = { EXCEEDED, TEXT("Too many messages"), ADVICE_WAIT },
    [REFUSAL_BLOCKED] = { EXCEEDED, TEXT("Temporarily blocked"), ADVICE_WAIT },
    [REFUSAL_SERVER_FAULT] = { TEXT("Internal server error"),
                               TEXT("WebSocket service temporarily unavailable"),
                               ADVICE_TRY_AGAIN },
};

struct span huleedu_refusal_reason(enum refusal_kind kind) {
    return words[kind].error;
}

void huleedu_refusal(const struct refusal *refusal, struct buf *out) {
    dialect_explain(&words[refusal->kind], refusal, out);
}

static void write_notice(bool is_degraded, struct span channel, int64_t unix_ms, struct buf *out) {
    (void)channel;
    buf_append_text(out, "{\"notification_type\":");
    json_append_string(out, is_degraded ? SPAN("service_degraded") : SPAN("service_recovered"));
    buf_append_text(out, ",\"category\":\"system_alerts\",\"priority\":\"high\","
                         "\"action_required\":false,\"payload\":{\"message\":");
    json_append_string(out, dialect_notice_text(is_degraded));
    buf_append_text(out, "},\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_char(out, '}');
}

const struct dialect dialect_huleedu = {
    .name = "huleedu",
    .refusal_reason = huleedu_refusal_reason,
    .refusal = huleedu_refusal,
    .pong = dialect_pong,
    .notice = write_notice,
};
