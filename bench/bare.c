/* SPDX-License-Identifier: MIT */
/*
 * bench/bare.c: what the kernel alone charges for the work of a notification server: the least
 * that any server can need on this machine.
 *
 * usage: bare PORT [joined]
 *
 * A server that does the system calls and next to nothing else. It understands only what
 * `tidings bench` sends: handshakes whose URL ends in the user (a UUID that begins with the user's
 * number), and POSTs of one length, to /all or to /UUID, whose body is the message. Each message
 * takes one send() to each receiver; a process serves one run. With `joined`, all that came with
 * one read go out to each receiver in one sendmsg().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    USERS_MAX = 20000,
    EVENTS = 512,
    FRAME_HEAD = 4, /* of a payload of 126 to 65535 bytes */
    BATCH_MAX = 64,
    ROOM = 256 * 1024,
};

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static int epoll, listener;
static int users[USERS_MAX], user_count; /* by number: the connection, and how many there are */
static char input[ROOM + 1];             /* what was read; a terminator follows */
static char rest[ROOM];                  /* the publisher's unfinished request */
static size_t rest_len, request_len;     /* every request is as long as the first */
static bool is_joined;

static void check(bool is_good, const char *what) {
    if (is_good) return;
    fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(int fd) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static void listen_at(uint16_t port) {
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    int on = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* the accepted inherit it */
    check(bind(listener, (struct sockaddr *)&at, sizeof at) == 0, "bind");
    check(listen(listener, 4096) == 0, "listen");
    watch(listener);
}

static void accept_all(void) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
        watch(fd);
}

/* RFC 6455 §4.2.2, for the key that stands in `head`. */
static void shake_hands(int fd, const char *head) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[24 + sizeof guid], accept[64], reply[256];
    unsigned char digest[SHA_DIGEST_LENGTH];
    const char *key = strcasestr(head, "sec-websocket-key: ");
    check(key != NULL, "no key");
    memcpy(text, key + 19, 24);
    memcpy(text + 24, guid, sizeof guid);
    SHA1((unsigned char *)text, sizeof text - 1, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    int len = snprintf(reply, sizeof reply,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept);
    check(send(fd, reply, (size_t)len, MSG_NOSIGNAL) == len, "send");
    unsigned long user = strtoul(strchr(head, '=') + 1, NULL, 16);
    check(user < USERS_MAX, "too many users");
    users[user] = fd;
    user_count++;
}

static void send_frame(int fd, const struct iovec *frames, int count) {
    const struct msghdr message = { .msg_iov = (struct iovec *)frames,
                                    .msg_iovlen = (size_t)count };
    ssize_t len = count == 1 ? send(fd, frames->iov_base, frames->iov_len, MSG_NOSIGNAL)
                             : sendmsg(fd, &message, MSG_NOSIGNAL);
    check(len == (ssize_t)frames->iov_len * count, "send");
}

/* Puts the frame's head before the body of a request, over its empty line. */
static struct iovec frame_of(char *request) {
    char *body = (char *)memmem(request, request_len, "\r\n\r\n", 4) + 4;
    size_t len = request_len - (size_t)(body - request);
    memcpy(body - FRAME_HEAD, (char[]){ '\x81', 126, (char)(len >> 8), (char)len }, FRAME_HEAD);
    return (struct iovec){ body - FRAME_HEAD, len + FRAME_HEAD };
}

/* A batch of requests, all to /all or all to single users. */
static void publish(char *requests, int count) {
    static const size_t target_at = sizeof "POST /" - 1;
    struct iovec frames[BATCH_MAX];
    for (int i = 0; i < count; i++)
        frames[i] = frame_of(requests + (size_t)i * request_len);
    bool is_for_all = requests[target_at] == 'a' && requests[target_at + 1] == 'l';
    for (int i = 0; !is_for_all && i < count; i++) {
        const char *user = requests + (size_t)i * request_len + target_at;
        send_frame(users[strtoul(user, NULL, 16)], &frames[i], 1);
    }
    for (int u = 0; is_for_all && is_joined && u < user_count; u++)
        send_frame(users[u], frames, count);
    for (int i = 0; is_for_all && !is_joined && i < count; i++) {
        for (int u = 0; u < user_count; u++)
            send_frame(users[u], &frames[i], 1);
    }
}

static void learn_length(void) {
    const char *body = strstr(rest, "\r\n\r\n"), *length = strcasestr(rest, "content-length: ");
    check(body && length, "a publish came in pieces");
    request_len = (size_t)(body + 4 - rest) + strtoul(length + 16, NULL, 10);
}

/* Works off what the publisher sent, which is appended to what was left of it. */
static void take_requests(int fd, const char *at, size_t len) {
    check(rest_len + len < sizeof rest, "too much is published at a time");
    memcpy(rest + rest_len, at, len);
    rest_len += len;
    if (request_len == 0) learn_length();
    size_t count = rest_len / request_len;
    static char answers[ROOM];
    for (size_t done = 0; done < count;) {
        size_t some = count - done < BATCH_MAX ? count - done : BATCH_MAX;
        publish(rest + done * request_len, (int)some);
        for (size_t i = 0; i < some; i++)
            memcpy(answers + i * (sizeof answer - 1), answer, sizeof answer - 1);
        size_t all = some * (sizeof answer - 1);
        check(send(fd, answers, all, MSG_NOSIGNAL) == (ssize_t)all, "answer");
        done += some;
    }
    rest_len -= count * request_len;
    memmove(rest, rest + count * request_len, rest_len);
}

static void on_readable(int fd) {
    static int publisher = -1;
    ssize_t len = recv(fd, input, ROOM, 0);
    if (len <= 0) {
        close(fd);
        return;
    }
    input[len] = '\0';
    if (fd != publisher && strncmp(input, "POST", 4) == 0) publisher = fd;
    if (fd == publisher) {
        take_requests(fd, input, (size_t)len);
    } else if (strncmp(input, "GET ", 4) == 0) {
        shake_hands(fd, input);
    } /* else a frame: a heartbeat */
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bare PORT [joined]\n");
        return 2;
    }
    is_joined = argc == 3;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    epoll = epoll_create1(0);
    listen_at((uint16_t)strtoul(argv[1], NULL, 10));
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) {
                accept_all();
            } else {
                on_readable(events[i].data.fd);
            }
        }
    }
}
