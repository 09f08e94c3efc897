/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/host.c: reads what this machine has.
 */
#include "cli/doctor/host_priv.h"

#include "app/capacity.h"
#include "net/listener.h"

#include <sys/resource.h>
#include <unistd.h>

enum {
    LINE_BYTES = 512,
    /* docs/operating.md, "Memory and CPU" */
    PLAIN_BYTES = 300 + 4096,
    TLS_BYTES = 640 + 4096,
};

/* The first `count` numbers in a file; those that are not there become DOCTOR_UNKNOWN. */
static void read_numbers(const char *path, uint64_t *ret, size_t count) {
    FILE *file = fopen(path, "re");
    for (size_t i = 0; i < count; i++) {
        unsigned long long value;
        ret[i] = file && fscanf(file, "%llu", &value) == 1 ? value : DOCTOR_UNKNOWN;
    }
    if (file) (void)fclose(file);
}

static uint64_t read_number(const char *path) {
    uint64_t value;
    read_numbers(path, &value, 1);
    return value;
}

/* The number behind `label` in the line that begins with `start`. */
static uint64_t read_labelled(const char *path, const char *start, const char *label) {
    char line[LINE_BYTES];
    uint64_t found = DOCTOR_UNKNOWN;
    FILE *file = fopen(path, "re");
    while (file && found == DOCTOR_UNKNOWN && fgets(line, sizeof line, file)) {
        const char *at = strncmp(line, start, strlen(start)) == 0 ? strstr(line, label) : NULL;
        unsigned long long value;
        if (at && sscanf(at + strlen(label), "%llu", &value) == 1) found = value;
    }
    if (file) (void)fclose(file);
    return found;
}

static bool has_local_proxy(const struct config *config) {
    static const char *const locals[] = { "127.0.0.1", "::1" };
    bool is_any = false;
    for (size_t i = 0; i < countof(locals); i++) {
        struct address address;
        is_any |=
            address_parse(span_str(locals[i]), &address) &&
            cidr_any_contains(config->trusted_proxies, config->trusted_proxies_count, &address);
    }
    return is_any;
}

static struct doctor_needs needs_of(const struct config *config) {
    return (struct doctor_needs){
        .connections = config->max_connections,
        .beside = capacity_beside(capacity_workers(config->workers)),
        .addresses = config->listen_count,
        .connection_bytes = config_has_tls(&config->tls) ? TLS_BYTES : PLAIN_BYTES,
        .waiting_bytes = 2 * (uint64_t)config->queue_bytes_max + config->unfinished_bytes_max,
        .has_local_proxy = has_local_proxy(config),
    };
}

/* Without a configuration, those of one that asks for nothing. */
static struct doctor_needs needs(const struct doctor *doctor) {
    if (doctor->config) return needs_of(doctor->config);
    return (struct doctor_needs){ .beside = capacity_beside(capacity_workers(0)), .addresses = 1 };
}

void doctor_check_connections(struct doctor *doctor, struct doctor_finding *ret) {
    if (doctor->has_figures)
        doctor_connections_judge(&doctor->figures, ret);
    else
        doctor_find(ret, DOCTOR_SKIP, "%s",
                    doctor->has_api ? "the server does not show /metrics here"
                                    : "no server was found");
}

void doctor_check_descriptors(struct doctor *doctor, struct doctor_finding *ret) {
    struct rlimit limit;
    struct doctor_descriptors have = { .limit = DOCTOR_UNKNOWN,
                                       .open = DOCTOR_UNKNOWN,
                                       .nr_open = read_number("/proc/sys/fs/nr_open") };
    if (doctor->has_figures) {
        have.is_server = true;
        have.limit = doctor->figures.descriptors_max;
        have.open = doctor->figures.descriptors;
    } else if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        have.limit = limit.rlim_max; /* a server raises its soft limit by itself */
    }
    const struct doctor_needs wanted = needs(doctor);
    doctor_descriptors_judge(&wanted, &have, ret);
}

void doctor_check_files(struct doctor *doctor, struct doctor_finding *ret) {
    uint64_t figures[3]; /* open, unused, most */
    const struct doctor_needs wanted = needs(doctor);
    read_numbers("/proc/sys/fs/file-nr", figures, countof(figures));
    doctor_files_judge(&wanted, figures[0], figures[2], ret);
}

void doctor_check_accept_queue(struct doctor *doctor, struct doctor_finding *ret) {
    (void)doctor;
    doctor_accept_queue_judge(read_number("/proc/sys/net/core/somaxconn"), LISTENER_BACKLOG, ret);
}

void doctor_check_syn_queue(struct doctor *doctor, struct doctor_finding *ret) {
    (void)doctor;
    doctor_syn_queue_judge(read_number("/proc/sys/net/ipv4/tcp_syncookies"),
                           read_number("/proc/sys/net/ipv4/tcp_max_syn_backlog"), LISTENER_BACKLOG,
                           ret);
}

void doctor_check_ports(struct doctor *doctor, struct doctor_finding *ret) {
    uint64_t range[2];
    const struct doctor_needs wanted = needs(doctor);
    read_numbers("/proc/sys/net/ipv4/ip_local_port_range", range, countof(range));
    doctor_ports_judge(&wanted, range[0], range[1], ret);
}

void doctor_check_tracking(struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_needs wanted = needs(doctor);
    doctor_tracking_judge(&wanted, read_number("/proc/sys/net/netfilter/nf_conntrack_count"),
                          read_number("/proc/sys/net/netfilter/nf_conntrack_max"), ret);
}

void doctor_check_tcp_memory(struct doctor *doctor, struct doctor_finding *ret) {
    uint64_t figures[3]; /* little, pressure, most */
    const struct doctor_needs wanted = needs(doctor);
    read_numbers("/proc/sys/net/ipv4/tcp_mem", figures, countof(figures));
    const struct doctor_tcp_memory have = {
        .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
        .used = read_labelled("/proc/net/sockstat", "TCP:", " mem "),
        .pressure = figures[1],
        .max = figures[2],
    };
    doctor_tcp_memory_judge(&wanted, &have, ret);
}

static uint64_t bytes_of_kib(uint64_t kib) {
    return kib == DOCTOR_UNKNOWN ? DOCTOR_UNKNOWN : kib * 1024;
}

void doctor_check_memory(struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_needs wanted = needs(doctor);
    if (!doctor->config) {
        doctor_find(ret, DOCTOR_SKIP, "there is no configuration");
        return;
    }
    const struct doctor_memory have = {
        .total_bytes = bytes_of_kib(read_labelled("/proc/meminfo", "MemTotal:", ":")),
        .free_bytes = bytes_of_kib(read_labelled("/proc/meminfo", "MemAvailable:", ":")),
        .group_bytes = read_number("/sys/fs/cgroup/memory.max"),
    };
    doctor_memory_judge(&wanted, &have, ret);
}
