/* SPDX-License-Identifier: MIT */
/*
 * api/question.c: which question is answered by whom. One that is not known, which a newer node may
 * ask, could not be answered.
 */
#include "api/question_priv.h"

static const struct {
    struct span what;
    void (*handle)(struct api *api, struct span question, const struct question_asker *asker);
} kinds[] = {
    { { "stats", 5 }, question_stats },
    { { "user", 4 }, question_user },
};

bool question_member(struct span question, struct span name, struct json_value *ret) {
    struct json_walk walk = json_walk(question);
    struct json_value member, value;
    while (json_member(&walk, &member, &value) == JSON_ITEM) {
        if (!json_text_is(&member, name)) continue;
        *ret = value;
        return true;
    }
    return false;
}

void api_question(struct api *api, struct span text, api_answered answered, void *owner) {
    const struct question_asker asker = { answered, owner };
    struct json_value whole, what;
    struct json_error error;
    bool is_question = json_parse(text, &whole, &error) && whole.kind == JSON_KIND_OBJECT &&
                       question_member(whole.raw, SPAN("do"), &what);
    for (size_t i = 0; is_question && i < countof(kinds); i++) {
        if (!json_text_is(&what, kinds[i].what)) continue;
        kinds[i].handle(api, whole.raw, &asker);
        return;
    }
    question_answer(&asker, SPAN("null"));
}
