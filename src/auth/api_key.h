/* SPDX-License-Identifier: MIT */
/*
 * auth/api_key.h: the keys that other servers call the HTTP API with, and what each may do.
 *
 * A set never changes once built; any number of threads may look up in it at once.
 */
#ifndef TIDINGS_AUTH_API_KEY_H
#define TIDINGS_AUTH_API_KEY_H

#include "base/digest.h"
#include "base/err.h"

#define API_SCOPE_MAP(X)                                                                           \
    X(PUBLISH, "publish")                                                                          \
    X(ADMIN, "admin")                                                                              \
    X(READ, "read")

enum api_scope_number {
#define API_SCOPE_ITEM(name, text) API_SCOPE_NUMBER_##name,
    API_SCOPE_MAP(API_SCOPE_ITEM)
#undef API_SCOPE_ITEM
};

/* Scopes are bits: a key has a set of them. */
enum api_scope {
#define API_SCOPE_ITEM(name, text) API_SCOPE_##name = 1 << API_SCOPE_NUMBER_##name,
    API_SCOPE_MAP(API_SCOPE_ITEM)
#undef API_SCOPE_ITEM
};
#define API_SCOPE_ALL ((uint32_t)(API_SCOPE_PUBLISH | API_SCOPE_ADMIN | API_SCOPE_READ))

#define API_KEY_MAX   256 /* bytes of a key */
#define API_KEYS_MAX  256 /* keys in a set */

struct api_key_options {
    struct span name; /* for logs; empty: it becomes "key 1", "key 2", … by its place in the list */
    struct span key; /* 1 to API_KEY_MAX printable ASCII characters without a space */
    uint32_t scopes; /* bits of enum api_scope, at least one */
};

/* One key as its user sees it; the secret itself is not shown. */
struct api_key {
    const char *name;
    uint32_t scopes;
    uint64_t id; /* the same as long as the process lives, whatever set the key is in */
    /* The same in every process. Whoever has it could try out what keys it may be of. */
    unsigned char digest[DIGEST_BYTES];
};

struct api_keys;

/* The scope of that name. False for any other. */
MUST_USE
bool api_scope_parse(struct span name, enum api_scope *ret);

/**
 * Builds a set from `count` keys, which are copied; none is fine and matches nothing.
 *
 * Errors, said in `note` with the key's place (`keys[2]: …`) but never with the key: ERR_INVALID
 * (length, characters, no scope), ERR_EXISTS (a key or name twice), ERR_LIMIT (more than
 * API_KEYS_MAX), ERR_NOMEM.
 */
MUST_USE
enum err api_keys_new(const struct api_key_options *list, size_t count, struct api_keys **ret,
                      struct err_note *note);
/* Wipes and frees it. NULL is fine. */
void api_keys_free(struct api_keys *keys);

/* How many keys are in it. */
size_t api_keys_count(const struct api_keys *keys);

/* The key whose secret is `presented`, or NULL; it lives as long as the set. The time this takes
 * depends on the set alone, not on how much of a key was right. */
const struct api_key *api_keys_find(const struct api_keys *keys, struct span presented);

#endif
