/* SPDX-License-Identifier: MIT */
/*
 * config/secret.c: secrets that stand in files of their own, whoever named these: the YAML file, a
 * variable or systemd.
 */
#include "base/file.h"
#include "config/draft_priv.h"

#include <unistd.h>

enum { SECRET_FILE_MAX = 256 * 1024 };

void config_draft_name_file(struct config_draft *draft, const struct config_node **slot,
                            struct span path, struct config_place place) {
    struct config_node *node = config_pool_take(draft->pool, sizeof *node);
    node->kind = CONFIG_SCALAR;
    node->is_file = true;
    node->place = place;
    node->text = span_of(config_pool_text(draft->pool, path), path.len);
    *slot = node;
}

void config_draft_credentials(struct config_draft *draft, struct span folder) {
    for (size_t i = 0; i < config_rows_count && draft->opens_files; i++) {
        char path[4096];
        if (!config_rows[i].is_secret) continue;
        int len = snprintf(path, sizeof path, "%.*s/%s", SPAN_ARG(folder), config_rows[i].path);
        if (len <= 0 || (size_t)len >= sizeof path || access(path, F_OK) != 0) continue;
        config_draft_name_file(draft, &draft->values[i], span_of(path, (size_t)len),
                               (struct config_place){ .source = "CREDENTIALS_DIRECTORY" });
    }
}

/* The end of its last line is not part of it. */
static bool read_value(struct config_draft *draft, const struct config_row *row,
                       const struct config_node *named, const struct config_node **ret) {
    struct buf text;
    struct err_note note = { 0 };
    if (file_read(named->text.at, SECRET_FILE_MAX, &text, &note)) {
        config_report_add(draft->report, named->place, "%s cannot be read: %s", named->text.at,
                          note.text);
        return false;
    }
    struct span value = buf_span(&text);
    if (span_ends(value, SPAN("\n"))) value.len--;
    if (span_ends(value, SPAN("\r"))) value.len--;
    bool has_nul = value.len > 0 && memchr(value.at, '\0', value.len);
    if (has_nul)
        config_report_add(draft->report, named->place, "%s holds a NUL character", named->text.at);
    bool is_good =
        !has_nul && !config_node_from_text(value, row->type->is_list, row->allows_one, named->place,
                                           draft->pool, draft->report, ret);
    buf_wipe(&text);
    return is_good;
}

void config_draft_open_files(struct config_draft *draft) {
    for (size_t i = 0; i < config_rows_count; i++) {
        const struct config_node *named = draft->values[i];
        if (!named || !named->is_file) continue;
        draft->values[i] = NULL;
        if (!draft->opens_files || read_value(draft, &config_rows[i], named, &draft->values[i])) {
            continue;
        }
        struct config_node *broken = config_pool_take(draft->pool, sizeof *broken);
        broken->kind = CONFIG_BROKEN;
        broken->place = named->place;
        draft->values[i] = broken;
    }
}
