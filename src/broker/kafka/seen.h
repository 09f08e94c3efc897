/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/seen.h: the ids of records that came lately, so that one that comes again is known.
 */
#ifndef TIDINGS_BROKER_KAFKA_SEEN_H
#define TIDINGS_BROKER_KAFKA_SEEN_H

#include "base/map.h"
#include "base/span.h"

enum { SEEN_MAX = 65536 };

struct seen_id;

/* Zeroed is empty. */
struct seen {
    struct map map;
    struct seen_id *ring; /* of SEEN_MAX, made with the first */
    uint32_t next;
};

void seen_finish(struct seen *seen);
/* Notes `id`; false: it is among the last SEEN_MAX already. Without memory every id is new. */
MUST_USE bool seen_add(struct seen *seen, struct span id);
/* As if it had never come: what it stands for came to nothing. */
void seen_forget(struct seen *seen, struct span id);

#endif
