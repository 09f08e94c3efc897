/* SPDX-License-Identifier: MIT */
/*
 * Listening: who may bind, what is accepted, and what happens when descriptors run out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/listener.h"
#include "net/stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACCEPTED_MAX = 300 };

struct scene {
    struct loop *loop;
    struct listener *listener;
    struct counter failed;
    struct address peers[ACCEPTED_MAX];
    int fds[ACCEPTED_MAX];
    unsigned count, goal;
    uint64_t give_up_ns;
};

static struct address loopback(void) {
    struct address address;
    assert_true(address_parse(SPAN("127.0.0.1:0"), &address));
    return address;
}

static bool on_accepted(void *owner, int fd, const struct address *peer) {
    struct scene *s = owner;
    s->peers[s->count] = *peer;
    s->fds[s->count++] = fd;
    if (s->count == s->goal) loop_stop(s->loop);
    return true;
}

static void on_tick(void *owner) {
    struct scene *s = owner;
    if (clock_now_ns() > s->give_up_ns) loop_stop(s->loop);
}

static void begin(struct scene *s, struct address *address) {
    *s = (struct scene){ .loop = loop_new(NULL), .give_up_ns = clock_now_ns() + 5 * NS_PER_S };
    struct err_note problem = { "" };
    int fd;
    enum err e = listener_bind(address, 1, 30, &fd, &problem);
    if (e) fail_msg("%s", problem.text);
    s->listener = listener_new(s->loop, fd, &s->failed, on_accepted, s);
    loop_add_tick(s->loop, 20, on_tick, s);
}

static void end(struct scene *s) {
    listener_close(s->listener);
    loop_free(s->loop);
    for (unsigned i = 0; i < s->count; i++)
        (void)close(s->fds[i]);
}

static int option_of(int fd, int level, int name) {
    int value = -1;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void connections_are_accepted_with_their_options(void **state) {
    (void)state;
    enum { MANY = 200 }; /* more than a turn accepts */
    struct address address = loopback();
    struct scene s;
    begin(&s, &address);
    assert_int_not_equal(address.port, 0);
    struct stream clients[MANY];
    for (int i = 0; i < MANY; i++)
        assert_int_equal(stream_connect(&address, &clients[i], NULL), ERR_OK);
    s.goal = MANY;
    loop_run(s.loop);
    assert_int_equal(s.count, MANY);
    assert_int_equal(counter_read(&s.failed), 0);
    assert_true(address_is_loopback(&s.peers[0]));
    assert_int_not_equal(s.peers[0].port, 0);
    assert_true(fcntl(s.fds[0], F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(s.fds[0], F_GETFD) & FD_CLOEXEC);
    assert_int_not_equal(option_of(s.fds[0], IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_not_equal(option_of(s.fds[0], SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_int_equal(option_of(s.fds[0], IPPROTO_TCP, TCP_KEEPIDLE), 30);
    assert_int_equal(option_of(s.fds[0], IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
    for (int i = 0; i < MANY; i++)
        stream_close(&clients[i]);
    end(&s);
}

static void a_second_process_is_refused(void **state) {
    (void)state;
    struct address address = loopback();
    int fds[3];
    assert_int_equal(listener_bind(&address, 3, 30, fds, NULL), ERR_OK);
    struct address again = address;
    struct err_note problem = { "" };
    int other[2];
    assert_int_equal(listener_bind(&again, 2, 30, other, &problem), ERR_EXISTS);
    char text[ADDRESS_TEXT_MAX];
    (void)address_format_port(&address, text);
    assert_non_null(strstr(problem.text, text));
    assert_non_null(strstr(problem.text, "in use"));
    for (int i = 0; i < 3; i++)
        (void)close(fds[i]);
    /* And free again at once. */
    assert_int_equal(listener_bind(&again, 2, 30, other, &problem), ERR_OK);
    assert_int_equal(again.port, address.port);
    (void)close(other[0]);
    (void)close(other[1]);
}

static void an_address_of_another_machine_is_refused(void **state) {
    (void)state;
    struct address address;
    assert_true(address_parse(SPAN("192.0.2.1:0"), &address));
    struct err_note problem = { "" };
    int fd;
    assert_int_equal(listener_bind(&address, 1, 30, &fd, &problem), ERR_IO);
    assert_non_null(strstr(problem.text, "192.0.2.1"));
}

static void a_binding_that_fails_midway_leaves_nothing(void **state) {
    (void)state;
    int before = open("/dev/null", O_RDONLY);
    (void)close(before);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit low = { (rlim_t)before + 3, limit.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct address address = loopback();
    int fds[5];
    struct err_note problem = { "" };
    enum err e = listener_bind(&address, 5, 30, fds, &problem);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(e, ERR_IO);
    assert_non_null(strstr(problem.text, "Too many open files"));
    int after = open("/dev/null", O_RDONLY);
    (void)close(after);
    assert_int_equal(after, before);
}

static bool close_at_once(void *owner, int fd, const struct address *peer) {
    (void)peer;
    struct scene *s = owner;
    s->fds[s->count++] = fd;
    listener_close(s->listener);
    s->listener = NULL;
    s->give_up_ns = clock_now_ns() + 50 * NS_PER_MS;
    return true;
}

static void closing_while_accepting_stops(void **state) {
    (void)state;
    struct address address = loopback();
    struct scene s = { .loop = loop_new(NULL), .give_up_ns = clock_now_ns() + 5 * NS_PER_S };
    int fd;
    assert_int_equal(listener_bind(&address, 1, 30, &fd, NULL), ERR_OK);
    s.listener = listener_new(s.loop, fd, &s.failed, close_at_once, &s);
    loop_add_tick(s.loop, 20, on_tick, &s);
    struct stream clients[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(stream_connect(&address, &clients[i], NULL), ERR_OK);
    loop_run(s.loop);
    assert_int_equal(s.count, 1);
    for (int i = 0; i < 3; i++)
        stream_close(&clients[i]);
    end(&s);
}

/* In a child, so that the limit is only its own. Returns its exit status: 0, or where it failed. */
static int run_short_of_descriptors(struct scene *s, struct rlimit *limit, unsigned room) {
    s->goal = 6;
    s->give_up_ns = clock_now_ns() + 250 * NS_PER_MS;
    loop_run(s->loop);
    if (s->count != room) return 2;
    uint64_t failed = counter_read(&s->failed);
    if (failed < 1 || failed > 4) return 3; /* every tenth of a second, not every turn */
    if (setrlimit(RLIMIT_NOFILE, limit) != 0) return 4;
    s->give_up_ns = clock_now_ns() + 5 * NS_PER_S;
    loop_run(s->loop);
    return s->count == 6 ? 0 : 5;
}

static void it_backs_off_when_descriptors_run_out(void **state) {
    (void)state;
    struct address address = loopback();
    struct scene s;
    begin(&s, &address);
    struct stream clients[6];
    for (int i = 0; i < 6; i++)
        assert_int_equal(stream_connect(&address, &clients[i], NULL), ERR_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit limit;
        (void)getrlimit(RLIMIT_NOFILE, &limit);
        int next = dup(0);
        (void)close(next);
        const struct rlimit low = { (rlim_t)next + 2, limit.rlim_max };
        if (setrlimit(RLIMIT_NOFILE, &low) != 0) _exit(1);
        _exit(run_short_of_descriptors(&s, &limit, 2));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 6; i++)
        stream_close(&clients[i]);
    end(&s);
}

static void sockets_of_others_are_adopted_if_they_listen_for_tcp(void **state) {
    (void)state;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    struct address address;
    assert_int_equal(listener_adopt(fd, &address), ERR_INVALID); /* it does not listen yet */
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(listener_adopt(fd, &address), ERR_OK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    assert_true(address_is_loopback(&address));
    assert_int_equal(address.port, ntohs(at.sin_port));
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    listener_tune(fd, 30);
    int is_on = 0;
    len = sizeof is_on;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &is_on, &len), 0);
    assert_true(is_on);
    (void)close(fd);
    assert_int_equal(listener_adopt(fd, &address), ERR_INVALID); /* it is closed */
    const int kinds[][2] = { { AF_INET, SOCK_DGRAM }, { AF_UNIX, SOCK_STREAM } };
    for (size_t i = 0; i < countof(kinds); i++) {
        fd = socket(kinds[i][0], kinds[i][1], 0);
        (void)listen(fd, 1);
        assert_int_equal(listener_adopt(fd, &address), ERR_INVALID);
        (void)close(fd);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_are_accepted_with_their_options),
        cmocka_unit_test(a_second_process_is_refused),
        cmocka_unit_test(an_address_of_another_machine_is_refused),
        cmocka_unit_test(a_binding_that_fails_midway_leaves_nothing),
        cmocka_unit_test(sockets_of_others_are_adopted_if_they_listen_for_tcp),
        cmocka_unit_test(closing_while_accepting_stops),
        cmocka_unit_test(it_backs_off_when_descriptors_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
