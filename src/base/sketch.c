/* SPDX-License-Identifier: MIT */
/*
 * base/sketch.c: space-saving in sets, over two windows.
 *
 * In a stream of more names than have a place most additions are of names without one. If each took
 * a place an addition would cost 30 to 65 ns, for searching the smallest and copying the name.
 *
 * The eight hashes of a set are compared without a branch and fill half a cache line; the names,
 * which are long, stand apart and only that one is read whose hash is right.
 */
#include "base/sketch.h"

enum { PLACES = SKETCH_SETS * SKETCH_WAYS };

static struct span name_at(const struct sketch_window *window, size_t set, size_t way) {
    const struct sketch_name *name = &window->names[set][way];
    return span_of(name->at, name->len);
}

/* The way that counts `name`, or SKETCH_WAYS. */
static size_t find(const struct sketch_window *window, size_t at, uint32_t hash, struct span name) {
    const struct sketch_set *set = &window->sets[at];
    unsigned alike = 0;
    for (unsigned i = 0; i < SKETCH_WAYS; i++)
        alike |= (unsigned)(set->hashes[i] == hash) << i;
    for (; alike; alike &= alike - 1) {
        size_t way = (size_t)__builtin_ctz(alike);
        if (way < set->used && span_eq(name_at(window, at, way), name)) return way;
    }
    return SKETCH_WAYS;
}

static size_t smallest(const struct sketch_set *set) {
    size_t least = 0;
    for (size_t i = 1; i < SKETCH_WAYS; i++) {
        if (set->counts[i] < set->counts[least]) least = i;
    }
    return least;
}

/* True one time in SKETCH_STRANGERS. */
static bool is_drawn(struct sketch *sketch) {
    static_assert(SKETCH_STRANGERS == 1 << 3, "three bits decide");
    sketch->random = sketch->random * 6364136223846793005u + 1442695040888963407u;
    return sketch->random >> 61 == 0;
}

void sketch_add(struct sketch *sketch, uint64_t window, uint32_t hash, struct span name,
                uint64_t weight) {
    struct sketch_window *w = &sketch->windows[window & 1];
    if (w->number != window) {
        w->number = window;
        memset(w->sets, 0, sizeof w->sets);
    }
    name.len = size_min(name.len, SKETCH_NAME_MAX);
    size_t at = hash % SKETCH_SETS;
    struct sketch_set *set = &w->sets[at];
    size_t way = find(w, at, hash, name);
    if (way == SKETCH_WAYS) {
        bool is_full = set->used == SKETCH_WAYS;
        if (is_full && !is_drawn(sketch)) return;
        way = is_full ? smallest(set) : set->used++;
        if (is_full) {
            uint64_t passed_over = weight * (SKETCH_STRANGERS - 1);
            set->counts[way] += passed_over;
            set->errors[way] = set->counts[way];
        }
        set->hashes[way] = hash;
        w->names[at][way].len = (uint8_t)name.len;
        if (name.len) memcpy(w->names[at][way].at, name.at, name.len);
    }
    set->counts[way] += weight;
}

/* A name in one of the windows, or in both. */
struct candidate {
    uint64_t count;
    uint64_t error;
    const struct sketch_name *name;
};

static int by_name(const struct sketch_name *a, const struct sketch_name *b) {
    int order = memcmp(a->at, b->at, size_min(a->len, b->len));
    return order ? order : (int)a->len - (int)b->len;
}

/* The heavier first; alike ones by name, so that the order is always the same. */
static int candidates_by_count(const void *a, const void *b) {
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return by_name(x->name, y->name);
}

static int tops_by_count(const void *a, const void *b) {
    const struct sketch_top *x = a;
    const struct sketch_top *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return by_name(&x->name, &y->name);
}

static int tops_by_name(const void *a, const void *b) {
    const struct sketch_top *x = a;
    const struct sketch_top *y = b;
    return by_name(&x->name, &y->name);
}

/* Puts the names of `window` behind the `count` candidates, but those that `other`, whose names
 * stand there already, counts too. Returns the new count. */
static size_t collect(const struct sketch_window *window, const struct sketch_window *other,
                      struct candidate *candidates, size_t count) {
    for (size_t at = 0; at < SKETCH_SETS; at++) {
        const struct sketch_set *set = &window->sets[at];
        for (size_t way = 0; way < set->used; way++) {
            struct span name = name_at(window, at, way);
            if (other && find(other, at, set->hashes[way], name) < SKETCH_WAYS) continue;
            candidates[count++] =
                (struct candidate){ set->counts[way], set->errors[way], &window->names[at][way] };
        }
    }
    return count;
}

/* What `window` counted of the names that stand in both. */
static void add_shared(const struct sketch_window *window, const struct sketch_window *other,
                       struct candidate *candidates, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t place = (size_t)(candidates[i].name - &other->names[0][0]);
        size_t at = place / SKETCH_WAYS;
        uint32_t hash = other->sets[at].hashes[place % SKETCH_WAYS];
        struct span name = span_of(candidates[i].name->at, candidates[i].name->len);
        size_t way = find(window, at, hash, name);
        if (way == SKETCH_WAYS) continue;
        candidates[i].count += window->sets[at].counts[way];
        candidates[i].error += window->sets[at].errors[way];
    }
}

size_t sketch_heaviest(const struct sketch *sketch, uint64_t window, size_t max,
                       struct sketch_top *ret) {
    const struct sketch_window *now = &sketch->windows[window & 1];
    const struct sketch_window *before = &sketch->windows[(window - 1) & 1];
    struct candidate candidates[2 * PLACES];
    size_t count = 0;
    if (now->number != window) now = NULL;
    if (before->number != window - 1) before = NULL;
    if (now) count = collect(now, NULL, candidates, 0);
    if (now && before) add_shared(before, now, candidates, count);
    if (before) count = collect(before, now, candidates, count);
    qsort(candidates, count, sizeof candidates[0], candidates_by_count);
    count = size_min(count, max);
    for (size_t i = 0; i < count; i++) {
        ret[i].count = candidates[i].count;
        ret[i].error = candidates[i].error;
        ret[i].name.len = candidates[i].name->len;
        memcpy(ret[i].name.at, candidates[i].name->at, candidates[i].name->len);
    }
    return count;
}

size_t sketch_join(struct sketch_top *tops, size_t count) {
    size_t kept = 0;
    if (count > 1) qsort(tops, count, sizeof tops[0], tops_by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_name(&tops[kept - 1].name, &tops[i].name) == 0) {
            tops[kept - 1].count += tops[i].count;
            tops[kept - 1].error += tops[i].error;
        } else {
            tops[kept++] = tops[i];
        }
    }
    if (kept > 1) qsort(tops, kept, sizeof tops[0], tops_by_count);
    return kept;
}
