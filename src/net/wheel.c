/* SPDX-License-Identifier: MIT */
/*
 * net/wheel.c: a hashed timing wheel over slab indexes.
 */
#include "net/wheel.h"

static struct wheel_node *node_at(const struct wheel *w, uint32_t index) {
    return (struct wheel_node *)(void *)((char *)slab_at(w->items, index) + w->node_offset);
}

static uint32_t *head_of(struct wheel *w, uint32_t due_s) {
    return &w->heads[due_s & (WHEEL_SLOTS - 1)];
}

void wheel_init(struct wheel *w, struct slab *items, size_t node_offset, uint32_t now_s) {
    assert(now_s > 0);
    *w = (struct wheel){ .items = items, .node_offset = node_offset, .now_s = now_s };
}

void wheel_cancel(struct wheel *w, uint32_t index) {
    struct wheel_node *node = node_at(w, index);
    if (!node->due_s) return;
    if (w->cursor == index) w->cursor = node->next;
    if (node->prev) {
        node_at(w, node->prev)->next = node->next;
    } else {
        *head_of(w, node->due_s) = node->next;
    }
    if (node->next) node_at(w, node->next)->prev = node->prev;
    *node = (struct wheel_node){ 0 };
}

void wheel_set(struct wheel *w, uint32_t index, uint32_t due_s) {
    wheel_cancel(w, index);
    if (due_s <= w->now_s) due_s = w->now_s + 1;
    struct wheel_node *node = node_at(w, index);
    uint32_t *head = head_of(w, due_s);
    *node = (struct wheel_node){ .next = *head, .due_s = due_s };
    if (node->next) node_at(w, node->next)->prev = index;
    *head = index;
}

uint32_t wheel_next(struct wheel *w, uint32_t now_s) {
    for (;;) {
        if (!w->is_midway) {
            if (w->now_s >= now_s) return 0;
            w->now_s++;
            w->cursor = *head_of(w, w->now_s);
            w->is_midway = true;
        }
        while (w->cursor) {
            uint32_t index = w->cursor;
            const struct wheel_node *node = node_at(w, index);
            if (node->due_s <= w->now_s) {
                wheel_cancel(w, index); /* moves the cursor on */
                return index;
            }
            w->cursor = node->next;
        }
        w->is_midway = false;
    }
}
