/* SPDX-License-Identifier: MIT */
/*
 * bench/abuse.c: clients that mean harm, as fast as one thread can, from addresses of 127.2.0.0/16.
 *
 * usage: abuse PORT KIND SECONDS [CONNECTIONS [TARGET [TOKEN]]]
 * TARGET and TOKEN are the handshake's, or the request's. A connection that the server ends is made
 * anew, at most `REOPENS_A_TURN` in a turn. "ready" is printed when all stand (or half a second has
 * passed), then, at the end or at SIGTERM, when all go with a reset, {"opened","refused" (not let
 * in),"ended" (by the server),"bytes", "answers" (bytes from the server),"closes": {code: count}}
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define ROOM "0000000000000000000000000000"

enum {
    FDS_MAX = 65536,
    ADDRESSES = 250,
    EVENTS = 256,
    BLOCK_BYTES = 1 << 16,
    MESSAGE_BYTES = 1 << 16, /* the most that the endpoint takes */
    OPENING_MAX = 256,
    REOPENS_A_TURN = 64,
    PACE_MS = 100, /* between two bytes of who is slow */
    CODES = 5000,
};

struct bytes {
    char at[2 * BLOCK_BYTES];
    size_t len;
};

/* What a kind does, besides connecting. */
struct kind {
    const char *name;
    void (*make)(struct bytes *first, struct bytes *again);
    uint32_t connections;
    bool is_websocket; /* a handshake first */
    bool is_deflated;
    bool is_slow;     /* `again` leaves a byte at a time */
    bool is_deaf;     /* never reads */
    bool leaves;      /* with a reset, when it has an answer, and comes again */
    bool is_quiet;    /* nothing is sent at all */
    bool is_distinct; /* each handshake is for a room of its own */
    bool is_renewed;  /* `again` is made anew each time; TOKEN is an API key then */
};

struct client {
    size_t sent; /* of what goes first, then of what goes again and again */
    bool is_there, is_open, has_begun;
};

static volatile sig_atomic_t is_over;
static int epoll;
static uint16_t port;
static const struct kind *kind;
static struct bytes request, first, again;
static const char *key = "";
static struct client clients[FDS_MAX];
static uint32_t standing, opening, highest;
static uint64_t begun, opened, refused, ended, sent_bytes, answer_bytes, closes[CODES];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(struct bytes *to, const void *at, size_t len) {
    memcpy(to->at + to->len, at, len);
    to->len += len;
}

/* A client's frame, masked with zeros. */
static void add_frame(struct bytes *to, uint8_t head, const void *payload, size_t len) {
    const char begin[] = { (char)head, (char)(0x80 | (len < 126 ? len : 126)) };
    add(to, begin, 2);
    if (len >= 126) add(to, (const char[]){ (char)(len >> 8), (char)len }, 2);
    add(to, "\0\0\0", 4);
    add(to, payload, len);
}

static void fill(struct bytes *to, uint8_t head, const void *payload, size_t len) {
    while (to->len + len + 8 <= BLOCK_BYTES)
        add_frame(to, head, payload, len);
}

/* ---- the kinds ---- */

static void make_nothing(struct bytes *begin, struct bytes *on) {
    (void)begin;
    (void)on;
}

static void make_pings(struct bytes *begin, struct bytes *on) {
    (void)begin;
    fill(on, 0x89, "", 0);
}

static void make_empty(struct bytes *begin, struct bytes *on) {
    add_frame(begin, 0x01, "", 0);
    fill(on, 0x00, "", 0);
}

/* A message of the greatest length in fragments of a byte, again and again. */
static void make_fragments(struct bytes *begin, struct bytes *on) {
    (void)begin;
    add_frame(on, 0x02, "x", 1);
    for (int i = 0; i < 9000; i++)
        add_frame(on, 0x00, "x", 1);
    add_frame(on, 0x80, "x", 1);
}

static void make_messages(struct bytes *begin, struct bytes *on) {
    (void)begin;
    fill(on, 0x82, "x", 1);
}

/* Each inflates to the greatest length. */
static void make_bombs(struct bytes *begin, struct bytes *on) {
    (void)begin;
    static char zeros[8 * MESSAGE_BYTES], bomb[4096];
    size_t len = strstr(request.at, "/api/v1/ws") ? 8 * MESSAGE_BYTES : MESSAGE_BYTES;
    z_stream z = { .next_in = (Bytef *)zeros,
                   .avail_in = (uInt)len,
                   .next_out = (Bytef *)bomb,
                   .avail_out = sizeof bomb };
    memset(zeros, ' ', sizeof zeros);
    deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_SYNC_FLUSH);
    fill(on, 0xc1, bomb, sizeof bomb - z.avail_out - 4);
}

/* All but the last byte of a message. */
static void make_unfinished(struct bytes *begin, struct bytes *on) {
    (void)on;
    static char zeros[MESSAGE_BYTES];
    const char head[] = { '\x02', '\xff', 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
    add(begin, head, sizeof head);
    add(begin, zeros, MESSAGE_BYTES - 1);
}

static void make_slow_heads(struct bytes *begin, struct bytes *on) {
    static const char line[] = "GET /ws HTTP/1.1\r\nHost: h\r\nX: ";
    add(begin, line, sizeof line - 1);
    memset(on->at, 'x', 8000);
    on->len = 8000;
}

static void make_slow_bodies(struct bytes *begin, struct bytes *on) {
    static const char head[] = "POST /api/v1/publish HTTP/1.1\r\nHost: h\r\nX-API-Key: guess\r\n"
                               "Content-Length: 1000000\r\n\r\n";
    add(begin, head, sizeof head - 1);
    memset(on->at, ' ', 8000);
    on->len = 8000;
}

/* As much of a body as goes, in a hurry. */
static void make_bodies(struct bytes *begin, struct bytes *on) {
    make_slow_bodies(begin, on);
    memset(on->at, ' ', BLOCK_BYTES);
    on->len = BLOCK_BYTES;
}

/* As many fields as a request may have, of as many bytes. */
static void make_headers(struct bytes *begin, struct bytes *on) {
    (void)begin;
    for (int i = 0; i < 4; i++) {
        static const char line[] = "GET /nowhere HTTP/1.1\r\nHost: h\r\n";
        add(on, line, sizeof line - 1);
        for (int field = 0; field < 98; field++) {
            char text[200];
            int len = snprintf(text, sizeof text, "X-%d: %0150d\r\n", field, 0);
            add(on, text, (size_t)len);
        }
        add(on, "\r\n", 2);
    }
}

static void make_requests(struct bytes *begin, struct bytes *on) {
    (void)begin;
    static const char text[] = "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n";
    while (on->len + sizeof text <= BLOCK_BYTES)
        add(on, text, sizeof text - 1);
}

static void make_metrics(struct bytes *begin, struct bytes *on) {
    (void)begin;
    static const char text[] = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
    while (on->len + sizeof text <= BLOCK_BYTES)
        add(on, text, sizeof text - 1);
}

/* Publishes to a million channels, each another one, again and again. */
static void make_channels(struct bytes *begin, struct bytes *on) {
    static uint32_t number;
    char body[128], text[512];
    (void)begin;
    for (on->len = 0; on->len + sizeof text <= BLOCK_BYTES;) {
        int body_len = snprintf(body, sizeof body, "{\"channel\":\"news:%07u\",\"data\":1}",
                                number++ % 1000000);
        int len = snprintf(text, sizeof text,
                           "POST /api/v1/publish HTTP/1.1\r\nHost: h\r\nX-API-Key: %s\r\n"
                           "Content-Length: %d\r\n\r\n%s",
                           key, body_len, body);
        add(on, text, (size_t)len);
    }
}

/* What a TLS client says first. */
static struct bytes *hello(void) {
    static struct bytes said;
    SSL *ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    int len = BIO_read(SSL_get_wbio(ssl), said.at, sizeof said.at);
    said.len = len > 0 ? (size_t)len : 0;
    SSL_free(ssl);
    return &said;
}

/* Has the server make its keys and sign, and goes. */
static void make_hellos(struct bytes *begin, struct bytes *on) {
    (void)on;
    *begin = *hello();
}

/* Half of it, and then a byte now and then. */
static void make_half_hellos(struct bytes *begin, struct bytes *on) {
    const struct bytes *said = hello();
    add(begin, said->at, said->len / 2);
    add(on, said->at + said->len / 2, said->len / 2 - 1);
}

static const struct kind kinds[] = {
    { .name = "half-open", .make = make_nothing, .connections = 10000, .is_quiet = true },
    { .name = "slow-heads", .make = make_slow_heads, .connections = 2000, .is_slow = true },
    { .name = "slow-bodies", .make = make_slow_bodies, .connections = 2000, .is_slow = true },
    { .name = "bodies", .make = make_bodies, .connections = 500 },
    { .name = "headers", .make = make_headers, .connections = 100 },
    { .name = "requests", .make = make_requests, .connections = 100 },
    { .name = "metrics", .make = make_metrics, .connections = 20 },
    { .name = "storm",
      .make = make_nothing,
      .connections = 500,
      .is_websocket = true,
      .leaves = true },
    { .name = "pings", .make = make_pings, .connections = 50, .is_websocket = true },
    { .name = "unread-pings",
      .make = make_pings,
      .connections = 50,
      .is_websocket = true,
      .is_deaf = true },
    { .name = "empty", .make = make_empty, .connections = 50, .is_websocket = true },
    { .name = "fragments", .make = make_fragments, .connections = 50, .is_websocket = true },
    { .name = "messages", .make = make_messages, .connections = 50, .is_websocket = true },
    { .name = "bombs",
      .make = make_bombs,
      .connections = 50,
      .is_websocket = true,
      .is_deflated = true },
    { .name = "unfinished", .make = make_unfinished, .connections = 10000, .is_websocket = true },
    { .name = "readers",
      .make = make_nothing,
      .connections = 200,
      .is_websocket = true,
      .is_deaf = true },
    { .name = "hellos", .make = make_hellos, .connections = 500, .leaves = true },
    { .name = "half-hellos", .make = make_half_hellos, .connections = 2000, .is_slow = true },
    { .name = "rooms",
      .make = make_nothing,
      .connections = 10000,
      .is_websocket = true,
      .is_distinct = true },
    { .name = "channels", .make = make_channels, .connections = 1, .is_renewed = true },
    { .name = "crowd", .make = make_nothing, .connections = 1000, .is_websocket = true },
};

/* ---- connections ---- */

static void watch(int fd, uint32_t events, int op) {
    struct epoll_event event = { .events = events, .data.fd = fd };
    epoll_ctl(epoll, op, fd, &event);
}

static void begin(void) {
    struct sockaddr_in from = { .sin_family = AF_INET }, to = from;
    const int on = 1, small = 4096;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    from.sin_addr.s_addr = htonl(0x7f020001 + (uint32_t)(begun++ % ADDRESSES));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (kind->is_deaf) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)) {
        close(fd);
        return;
    }
    clients[fd] = (struct client){ .is_there = true };
    if ((uint32_t)fd > highest) highest = (uint32_t)fd;
    standing++;
    opening++;
    watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

static void end(int fd) {
    const struct linger at_once = { .l_onoff = 1 };
    if (!clients[fd].is_open) opening--;
    clients[fd] = (struct client){ 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    standing--;
}

static void on_open(int fd) {
    clients[fd].is_open = true;
    clients[fd].sent = 0;
    opening--;
    opened++;
    bool is_idle = kind->is_slow || (first.len == 0 && again.len == 0);
    watch(fd, (kind->is_deaf ? 0u : EPOLLIN) | (is_idle ? 0u : EPOLLOUT), EPOLL_CTL_MOD);
}

static bool send_some(int fd, const struct bytes *what, size_t most) {
    struct client *c = &clients[fd];
    size_t len = what->len - c->sent < most ? what->len - c->sent : most;
    ssize_t sent = send(fd, what->at + c->sent, len, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    sent_bytes += (uint64_t)sent;
    c->sent += (size_t)sent;
    return true;
}

/* The target ends with ROOM. All of these names have one value in the hash that adds up characters
 * by 33 (and in many that follow it): "Ez" is as much as "FY". */
static void choose_room(void) {
    static uint32_t number;
    char *at = strstr(request.at, ROOM);
    static char *room;
    if (!room) room = at;
    for (size_t i = 0; i + 1 < sizeof ROOM; i += 2)
        memcpy(room + i, number >> i / 2 & 1 ? "Ez" : "FY", 2);
    number++;
}

/* False: the connection is gone. */
static bool write_on(int fd, size_t most) {
    struct client *c = &clients[fd];
    if (!c->is_open) {
        if (kind->is_quiet || !kind->is_websocket) {
            on_open(fd);
        } else if (!c->has_begun) {
            c->has_begun = true;
            if (kind->is_distinct) choose_room();
            return send_some(fd, &request, request.len);
        } else {
            watch(fd, EPOLLIN, EPOLL_CTL_MOD);
        }
        return true;
    }
    if (c->sent < first.len && !c->has_begun) return send_some(fd, &first, first.len);
    if (kind->is_renewed && c->has_begun && c->sent >= again.len) kind->make(&first, &again);
    if (!c->has_begun || c->sent >= again.len) c->sent = 0;
    c->has_begun = true;
    if (again.len == 0) {
        watch(fd, kind->is_deaf ? 0u : EPOLLIN, EPOLL_CTL_MOD);
        return true;
    }
    return send_some(fd, &again, most);
}

/* The code of a close frame that the input ends with, as far as that can be seen. */
static void note_close(const char *at, size_t len) {
    for (size_t i = len; i-- > 3;) {
        size_t payload = (uint8_t)at[i - 2];
        if ((uint8_t)at[i - 3] != 0x88 || i - 1 + payload != len || payload < 2) continue;
        closes[((uint8_t)at[i - 1] << 8 | (uint8_t)at[i]) % CODES]++;
        return;
    }
}

/* False: the connection is gone. */
static bool read_on(int fd) {
    static char input[1 << 18];
    struct client *c = &clients[fd];
    ssize_t len = recv(fd, input, sizeof input, 0);
    if (len < 0 && errno == EAGAIN) return true;
    if (len <= 0) {
        ended++;
        return false;
    }
    answer_bytes += (uint64_t)len;
    if (kind->is_websocket && !c->is_open) {
        if (memcmp(input, "HTTP/1.1 101", 12) != 0) {
            refused++;
            return false;
        }
        on_open(fd);
        c->has_begun = false;
    }
    if (kind->leaves) return false;
    if (kind->is_websocket) note_close(input, (size_t)len);
    return true;
}

static void on_event(int fd, uint32_t events) {
    if (!clients[fd].is_there) return;
    bool goes_on = true;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) goes_on = read_on(fd);
    if (goes_on && events & EPOLLOUT && clients[fd].is_there) goes_on = write_on(fd, SIZE_MAX);
    if (!goes_on) end(fd);
}

/* Who is slow sends a byte. */
static void crawl(void) {
    for (uint32_t fd = 0; fd <= highest; fd++) {
        if (clients[fd].is_there && clients[fd].is_open && !write_on((int)fd, 1)) end((int)fd);
    }
}

static void turn(uint32_t wanted) {
    for (int i = 0; i < REOPENS_A_TURN && standing < wanted && opening < OPENING_MAX; i++)
        begin();
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, 1);
    for (int i = 0; i < count; i++)
        on_event(events[i].data.fd, events[i].events);
}

static void print(void) {
    printf("{\"opened\": %llu, \"refused\": %llu, \"ended\": %llu, \"bytes\": %llu, "
           "\"answers\": %llu, \"closes\": {",
           (unsigned long long)opened, (unsigned long long)refused, (unsigned long long)ended,
           (unsigned long long)sent_bytes, (unsigned long long)answer_bytes);
    const char *comma = "";
    for (unsigned code = 1000; code < CODES; code++) {
        if (closes[code] == 0) continue;
        printf("%s\"%u\": %llu", comma, code, (unsigned long long)closes[code]);
        comma = ", ";
    }
    printf("}}\n");
}

static void on_signal(int number) {
    (void)number;
    is_over = 1;
}

static const struct kind *find_kind(const char *name) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 4 || !(kind = find_kind(argv[2]))) return 2;
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    double seconds = strtod(argv[3], NULL);
    uint32_t wanted = argc > 4 && atoi(argv[4]) ? (uint32_t)atoi(argv[4]) : kind->connections;
    request.len = (size_t)snprintf(
        request.at, sizeof request.at,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "%s%s%s%s\r\n",
        argc > 5 ? argv[5] : "/ws",
        kind->is_deflated ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "",
        argc > 6 ? "Authorization: Bearer " : "", argc > 6 ? argv[6] : "", argc > 6 ? "\r\n" : "");
    if (argc > 6) key = argv[6];
    kind->make(&first, &again);
    epoll = epoll_create1(0);
    double from = now(), crawled = from;
    bool is_ready = false;
    signal(SIGTERM, on_signal);
    while (now() - from < seconds && !is_over) {
        turn(wanted);
        if (!is_ready && (opened >= wanted || now() - from > 0.5)) {
            is_ready = true;
            printf("ready\n");
            fflush(stdout);
        }
        if (kind->is_slow && now() - crawled > PACE_MS / 1e3) {
            crawled = now();
            crawl();
        }
    }
    for (uint32_t fd = 0; fd <= highest; fd++) {
        if (clients[fd].is_there) end((int)fd);
    }
    print();
    return 0;
}
