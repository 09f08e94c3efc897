/* SPDX-License-Identifier: MIT */
/*
 * bench/tls.c: what TLS costs a worker's thread, with streams of net/stream.h over loopback.
 *
 * write: a message of 200 bytes (a frame of 204) to each of 1,000 connections by turns, plain and
 * with TLS; and AES-128-GCM alone over as many keys, which is what TLS must do at least.
 * shake: handshakes with P-256, full and resumed, beside a loop of SSL_accept() on blocking
 * sockets. idle: what OpenSSL's allocations for a connection come to when its handshake is over,
 * beside OpenSSL as it comes.
 *
 * build, run: bench/tls
 */
#include "tls_pair.h"

#include "base/clock.h"
#include "net/listener.h"
#include "net/tls_priv.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <time.h>

enum { CONNECTIONS = 1000, ROUNDS = 200, REPEATS = 5, FRAME = 204, SHAKES = 1000, IDLE = 500 };

static struct tls_world world;

static uint64_t cpu_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static int listen_on(struct address *ret) {
    int fd;
    if (!address_parse(SPAN("127.0.0.1:0"), ret) || listener_bind(ret, 1, 30, &fd, NULL) != ERR_OK)
        exit(1);
    return fd;
}

static int accept_one(int listening) {
    struct pollfd ready = { .fd = listening, .events = POLLIN };
    (void)poll(&ready, 1, -1);
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) exit(1);
    return fd;
}

static void connect_pair(struct tls_pair *p) {
    struct address address;
    int listening = listen_on(&address);
    if (stream_connect(&address, &p->client, NULL) != ERR_OK) exit(1);
    p->server = (struct stream){ .fd = accept_one(listening) };
    (void)close(listening);
}

/* ---- write ---- */

static atomic_bool is_over;

/* Reads what comes for the clients and drops it. */
static void *drop_all(void *arg) {
    int poller = *(int *)arg;
    static char room[1 << 16];
    while (!atomic_load(&is_over)) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, 10);
        for (int i = 0; i < count; i++) {
            while (recv(events[i].data.fd, room, sizeof room, 0) == sizeof room)
                ;
        }
    }
    return NULL;
}

static double write_all(struct tls_pair pairs[static CONNECTIONS]) {
    static char frame[FRAME];
    const struct iovec piece = { frame, sizeof frame };
    uint64_t begin = cpu_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CONNECTIONS; i++) {
            size_t sent;
            if (stream_write(&pairs[i].server, &piece, 1, &sent) || sent < FRAME) exit(1);
        }
        /* The other thread is to keep up. */
        (void)poll(NULL, 0, 1);
    }
    return (double)(cpu_ns() - begin) / ROUNDS / CONNECTIONS;
}

static double seal_all(void) {
    static EVP_CIPHER_CTX *contexts[CONNECTIONS];
    unsigned char key[16] = { 1 }, head[5] = { 23, 3, 3, 0, FRAME + 17 };
    static unsigned char frame[FRAME + 1], sealed[FRAME + 1 + 16];
    for (int i = 0; i < CONNECTIONS; i++) {
        contexts[i] = EVP_CIPHER_CTX_new();
        (void)EVP_EncryptInit_ex(contexts[i], EVP_aes_128_gcm(), NULL, key, NULL);
    }
    uint64_t begin = cpu_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CONNECTIONS; i++) {
            EVP_CIPHER_CTX *c = contexts[i];
            unsigned char iv[12] = { (unsigned char)round };
            int len;
            (void)EVP_EncryptInit_ex(c, NULL, NULL, NULL, iv);
            (void)EVP_EncryptUpdate(c, NULL, &len, head, sizeof head);
            (void)EVP_EncryptUpdate(c, sealed, &len, frame, sizeof frame);
            (void)EVP_EncryptFinal_ex(c, sealed + len, &len);
            (void)EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, sealed + sizeof frame);
        }
    }
    double ns = (double)(cpu_ns() - begin) / ROUNDS / CONNECTIONS;
    for (int i = 0; i < CONNECTIONS; i++)
        EVP_CIPHER_CTX_free(contexts[i]);
    return ns;
}

static void bench_write(void) {
    static struct tls_pair plain[CONNECTIONS], secret[CONNECTIONS];
    int poller = epoll_create1(0);
    for (int i = 0; i < CONNECTIONS; i++) {
        connect_pair(&plain[i]);
        connect_pair(&secret[i]);
        if (stream_begin_tls_server(&secret[i].server, world.server) ||
            stream_begin_tls_client(&secret[i].client, world.client, "localhost") ||
            !tls_pair_shake(&secret[i])) {
            exit(1);
        }
        struct epoll_event event = { .events = EPOLLIN, .data.fd = plain[i].client.fd };
        (void)epoll_ctl(poller, EPOLL_CTL_ADD, plain[i].client.fd, &event);
        event.data.fd = secret[i].client.fd;
        (void)epoll_ctl(poller, EPOLL_CTL_ADD, secret[i].client.fd, &event);
    }
    pthread_t dropper;
    (void)pthread_create(&dropper, NULL, drop_all, &poller);
    double plain_ns[REPEATS], secret_ns[REPEATS], seal_ns[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
        plain_ns[i] = write_all(plain);
        secret_ns[i] = write_all(secret);
        seal_ns[i] = seal_all();
    }
    double base = median(plain_ns, REPEATS), all = median(secret_ns, REPEATS);
    printf("write, plain            %6.0f ns\n", base);
    printf("write, TLS              %6.0f ns   %.2f times\n", all, all / base);
    printf("  AES-128-GCM alone     %6.0f ns\n", median(seal_ns, REPEATS));
    atomic_store(&is_over, true);
    (void)pthread_join(dropper, NULL);
    for (int i = 0; i < CONNECTIONS; i++) {
        tls_pair_close(&plain[i]);
        tls_pair_close(&secret[i]);
    }
    (void)close(poller);
}

/* ---- shake ---- */

struct caller {
    struct address address;
    bool does_resume;
};

/* Calls as often as is measured, reads the byte that ends a handshake and hangs up. */
static void *call_all(void *arg) {
    const struct caller *caller = arg;
    struct foreign f;
    foreign_open(&f);
    int resumed = 0;
    for (int i = 0; i < SHAKES; i++) {
        struct stream s;
        if (stream_connect(&caller->address, &s, NULL)) exit(1);
        struct pollfd ready = { .fd = s.fd, .events = POLLOUT };
        (void)poll(&ready, 1, -1);
        (void)fcntl(s.fd, F_SETFL, 0);
        SSL *ssl = SSL_new(f.context);
        SSL_set_app_data(ssl, &f);
        (void)SSL_set_fd(ssl, s.fd);
        if (caller->does_resume && f.session) (void)SSL_set_session(ssl, f.session);
        char byte;
        if (SSL_connect(ssl) != 1 || SSL_read(ssl, &byte, 1) != 1) exit(1);
        resumed += SSL_session_reused(ssl);
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(ssl);
        stream_close(&s);
    }
    if (resumed != (caller->does_resume ? SHAKES - 1 : 0)) exit(1);
    foreign_close(&f);
    return NULL;
}

static void serve_ours(int listening) {
    struct stream s = { .fd = accept_one(listening) };
    static char room[1 << 16];
    char byte = 'x';
    const struct iovec piece = { &byte, 1 };
    size_t len;
    if (stream_begin_tls_server(&s, world.server)) exit(1);
    while (stream_is_shaking(&s)) {
        struct pollfd ready = { .fd = s.fd, .events = POLLIN };
        (void)poll(&ready, 1, -1);
        if (stream_read(&s, room, sizeof room, &len) != ERR_AGAIN) exit(1);
    }
    if (stream_write(&s, &piece, 1, &len)) exit(1);
    stream_close(&s);
}

static SSL_CTX *bare_server(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_use_certificate(context, world.leaf.x509) != 1 ||
        SSL_CTX_use_PrivateKey(context, world.leaf.pkey) != 1) {
        exit(1);
    }
    return context;
}

static void serve_bare(int listening, SSL_CTX *context) {
    int fd = accept_one(listening);
    (void)fcntl(fd, F_SETFL, 0);
    SSL *ssl = SSL_new(context);
    (void)SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) != 1 || SSL_write(ssl, "x", 1) != 1) exit(1);
    (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    (void)close(fd);
}

/* CPU a handshake; `bare`: OpenSSL's own. */
static double shake_all(SSL_CTX *bare, bool does_resume) {
    struct caller caller = { .does_resume = does_resume };
    int listening = listen_on(&caller.address);
    pthread_t thread;
    (void)pthread_create(&thread, NULL, call_all, &caller);
    uint64_t begin = cpu_ns();
    for (int i = 0; i < SHAKES; i++) {
        if (bare) {
            serve_bare(listening, bare);
        } else {
            serve_ours(listening);
        }
    }
    double ns = (double)(cpu_ns() - begin) / SHAKES;
    (void)pthread_join(thread, NULL);
    (void)close(listening);
    return ns;
}

static void bench_shake(void) {
    SSL_CTX *bare = bare_server();
    for (int does_resume = 0; does_resume < 2; does_resume++) {
        double ours_ns[REPEATS], bare_ns[REPEATS];
        for (int i = 0; i < REPEATS; i++) {
            ours_ns[i] = shake_all(NULL, does_resume);
            bare_ns[i] = shake_all(bare, does_resume);
        }
        double ours = median(ours_ns, REPEATS), alone = median(bare_ns, REPEATS);
        printf("shake, %-8s         %6.1f us   %.2f times\n", does_resume ? "resumed" : "full",
               ours / 1000, ours / alone);
        printf("  SSL_accept() alone    %6.1f us\n", alone / 1000);
    }
    SSL_CTX_free(bare);
}

/* ---- idle ---- */

/* Before each piece that OpenSSL allocates: its size, and whether it counts. */
struct piece {
    size_t size;
    size_t counts;
};

static bool does_count;
static size_t counted_bytes, counted_pieces;

/* What glibc takes for it. */
static size_t taken(size_t size) {
    return size_max((size + 8 + 15) & ~(size_t)15, 32);
}

static void *count_malloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    struct piece *piece = malloc(sizeof *piece + size);
    if (!piece) return NULL;
    *piece = (struct piece){ size, does_count };
    counted_bytes += does_count ? taken(size) : 0;
    counted_pieces += does_count;
    return piece + 1;
}

static void count_free(void *at, const char *file, int line) {
    (void)file;
    (void)line;
    struct piece *piece = at;
    if (!at) return;
    piece--;
    counted_bytes -= piece->counts ? taken(piece->size) : 0;
    counted_pieces -= piece->counts;
    free(piece);
}

static void *count_realloc(void *at, size_t size, const char *file, int line) {
    void *grown = count_malloc(size, file, line);
    if (!grown || !at) return grown;
    struct piece *piece = at;
    memcpy(grown, at, size_min(size, piece[-1].size));
    count_free(at, file, line);
    return grown;
}

static void bench_idle_ours(void) {
    static struct tls_pair pairs[IDLE];
    counted_bytes = counted_pieces = 0;
    for (int i = 0; i < IDLE; i++) {
        struct tls_pair *p = &pairs[i];
        tls_pair_open(p);
        if (stream_begin_tls_client(&p->client, world.client, "localhost")) exit(1);
        does_count = true;
        if (stream_begin_tls_server(&p->server, world.server)) exit(1);
        does_count = false;
        while (stream_is_shaking(&p->server)) {
            if (tls_turn(&p->client) != ERR_AGAIN) exit(1);
            does_count = true;
            if (tls_turn(&p->server) != ERR_AGAIN) exit(1);
            does_count = false;
        }
    }
    printf("idle                    %6zu bytes in %zu pieces\n",
           counted_bytes / IDLE + taken(sizeof(struct tls)), counted_pieces / IDLE + 1);
    for (int i = 0; i < IDLE; i++)
        tls_pair_close(&pairs[i]);
}

static void bench_idle_bare(void) {
    static struct tls_pair pairs[IDLE];
    static SSL *servers[IDLE];
    SSL_CTX *context = bare_server();
    counted_bytes = counted_pieces = 0;
    for (int i = 0; i < IDLE; i++) {
        struct tls_pair *p = &pairs[i];
        tls_pair_open(p);
        if (stream_begin_tls_client(&p->client, world.client, "localhost")) exit(1);
        does_count = true;
        servers[i] = SSL_new(context);
        (void)SSL_set_fd(servers[i], p->server.fd);
        does_count = false;
        char byte;
        do {
            if (tls_turn(&p->client) != ERR_AGAIN) exit(1);
            does_count = true;
            (void)SSL_accept(servers[i]);
            does_count = false;
        } while (!SSL_is_init_finished(servers[i]));
        does_count = true;
        (void)SSL_read(servers[i], &byte, 1); /* as one that waits for its client's words */
        does_count = false;
    }
    printf("  OpenSSL as it comes   %6zu bytes in %zu pieces\n", counted_bytes / IDLE,
           counted_pieces / IDLE);
    for (int i = 0; i < IDLE; i++) {
        SSL_free(servers[i]);
        tls_pair_close(&pairs[i]);
    }
    SSL_CTX_free(context);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    bool is_idle = strcmp(what, "idle") == 0;
    if (is_idle && CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1) return 1;
    tls_world_make(&world);
    if (is_idle) {
        bench_idle_ours();
        bench_idle_bare();
    } else if (strcmp(what, "write") == 0) {
        bench_write();
    } else if (strcmp(what, "shake") == 0) {
        bench_shake();
    } else {
        (void)fprintf(stderr, "usage: tls write|shake|idle\n");
        return 2;
    }
    tls_world_free(&world);
    return 0;
}
