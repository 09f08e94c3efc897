/* SPDX-License-Identifier: MIT */
/*
 * app/doors.c: binds, keeps, hands over.
 */
#include "app/doors.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct door {
    struct address address;
    enum session_door leads_to;
    bool is_tls;
    bool is_held;
    size_t worker_count; /* the first so many hear it */
    size_t sockets;      /* that are not the same as an earlier one */
    size_t count; /* at least as many: worker i has every one that is i modulo worker_count */
    int fds[HUB_WORKERS_MAX];
};

struct doors {
    struct door list[2 * CONFIG_LISTEN_MAX + 1];
    size_t count;
    bool are_handed_over;
    size_t worker_count;
    uint32_t keepalive_s;
    struct inherited *inherited; /* while they are opened */
};

/* Fewer sockets than workers: some share one, and whoever is first has the client. Cloned by
 * SO_REUSEPORT each worker would have its own queue, which would be lost when the process ends. */
static enum err share_out(struct door *door, size_t sockets, struct err_note *note) {
    door->count = door->sockets = sockets;
    for (; door->count < door->worker_count; door->count++) {
        int fd = fcntl(door->fds[door->count % sockets], F_DUPFD_CLOEXEC, 0);
        if (fd < 0) return err_note(note, ERR_LIMIT, "inherited socket: %s", strerror(errno));
        door->fds[door->count] = fd;
    }
    return ERR_OK;
}

static void close_door(struct door *door) {
    while (door->count > 0)
        (void)close(door->fds[--door->count]);
}

static enum err bind_or_inherit(const struct doors *doors, struct door *door,
                                struct err_note *note) {
    size_t sockets =
        inherited_take(doors->inherited, &door->address, countof(door->fds), door->fds);
    for (size_t i = 0; i < sockets; i++)
        listener_tune(door->fds[i], doors->keepalive_s);
    if (sockets > 0) {
        door->is_held = true;
        enum err e = share_out(door, sockets, note);
        if (e) close_door(door);
        return e;
    }
    door->count = door->sockets = door->worker_count;
    return listener_bind(&door->address, door->count, doors->keepalive_s, door->fds, note);
}

static enum err open_door(struct doors *doors, const struct address *address,
                          enum session_door leads_to, bool is_tls, struct err_note *note) {
    assert(doors->count < countof(doors->list));
    struct door *door = &doors->list[doors->count];
    door->address = *address;
    door->leads_to = leads_to;
    door->is_tls = is_tls;
    door->worker_count = leads_to == SESSION_DOOR_PUBLIC ? doors->worker_count : 1;
    enum err e = bind_or_inherit(doors, door, note);
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

enum err doors_open(const struct settings *settings, size_t worker_count,
                    struct inherited *inherited, struct doors **ret, struct err_note *note) {
    const struct config *config = settings->config;
    const struct config_tls *tls = &config->tls;
    bool is_all_tls = settings->identity.context && tls->listen_count == 0;
    struct doors *doors = mem_new(sizeof *doors);
    doors->worker_count = worker_count;
    doors->keepalive_s = config->keepalive_seconds;
    doors->inherited = inherited;
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
             log_text("tls", door->is_tls ? "yes" : "no"),
             log_text("inherited", door->is_held ? "yes" : "no"));
}

void doors_hand_over(struct doors *doors, struct worker *const *workers) {
    for (size_t i = 0; i < doors->count; i++) {
        const struct door *door = &doors->list[i];
        const struct worker_entrance entrance = { door->leads_to, door->is_tls, door->is_held };
        for (size_t s = 0; s < door->count; s++)
            worker_listen(workers[s % door->worker_count], &entrance, door->fds[s]);
        say(door);
    }
    doors->are_handed_over = true;
}

bool doors_are_held(const struct doors *doors) {
    for (size_t i = 0; i < doors->count; i++)
        if (doors->list[i].is_held) return true;
    return false;
}

size_t doors_sockets(const struct doors *doors, size_t from, size_t max, int *ret_fds) {
    size_t count = 0, number = 0;
    for (size_t i = 0; i < doors->count; i++)
        for (size_t s = 0; s < doors->list[i].sockets && count < max; s++)
            if (number++ >= from) ret_fds[count++] = doors->list[i].fds[s];
    return count;
}

void doors_free(struct doors *doors) {
    if (!doors) return;
    for (size_t i = 0; i < doors->count && !doors->are_handed_over; i++)
        close_door(&doors->list[i]);
    mem_free(doors);
}
