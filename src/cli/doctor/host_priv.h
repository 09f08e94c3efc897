/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/host_priv.h: what this machine has, against what the configuration asks for.
 */
#ifndef TIDINGS_CLI_DOCTOR_HOST_PRIV_H
#define TIDINGS_CLI_DOCTOR_HOST_PRIV_H

#include "cli/doctor/doctor_priv.h"

/* What the configuration comes to. */
struct doctor_needs {
    uint64_t connections;      /* 0: as many as there are descriptors */
    uint64_t beside;           /* descriptors for other things than connections */
    uint64_t addresses;        /* that it listens on */
    uint64_t connection_bytes; /* of one that is idle, in the process and the kernel */
    uint64_t waiting_bytes;    /* what all of them together may make it hold */
    bool has_local_proxy;      /* a trusted one on this machine */
};

/* Each figure may be DOCTOR_UNKNOWN. */
struct doctor_descriptors {
    bool is_server; /* the running server's limit, else that of this shell */
    uint64_t limit;
    uint64_t open;    /* of the server */
    uint64_t nr_open; /* where the limit itself ends */
};
struct doctor_tcp_memory {
    uint64_t page_bytes, used, pressure, max; /* the last three in pages */
};
struct doctor_memory {
    uint64_t total_bytes, free_bytes; /* of the machine */
    uint64_t group_bytes;             /* what the control group allows */
};

void doctor_connections_judge(const struct doctor_figures *figures, struct doctor_finding *ret);
void doctor_descriptors_judge(const struct doctor_needs *needs,
                              const struct doctor_descriptors *have, struct doctor_finding *ret);
void doctor_files_judge(const struct doctor_needs *needs, uint64_t open, uint64_t max,
                        struct doctor_finding *ret);
void doctor_accept_queue_judge(uint64_t somaxconn, uint64_t asked, struct doctor_finding *ret);
void doctor_syn_queue_judge(uint64_t cookies, uint64_t backlog, uint64_t asked,
                            struct doctor_finding *ret);
void doctor_ports_judge(const struct doctor_needs *needs, uint64_t first, uint64_t last,
                        struct doctor_finding *ret);
void doctor_tracking_judge(const struct doctor_needs *needs, uint64_t count, uint64_t max,
                           struct doctor_finding *ret);
void doctor_tcp_memory_judge(const struct doctor_needs *needs, const struct doctor_tcp_memory *have,
                             struct doctor_finding *ret);
void doctor_memory_judge(const struct doctor_needs *needs, const struct doctor_memory *have,
                         struct doctor_finding *ret);

#endif
