/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what nodes read from each other by way of Redis: messages of histories, questions and
 * answers. What was read says the same when it is written again.
 */
#include "broker/redis/entry_priv.h"
#include "broker/redis/node_text_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge_entry(struct span text) {
    struct entry is;
    if (!entry_read(text, &is)) return;
    assert(is.number > is.before);
    struct buf again;
    buf_init(&again, text.len);
    buf_append_uint(&again, is.number);
    buf_append_char(&again, ' ');
    buf_append_uint(&again, is.before);
    buf_append_text(&again, is.is_last ? " 1 " : " 0 ");
    buf_append_span(&again, is.payload);
    assert(span_eq(buf_span(&again), text));
    buf_finish(&again);
}

/* The text as a stream's entry would bring it: id, names and values by line. */
static void judge_kept(struct span text) {
    enum { FIELDS_MAX = 12 };
    struct redis_reply fields[FIELDS_MAX];
    struct redis_reply ids[2] = { { .kind = REDIS_STRING }, { .kind = REDIS_ARRAY } };
    struct span word;
    if (span_next(&text, '\n', &word)) ids[0].text = word;
    size_t count = 0;
    while (count < FIELDS_MAX && span_next(&text, '\n', &word))
        fields[count++] = (struct redis_reply){ .kind = REDIS_STRING, .text = word };
    ids[1].items = fields;
    ids[1].count = count;
    const struct redis_reply item = { .kind = REDIS_ARRAY, .items = ids, .count = 2 };
    struct entry is;
    uint64_t number;
    if (!entry_read_kept(&item, &is)) return;
    bool has_number = entry_number_kept(&item, &number);
    assert(has_number && number == is.number && is.before < is.number);
}

static void judge_text(struct span text) {
    struct node_text is;
    struct buf again;
    buf_init(&again, text.len);
    bool is_ask = node_text_read_ask(text, &is);
    if (is_ask) node_text_write_ask(&again, &is);
    bool is_answer = node_text_read_answer(text, &is);
    assert(!is_ask || !is_answer);
    if (is_answer) node_text_write_answer(&again, &is);
    if (is_ask || is_answer) {
        assert(node_name_is_good(is.node));
        assert(span_eq(buf_span(&again), text));
    }
    buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span text = span_of((const char *)data, size);
    judge_entry(text);
    judge_kept(text);
    judge_text(text);
    return 0;
}
