/* SPDX-License-Identifier: MIT */
/*
 * config/builtin.c: the endpoints that are always there, each with what it has in place of the
 * defaults in table.c. Those are the first one's; an endpoint of another name starts from them too.
 */
#include "config/row_priv.h"

static const struct config_builtin_value huleedu[] = { { NULL, NULL } };

static const struct config_builtin_value huleedu_status[] = {
    { "path", "/ws/v1/status/{client_id}" },
    { "dialect", "huleedu-status" },
    { "user_claims", "[\"sub\"]" },
    { "path_user", "client_id" },
    { NULL, NULL },
};

static const struct config_builtin_value hailango[] = {
    { "path", "/api/v1/ws" },
    { "dialect", "hailango" },
    { "user_claims", "[\"user_id\"]" },
    { "user_format", "uuid" },
    { "required_claims", "[\"exp\", \"email\"]" },
    { "refuse", "http" },
    { "connections", "0" },
    { "attempts_per_minute", "0" },
    { "messages_per_minute", "0" },
    { "ping_seconds", "54" },
    { "idle_seconds", "60" },
    { "max_message_bytes", "524288" },
    { "max_notification_bytes", "524288" },
    { NULL, NULL },
};

static const struct config_builtin_value submissions[] = {
    { "path", "/ws/submissions/{submission_id}" },
    { "dialect", "submissions" },
    { "channels", "[\"submission:{submission_id}\"]" },
    { "declared", "true" },
    { "replay", "all" },
    { "ends_after", "complete" },
    { "explain", "false" },
    { "unauthorized_code", "4003" },
    { "limited_code", "4029" },
    { "connections_per", "channel" },
    { "connections", "10" },
    { "ping_seconds", "30" },
    { NULL, NULL },
};

const struct config_builtin config_builtins[] = {
    { "huleedu", huleedu },
    { "huleedu-status", huleedu_status },
    { "hailango", hailango },
    { "submissions", submissions },
};
const size_t config_builtins_count = countof(config_builtins);

const char *config_builtin_value(const struct config_builtin *builtin,
                                 const struct config_row *row) {
    for (const struct config_builtin_value *v = builtin->values; v->key; v++)
        if (strcmp(v->key, row->path) == 0) return v->standard;
    return NULL;
}

const char *config_standard(const char *endpoint, const struct config_row *row) {
    for (size_t i = 0; endpoint && i < config_builtins_count; i++) {
        if (strcmp(config_builtins[i].name, endpoint) != 0) continue;
        const char *own = config_builtin_value(&config_builtins[i], row);
        if (own) return own;
    }
    return row->standard;
}
