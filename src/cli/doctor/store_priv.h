/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/store_priv.h: is there enough room for the store?
 */
#ifndef TIDINGS_CLI_DOCTOR_STORE_PRIV_H
#define TIDINGS_CLI_DOCTOR_STORE_PRIV_H

#include "cli/doctor/doctor_priv.h"

struct doctor_store {
    char folder[256];
    char user[64];    /* whom the server runs as, */
    bool is_writable; /* and whether that one may write in the folder */
    uint64_t free_bytes, file_bytes, max_bytes;
};

void doctor_store_judge(const struct doctor_store *store, struct doctor_finding *ret);

#endif
