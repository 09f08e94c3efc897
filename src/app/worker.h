/* SPDX-License-Identifier: MIT */
/*
 * app/worker.h: a thread with everything it owns: loop, listening sockets, connections, hub,
 * routes.
 */
#ifndef TIDINGS_APP_WORKER_H
#define TIDINGS_APP_WORKER_H

#include "app/settings.h"

struct broker_question;
struct broker_redis;
struct worker;

/* What a worker is made of; all borrowed. */
struct worker_parts {
    struct session_shared *session_shared;
    struct hub_shared *hub_shared;
    struct api_shared *api_shared;
    struct settings *settings; /* to begin with */
    struct counts *counts;
    struct broker_redis *broker; /* that nodes share; NULL: messages stay in this process */
    bool serves_metrics;         /* on the public addresses */
};

/* Makes it, on the calling thread; it does not run yet. NULL and a note when the kernel refuses. */
struct worker *worker_new(const struct worker_parts *parts, struct err_note *note);
/* A listening socket of a worker. */
struct worker_entrance {
    enum session_door leads_to;
    bool is_tls;  /* TLS is spoken on it */
    bool is_held; /* somebody else has it, too: who comes when it is left waits for who has it next
                   */
};

/* Takes a listening socket over, before `worker_start`. */
void worker_listen(struct worker *worker, const struct worker_entrance *is, int own_fd);
MUST_USE enum err worker_start(struct worker *worker);

/* From any thread, while it runs: has it close the share of its connections that brings the total
 * to `fraction`. */
void worker_drain(struct worker *worker, double fraction);
/* From any thread, while it runs: has it accept no more on the sockets that are held elsewhere, or
 * on all, and close them. Harmless when it has done so already. */
void worker_leave(struct worker *worker, bool is_all);
/* From any thread, while it runs: has it go over to `settings`, which must stay until it has, and
 * count that down in `settings->awaited`; the last worker to do so says that all is done. Harmless
 * when it has gone over already. */
void worker_offer(struct worker *worker, struct settings *settings);
/* Nobody was connected any more when the last order to drain was carried out. Any thread. */
bool worker_is_empty(const struct worker *worker);

/* From any thread, until it is freed: clients are to be told that what is published elsewhere does
 * not reach them for now, or that it does again. */
void worker_set_degraded(struct worker *worker, bool is_degraded);
/* From any thread, while it runs: has it answer for this node. `text` is copied. */
void worker_question(struct worker *worker, struct broker_question *question, struct span text);

/* From any thread, until it is freed: there is something to see to at its turn's end. */
void worker_wake(struct worker *worker);

/* Ends the thread, if it was started, and waits for it. */
void worker_stop(struct worker *worker);
/* After all workers have stopped. NULL is fine. */
void worker_free(struct worker *worker);

#endif
