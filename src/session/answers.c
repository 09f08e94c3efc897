/* SPDX-License-Identifier: MIT */
/*
 * session/answers.c: a ring that doubles as it fills and is given back when it is empty.
 */
#include "session/answers.h"

#include "base/mem.h"

enum { FIRST_CAP = 4 };

static struct owed *owed_at(const struct answers *answers, uint32_t place) {
    return &answers->at[(answers->first + place) & (answers->cap - 1)];
}

static struct owed *last(const struct answers *answers) {
    return owed_at(answers, answers->count - 1);
}

static void count(struct answers *answers, struct owed *owed) {
    answers->bytes += owed->out.cap - owed->counted;
    owed->counted = owed->out.cap;
}

static bool make_room(struct answers *answers) {
    if (answers->count < answers->cap) return true;
    uint32_t cap = answers->cap ? answers->cap * 2 : FIRST_CAP;
    struct owed *at = mem_try(cap * sizeof *at);
    if (!at) return false;
    for (uint32_t i = 0; i < answers->count; i++)
        at[i] = *owed_at(answers, i);
    mem_free(answers->at);
    answers->bytes += (cap - answers->cap) * sizeof *at;
    answers->at = at;
    answers->cap = cap;
    answers->first = 0;
    return true;
}

static struct owed *add(struct answers *answers) {
    if (!make_room(answers)) return NULL;
    answers->count++;
    struct owed *owed = last(answers);
    *owed = (struct owed){ 0 };
    buf_init(&owed->out, ANSWERS_OUT_MAX);
    return owed;
}

static void remove_first(struct answers *answers) {
    struct owed *owed = owed_at(answers, 0);
    answers->bytes -= owed->counted;
    buf_finish(&owed->out);
    answers->first = (answers->first + 1) & (answers->cap - 1);
    answers->count--;
}

void answers_finish(struct answers *answers) {
    while (answers->count > 0)
        remove_first(answers);
    mem_free(answers->at);
    *answers = (struct answers){ 0 };
}

struct buf *answers_end(struct answers *answers) {
    struct owed *owed = answers->count > 0 ? last(answers) : NULL;
    if (!owed || owed->ticket) owed = add(answers);
    return owed ? &owed->out : NULL;
}

void answers_count_end(struct answers *answers) {
    if (answers->count > 0) count(answers, last(answers));
}

struct owed *answers_add(struct answers *answers, uint64_t ticket) {
    struct owed *owed = answers->count > 0 ? last(answers) : NULL;
    /* Room for an answer that did not come at once stays the room for it. */
    if (!owed || owed->ticket || owed->out.len > 0) owed = add(answers);
    if (owed) owed->ticket = ticket;
    return owed;
}

/* The first as a rule: they come as they were asked for. */
struct owed *answers_find(const struct answers *answers, uint64_t ticket) {
    for (uint32_t i = 0; i < answers->count; i++) {
        struct owed *owed = owed_at(answers, i);
        if (owed->ticket == ticket) return owed;
    }
    return NULL;
}

bool answers_is_first(const struct answers *answers, const struct owed *owed) {
    return owed == owed_at(answers, 0);
}

bool answers_is_last(const struct answers *answers, const struct owed *owed) {
    return owed == last(answers);
}

void answers_written(struct answers *answers, struct owed *owed, struct buf *out) {
    owed->ticket = 0;
    count(answers, owed);
    while (answers->count > 0 && owed_at(answers, 0)->ticket == 0) {
        buf_append_span(out, buf_span(&owed_at(answers, 0)->out));
        remove_first(answers);
    }
    if (answers->count == 0) answers_finish(answers);
}
