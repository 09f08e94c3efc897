/* SPDX-License-Identifier: MIT */
/*
 * base/file.h: small files, read whole: configuration, keys, certificates.
 */
#ifndef TIDINGS_BASE_FILE_H
#define TIDINGS_BASE_FILE_H

#include "base/buf.h"

/* Reads a file of at most `max` bytes into `out`, which it initializes and, on failure, leaves
 * empty. ERR_IO, ERR_TOO_BIG or ERR_NOMEM, with a sentence that does not name the file. */
MUST_USE enum err file_read(const char *path, size_t max, struct buf *out, struct err_note *note);

#endif
