/* SPDX-License-Identifier: MIT */
/*
 * support/redis_cluster.h: a real Redis Cluster of a few processes on 127.0.0.1, and what an
 * operator does to it. Masters come first, each may have replicas.
 */
#ifndef TIDINGS_SUPPORT_REDIS_CLUSTER_H
#define TIDINGS_SUPPORT_REDIS_CLUSTER_H

#include "redis_process.h"

enum { CLUSTER_NODES_MAX = 6, CLUSTER_SLOTS = 16384 };

struct cluster_node {
    struct redis_process process;
    uint16_t bus_port;
    char dir[32];
    char id[41];
};

struct cluster {
    struct cluster_node nodes[CLUSTER_NODES_MAX];
    size_t count;
};

/* The command must be answered with OK (or begin so). */
static inline void cluster_order(const struct cluster_node *node, const char *format, ...)
    PRINTF_LIKE(2, 3);
static inline void cluster_order(const struct cluster_node *node, const char *format, ...) {
    char line[512], answer[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    (void)redis_tell(node->process.port, line, answer, sizeof answer);
    if (answer[0] == '+' || answer[0] == ':') return;
    (void)fprintf(stderr, "%s: %s\n", line, answer);
    abort();
}

/* Whether what a node answers to `line` has `text` in it. */
static inline bool cluster_says(const struct cluster_node *node, const char *line,
                                const char *text) {
    char answer[8192];
    return strstr(redis_tell(node->process.port, line, answer, sizeof answer), text) != NULL;
}

static inline void cluster_await(const struct cluster_node *node, const char *line,
                                 const char *text) {
    for (int i = 0; i < 2000; i++) {
        if (cluster_says(node, line, text)) return;
        redis_pause_ms(10);
    }
    (void)fprintf(stderr, "%s never says %s\n", line, text);
    abort();
}

/* Starts a node, or starts it again with what it knew. */
static inline void cluster_start_node(struct cluster_node *node) {
    char bus_port[8];
    (void)snprintf(bus_port, sizeof bus_port, "%u", (unsigned)node->bus_port);
    const char *const more[] = { "--cluster-enabled",
                                 "yes",
                                 "--cluster-port",
                                 bus_port,
                                 "--cluster-node-timeout",
                                 "1000",
                                 "--cluster-allow-replica-migration",
                                 "no",
                                 "--repl-diskless-sync-delay",
                                 "0",
                                 "--dir",
                                 node->dir,
                                 NULL };
    redis_start_with(&node->process, more);
}

/* One more node, which nobody knows. */
static inline struct cluster_node *cluster_add(struct cluster *c) {
    if (c->count == CLUSTER_NODES_MAX) abort();
    struct cluster_node *node = &c->nodes[c->count++];
    *node = (struct cluster_node){ .bus_port = redis_free_port(),
                                   .dir = "/tmp/tidings-cluster-XXXXXX" };
    redis_choose_ports(&node->process);
    if (!mkdtemp(node->dir)) abort();
    cluster_start_node(node);
    char answer[128];
    (void)redis_tell(node->process.port, "CLUSTER MYID", answer, sizeof answer);
    memcpy(node->id, answer + strlen("$40\r\n"), 40);
    return node;
}

static inline void cluster_meet(const struct cluster_node *node, const struct cluster_node *other) {
    cluster_order(node, "CLUSTER MEET 127.0.0.1 %u %u", (unsigned)redis_port(&other->process),
                  (unsigned)other->bus_port);
}

static inline void cluster_await_all(struct cluster *c) {
    char known[64];
    (void)snprintf(known, sizeof known, "cluster_known_nodes:%zu", c->count);
    for (size_t i = 0; i < c->count; i++) {
        cluster_await(&c->nodes[i], "CLUSTER INFO", known);
        cluster_await(&c->nodes[i], "CLUSTER INFO", "cluster_state:ok");
    }
}

/* Whether a node sends to all others that run, and takes them for well. */
static inline bool cluster_is_linked(const struct cluster *c, const struct cluster_node *node) {
    char answer[8192];
    (void)redis_tell(node->process.port, "CLUSTER NODES", answer, sizeof answer);
    for (size_t i = 0; i < c->count; i++) {
        const struct cluster_node *other = &c->nodes[i];
        char start[sizeof other->id + 1];
        (void)snprintf(start, sizeof start, "\n%s",
                       other->id); /* a replica's names its master too */
        const char *line = strstr(answer, start);
        if (other == node || other->process.pid == 0) continue;
        if (!line) return false;
        size_t len = strcspn(line + 1, "\n");
        if (memmem(line, len, "fail", 4) || memmem(line, len, "disconnected", 12)) return false;
    }
    return true;
}

/* Whether what is published plainly at any node reaches all that run. */
static inline bool cluster_is_whole(const struct cluster *c) {
    for (size_t i = 0; i < c->count; i++) {
        const struct cluster_node *node = &c->nodes[i];
        if (node->process.pid == 0) continue;
        if (!cluster_says(node, "CLUSTER INFO", "cluster_state:ok")) return false;
        if (!cluster_is_linked(c, node)) return false;
    }
    return true;
}

/* `masters` share the slots; the first of them have a replica each. */
static inline void cluster_begin(struct cluster *c, size_t masters, size_t replicas) {
    *c = (struct cluster){ 0 };
    for (size_t i = 0; i < masters + replicas; i++) {
        struct cluster_node *node = cluster_add(c);
        if (i < masters) {
            cluster_order(node, "CLUSTER SET-CONFIG-EPOCH %zu", i + 1);
            cluster_order(node, "CLUSTER ADDSLOTSRANGE %zu %zu", CLUSTER_SLOTS * i / masters,
                          CLUSTER_SLOTS * (i + 1) / masters - 1);
        }
        if (i > 0) cluster_meet(node, &c->nodes[0]);
    }
    cluster_await_all(c);
    for (size_t i = 0; i < replicas; i++) {
        cluster_order(&c->nodes[masters + i], "CLUSTER REPLICATE %s", c->nodes[i].id);
        cluster_await(&c->nodes[masters + i], "INFO replication", "master_link_status:up");
        /* They let it take over only if they know whose replica it is. */
        char role[512];
        (void)snprintf(role, sizeof role, "slave %s", c->nodes[i].id);
        for (size_t other = 0; other < c->count; other++)
            cluster_await(&c->nodes[other], "CLUSTER NODES", role);
    }
}

static inline void cluster_end(struct cluster *c) {
    for (size_t i = 0; i < c->count; i++) {
        struct cluster_node *node = &c->nodes[i];
        char file[64];
        redis_stop(&node->process);
        (void)snprintf(file, sizeof file, "%s/nodes.conf", node->dir);
        (void)unlink(file);
        (void)snprintf(file, sizeof file, "%s/dump.rdb", node->dir);
        (void)unlink(file);
        (void)rmdir(node->dir);
    }
    c->count = 0;
}

/* The master that shares out slots evenly (`cluster_begin`) to `masters`. */
static inline size_t cluster_owner(size_t masters, unsigned slot) {
    size_t i = 0;
    while (slot >= CLUSTER_SLOTS * (i + 1) / masters)
        i++;
    return i;
}

static inline void cluster_migrate_begin(const struct cluster_node *from,
                                         const struct cluster_node *to, unsigned slot) {
    cluster_order(to, "CLUSTER SETSLOT %u IMPORTING %s", slot, from->id);
    cluster_order(from, "CLUSTER SETSLOT %u MIGRATING %s", slot, to->id);
}

static inline void cluster_migrate_end(const struct cluster_node *from,
                                       const struct cluster_node *to, unsigned slot) {
    cluster_order(to, "CLUSTER SETSLOT %u NODE %s", slot, to->id);
    cluster_order(from, "CLUSTER SETSLOT %u NODE %s", slot, to->id);
    /* Were it moved back before this is known, both would claim it with the same right. */
    char answer[4096], want[64];
    (void)redis_tell(to->process.port, "CLUSTER INFO", answer, sizeof answer);
    const char *epoch = strstr(answer, "cluster_my_epoch:");
    if (!epoch) abort();
    (void)snprintf(want, sizeof want, "cluster_current_epoch:%lu\r\n",
                   strtoul(epoch + strlen("cluster_my_epoch:"), NULL, 10));
    cluster_await(from, "CLUSTER INFO", want);
}

#endif
