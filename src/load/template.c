/* SPDX-License-Identifier: MIT */
/*
 * load/template.c: cuts a text at its places once, so that filling them in is a few copies.
 */
#include "load/template.h"

static const struct span words[LOAD_WORD_COUNT] = {
#define LOAD_WORD_ITEM(name, text) [LOAD_WORD_##name] = { text, sizeof(text) - 1 },
    LOAD_WORD_MAP(LOAD_WORD_ITEM)
#undef LOAD_WORD_ITEM
};

/* The word that `text` starts with, LOAD_WORD_COUNT if none. */
static enum load_word word_at(struct span text) {
    enum load_word word = 0;
    while (word < LOAD_WORD_COUNT && !span_starts(text, words[word]))
        word++;
    return word;
}

enum err load_template_parse(struct span text, struct load_template *ret, struct err_note *note) {
    struct load_template t = { .count = 0 };
    struct span piece = text;
    for (size_t i = 0; i <= text.len; i++) {
        enum load_word word = word_at(span_skip(text, i));
        if (word == LOAD_WORD_COUNT && i < text.len) continue;
        if (t.count == LOAD_TEMPLATE_PIECES_MAX) {
            return err_note(note, ERR_LIMIT, "more than %d places to fill in",
                            LOAD_TEMPLATE_PIECES_MAX - 1);
        }
        piece.len -= text.len - i;
        t.pieces[t.count++] = (struct load_piece){ piece, word };
        if (word == LOAD_WORD_COUNT) break;
        piece = span_skip(text, i + words[word].len);
        i += words[word].len - 1;
    }
    *ret = t;
    return ERR_OK;
}

void load_template_write(const struct load_template *t, const struct load_values *values,
                         struct buf *out) {
    for (size_t i = 0; i < t->count; i++) {
        buf_append_span(out, t->pieces[i].text);
        if (t->pieces[i].word < LOAD_WORD_COUNT) {
            buf_append_span(out, values->words[t->pieces[i].word]);
        }
    }
}
