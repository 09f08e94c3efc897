/* SPDX-License-Identifier: MIT */
/*
 * api/question_priv.h: what nodes ask of each other: JSON objects such as {"do":"stats"}, each
 * answered by this node with a JSON value, or with nothing.
 */
#ifndef TIDINGS_API_QUESTION_PRIV_H
#define TIDINGS_API_QUESTION_PRIV_H

#include "api/api_priv.h"

/* Who asks: to be answered once, on the thread that was asked, now or later. */
struct question_asker {
    api_answered answered;
    void *owner;
};

static inline void question_answer(const struct question_asker *asker, struct span answer) {
    asker->answered(asker->owner, answer);
}

/* The member `name` of the object `question`; false when it has none. */
MUST_USE bool question_member(struct span question, struct span name, struct json_value *ret);

/* Those who answer. `question` is an object, lent until they return. */
void question_stats(struct api *api, struct span question, const struct question_asker *asker);
void question_user(struct api *api, struct span question, const struct question_asker *asker);

#endif
