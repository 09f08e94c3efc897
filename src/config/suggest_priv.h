/* SPDX-License-Identifier: MIT */
/*
 * config/suggest_priv.h: which known word a misspelt one was probably meant to be.
 */
#ifndef TIDINGS_CONFIG_SUGGEST_PRIV_H
#define TIDINGS_CONFIG_SUGGEST_PRIV_H

#include "base/span.h"

enum { CONFIG_SUGGEST_MAX = 80 }; /* longer words are like no other */

struct config_suggest {
    struct span word;
    size_t distance;                   /* of the best so far; only less is better */
    char best[CONFIG_SUGGEST_MAX + 1]; /* empty: none is close enough */
};

/* Looks for words near `word`, which is borrowed. */
struct config_suggest config_suggest_for(struct span word);
/* A candidate; the nearest one stays. */
void config_suggest_try(struct config_suggest *suggest, struct span candidate);

/* How many letters must be put in, left out, changed or swapped with a neighbour to make one of the
 * other; both at most CONFIG_SUGGEST_MAX bytes. */
size_t config_edit_distance(struct span a, struct span b);

#endif
