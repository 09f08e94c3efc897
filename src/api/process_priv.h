/* SPDX-License-Identifier: MIT */
/*
 * api/process_priv.h: what this process uses of the machine.
 */
#ifndef TIDINGS_API_PROCESS_PRIV_H
#define TIDINGS_API_PROCESS_PRIV_H

#include "base/base.h"

struct process_usage {
    double cpu_s;
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_descriptors;
    uint64_t max_descriptors;
};

/* What cannot be found out is 0. */
struct process_usage process_usage(void);

#endif
