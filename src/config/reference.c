/* SPDX-License-Identifier: MIT */
/*
 * config/reference.c: the reference page, docs/configuration.md.
 */
#include "config/config.h"
#include "config/row_priv.h"

static const char head[] =
    "<!-- Written by `ninja -C build docs` from src/config/table.c: make changes there. -->\n"
    "\n"
    "# Configuration\n"
    "\n"
    "Every key has a default, so a configuration holds only what differs. It is read from four "
    "sources,\n"
    "each overriding the one before: the defaults, the YAML file (`-c FILE`), the environment, and "
    "the\n"
    "flags of the command line. `tidings check -c FILE` prints the resulting configuration, or "
    "every\n"
    "mistake with its line and column.\n"
    "\n"
    "**The file** is one YAML document. An unknown key and a key that appears twice are mistakes; "
    "so are\n"
    "anchors, aliases and tags. Numbers are decimal integers, without quotes. Times are in "
    "seconds,\n"
    "sizes in bytes.\n"
    "\n"
    "**The environment** has a variable for each key. Lists are written as JSON:\n"
    "`TIDINGS_ORIGINS='[\"https://app.example.com\"]'`. A variable that begins with `TIDINGS_` and "
    "belongs\n"
    "to no key is a mistake, except `TIDINGS_API_KEY` and `TIDINGS_TOKEN`, which the command line "
    "uses,\n"
    "and the variables that Kubernetes sets for a service called tidings.\n"
    "\n"
    "**Secrets** can be kept in files of their own; a line break at the end of such a file is "
    "ignored. It\n"
    "is named by the key with `_file` appended (`jwt: {secret_file: /run/secrets/jwt}`), or by "
    "the\n"
    "variable with `_FILE` appended. A systemd credential is found by the name of its key,\n"
    "`LoadCredential=jwt.secret:/etc/tidings/jwt`; it overrides the YAML file and is overridden "
    "by\n"
    "variables.\n"
    "\n"
    "**SIGHUP** makes a running server read all of this again, key files included. The column "
    "*Reload*\n"
    "says when a changed value takes effect: at once, for open connections too; for new "
    "connections; or\n"
    "after a restart.\n"
    "\n"
    "These variables work as well. The key's own variable overrides them, and an empty one counts "
    "as not\n"
    "set:\n"
    "\n"
    "| Variable | Sets |\n"
    "|---|---|\n";

static const char endpoints_head[] =
    "\n"
    "## endpoints\n"
    "\n"
    "A list. An endpoint is a path and the rules for those who connect to it. Four are built in:\n"
    "`huleedu`, `huleedu-status`, `hailango` and `submissions`; `enabled: false` switches one off. "
    "An\n"
    "entry with one of their names changes only the keys that it contains. An entry with another "
    "name\n"
    "defines a new endpoint: it needs a `path` that no other endpoint or HTTP route has, and "
    "starts from\n"
    "the defaults in the first table, which are those of `huleedu`.\n"
    "\n"
    "A name has up to 32 lower-case letters, digits and dashes. There can be 64 endpoints. In "
    "variables\n"
    "the name is written in capitals, with `_` for a dash: "
    "`TIDINGS_ENDPOINTS_HULEEDU_IDLE_SECONDS=60`.\n"
    "`TIDINGS_ENDPOINTS` holds the whole list as JSON and replaces the one in the file.\n";

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
    buf_append_text(out, "\nThe other three differ in these:\n\n| Key |");
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
