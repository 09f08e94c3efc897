/* SPDX-License-Identifier: MIT */
/*
 * A program as a user of the library writes it: publishes each line of standard input to a user
 * and, where brokers are given, to a Kafka topic, and says what became of it.
 * usage: publish URL KEY USER [CA [BROKERS TOPIC]]
 */
#include <tidings/tidings.h>

#include <stdio.h>
#include <string.h>

static void on_done(void *owner, const struct tidings_outcome *outcome) {
    (void)owner;
    printf("%llu %s %s %s\n", (unsigned long long)outcome->id, outcome->channel,
           tidings_result_text(outcome->result), outcome->problem);
}

int main(int argc, char **argv) {
    struct tidings_options options = TIDINGS_OPTIONS;
    char problem[TIDINGS_PROBLEM_MAX], line[4096];
    if (argc < 4) return 2;
    options.url = argv[1];
    options.api_key = argv[2];
    options.ca_file = argc > 4 && *argv[4] ? argv[4] : NULL;
    options.kafka_brokers = argc > 6 ? argv[5] : NULL;
    options.deadline_ms = argc > 6 ? 5000 : 1000; /* a producer takes a while to know its cluster */
    options.done = on_done;
    struct tidings *publisher = tidings_new(&options, problem);
    if (!publisher) {
        fprintf(stderr, "%s\n", problem);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        size_t len = strcspn(line, "\n");
        int result = tidings_publish_user(publisher, argv[3], line, len);
        if (result != TIDINGS_OK) printf("- %s\n", tidings_result_text(result));
        if (argc <= 6) continue;
        result = tidings_produce(publisher, argv[6], "key", line, len);
        if (result != TIDINGS_OK) printf("- %s\n", tidings_result_text(result));
    }
    tidings_flush(publisher, 10000);
    tidings_free(publisher);
    return 0;
}
