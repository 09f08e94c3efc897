/* SPDX-License-Identifier: MIT */
/*
 * config/load.c: one source over the other, then values out of what is left.
 */
#include "base/file.h"
#include "base/mem.h"
#include "config/draft_priv.h"
#include "net/tls.h"

enum { LABEL_MAX = 128 };

static const char *standard_of(const struct config_draft *draft, const char *endpoint,
                               const struct config_row *row) {
    return draft->demo_secret ? config_demo_standard(endpoint, row)
                              : config_standard(endpoint, row);
}

/* Fills the struct at `base`. A default stands in where a value is wrong, so that what goes by
 * several values can be judged all the same. */
static void read_rows(struct config_draft *draft, struct config_pool *pool,
                      const struct config_row *rows, size_t count, const char *endpoint,
                      const struct config_node *const *values, bool *ret_wrong, void *base) {
    for (size_t i = 0; i < count; i++) {
        char label[LABEL_MAX];
        snprintf(label, sizeof label, "%s%s%s%s", endpoint ? "endpoints." : "",
                 endpoint ? endpoint : "", endpoint ? "." : "", rows[i].path);
        struct config_read in = { pool, draft->report, label };
        ret_wrong[i] = values[i] && !config_row_read(&in, &rows[i], values[i], base);
        if (values[i] && !ret_wrong[i]) continue;
        const struct config_node *standard = NULL;
        struct config_place place = { .source = "default" };
        bool is_good = !config_node_from_text(span_str(standard_of(draft, endpoint, &rows[i])),
                                              rows[i].type->is_list, rows[i].allows_one, place,
                                              draft->pool, draft->report, &standard) &&
                       config_row_read(&in, &rows[i], standard, base);
        assert(is_good);
        (void)is_good;
    }
}

static void fill_endpoint(struct config_draft *draft, struct config *config,
                          struct config_draft_endpoint *from) {
    bool is_wrong[CONFIG_ROWS_MAX];
    size_t number = config->endpoints_count++;
    struct endpoint_options *endpoint = &config->endpoints[number];
    struct config_pool *pool = config->endpoint_pools[number] = config_pool_new();
    endpoint->name = config_pool_text(pool, from->name);
    read_rows(draft, pool, config_endpoint_rows, config_endpoint_rows_count, endpoint->name,
              from->values, is_wrong, endpoint);
    for (size_t i = 0; i < config_endpoint_rows_count; i++)
        from->is_wrong |= is_wrong[i];
    const struct config_row *path =
        config_row_find(config_endpoint_rows, config_endpoint_rows_count, SPAN("path"));
    if (from->is_builtin || from->values[path - config_endpoint_rows]) return;
    from->is_wrong = true;
    config_report_add(draft->report, from->name_node->place,
                      "endpoints.%s: an endpoint of your own needs a path", endpoint->name);
}

/* Turns what was taken into values. Where that fails, the default stands in. */
static void fill(struct config_draft *draft, struct config *config) {
    read_rows(draft, config->pool, config_rows, config_rows_count, NULL, draft->values,
              draft->is_wrong, config);
    for (size_t i = 0; i < draft->endpoints_count; i++)
        fill_endpoint(draft, config, &draft->endpoints[i]);
}

static enum err build(struct config_draft *draft, const struct config_node *root,
                      const struct config_source *source, struct config **ret) {
    config_draft_init(draft);
    config_draft_file(draft, root);
    if (source->environ) config_draft_environ(draft, source->environ);
    config_draft_flags(draft, source->flags, source->flags_count);
    config_draft_open_files(draft);

    struct config *config = mem_new(sizeof *config);
    config->pool = config_pool_new();
    config->is_demo = source->demo_secret != NULL;
    fill(draft, config);
    config_draft_judge(draft, config);
    if (draft->report->count > 0) {
        config_free(config);
        return ERR_INVALID;
    }
    *ret = config;
    return ERR_OK;
}

static enum err parse(struct span text, const struct config_source *source, bool opens_files,
                      struct config_report *report, struct config **ret) {
    const char *name = source->path ? source->path : "configuration";
    struct config_draft *draft = mem_new(sizeof *draft);
    draft->report = report;
    draft->pool = config_pool_new();
    draft->whole.source = name;
    draft->opens_files = opens_files;
    draft->demo_secret = source->demo_secret;
    draft->tls_before = source->tls_before;
    const struct config_node *root = NULL;
    enum err e = config_node_from_yaml(text, name, draft->pool, report, &root);
    if (!e)
        e = build(draft, root, source, ret);
    else if (report->count == 0)
        config_report_add(report, draft->whole, "%s", err_text(e));
    config_pool_unref(draft->pool);
    mem_free(draft);
    return e;
}

enum err config_parse(struct span text, const struct config_source *source,
                      struct config_report *report, struct config **ret) {
    return parse(text, source, false, report, ret);
}

enum err config_load(const struct config_source *source, struct config_report *report,
                     struct config **ret) {
    struct buf text;
    buf_init(&text, 0);
    struct err_note note = { 0 };
    if (source->path && file_read(source->path, CONFIG_FILE_MAX, &text, &note)) {
        config_report_add(report, (struct config_place){ .source = source->path },
                          "cannot be read: %s", note.text);
        return ERR_IO;
    }
    enum err e = parse(buf_span(&text), source, true, report, ret);
    buf_wipe(&text);
    return e;
}

void config_free(struct config *config) {
    if (!config) return;
    auth_keys_unref(config->jwt.keys);
    tls_context_unref(config->tls.identity.context);
    api_keys_free(config->api.keys);
    tls_context_unref(config->broker.redis.tls.context);
    for (size_t i = 0; i < config->endpoints_count; i++)
        config_pool_unref(config->endpoint_pools[i]);
    config_pool_unref(config->pool);
    explicit_bzero(&config->broker.redis.url, sizeof config->broker.redis.url);
    mem_free(config);
}
