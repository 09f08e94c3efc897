/* SPDX-License-Identifier: MIT */
/*
 * api/process.c: asks the kernel what this process uses.
 */
#include "api/process_priv.h"

#include "base/span.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* "pages of address space, pages in memory, …" */
static void read_memory(struct process_usage *ret) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return;
    unsigned long total;
    unsigned long resident;
    if (fscanf(file, "%lu %lu", &total, &resident) == 2) {
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        ret->virtual_bytes = total * page;
        ret->resident_bytes = resident * page;
    }
    (void)fclose(file);
}

/* Since Linux 6.2 the directory's size is the number of its entries; before, they are counted. */
static uint64_t count_descriptors(void) {
    struct stat about;
    if (stat("/proc/self/fd", &about) == 0 && about.st_size > 0) return (uint64_t)about.st_size;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) return 0;
    uint64_t count = 0;
    while (readdir(dir))
        count++;
    (void)closedir(dir);
    /* Not ".", "..", and what the counting itself had open. */
    return count > 3 ? count - 3 : 0;
}

struct process_usage process_usage(void) {
    struct process_usage usage = { 0 };
    struct rusage used;
    struct rlimit limit;
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        usage.cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.max_descriptors = limit.rlim_cur;
    read_memory(&usage);
    usage.open_descriptors = count_descriptors();
    return usage;
}
