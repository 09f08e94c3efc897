/* SPDX-License-Identifier: MIT */
/*
 * Publishes as fast as it goes, by the library and by hiredis with a pipeline by hand, by turns in
 * one run, to a Redis without subscribers: publishes a second, and CPU of this process a publish.
 *
 * usage: publisher REDIS-PORT [SECONDS [ROUNDS [NODE-URL API-KEY]]]
 */
#include "tidings/tidings.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MESSAGE_BYTES = 200, PIPELINE = 256, ROUNDS_MAX = 64 };

static char message[MESSAGE_BYTES + 1];
static unsigned seconds = 3;

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct figure {
    double rate, cpu_us;
};

static struct figure figure_of(double count, double began_s, double began_cpu_s) {
    return (struct figure){ count / (now_s() - began_s), (cpu_s() - began_cpu_s) / count * 1e6 };
}

/* PIPELINE commands, then their answers. */
static struct figure by_hand(int port) {
    redisContext *redis = redisConnect("127.0.0.1", port);
    if (!redis || redis->err) {
        (void)fprintf(stderr, "publisher: no Redis on port %d\n", port);
        exit(1);
    }
    double began_s = now_s(), began_cpu_s = cpu_s(), count = 0;
    while (now_s() < began_s + seconds) {
        for (int i = 0; i < PIPELINE; i++)
            (void)redisAppendCommand(redis, "PUBLISH ws:u1 %b", message, (size_t)MESSAGE_BYTES);
        for (int i = 0; i < PIPELINE; i++) {
            void *reply = NULL;
            if (redisGetReply(redis, &reply) != REDIS_OK) exit(1);
            freeReplyObject(reply);
        }
        count += PIPELINE;
    }
    struct figure figure = figure_of(count, began_s, began_cpu_s);
    redisFree(redis);
    return figure;
}

static struct figure by_library(const char *url, const char *key) {
    struct tidings_options options = TIDINGS_OPTIONS;
    char problem[TIDINGS_PROBLEM_MAX];
    options.url = url;
    options.api_key = key;
    struct tidings *publisher = tidings_new(&options, problem);
    if (!publisher) {
        (void)fprintf(stderr, "publisher: %s\n", problem);
        exit(1);
    }
    /* Connected before the clock starts, as by hand. */
    (void)tidings_publish_user(publisher, "u1", message, MESSAGE_BYTES);
    (void)tidings_flush(publisher, 5000);
    double began_s = now_s(), began_cpu_s = cpu_s(), count = 0;
    const struct timespec moment = { 0, 50000 };
    while (now_s() < began_s + seconds) {
        if (tidings_publish_user(publisher, "u1", message, MESSAGE_BYTES) == TIDINGS_OK) {
            count++;
        } else {
            (void)nanosleep(&moment, NULL);
        }
    }
    (void)tidings_flush(publisher, 5000);
    struct figure figure = figure_of(count, began_s, began_cpu_s);
    struct tidings_counters counters;
    tidings_count(publisher, &counters);
    if (counters.failed || counters.dropped || counters.published != (uint64_t)count + 1) {
        (void)fprintf(stderr, "publisher: %llu of %.0f were published\n",
                      (unsigned long long)counters.published, count);
        exit(1);
    }
    tidings_free(publisher);
    return figure;
}

static int by_rate(const void *a, const void *b) {
    double x = ((const struct figure *)a)->rate, y = ((const struct figure *)b)->rate;
    return (x > y) - (x < y);
}

static void report(const char *name, struct figure *figures, size_t count, double base) {
    qsort(figures, count, sizeof *figures, by_rate);
    const struct figure *median = &figures[count / 2];
    (void)printf("%-10s %9.0f a second (%.2f), %.2f us of CPU each\n", name, median->rate,
                 base > 0 ? median->rate / base : 1.0, median->cpu_us);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        (void)fprintf(stderr,
                      "usage: publisher REDIS-PORT [SECONDS [ROUNDS [NODE-URL API-KEY]]]\n");
        return 2;
    }
    int port = atoi(argv[1]);
    if (argc > 2) seconds = (unsigned)atoi(argv[2]);
    size_t rounds = argc > 3 ? (size_t)atoi(argv[3]) : 5;
    if (rounds < 1 || rounds > ROUNDS_MAX) return 2;
    char url[64];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", port);
    memset(message, 'x', MESSAGE_BYTES);
    message[0] = message[MESSAGE_BYTES - 1] = '"';
    struct figure hand[ROUNDS_MAX], library[ROUNDS_MAX], node[ROUNDS_MAX];
    for (size_t i = 0; i < rounds; i++) {
        hand[i] = by_hand(port);
        library[i] = by_library(url, NULL);
        if (argc > 5) node[i] = by_library(argv[4], argv[5]);
    }
    report("hiredis", hand, rounds, 0);
    report("library", library, rounds, hand[rounds / 2].rate);
    if (argc > 5) report("over http", node, rounds, hand[rounds / 2].rate);
    return 0;
}
