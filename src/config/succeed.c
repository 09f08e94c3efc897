/* SPDX-License-Identifier: MIT */
/*
 * config/succeed.c: one configuration takes the place of another while the server runs.
 *
 * An endpoint's number stands in connections, counters and limits, so it stays with the name for as
 * long as the process lives.
 */
#include "base/mem.h"
#include "config/config.h"
#include "config/pool_priv.h"
#include "config/row_priv.h"

enum { VALUE_SHOWN_MAX = 256 * 1024, KEY_MAX = 128 };

static size_t number_of(const struct config *config, const char *name) {
    size_t i = 0;
    while (i < config->endpoints_count && strcmp(config->endpoints[i].name, name) != 0)
        i++;
    return i;
}

static void put(struct config *config, size_t number, const struct config *from, size_t at) {
    config->endpoints[number] = from->endpoints[at];
    config->endpoint_pools[number] = config_pool_ref(from->endpoint_pools[at]);
}

/* The endpoint at `number` of `running`, as its successor has it. */
static void follow(struct config *merged, const struct config *next, const struct config *running,
                   size_t number) {
    size_t at = number_of(next, running->endpoints[number].name);
    bool is_there = at < next->endpoints_count;
    bool has_served = running->endpoints[number].is_enabled || running->is_retired[number];
    if (is_there && (next->endpoints[at].is_enabled || !has_served)) {
        put(merged, number, next, at);
        return;
    }
    /* Somebody may still be connected there. */
    put(merged, number, running, number);
    merged->endpoints[number].is_enabled = false;
    merged->is_retired[number] = has_served;
}

static size_t count_new(const struct config *next, const struct config *running) {
    size_t count = 0;
    for (size_t i = 0; i < next->endpoints_count; i++)
        count += number_of(running, next->endpoints[i].name) == running->endpoints_count;
    return count;
}

enum err config_succeed(struct config *next, const struct config *running, struct err_note *note) {
    if (running->endpoints_count + count_new(next, running) > CONFIG_ENDPOINTS_MAX) {
        return err_note(note, ERR_LIMIT,
                        "endpoints: more than %d names since the server started; a restart forgets "
                        "those that are gone",
                        CONFIG_ENDPOINTS_MAX);
    }
    if (config_has_tls(&running->tls) != config_has_tls(&next->tls)) {
        return err_note(note, ERR_INVALID, "tls: switched on or off only by a restart");
    }
    struct config *merged = mem_new(sizeof *merged);
    for (size_t i = 0; i < running->endpoints_count; i++)
        follow(merged, next, running, i);
    size_t count = running->endpoints_count;
    for (size_t i = 0; i < next->endpoints_count; i++)
        if (number_of(running, next->endpoints[i].name) == running->endpoints_count)
            put(merged, count++, next, i);
    for (size_t i = 0; i < next->endpoints_count; i++)
        config_pool_unref(next->endpoint_pools[i]);
    memcpy(next->endpoints, merged->endpoints, sizeof next->endpoints);
    memcpy(next->endpoint_pools, merged->endpoint_pools, sizeof next->endpoint_pools);
    memcpy(next->is_retired, merged->is_retired, sizeof next->is_retired);
    next->endpoints_count = count;
    mem_free(merged);
    return ERR_OK;
}

struct comparison {
    config_changed changed;
    void *owner;
    struct config_pool *pool; /* the successor's */
    struct buf before, after;
};

static const char *show(const struct config_row *row, const void *base, struct buf *out) {
    buf_clear(out);
    config_row_show(row, base, out);
    buf_append_char(out, '\0');
    return buf_err(out) ? "?" : out->at;
}

/* The value that stays in force, until a restart. What is in `running` goes with it. */
static void keep(const struct config_row *row, struct config_pool *pool, const void *running,
                 void *next) {
    size_t count = 1;
    memcpy((char *)next + row->offset, (const char *)running + row->offset, row->bytes);
    if (row->type->is_list) {
        memcpy(&count, (const char *)running + row->count_offset, sizeof count);
        memcpy((char *)next + row->count_offset, &count, sizeof count);
    }
    const char **texts = (const char **)(uintptr_t)((char *)next + row->offset);
    for (size_t i = 0; row->type->is_text && i < count; i++)
        texts[i] = config_pool_text(pool, span_str(texts[i]));
}

static bool is_same(const struct config_row *row, const void *running, const void *next,
                    const char *before, const char *after) {
    if (row->type->is_same)
        return row->type->is_same((const char *)running + row->offset,
                                  (const char *)next + row->offset);
    return row->is_secret || strcmp(before, after) == 0;
}

/* `key_head` goes before the row's name. */
static void compare(struct comparison *c, const struct config_row *row, const char *key_head,
                    const void *running, void *next) {
    const char *before = show(row, running, &c->before);
    const char *after = show(row, next, &c->after);
    if (is_same(row, running, next, before, after)) return;
    char key[KEY_MAX];
    snprintf(key, sizeof key, "%s%s", key_head, row->path);
    c->changed(c->owner, key, before, after, row->effect == CONFIG_AFTER_RESTART);
    if (row->effect == CONFIG_AFTER_RESTART) keep(row, c->pool, running, next);
}

static void compare_endpoint(struct comparison *c, const struct endpoint_options *running,
                             struct endpoint_options *next) {
    char head[KEY_MAX];
    snprintf(head, sizeof head, "endpoints.%s.", next->name);
    if (!running) {
        snprintf(head, sizeof head, "endpoints.%s.enabled", next->name);
        if (next->is_enabled) c->changed(c->owner, head, "false", "true", false);
        return;
    }
    for (size_t i = 0; i < config_endpoint_rows_count; i++)
        compare(c, &config_endpoint_rows[i], head, running, next);
}

void config_settle(struct config *next, const struct config *running, config_changed changed,
                   void *owner) {
    struct comparison c = { .changed = changed, .owner = owner, .pool = next->pool };
    buf_init(&c.before, VALUE_SHOWN_MAX);
    buf_init(&c.after, VALUE_SHOWN_MAX);
    for (size_t i = 0; i < config_rows_count; i++)
        compare(&c, &config_rows[i], "", running, next);
    for (size_t i = 0; i < next->endpoints_count; i++) {
        bool is_new = i >= running->endpoints_count;
        compare_endpoint(&c, is_new ? NULL : &running->endpoints[i], &next->endpoints[i]);
    }
    buf_finish(&c.before);
    buf_finish(&c.after);
}
