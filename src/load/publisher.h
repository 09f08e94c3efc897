/* SPDX-License-Identifier: MIT */
/*
 * load/publisher.h: one HTTP connection on which requests are sent without waiting for the answers
 * to those before (pipelining), which come in the same order.
 */
#ifndef TIDINGS_LOAD_PUBLISHER_H
#define TIDINGS_LOAD_PUBLISHER_H

#include "base/err.h"
#include "base/span.h"
#include "net/loop.h"

struct http_reply;
struct load_publisher;
struct load_server;

struct load_publisher_hooks {
    /* The oldest request without an answer was answered. */
    void (*answered)(void *owner, const struct http_reply *reply);
    /* The connection could not be made, or ended; `why` is a sentence. Comes at most once, and
     * nothing after it. */
    void (*ended)(void *owner, const char *why);
    void *owner;
};

/* Begins to connect to `server`. At most one for each loop. NULL and a note when it cannot. */
struct load_publisher *load_publisher_new(struct loop *loop, const struct load_server *server,
                                          const struct load_publisher_hooks *hooks,
                                          struct err_note *note);
/* NULL is fine. */
void load_publisher_free(struct load_publisher *p);

/* Queues a POST; `head` is the request's start and fields, each line with its CRLF, without
 * Content-Length and the empty line. */
void load_publisher_post(struct load_publisher *p, struct span head, struct span body);
/* Queues a GET, or another request without a body; `head` likewise. */
void load_publisher_get(struct load_publisher *p, struct span head);
/* Sends what is queued; the rest follows by itself when the kernel takes no more. */
void load_publisher_flush(struct load_publisher *p);

#endif
