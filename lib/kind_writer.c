/* SPDX-License-Identifier: MIT */
/*
 * lib/kind_writer.c: a message as it is written, and what the catalogue says of it.
 */
#include "kind_writer_priv.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "dialect/catalogue.h"

#include <math.h>

enum { MESSAGE_MAX = 16 * 1024 * 1024, PATH_BYTES = 128, NUMBER_BYTES = 40 };

void kind_begin(struct kind_writer *writer) {
    memset(writer, 0, sizeof *writer);
    buf_init(&writer->text, MESSAGE_MAX + 1); /* and the terminator */
    clock_text(clock_wall_ms(), writer->now);
    buf_append_char(&writer->text, '{');
}

/* Of what stands in the object or list that is open, or of its element `index`. */
static void refuse(struct kind_writer *writer, const char *name, size_t index, const char *what) {
    char path[PATH_BYTES] = "";
    size_t len = 0;
    if (writer->problem.text[0]) return;
    for (size_t i = 0; i <= writer->depth; i++) {
        bool is_last = i == writer->depth;
        const char *step = is_last ? name : writer->path[i].name;
        size_t at = is_last ? index : writer->path[i].index;
        int more = step ? snprintf(path + len, sizeof path - len, "%s%s", i > 0 ? "." : "", step)
                        : snprintf(path + len, sizeof path - len, "[%zu]", at);
        len = size_min(len + (size_t)more, sizeof path - 1);
    }
    (void)err_note(&writer->problem, ERR_INVALID, "%s: %s", path, what);
}

static void append_comma(struct kind_writer *writer) {
    char last = writer->text.len > 0 ? writer->text.at[writer->text.len - 1] : '{';
    if (last != '{' && last != '[') buf_append_char(&writer->text, ',');
}

static void append_name(struct kind_writer *writer, const char *name) {
    append_comma(writer);
    json_append_string(&writer->text, span_str(name));
    buf_append_char(&writer->text, ':');
}

static void append_text(struct kind_writer *writer, const char *name, size_t index,
                        const char *text) {
    if (!utf8_is_valid(span_str(text))) refuse(writer, name, index, "must be UTF-8");
    json_append_string(&writer->text, span_str(text));
}

void kind_text(struct kind_writer *writer, const char *name, const char *text) {
    if (!text) return;
    append_name(writer, name);
    append_text(writer, name, 0, text);
}

void kind_nullable(struct kind_writer *writer, const char *name, const char *text) {
    if (text)
        kind_text(writer, name, text);
    else
        kind_json(writer, name, "null");
}

void kind_time(struct kind_writer *writer, const char *name, const char *time) {
    kind_text(writer, name, time ? time : writer->now);
}

void kind_json(struct kind_writer *writer, const char *name, const char *json) {
    struct json_value value;
    struct json_error error;
    if (!json) return;
    if (!json_parse(span_str(json), &value, &error)) {
        refuse(writer, name, 0, "must be JSON");
        return;
    }
    append_name(writer, name);
    buf_append_span(&writer->text, value.raw);
}

void kind_integer(struct kind_writer *writer, const char *name, int64_t number) {
    append_name(writer, name);
    buf_printf(&writer->text, "%lld", (long long)number);
}

/* As short as it can be to be read as the same number, with a point whatever the locale has. */
static void append_double(struct buf *out, double number) {
    char text[NUMBER_BYTES];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    for (const char *at = text; *at;) {
        size_t plain = strspn(at, "0123456789+-e");
        buf_append(out, at, plain);
        at += plain;
        if (!*at) break;
        buf_append_char(out, '.');
        at += strcspn(at, "0123456789+-e");
    }
}

void kind_number(struct kind_writer *writer, const char *name, double number) {
    append_name(writer, name);
    if (isfinite(number))
        append_double(&writer->text, number);
    else
        refuse(writer, name, 0, "must be a finite number");
}

void kind_word(struct kind_writer *writer, const char *name, const char *const *words, size_t count,
               unsigned choice, unsigned usual) {
    if (choice == 0) choice = usual;
    if (choice > count)
        refuse(writer, name, 0, "is no such choice");
    else if (choice > 0)
        kind_text(writer, name, words[choice - 1]);
}

void kind_answer(struct kind_writer *writer, const char *name, enum tidings_answer answer,
                 bool usual) {
    bool is_yes = answer == TIDINGS_ANSWER_USUAL ? usual : answer == TIDINGS_ANSWER_YES;
    kind_json(writer, name, is_yes ? "true" : "false");
}

void kind_texts(struct kind_writer *writer, const char *name, const char *const *texts,
                size_t count) {
    kind_open(writer, name, '[');
    for (size_t i = 0; i < count; i++) {
        append_comma(writer);
        if (texts[i])
            append_text(writer, NULL, i, texts[i]);
        else
            refuse(writer, NULL, i, "is missing");
    }
    kind_close(writer, ']');
}

static void enter(struct kind_writer *writer, const char *name, size_t index) {
    assert(writer->depth < KIND_DEPTH_MAX);
    writer->path[writer->depth].name = name;
    writer->path[writer->depth].index = index;
    writer->path[writer->depth].start = writer->text.len;
    writer->depth++;
}

void kind_open(struct kind_writer *writer, const char *name, char bracket) {
    append_name(writer, name);
    buf_append_char(&writer->text, bracket);
    enter(writer, name, 0);
}

void kind_open_element(struct kind_writer *writer, size_t index) {
    append_comma(writer);
    buf_append_char(&writer->text, '{');
    enter(writer, NULL, index);
}

void kind_close(struct kind_writer *writer, char bracket) {
    buf_append_char(&writer->text, bracket);
    writer->depth--;
}

/* Whether the object that is open has a member with that name already. */
static bool has_member(const struct kind_writer *writer, struct span name) {
    const struct buf *text = &writer->text;
    size_t start = writer->depth > 0 ? writer->path[writer->depth - 1].start : 1;
    struct json_value its_name, value;
    if (buf_err(text)) return false;
    /* From its bracket up to where it is written: the walk ends there for want of the other. */
    struct json_walk walk = json_walk(span_of(text->at + start - 1, text->len - start + 1));
    while (json_member(&walk, &its_name, &value) == JSON_ITEM) {
        if (span_eq(its_name.raw, name)) return true;
    }
    return false;
}

void kind_more(struct kind_writer *writer, const char *json) {
    struct json_walk walk = json_walk(span_str(json));
    struct json_value name, value;
    enum json_step step = JSON_END;
    while (json && (step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        if (has_member(writer, name.raw))
            refuse(writer, "more_json", 0, "has what is there already");
        append_comma(writer);
        buf_append_span(&writer->text, name.raw);
        buf_append_char(&writer->text, ':');
        buf_append_span(&writer->text, value.raw);
    }
    if (step == JSON_FAIL) refuse(writer, "more_json", 0, "must be a JSON object");
}

double kind_percent(int64_t done, int64_t whole) {
    return whole > 0 ? 100.0 * (double)done / (double)whole : 0;
}

static int result_of(enum err e) {
    switch (e) {
    case ERR_OK: return TIDINGS_OK;
    case ERR_NOMEM: return TIDINGS_NO_MEMORY;
    case ERR_TOO_BIG: return TIDINGS_TOO_BIG;
    default: return TIDINGS_INVALID;
    }
}

/* Cut where it does not fit. `kind` may be NULL. */
static void give_problem(char *ret, const char *kind, const char *what) {
    struct err_note whole;
    if (!ret) return;
    (void)err_note(&whole, ERR_INVALID, "%s%s%s", kind ? kind : "", kind ? ": " : "", what);
    size_t len = utf8_cut(span_str(whole.text), TIDINGS_PROBLEM_MAX - 1);
    memcpy(ret, whole.text, len);
    ret[len] = 0;
}

/* The text, whose last byte is a terminator. */
static enum err judge(struct kind_writer *writer) {
    const struct catalogue_kind *kind;
    const struct buf *text = &writer->text;
    if (buf_err(text))
        return err_note(&writer->problem, buf_err(text), "%s", err_text(buf_err(text)));
    if (writer->problem.text[0]) return ERR_INVALID;
    return catalogue_check(span_of(text->at, text->len - 1), &kind, &writer->problem);
}

int kind_finish(struct kind_writer *writer, struct tidings_json *ret, char *problem) {
    struct buf *text = &writer->text;
    buf_append(text, "}", sizeof "}");
    enum err e = judge(writer);
    if (e) {
        give_problem(problem, NULL, writer->problem.text);
        buf_finish(text);
        *ret = (struct tidings_json){ NULL, 0 };
        return result_of(e);
    }
    *ret = (struct tidings_json){ text->at, text->len - 1 };
    return TIDINGS_OK;
}

void tidings_json_free(struct tidings_json *json) {
    mem_free(json->text);
    *json = (struct tidings_json){ NULL, 0 };
}

const char *tidings_check(const char *json, size_t json_len, char *problem) {
    const struct catalogue_kind *kind;
    struct err_note note = { "" };
    enum err e = catalogue_check(span_of(json, json_len), &kind, &note);
    if (!e) return kind->name.at;
    give_problem(problem, kind ? kind->name.at : NULL, note.text);
    return NULL;
}
