/* SPDX-License-Identifier: MIT */
/*
 * base/library.h: shared libraries that only some configurations need, loaded when one does.
 *
 * libcurl and librdkafka bring 29 other libraries and half of the memory of a server without
 * connections. Whoever uses one has a table of its functions, which this fills.
 */
#ifndef TIDINGS_BASE_LIBRARY_H
#define TIDINGS_BASE_LIBRARY_H

#include "base/err.h"

#include <stddef.h>

/* One library, of the process. */
struct library {
    const char *file;         /* "libcurl.so.4" */
    const char *const *names; /* of the functions that are wanted */
    size_t count;
    void *table; /* a pointer to a function for each name, in their order */
    bool is_loaded;
};

/* Loads it, for as long as the process lives, and fills its table; does nothing when that is done.
 * By one thread. ERR_UNSUPPORTED and a note: it is not installed, or lacks one of the functions;
 * the table may be half filled then. */
MUST_USE enum err library_load(struct library *library, struct err_note *note);

#endif
