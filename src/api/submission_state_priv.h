/* SPDX-License-Identifier: MIT */
/*
 * api/submission_state_priv.h: how a submission stands, told from the messages that it carried.
 */
#ifndef TIDINGS_API_SUBMISSION_STATE_PRIV_H
#define TIDINGS_API_SUBMISSION_STATE_PRIV_H

#include "base/buf.h"
#include "store/store.h"

struct submission {
    uint64_t number;
    struct span owner; /* empty: nobody */
    struct span channel;
};

/* Appends its state as a JSON object: the last status, each test, each error, and the end. False
 * when that is too long for `out` or for the memory there is. */
MUST_USE bool submission_state_write(struct store *store, const struct submission *submission,
                                     struct buf *out);

#endif
