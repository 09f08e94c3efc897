/* SPDX-License-Identifier: MIT */
/*
 * app/gauges.c: see app/gauges.h.
 */
#include "app/gauges.h"

#include "app/intake.h"
#include "app/keyring.h"
#include "app/storage.h"
#include "session/session.h"
#include "store/batch_table.h"
#include "store/store.h"

#include <stdatomic.h>

static uint64_t read_addresses(const void *shared) {
    return session_shared_addresses(shared);
}
static uint64_t read_unfinished(const void *shared) {
    return session_shared_unfinished_bytes(shared);
}
static uint64_t read_queued(const void *shared) {
    return session_shared_queued_bytes(shared);
}
static uint64_t read_max_connections(const void *max_connections) {
    return atomic_load((const _Atomic uint64_t *)max_connections);
}
static uint64_t read_store_channels(const void *store) {
    return store_channels(store);
}
static uint64_t read_store_bytes(const void *store) {
    return store_bytes(store);
}
static uint64_t read_store_unwritten(const void *store) {
    uint64_t durable = store_durable(store); /* first: it runs behind the other */
    return store_ticket(store) - durable;
}
static uint64_t read_batches(const void *batches) {
    return batches ? batch_table_entries(batches) : 0;
}
static uint64_t read_batch_bytes(const void *batches) {
    return batches ? batch_table_bytes(batches) : 0;
}

void gauges_make(const struct gauge_sources *sources, struct api_gauge ret[static GAUGES]) {
    const void *store = storage_store(sources->storage);
    const void *batches = storage_batches(sources->storage);
    const struct api_gauge gauges[GAUGES] = {
        { "limits_addresses", "Addresses and users that limits are counted for.", read_addresses,
          sources->session_shared },
        { "websocket_unfinished_bytes", "Bytes held of inbound messages that are not complete.",
          read_unfinished, sources->session_shared },
        { "websocket_queued_bytes", "Bytes that wait because clients do not take them.",
          read_queued, sources->session_shared },
        { "websocket_max_connections", "WebSocket connections that the process may hold.",
          read_max_connections, (const void *)sources->max_connections },
        { "store_channels", "Declared channels that are kept.", read_store_channels, store },
        { "store_bytes", "Bytes that these channels hold.", read_store_bytes, store },
        { "store_unwritten_changes", "Changes that are not on the disk yet.", read_store_unwritten,
          store },
        { "jwt_key_set_age_seconds", "Seconds since the key set was last fetched.", keyring_age_s,
          sources->keyring },
        { "kafka_partitions", "Partitions of Kafka that are consumed.", intake_partitions,
          sources->intake },
        { "batches_entries", "Batches that are known, for their users and for all.", read_batches,
          batches },
        { "batches_bytes", "Bytes that these hold.", read_batch_bytes, batches },
    };
    memcpy(ret, gauges, sizeof gauges);
}
