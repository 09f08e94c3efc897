/* SPDX-License-Identifier: MIT */
/*
 * dialect/submissions.c: the words of the endpoint that watches submissions.
 *
 * It says little: the close frame's code and reason are enough for its clients, and a ping is
 * answered with the bare word.
 */
#include "base/json.h"
#include "dialect/dialect_priv.h"

#define UNAUTHORIZED TEXT("Unauthorized")
#define LIMITED      TEXT("Rate limited")

static const struct refusal_words words[REFUSAL_KINDS] = {
    [REFUSAL_NO_TOKEN] = { UNAUTHORIZED, TEXT("A token is required"), ADVICE_GIVE_UP },
    [REFUSAL_UNAUTHORIZED] = { UNAUTHORIZED, TEXT("Invalid or expired token"), ADVICE_GIVE_UP },
    [REFUSAL_BAD_USER] = { UNAUTHORIZED, TEXT("Invalid user ID"), ADVICE_GIVE_UP },
    [REFUSAL_FORBIDDEN_CLIENT] = { UNAUTHORIZED, TEXT("Token does not belong to this client"),
                                   ADVICE_GIVE_UP },
    [REFUSAL_FORBIDDEN_CHANNEL] = { UNAUTHORIZED, TEXT("The submission is somebody else's"),
                                    ADVICE_GIVE_UP },
    [REFUSAL_NOT_FOUND] = { TEXT("Submission not found"), TEXT("There is no such submission"),
                            ADVICE_GIVE_UP },
    [REFUSAL_LIMITED_ATTEMPTS] = { LIMITED, TEXT("Too many connection attempts"), ADVICE_WAIT },
    [REFUSAL_LIMITED_CONNECTIONS] = { LIMITED, TEXT("Too many watch this submission"),
                                      ADVICE_TRY_AGAIN },
    [REFUSAL_LIMITED_MESSAGES] = { LIMITED, TEXT("Too many messages"), ADVICE_WAIT },
    [REFUSAL_BLOCKED] = { LIMITED, TEXT("Temporarily blocked"), ADVICE_WAIT },
    [REFUSAL_SERVER_FAULT] = { TEXT("Server error"), TEXT("Temporarily unavailable"),
                               ADVICE_TRY_AGAIN },
};

static struct span refusal_reason(enum refusal_kind kind) {
    return words[kind].error;
}

static void write_refusal(const struct refusal *refusal, struct buf *out) {
    dialect_explain(&words[refusal->kind], refusal, out);
}

static void write_pong(int64_t unix_ms, struct buf *out) {
    (void)unix_ms;
    buf_append_text(out, "pong");
}

/* The number of a submission is what its channel's name ends with. */
static struct span number_in(struct span channel) {
    size_t at = channel.len;
    while (at > 0 && '0' <= channel.at[at - 1] && channel.at[at - 1] <= '9')
        at--;
    struct span digits = span_skip(channel, at);
    bool is_number = digits.len == 1 || (digits.len > 1 && digits.at[0] != '0');
    return is_number ? digits : SPAN("null");
}

static void write_notice(bool is_degraded, struct span channel, int64_t unix_ms, struct buf *out) {
    buf_append_text(out, "{\"type\":\"service_status\",\"submission_id\":");
    buf_append_span(out, number_in(channel));
    buf_append_text(out, ",\"status\":");
    json_append_string(out, is_degraded ? SPAN("degraded") : SPAN("recovered"));
    buf_append_text(out, ",\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_char(out, '}');
}

const struct dialect dialect_submissions = {
    .name = "submissions",
    .refusal_reason = refusal_reason,
    .refusal = write_refusal,
    .pong = write_pong,
    .notice = write_notice,
    .has_channel_notice = true,
};
