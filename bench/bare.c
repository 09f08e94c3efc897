/* SPDX-License-Identifier: MIT */
/*
 * bench/bare.c: what the kernel alone charges for the work of a notification server: the least
 * that any server can need on this machine.
 *
 * usage: bare fan-out|fan-out-64|joined-64|unicast|accept|latency CONNECTIONS SECONDS
 *
 * The process is the server: it does nothing but system calls, on sockets over loopback. A child
 * process holds the other ends. Prints one JSON object: "cpu_us" is the server's CPU a message
 * (accept: a connection), latency gives "p50_us" and "p99_us" of messages sent 2,000 a second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME = 204,   /* 200 bytes of payload behind a server's frame head */
    REQUEST = 330, /* a publish, or a handshake with a token, is about so long */
    IN_FLIGHT = 64,
    EVENTS = 512,
    RATE = 2000,
    BUCKETS = 1000000, /* of a microsecond each */
};

static char bytes[64 * 1024];
static struct sockaddr_in server_at = { .sin_family = AF_INET };

static void check(bool is_good, const char *what) {
    if (is_good) return;
    fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t clock_ns(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t random_below(uint32_t limit) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % limit;
}

static void set_no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void watch(int epoll, int fd) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t len = sizeof server_at;
    server_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(fd, (struct sockaddr *)&server_at, len) == 0, "bind");
    check(listen(fd, 4096) == 0, "listen");
    getsockname(fd, (struct sockaddr *)&server_at, &len);
    return fd;
}

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    check(fd >= 0, "socket");
    check(connect(fd, (struct sockaddr *)&server_at, sizeof server_at) == 0, "connect");
    set_no_delay(fd);
    return fd;
}

/* The child of the sending modes: reads everything, and says so with one byte each time that
 * another `round` bytes have come. */
static void drain(int count, int control, uint64_t round) {
    int epoll = epoll_create1(0);
    for (int i = 0; i < count; i++)
        watch(epoll, dial());
    uint64_t got = 0;
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            ssize_t len = recv(events[i].data.fd, bytes, sizeof bytes, MSG_DONTWAIT);
            if (len == 0) exit(0);
            if (len > 0) got += (uint64_t)len;
        }
        for (; got >= round; got -= round)
            check(write(control, "", 1) == 1, "write");
    }
}

/* One round of each sending mode: how the messages of a round go to the sockets. */
static void send_to_all(const int *fds, int count) {
    for (int i = 0; i < count; i++)
        check(send(fds[i], bytes, FRAME, MSG_NOSIGNAL) == FRAME, "send");
}

static void send_many_to_all(const int *fds, int count) {
    for (int i = 0; i < IN_FLIGHT; i++)
        send_to_all(fds, count);
}

static void send_joined_to_all(const int *fds, int count) {
    struct iovec pieces[IN_FLIGHT];
    const struct msghdr message = { .msg_iov = pieces, .msg_iovlen = IN_FLIGHT };
    for (int i = 0; i < IN_FLIGHT; i++)
        pieces[i] = (struct iovec){ bytes, FRAME };
    for (int i = 0; i < count; i++)
        check(sendmsg(fds[i], &message, MSG_NOSIGNAL) == FRAME * IN_FLIGHT, "sendmsg");
}

static void send_at_random(const int *fds, int count) {
    for (int i = 0; i < IN_FLIGHT; i++) {
        int fd = fds[random_below((uint32_t)count)];
        check(send(fd, bytes, FRAME, MSG_NOSIGNAL) == FRAME, "send");
    }
}

static void accept_all(int listener, int *fds, int count) {
    for (int i = 0; i < count; i++) {
        fds[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        check(fds[i] >= 0, "accept");
        set_no_delay(fds[i]);
    }
}

static void run_sending(int listener, int count, double seconds, uint64_t round_messages,
                        void (*send_round)(const int *fds, int count)) {
    int control[2];
    check(pipe(control) == 0, "pipe");
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        drain(count, control[1], round_messages * FRAME);
    }
    int *fds = calloc((size_t)count, sizeof *fds);
    check(fds != NULL, "memory");
    accept_all(listener, fds, count);
    uint64_t rounds = 0, cpu = 0, end = 0;
    char byte;
    for (bool is_warm = false;;) {
        send_round(fds, count);
        check(read(control[0], &byte, 1) == 1, "read");
        rounds++;
        uint64_t now = clock_ns(CLOCK_MONOTONIC);
        if (end == 0) end = now + 300000000u; /* to warm up */
        if (now < end) continue;
        if (is_warm) break;
        is_warm = true;
        rounds = 0;
        cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        end = now + (uint64_t)(seconds * 1e9);
    }
    cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"cpu_us\":%.3f}\n", (double)cpu / 1e3 / (double)(rounds * round_messages));
    free(fds);
}

/* The child of accept: opens connections, IN_FLIGHT at a time, and says a handshake on each. */
static void call(int count) {
    int fds[IN_FLIGHT];
    int *held = calloc((size_t)count, sizeof *held);
    for (int done = 0; done < count; done += IN_FLIGHT) {
        int some = count - done < IN_FLIGHT ? count - done : IN_FLIGHT;
        for (int i = 0; i < some; i++) {
            fds[i] = held[done + i] = dial();
            check(send(fds[i], bytes, REQUEST, 0) == REQUEST, "send");
        }
        for (int i = 0; i < some; i++)
            check(recv(fds[i], bytes, sizeof bytes, 0) > 0, "recv");
    }
    for (int i = 0; i < count; i++) { /* with a reset: no ports left waiting */
        const struct linger at_once = { 1, 0 };
        setsockopt(held[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    exit(0);
}

static void run_accept(int listener, int count) {
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        call(count);
    }
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(0), answered = 0;
    check(listen(listener, 4096) == 0, "listen");
    watch(epoll, listener);
    uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (answered < count) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                check(fd >= 0, "accept");
                watch(epoll, fd);
            } else if (recv(fd, bytes, sizeof bytes, 0) > 0) {
                check(send(fd, bytes, 129, MSG_NOSIGNAL) == 129, "send");
                answered++;
            }
        }
    }
    cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"cpu_us\":%.3f}\n", (double)cpu / 1e3 / count);
}

/* The child of latency: sends requests at a fixed rate and takes the time until the message is
 * read on whichever connection it comes. */
static void pace(int count, double seconds) {
    static uint32_t buckets[BUCKETS];
    int epoll = epoll_create1(0);
    int publisher = dial();
    for (int i = 0; i < count; i++)
        watch(epoll, dial());
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    const struct timespec every = { 0, 1000000000 / RATE };
    timerfd_settime(timer, 0, &(struct itimerspec){ every, every }, NULL);
    watch(epoll, timer);
    uint64_t wanted = (uint64_t)(seconds * RATE), got = 0;
    struct epoll_event events[EVENTS];
    while (got < wanted) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            uint64_t stamp = clock_ns(CLOCK_MONOTONIC), times;
            if (events[i].data.fd == timer) {
                check(read(timer, &times, sizeof times) == sizeof times, "timer");
                memcpy(bytes, &stamp, sizeof stamp);
                check(send(publisher, bytes, REQUEST, 0) == REQUEST, "send");
            } else if (recv(events[i].data.fd, bytes, FRAME, 0) == FRAME) {
                memcpy(&stamp, bytes, sizeof stamp);
                uint64_t us = (clock_ns(CLOCK_MONOTONIC) - stamp) / 1000;
                buckets[us < BUCKETS ? us : BUCKETS - 1]++;
                got++;
            }
        }
    }
    uint64_t seen = 0, p50 = 0, p99 = 0;
    for (uint64_t us = 0; us < BUCKETS; us++) {
        seen += buckets[us];
        if (!p50 && seen * 100 >= got * 50) p50 = us;
        if (!p99 && seen * 100 >= got * 99) p99 = us;
    }
    printf("{\"p50_us\":%llu,\"p99_us\":%llu}\n", (unsigned long long)p50, (unsigned long long)p99);
    fflush(stdout);
    _exit(0);
}

static void run_latency(int listener, int count, double seconds) {
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pace(count, seconds);
    }
    int *fds = calloc((size_t)count + 1, sizeof *fds);
    check(fds != NULL, "memory");
    accept_all(listener, fds, count + 1);
    int epoll = epoll_create1(0);
    for (int i = 0; i <= count; i++)
        watch(epoll, fds[i]);
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            ssize_t len = recv(events[i].data.fd, bytes, REQUEST, 0);
            if (len <= 0) { /* the child has said its figures and gone */
                free(fds);
                return;
            }
            int to = fds[1 + (int)random_below((uint32_t)count)];
            check(send(to, bytes, FRAME, MSG_NOSIGNAL) == FRAME, "send");
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: bare fan-out|fan-out-64|joined-64|unicast|accept|latency "
                        "CONNECTIONS SECONDS\n");
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    const char *mode = argv[1];
    int count = (int)strtol(argv[2], NULL, 10);
    double seconds = strtod(argv[3], NULL);
    if (count < 1 || seconds <= 0) {
        fprintf(stderr, "bare: CONNECTIONS and SECONDS are above 0\n");
        return 2;
    }
    int listener = listen_on_loopback();
    uint64_t all = (uint64_t)count;
    if (strcmp(mode, "fan-out") == 0) {
        run_sending(listener, count, seconds, all, send_to_all);
    } else if (strcmp(mode, "fan-out-64") == 0) {
        run_sending(listener, count, seconds, all * IN_FLIGHT, send_many_to_all);
    } else if (strcmp(mode, "joined-64") == 0) {
        run_sending(listener, count, seconds, all * IN_FLIGHT, send_joined_to_all);
    } else if (strcmp(mode, "unicast") == 0) {
        run_sending(listener, count, seconds, IN_FLIGHT, send_at_random);
    } else if (strcmp(mode, "accept") == 0) {
        run_accept(listener, count);
    } else if (strcmp(mode, "latency") == 0) {
        run_latency(listener, count, seconds);
    } else {
        fprintf(stderr, "bare: there is no mode \"%s\"\n", mode);
        return 2;
    }
    return 0;
}
