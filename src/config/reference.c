/* SPDX-License-Identifier: MIT */
/*
 * config/reference.c: the reference page, docs/configuration.md.
 */
#include "config/config.h"
#include "config/row_priv.h"

static const char head[] =
    "<!-- Written by `ninja -C build docs` from src/config/table.c: changes belong there. -->\n"
    "\n"
    "# Configuration\n"
    "\n"
    "Every key has a default, so a configuration says only what differs. Four sources are read, "
    "each\n"
    "over the one before: the defaults, the YAML file (`-c FILE`), the environment, the flags of "
    "the\n"
    "command line. `tidings check -c FILE` prints what comes out, or every mistake with its line "
    "and\n"
    "column.\n"
    "\n"
    "**The file** is one YAML document. A key that does not exist, or stands there twice, is a\n"
    "mistake; so are anchors, aliases and tags. Numbers are whole, in decimal, without quotes. "
    "Times\n"
    "are in seconds, sizes in bytes.\n"
    "\n"
    "**The environment** has a variable for each key. What holds a list is written as JSON:\n"
    "`TIDINGS_ORIGINS='[\"https://app.example.com\"]'`. A variable that begins with `TIDINGS_` and "
    "belongs\n"
    "to no key is a mistake; only `TIDINGS_API_KEY` is for the command line, and what Kubernetes "
    "sets for\n"
    "a service called tidings is passed over.\n"
    "\n"
    "**Secrets** can stand in files of their own; the end of the last line does not count. Such a "
    "file is\n"
    "named by the key with `_file` behind it (`jwt: {secret_file: /run/secrets/jwt}`), or by the "
    "variable\n"
    "with `_FILE` behind it. One that systemd hands over is found by the key's own name,\n"
    "`LoadCredential=jwt.secret:/etc/tidings/jwt`, and counts more than the YAML file and less "
    "than a variable.\n"
    "\n"
    "**SIGHUP** has a running server read all of this again, key files included. The column "
    "*Reload*\n"
    "says when a changed value holds: at once, for live connections too; for new connections; or "
    "not\n"
    "before a restart.\n"
    "\n"
    "These names work as well, and count less than the key's own; empty, they count as not set:\n"
    "\n"
    "| Variable | Sets |\n"
    "|---|---|\n";

static const char endpoints_head[] =
    "\n"
    "## endpoints\n"
    "\n"
    "A list. An endpoint is a path and the rules for those who connect to it. Four are always\n"
    "there, unless `enabled: false`: `huleedu`, `huleedu-status`, `hailango` and `submissions`. "
    "An\n"
    "entry that bears one of their names changes only the keys that it names. An entry of another\n"
    "name is an endpoint of its own, which needs a `path` that no other endpoint or HTTP route "
    "has,\n"
    "and starts from the defaults in the first table, which are those of `huleedu`.\n"
    "\n"
    "A name has up to 32 small letters, digits and dashes. There can be 64 endpoints. In "
    "variables\n"
    "the name stands in capitals, with `_` for a dash:\n"
    "`TIDINGS_ENDPOINTS_HULEEDU_IDLE_SECONDS=60`. `TIDINGS_ENDPOINTS` holds a whole list as JSON, "
    "in\n"
    "place of the file's.\n";

/* In a table's cell a bar would end it. */
static void append_cell(struct buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') buf_append_char(out, '\\');
        buf_append_char(out, *text);
    }
}

static void append_type(const struct config_row *row, struct buf *out) {
    if (row->words) {
        for (size_t i = 0; row->words[i]; i++)
            buf_printf(out, "%s`%s`", i > 0 ? ", " : "", row->words[i]);
        return;
    }
    buf_append_text(out, row->type->name);
    if (row->type->is_list) {
        buf_printf(out, ", %s%llu", row->min ? "1 to " : "up to ", (unsigned long long)row->max);
    } else if (row->type == &config_type_number) {
        buf_printf(out, " %llu to %llu", (unsigned long long)row->min,
                   (unsigned long long)row->max);
        if (row->unit) buf_printf(out, " (%s)", row->unit);
    }
}

static const char *const effects[] = {
    [CONFIG_AT_ONCE] = "at once",
    [CONFIG_FOR_NEW] = "new connections",
    [CONFIG_AFTER_RESTART] = "restart",
};

static void append_row(const struct config_row *row, const char *endpoint, struct buf *out) {
    char variable[CONFIG_VARIABLE_MAX];
    config_variable(variable, endpoint, row);
    buf_printf(out, "| `%s` | `%s` | ", row->path, *row->standard ? row->standard : "\"\"");
    append_type(row, out);
    buf_append_text(out, " | ");
    append_cell(out, row->text);
    buf_printf(out, " | %s | `%s`", effects[row->effect], variable);
    buf_append_text(out, row->is_secret ? ", `…_FILE` |\n" : " |\n");
}

static void append_table(const struct config_row *rows, size_t count, struct span section,
                         const char *endpoint, struct buf *out) {
    buf_append_text(out, "\n| Key | Default | Value | Meaning | Reload | Variable |\n"
                         "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++)
        if (span_eq(config_row_section(&rows[i]), section)) append_row(&rows[i], endpoint, out);
}

/* Where the built-in endpoints differ from those defaults, one column each. */
static void append_builtins(struct buf *out) {
    buf_append_text(out, "\nThe other three have these in place of them:\n\n| Key |");
    for (size_t i = 1; i < config_builtins_count; i++)
        buf_printf(out, " `%s` |", config_builtins[i].name);
    buf_append_text(out, "\n|---|---|---|---|\n");
    for (size_t k = 0; k < config_endpoint_rows_count; k++) {
        const struct config_row *row = &config_endpoint_rows[k];
        bool is_told = false;
        for (size_t i = 1; i < config_builtins_count; i++)
            is_told |= config_builtin_value(&config_builtins[i], row) != NULL;
        if (!is_told) continue;
        buf_printf(out, "| `%s` |", row->path);
        for (size_t i = 1; i < config_builtins_count; i++) {
            const char *value = config_builtin_value(&config_builtins[i], row);
            if (value)
                buf_printf(out, " `%s` |", value);
            else
                buf_append_text(out, " |");
        }
        buf_append_char(out, '\n');
    }
}

void config_reference(struct buf *out) {
    buf_append_text(out, head);
    config_aliases(out);
    for (size_t i = 0; i < config_sections_count; i++) {
        const struct config_section *section = &config_sections[i];
        buf_printf(out, "\n## %s\n\n%s\n", *section->name ? section->name : "The server",
                   section->text);
        append_table(config_rows, config_rows_count, span_str(section->name), NULL, out);
    }
    buf_append_text(out, endpoints_head);
    append_table(config_endpoint_rows, config_endpoint_rows_count, SPAN(""), "<NAME>", out);
    append_builtins(out);
}
