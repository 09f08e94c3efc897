/* SPDX-License-Identifier: MIT */
/*
 * support/feed.h: feeds a sample to a parser in every way to cut it: whole, in two at every byte,
 * and a byte at a time.
 *
 * Each piece lies alone in memory of its very size, which is gone when the parser returns: a
 * sanitizer sees every byte read beyond it and every span that was kept.
 */
#ifndef TIDINGS_SUPPORT_FEED_H
#define TIDINGS_SUPPORT_FEED_H

#include "base/mem.h"
#include "base/span.h"

struct feed {
    void (*begin)(void *context);
    void (*take)(void *context, struct span piece);
    void (*end)(void *context, const char *how); /* `how` names the cut, for messages */
    void *context;
};

static inline void feed_piece(const struct feed *feed, const char *at, size_t len) {
    char *copy = malloc(len ? len : 1);
    assert(copy);
    if (len) memcpy(copy, at, len);
    feed->take(feed->context, span_of(copy, len));
    free(copy);
}

static inline void feed_whole(const struct feed *feed, struct span sample) {
    feed->begin(feed->context);
    feed_piece(feed, sample.at, sample.len);
    feed->end(feed->context, "whole");
}

static inline void feed_cut(const struct feed *feed, struct span sample, size_t cut) {
    char how[32];
    (void)snprintf(how, sizeof how, "cut at %zu", cut);
    feed->begin(feed->context);
    feed_piece(feed, sample.at, cut);
    feed_piece(feed, sample.at + cut, sample.len - cut);
    feed->end(feed->context, how);
}

static inline void feed_bytes(const struct feed *feed, struct span sample) {
    feed->begin(feed->context);
    for (size_t i = 0; i < sample.len; i++)
        feed_piece(feed, sample.at + i, 1);
    feed->end(feed->context, "byte by byte");
}

static inline void feed_every_way(const struct feed *feed, struct span sample) {
    feed_whole(feed, sample);
    for (size_t cut = 0; cut <= sample.len; cut++)
        feed_cut(feed, sample, cut);
    feed_bytes(feed, sample);
}

#endif
