/* SPDX-License-Identifier: MIT */
/*
 * TLS with a peer that shares no line with ours: `openssl s_client` and `openssl s_server`, in both
 * versions; the server wants to see a certificate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/listener.h"
#include "tls_scene.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static char folder[] = "/tmp/tidings-tls-XXXXXX";

static void put(const char *name, const struct maker_text *text) {
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text->text, 1, text->len, file), text->len);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state) {
    (void)make_world(state);
    assert_non_null(mkdtemp(folder));
    put("ca", &world.authority.certificate);
    put("cert", &world.leaf.certificate);
    put("key", &world.leaf.key);
    return 0;
}

static int free_folder(void **state) {
    static const char *const names[] = { "ca", "cert", "key" };
    for (size_t i = 0; i < countof(names); i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return free_world(state);
}

struct child {
    pid_t pid;
    int in, out; /* our ends of its standard input and output */
};

/* Runs `command` in the folder, with a shell. */
static void run(struct child *child, const char *command) {
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)dup2(out[1], 2);
        if (chdir(folder) == 0) (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    child->in = in[1];
    child->out = out[0];
}

static void end(struct child *child) {
    (void)kill(child->pid, SIGTERM);
    (void)waitpid(child->pid, NULL, 0);
    (void)close(child->in);
    (void)close(child->out);
}

static void wait_for(int fd, short events) {
    struct pollfd ready = { .fd = fd, .events = events };
    assert_int_equal(poll(&ready, 1, 10000), 1);
}

/* Reads until `words` have come; what came is in `got`. */
static void await(int fd, const char *words, char got[static 4096]) {
    size_t len = 0;
    got[0] = '\0';
    while (!strstr(got, words)) {
        assert_true(len < 4095);
        wait_for(fd, POLLIN);
        ssize_t part = read(fd, got + len, 4095 - len);
        assert_true(part > 0);
        len += (size_t)part;
        got[len] = '\0';
    }
}

/* Reads from a stream until something has come; its length. */
static size_t hear(struct stream *s, char got[static STREAM_READ_MIN]) {
    for (;;) {
        size_t len;
        assert_int_equal(stream_flush(s), ERR_OK);
        wait_for(s->fd, POLLIN);
        enum err e = stream_read(s, got, STREAM_READ_MIN, &len);
        if (e == ERR_OK) return len;
        assert_int_equal(e, ERR_AGAIN);
    }
}

static void s_client_talks_to_us(void **state) {
    (void)state;
    static const char *const versions[] = { "tls1_2", "tls1_3" };
    for (size_t i = 0; i < countof(versions); i++) {
        struct address address;
        assert_true(address_parse(SPAN("127.0.0.1:0"), &address));
        int listening;
        assert_int_equal(listener_bind(&address, 1, 30, &listening, NULL), ERR_OK);
        char command[256], got[STREAM_READ_MIN];
        (void)snprintf(command, sizeof command,
                       "exec openssl s_client -connect 127.0.0.1:%u -%s -quiet -CAfile ca "
                       "-servername localhost -verify_hostname localhost -verify_return_error "
                       "-alpn http/1.1",
                       address.port, versions[i]);
        struct child child;
        run(&child, command);
        wait_for(listening, POLLIN);
        struct stream s = { .fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) };
        assert_int_equal(stream_begin_tls_server(&s, world.server), ERR_OK);
        assert_int_equal(write(child.in, "ask\n", 4), 4);
        assert_int_equal(hear(&s, got), 4);
        assert_memory_equal(got, "ask\n", 4);
        say(&s, "the answer\n");
        await(child.out, "the answer", got);
        /* It leaves when we do. */
        stream_finish_writing(&s);
        int status;
        assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
        wait_for(s.fd, POLLIN);
        size_t len;
        assert_int_equal(stream_read(&s, got, sizeof got, &len), ERR_CLOSED);
        stream_close(&s);
        (void)close(child.in);
        (void)close(child.out);
        (void)close(listening);
    }
}

static void we_talk_to_s_server(void **state) {
    (void)state;
    static const char *const versions[] = { "tls1_2", "tls1_3" };
    struct tls_identity identity = made_identity(&world.leaf);
    struct tls_context *client = NULL;
    assert_int_equal(tls_client_new(&(struct tls_client_options){ .trusted = maker_span(
                                                                      &world.authority.certificate),
                                                                  .identity = &identity },
                                    &client, NULL),
                     ERR_OK);
    for (size_t i = 0; i < countof(versions); i++) {
        char command[256], got[STREAM_READ_MIN];
        (void)snprintf(
            command, sizeof command,
            "exec openssl s_server -accept 127.0.0.1:0 -%s -cert cert -key key -Verify 1 "
            "-CAfile ca -verify_return_error -rev",
            versions[i]);
        struct child child;
        run(&child, command);
        await(child.out, "ACCEPT 127.0.0.1:", got);
        char at[4096];
        const char *port = strstr(got, "ACCEPT 127.0.0.1:") + strlen("ACCEPT ");
        (void)snprintf(at, sizeof at, "%s", port);
        if (!strchr(at, '\n')) await(child.out, "\n", at + strlen(at));
        struct address address;
        assert_true(address_parse(span_of(at, strcspn(at, "\n")), &address));
        struct stream s;
        assert_int_equal(stream_connect(&address, &s, NULL), ERR_OK);
        assert_int_equal(stream_begin_tls_client(&s, client, "localhost"), ERR_OK);
        wait_for(s.fd, POLLOUT);
        size_t len;
        for (int turn = 0; stream_is_shaking(&s) && turn < 50; turn++) {
            assert_int_equal(stream_flush(&s), ERR_OK);
            wait_for(s.fd, POLLIN);
            assert_int_equal(stream_read(&s, got, sizeof got, &len), ERR_AGAIN);
        }
        char word[] = "stressed\n";
        say(&s, word);
        assert_int_equal(hear(&s, got), 9);
        assert_memory_equal(got, "desserts\n", 9);
        stream_close(&s);
        end(&child);
    }
    tls_context_unref(client);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s_client_talks_to_us),
        cmocka_unit_test(we_talk_to_s_server),
    };
    return cmocka_run_group_tests(tests, make_folder, free_folder);
}
