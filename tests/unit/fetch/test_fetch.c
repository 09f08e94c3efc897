/* SPDX-License-Identifier: MIT */
/*
 * Requests to a little server of the test's own, on a thread: what arrives, and every bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "fetch/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DOCUMENT_MAX = 1000, PATIENCE_MS = 5000, SHORT_MS = 150, ROOM = 4096 };

/* What a path is answered with; %PORT is the server's. `repeat` follows so many times. */
static const struct answer {
    const char *path;
    const char *head;
    const char *repeat;
    int times;
    bool stays; /* the connection is left open, nothing more comes */
} answers[] = {
    { "/good", "HTTP/1.1 200 OK\r\nCache-Control: max-age=77\r\nContent-Length: 5\r\n\r\nhello" },
    { "/plain", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
    { "/chunked",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n" },
    { "/empty", "HTTP/1.1 204 No Content\r\n\r\n" },
    { "/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!" },
    { "/hop", "HTTP/1.1 302 Found\r\nCache-Control: no-store\r\nLocation: /good\r\n"
              "Content-Length: 3\r\n\r\nhop" },
    { "/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n" },
    { "/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n" },
    { "/announced", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "x", 1001, false },
    { "/unannounced", "HTTP/1.1 200 OK\r\n\r\n", "x", 1001, false },
    { "/exact", "HTTP/1.1 200 OK\r\n\r\n", "x", DOCUMENT_MAX, false },
    { "/headers", "HTTP/1.1 200 OK\r\n", "X-Filler: 0123456789\r\n", 4000, false },
    { "/silent", "", NULL, 0, true },
    { "/stuck", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", NULL, 0, true },
    { "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel" },
    { "/garbage", "SSH-2.0-OpenSSH_9.2\r\n" },
};

struct scene {
    struct loop *loop;
    struct fetch *fetch;
    pthread_t thread;
    int listener;
    uint16_t port;
    unsigned calls;
    enum count_fetch end;
    char document[DOCUMENT_MAX + 1];
    int64_t max_age_s;
    char problem[256];
    const char *next; /* to be asked for from within `on_done` */
};

static bool send_all(int fd, const char *text) {
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

static const struct answer *find_answer(const char *request) {
    for (size_t i = 0; i < countof(answers); i++) {
        size_t len = strlen(answers[i].path);
        if (strncmp(request, "GET ", 4) == 0 && strncmp(request + 4, answers[i].path, len) == 0 &&
            request[4 + len] == ' ')
            return &answers[i];
    }
    return NULL;
}

/* False: the test is over. */
static bool serve(int fd) {
    char request[ROOM] = "";
    size_t len = 0;
    ssize_t got = 0;
    while (!strstr(request, "\r\n\r\n") &&
           (got = recv(fd, request + len, sizeof request - 1 - len, 0)) > 0) {
        len += (size_t)got;
        request[len] = '\0';
    }
    const struct answer *answer = find_answer(request);
    if (!answer) return false;
    bool goes_on = send_all(fd, answer->head);
    for (int i = 0; goes_on && i < answer->times; i++)
        goes_on = send_all(fd, answer->repeat);
    /* Until the other side has had enough. */
    while (answer->stays && recv(fd, request, sizeof request, 0) > 0) {
    }
    return true;
}

static void *run_server(void *arg) {
    struct scene *s = arg;
    for (bool goes_on = true; goes_on;) {
        int fd = accept(s->listener, NULL, NULL);
        goes_on = serve(fd);
        (void)close(fd);
    }
    return NULL;
}

static int dial(uint16_t port) {
    const struct sockaddr_in at = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void ask(struct scene *s, const char *path, uint32_t timeout_ms) {
    char url[128];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)s->port, path);
    const struct fetch_options options = { .url = url,
                                           .max_bytes = DOCUMENT_MAX,
                                           .timeout_ms = timeout_ms };
    fetch_begin(s->fetch, &options);
    assert_true(fetch_is_busy(s->fetch));
}

static void on_done(void *owner, const struct fetch_result *result) {
    struct scene *s = owner;
    s->calls++;
    s->end = result->end;
    s->max_age_s = result->max_age_s;
    memcpy(s->document, result->document.at ? result->document.at : "", result->document.len);
    s->document[result->document.len] = '\0';
    (void)snprintf(s->problem, sizeof s->problem, "%s", result->problem);
    assert_false(fetch_is_busy(s->fetch));
    if (s->next) {
        const char *next = s->next;
        s->next = NULL;
        ask(s, next, PATIENCE_MS);
    } else {
        loop_stop(s->loop);
    }
}

static int begin(void **state) {
    struct scene *s = test_calloc(1, sizeof *s);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
    s->loop = loop_new(NULL);
    s->fetch = fetch_new(s->loop, on_done, s);
    *state = s;
    return 0;
}

static int end(void **state) {
    struct scene *s = *state;
    fetch_free(s->fetch);
    loop_free(s->loop);
    int fd = dial(s->port); /* says nothing, which ends the server */
    (void)close(fd);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    test_free(s);
    return 0;
}

static enum count_fetch fetch(struct scene *s, const char *path, uint32_t timeout_ms) {
    unsigned before = s->calls;
    ask(s, path, timeout_ms);
    loop_run(s->loop);
    assert_int_equal(s->calls, before + 1);
    return s->end;
}

static void documents(void **state) {
    struct scene *s = *state;
    assert_int_equal(fetch(s, "/good", PATIENCE_MS), COUNT_FETCH_OK);
    assert_string_equal(s->document, "hello");
    assert_int_equal(s->max_age_s, 77);
    assert_int_equal(fetch(s, "/plain", PATIENCE_MS), COUNT_FETCH_OK);
    assert_string_equal(s->document, "ok");
    assert_int_equal(s->max_age_s, FETCH_NO_AGE);
    assert_int_equal(fetch(s, "/chunked", PATIENCE_MS), COUNT_FETCH_OK);
    assert_string_equal(s->document, "abc");
    assert_int_equal(fetch(s, "/exact", PATIENCE_MS), COUNT_FETCH_OK);
    assert_int_equal(strlen(s->document), DOCUMENT_MAX);
}

static void other_statuses(void **state) {
    struct scene *s = *state;
    assert_int_equal(fetch(s, "/missing", PATIENCE_MS), COUNT_FETCH_STATUS);
    assert_string_equal(s->problem, "status 404");
    assert_int_equal(fetch(s, "/empty", PATIENCE_MS), COUNT_FETCH_STATUS);
}

static void redirects(void **state) {
    struct scene *s = *state;
    assert_int_equal(fetch(s, "/hop", PATIENCE_MS), COUNT_FETCH_OK);
    assert_string_equal(s->document, "hello");
    assert_int_equal(s->max_age_s, 77);
    assert_int_equal(fetch(s, "/loop", PATIENCE_MS), COUNT_FETCH_REDIRECT);
    assert_int_equal(fetch(s, "/file", PATIENCE_MS), COUNT_FETCH_REDIRECT);
}

static void sizes(void **state) {
    static const char *const paths[] = { "/announced", "/unannounced" };
    struct scene *s = *state;
    for (size_t i = 0; i < countof(paths); i++) {
        assert_int_equal(fetch(s, paths[i], PATIENCE_MS), COUNT_FETCH_TOO_BIG);
        assert_string_equal(s->problem, "the answer is larger than 1000 bytes");
    }
    assert_int_equal(fetch(s, "/headers", PATIENCE_MS), COUNT_FETCH_TOO_BIG);
    assert_string_equal(s->problem, "the headers are larger than 65536 bytes");
    assert_int_equal(fetch(s, "/good", PATIENCE_MS), COUNT_FETCH_OK);
}

static void times(void **state) {
    static const char *const paths[] = { "/silent", "/stuck" };
    struct scene *s = *state;
    for (size_t i = 0; i < countof(paths); i++) {
        uint64_t before_ns = clock_now_ns();
        assert_int_equal(fetch(s, paths[i], SHORT_MS), COUNT_FETCH_TIMEOUT);
        uint64_t took_ms = (clock_now_ns() - before_ns) / NS_PER_MS;
        assert_in_range(took_ms, SHORT_MS - 10, PATIENCE_MS);
    }
}

static void broken(void **state) {
    struct scene *s = *state;
    assert_int_equal(fetch(s, "/cut", PATIENCE_MS), COUNT_FETCH_UNREACHABLE);
    assert_int_equal(fetch(s, "/garbage", PATIENCE_MS), COUNT_FETCH_UNREACHABLE);
    assert_true(*s->problem);
}

static void nobody_there(void **state) {
    struct scene *s = *state;
    const struct fetch_options refused = { .url = "http://127.0.0.1:1/",
                                           .max_bytes = DOCUMENT_MAX,
                                           .timeout_ms = PATIENCE_MS };
    fetch_begin(s->fetch, &refused);
    loop_run(s->loop);
    assert_int_equal(s->end, COUNT_FETCH_UNREACHABLE);
    /* A name that can never be resolved (RFC 6761 §6.4), asked for on the resolver's thread. */
    const struct fetch_options unknown = { .url = "http://issuer.invalid/",
                                           .max_bytes = DOCUMENT_MAX,
                                           .timeout_ms = SHORT_MS };
    fetch_begin(s->fetch, &unknown);
    loop_run(s->loop);
    assert_true(s->end == COUNT_FETCH_UNREACHABLE || s->end == COUNT_FETCH_TIMEOUT);
}

static void one_after_the_other(void **state) {
    struct scene *s = *state;
    s->next = "/plain";
    ask(s, "/good", PATIENCE_MS);
    loop_run(s->loop);
    assert_int_equal(s->calls, 2);
    assert_string_equal(s->document, "ok");
}

static void broken_off(void **state) {
    struct scene *s = *state;
    ask(s, "/stuck", PATIENCE_MS);
    (void)uv_run(loop_uv(s->loop), UV_RUN_NOWAIT);
    assert_int_equal(fetch(s, "/good", PATIENCE_MS), COUNT_FETCH_OK);
    ask(s, "/stuck", PATIENCE_MS); /* the end breaks it off */
    (void)uv_run(loop_uv(s->loop), UV_RUN_NOWAIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(documents, begin, end),
        cmocka_unit_test_setup_teardown(other_statuses, begin, end),
        cmocka_unit_test_setup_teardown(redirects, begin, end),
        cmocka_unit_test_setup_teardown(sizes, begin, end),
        cmocka_unit_test_setup_teardown(times, begin, end),
        cmocka_unit_test_setup_teardown(broken, begin, end),
        cmocka_unit_test_setup_teardown(nobody_there, begin, end),
        cmocka_unit_test_setup_teardown(one_after_the_other, begin, end),
        cmocka_unit_test_setup_teardown(broken_off, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
