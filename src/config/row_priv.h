/* SPDX-License-Identifier: MIT */
/*
 * config/row_priv.h: one key of the configuration as data, and what a type of value can do.
 *
 * table.c has the rows. Everything else (the file, the environment, defaults, `tidings check`,
 * `--help`, the reference page) follows from them, so that a new key is a new row.
 */
#ifndef TIDINGS_CONFIG_ROW_PRIV_H
#define TIDINGS_CONFIG_ROW_PRIV_H

#include "base/buf.h"
#include "config/node_priv.h"

struct config_row;

/* What a type needs to turn a node into a value. */
struct config_read {
    struct config_pool *pool; /* of the configuration: texts go there */
    struct config_report *report;
    const char *label; /* the key as a mistake names it */
};

struct config_type {
    const char *name; /* for the reference page */
    bool is_list;
    size_t item_bytes; /* of a list read item by item; 0: `read` takes the node as a whole */
    bool is_text;      /* the value, or each of a list, is a `const char *` into the pool */
    /* Judges `node` and writes the value to `ret`; reports what is wrong and gives false. */
    bool (*read)(const struct config_read *in, const struct config_row *row,
                 const struct config_node *node, void *ret);
    /* Appends the value as YAML that `read` would take again (but for secrets). */
    void (*show)(const struct config_row *row, const void *value, struct buf *out);
    /* Whether two values are the same, where what is shown does not tell. May be NULL. */
    bool (*is_same)(const void *a, const void *b);
};

/* When a changed value holds, after a reload. */
enum config_effect {
    CONFIG_AT_ONCE,
    CONFIG_FOR_NEW,      /* for connections that are opened afterwards */
    CONFIG_AFTER_RESTART /* of plain values and texts, and lists of them: a successor copies them */
};

struct config_row {
    const char *path; /* "jwt.leeway_seconds"; of an endpoint's key without "endpoints" */
    const struct config_type *type;
    size_t offset;            /* into struct config or struct endpoint_options */
    size_t bytes;             /* of the member there */
    size_t count_offset;      /* of a list: where its size_t count is */
    const char *standard;     /* the default, as a variable would hold it */
    uint64_t min, max;        /* of a number; bytes of a text; items of a list */
    const char *unit;         /* of a number; NULL: a plain count */
    const char *const *words; /* of a word: those allowed, NULL at the end; the index is kept */
    enum config_effect effect;
    bool is_secret;   /* shown masked; the variable has a twin with _FILE */
    bool allows_one;  /* of a list: an item alone is one too */
    const char *text; /* what it does */
};

/* A group of keys, as the file and the reference page show them. */
struct config_section {
    const char *name; /* "jwt"; "broker.redis" stands within "broker"; "" for the top level */
    const char *text;
};

/* Global keys, those of a section together, then what an endpoint has. A section stands behind the
 * one that it is within. */
extern const struct config_row config_rows[];
extern const size_t config_rows_count;
extern const struct config_row config_endpoint_rows[];
extern const size_t config_endpoint_rows_count;
extern const struct config_section config_sections[];
extern const size_t config_sections_count;

enum { CONFIG_ROWS_MAX = 128 }; /* in either table; a static assertion keeps it so */

/* The endpoints that are always there, and the keys in which they differ from the defaults above;
 * a NULL key ends the list. */
struct config_builtin_value {
    const char *key;
    const char *standard; /* as in struct config_row */
};
struct config_builtin {
    const char *name;
    const struct config_builtin_value *values;
};
extern const struct config_builtin config_builtins[];
extern const size_t config_builtins_count;

/* What the built-in endpoint has in place of the row's default; NULL: nothing. */
const char *config_builtin_value(const struct config_builtin *builtin,
                                 const struct config_row *row);
/* The default of a key; of an endpoint's key, the default for that endpoint. */
const char *config_standard(const char *endpoint, const struct config_row *row);

extern const struct config_type config_type_bool, config_type_number, config_type_word,
    config_type_text, config_type_secret, config_type_level, config_type_close_code,
    config_type_path, config_type_dialect;
extern const struct config_type config_type_names, config_type_channels, config_type_addresses,
    config_type_networks, config_type_origins, config_type_algorithms, config_type_api_keys;
extern const struct config_type config_type_url;
extern const struct config_type config_type_redis_url, config_type_prefix, config_type_servers;
extern const struct config_type config_type_certificates;

/* Notes a mistake in `node` and gives false. The label of the key goes first. */
bool config_wrong(const struct config_read *in, const struct config_node *node, const char *format,
                  ...) PRINTF_LIKE(3, 4);

/* Reads the value of `row` into the struct at `base`: a whole list too. */
bool config_row_read(const struct config_read *in, const struct config_row *row,
                     const struct config_node *node, void *base);
/* Appends the value in the struct at `base` as YAML in one line. */
void config_row_show(const struct config_row *row, const void *base, struct buf *out);

/* The row of that path among `count`; NULL when there is none. */
const struct config_row *config_row_find(const struct config_row *rows, size_t count,
                                         struct span path);

/* The part of the path behind the section, and the section (empty at the top level). */
struct span config_row_key(const struct config_row *row);
struct span config_row_section(const struct config_row *row);
/* A path up to its last dot, empty when it has none, and what stands behind. */
struct span config_path_head(const char *path);
struct span config_path_tail(const char *path);

enum { CONFIG_VARIABLE_MAX = 128 };

/* The variable of a key: TIDINGS_JWT_SECRET; of an endpoint's, TIDINGS_ENDPOINTS_HULEEDU_PATH. */
void config_variable(char ret[CONFIG_VARIABLE_MAX], const char *endpoint,
                     const struct config_row *row);

/* Appends the names that deployments had before as rows of a table in Markdown. */
void config_aliases(struct buf *out);

#endif
