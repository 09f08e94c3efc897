/* SPDX-License-Identifier: MIT */
/*
 * dialect/dialect_priv.h: the dialects there are, one file each, and what several of them share.
 */
#ifndef TIDINGS_DIALECT_DIALECT_PRIV_H
#define TIDINGS_DIALECT_DIALECT_PRIV_H

#include "dialect/dialect.h"

extern const struct dialect dialect_huleedu, dialect_huleedu_status, dialect_hailango,
    dialect_submissions;

/* What a refused client had best do. */
enum advice { ADVICE_GIVE_UP, ADVICE_TRY_AGAIN, ADVICE_WAIT };

/* One kind of refusal, in a dialect that explains with `dialect_explain`. */
struct refusal_words {
    struct span error; /* the close frame's reason too */
    struct span message;
    enum advice advice;
};

/* A span as an initialiser. */
#define TEXT(literal)                                                                              \
    { "" literal, sizeof(literal) - 1 }

/* `{"error","code","message"}` and one piece of advice: how long to wait, where that is known, else
 * whether trying again makes sense at all. */
void dialect_explain(const struct refusal_words *words, const struct refusal *refusal,
                     struct buf *out);

/* `{"type":"pong","timestamp"}`. */
void dialect_pong(int64_t unix_ms, struct buf *out);

/* A time as a JSON string, RFC 3339 in UTC. */
void dialect_time(int64_t unix_ms, struct buf *out);

/* What a notice says in plain words. */
struct span dialect_notice_text(bool is_degraded);

/* HuleEdu's two endpoints refuse in the same words. */
struct span huleedu_refusal_reason(enum refusal_kind kind);
void huleedu_refusal(const struct refusal *refusal, struct buf *out);

#endif
