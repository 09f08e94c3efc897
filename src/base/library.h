/* SPDX-License-Identifier: MIT */
/*
 * base/library.h: shared libraries that only some configurations need, loaded when one does.
 *
 * libcurl and librdkafka bring 30 other libraries, and half of the memory that a server without
 * connections has. Who uses one has a table of its functions, which this fills:
 *
 *     #define NAMES(X) X(easy_init) X(easy_cleanup)
 *     struct { LIBRARY_TABLE(curl_, NAMES) } curl;
 */
#ifndef TIDINGS_BASE_LIBRARY_H
#define TIDINGS_BASE_LIBRARY_H

#include "base/err.h"

#include <stddef.h>

/* Loads `file` ("libcurl.so.4") for as long as the process lives, and puts the addresses of the
 * functions `names` in `table`, which has a pointer for each, in that order. ERR_UNSUPPORTED and a
 * note: it is not installed, or has no such function; `table` may be half filled then. */
MUST_USE
enum err library_load(const char *file, const char *const names[], size_t count, void *table,
                      struct err_note *note);

#endif
