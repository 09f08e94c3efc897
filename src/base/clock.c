/* SPDX-License-Identifier: MIT */
/*
 * base/clock.c: the clocks of the machine and the one text form of time.
 */
#include "base/clock.h"

#include <time.h>

uint64_t clock_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int64_t clock_wall_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + (int64_t)(now.tv_nsec / (long)NS_PER_MS);
}

void clock_text(int64_t wall_ms, char ret[static CLOCK_TEXT_BYTES]) {
    const int64_t last = 253402300799999; /* the end of the year 9999 */
    if (wall_ms < 0) wall_ms = 0;
    if (wall_ms > last) wall_ms = last;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    (void)gmtime_r(&seconds, &utc);
    size_t len = strftime(ret, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(ret + len, CLOCK_TEXT_BYTES - len, ".%03uZ", (unsigned)(wall_ms % 1000));
}
