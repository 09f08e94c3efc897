/* SPDX-License-Identifier: MIT */
/*
 * load/sequence.c: compares each number with the one expected; a window of 64 bits remembers which
 * of the last ones came, so that a late message is told from a second copy.
 */
#include "load/sequence.h"

enum { WINDOW = 64 };

static void move_on(struct load_sequence *s, uint64_t number, struct load_tally *tally) {
    uint64_t ahead = number - s->next;
    tally->missing += ahead;
    s->recent = ahead + 1 < WINDOW ? s->recent << (ahead + 1) | 1 : 1;
    s->next = number + 1;
}

static void came_late(struct load_sequence *s, uint64_t number, struct load_tally *tally) {
    uint64_t age = s->next - 1 - number;
    bool is_first = age < WINDOW ? !(s->recent >> age & 1) : tally->missing > 0;
    if (!is_first) {
        tally->duplicates++;
        return;
    }
    if (age < WINDOW) s->recent |= (uint64_t)1 << age;
    tally->reordered++;
    if (tally->missing > 0) tally->missing--;
}

void load_sequence_seen(struct load_sequence *s, uint64_t number, struct load_tally *tally) {
    tally->received++;
    if (likely(number == s->next)) {
        s->recent = s->recent << 1 | 1;
        s->next++;
    } else if (number > s->next) {
        move_on(s, number, tally);
    } else {
        came_late(s, number, tally);
    }
}

void load_sequence_end(struct load_sequence *s, uint64_t sent, struct load_tally *tally) {
    if (sent > s->next) {
        tally->missing += sent - s->next;
        s->next = sent;
        s->recent = 0;
    }
}
