/* SPDX-License-Identifier: MIT */
/*
 * load/sequence.h: what became of a numbered series of messages on its way to one receiver: lost,
 * doubled or out of order.
 */
#ifndef TIDINGS_LOAD_SEQUENCE_H
#define TIDINGS_LOAD_SEQUENCE_H

#include "base/base.h"

/* One receiver's view of one series, which counts from 0. Zeroed is ready. */
struct load_sequence {
    uint64_t next;   /* one past the greatest number seen */
    uint64_t recent; /* bit i: number `next - 1 - i` came */
};

struct load_tally {
    uint64_t received;   /* all of them, duplicates too */
    uint64_t missing;    /* numbers passed over and not come since */
    uint64_t reordered;  /* came after a greater number */
    uint64_t duplicates; /* came again */
};

/* `number` has come. What comes more than 64 numbers late counts as reordered while something is
 * missing, else as a duplicate. */
void load_sequence_seen(struct load_sequence *s, uint64_t number, struct load_tally *tally);

/* `sent` messages were sent in all: what never came at the end of the series is missing too. */
void load_sequence_end(struct load_sequence *s, uint64_t sent, struct load_tally *tally);

#endif
