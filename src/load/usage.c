/* SPDX-License-Identifier: MIT */
/*
 * load/usage.c: reads /proc. Time comes from each thread's schedstat, in nanoseconds, because
 * /proc/PID/stat counts in hundredths of a second.
 */
#include "load/usage.h"

#include "base/span.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct page {
    char at[4096];
};

/* A whole file of /proc; they are short. */
static bool slurp(const char *path, struct page *room, struct span *ret) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < sizeof room->at) {
        got = read(fd, room->at + len, sizeof room->at - len);
        if (got > 0) len += (size_t)got;
    }
    (void)close(fd);
    *ret = span_of(room->at, len);
    return got >= 0;
}

/* The next run of digits in `s`, which is moved behind it. */
static bool next_number(struct span *s, uint64_t *ret) {
    size_t i = 0;
    while (i < s->len && (s->at[i] < '0' || s->at[i] > '9'))
        i++;
    size_t end = i;
    while (end < s->len && s->at[end] >= '0' && s->at[end] <= '9')
        end++;
    struct span digits = span_of(s->at + i, end - i);
    *s = span_skip(*s, end);
    return span_to_uint(digits, UINT64_MAX, ret);
}

enum err load_processes_add(struct load_processes *p, pid_t pid) {
    for (size_t i = 0; i < p->count; i++) {
        if (p->pids[i] == pid) return ERR_OK;
    }
    if (p->count == LOAD_PROCESSES_MAX) return ERR_LIMIT;
    p->pids[p->count++] = pid;
    return ERR_OK;
}

/* Calls `visit` with the path of each thread's directory until it says no. */
typedef bool (*thread_visit)(const char *path, void *arg);

static bool each_thread(pid_t pid, thread_visit visit, void *arg) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads) return false;
    bool is_good = true;
    for (struct dirent *d; is_good && (d = readdir(threads));) {
        if (d->d_name[0] == '.') continue;
        char thread[128];
        (void)snprintf(thread, sizeof thread, "%s/%.32s", path, d->d_name);
        is_good = visit(thread, arg);
    }
    (void)closedir(threads);
    return is_good;
}

static bool add_children_of_thread(const char *path, void *arg) {
    struct load_processes *p = arg;
    char file[160];
    struct page room;
    struct span text;
    (void)snprintf(file, sizeof file, "%s/children", path);
    if (!slurp(file, &room, &text)) return true; /* the thread has just ended */
    for (uint64_t pid; next_number(&text, &pid);) {
        if (load_processes_add(p, (pid_t)pid)) return false;
    }
    return true;
}

enum err load_processes_add_children(struct load_processes *p) {
    for (size_t i = 0; i < p->count; i++) { /* those that it adds come up too */
        (void)each_thread(p->pids[i], add_children_of_thread, p);
        if (p->count == LOAD_PROCESSES_MAX) return ERR_LIMIT;
    }
    return ERR_OK;
}

static bool add_thread_time(const char *path, void *arg) {
    uint64_t *sum = arg;
    char file[160];
    struct page room;
    struct span text;
    (void)snprintf(file, sizeof file, "%s/schedstat", path);
    uint64_t ns = 0;
    /* A thread that has just ended has no file, or one that is empty: it counts as nothing. */
    bool is_there = slurp(file, &room, &text);
    if (is_there && next_number(&text, &ns)) *sum += ns;
    return is_there || errno != ENOENT || access(path, F_OK) != 0;
}

enum err load_usage_cpu(const struct load_processes *p, uint64_t *ret_ns, struct err_note *note) {
    uint64_t sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (!each_thread(p->pids[i], add_thread_time, &sum)) {
            return err_note(note, ERR_NOT_FOUND, "process %d: no CPU time in /proc/%d/task: %s",
                            (int)p->pids[i], (int)p->pids[i], strerror(errno));
        }
    }
    *ret_ns = sum;
    return ERR_OK;
}

/* The kB behind `name` in a file of "Name:   number kB" lines. */
static bool line_bytes(struct span text, struct span name, uint64_t *ret) {
    for (struct span line; span_next(&text, '\n', &line);) {
        if (!span_starts(line, name)) continue;
        uint64_t kb;
        line = span_skip(line, name.len);
        if (!next_number(&line, &kb)) return false;
        *ret = kb * 1024;
        return true;
    }
    return false;
}

static bool add_memory(pid_t pid, struct load_usage *sum) {
    char path[64];
    struct page room;
    struct span text;
    uint64_t rss, pss;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (!slurp(path, &room, &text) || !line_bytes(text, SPAN("VmRSS:"), &rss)) return false;
    (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    if (!slurp(path, &room, &text) || !line_bytes(text, SPAN("Pss:"), &pss)) pss = rss;
    sum->rss_bytes += rss;
    sum->pss_bytes += pss;
    return true;
}

enum err load_usage_read(const struct load_processes *p, struct load_usage *ret,
                         struct err_note *note) {
    struct load_usage sum = { .cpu_ns = 0 };
    enum err e = load_usage_cpu(p, &sum.cpu_ns, note);
    if (e) return e;
    for (size_t i = 0; i < p->count; i++) {
        if (!add_memory(p->pids[i], &sum)) {
            return err_note(note, ERR_NOT_FOUND, "process %d has gone", (int)p->pids[i]);
        }
    }
    *ret = sum;
    return ERR_OK;
}
