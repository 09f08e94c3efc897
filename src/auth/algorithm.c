/* SPDX-License-Identifier: MIT */
/*
 * auth/algorithm.c: the names of the signature algorithms.
 */
#include "auth/algorithm.h"

static const char *const names[AUTH_ALGORITHM_COUNT] = {
#define AUTH_ALGORITHM_ITEM(name) [AUTH_##name] = #name,
    AUTH_ALGORITHM_MAP(AUTH_ALGORITHM_ITEM)
#undef AUTH_ALGORITHM_ITEM
};

bool auth_algorithm_parse(struct span name, enum auth_algorithm *ret) {
    for (unsigned i = 0; i < countof(names); i++) {
        if (!span_eq(name, span_str(names[i]))) continue;
        *ret = (enum auth_algorithm)i;
        return true;
    }
    return false;
}

const char *auth_algorithm_text(enum auth_algorithm algorithm) {
    assert(algorithm < countof(names));
    return names[algorithm];
}
