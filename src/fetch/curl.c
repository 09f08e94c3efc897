/* SPDX-License-Identifier: MIT */
/*
 * fetch/curl.c: libcurl's functions.
 */
#include "fetch/curl_priv.h"

struct curl_functions curl;

static const char *const names[] = {
#define X(name) "curl_" #name,
    CURL_FUNCTIONS(X)
#undef X
};
static struct library library = { "libcurl.so.4", names, countof(names), &curl, false };

enum err curl_load(struct err_note *note) {
    return library_load(&library, note);
}
