/* SPDX-License-Identifier: MIT */
/*
 * load/template.h: texts with places to fill in, so that any server can be addressed:
 * "/pub?id={user}", "{\"user\":\"{user}\",\"data\":{data}}". Braces around anything else than the
 * words below are plain text.
 */
#ifndef TIDINGS_LOAD_TEMPLATE_H
#define TIDINGS_LOAD_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define LOAD_WORD_MAP(X)                                                                           \
    X(USER, "{user}")                                                                              \
    X(TOKEN, "{token}")                                                                            \
    X(DATA, "{data}")

enum load_word {
#define LOAD_WORD_ITEM(name, text) LOAD_WORD_##name,
    LOAD_WORD_MAP(LOAD_WORD_ITEM)
#undef LOAD_WORD_ITEM
        LOAD_WORD_COUNT
};

enum { LOAD_TEMPLATE_PIECES_MAX = 16 };

/* A piece of plain text and the word that follows it; LOAD_WORD_COUNT: none does. */
struct load_piece {
    struct span text;
    enum load_word word;
};

struct load_template {
    struct load_piece pieces[LOAD_TEMPLATE_PIECES_MAX];
    size_t count;
};

/* What to put in the place of each word. */
struct load_values {
    struct span words[LOAD_WORD_COUNT];
};

/* Finds the places in `text`, which must outlive the template. ERR_LIMIT and a note when there are
 * more than LOAD_TEMPLATE_PIECES_MAX. */
MUST_USE enum err load_template_parse(struct span text, struct load_template *ret,
                                      struct err_note *note);

/* Appends the text with all places filled in. */
void load_template_write(const struct load_template *t, const struct load_values *values,
                         struct buf *out);

#endif
