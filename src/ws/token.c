/* SPDX-License-Identifier: MIT */
/*
 * ws/token.c: tokens and lists of them.
 */
#include "ws/token_priv.h"

bool token_has_char(char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c);
}

bool token_is_valid(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        if (!token_has_char(s.at[i])) return false;
    }
    return s.len > 0;
}

bool token_list_next(struct span *list, struct span *ret) {
    struct span element;
    while (span_next(list, ',', &element)) {
        element = span_trim(element);
        if (element.len) {
            *ret = element;
            return true;
        }
    }
    return false;
}

bool token_list_has(struct span list, struct span token) {
    struct span element;
    while (token_list_next(&list, &element)) {
        if (span_eq_nocase(element, token)) return true;
    }
    return false;
}
