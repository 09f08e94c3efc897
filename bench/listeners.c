/* SPDX-License-Identifier: MIT */
/*
 * bench/listeners.c: so many WebSocket connections that look for one series of numbered messages,
 * each {"n":NUMBER,…} from 1 on: what is missing, doubled or out of order on each of them, how each
 * ended, and how many got every single message.
 *
 * usage: listeners PORT TARGET TOKEN COUNT UNTIL
 * A connection goes when it has got the message UNTIL (0: when the server closes it). "open" is
 * printed when all have been let in; at the end {"refused","missing","doubled","reordered",
 * "unclosed" (ended without a close frame), "closes": {code: count}, "seconds", "messages",
 * "received": [how many got message 1, 2, …]}
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FDS_MAX = 65536,
    OPENING_MAX = 64,
    EVENTS = 512,
    ROOM = 256 * 1024,
    NUMBERS_MAX = 1 << 20,
    CODES = 5000,
};

struct listener {
    uint64_t last; /* the greatest number that came */
    size_t rest_len;
    char *rest; /* an unfinished frame */
    bool is_asked, is_open;
};

static int epoll;
static uint16_t port;
static uint64_t until;
static uint32_t wanted, begun, opened, ended, refused, unclosed;
static uint64_t missing, doubled, reordered, messages;
static uint32_t received[NUMBERS_MAX], highest, closes[CODES];
static struct listener listeners[FDS_MAX];
static char request[4096], input[2 * ROOM];
static size_t request_len;

static void check(bool is_good, const char *what) {
    if (is_good) return;
    fprintf(stderr, "listeners: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void begin(void) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    check(fd >= 0 && fd < FDS_MAX, "socket");
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS, "connect");
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    free(listeners[fd].rest);
    listeners[fd] = (struct listener){ 0 };
    begun++;
}

static void end(int fd) {
    if (!listeners[fd].is_open) refused++;
    close(fd);
    ended++;
}

static void take_message(struct listener *l, const char *payload, size_t len) {
    if (len < 5 || memcmp(payload, "{\"n\":", 5) != 0) return;
    uint64_t n = strtoull(payload + 5, NULL, 10);
    check(n > 0 && n < NUMBERS_MAX, "a number beyond what was thought of");
    messages++;
    received[n]++;
    if (n > highest) highest = (uint32_t)n;
    if (n == l->last) doubled++;
    if (n < l->last) reordered++;
    if (n > l->last + 1) missing += n - l->last - 1;
    if (n > l->last) l->last = n;
}

/* Whether the connection goes on. */
static bool take_frame(int fd, uint8_t op, const char *payload, size_t len) {
    struct listener *l = &listeners[fd];
    if (op == 1) take_message(l, payload, len);
    if (op == 1 && until > 0 && l->last >= until) return false;
    if (op == 8) {
        unsigned code = len < 2 ? 1005 : (unsigned)(uint8_t)payload[0] << 8 | (uint8_t)payload[1];
        closes[code % CODES]++;
        /* Masked with zeros. */
        const char answer[] = { '\x88', '\x82', 0, 0, 0, 0, (char)(code >> 8), (char)code };
        (void)!send(fd, answer, sizeof answer, MSG_NOSIGNAL);
        return false;
    }
    return true;
}

/* Takes whole frames from `text`; how many bytes they were, or -1: the connection ended. */
static ssize_t take_frames(int fd, const char *text, size_t len) {
    size_t at = 0;
    while (at + 2 <= len) {
        size_t head = 2, size = (uint8_t)text[at + 1];
        if (size == 126) {
            head = 4;
            if (at + head > len) break;
            size = (size_t)(uint8_t)text[at + 2] << 8 | (uint8_t)text[at + 3];
        }
        check(size < 127 || head == 4, "a message beyond 65535 bytes");
        if (at + head + size > len) break;
        if (!take_frame(fd, (uint8_t)text[at] & 15, text + at + head, size)) return -1;
        at += head + size;
    }
    return (ssize_t)at;
}

/* The answer to the handshake; what it takes of `text`, 0: not complete, -1: refused. */
static ssize_t take_answer(int fd, const char *text, size_t len) {
    const char *end_of_head = memmem(text, len, "\r\n\r\n", 4);
    if (!end_of_head) return 0;
    if (memcmp(text, "HTTP/1.1 101", 12) != 0) return -1;
    listeners[fd].is_open = true;
    if (++opened == wanted) {
        printf("open\n");
        fflush(stdout);
    }
    return end_of_head + 4 - text;
}

/* Whether the connection goes on. */
static bool take(int fd, const char *text, size_t len) {
    struct listener *l = &listeners[fd];
    size_t at = 0;
    if (!l->is_open) {
        ssize_t taken = take_answer(fd, text, len);
        if (taken < 0) return false;
        at = (size_t)taken;
    }
    if (l->is_open) {
        ssize_t taken = take_frames(fd, text + at, len - at);
        if (taken < 0) return false;
        at += (size_t)taken;
    }
    free(l->rest);
    l->rest = NULL;
    l->rest_len = len - at;
    check(l->rest_len <= ROOM, "an unfinished frame beyond what was thought of");
    if (l->rest_len > 0) l->rest = memcpy(malloc(l->rest_len), text + at, l->rest_len);
    return true;
}

static void on_event(int fd, uint32_t events) {
    struct listener *l = &listeners[fd];
    if (events & EPOLLOUT && !l->is_asked) {
        l->is_asked = send(fd, request, request_len, MSG_NOSIGNAL) == (ssize_t)request_len;
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
    for (;;) {
        if (l->rest_len > 0) memcpy(input, l->rest, l->rest_len);
        ssize_t len = recv(fd, input + l->rest_len, ROOM, 0);
        if (len < 0 && errno == EAGAIN) return;
        if (len <= 0 && l->is_open) unclosed++;
        if (len <= 0 || !take(fd, input, l->rest_len + (size_t)len)) {
            end(fd);
            return;
        }
    }
}

static void print(double seconds) {
    printf("{\"refused\": %u, \"missing\": %llu, \"doubled\": %llu, \"reordered\": %llu, "
           "\"unclosed\": %u, \"closes\": {",
           refused, (unsigned long long)missing, (unsigned long long)doubled,
           (unsigned long long)reordered, unclosed);
    const char *comma = "";
    for (unsigned code = 0; code < CODES; code++) {
        if (closes[code] == 0) continue;
        printf("%s\"%u\": %u", comma, code, closes[code]);
        comma = ", ";
    }
    printf("}, \"seconds\": %.3f, \"messages\": %llu, \"received\": [", seconds,
           (unsigned long long)messages);
    for (uint32_t n = 1; n <= highest; n++)
        printf("%s%u", n > 1 ? ", " : "", received[n]);
    printf("]}\n");
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    wanted = (uint32_t)strtoul(argv[4], NULL, 10);
    until = strtoull(argv[5], NULL, 10);
    request_len = (size_t)snprintf(
        request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Authorization: Bearer %s\r\n\r\n",
        argv[2], argv[3]);
    epoll = epoll_create1(0);
    double from = now();
    while (ended < wanted) {
        struct epoll_event events[EVENTS];
        while (begun < wanted && begun - opened - refused < OPENING_MAX)
            begin();
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++)
            on_event(events[i].data.fd, events[i].events);
    }
    print(now() - from);
    return 0;
}
