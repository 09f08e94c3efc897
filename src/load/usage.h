/* SPDX-License-Identifier: MIT */
/*
 * load/usage.h: the processor time and memory that processes have used, from /proc.
 */
#ifndef TIDINGS_LOAD_USAGE_H
#define TIDINGS_LOAD_USAGE_H

#include "base/err.h"

#include <sys/types.h>

enum { LOAD_PROCESSES_MAX = 64 };

/* Whom to look at. */
struct load_processes {
    pid_t pids[LOAD_PROCESSES_MAX];
    size_t count; /* 0: nobody, all is 0 */
};

/* Summed over the processes. */
struct load_usage {
    uint64_t cpu_ns;    /* user and system time since their start */
    uint64_t pss_bytes; /* memory, what is shared divided by those who share it */
    uint64_t rss_bytes; /* memory, what is shared counted in full by each */
};

/* Adds one. ERR_LIMIT when there are LOAD_PROCESSES_MAX. One that is in it already is no error. */
MUST_USE enum err load_processes_add(struct load_processes *p, pid_t pid);
/* Adds the children of those in it, and theirs. ERR_LIMIT. */
MUST_USE enum err load_processes_add_children(struct load_processes *p);

/* Just the time; cheap. ERR_NOT_FOUND and a note when one of them has gone. */
MUST_USE enum err load_usage_cpu(const struct load_processes *p, uint64_t *ret_ns,
                                 struct err_note *note);
/* Time and memory. The kernel walks each process's memory for it: milliseconds for large ones.
 * Where their maps may not be read, `pss_bytes` counts as `rss_bytes` does. */
MUST_USE enum err load_usage_read(const struct load_processes *p, struct load_usage *ret,
                                  struct err_note *note);

#endif
