/* SPDX-License-Identifier: MIT */
/*
 * ws/extension_priv.h: the grammar of Sec-WebSocket-Extensions (RFC 6455 §9.1).
 */
#ifndef TIDINGS_WS_EXTENSION_PRIV_H
#define TIDINGS_WS_EXTENSION_PRIV_H

#include "base/span.h"

enum extension_step { EXTENSION_END, EXTENSION_ITEM, EXTENSION_BAD };

/* One offer: its name, and its parameters for `extension_param_next`. */
struct extension {
    struct span name;
    struct span params;
};

struct extension_param {
    struct span name;
    bool has_value;
    size_t value_len; /* may be more than `value` holds: then it is nothing that we know */
    char value[8];    /* without quotes and backslashes */
};

/* Takes the next offer off `rest`. After EXTENSION_BAD, `rest` is of no use. */
enum extension_step extension_next(struct span *rest, struct extension *ret);

/* Takes the next parameter off the `params` of an offer. */
enum extension_step extension_param_next(struct span *params, struct extension_param *ret);

/* Whether the whole list is written as the grammar says. The empty one is. */
bool extension_list_is_valid(struct span list);

#endif
