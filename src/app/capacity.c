/* SPDX-License-Identifier: MIT */
/*
 * app/capacity.c: workers and descriptors.
 */
#include "app/capacity.h"

#include "hub/hub.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DESCRIPTORS_A_WORKER = 16, /* loop, wake-ups, listening sockets */
    DESCRIPTORS_BESIDE = 300,  /* files, and connections that only speak HTTP */
};

size_t capacity_workers(uint32_t asked) {
    if (asked) return asked;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return size_min(cpus > 0 ? (size_t)cpus : 1, HUB_WORKERS_MAX);
}

uint64_t capacity_beside(size_t workers) {
    return DESCRIPTORS_BESIDE + workers * DESCRIPTORS_A_WORKER;
}

enum err capacity_reserve(uint64_t asked, size_t workers, uint64_t *ret_connections,
                          struct err_note *note) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return err_note(note, ERR_LIMIT, "descriptor limit: %s", strerror(errno));
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    uint64_t descriptors = limit.rlim_max == RLIM_INFINITY ? UINT32_MAX : limit.rlim_max;
    uint64_t beside = capacity_beside(workers);
    uint64_t room = descriptors > beside ? descriptors - beside : 0;
    if (room == 0) {
        return err_note(note, ERR_LIMIT,
                        "the descriptor limit (ulimit -Hn) of %llu leaves room for no connection",
                        (unsigned long long)descriptors);
    }
    if (asked > room) {
        return err_note(
            note, ERR_LIMIT,
            "max_connections: %llu cannot be held: the descriptor limit (ulimit -Hn) is "
            "%llu, which leaves room for %llu",
            (unsigned long long)asked, (unsigned long long)descriptors, (unsigned long long)room);
    }
    *ret_connections = asked ? asked : room;
    return ERR_OK;
}
