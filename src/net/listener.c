/* SPDX-License-Identifier: MIT */
/*
 * net/listener.c: binds, listens, accepts.
 */
#include "net/listener.h"

#include "base/mem.h"
#include "net/socket_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 8, BACK_OFF_MS = 100 };

struct listener {
    uv_timer_t back_off;
    struct loop *loop;
    struct counter *failed;
    listener_accepted accepted;
    void *owner;
    uint32_t kind;
    int fd;
};

static void set_option(int fd, int level, int name, int value) {
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

static void set_keepalive(int fd, uint32_t keepalive_s) {
    if (keepalive_s == 0) return;
    enum { PROBES = 4 };
    int every = (int)((keepalive_s + PROBES - 1) / PROBES);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)keepalive_s);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, every);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)(2 * keepalive_s * 1000));
}

static enum err fail(const struct address *address, const char *what, struct err_note *note) {
    int reason = errno;
    char text[ADDRESS_TEXT_MAX];
    (void)address_format_port(address, text);
    return err_note(note, reason == EADDRINUSE ? ERR_EXISTS : ERR_IO, "%s %s: %s", what, text,
                    strerror(reason));
}

static bool learn_address(int fd, struct address *ret) {
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    return getsockname(fd, (struct sockaddr *)&at, &len) == 0 &&
           address_from_sockaddr((const struct sockaddr *)&at, ret);
}

static bool is_option(int fd, int name, int value) {
    int is = 0;
    socklen_t len = sizeof is;
    return getsockopt(fd, SOL_SOCKET, name, &is, &len) == 0 && is == value;
}

enum err listener_adopt(int fd, struct address *ret_address) {
    bool is_one = is_option(fd, SO_ACCEPTCONN, 1) && is_option(fd, SO_TYPE, SOCK_STREAM) &&
                  learn_address(fd, ret_address);
    if (!is_one || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        return ERR_INVALID;
    }
    return ERR_OK;
}

void listener_tune(int fd, uint32_t keepalive_s) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_keepalive(fd, keepalive_s);
    (void)listen(fd, LISTENER_BACKLOG);
}

static enum err bind_one(struct address *address, bool is_first, uint32_t keepalive_s, int *ret_fd,
                         struct err_note *note) {
    struct sockaddr_storage at;
    socklen_t len = socket_address(address, &at);
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail(address, "socket for", note);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (at.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (!is_first) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    enum err e = ERR_OK;
    if (bind(fd, (const struct sockaddr *)&at, len) != 0) {
        e = fail(address, "cannot listen on", note);
        goto out;
    }
    if (is_first) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_keepalive(fd, keepalive_s);
    struct address bound;
    if (listen(fd, LISTENER_BACKLOG) != 0 || !learn_address(fd, &bound)) {
        e = fail(address, "cannot listen on", note);
        goto out;
    }
    address->port = bound.port;
    *ret_fd = fd;
    fd = -1;
out:
    if (fd >= 0) (void)close(fd);
    return e;
}

enum err listener_bind(struct address *address, size_t count, uint32_t keepalive_s, int *ret_fds,
                       struct err_note *note) {
    for (size_t i = 0; i < count; i++) {
        enum err e = bind_one(address, i == 0, keepalive_s, &ret_fds[i], note);
        if (e) {
            while (i > 0)
                (void)close(ret_fds[--i]);
            return e;
        }
    }
    return ERR_OK;
}

static void go_on(uv_timer_t *timer) {
    struct listener *l = timer->data;
    loop_rewatch(l->loop, l->fd, l->kind, 0, EPOLLIN);
}

static void back_off(struct listener *l) {
    counter_add(l->failed, 1);
    loop_rewatch(l->loop, l->fd, l->kind, 0, 0);
    (void)uv_timer_start(&l->back_off, go_on, BACK_OFF_MS, 0);
}

static void on_ready(void *owner, uint32_t index, uint32_t events) {
    (void)index;
    (void)events;
    struct listener *l = owner;
    for (int i = 0; i < ACCEPTS_A_TURN && l->fd >= 0; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            back_off(l);
            return;
        }
        if (fd < 0 && errno == EAGAIN) return;
        if (fd < 0) continue; /* that one went away while it waited */
        struct address peer;
        if (address_from_sockaddr((const struct sockaddr *)&from, &peer)) {
            if (!l->accepted(l->owner, fd, &peer)) return;
        } else {
            (void)close(fd);
        }
    }
}

struct listener *listener_new(struct loop *loop, int own_fd, struct counter *failed,
                              listener_accepted accepted, void *owner) {
    struct listener *l = mem_new(sizeof *l);
    l->loop = loop;
    l->failed = failed;
    l->accepted = accepted;
    l->owner = owner;
    l->fd = own_fd;
    l->kind = loop_add_kind(loop, on_ready, l);
    (void)uv_timer_init(loop_uv(loop), &l->back_off);
    l->back_off.data = l;
    enum err e = loop_watch(loop, own_fd, l->kind, 0, EPOLLIN);
    assert(e == ERR_OK);
    (void)e;
    return l;
}

static void on_closed(uv_handle_t *handle) {
    mem_free(handle->data);
}

void listener_close(struct listener *l) {
    if (!l) return;
    loop_unwatch(l->loop, l->fd);
    (void)close(l->fd);
    l->fd = -1;
    uv_close((uv_handle_t *)&l->back_off, on_closed);
}
