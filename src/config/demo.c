/* SPDX-License-Identifier: MIT */
/*
 * config/demo.c: what is different in demo mode, where everybody who can reach the server is
 * trusted: so only this machine may, and no token is good for anything else.
 */
#include "config/draft_priv.h"

static const struct {
    const char *endpoint; /* NULL: a key for all */
    const char *path;
    const char *standard;
} standards[] = {
    { NULL, "listen", "127.0.0.1:8080" },
    { "submissions", "auth", "optional" },
};

const char *config_demo_standard(const char *endpoint, const struct config_row *row) {
    for (size_t i = 0; i < countof(standards); i++) {
        bool is_same = standards[i].endpoint && endpoint
                           ? strcmp(standards[i].endpoint, endpoint) == 0
                           : !standards[i].endpoint && !endpoint;
        if (is_same && strcmp(standards[i].path, row->path) == 0) return standards[i].standard;
    }
    return config_standard(endpoint, row);
}

static void refuse(struct config_draft *draft, const char *path, const char *why) {
    config_report_add(draft->report, config_draft_place(draft, path), "%s: %s", path, why);
}

static void judge_addresses(struct config_draft *draft, const char *path,
                            const struct address *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (address_is_loopback(&list[i])) continue;
        refuse(draft, path, "demo mode listens on loopback only (127.0.0.1 or [::1])");
        return;
    }
}

static void judge_key(struct config_draft *draft, const char *path, const char *value) {
    if (*value) refuse(draft, path, "demo mode makes a key of its own and takes no other");
}

void config_demo_judge(struct config_draft *draft, struct config *config) {
    judge_addresses(draft, "listen", config->listen, config->listen_count);
    judge_addresses(draft, "tls.listen", config->tls.listen, config->tls.listen_count);
    judge_addresses(draft, "metrics.listen", config->metrics.listen, config->metrics.listen_count);
    judge_key(draft, "jwt.secret", config->jwt.secret);
    judge_key(draft, "jwt.key_file", config->jwt.key_file);
    judge_key(draft, "jwt.jwks_file", config->jwt.jwks_file);
    judge_key(draft, "jwt.jwks_url", config->jwt.jwks_url);
    const struct auth_key_options options = {
        .algorithms = AUTH_BIT(AUTH_HS256),
        .secret = span_str(draft->demo_secret),
    };
    struct err_note note = { 0 };
    if (auth_keys_new(&options, &config->jwt.keys, &note))
        config_report_add(draft->report, draft->whole, "%s", note.text);
}
