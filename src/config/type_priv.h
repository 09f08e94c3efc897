/* SPDX-License-Identifier: MIT */
/*
 * config/type_priv.h: what types of values share.
 */
#ifndef TIDINGS_CONFIG_TYPE_PRIV_H
#define TIDINGS_CONFIG_TYPE_PRIV_H

#include "config/row_priv.h"

/* A value that was found, cut where it gets long: `"…%.*s"`. Never for secrets. */
#define CONFIG_QUOTE        "\"%.*s\""
#define CONFIG_QUOTED(text) (int)size_min((text).len, 60), (text).at

/* Stands where a secret would. */
#define CONFIG_MASK "\"********\""

/* Each gives what the scalar `node` says, or reports and gives false. */
MUST_USE
bool config_take_scalar(const struct config_read *in, const struct config_node *node,
                        const char *expected, struct span *ret);
/* `min` to `max` bytes of anything but NUL. */
MUST_USE
bool config_take_text(const struct config_read *in, const struct config_node *node, size_t min,
                      size_t max, struct span *ret);
/* The same, of UTF-8 without control characters. */
MUST_USE
bool config_take_name(const struct config_read *in, const struct config_node *node, size_t min,
                      size_t max, struct span *ret);

/* Copies a text into the configuration; `ret` is where the `const char *` goes. */
void config_keep_text(const struct config_read *in, struct span text, void *ret);
/* The `show` of types whose value is a `const char *`. */
void config_show_text(const struct config_row *row, const void *value, struct buf *out);

#endif
