/* SPDX-License-Identifier: MIT */
/*
 * dialect/dialect.h: the words that the server itself says to a client, as JSON text.
 *
 * An endpoint of the configuration names its dialect; each dialect is one file of this folder, and
 * nothing else in the program knows one system from another. What is relayed is not looked at here.
 */
#ifndef TIDINGS_DIALECT_DIALECT_H
#define TIDINGS_DIALECT_DIALECT_H

#include "base/buf.h"
#include "base/span.h"

/* Why a client may not connect, or may not stay. */
enum refusal_kind {
    REFUSAL_NO_TOKEN,            /* none was brought and one is needed */
    REFUSAL_UNAUTHORIZED,        /* the token is not accepted */
    REFUSAL_BAD_USER,            /* its user id does not look as the endpoint wants it */
    REFUSAL_FORBIDDEN_CLIENT,    /* a good token, but of another client than the path names */
    REFUSAL_FORBIDDEN_CHANNEL,   /* the channel is somebody else's */
    REFUSAL_NOT_FOUND,           /* there is no such channel */
    REFUSAL_LIMITED_ATTEMPTS,    /* the address tried too often */
    REFUSAL_LIMITED_CONNECTIONS, /* the user (or channel) has as many connections as it may */
    REFUSAL_LIMITED_MESSAGES,    /* the client sent too many messages */
    REFUSAL_BLOCKED,             /* the user is shut out for a while */
    REFUSAL_SERVER_FAULT,
};
enum { REFUSAL_KINDS = REFUSAL_SERVER_FAULT + 1 };

struct refusal {
    enum refusal_kind kind;
    uint16_t code;          /* the close code, which the text repeats */
    uint32_t retry_after_s; /* time left, for LIMITED_ATTEMPTS, LIMITED_MESSAGES and BLOCKED */
};

struct dialect {
    const char *name; /* as the configuration spells it */

    /* The short text of a refusal, a constant: the reason of the close frame (at most 123 bytes).
     */
    struct span (*refusal_reason)(enum refusal_kind kind);
    /* The refusal explained: the message before the close frame, or the body of an HTTP answer. */
    void (*refusal)(const struct refusal *refusal, struct buf *out);
    /* The answer to an application ping; `unix_ms` is now, in UTC. */
    void (*pong)(int64_t unix_ms, struct buf *out);
    /* What a client hears before anything else; `user` is empty for an anonymous one. NULL: nothing
     * is said. */
    void (*welcome)(struct span user, int64_t unix_ms, struct buf *out);
    /* What a client hears when notifications may fail to reach this server (`is_degraded`), and
     * when they do again. `channel` is the one that the client came for; it makes a difference only
     * with `has_channel_notice`. */
    void (*notice)(bool is_degraded, struct span channel, int64_t unix_ms, struct buf *out);
    bool has_channel_notice;
};

/* The dialect of that name, a constant; NULL when there is none. */
const struct dialect *dialect_find(struct span name);

/* Whether a text message from a client is an application ping: `ping`, or a JSON object whose
 * member `type` is "ping", however spaced and whatever else it holds. Must be the whole message:
 * of a cut one nothing is known, so it is none. The same in every dialect. */
bool dialect_is_ping(struct span message);

#endif
