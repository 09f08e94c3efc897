/* SPDX-License-Identifier: MIT */
/*
 * config/node_priv.h: what was written, as a tree of scalars, lists and maps, each with its place;
 * whether it came from YAML, a variable or a flag makes no difference from here on.
 */
#ifndef TIDINGS_CONFIG_NODE_PRIV_H
#define TIDINGS_CONFIG_NODE_PRIV_H

#include "base/err.h"
#include "config/pool_priv.h"
#include "config/report.h"

enum {
    CONFIG_DEPTH_MAX = 8,     /* lists and maps within one another */
    CONFIG_NODES_MAX = 20000, /* in one source */
    CONFIG_MEMBERS_MAX = 256, /* keys in one map */
};

enum config_node_kind {
    CONFIG_SCALAR,
    CONFIG_LIST,
    CONFIG_MAP,
    CONFIG_BROKEN, /* something was meant that could not be had, which has been said */
};

struct config_node {
    enum config_node_kind kind;
    bool is_quoted; /* of a scalar: it can only be meant as a text */
    bool is_null;   /* of a scalar: nothing was written, or `null` */
    bool is_file;   /* of a scalar: the value is in the file of that name */
    struct config_place place;
    struct span text;                /* of a scalar; terminated, no NUL within */
    const struct config_node *key;   /* of a member of a map: the scalar that names it */
    const struct config_node *first; /* of a list or map */
    const struct config_node *next;  /* behind it in the same list or map */
    size_t count;                    /* how many a list or map holds */
};

/* Appends `own_item` to what `ret_last` says is the end of `parent`. */
void config_node_append(struct config_node *parent, struct config_node **ret_last,
                        struct config_node *own_item);

/* Parses one YAML document; `*ret` is NULL for an empty one. Nodes and `name` live in `pool`. The
 * first thing that cannot be read is put into `report`: ERR_INVALID. */
MUST_USE
enum err config_node_from_yaml(struct span text, const char *name, struct config_pool *pool,
                               struct config_report *report, const struct config_node **ret);

/* The value of a variable or flag: as it stands for a scalar (`is_list` false). A list is written
 * as JSON; where `allows_one`, anything else is its only item, and nothing is the empty list. */
MUST_USE
enum err config_node_from_text(struct span text, bool is_list, bool allows_one,
                               struct config_place place, struct config_pool *pool,
                               struct config_report *report, const struct config_node **ret);

#endif
