/* SPDX-License-Identifier: MIT */
/*
 * broker/memory/memory.c: straight on to the hubs of this process.
 */
#include "broker/memory/memory.h"

#include "base/mem.h"

struct broker_memory {
    struct broker broker;
    broker_deliver deliver;
    void *owner;
};

static enum err publish(struct broker *broker, struct span channel, struct message *message,
                        struct receipt *ret) {
    struct broker_memory *memory = container_of(broker, struct broker_memory, broker);
    return memory->deliver(memory->owner, channel, message, ret);
}

static void release(struct broker *broker) {
    mem_free(container_of(broker, struct broker_memory, broker));
}

struct broker *broker_memory_new(broker_deliver deliver, void *owner) {
    static const struct broker_ops ops = { .publish = publish, .free = release };
    struct broker_memory *memory = mem_new(sizeof *memory);
    memory->broker.ops = &ops;
    memory->deliver = deliver;
    memory->owner = owner;
    return &memory->broker;
}
