/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/host_judge.c: which figures of a machine are enough, and what to do where they are
 * not. docs/operating.md, "Kernel settings", gives the reasons.
 */
#include "cli/doctor/host_priv.h"

#define U(value) ((unsigned long long)(value))

enum {
    FEW_CONNECTIONS = 4000, /* more than that are expected of a server */
    MUCH_PERCENT = 80,      /* of what there is: look after it by day */
    FULL_PERCENT = 97,
    LITTLE_MEMORY_PERCENT = 5,
};

static bool is_past(uint64_t used, uint64_t max, unsigned percent) {
    return (double)used >= (double)max * percent / 100;
}

static void advise_sysctl(struct doctor_finding *ret, const char *key, uint64_t value) {
    doctor_advise(ret, "sysctl -w %s=%llu, and %s = %llu in /etc/sysctl.d/tidings.conf", key,
                  U(value), key, U(value));
}

static void unreadable(struct doctor_finding *ret, const char *what) {
    doctor_find(ret, DOCTOR_SKIP, "%s cannot be read here", what);
}

void doctor_connections_judge(const struct doctor_figures *figures, struct doctor_finding *ret) {
    uint64_t open = figures->connections, max = figures->connections_max;
    enum doctor_verdict verdict = is_past(open, max, FULL_PERCENT)   ? DOCTOR_FAIL
                                  : is_past(open, max, MUCH_PERCENT) ? DOCTOR_WARN
                                                                     : DOCTOR_OK;
    doctor_find(ret, verdict, "%llu of at most %llu WebSockets are open", U(open), U(max));
    if (verdict != DOCTOR_OK)
        doctor_advise(ret, "at the maximum new clients get 503: raise max_connections (and "
                           "LimitNOFILE), or add a node");
}

/* How to get `wanted` descriptors. */
static void advise_descriptors(struct doctor_finding *ret, const struct doctor_descriptors *have,
                               uint64_t wanted) {
    char before[96] = "";
    if (have->nr_open != DOCTOR_UNKNOWN && wanted > have->nr_open)
        (void)snprintf(before, sizeof before, "sysctl -w fs.nr_open=%llu; then ", U(wanted));
    doctor_advise(ret,
                  "%sLimitNOFILE=%llu (systemctl edit tidings), or ulimit -Hn where a shell starts "
                  "it; then restart it",
                  before, U(wanted));
}

void doctor_descriptors_judge(const struct doctor_needs *needs,
                              const struct doctor_descriptors *have, struct doctor_finding *ret) {
    const char *whose = have->is_server ? "the server's limit is" : "the limit in this shell is";
    if (have->limit == DOCTOR_UNKNOWN) {
        unreadable(ret, "the limit of descriptors");
        return;
    }
    uint64_t room = have->limit > needs->beside ? have->limit - needs->beside : 0;
    if (room == 0 || needs->connections > room) {
        doctor_find(ret, DOCTOR_FAIL, "%s %llu, which leaves room for %llu connections%s", whose,
                    U(have->limit), U(room),
                    needs->connections ? "; max_connections is higher" : "");
        advise_descriptors(
            ret, have, (needs->connections ? needs->connections : FEW_CONNECTIONS) + needs->beside);
    } else if (have->open != DOCTOR_UNKNOWN && is_past(have->open, have->limit, MUCH_PERCENT)) {
        doctor_find(ret, DOCTOR_WARN, "%s %llu, of which %llu are open", whose, U(have->limit),
                    U(have->open));
        advise_descriptors(ret, have, 2 * have->limit);
    } else if (needs->connections == 0 && room < FEW_CONNECTIONS) {
        doctor_find(ret, DOCTOR_WARN, "%s %llu, which leaves room for only %llu connections", whose,
                    U(have->limit), U(room));
        advise_descriptors(ret, have, 65536);
    } else {
        doctor_find(ret, DOCTOR_OK, "%s %llu: room for %llu connections", whose, U(have->limit),
                    U(room));
    }
}

void doctor_files_judge(const struct doctor_needs *needs, uint64_t open, uint64_t max,
                        struct doctor_finding *ret) {
    if (max == DOCTOR_UNKNOWN || open == DOCTOR_UNKNOWN) {
        unreadable(ret, "fs.file-nr");
        return;
    }
    uint64_t wanted = open + needs->connections + needs->beside;
    bool is_enough = wanted <= max && !is_past(open, max, MUCH_PERCENT);
    doctor_find(ret, is_enough ? DOCTOR_OK : DOCTOR_WARN,
                "%llu files are open on this machine, the maximum is %llu (fs.file-max)", U(open),
                U(max));
    if (!is_enough) advise_sysctl(ret, "fs.file-max", 2 * wanted);
}

void doctor_accept_queue_judge(uint64_t somaxconn, uint64_t asked, struct doctor_finding *ret) {
    if (somaxconn == DOCTOR_UNKNOWN) {
        unreadable(ret, "net.core.somaxconn");
    } else if (somaxconn >= asked) {
        doctor_find(ret, DOCTOR_OK, "up to %llu connections can wait to be accepted", U(asked));
    } else {
        doctor_find(ret, DOCTOR_WARN,
                    "only %llu connections can wait to be accepted, the server asks for %llu: some "
                    "are lost when all clients reconnect at once",
                    U(somaxconn), U(asked));
        advise_sysctl(ret, "net.core.somaxconn", asked);
        size_t len = strlen(ret->remedy);
        (void)snprintf(ret->remedy + len, sizeof ret->remedy - len, "; then restart the server");
    }
}

void doctor_syn_queue_judge(uint64_t cookies, uint64_t backlog, uint64_t asked,
                            struct doctor_finding *ret) {
    if (cookies == DOCTOR_UNKNOWN || backlog == DOCTOR_UNKNOWN) {
        unreadable(ret, "net.ipv4.tcp_max_syn_backlog");
    } else if (cookies > 0) {
        doctor_find(ret, DOCTOR_OK,
                    "SYN cookies are enabled, so half-open connections need no queue");
    } else if (backlog >= asked) {
        doctor_find(ret, DOCTOR_OK, "up to %llu half-open connections can wait", U(backlog));
    } else {
        doctor_find(ret, DOCTOR_WARN,
                    "only %llu half-open connections can wait, and SYN cookies are disabled: a "
                    "storm or a flood loses new clients",
                    U(backlog));
        advise_sysctl(ret, "net.ipv4.tcp_syncookies", 1);
    }
}

void doctor_ports_judge(const struct doctor_needs *needs, uint64_t first, uint64_t last,
                        struct doctor_finding *ret) {
    if (!needs->has_local_proxy) {
        doctor_find(ret, DOCTOR_SKIP,
                    "trusted_proxies has no proxy on this machine; only its machine matters");
    } else if (first == DOCTOR_UNKNOWN || last < first) {
        unreadable(ret, "net.ipv4.ip_local_port_range");
    } else {
        uint64_t room = (last - first + 1) * needs->addresses;
        bool is_enough = needs->connections <= room;
        doctor_find(ret, is_enough ? DOCTOR_OK : DOCTOR_WARN,
                    "a proxy on this machine can open at most %llu connections to the server%s",
                    U(room), is_enough ? "" : ", fewer than max_connections");
        if (!is_enough)
            doctor_advise(ret, "give `listen` several ports and configure all of them in the "
                               "proxy, or sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"");
    }
}

void doctor_tracking_judge(const struct doctor_needs *needs, uint64_t count, uint64_t max,
                           struct doctor_finding *ret) {
    if (count == DOCTOR_UNKNOWN || max == DOCTOR_UNKNOWN) {
        doctor_find(ret, DOCTOR_SKIP, "the firewall does not track connections");
        return;
    }
    enum doctor_verdict verdict = is_past(count, max, FULL_PERCENT)   ? DOCTOR_FAIL
                                  : is_past(count, max, MUCH_PERCENT) ? DOCTOR_WARN
                                  : needs->connections > max          ? DOCTOR_WARN
                                                                      : DOCTOR_OK;
    doctor_find(ret, verdict, "the firewall tracks %llu of at most %llu connections%s", U(count),
                U(max), verdict == DOCTOR_OK ? "" : ": above that it drops packets of new ones");
    uint64_t wanted = needs->connections > max ? needs->connections : max;
    if (verdict != DOCTOR_OK) advise_sysctl(ret, "net.netfilter.nf_conntrack_max", 2 * wanted);
}

void doctor_tcp_memory_judge(const struct doctor_needs *needs, const struct doctor_tcp_memory *have,
                             struct doctor_finding *ret) {
    char max[DOCTOR_FIGURE_MAX], used[DOCTOR_FIGURE_MAX];
    if (have->used == DOCTOR_UNKNOWN || have->max == DOCTOR_UNKNOWN) {
        unreadable(ret, "net.ipv4.tcp_mem");
        return;
    }
    (void)doctor_bytes(have->max * have->page_bytes, max);
    (void)doctor_bytes(have->used * have->page_bytes, used);
    if (have->used >= have->pressure) {
        doctor_find(ret, have->used >= have->max ? DOCTOR_FAIL : DOCTOR_WARN,
                    "sockets use %s of at most %s: clients read too slowly", used, max);
        doctor_advise(ret, "lower the third figure of net.ipv4.tcp_wmem, or raise those of "
                           "net.ipv4.tcp_mem (in pages)");
    } else if (needs->connections > have->max) {
        doctor_find(ret, DOCTOR_WARN,
                    "sockets can use %s: less than a page for each of max_connections, when all "
                    "receive something at once",
                    max);
        doctor_advise(ret, "raise the third figure of net.ipv4.tcp_mem above %llu (pages)",
                      U(needs->connections));
    } else {
        doctor_find(ret, DOCTOR_OK, "sockets use %s of at most %s", used, max);
    }
}

/* What connections and what waits for them may come to. */
static void judge_need(uint64_t needed, uint64_t have, bool is_group, struct doctor_finding *ret) {
    char need_text[DOCTOR_FIGURE_MAX], have_text[DOCTOR_FIGURE_MAX];
    const char *whose = is_group ? "the control group" : "the machine";
    (void)doctor_bytes(needed, need_text);
    (void)doctor_bytes(have, have_text);
    if (needed <= have) {
        doctor_find(ret, DOCTOR_OK, "%s has %s; under load the server can use %s", whose, have_text,
                    need_text);
        return;
    }
    doctor_find(ret, DOCTOR_WARN, "%s has only %s; under load the server can use %s", whose,
                have_text, need_text);
    doctor_advise(ret, "lower queue_bytes_max and unfinished_bytes_max, or max_connections");
}

void doctor_memory_judge(const struct doctor_needs *needs, const struct doctor_memory *have,
                         struct doctor_finding *ret) {
    char free_text[DOCTOR_FIGURE_MAX];
    if (have->total_bytes == DOCTOR_UNKNOWN || have->free_bytes == DOCTOR_UNKNOWN) {
        unreadable(ret, "/proc/meminfo");
    } else if (!is_past(have->free_bytes, have->total_bytes, LITTLE_MEMORY_PERCENT)) {
        doctor_find(ret, DOCTOR_FAIL, "only %s of the machine's memory is free",
                    doctor_bytes(have->free_bytes, free_text));
        doctor_advise(ret, "find what uses it: ps axo rss,pid,comm --sort -rss | head");
    } else {
        bool is_group = have->group_bytes < have->total_bytes;
        judge_need(needs->connections * needs->connection_bytes + needs->waiting_bytes,
                   is_group ? have->group_bytes : have->total_bytes, is_group, ret);
    }
}
