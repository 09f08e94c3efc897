/* SPDX-License-Identifier: MIT */
/*
 * app/privileges.h: whom the process runs as.
 */
#ifndef TIDINGS_APP_PRIVILEGES_H
#define TIDINGS_APP_PRIVILEGES_H

#include "base/err.h"

/* Becomes `user`, with `group` or else the user's own, and the user's supplementary groups, for
 * good. Both are names or numbers. Empty `user`: stays who it is, and says so in the log when that
 * is root. `*ret_changed`: it became somebody else, so that some files may be out of reach.
 * ERR_INVALID (there is no such user or group) or ERR_IO (not allowed to), with a note. Before
 * there are threads that hold locks: glibc interrupts them all. */
MUST_USE enum err privileges_drop(const char *user, const char *group, bool *ret_changed,
                                  struct err_note *note);

#endif
