/* SPDX-License-Identifier: MIT */
/*
 * config/draft_priv.h: a configuration while it comes together: which node speaks for which key.
 *
 * Each source writes over what the ones before it said; only what is left in the end is turned into
 * values, so that a mistake in a file does no harm where the environment has the last word.
 */
#ifndef TIDINGS_CONFIG_DRAFT_PRIV_H
#define TIDINGS_CONFIG_DRAFT_PRIV_H

#include "config/config.h"
#include "config/row_priv.h"

struct config_draft_endpoint {
    struct span name;
    const struct config_node *name_node; /* NULL: a built-in one that the file does not name */
    bool is_builtin;
    bool is_wrong;                                     /* one of its values was */
    const struct config_node *values[CONFIG_ROWS_MAX]; /* for each row; NULL: the default */
};

struct config_draft {
    struct config_report *report;
    struct config_pool *pool;  /* of the nodes */
    struct config_place whole; /* for what has no place of its own */
    bool opens_files;
    const char *demo_secret;                           /* NULL: it is not demo mode */
    struct tls_context *tls_before;                    /* see struct config_source */
    const struct config_node *values[CONFIG_ROWS_MAX]; /* for each row; NULL: the default */
    bool is_wrong[CONFIG_ROWS_MAX];                    /* what was written there was no good */
    struct config_draft_endpoint endpoints[CONFIG_ENDPOINTS_MAX];
    size_t endpoints_count;
};

/* The built-in endpoints and nothing else. */
void config_draft_init(struct config_draft *draft);

/* Takes what the file says. `root` may be NULL: an empty file. */
void config_draft_file(struct config_draft *draft, const struct config_node *root);
/* Takes a list of endpoints: those that are not built in are replaced by it. */
void config_draft_endpoints(struct config_draft *draft, const struct config_node *list);
/* Takes the variables that are ours. */
void config_draft_environ(struct config_draft *draft, const char *const *environ);
void config_draft_flags(struct config_draft *draft, const struct config_flag *flags, size_t count);

/* Says that the value at `*slot` is what the file called `path` holds. */
void config_draft_name_file(struct config_draft *draft, const struct config_node **slot,
                            struct span path, struct config_place place);
/* Names the files in `folder` that are called as secret keys are ("jwt.secret"): how systemd hands
 * over what only the service may read. */
void config_draft_credentials(struct config_draft *draft, struct span folder);
/* Puts what is in files in the place of their names: of those that still count. Without their
 * content, if the draft opens no files, it is as if they had not been named. */
void config_draft_open_files(struct config_draft *draft);

/* What no value can be judged for alone: placeholders, paths that are the same, missing keys. Opens
 * the key files and certificates if the draft may and builds `jwt.keys` and `tls.identity`; builds
 * `api.keys`. Passes over what depends on values that were wrong. */
void config_draft_judge(struct config_draft *draft, struct config *config);

/* The default of a key in demo mode, where some are others. */
const char *config_demo_standard(const char *endpoint, const struct config_row *row);
/* What demo mode refuses: to be reached from elsewhere, and keys other than its own. Builds
 * `jwt.keys`. */
void config_demo_judge(struct config_draft *draft, struct config *config);

/* Where the value of the key stands, or the next best place. */
struct config_place config_draft_place(const struct config_draft *draft, const char *path);
struct config_place config_draft_place_of(const struct config_draft *draft,
                                          const struct config_draft_endpoint *endpoint,
                                          const char *key);

/* Makes `tls->context` of the files that are named there. NULL, or the key that is at fault, with a
 * sentence. */
const char *config_redis_tls_open(struct config_redis_tls *tls, struct err_note *note);

#endif
