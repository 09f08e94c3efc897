/* SPDX-License-Identifier: MIT */
/*
 * bench/attempts.c: handshakes without a token, so many a second, each on a connection of its own,
 * from so many addresses of 127.1.0.0/16 in turn; none is used twice before the others were. Each
 * waits for what it is told (a close frame, or a status that is not 101) and goes with a reset.
 *
 * usage: attempts PORT TARGET RATE SECONDS ADDRESSES
 * prints {"attempts","close_4000","status_429","others","unanswered","given_up","a_second"}
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 65536, UNDER_WAY_MAX = 4000, EVENTS = 512, ROOM = 4096 };

static int epoll;
static uint16_t port;
static uint32_t addresses;
static char request[1024];
static size_t request_len;
static bool is_asked[FDS_MAX]; /* the request was sent */
static uint64_t begun, under_way, blocked, limited, others, unanswered, given_up;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void end(int fd) {
    const struct linger at_once = { .l_onoff = 1 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    under_way--;
}

static void begin(void) {
    struct sockaddr_in from = { .sin_family = AF_INET }, to = from;
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    from.sin_addr.s_addr = htonl(0x7f010000 + (uint32_t)(begun % addresses));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    begun++;
    if (fd < 0 || fd >= FDS_MAX) {
        given_up++;
        if (fd >= 0) close(fd);
        return;
    }
    under_way++;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
    is_asked[fd] = false;
    if (bind(fd, (struct sockaddr *)&from, sizeof from) ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) {
        given_up++;
        end(fd);
    }
}

/* Whether this is all that will be said; counts it. */
static bool is_answered(const char *text, size_t len) {
    static const char accepted[] = "HTTP/1.1 101";
    if (len < sizeof accepted) return false;
    if (memcmp(text, accepted, sizeof accepted - 1) != 0) {
        *(memcmp(text + 9, "429", 3) == 0 ? &limited : &others) += 1;
        return true;
    }
    const char *frame = memmem(text, len, "\r\n\r\n", 4);
    if (!frame) return false;
    for (frame += 4; frame + 4 <= text + len;) {
        size_t head = 2, size = (uint8_t)frame[1];
        if (size == 126) {
            head = 4;
            size = (size_t)(uint8_t)frame[2] << 8 | (uint8_t)frame[3];
        }
        if (((uint8_t)frame[0] & 15) == 8) {
            unsigned code = (unsigned)(uint8_t)frame[2] << 8 | (uint8_t)frame[3];
            *(code == 4000 ? &blocked : &others) += 1;
            return true;
        }
        frame += head + size;
    }
    return false;
}

static void on_event(int fd, uint32_t events) {
    char text[ROOM];
    if (events & EPOLLOUT && !is_asked[fd]) {
        is_asked[fd] = send(fd, request, request_len, MSG_NOSIGNAL) == (ssize_t)request_len;
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
    /* What was said stays with the kernel until all of it is there. */
    ssize_t len = recv(fd, text, sizeof text, MSG_PEEK);
    if (len < 0 && errno == EAGAIN) return;
    if (len > 0 && !is_answered(text, (size_t)len)) return;
    if (len <= 0) unanswered++;
    end(fd);
}

static void turn(void) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, 1);
    for (int i = 0; i < count; i++)
        on_event(events[i].data.fd, events[i].events);
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    double rate = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL);
    addresses = (uint32_t)strtoul(argv[5], NULL, 10);
    request_len = (size_t)snprintf(
        request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        argv[2]);
    epoll = epoll_create1(0);
    double from = now(), passed = 0;
    while ((passed = now() - from) < seconds) {
        while ((double)begun < passed * rate && under_way < UNDER_WAY_MAX)
            begin();
        turn();
    }
    double until = now() + 2;
    while (under_way > 0 && now() < until)
        turn();
    unanswered += under_way;
    printf("{\"attempts\": %llu, \"close_4000\": %llu, \"status_429\": %llu, \"others\": %llu, "
           "\"unanswered\": %llu, \"given_up\": %llu, \"a_second\": %.0f}\n",
           (unsigned long long)begun, (unsigned long long)blocked, (unsigned long long)limited,
           (unsigned long long)others, (unsigned long long)unanswered, (unsigned long long)given_up,
           (double)begun / passed);
    return 0;
}
