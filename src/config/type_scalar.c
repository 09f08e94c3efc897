/* SPDX-License-Identifier: MIT */
/*
 * config/type_scalar.c: values that are one word of the file: switches, numbers, choices, paths.
 */
#include "base/json.h"
#include "base/log.h"
#include "config/row_priv.h"
#include "config/type_priv.h"
#include "dialect/dialect.h"
#include "http/pattern.h"

static bool read_bool(const struct config_read *in, const struct config_row *row,
                      const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_scalar(in, node, "true or false", &text)) return false;
    bool is_true = span_eq_nocase(text, SPAN("true"));
    if (node->is_quoted || (!is_true && !span_eq_nocase(text, SPAN("false"))))
        return config_wrong(in, node, "true or false expected, found " CONFIG_QUOTE,
                            CONFIG_QUOTED(text));
    memcpy(ret, &is_true, sizeof is_true);
    return true;
}

static void show_bool(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    bool is_true;
    memcpy(&is_true, value, sizeof is_true);
    buf_append_text(out, is_true ? "true" : "false");
}

const struct config_type config_type_bool = { .name = "true or false",
                                              .read = read_bool,
                                              .show = show_bool };

/* Numbers lie in members of different width: what a choice is kept as, too. */
static void store(const struct config_row *row, uint64_t number, void *ret) {
    if (row->bytes == sizeof(uint16_t))
        memcpy(ret, &(uint16_t){ (uint16_t)number }, sizeof(uint16_t));
    else if (row->bytes == sizeof(uint32_t))
        memcpy(ret, &(uint32_t){ (uint32_t)number }, sizeof(uint32_t));
    else
        memcpy(ret, &number, sizeof number);
}

static uint64_t stored(const struct config_row *row, const void *value) {
    uint64_t number = 0;
    memcpy(&number, value, row->bytes); /* the machines that this runs on are little-endian */
    return number;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stored() widens by copying");

static bool take_number(const struct config_read *in, const struct config_node *node, uint64_t min,
                        uint64_t max, uint64_t *ret) {
    struct span text;
    if (!config_take_scalar(in, node, "a whole number", &text)) return false;
    if (node->is_quoted || !span_to_uint(text, UINT64_MAX, ret) || *ret < min || *ret > max)
        return config_wrong(in, node,
                            "a whole number from %llu to %llu expected, found " CONFIG_QUOTE,
                            (unsigned long long)min, (unsigned long long)max, CONFIG_QUOTED(text));
    return true;
}

static bool read_number(const struct config_read *in, const struct config_row *row,
                        const struct config_node *node, void *ret) {
    uint64_t number;
    if (!take_number(in, node, row->min, row->max, &number)) return false;
    store(row, number, ret);
    return true;
}

static void show_number(const struct config_row *row, const void *value, struct buf *out) {
    buf_append_uint(out, stored(row, value));
}

const struct config_type config_type_number = { .name = "number",
                                                .read = read_number,
                                                .show = show_number };

/* What may stand in a close frame that refuses somebody: RFC 6455 §7.4. */
static bool read_close_code(const struct config_read *in, const struct config_row *row,
                            const struct config_node *node, void *ret) {
    struct span text;
    uint64_t code;
    if (!config_take_scalar(in, node, "a close code", &text)) return false;
    bool is_code = !node->is_quoted && span_to_uint(text, 4999, &code) &&
                   (code == 1008 || (code >= 1011 && code <= 1013) || code >= 3000);
    if (!is_code)
        return config_wrong(in, node,
                            "1008, 1011 to 1013 or 3000 to 4999 expected, found " CONFIG_QUOTE,
                            CONFIG_QUOTED(text));
    store(row, code, ret);
    return true;
}

const struct config_type config_type_close_code = { .name = "close code",
                                                    .read = read_close_code,
                                                    .show = show_number };

static bool read_word(const struct config_read *in, const struct config_row *row,
                      const struct config_node *node, void *ret) {
    struct span text;
    if (!config_take_scalar(in, node, "a word", &text)) return false;
    char list[128] = "";
    size_t len = 0;
    for (size_t i = 0; row->words[i]; i++) {
        if (span_eq(text, span_str(row->words[i]))) {
            store(row, i, ret);
            return true;
        }
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? " or " : "",
                                row->words[i]);
    }
    return config_wrong(in, node, "%s expected, found " CONFIG_QUOTE, list, CONFIG_QUOTED(text));
}

static void show_word(const struct config_row *row, const void *value, struct buf *out) {
    buf_append_text(out, row->words[stored(row, value)]);
}

const struct config_type config_type_word = { .name = "word",
                                              .read = read_word,
                                              .show = show_word };

/* LOG_LEVEL is written in capitals by most, so case does not count here. */
static bool read_level(const struct config_read *in, const struct config_row *row,
                       const struct config_node *node, void *ret) {
    struct span text;
    if (!config_take_scalar(in, node, "a log level", &text)) return false;
    enum log_level level;
    if (!log_level_parse(text, &level))
        return config_wrong(in, node, "error, warning, info or debug expected, found " CONFIG_QUOTE,
                            CONFIG_QUOTED(text));
    store(row, level, ret);
    return true;
}

const struct config_type config_type_level = { .name = "word",
                                               .read = read_level,
                                               .show = show_word };

static bool read_path(const struct config_read *in, const struct config_row *row,
                      const struct config_node *node, void *ret) {
    struct span text;
    if (!config_take_text(in, node, row->min, row->max, &text)) return false;
    struct http_pattern pattern;
    struct err_note note = { 0 };
    if (http_pattern_parse(text, &pattern, &note))
        return config_wrong(in, node, "%s, in " CONFIG_QUOTE, note.text, CONFIG_QUOTED(text));
    /* In channel names it stands for the user that the token names. */
    if (http_pattern_has(&pattern, SPAN("user_id")))
        return config_wrong(in, node,
                            "{user_id} is the token's user; name the placeholder otherwise");
    config_keep_text(in, text, ret);
    return true;
}

const struct config_type config_type_path = { .name = "path",
                                              .read = read_path,
                                              .show = config_show_text };

static bool read_dialect(const struct config_read *in, const struct config_row *row,
                         const struct config_node *node, void *ret) {
    (void)row;
    struct span text;
    if (!config_take_scalar(in, node, "the name of a dialect", &text)) return false;
    const struct dialect *dialect = dialect_find(text);
    if (!dialect)
        return config_wrong(in, node, "there is no dialect " CONFIG_QUOTE, CONFIG_QUOTED(text));
    memcpy(ret, &dialect, sizeof dialect);
    return true;
}

static void show_dialect(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    const struct dialect *dialect;
    memcpy(&dialect, value, sizeof dialect);
    buf_append_text(out, dialect->name);
}

const struct config_type config_type_dialect = { .name = "dialect",
                                                 .read = read_dialect,
                                                 .show = show_dialect };
