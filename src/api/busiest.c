/* SPDX-License-Identifier: MIT */
/*
 * api/busiest.c: each worker writes into places of its own; afterwards one moves them together.
 */
#include "api/busiest_priv.h"

#include "base/mem.h"

struct busiest {
    size_t worker_count;
    size_t counts[BUSY_KINDS][HUB_WORKERS_MAX];
    struct sketch_top tops[]; /* BUSIEST_ASKED for each worker, for each kind */
};

struct busiest *busiest_new(size_t worker_count) {
    size_t places = BUSY_KINDS * worker_count * BUSIEST_ASKED;
    struct busiest *busiest = mem_new(sizeof *busiest + places * sizeof busiest->tops[0]);
    busiest->worker_count = worker_count;
    return busiest;
}

void busiest_free(struct busiest *busiest) {
    mem_free(busiest);
}

static struct sketch_top *places(struct busiest *busiest, size_t kind, size_t worker) {
    return &busiest->tops[(kind * busiest->worker_count + worker) * BUSIEST_ASKED];
}

void busiest_collect(struct busiest *busiest, const struct hub *hub, size_t worker) {
    for (size_t kind = 0; kind < BUSY_KINDS; kind++) {
        busiest->counts[kind][worker] =
            hub_busiest(hub, (enum busy_kind)kind, BUSIEST_ASKED, places(busiest, kind, worker));
    }
}

const struct sketch_top *busiest_join(struct busiest *busiest, enum busy_kind kind,
                                      size_t *ret_count) {
    struct sketch_top *all = places(busiest, kind, 0);
    size_t count = 0;
    for (size_t worker = 0; worker < busiest->worker_count; worker++) {
        size_t more = busiest->counts[kind][worker];
        memmove(all + count, places(busiest, kind, worker), more * sizeof all[0]);
        count += more;
    }
    *ret_count = size_min(sketch_join(all, count), BUSIEST_SHOWN);
    return all;
}
