/* SPDX-License-Identifier: MIT */
/*
 * ws/extension.c: takes Sec-WebSocket-Extensions apart.
 */
#include "ws/extension_priv.h"

#include "ws/token_priv.h"

static void skip_space(struct span *s) {
    while (s->len && (s->at[0] == ' ' || s->at[0] == '\t'))
        *s = span_skip(*s, 1);
}

/* Takes `c` and the white space around it; false when something else comes. */
static bool take_char(struct span *s, char c) {
    skip_space(s);
    if (s->len == 0 || s->at[0] != c) return false;
    *s = span_skip(*s, 1);
    skip_space(s);
    return true;
}

/* Takes a token; empty when none begins here. */
static struct span take_token(struct span *s) {
    size_t len = 0;
    while (len < s->len && token_has_char(s->at[len]))
        len++;
    struct span token = span_of(s->at, len);
    *s = span_skip(*s, len);
    return token;
}

static void add_to_value(struct extension_param *param, char c) {
    if (param->value_len < sizeof param->value) param->value[param->value_len] = c;
    param->value_len++;
}

/* A quoted value; unquoted it must be a token too (RFC 6455 §9.1). */
static bool take_quoted(struct span *s, struct extension_param *param) {
    *s = span_skip(*s, 1);
    while (s->len && s->at[0] != '"') {
        if (s->at[0] == '\\') *s = span_skip(*s, 1);
        if (s->len == 0 || !token_has_char(s->at[0])) return false;
        add_to_value(param, s->at[0]);
        *s = span_skip(*s, 1);
    }
    if (s->len == 0) return false;
    *s = span_skip(*s, 1);
    return param->value_len > 0;
}

static bool take_value(struct span *s, struct extension_param *param) {
    param->has_value = true;
    if (s->len && s->at[0] == '"') return take_quoted(s, param);
    struct span token = take_token(s);
    for (size_t i = 0; i < token.len; i++)
        add_to_value(param, token.at[i]);
    return token.len > 0;
}

enum extension_step extension_param_next(struct span *params, struct extension_param *ret) {
    if (!take_char(params, ';')) return EXTENSION_END;
    struct extension_param param = { .name = take_token(params) };
    if (param.name.len == 0) return EXTENSION_BAD;
    if (take_char(params, '=') && !take_value(params, &param)) return EXTENSION_BAD;
    *ret = param;
    return EXTENSION_ITEM;
}

enum extension_step extension_next(struct span *rest, struct extension *ret) {
    while (take_char(rest, ',')) /* empty elements are allowed, RFC 9110 §5.6.1.2 */
        ;
    if (rest->len == 0) return EXTENSION_END;
    struct span name = take_token(rest);
    if (name.len == 0) return EXTENSION_BAD;
    const char *params_at = rest->at;
    struct extension_param param;
    enum extension_step step;
    do
        step = extension_param_next(rest, &param);
    while (step == EXTENSION_ITEM);
    skip_space(rest);
    if (step == EXTENSION_BAD || (rest->len && rest->at[0] != ',')) return EXTENSION_BAD;
    *ret = (struct extension){ name, span_of(params_at, (size_t)(rest->at - params_at)) };
    return EXTENSION_ITEM;
}

bool extension_list_is_valid(struct span list) {
    struct extension extension;
    enum extension_step step;
    do
        step = extension_next(&list, &extension);
    while (step == EXTENSION_ITEM);
    return step == EXTENSION_END;
}
