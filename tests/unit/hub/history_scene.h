/* SPDX-License-Identifier: MIT */
/*
 * A process of one worker, with rules for its channels and a store for what they carry.
 */
#ifndef TIDINGS_TESTS_HUB_HISTORY_SCENE_H
#define TIDINGS_TESTS_HUB_HISTORY_SCENE_H

#include "crowd.h"

#include "hub/rule.h"

struct scene {
    struct hub_shared *shared;
    struct store *store;
    struct crowd *crowd;
};

static inline void scene_begin(struct scene *s, const struct store_options *options,
                               const struct hub_rule *rules, size_t rule_count) {
    s->shared = mem_new(sizeof *s->shared);
    hub_shared_init(s->shared, 1 << 30);
    s->store = store_new(options, &hub_store_ops);
    s->shared->store = s->store;
    s->crowd = crowd_new(s->shared);
    hub_set_rules(s->crowd->hub, rules, rule_count);
}

static inline void scene_end(struct scene *s) {
    crowd_leave(s->crowd, 0);
    crowd_free(s->crowd);
    store_free(s->store);
    hub_shared_finish(s->shared);
    mem_free(s->shared);
}

#endif
