/* SPDX-License-Identifier: MIT */
/*
 * auth/members_priv.h: a JSON object read as a token's parts must be: no member twice, at any
 * depth.
 *
 * It lends spans of the text and keeps numbers as they are written, so that a user id may be an
 * integer of any length. With jansson, which builds a tree, an HS256 token took 3.9 µs instead
 * of 1.6 (bench/jwt.c).
 */
#ifndef TIDINGS_AUTH_MEMBERS_PRIV_H
#define TIDINGS_AUTH_MEMBERS_PRIV_H

#include "base/json.h"

struct member {
    struct json_value name;
    struct json_value value;
};

/* Objects and arrays within one another; each is scanned once for each that it is in. */
#define MEMBERS_DEPTH_MAX 32

/* No object in `text` has more members than this. */
size_t members_bound(struct span text);

/* Reads the object that is all of `text`; its own members go to `list`, in their order. False when
 * it is no object, has more than `room` members, a name twice within one object, a name that is no
 * text (half a surrogate pair), or nests too deeply; when memory ran out, too. */
MUST_USE bool members_read(struct span text, struct member *list, size_t room, size_t *ret_count);

/* The value of that name, or NULL. */
const struct json_value *members_find(const struct member *list, size_t count, const char *name);

#endif
