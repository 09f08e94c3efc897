/* SPDX-License-Identifier: MIT */
/*
 * app/keyring.c: asks, judges what came, and says so once.
 */
#include "app/keyring_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "fetch/fetch.h"
#include "fetch/url.h"

enum {
    UNKNOWN_EVERY_S = 60, /* tokens of strangers may make us ask so often */
    AGE_MIN_S = 60,       /* and a source that allows no keeping at all */
    RETRY_MAX_S = 60,
    RETRY_DOUBLINGS_MAX = 6,
    URL_SHOWN_MAX = 2 * FETCH_URL_MAX,
};

struct keyring {
    struct loop *loop;
    struct fetch *fetch; /* NULL until there is a URL */
    struct counts *counts;
    keyring_renewed renewed;
    void *owner;
    const struct config_jwt *jwt; /* NULL or without a URL: there is nothing to ask for */
    struct span kept;             /* the last good set, our own; empty: none */
    _Atomic uint64_t since_ns;    /* when it was confirmed, or the URL was new; 0: no URL */
    uint64_t due_ns;              /* when to ask again */
    unsigned failures;            /* since the last good answer */
    enum count_fetch said;        /* what of them is in the log */
    uint64_t unknown;             /* tokens without a key by now */
    bool wants_unknown;           /* there were more since they made us ask */
    uint64_t asked_unknown_ns;    /* which was then; 0: never */
};

static bool has_url(const struct keyring *keyring) {
    return keyring->jwt && *keyring->jwt->jwks_url;
}

static void ask(struct keyring *keyring) {
    const struct config_jwt *jwt = keyring->jwt;
    const struct fetch_options options = {
        .url = jwt->jwks_url,
        .trusted = jwt->jwks_ca,
        .max_bytes = jwt->jwks_max_bytes,
        .timeout_ms = jwt->jwks_timeout_seconds * 1000,
    };
    fetch_begin(keyring->fetch, &options);
}

/* A little sooner than needed, and nodes that were started together not together. */
static void ask_in(struct keyring *keyring, uint64_t seconds) {
    uint64_t ms = seconds * 1000;
    keyring->due_ns = clock_now_ns() + (ms * 8 / 10 + random_below(ms / 10)) * NS_PER_MS;
}

uint64_t keyring_lifetime_s(uint64_t most_s, int64_t max_age_s) {
    uint64_t least_s = most_s < AGE_MIN_S ? most_s : AGE_MIN_S;
    if (max_age_s == FETCH_NO_AGE || (uint64_t)max_age_s > most_s) return most_s;
    return (uint64_t)max_age_s < least_s ? least_s : (uint64_t)max_age_s;
}

uint64_t keyring_retry_s(unsigned failures) {
    if (failures > RETRY_DOUBLINGS_MAX) failures = RETRY_DOUBLINGS_MAX;
    uint64_t wait_s = 1ull << failures;
    return wait_s < RETRY_MAX_S ? wait_s : RETRY_MAX_S;
}

static void log_fetch(const struct keyring *keyring, enum log_level level, const char *message,
                      struct log_field what) {
    struct buf url;
    buf_init(&url, URL_SHOWN_MAX);
    fetch_url_show(keyring->jwt->jwks_url, &url);
    log_line(level, message, log_span("url", buf_span(&url)), what);
    buf_finish(&url);
}

static void fail(struct keyring *keyring, enum count_fetch end, const char *why) {
    counter_add(&keyring->counts->fetches[end], 1);
    ask_in(keyring, keyring_retry_s(keyring->failures++));
    if (keyring->said == end) return;
    keyring->said = end;
    log_fetch(keyring, LOG_WARNING,
              keyring->kept.len > 0 ? "key set not fetched, the last one holds"
                                    : "key set not fetched",
              log_text("why", why));
}

static bool keep(struct keyring *keyring, struct span document) {
    char *copy = mem_try(document.len);
    if (!copy) return false;
    memcpy(copy, document.at, document.len);
    mem_free((char *)(uintptr_t)keyring->kept.at);
    keyring->kept = span_of(copy, document.len);
    return true;
}

static void succeed(struct keyring *keyring, size_t keys, bool is_new, int64_t max_age_s) {
    bool is_worth_saying = is_new || keyring->failures > 0;
    counter_add(&keyring->counts->fetches[COUNT_FETCH_OK], 1);
    atomic_store(&keyring->since_ns, clock_now_ns());
    keyring->failures = 0;
    keyring->said = COUNT_FETCH_OK;
    ask_in(keyring, keyring_lifetime_s(keyring->jwt->jwks_refresh_seconds, max_age_s));
    if (is_worth_saying) log_fetch(keyring, LOG_INFO, "key set fetched", log_uint("keys", keys));
}

static void take(struct keyring *keyring, struct span document, int64_t max_age_s) {
    struct err_note note = { "" };
    struct auth_keys *keys;
    if (document.len == 0) {
        fail(keyring, COUNT_FETCH_UNUSABLE, "the answer is empty");
        return;
    }
    if (config_make_keys(keyring->jwt, document, &keys, &note) != ERR_OK) {
        fail(keyring, COUNT_FETCH_UNUSABLE, note.text);
        return;
    }
    size_t count = auth_keys_count(keys);
    bool is_new = !span_eq(document, keyring->kept);
    auth_keys_unref(keys);
    if (is_new && !keep(keyring, document)) {
        fail(keyring, COUNT_FETCH_UNUSABLE, err_text(ERR_NOMEM));
        return;
    }
    succeed(keyring, count, is_new, max_age_s);
    if (is_new) keyring->renewed(keyring->owner);
}

static void on_fetched(void *owner, const struct fetch_result *result) {
    struct keyring *keyring = owner;
    if (result->end == COUNT_FETCH_OK) {
        take(keyring, result->document, result->max_age_s);
    } else {
        fail(keyring, result->end, result->problem);
    }
}

struct keyring *keyring_new(struct loop *loop, struct counts *counts, keyring_renewed renewed,
                            void *owner) {
    struct keyring *keyring = mem_new(sizeof *keyring);
    keyring->loop = loop;
    keyring->counts = counts;
    keyring->renewed = renewed;
    keyring->owner = owner;
    return keyring;
}

static void forget(struct keyring *keyring) {
    mem_free((char *)(uintptr_t)keyring->kept.at);
    keyring->kept = span_of(NULL, 0);
    atomic_store(&keyring->since_ns, 0);
}

void keyring_free(struct keyring *keyring) {
    if (!keyring) return;
    fetch_free(keyring->fetch);
    forget(keyring);
    mem_free(keyring);
}

void keyring_follow(struct keyring *keyring, const struct config_jwt *jwt) {
    keyring->jwt = jwt;
    keyring->failures = 0;
    keyring->said = COUNT_FETCH_OK;
    if (!has_url(keyring)) {
        if (keyring->fetch) fetch_stop(keyring->fetch);
        forget(keyring);
        return;
    }
    if (!keyring->fetch) keyring->fetch = fetch_new(keyring->loop, on_fetched, keyring);
    if (atomic_load(&keyring->since_ns) == 0) atomic_store(&keyring->since_ns, clock_now_ns());
    ask(keyring);
}

void keyring_second(struct keyring *keyring, uint64_t unknown) {
    uint64_t now_ns = clock_now_ns();
    if (!has_url(keyring)) return;
    /* Without any set we are asking anyway. */
    if (unknown != keyring->unknown && keyring->kept.len > 0) keyring->wants_unknown = true;
    keyring->unknown = unknown;
    if (fetch_is_busy(keyring->fetch)) return;
    uint64_t again_ns = keyring->asked_unknown_ns + UNKNOWN_EVERY_S * NS_PER_S;
    if (keyring->wants_unknown && (keyring->asked_unknown_ns == 0 || now_ns >= again_ns)) {
        keyring->wants_unknown = false;
        keyring->asked_unknown_ns = now_ns;
        ask(keyring);
    } else if (now_ns >= keyring->due_ns) {
        ask(keyring);
    }
}

struct auth_keys *keyring_make(const struct keyring *keyring, const struct config_jwt *jwt) {
    struct err_note note = { "" };
    struct auth_keys *keys;
    if (!*jwt->jwks_url || keyring->kept.len == 0) return auth_keys_ref(jwt->keys);
    if (config_make_keys(jwt, keyring->kept, &keys, &note) == ERR_OK) return keys;
    log_line(LOG_WARNING, "the last key set does not go with the configuration",
             log_text("why", note.text));
    return auth_keys_ref(jwt->keys);
}

uint64_t keyring_age_s(const void *keyring) {
    uint64_t since_ns = atomic_load(&((const struct keyring *)keyring)->since_ns);
    return since_ns == 0 ? 0 : (clock_now_ns() - since_ns) / NS_PER_S;
}
