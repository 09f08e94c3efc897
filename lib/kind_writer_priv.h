/* SPDX-License-Identifier: MIT */
/*
 * lib/kind_writer_priv.h: writing a message, member by member. Judged is only what JSON could not
 * say; the rest is left to the catalogue's check of what was written, in `kind_finish`.
 */
#ifndef TIDINGS_LIB_KIND_WRITER_PRIV_H
#define TIDINGS_LIB_KIND_WRITER_PRIV_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "tidings/kinds.h"

enum { KIND_DEPTH_MAX = 4 };

struct kind_writer {
    struct buf text;
    char now[CLOCK_TEXT_BYTES];
    struct err_note problem; /* the first; empty: none */
    size_t depth;
    struct {
        const char *name; /* NULL: an element of a list */
        size_t index;
        size_t start;       /* of its own members in the text */
    } path[KIND_DEPTH_MAX]; /* what is open */
};

void kind_begin(struct kind_writer *writer);

/* A string; left out when it is NULL. */
void kind_text(struct kind_writer *writer, const char *name, const char *text);
/* null when it is NULL. */
void kind_nullable(struct kind_writer *writer, const char *name, const char *text);
/* Now when it is NULL. */
void kind_time(struct kind_writer *writer, const char *name, const char *time);
/* A JSON text; left out when it is NULL. */
void kind_json(struct kind_writer *writer, const char *name, const char *json);
void kind_integer(struct kind_writer *writer, const char *name, int64_t number);
void kind_number(struct kind_writer *writer, const char *name, double number);
/* `choice` counts from 1; with 0 it is `usual`, and left out if that is 0 too. */
void kind_word(struct kind_writer *writer, const char *name, const char *const *words, size_t count,
               unsigned choice, unsigned usual);
void kind_answer(struct kind_writer *writer, const char *name, enum tidings_answer answer,
                 bool usual);
/* A list of strings. */
void kind_texts(struct kind_writer *writer, const char *name, const char *const *texts,
                size_t count);

/* An object or a list: `bracket` is what it opens or closes with. */
void kind_open(struct kind_writer *writer, const char *name, char bracket);
/* An object as element of the open list. */
void kind_open_element(struct kind_writer *writer, size_t index);
void kind_close(struct kind_writer *writer, char bracket);

/* The members of a JSON object, into the object that is open; nothing when it is NULL. */
void kind_more(struct kind_writer *writer, const char *json);

/* How much of `whole` is done, in percent; 0 as long as nobody knows how much there is. */
double kind_percent(int64_t done, int64_t whole);

/* Ends the message and gives it out, or says what is wrong with it: a constructor's result. */
int kind_finish(struct kind_writer *writer, struct tidings_json *ret, char *problem);

#endif
