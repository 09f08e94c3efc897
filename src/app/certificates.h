/* SPDX-License-Identifier: MIT */
/*
 * app/certificates.h: sees that the files of the certificates have changed, and that a certificate
 * is about to expire.
 *
 * The files are looked at every second, by name: that sees whatever renews them do, write into
 * them, put others in their place, or turn a link to the folder that they are in, and on every
 * file system.
 */
#ifndef TIDINGS_APP_CERTIFICATES_H
#define TIDINGS_APP_CERTIFICATES_H

#include "app/settings.h"

/* Zeroed is ready. */
struct certificates {
    uint64_t seen;    /* the state of the files, a second ago */
    uint64_t refused; /* and when they were no good */
    int64_t warned_s; /* when somebody was last told of one that expires */
};

/* Every second, of a configuration with TLS. When the files have changed and then not changed for
 * a second: the settings that are to follow `running`, with one user. NULL: there is nothing to do,
 * or the new files are no good, which has been logged. */
struct settings *certificates_renew(struct certificates *certificates, struct settings *running);

#endif
