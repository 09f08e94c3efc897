/* SPDX-License-Identifier: MIT */
/*
 * base/json.h: a strict scanner for JSON texts (RFC 8259) and a writer of JSON strings.
 *
 * It stands on the path of every publish: it judges a text and lends spans of it, builds nothing
 * and allocates nothing. What passes is the grammar, so that a relayed value may hold any number
 * (beyond 2^63, 1e400), any escape (lone surrogates) and the same member twice; a byte order mark,
 * bytes that are not UTF-8 and nesting deeper than JSON_DEPTH_MAX are refused.
 * No name here is one of jansson's, so that a file may use both.
 */
#ifndef TIDINGS_BASE_JSON_H
#define TIDINGS_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Objects and arrays within one another, the outermost of the value included. */
enum { JSON_DEPTH_MAX = 128 };

enum json_kind {
    JSON_KIND_NULL,
    JSON_KIND_FALSE,
    JSON_KIND_TRUE,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

/* A value within a text, as the very bytes that stand there. */
struct json_value {
    enum json_kind kind;
    bool has_escapes; /* of a string: it holds a backslash */
    struct span raw;  /* without the white space around it; a string with its quotes */
};

/* Why a text was refused: `expected` (a constant, reads after "expected") did not stand at byte
 * `offset`, which is the length of the text when that ended too soon. */
struct json_error {
    size_t offset;
    const char *expected;
};

/* Judges the whole of `text`: one value, white space around it. */
MUST_USE
bool json_parse(struct span text, struct json_value *ret, struct json_error *ret_error);

/* Line and column, both from 1, of byte `offset` of `text`, for people: a line ends with LF, a
 * column is a character (code point), not a byte. */
void json_position(struct span text, size_t offset, size_t *ret_line, size_t *ret_column);

/*
 * Walking an object or an array, judging it on the way: the text (white space around it allowed) is
 * good once JSON_END has come. `struct json_walk walk = json_walk(text)`, then only `json_member`
 * or only `json_element` until something else than JSON_ITEM comes. The text need not have been
 * judged before; a value out of a good text never fails but with "an object" or "an array".
 * The walk itself does not count as depth: each value may be JSON_DEPTH_MAX deep.
 */
enum json_step { JSON_ITEM, JSON_END, JSON_FAIL };

struct json_walk {
    const char *start;
    const char *at;
    const char *end;
    bool is_begun;
    struct json_error error; /* after JSON_FAIL */
};

struct json_walk json_walk(struct span text);

/* The next member of an object: its name (a JSON_KIND_STRING value) and what it holds. */
MUST_USE
enum json_step json_member(struct json_walk *walk, struct json_value *ret_name,
                           struct json_value *ret);
/* The next element of an array. */
MUST_USE
enum json_step json_element(struct json_walk *walk, struct json_value *ret);

/* The member `name` of `object`; of several the last, as JavaScript reads it. False: there is none.
 * What stands behind a mistake is not looked at, so judge the text before if it matters. */
MUST_USE
bool json_find(struct span object, struct span name, struct json_value *ret);

/* Several members in one walk: `name` is asked for, the rest is set. */
struct json_wanted {
    struct span name;
    struct json_value value; /* when `is_there`; of several the last */
    bool is_there;
};
/* False: `object` is none, or not whole. */
bool json_find_all(struct span object, struct json_wanted *wanted, size_t count);

/* Whether `value` is a string and spells `text`, whatever escapes it is written with. */
bool json_text_is(const struct json_value *value, struct span text);

/* The characters of a string as UTF-8. Lent from the text itself when there are no escapes, else
 * decoded into `room` (cleared first) and lent from there. ERR_INVALID when it is no string or
 * holds half of a surrogate pair, which UTF-8 cannot say; ERR_TOO_BIG or ERR_NOMEM from `room`. */
MUST_USE
enum err json_text(const struct json_value *value, struct buf *room, struct span *ret);

/* A number written as a plain integer (no fraction, no exponent, no "-0") from `min` to `max`. */
MUST_USE
bool json_int(const struct json_value *value, int64_t min, int64_t max, int64_t *ret);

/* Appends `s` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
void json_append_string(struct buf *b, struct span s);

#endif
