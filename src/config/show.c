/* SPDX-License-Identifier: MIT */
/*
 * config/show.c: the table for people: a configuration as YAML, the keys for `--help`, and the
 * reference page.
 */
#include "config/config.h"
#include "config/row_priv.h"

static void show_rows(const struct config_row *rows, size_t count, struct span section,
                      const char *indent, const void *base, struct buf *out) {
    for (size_t i = 0; i < count; i++) {
        if (!span_eq(config_row_section(&rows[i]), section)) continue;
        buf_printf(out, "%s%.*s: ", indent, SPAN_ARG(config_row_key(&rows[i])));
        config_row_show(&rows[i], base, out);
        buf_append_char(out, '\n');
    }
}

/* How deep the keys of a section lie. */
static size_t depth_of(const char *section) {
    size_t depth = *section ? 1 : 0;
    for (; *section; section++)
        depth += *section == '.';
    return depth;
}

static void show_section(const struct config_section *section, const struct config *config,
                         struct buf *out) {
    static const char *const indents[] = { "", "  ", "    ", "      " };
    const char *name = section->name;
    size_t depth = depth_of(name);
    assert(depth < countof(indents));
    if (depth > 0)
        buf_printf(out, "%s%.*s:\n", depth > 1 ? indents[depth - 1] : "\n",
                   SPAN_ARG(config_path_tail(name)));
    show_rows(config_rows, config_rows_count, span_str(name), indents[depth], config, out);
}

void config_show(const struct config *config, struct buf *out) {
    for (size_t i = 0; i < config_sections_count; i++)
        show_section(&config_sections[i], config, out);
    buf_append_text(out, "\nendpoints:\n");
    for (size_t i = 0; i < config->endpoints_count; i++) {
        buf_printf(out, "  - name: %s\n", config->endpoints[i].name);
        show_rows(config_endpoint_rows, config_endpoint_rows_count, SPAN(""), "    ",
                  &config->endpoints[i], out);
    }
}

/* The words of `text`, filled at 78 columns, behind `column` of them. */
static void fill_words(struct span text, size_t column, struct buf *out) {
    struct span word;
    bool is_first = true;
    while (span_next(&text, ' ', &word)) {
        if (!is_first && column + 1 + word.len > 78) {
            buf_append_text(out, "\n      ");
            column = 6;
        } else if (!is_first) {
            buf_append_char(out, ' ');
            column++;
        }
        buf_append_span(out, word);
        column += word.len;
        is_first = false;
    }
    buf_append_char(out, '\n');
}

static void help_row(const struct config_row *row, const char *head, const char *endpoint,
                     struct buf *out) {
    char variable[CONFIG_VARIABLE_MAX];
    config_variable(variable, endpoint, row);
    buf_printf(out, "  %s%s = ", head, row->path);
    fill_words(span_str(*row->standard ? row->standard : "\"\""),
               sizeof "   = " + strlen(head) + strlen(row->path), out);
    buf_printf(out, "      %s%s\n      ", variable,
               row->is_secret ? ", or a file with it: …_FILE" : "");
    fill_words(span_str(row->text), 6, out);
}

void config_help(struct buf *out) {
    for (size_t i = 0; i < config_rows_count; i++)
        help_row(&config_rows[i], "", NULL, out);
    for (size_t i = 0; i < config_endpoint_rows_count; i++)
        help_row(&config_endpoint_rows[i], "endpoints[].", "<NAME>", out);
}
