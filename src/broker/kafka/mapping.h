/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/mapping.h: what of a record goes to whom. Bytes in, bytes out.
 *
 * A path names a member within members: `data.teacher_id`.
 */
#ifndef TIDINGS_BROKER_KAFKA_MAPPING_H
#define TIDINGS_BROKER_KAFKA_MAPPING_H

#include "base/buf.h"
#include "base/err.h"

enum { KAFKA_MEMBERS_MAX = 32, KAFKA_ID_MAX = 128, KAFKA_USER_MAX = 128 };

/* A member of what is relayed, and where in the record its value stands. */
struct kafka_member {
    struct span name;
    struct span path;
};

struct kafka_mapping {
    struct span user_path; /* a text or a whole number */
    struct span id_path;   /* a text; a record without one is never taken for a duplicate */
    /* What is relayed: an object of these, those that are not there left out; or, when there are
     * none, the value at `whole_path` as it stands. */
    struct kafka_member members[KAFKA_MEMBERS_MAX];
    size_t member_count;
    struct span whole_path;
};

/* Adds a member written `name=path`. False: it is none, or there are too many. The text is lent. */
MUST_USE bool kafka_mapping_add(struct kafka_mapping *mapping, struct span text);

/* Reads a record into three buffers of the caller's, which are cleared first; `id` stays empty when
 * there is none. ERR_INVALID: it is no JSON object in UTF-8, or there is nothing to relay;
 * ERR_NOT_FOUND: it names no user; `why` says. ERR_TOO_BIG, ERR_NOMEM from the buffers. */
MUST_USE enum err kafka_map(const struct kafka_mapping *mapping, struct span record,
                            struct buf *user, struct buf *id, struct buf *relayed,
                            struct err_note *why);

#endif
