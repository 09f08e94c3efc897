/* SPDX-License-Identifier: MIT */
/*
 * config/suggest.c: the distance between words (optimal string alignment).
 */
#include "config/suggest_priv.h"

size_t config_edit_distance(struct span a, struct span b) {
    size_t rows[3][CONFIG_SUGGEST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool is_same = a.at[i - 1] == b.at[j - 1];
            size_t best = last[j - 1] + (is_same ? 0 : 1);
            best = size_min(best, last[j] + 1);
            best = size_min(best, row[j - 1] + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                best = size_min(best, before[j - 2] + 1);
            row[j] = best;
        }
    }
    return row[b.len];
}

struct config_suggest config_suggest_for(struct span word) {
    /* One letter in three may be wrong; with more, anything resembles anything. */
    struct config_suggest suggest = { .word = word, .distance = size_min(word.len / 3, 3) + 1 };
    return suggest;
}

void config_suggest_try(struct config_suggest *suggest, struct span candidate) {
    if (suggest->word.len > CONFIG_SUGGEST_MAX || candidate.len > CONFIG_SUGGEST_MAX) return;
    size_t distance = config_edit_distance(suggest->word, candidate);
    if (distance >= suggest->distance) return;
    suggest->distance = distance;
    memcpy(suggest->best, candidate.at, candidate.len);
    suggest->best[candidate.len] = '\0';
}
