/* SPDX-License-Identifier: MIT */
/*
 * support/redis_process.h: real redis-server processes on 127.0.0.1, which end with the test
 * whatever becomes of it, and a plain blocking client to tell them things.
 *
 * After `redis_speak_tls` each has a second port, where it speaks TLS and wants to see a
 * certificate as well; among themselves they speak it too.
 */
#ifndef TIDINGS_SUPPORT_REDIS_PROCESS_H
#define TIDINGS_SUPPORT_REDIS_PROCESS_H

#include "base/base.h"
#include "base/random.h"

#include "tls_folder.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct redis_process {
    pid_t pid; /* 0: not running */
    uint16_t port;
    uint16_t tls_port; /* 0: not chosen yet */
};

static struct tls_folder redis_tls; /* where `redis`.pem is, with TLS */

static inline void redis_speak_tls(void) {
    tls_folder_begin(&redis_tls);
    tls_folder_add(&redis_tls, "redis");
}

/* The port that others than the test connect to. */
static inline uint16_t redis_port(const struct redis_process *p) {
    return redis_tls.path[0] ? p->tls_port : p->port;
}

static inline void redis_pause_ms(unsigned ms) {
    const struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&time, NULL);
}

/* Not one of those that the kernel gives to whoever connects: it would give away a port that was
 * free a moment ago, also while a server of ours is down. */
static inline uint16_t redis_free_port(void) {
    for (int tries = 0; tries < 1000; tries++) {
        uint16_t port = (uint16_t)(10000 + random_below(20000));
        const struct sockaddr_in at = { .sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool is_free = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
        if (fd >= 0) (void)close(fd);
        if (is_free) return port;
    }
    abort();
}

static inline int redis_dial(uint16_t port) {
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = { .tv_sec = 5 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0) return fd;
    if (fd >= 0) (void)close(fd);
    return -1;
}

/* Tells the server a line in its inline form ("SET a b") and gives what it answered at first, up to
 * `cap` - 1 bytes; empty when it does not answer. */
static inline const char *redis_tell(uint16_t port, const char *line, char *ret, size_t cap) {
    ret[0] = 0;
    int fd = redis_dial(port);
    if (fd < 0) return ret;
    if (send(fd, line, strlen(line), MSG_NOSIGNAL) > 0 && send(fd, "\r\n", 2, MSG_NOSIGNAL) > 0) {
        ssize_t len = recv(fd, ret, cap - 1, 0);
        ret[len > 0 ? len : 0] = 0;
    }
    (void)close(fd);
    return ret;
}

static inline void redis_say(uint16_t port, const char *line) {
    char answer[512];
    (void)redis_tell(port, line, answer, sizeof answer);
}

/* The port is chosen before anything refers to it. */
static inline void redis_choose_ports(struct redis_process *p) {
    p->port = redis_free_port();
    p->tls_port = redis_tls.path[0] ? redis_free_port() : 0;
}

/* Runs `program` (redis-server) with `port` and further arguments, up to a NULL, and waits until it
 * takes connections. */
static inline void redis_start_with(struct redis_process *p, const char *const *more) {
    char port[8], tls_port[8], cert[TLS_FILE_MAX], key[TLS_FILE_MAX];
    (void)snprintf(port, sizeof port, "%u", (unsigned)p->port);
    (void)snprintf(tls_port, sizeof tls_port, "%u", (unsigned)p->tls_port);
    const char *args[64] = { "redis-server" };
    size_t count = 1;
    /* A configuration file comes first. */
    if (more[0] && more[0][0] == '/') args[count++] = *more++;
    const char *const usual[] = { "--port", port,   "--bind",       "127.0.0.1",
                                  "--save", "",     "--appendonly", "no",
                                  "--dir",  "/tmp", "--loglevel",   "warning" };
    (void)tls_file(&redis_tls, "redis.pem", cert);
    (void)tls_file(&redis_tls, "redis.key", key);
    const char *const secure[] = { "--tls-port",        tls_port, "--tls-cert-file",    cert,
                                   "--tls-key-file",    key,      "--tls-ca-cert-file", cert,
                                   "--tls-replication", "yes",    "--tls-cluster",      "yes" };
    for (size_t i = 0; i < countof(usual); i++)
        args[count++] = usual[i];
    for (size_t i = 0; i < countof(secure) && p->tls_port; i++)
        args[count++] = secure[i];
    while (*more && count < countof(args) - 1)
        args[count++] = *more++;
    pid_t parent = getpid();
    p->pid = fork();
    if (p->pid < 0) abort();
    if (p->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
        /* On a busy machine, where that may be done: servers of a Cluster give each other up. */
        (void)setpriority(PRIO_PROCESS, 0, -10);
        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(nowhere, 0);
        (void)dup2(nowhere, 1);
        (void)execvp(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    for (int i = 0; i < 2000; i++) {
        int fd = redis_dial(p->port);
        if (fd >= 0) {
            (void)close(fd);
            return;
        }
        redis_pause_ms(10);
    }
    abort();
}

static inline void redis_start(struct redis_process *p) {
    const char *const nothing[] = { NULL };
    redis_start_with(p, nothing);
}

static inline void redis_stop(struct redis_process *p) {
    if (p->pid <= 0) return;
    (void)kill(p->pid, SIGKILL);
    (void)waitpid(p->pid, NULL, 0);
    p->pid = 0;
}

#endif
