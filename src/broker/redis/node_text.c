/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/node_text.c: writes and reads what nodes say to each other.
 */
#include "broker/redis/node_text_priv.h"

bool node_name_is_good(struct span name) {
    if (name.len != NODE_NAME_LEN) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

/* Takes off what stands before the next blank, and the blank. */
static bool take_word(struct span *text, struct span *ret) {
    size_t end = span_find(*text, ' ');
    if (end == text->len) return false;
    *ret = span_of(text->at, end);
    *text = span_skip(*text, end + 1);
    return true;
}

static bool take_number(struct span *text, uint64_t *ret) {
    struct span word;
    return take_word(text, &word) && span_to_uint(word, UINT64_MAX, ret);
}

static bool take_node(struct span *text, struct span *ret) {
    return take_word(text, ret) && node_name_is_good(*ret);
}

bool node_text_read_ask(struct span text, struct node_text *ret) {
    struct node_text read = { .is_whole = true };
    struct span word;
    if (!take_word(&text, &word) || !span_eq(word, SPAN("ask"))) return false;
    if (!take_node(&text, &read.node) || !take_number(&text, &read.number)) return false;
    read.body = text;
    *ret = read;
    return true;
}

bool node_text_read_answer(struct span text, struct node_text *ret) {
    struct node_text read;
    struct span word;
    if (!take_word(&text, &word) || !span_eq(word, SPAN("answer"))) return false;
    if (!take_number(&text, &read.number) || !take_node(&text, &read.node)) return false;
    if (!take_word(&text, &word) || word.len != 1) return false;
    if (word.at[0] != '0' && word.at[0] != '1') return false;
    read.is_whole = word.at[0] == '1';
    read.body = text;
    *ret = read;
    return true;
}

void node_text_write_ask(struct buf *out, const struct node_text *what) {
    buf_append_text(out, "ask ");
    buf_append_span(out, what->node);
    buf_append_char(out, ' ');
    buf_append_uint(out, what->number);
    buf_append_char(out, ' ');
    buf_append_span(out, what->body);
}

void node_text_write_answer(struct buf *out, const struct node_text *what) {
    buf_append_text(out, "answer ");
    buf_append_uint(out, what->number);
    buf_append_char(out, ' ');
    buf_append_span(out, what->node);
    buf_append_text(out, what->is_whole ? " 1 " : " 0 ");
    buf_append_span(out, what->body);
}
