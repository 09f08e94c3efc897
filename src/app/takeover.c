/* SPDX-License-Identifier: MIT */
/*
 * app/takeover.c: both sides of a connection on which descriptors are passed (SCM_RIGHTS).
 *
 * The old server sends its listening sockets in portions, and last the one of the path itself; the
 * new one answers with a byte when it serves. Whichever ends before that changes nothing.
 */
#include "app/takeover.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    FDS_A_MESSAGE = 64, /* the kernel takes 253 */
    PATIENCE_S = 5,
    WORD_SOCKETS = 'S', /* here are some */
    WORD_LAST = 'L',    /* here is the path's own, and that was all */
    WORD_READY = 'R',   /* the new server's: I serve */
};

struct takeover {
    struct sockaddr_un at;
    int listening;   /* -1: it is the successor's now */
    int predecessor; /* -1: there is none */
    int successor;   /* -1: nobody has asked */
    bool is_watched;
    uv_poll_t listening_poll, successor_poll;
    const struct doors *doors;
    takeover_taken taken;
    void *owner;
};

static void close_fd(int *fd) {
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static bool send_fds(int to, char word, const int *fds, size_t count) {
    union {
        char room[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int))];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec said = { &word, 1 };
    struct msghdr message = { .msg_iov = &said,
                              .msg_iovlen = 1,
                              .msg_control = control.room,
                              .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    return sendmsg(to, &message, MSG_NOSIGNAL) == 1;
}

/* How many descriptors came, and with what word; -1: nothing did. */
static int receive_fds(int from, char *ret_word, int ret_fds[static FDS_A_MESSAGE]) {
    union {
        char room[CMSG_SPACE(FDS_A_MESSAGE * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec said = { ret_word, 1 };
    struct msghdr message = { .msg_iov = &said,
                              .msg_iovlen = 1,
                              .msg_control = control.room,
                              .msg_controllen = sizeof control.room };
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1) return -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) return 0;
    size_t len = head->cmsg_len - CMSG_LEN(0);
    memcpy(ret_fds, CMSG_DATA(head), len);
    return (int)(len / sizeof(int));
}

static enum err fail(const struct takeover *takeover, const char *what, struct err_note *note) {
    return err_note(note, ERR_IO, "takeover_path: %s %s: %s", what, takeover->at.sun_path,
                    strerror(errno));
}

static enum err take(struct takeover *takeover, struct inherited *inherited,
                     struct err_note *note) {
    int fds[FDS_A_MESSAGE];
    char word;
    do {
        int count = receive_fds(takeover->predecessor, &word, fds);
        if (count < 0 || (word == WORD_LAST && count != 1)) {
            return err_note(note, ERR_IO,
                            "takeover_path: the server at %s does not hand its sockets over: it "
                            "is about to end, or runs as another user",
                            takeover->at.sun_path);
        }
        for (int i = 0; i < count && word == WORD_SOCKETS; i++)
            inherited_add(inherited, fds[i]);
    } while (word != WORD_LAST);
    takeover->listening = fds[0];
    return ERR_OK;
}

/* What an earlier server left behind is removed, but nothing that is no socket. */
static enum err listen_at(struct takeover *takeover, struct err_note *note) {
    const char *path = takeover->at.sun_path;
    struct stat is;
    if (lstat(path, &is) == 0) {
        if (!S_ISSOCK(is.st_mode)) {
            return err_note(note, ERR_INVALID, "takeover_path: %s is there and no socket", path);
        }
        if (unlink(path) != 0) return fail(takeover, "cannot remove", note);
    }
    takeover->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (takeover->listening < 0) return fail(takeover, "socket for", note);
    const struct sockaddr *at = (const struct sockaddr *)&takeover->at;
    /* Nobody can connect before it listens, so that the mode is in time. */
    if (bind(takeover->listening, at, sizeof takeover->at) != 0 || chmod(path, 0600) != 0 ||
        listen(takeover->listening, 1) != 0) {
        return fail(takeover, "cannot listen at", note);
    }
    return ERR_OK;
}

static enum err find(struct takeover *takeover, struct inherited *inherited,
                     struct err_note *note) {
    takeover->predecessor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (takeover->predecessor < 0) return fail(takeover, "socket for", note);
    const struct timeval patience = { .tv_sec = PATIENCE_S };
    (void)setsockopt(takeover->predecessor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const struct sockaddr *at = (const struct sockaddr *)&takeover->at;
    if (connect(takeover->predecessor, at, sizeof takeover->at) == 0) {
        return take(takeover, inherited, note);
    }
    int reason = errno;
    close_fd(&takeover->predecessor);
    errno = reason;
    bool is_nobody_there = reason == ENOENT || reason == ECONNREFUSED;
    return is_nobody_there ? listen_at(takeover, note) : fail(takeover, "cannot connect to", note);
}

enum err takeover_open(const char *path, struct inherited *inherited, struct takeover **ret,
                       struct err_note *note) {
    struct takeover *takeover = mem_new(sizeof *takeover);
    takeover->listening = takeover->predecessor = takeover->successor = -1;
    takeover->at.sun_family = AF_UNIX;
    enum err e = ERR_OK;
    if (strlen(path) >= sizeof takeover->at.sun_path) {
        e = err_note(note, ERR_INVALID, "takeover_path: longer than a socket's path may be");
    } else {
        memcpy(takeover->at.sun_path, path, strlen(path));
        e = find(takeover, inherited, note);
    }
    if (e) {
        takeover_free(takeover);
    } else {
        *ret = takeover;
    }
    return e;
}

static bool may_take(int fd) {
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) return false;
    return peer.uid == geteuid() || peer.uid == 0;
}

static bool hand_over(const struct takeover *takeover) {
    int fds[FDS_A_MESSAGE];
    size_t count, from = 0;
    while ((count = doors_sockets(takeover->doors, from, FDS_A_MESSAGE, fds)) > 0) {
        if (!send_fds(takeover->successor, WORD_SOCKETS, fds, count)) return false;
        from += count;
    }
    return send_fds(takeover->successor, WORD_LAST, &takeover->listening, 1);
}

static void on_asked(uv_poll_t *poll, int status, int events);

static void on_poll_closed(uv_handle_t *poll) {
    struct takeover *takeover = poll->data;
    close_fd(&takeover->successor);
    if (takeover->listening < 0) return;
    (void)uv_poll_start(&takeover->listening_poll, UV_READABLE, on_asked);
}

static void on_answered(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    struct takeover *takeover = poll->data;
    char word = 0;
    ssize_t len = recv(takeover->successor, &word, 1, 0);
    if (len < 0 && errno == EAGAIN) return;
    if (len == 1 && word == WORD_READY) {
        log_line(LOG_INFO, "sockets taken over by the next process",
                 log_text("path", takeover->at.sun_path));
        close_fd(&takeover->listening);
        takeover->taken(takeover->owner);
    } else {
        log_line(LOG_WARNING, "the next process took the sockets and did not start",
                 log_text("path", takeover->at.sun_path));
    }
    uv_close((uv_handle_t *)poll, on_poll_closed);
}

/* One at a time: the next waits until this one has ended or serves. */
static void on_asked(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    struct takeover *takeover = poll->data;
    takeover->successor = accept4(takeover->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (takeover->successor < 0) return;
    if (!may_take(takeover->successor) || !hand_over(takeover)) {
        close_fd(&takeover->successor);
        return;
    }
    (void)uv_poll_stop(poll);
    (void)uv_poll_init(poll->loop, &takeover->successor_poll, takeover->successor);
    takeover->successor_poll.data = takeover;
    (void)uv_poll_start(&takeover->successor_poll, UV_READABLE, on_answered);
}

void takeover_start(struct takeover *takeover, struct loop *loop, const struct doors *doors,
                    takeover_taken taken, void *owner) {
    if (!takeover) return;
    takeover->doors = doors;
    takeover->taken = taken;
    takeover->owner = owner;
    if (takeover->predecessor >= 0) {
        const char word = WORD_READY;
        (void)send(takeover->predecessor, &word, 1, MSG_NOSIGNAL);
        close_fd(&takeover->predecessor);
    }
    (void)uv_poll_init(loop_uv(loop), &takeover->listening_poll, takeover->listening);
    takeover->listening_poll.data = takeover;
    (void)uv_poll_start(&takeover->listening_poll, UV_READABLE, on_asked);
}

void takeover_stop(struct takeover *takeover) {
    if (!takeover || takeover->listening < 0) return;
    (void)uv_poll_stop(&takeover->listening_poll);
    (void)unlink(takeover->at.sun_path); /* root's folder: the next one sees that nobody listens */
    close_fd(&takeover->listening);
}

void takeover_free(struct takeover *takeover) {
    if (!takeover) return;
    close_fd(&takeover->listening);
    close_fd(&takeover->predecessor);
    close_fd(&takeover->successor);
    mem_free(takeover);
}
