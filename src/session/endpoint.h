/* SPDX-License-Identifier: MIT */
/*
 * session/endpoint.h: what an endpoint is: a path and the rules for those who connect to it.
 *
 * An endpoint is data. config/ fills the options from YAML, session/ reads them; what differs
 * between systems beyond these values are the words in dialect/.
 */
#ifndef TIDINGS_SESSION_ENDPOINT_H
#define TIDINGS_SESSION_ENDPOINT_H

#include "base/err.h"
#include "base/span.h"
#include "dialect/dialect.h"

enum { ENDPOINT_CHANNELS_MAX = 8, ENDPOINT_CLAIMS_MAX = 8 };

enum endpoint_auth { ENDPOINT_AUTH_REQUIRED, ENDPOINT_AUTH_OPTIONAL };
enum endpoint_user_format { ENDPOINT_USER_ANY, ENDPOINT_USER_UUID };
enum endpoint_replay { ENDPOINT_REPLAY_NONE, ENDPOINT_REPLAY_ALL };
enum endpoint_connections_per { ENDPOINT_PER_USER, ENDPOINT_PER_CHANNEL };
enum endpoint_scope { ENDPOINT_SCOPE_NODE, ENDPOINT_SCOPE_CLUSTER };
enum endpoint_refuse { ENDPOINT_REFUSE_CLOSE, ENDPOINT_REFUSE_HTTP };
enum endpoint_inbound { ENDPOINT_INBOUND_IGNORE, ENDPOINT_INBOUND_ECHO };

/* Texts are terminated, owned by the configuration and live as long as it does. Lists end at
 * `…_count`. Seconds, bytes and counts as the names say; 0 means off or without limit where that is
 * said in docs/configuration.md. */
struct endpoint_options {
    const char *name;
    const char *path; /* literal or with {placeholders} */
    const struct dialect *dialect;
    bool is_enabled;

    enum endpoint_auth auth;
    const char *user_claims[ENDPOINT_CLAIMS_MAX];
    size_t user_claims_count;
    enum endpoint_user_format user_format;
    const char *path_user; /* the path's placeholder that must equal the user id; "": none */
    const char *required_claims[ENDPOINT_CLAIMS_MAX];
    size_t required_claims_count;
    bool keeps_after_expiry;

    /* Templates: "ws:{user_id}". The first is the one that clients come for, of which the rest of
     * this group and `connections_per` speak. */
    const char *channels[ENDPOINT_CHANNELS_MAX];
    size_t channels_count;
    bool is_declared; /* the channel must have been declared before anybody may listen */
    enum endpoint_replay replay;
    const char *ends_after; /* the `type` of the message that is the channel's last; "": none is */

    enum endpoint_refuse refuse;
    bool explains; /* with ENDPOINT_REFUSE_CLOSE: the JSON error goes before the close frame */
    uint16_t unauthorized_code;
    uint16_t not_found_code;
    uint16_t limited_code;

    enum endpoint_connections_per connections_per;
    uint32_t connections;
    uint32_t attempts_per_minute;
    uint32_t messages_per_minute;
    uint32_t block_seconds;
    enum endpoint_scope limits_scope; /* where connections, attempts and blocks are counted */

    uint32_t ping_seconds;
    uint32_t idle_seconds;
    uint32_t write_seconds;
    uint32_t unfinished_seconds;

    size_t max_message_bytes;
    size_t max_notification_bytes;
    size_t max_queue_bytes;

    enum endpoint_inbound inbound;
    bool compresses;
};

#endif
