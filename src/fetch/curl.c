/* SPDX-License-Identifier: MIT */
/*
 * fetch/curl.c: libcurl's functions.
 */
#include "fetch/curl_priv.h"

struct curl_functions curl;

enum err curl_load(struct err_note *note) {
    static const char *const names[] = {
#define X(name) "curl_" #name,
        CURL_FUNCTIONS(X)
#undef X
    };
    static bool is_loaded;
    if (is_loaded) return ERR_OK;
    enum err e = library_load("libcurl.so.4", names, countof(names), &curl, note);
    is_loaded = e == ERR_OK;
    return e;
}
