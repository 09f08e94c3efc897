/* SPDX-License-Identifier: MIT */
/*
 * broker/memory/memory.h: the broker of a process that stands alone.
 */
#ifndef TIDINGS_BROKER_MEMORY_MEMORY_H
#define TIDINGS_BROKER_MEMORY_MEMORY_H

#include "broker/broker.h"

/* A broker that delivers before `broker_publish` returns. */
struct broker *broker_memory_new(broker_deliver deliver, void *owner);

#endif
