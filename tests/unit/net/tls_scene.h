/* SPDX-License-Identifier: MIT */
/*
 * What tests of TLS streams share: a world for a group of tests, and short texts on a stream.
 */
#ifndef TIDINGS_TESTS_NET_TLS_SCENE_H
#define TIDINGS_TESTS_NET_TLS_SCENE_H

#include "tls_pair.h"

static struct tls_world world;

static inline int make_world(void **state) {
    (void)state;
    tls_world_make(&world);
    return 0;
}

static inline int free_world(void **state) {
    (void)state;
    tls_world_free(&world);
    return 0;
}

/* Writes a text of fewer than 64 bytes, all of it. */
static inline void say(struct stream *s, const char *text) {
    char copy[64];
    size_t len = strlen(text), sent;
    assert_true(len < sizeof copy);
    memcpy(copy, text, len);
    const struct iovec piece = { copy, len };
    assert_int_equal(stream_write(s, &piece, 1, &sent), ERR_OK);
    assert_int_equal(sent, len);
}

/* Reads, and expects that text to be all that has come. */
static inline void expect_text(struct stream *s, const char *text) {
    char got[STREAM_READ_MIN];
    size_t len;
    assert_int_equal(stream_read(s, got, sizeof got, &len), ERR_OK);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(got, text, len);
}

#endif
