/* SPDX-License-Identifier: MIT */
/*
 * fetch/curl_priv.h: libcurl, loaded when there is something to fetch.
 */
#ifndef TIDINGS_FETCH_CURL_PRIV_H
#define TIDINGS_FETCH_CURL_PRIV_H

#include "base/library.h"

#include <curl/curl.h>

#define CURL_FUNCTIONS(X)                                                                          \
    X(easy_cleanup)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_init)                                                                                   \
    X(easy_setopt)                                                                                 \
    X(easy_strerror)                                                                               \
    X(free)                                                                                        \
    X(global_cleanup)                                                                              \
    X(global_init)                                                                                 \
    X(multi_add_handle)                                                                            \
    X(multi_assign)                                                                                \
    X(multi_cleanup)                                                                               \
    X(multi_info_read)                                                                             \
    X(multi_init)                                                                                  \
    X(multi_remove_handle)                                                                         \
    X(multi_setopt)                                                                                \
    X(multi_socket_action)                                                                         \
    X(url)                                                                                         \
    X(url_cleanup)                                                                                 \
    X(url_get)                                                                                     \
    X(url_set)

/* `curl.easy_init()` is curl_easy_init(). */
struct curl_functions {
#define X(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(X)
#undef X
};

/* After `curl_load`. */
extern struct curl_functions curl;

/* Any number of times, by one thread. ERR_UNSUPPORTED and a note: it is not there. */
MUST_USE enum err curl_load(struct err_note *note);

#endif
