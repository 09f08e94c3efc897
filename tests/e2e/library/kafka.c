/* SPDX-License-Identifier: MIT */
/*
 * Kafka for a test: librdkafka's mock cluster, which speaks the protocol to whoever connects. Prints
 * its brokers and lives until standard input ends. usage: kafka TOPIC PARTITIONS
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    char why[256];
    if (argc < 3) return 2;
    rd_kafka_t *owner = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof why);
    rd_kafka_mock_cluster_t *cluster = owner ? rd_kafka_mock_cluster_new(owner, 3) : NULL;
    if (!cluster) return 1;
    rd_kafka_mock_topic_create(cluster, argv[1], atoi(argv[2]), 1);
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    while (getchar() != EOF) continue;
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(owner);
    return 0;
}
