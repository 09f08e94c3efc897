/* SPDX-License-Identifier: MIT */
/*
 * ws/pending.c: memory for unfinished messages, within the budget of the process.
 */
#include "ws/pending_priv.h"

#include "base/mem.h"

enum { FIRST_BYTES = 256 };

static bool budget_take(struct ws_budget *budget, uint64_t bytes) {
    uint64_t used = atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed);
    uint64_t max = atomic_load_explicit(&budget->max, memory_order_relaxed);
    if (used <= max && bytes <= max - used) return true;
    atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
    return false;
}

static void budget_give(struct ws_budget *budget, uint64_t bytes) {
    atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
}

struct ws_pending *pending_new(struct ws_budget *budget) {
    if (!budget_take(budget, sizeof(struct ws_pending))) return NULL;
    struct ws_pending *p = mem_try(sizeof *p);
    if (!p) {
        budget_give(budget, sizeof *p);
        return NULL;
    }
    memset(p, 0, sizeof *p);
    p->budget = budget;
    return p;
}

void pending_clear(struct ws_pending *p) {
    struct ws_pending clear = {
        .budget = p->budget, .held = p->held, .held_cap = p->held_cap, .rest = p->rest
    };
    budget_give(p->budget, p->data_cap);
    mem_free(p->data);
    *p = clear;
}

void pending_let_go(struct ws_pending *p) {
    budget_give(p->budget, p->held_cap);
    mem_free(p->held);
    p->held = NULL;
    p->held_cap = 0;
    p->rest = (struct ws_input){ 0 };
}

bool pending_hold(struct ws_pending *p, const struct ws_input *in) {
    if (!p->held) {
        if (!budget_take(p->budget, in->len)) return false;
        p->held = mem_try(in->len);
        if (!p->held) {
            budget_give(p->budget, in->len);
            return false;
        }
        p->held_cap = in->len;
        p->rest = (struct ws_input){ p->held, in->len };
        memcpy(p->held, in->at, in->len);
        return true;
    }
    assert(in->at >= p->held && in->at + in->len <= p->held + p->held_cap);
    p->rest = *in;
    return true;
}

void pending_free(struct ws_pending *p) {
    if (!p) return;
    pending_let_go(p);
    budget_give(p->budget, p->data_cap + sizeof *p);
    mem_free(p->data);
    mem_free(p);
}

static bool grow(struct ws_pending *p, size_t cap) {
    size_t more = cap - p->data_cap;
    if (!budget_take(p->budget, more)) return false;
    char *data = mem_try_resize(p->data, cap);
    if (!data) {
        budget_give(p->budget, more);
        return false;
    }
    p->data = data;
    p->data_cap = cap;
    return true;
}

bool pending_keep(struct ws_pending *p, struct span bytes, uint64_t expected) {
    if (bytes.len == 0) return true;
    size_t needed = p->data_len + bytes.len;
    if (needed > p->data_cap) {
        /* Doubling as bytes come, not all at once: an announced length is only a promise. */
        uint64_t ample = size_max(p->data_cap * 2, FIRST_BYTES);
        if (ample > expected) ample = expected;
        if (!grow(p, size_max(needed, (size_t)ample))) return false;
    }
    memcpy(p->data + p->data_len, bytes.at, bytes.len);
    p->data_len = needed;
    return true;
}
