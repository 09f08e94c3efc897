/* SPDX-License-Identifier: MIT */
/*
 * auth/keys.c: the set: its sources, the search for a token's key.
 */
#include "auth/keys_priv.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdatomic.h>

/* Puts `where` before what the note says already. */
static enum err note_place(struct err_note *note, enum err e, const char *where) {
    if (!note) return e;
    struct err_note what = *note;
    return err_note(note, e, "%s: %s", where, what.text);
}

static bool kid_is(const struct auth_key *key, struct span kid) {
    return key->kid && span_eq(span_str(key->kid), kid);
}

/* Takes over what is in `key`, unless another of the set answers to the same name. */
static enum err add(struct auth_keys *keys, struct auth_key *key, struct err_note *note) {
    for (size_t i = 0; key->kid && i < keys->count; i++) {
        const struct auth_key *other = &keys->list[i];
        if (kid_is(other, span_str(key->kid)) && (other->serves & key->serves))
            return err_note(note, ERR_EXISTS, "its \"kid\" is that of an earlier key");
    }
    if (keys->count == AUTH_KEYS_MAX)
        return err_note(note, ERR_LIMIT, "more than %d keys", AUTH_KEYS_MAX);
    keys->list[keys->count++] = *key;
    *key = (struct auth_key){ 0 };
    return ERR_OK;
}

static enum err add_secret(struct auth_keys *keys, struct span secret,
                           const struct auth_key_terms *terms, struct err_note *note) {
    struct auth_key key = { 0 };
    enum err e = auth_key_from_secret(secret, terms, &key, note);
    if (!e && !key.serves)
        e = err_note(note, ERR_INVALID, "none of the allowed algorithms uses a secret");
    if (!e) e = add(keys, &key, note);
    auth_key_finish(&key);
    return e ? note_place(note, e, "secret") : ERR_OK;
}

static enum err add_pem(struct auth_keys *keys, struct span pem, const struct auth_key_terms *terms,
                        struct err_note *note) {
    struct auth_key key = { 0 };
    enum err e = pem.len > AUTH_SOURCE_MAX
                     ? err_note(note, ERR_TOO_BIG, "more than %d bytes", AUTH_SOURCE_MAX)
                     : auth_key_from_pem(pem, terms, &key, note);
    if (!e && !key.serves)
        e = err_note(note, ERR_INVALID, "none of the allowed algorithms uses a key of this kind");
    if (!e) e = add(keys, &key, note);
    auth_key_finish(&key);
    return e ? note_place(note, e, "pem") : ERR_OK;
}

static enum err add_jwk(struct auth_keys *keys, json_t *jwk, size_t place, bool is_published,
                        const struct auth_key_terms *terms, struct err_note *note) {
    struct auth_key key = { 0 };
    enum err e = auth_key_from_jwk(jwk, terms, &key, note);
    if (!e && key.serves) e = add(keys, &key, note);
    auth_key_finish(&key);
    if (!e || (is_published && e != ERR_LIMIT && e != ERR_NOMEM)) return ERR_OK;
    char where[32];
    (void)snprintf(where, sizeof where, "keys[%zu]", place);
    return note_place(note, e, where);
}

/* jansson's own words quote the text, which may hold secrets: only the place is taken from it. */
static enum err note_syntax(const json_error_t *error, struct err_note *note) {
    bool is_twice = json_error_code(error) == json_error_duplicate_key;
    return err_note(note, ERR_INVALID, "line %d, column %d: %s", error->line, error->column,
                    is_twice ? "a member for the second time" : "not valid JSON");
}

static enum err add_jwks(struct auth_keys *keys, struct span jwks, bool is_published,
                         const struct auth_key_terms *terms, struct err_note *note) {
    json_error_t error;
    json_t *set = NULL, *list, *jwk;
    size_t i, before = keys->count;
    enum err e = ERR_OK;
    if (jwks.len > AUTH_SOURCE_MAX) {
        e = err_note(note, ERR_TOO_BIG, "more than %d bytes", AUTH_SOURCE_MAX);
        goto out;
    }
    set = json_loadb(jwks.at, jwks.len, JSON_REJECT_DUPLICATES, &error);
    if (!set) {
        e = note_syntax(&error, note);
        goto out;
    }
    list = json_object_get(set, "keys");
    if (!json_is_array(list)) {
        e = err_note(note, ERR_INVALID, "not a JSON Web Key Set: it has no list \"keys\"");
        goto out;
    }
    json_array_foreach(list, i, jwk) {
        e = add_jwk(keys, jwk, i, is_published, terms, note);
        if (e) goto out;
    }
    if (keys->count == before)
        e = err_note(note, ERR_NOT_FOUND,
                     "none of its %zu keys is for verifying with an allowed algorithm",
                     json_array_size(list));
out:
    json_decref(set);
    return e ? note_place(note, e, "jwks") : ERR_OK;
}

enum err auth_keys_new(const struct auth_key_options *opt, struct auth_keys **ret,
                       struct err_note *note) {
    struct auth_key_terms terms = { opt->algorithms, opt->allow_weak_secret };
    struct auth_key_terms jwks_terms = terms;
    if (opt->is_published) jwks_terms.algorithms &= ~AUTH_HS_SET;
    if (!opt->algorithms) return err_note(note, ERR_INVALID, "no algorithm is allowed");
    struct auth_keys *keys = mem_new(sizeof *keys);
    keys->users = 1;
    keys->algorithms = opt->algorithms;
    enum err e = ERR_OK;
    if (opt->secret.len) e = add_secret(keys, opt->secret, &terms, note);
    if (!e && opt->pem.len) e = add_pem(keys, opt->pem, &terms, note);
    if (!e && opt->jwks.len) e = add_jwks(keys, opt->jwks, opt->is_published, &jwks_terms, note);
    if (!e && keys->count == 0 && !opt->may_be_empty)
        e = err_note(note, ERR_NOT_FOUND, "no key: neither a secret nor a PEM key nor a key set");
    if (e) {
        auth_keys_unref(keys);
        return e;
    }
    *ret = keys;
    return ERR_OK;
}

size_t auth_keys_count(const struct auth_keys *keys) {
    return keys->count;
}

struct auth_keys *auth_keys_ref(struct auth_keys *keys) {
    atomic_fetch_add(&keys->users, 1);
    return keys;
}

void auth_keys_unref(struct auth_keys *keys) {
    if (!keys || atomic_fetch_sub(&keys->users, 1) > 1) return;
    for (size_t i = 0; i < keys->count; i++)
        auth_key_finish(&keys->list[i]);
    mem_free(keys);
}

const struct auth_key *auth_keys_find(const struct auth_keys *keys, enum auth_algorithm algorithm,
                                      const struct span *kid) {
    const struct auth_key *found = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct auth_key *key = &keys->list[i];
        if (!(key->serves & AUTH_BIT(algorithm)) || (kid && !kid_is(key, *kid))) continue;
        if (found) return NULL;
        found = key;
    }
    return found;
}
