/* SPDX-License-Identifier: MIT */
/*
 * app/settings.h: what a configuration comes to for every part of a worker.
 *
 * It never changes, so that workers share it, and is counted: after a reload each worker goes over
 * to the next one in a turn of its own, and the last to leave the old one frees it.
 */
#ifndef TIDINGS_APP_SETTINGS_H
#define TIDINGS_APP_SETTINGS_H

#include "api/api.h"
#include "config/config.h"
#include "hub/rule.h"
#include "session/session.h"

struct settings {
    struct config *config;
    struct settings *base;           /* whose configuration that is; NULL: its own */
    struct auth_keys *keys;          /* that tokens are judged with */
    struct config_identity identity; /* without a context where nothing speaks TLS */
    uint64_t max_connections;        /* what the configuration's came to */
    struct session_rules *session_rules;
    struct api_rules api_rules;
    struct hub_rule hub_rules[HUB_RULES_MAX];
    size_t hub_rule_count;
    uint32_t changed, put_off; /* values that differ from those before; those that need a restart */
    _Atomic uint32_t users;
    _Atomic uint32_t awaited; /* workers that have not gone over to it yet */
};

/* Takes both over. With one user. Never NULL. */
struct settings *settings_new(struct config *own_config, struct auth_keys *own_keys,
                              uint64_t max_connections);
/* What `running` says, but with `own_keys`, or with another identity, which are taken over. With
 * one user. Never NULL. */
struct settings *settings_with_keys(struct settings *running, struct auth_keys *own_keys);
struct settings *settings_with_identity(struct settings *running,
                                        const struct config_identity *own_identity);
/* What the channels of users that tell of batches begin with, lent by `config`; empty: there are
 * none. */
struct span settings_batch_channels(const struct config *config);

/* One more user; returns it. Any thread. */
struct settings *settings_ref(struct settings *settings);
/* One user less; the last one frees it. Any thread. NULL is fine. */
void settings_unref(struct settings *settings);

#endif
