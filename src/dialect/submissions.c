/* SPDX-License-Identifier: MIT */
/*
 * dialect/submissions.c: the words of the endpoint that watches submissions.
 *
 * It says little: the close frame's code and reason are enough for its clients, and a ping is
 * answered with the bare word.
 */
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

const struct dialect dialect_submissions = {
    .name = "submissions",
    .refusal_reason = refusal_reason,
    .refusal = write_refusal,
    .pong = write_pong,
};
