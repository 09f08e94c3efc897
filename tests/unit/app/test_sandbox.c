/* SPDX-License-Identifier: MIT */
/*
 * What is left to a process in the sandbox: each case in a child of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/sandbox.h"
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLED = -1 };

/* What `act` returns in the sandbox; KILLED when the kernel ended it. */
static int in_sandbox(int (*act)(void)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sandbox_enter();
        _exit(act());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    assert_int_equal(WTERMSIG(status), SIGSYS);
    return KILLED;
}

/* The errno of a call that fails, 0 of one that does not. */
static int reason(long result) {
    return result < 0 ? errno : 0;
}

static int execute(void) {
    return reason(execl("/bin/true", "true", NULL));
}
static int execute_a_descriptor(void) {
    char *const none[] = { NULL };
    return reason(fexecve(open("/bin/true", O_RDONLY | O_CLOEXEC), none, none));
}
static int make_a_process(void) {
    return reason(fork());
}
static int make_a_process_by_hand(void) {
    return reason(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}
static int trace(void) {
    return reason(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
static int leave_a_namespace(void) {
    return reason(unshare(CLONE_NEWUSER));
}

static void what_only_an_intruder_does_ends_it(void **state) {
    (void)state;
    int (*const acts[])(void) = { execute,        execute_a_descriptor,
                                  make_a_process, make_a_process_by_hand,
                                  trace,          leave_a_namespace };
    for (size_t i = 0; i < countof(acts); i++)
        assert_int_equal(in_sandbox(acts[i]), KILLED);
}

static int set_up_io_uring(void) {
    return reason(syscall(SYS_io_uring_setup, 1, NULL));
}
static int open_a_raw_socket(void) {
    return reason(socket(AF_PACKET, SOCK_RAW, 0));
}
static int listen_again(void) {
    return reason(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}
static int become_another(void) {
    return reason(syscall(SYS_setresuid, 65534, 65534, 65534));
}
static int kill_its_parent(void) {
    return reason(kill(getppid(), SIGTERM));
}
static int kill_a_thread_of_its_parent(void) {
    return reason(syscall(SYS_tgkill, getppid(), getppid(), SIGTERM));
}
static int write_code(void) {
    return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED
               ? errno
               : 0;
}
static int make_code_of_data(void) {
    void *page = mmap(NULL, 4096, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return reason(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}
static int limit_another(void) {
    const struct rlimit none = { 0 };
    return reason(prlimit(getppid(), RLIMIT_NOFILE, &none, NULL));
}

static void what_a_server_does_not_need_is_not_there(void **state) {
    (void)state;
    int (*const acts[])(void) = { set_up_io_uring, open_a_raw_socket, listen_again,
                                  become_another,  kill_its_parent,   kill_a_thread_of_its_parent,
                                  write_code,      make_code_of_data, limit_another };
    for (size_t i = 0; i < countof(acts); i++)
        assert_int_equal(in_sandbox(acts[i]), ENOSYS);
}

static void *return_it(void *arg) {
    return arg;
}
static int run_a_thread(void) {
    pthread_t thread;
    void *got = NULL;
    int e = pthread_create(&thread, NULL, return_it, &got);
    if (!e) e = pthread_join(thread, &got);
    return e ? e : got != &got;
}
static int resolve_a_name(void) {
    struct addrinfo *list = NULL;
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    int e = getaddrinfo("localhost", "80", &wanted, &list);
    if (!e) freeaddrinfo(list);
    return e != 0;
}
static int write_a_file(void) {
    FILE *file = tmpfile();
    return file && fputs("text", file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0 &&
                   ftruncate(fileno(file), 1) == 0
               ? 0
               : 1;
}
static int ask_for_memory(void) {
    void *large = malloc(1 << 24);
    void *larger = realloc(large, 1 << 25);
    free(larger);
    return larger ? 0 : 1;
}
static int signal_itself(void) {
    (void)signal(SIGTERM, SIG_IGN);
    return raise(SIGTERM);
}
static int raise_the_descriptor_limit(void) {
    struct rlimit limit;
    return reason(getrlimit(RLIMIT_NOFILE, &limit)) || reason(setrlimit(RLIMIT_NOFILE, &limit));
}

static void what_it_needs_works(void **state) {
    (void)state;
    int (*const acts[])(void) = {
        run_a_thread, resolve_a_name, write_a_file, ask_for_memory, raise_the_descriptor_limit,
        signal_itself
    };
    for (size_t i = 0; i < countof(acts); i++)
        assert_int_equal(in_sandbox(acts[i]), 0);
}

static int tell_its_status(void) {
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    int good = 0;
    while (file && fgets(line, sizeof line, file))
        good += strcmp(line, "NoNewPrivs:\t1\n") == 0 || strcmp(line, "Seccomp:\t2\n") == 0;
    return good;
}

static void the_kernel_says_so_too(void **state) {
    (void)state;
    assert_int_equal(in_sandbox(tell_its_status), 2);
}

static int go[2];

static void *execute_when_told(void *arg) {
    char byte;
    (void)!read(go[0], &byte, 1);
    execl("/bin/true", "true", NULL);
    return arg;
}

static void it_holds_for_threads_that_there_were(void **state) {
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_t thread;
        if (pipe(go) || pthread_create(&thread, NULL, execute_when_told, NULL)) _exit(1);
        sandbox_enter();
        (void)!write(go[1], "x", 1);
        (void)pthread_join(thread, NULL);
        _exit(2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

/* The kernel gives what is in /proc of a process that others may not read to root. */
static void its_memory_is_its_own(void **state) {
    (void)state;
    if (geteuid() != 0) skip();
    int said[2];
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char byte;
        if (setresuid(65534, 65534, 65534)) _exit(1);
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* as one that began as that user */
        sandbox_enter();
        (void)!write(said[1], "x", 1);
        (void)!read(go[0], &byte, 1);
        _exit(0);
    }
    char byte, path[64];
    struct stat about;
    int status;
    assert_int_equal(read(said[0], &byte, 1), 1);
    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)child);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_uid, 0);
    assert_int_equal(write(go[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_an_intruder_does_ends_it),
        cmocka_unit_test(what_a_server_does_not_need_is_not_there),
        cmocka_unit_test(what_it_needs_works),
        cmocka_unit_test(the_kernel_says_so_too),
        cmocka_unit_test(it_holds_for_threads_that_there_were),
        cmocka_unit_test(its_memory_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
