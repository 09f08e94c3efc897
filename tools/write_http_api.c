/* SPDX-License-Identifier: MIT */
/*
 * tools/write_http_api.c: writes docs/http-api.md and docs/openapi.json from the table of routes
 * and the schemas, or with --check says whether they are behind.
 *
 *   write_http_api [--check] SCHEMAS OPENAPI PAGE
 */
#include "api/routes_priv.h"
#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <jansson.h>

enum { PAGE_MAX = 1024 * 1024, WORD_MAX = 32 };

struct route {
    const char *methods; /* GET_CORS: OPTIONS too */
    const char *pattern, *who, *body, *good, *bad, *text;
};

static const struct route routes[] = {
#define ITEM(handler, methods, pattern, who, body, good, bad, text)                                \
    { #methods, pattern, who, body, good, bad, text },
    API_ROUTE_MAP(ITEM) API_METRICS_ROUTE(ITEM)
#undef ITEM
};

/* ---- openapi.json ---- */

static void lower_method(const struct route *route, char room[static WORD_MAX]) {
    size_t len = strcspn(route->methods, "_");
    for (size_t i = 0; i < len; i++)
        room[i] = (char)tolower(route->methods[i]);
    room[len] = '\0';
}

static json_t *content_of(const char *schema) {
    if (strcmp(schema, "text") == 0)
        return json_pack("{s:{s:{s:s}}}", "text/plain", "schema", "type", "string");
    char ref[WORD_MAX * 2];
    (void)snprintf(ref, sizeof ref, "#/components/schemas/%s", schema);
    return json_pack("{s:{s:{s:s}}}", "application/json", "schema", "$ref", ref);
}

static const char *status_text(int status) {
    switch (status) {
    case 200: return "Done.";
    case 201: return "New.";
    case 400: return "The request is wrong.";
    case 401: return "No key or token, or not a good one.";
    case 403: return "The key lacks the scope, or there are no keys.";
    case 404: return "There is no such thing.";
    case 409: return "Something else is in the way.";
    case 413: return "Too large.";
    case 422: return "The idempotency key came with another body.";
    default: return "Not at present; Retry-After says when to try again.";
    }
}

static void add_response(json_t *responses, int status, const char *schema) {
    char key[WORD_MAX];
    (void)snprintf(key, sizeof key, "%d", status);
    json_object_set_new(
        responses, key,
        json_pack("{s:s, s:o}", "description", status_text(status), "content", content_of(schema)));
}

static json_t *responses_of(const struct route *route) {
    json_t *responses = json_object();
    int status, used;
    char schema[WORD_MAX];
    for (const char *at = route->good; sscanf(at, "%d %31[A-Za-z]%n", &status, schema, &used) == 2;
         at += at[used] == ',' ? used + 1 : used)
        add_response(responses, status, schema);
    for (const char *at = route->bad; sscanf(at, "%d%n", &status, &used) == 1; at += used)
        add_response(responses, status, "Error");
    json_object_set_new(
        responses, "default",
        json_pack("{s:s, s:o}", "description", "Any other error.", "content", content_of("Error")));
    return responses;
}

/* No member: nothing is needed. */
static json_t *security_of(const struct route *route) {
    json_t *ways = json_array();
    if (strstr(route->who, "anyone")) json_array_append_new(ways, json_object());
    if (strstr(route->who, "key")) {
        json_array_append_new(ways, json_pack("{s:[]}", "apiKey"));
        json_array_append_new(ways, json_pack("{s:[]}", "bearer"));
    }
    if (strstr(route->who, "token")) json_array_append_new(ways, json_pack("{s:[]}", "token"));
    return ways;
}

/* Each operation says what its path names, that of preflights included. */
static void add_parameters(json_t *operation, const struct route *route) {
    if (!strstr(route->pattern, "{id}")) return;
    json_object_set_new(operation, "parameters",
                        json_pack("[{s:s, s:s, s:b, s:{s:s}}]", "name", "id", "in", "path",
                                  "required", 1, "schema", "type", "string"));
}

static json_t *operation_of(const struct route *route) {
    char description[256];
    (void)snprintf(description, sizeof description, "Who may call: %s.", route->who);
    json_t *operation = json_pack("{s:s, s:s, s:o}", "summary", route->text, "description",
                                  description, "security", security_of(route));
    add_parameters(operation, route);
    if (*route->body) {
        bool is_needed = strcmp(route->methods, "POST") == 0;
        json_object_set_new(
            operation, "requestBody",
            json_pack("{s:b, s:o}", "required", is_needed, "content", content_of(route->body)));
    }
    json_object_set_new(operation, "responses", responses_of(route));
    return operation;
}

static void add_path(json_t *paths, const struct route *route) {
    char method[WORD_MAX];
    lower_method(route, method);
    json_t *path = json_object_get(paths, route->pattern);
    if (!path) {
        path = json_object();
        json_object_set_new(paths, route->pattern, path);
    }
    json_object_set_new(path, method, operation_of(route));
    if (!strstr(route->methods, "_CORS")) return;
    json_t *preflight =
        json_pack("{s:s, s:[], s:{s:{s:s}}}", "summary", "What a browser asks before it calls.",
                  "security", "responses", "204", "description", "See the headers.");
    add_parameters(preflight, route);
    json_object_set_new(path, "options", preflight);
}

static void write_openapi(json_t *schemas, struct buf *out) {
    json_t *paths = json_object();
    for (size_t i = 0; i < countof(routes); i++)
        add_path(paths, &routes[i]);
    json_t *ways = json_pack(
        "{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s, s:s}}", "apiKey", "type",
        "apiKey", "in", "header", "name", "X-API-Key", "bearer", "type", "http", "scheme", "bearer",
        "description", "An API key, or a user's token where that is good.", "token", "type",
        "apiKey", "in", "query", "name", "token", "description", "A user's token.");
    json_t *whole =
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:O, s:o}}", "openapi", "3.1.0", "info",
                  "title", "Tidings", "version", TIDINGS_VERSION, "description",
                  "The HTTP API of the notification server Tidings; docs/backend.md explains it.",
                  "paths", paths, "components", "schemas", schemas, "securitySchemes", ways);
    char *text = json_dumps(whole, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    buf_printf(out, "%s\n", text);
    free(text);
    json_decref(whole);
}

/* ---- http-api.md ---- */

static const char head[] =
    "<!-- Written by `ninja -C build docs` from src/api/routes_priv.h and src/api/schemas.json: "
    "make changes there. -->\n"
    "\n"
    "# HTTP API\n"
    "\n"
    "All routes of the server; [openapi.json](openapi.json) is the same in machine-readable form. "
    "[backend.md](backend.md) and\n"
    "[operating.md](operating.md) explain the calls, with examples.\n"
    "\n"
    "- **Who may call.** An API key is sent in `X-API-Key` or in `Authorization: Bearer`; a user's "
    "token in the latter or in\n"
    "  `?token=`. If no keys are configured, routes that need one answer 403.\n"
    "- **Errors** are `{\"error\":{\"code\":\"…\",\"message\":\"…\"}}`; the codes are in "
    "[backend.md](backend.md#statuses-and-errors).\n"
    "  Any call may also be answered with 400, 405 (with `Allow`), 408, 413, 414, 431, 500, 501, "
    "503 or 505, and unknown paths\n"
    "  with 404.\n"
    "- `HEAD` works wherever `GET` does. Where pages of other origins may call, `OPTIONS` answers "
    "their preflight requests.\n"
    "- In addition, each configured endpoint has a path for WebSockets "
    "([frontend.md](frontend.md)), `/admin` is the\n"
    "  operator page, and demo mode has a page at `/` and `POST /demo/token`.\n"
    "\n"
    "| call | who may | |\n"
    "|---|---|---|\n";

static void write_schema_link(const char *name, struct buf *out) {
    buf_printf(out, "[%s](#", name);
    for (const char *at = name; *at; at++)
        buf_append_char(out, (char)tolower(*at));
    buf_append_char(out, ')');
}

static void write_answers(const struct route *route, struct buf *out) {
    int status, used;
    char schema[WORD_MAX];
    const char *between = "";
    for (const char *at = route->good; sscanf(at, "%d %31[A-Za-z]%n", &status, schema, &used) == 2;
         at += at[used] == ',' ? used + 1 : used) {
        buf_printf(out, "%s%d ", between, status);
        if (strcmp(schema, "text") == 0)
            buf_append_text(out, "text");
        else
            write_schema_link(schema, out);
        between = ", ";
    }
    for (const char *at = route->bad; sscanf(at, "%d%n", &status, &used) == 1; at += used)
        buf_printf(out, ", %d", status);
}

static void write_route(const struct route *route, struct buf *out) {
    buf_printf(out, "| `%.*s %s` | %s | %s", (int)strcspn(route->methods, "_"), route->methods,
               route->pattern, route->who, route->text);
    if (*route->body) {
        buf_append_text(out, " Takes ");
        write_schema_link(route->body, out);
        buf_append_char(out, '.');
    }
    buf_append_text(out, "<br>");
    write_answers(route, out);
    buf_append_text(out, " |\n");
}

static const char *ref_name(const json_t *schema) {
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    return ref ? strrchr(ref, '/') + 1 : NULL;
}

static void write_type(const json_t *schema, struct buf *out) {
    const json_t *type = json_object_get(schema, "type");
    const json_t *items = json_object_get(schema, "items");
    size_t i;
    const json_t *one;
    if (ref_name(schema)) {
        write_schema_link(ref_name(schema), out);
    } else if (items) {
        buf_append_text(out, "list of ");
        write_type(items, out);
    } else if (json_is_array(type)) {
        json_array_foreach(type, i, one)
            buf_printf(out, "%s%s", i > 0 ? " or " : "", json_string_value(one));
    } else if (json_is_string(type)) {
        buf_append_text(out, json_string_value(type));
    } else if (json_object_get(schema, "oneOf")) {
        json_array_foreach(json_object_get(schema, "oneOf"), i, one) {
            buf_append_text(out, i > 0 ? " or " : "");
            write_type(one, out);
        }
    } else if (json_object_get(schema, "enum")) {
        json_array_foreach(json_object_get(schema, "enum"), i, one)
            buf_printf(out, "%s`%s`", i > 0 ? ", " : "", json_string_value(one));
    } else {
        buf_append_text(out, "any");
    }
}

static bool is_required(const json_t *schema, const char *name) {
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(schema, "required"), i,
                       one) if (strcmp(json_string_value(one), name) == 0) return true;
    return false;
}

static void write_schema(const char *name, json_t *schema, struct buf *out) {
    const char *text = json_string_value(json_object_get(schema, "description"));
    buf_printf(out, "\n### %s\n\n", name);
    if (text) buf_printf(out, "%s\n\n", text);
    buf_append_text(out, "| member | | |\n|---|---|---|\n");
    const char *member;
    json_t *value;
    json_object_foreach(json_object_get(schema, "properties"), member, value) {
        text = json_string_value(json_object_get(value, "description"));
        buf_printf(out, "| `%s`%s | ", member,
                   is_required(schema, member) ? "" : ", may be absent");
        write_type(value, out);
        buf_printf(out, " | %s |\n", text ? text : "");
    }
}

static void write_page(json_t *schemas, struct buf *out) {
    const char *name;
    json_t *schema;
    buf_append_text(out, head);
    for (size_t i = 0; i < countof(routes); i++)
        write_route(&routes[i], out);
    buf_append_text(out, "\n## Bodies\n");
    json_object_foreach(schemas, name, schema) write_schema(name, schema, out);
}

/* ---- both ---- */

static bool has_text(const char *path, const struct buf *text) {
    char *there = mem_new(PAGE_MAX);
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(there, 1, PAGE_MAX, file) : 0;
    bool is_same = file && span_eq(span_of(there, len), buf_span(text));
    if (file) fclose(file);
    mem_free(there);
    if (!is_same) fprintf(stderr, "%s is behind src/api: run ninja -C build docs\n", path);
    return is_same;
}

static bool put_text(const char *path, const struct buf *text) {
    FILE *file = fopen(path, "w");
    bool is_written = file && fwrite(text->at, 1, text->len, file) == text->len;
    if (file && fclose(file) != 0) is_written = false;
    if (!is_written) perror(path);
    return is_written;
}

int main(int argc, char **argv) {
    bool is_check = argc == 5 && strcmp(argv[1], "--check") == 0;
    if (argc != 4 && !is_check) {
        fprintf(stderr, "usage: write_http_api [--check] SCHEMAS OPENAPI PAGE\n");
        return 2;
    }
    char **paths = argv + (is_check ? 2 : 1);
    json_error_t error;
    json_t *schemas = json_load_file(paths[0], JSON_REJECT_DUPLICATES, &error);
    if (!schemas) {
        fprintf(stderr, "%s:%d: %s\n", paths[0], error.line, error.text);
        return 1;
    }
    struct buf openapi, page;
    buf_init(&openapi, PAGE_MAX);
    buf_init(&page, PAGE_MAX);
    write_openapi(schemas, &openapi);
    write_page(schemas, &page);
    bool (*handle)(const char *, const struct buf *) = is_check ? has_text : put_text;
    bool is_good = !buf_err(&openapi) && !buf_err(&page);
    is_good = is_good && handle(paths[1], &openapi);
    is_good = is_good && handle(paths[2], &page);
    buf_finish(&openapi);
    buf_finish(&page);
    json_decref(schemas);
    return is_good ? 0 : 1;
}
