/* SPDX-License-Identifier: MIT */
/*
 * base/sketch.h: the heaviest names of a stream, in a fixed amount of memory and at a fixed cost an
 * entry: space-saving, in sets.
 *
 * The hash of a name chooses a set, which counts SKETCH_WAYS names: exactly, as long as no other
 * name falls into it. Of additions for names without a place one in SKETCH_STRANGERS is drawn and
 * stands for all of them: its name takes the place of the smallest count and goes on from there.
 * That much the count may be too high, which is its `error`. In one window, with S the weight of
 * all that fell into the set:
 *
 *     count - error <= true weight, always
 *     error <= S / SKETCH_WAYS, and a name without a place weighs no more, on average
 *
 * A count may be too low by what came before the name was drawn, SKETCH_STRANGERS additions on
 * average. The hash is keyed, so that names spread evenly and S is about 1 / SKETCH_SETS of
 * everything, plus the heavy names in it.
 *
 * Time goes in windows that the caller numbers, upward. The sketch has the last two, so that what
 * is no longer heavy leaves. One thread uses it.
 */
#ifndef TIDINGS_BASE_SKETCH_H
#define TIDINGS_BASE_SKETCH_H

#include "base/span.h"

enum { SKETCH_SETS = 64, SKETCH_WAYS = 8, SKETCH_STRANGERS = 8, SKETCH_NAME_MAX = 200 };

struct sketch_set {
    uint32_t hashes[SKETCH_WAYS];
    uint32_t used; /* of the places, the first so many */
    uint64_t counts[SKETCH_WAYS];
    uint64_t errors[SKETCH_WAYS];
};

struct sketch_name {
    uint8_t len;
    char at[SKETCH_NAME_MAX];
};

struct sketch_window {
    uint64_t number;
    struct sketch_set sets[SKETCH_SETS];
    struct sketch_name names[SKETCH_SETS][SKETCH_WAYS];
};

/* Zeroed is empty. */
struct sketch {
    struct sketch_window windows[2];
    uint64_t random;
};

/* Adds `weight` to `name`, which is cut at SKETCH_NAME_MAX bytes and whose hash is `hash`. */
void sketch_add(struct sketch *sketch, uint64_t window, uint32_t hash, struct span name,
                uint64_t weight);

struct sketch_top {
    uint64_t count;
    uint64_t error;
    struct sketch_name name;
};

static inline struct span sketch_top_name(const struct sketch_top *top) {
    return span_of(top->name.at, top->name.len);
}

/* The at most `max` heaviest names of `window` and the one before it, heaviest first; returns how
 * many. */
size_t sketch_heaviest(const struct sketch *sketch, uint64_t window, size_t max,
                       struct sketch_top *ret);

/* Joins lists of several sketches, standing one behind the other in `tops`: each name once, with
 * the sums, heaviest first. Returns how many are left. */
size_t sketch_join(struct sketch_top *tops, size_t count);

#endif
