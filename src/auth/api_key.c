/* SPDX-License-Identifier: MIT */
/*
 * auth/api_key.c: looking up a server's key without telling by the time how much of it was right.
 *
 * Every key is compared with what was presented, over its own whole length and without stopping at
 * a hit. What is presented is first copied into a block with zeros behind it, so that a shorter one
 * is compared like any other; no key has a zero in it.
 */
#include "auth/api_key.h"
#include "base/hash.h"
#include "base/mem.h"

#include <openssl/crypto.h>

struct entry {
    struct api_key seen;
    char *key;
    size_t key_len;
};

struct api_keys {
    size_t count;
    struct entry list[];
};

bool api_scope_parse(struct span name, enum api_scope *ret) {
#define API_SCOPE_ITEM(scope, text)                                                                \
    if (span_eq(name, SPAN(text))) {                                                               \
        *ret = API_SCOPE_##scope;                                                                  \
        return true;                                                                               \
    }
    API_SCOPE_MAP(API_SCOPE_ITEM)
#undef API_SCOPE_ITEM
    return false;
}

/* It has to travel in a header field as one word. */
static bool is_word(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] <= ' ' || s.at[i] > '~') return false;
    }
    return s.len > 0;
}

static enum err add(struct api_keys *keys, const struct api_key_options *opt,
                    struct err_note *note) {
    size_t place = keys->count;
    if (!is_word(opt->key) || opt->key.len > API_KEY_MAX)
        return err_note(note, ERR_INVALID,
                        "keys[%zu]: the key must be 1 to %d printable ASCII characters, no spaces",
                        place, API_KEY_MAX);
    if (opt->scopes == 0 || (opt->scopes & ~API_SCOPE_ALL))
        return err_note(note, ERR_INVALID, "keys[%zu]: it has no scope", place);

    char number[32];
    (void)snprintf(number, sizeof number, "key %zu", place + 1);
    struct span name = opt->name.len ? opt->name : span_str(number);
    for (size_t i = 0; i < place; i++) {
        const struct entry *other = &keys->list[i];
        if (span_eq(name, span_str(other->seen.name)))
            return err_note(note, ERR_EXISTS, "keys[%zu]: the name is that of keys[%zu]", place, i);
        if (span_eq(opt->key, span_of(other->key, other->key_len)))
            return err_note(note, ERR_EXISTS, "keys[%zu]: the key is that of keys[%zu]", place, i);
    }
    struct entry *entry = &keys->list[keys->count++];
    entry->seen.name = mem_new_text(name.at, name.len);
    entry->seen.scopes = opt->scopes;
    entry->seen.id = hash_span(opt->key);
    entry->key = mem_new_text(opt->key.at, opt->key.len);
    entry->key_len = opt->key.len;
    if (digest_of(opt->key, entry->seen.digest)) return ERR_OK;
    return err_note(note, ERR_NOMEM, "keys[%zu]: there is no memory for it", place);
}

enum err api_keys_new(const struct api_key_options *list, size_t count, struct api_keys **ret,
                      struct err_note *note) {
    if (count > API_KEYS_MAX) return err_note(note, ERR_LIMIT, "more than %d keys", API_KEYS_MAX);
    struct api_keys *keys = mem_new(sizeof *keys + count * sizeof keys->list[0]);
    for (size_t i = 0; i < count; i++) {
        enum err e = add(keys, &list[i], note);
        if (e) {
            api_keys_free(keys);
            return e;
        }
    }
    *ret = keys;
    return ERR_OK;
}

void api_keys_free(struct api_keys *keys) {
    for (size_t i = 0; keys && i < keys->count; i++) {
        struct entry *entry = &keys->list[i];
        OPENSSL_cleanse(entry->key, entry->key_len);
        mem_free(entry->key);
        mem_free((char *)entry->seen.name);
    }
    mem_free(keys);
}

size_t api_keys_count(const struct api_keys *keys) {
    return keys->count;
}

const struct api_key *api_keys_find(const struct api_keys *keys, struct span presented) {
    char block[API_KEY_MAX] = { 0 };
    const struct api_key *found = NULL;
    if (presented.len == 0 || presented.len > sizeof block) return NULL;
    memcpy(block, presented.at, presented.len);
    for (size_t i = 0; i < keys->count; i++) {
        const struct entry *entry = &keys->list[i];
        int differs = CRYPTO_memcmp(entry->key, block, entry->key_len);
        if (!differs && entry->key_len == presented.len) found = &entry->seen;
    }
    return found;
}
