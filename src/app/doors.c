/* SPDX-License-Identifier: MIT */
/*
 * app/doors.c: binds, keeps, hands over.
 */
#include "app/doors.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "net/listener.h"

#include <unistd.h>

struct door {
    struct address address;
    enum session_door leads_to;
    bool is_tls;
    size_t count; /* one socket a worker, of the first so many */
    int fds[HUB_WORKERS_MAX];
};

struct doors {
    struct door list[2 * CONFIG_LISTEN_MAX + 1];
    size_t count;
    size_t worker_count;
    uint32_t keepalive_s;
};

static enum err open_door(struct doors *doors, const struct address *address,
                          enum session_door leads_to, bool is_tls, struct err_note *note) {
    assert(doors->count < countof(doors->list));
    struct door *door = &doors->list[doors->count];
    door->address = *address;
    door->leads_to = leads_to;
    door->is_tls = is_tls;
    door->count = leads_to == SESSION_DOOR_PUBLIC ? doors->worker_count : 1;
    enum err e = listener_bind(&door->address, door->count, doors->keepalive_s, door->fds, note);
    if (!e) doors->count++;
    return e;
}

static enum err open_public(struct doors *doors, const struct address *list, size_t count,
                            bool is_tls, struct err_note *note) {
    enum err e = ERR_OK;
    for (size_t i = 0; i < count && !e; i++)
        e = open_door(doors, &list[i], SESSION_DOOR_PUBLIC, is_tls, note);
    return e;
}

enum err doors_open(const struct settings *settings, size_t worker_count, struct doors **ret,
                    struct err_note *note) {
    const struct config *config = settings->config;
    const struct config_tls *tls = &config->tls;
    bool is_all_tls = settings->identity.context && tls->listen_count == 0;
    struct doors *doors = mem_new(sizeof *doors);
    doors->worker_count = worker_count;
    doors->keepalive_s = config->keepalive_seconds;
    enum err e = open_public(doors, config->listen, config->listen_count, is_all_tls, note);
    if (!e) e = open_public(doors, tls->listen, tls->listen_count, true, note);
    for (size_t i = 0; i < config->metrics.listen_count && !e; i++)
        e = open_door(doors, &config->metrics.listen[i], SESSION_DOOR_METRICS, false, note);
    if (e) {
        doors_free(doors);
    } else {
        *ret = doors;
    }
    return e;
}

static void say(const struct door *door) {
    char text[ADDRESS_TEXT_MAX];
    (void)address_format_port(&door->address, text);
    const char *serves = door->leads_to == SESSION_DOOR_METRICS ? "metrics" : "endpoints";
    log_line(LOG_INFO, "listening", log_text("address", text), log_text("serves", serves),
             log_text("tls", door->is_tls ? "yes" : "no"));
}

void doors_hand_over(struct doors *doors, struct worker *const *workers) {
    for (size_t i = 0; i < doors->count; i++) {
        const struct door *door = &doors->list[i];
        for (size_t w = 0; w < door->count; w++)
            worker_listen(workers[w], door->leads_to, door->is_tls, door->fds[w]);
        say(door);
    }
    doors->count = 0;
}

void doors_free(struct doors *doors) {
    if (!doors) return;
    for (size_t i = 0; i < doors->count; i++)
        for (size_t w = 0; w < doors->list[i].count; w++)
            (void)close(doors->list[i].fds[w]);
    mem_free(doors);
}
