/* SPDX-License-Identifier: MIT */
/*
 * config/file.h: files, whole and bounded: the configuration's own, keys and certificates.
 */
#ifndef TIDINGS_CONFIG_FILE_H
#define TIDINGS_CONFIG_FILE_H

#include "base/buf.h"

/* Reads at most `max` bytes of a file into `out`, which it initializes. On failure ERR_IO,
 * ERR_TOO_BIG or ERR_NOMEM with a sentence that does not name the file. */
MUST_USE
enum err config_read_file(const char *path, size_t max, struct buf *out, struct err_note *note);
/* Wipes what it holds before it goes. */
void config_wipe(struct buf *b);

#endif
