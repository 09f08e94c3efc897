/* SPDX-License-Identifier: MIT */
/*
 * ws/token_priv.h: tokens and lists of them, as header fields are written (RFC 9110 §5.6).
 */
#ifndef TIDINGS_WS_TOKEN_PRIV_H
#define TIDINGS_WS_TOKEN_PRIV_H

#include "base/span.h"

/* Whether `c` may stand in a token. */
bool token_has_char(char c);
/* One token and nothing else. */
bool token_is_valid(struct span s);

/* Takes the next element off a comma-separated list of tokens, passing over empty elements. False
 * at the end of the list; `ret` may turn out to be no token. */
bool token_list_next(struct span *list, struct span *ret);
/* Whether `token` is among the elements, in any case of letters. */
bool token_list_has(struct span list, struct span token);

#endif
