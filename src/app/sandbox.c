/* SPDX-License-Identifier: MIT */
/*
 * app/sandbox.c: the two flags of the process, and the filter of system calls (seccomp).
 *
 * A call is one of three kinds. What the server and its libraries need passes. What only somebody
 * would want who has broken in (other programs, other processes, the system itself) ends the
 * process. Anything else is answered as by a kernel that does not know it, because libraries try
 * newer calls and have another way where there are none: a filter that fails on the C library of
 * next year would soon be turned off. The kernel's log tells what ended a process.
 */
#include "app/sandbox.h"

#include "base/err.h"
#include "base/log.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL(name) SCMP_SYS(name)

/* In the order of who needs them most; those that only some processors have are skipped on others.
 */
static const int allowed[] = {
    /* Bytes in and out. */
    CALL(read),
    CALL(write),
    CALL(readv),
    CALL(writev),
    CALL(pread64),
    CALL(pwrite64),
    CALL(preadv),
    CALL(pwritev),
    CALL(preadv2),
    CALL(pwritev2),
    CALL(lseek),
    CALL(close),
    CALL(close_range),
    CALL(dup),
    CALL(dup2),
    CALL(dup3),
    CALL(fcntl),
    CALL(pipe2),
    CALL(eventfd2),
    CALL(sendfile),
    /* Waiting. */
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(epoll_pwait2),
    CALL(poll),
    CALL(ppoll),
    CALL(select),
    CALL(pselect6),
    CALL(futex),
    CALL(futex_waitv),
    CALL(nanosleep),
    CALL(clock_nanosleep),
    CALL(pause),
    CALL(restart_syscall),
    /* The network; `socket` itself is looked at below. No `listen`: that is done. */
    CALL(accept),
    CALL(accept4),
    CALL(connect),
    CALL(bind),
    CALL(shutdown),
    CALL(sendto),
    CALL(sendmsg),
    CALL(sendmmsg),
    CALL(recvfrom),
    CALL(recvmsg),
    CALL(recvmmsg),
    CALL(getsockname),
    CALL(getpeername),
    CALL(getsockopt),
    CALL(setsockopt),
    /* Files: what reloads read, and the store. */
    CALL(open),
    CALL(openat),
    CALL(stat),
    CALL(lstat),
    CALL(fstat),
    CALL(newfstatat),
    CALL(statx),
    CALL(statfs),
    CALL(fstatfs),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(readlink),
    CALL(readlinkat),
    CALL(getcwd),
    CALL(getdents64),
    CALL(unlink),
    CALL(unlinkat),
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(ftruncate),
    CALL(fallocate),
    CALL(fadvise64),
    CALL(fsync),
    CALL(fdatasync),
    CALL(sync_file_range),
    CALL(flock),
    CALL(fchmod),
    CALL(fchown),
    CALL(utimensat),
    CALL(umask),
    CALL(inotify_init1),
    CALL(inotify_add_watch),
    CALL(inotify_rm_watch),
    /* Memory; what could be executed is looked at below. */
    CALL(brk),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(mincore),
    CALL(mlock),
    CALL(munlock),
    CALL(membarrier),
    /* Threads and signals of its own. */
    CALL(set_robust_list),
    CALL(set_tid_address),
    CALL(rseq),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    CALL(sched_setaffinity),
    CALL(getcpu),
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigpending),
    CALL(rt_sigtimedwait),
    CALL(rt_sigreturn),
    CALL(sigaltstack),
    CALL(exit),
    CALL(exit_group),
    /* Questions. */
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(gettimeofday),
    CALL(time),
    CALL(getrandom),
    CALL(getpid),
    CALL(getppid),
    CALL(gettid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(getresuid),
    CALL(getresgid),
    CALL(getgroups),
    CALL(getrusage),
    CALL(getrlimit),
    CALL(setrlimit),
    CALL(times),
    CALL(uname),
    CALL(sysinfo),
};

static const int deadly[] = {
    CALL(execve),
    CALL(execveat),
    CALL(fork),
    CALL(vfork),
    CALL(ptrace),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(bpf),
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(kexec_load),
    CALL(kexec_file_load),
    CALL(mount),
    CALL(umount2),
    CALL(move_mount),
    CALL(pivot_root),
    CALL(chroot),
    CALL(setns),
    CALL(unshare),
    CALL(open_by_handle_at),
};

/* Those of which some pass: when `bits` of the argument `arg` are `value`. */
static const struct {
    int call;
    unsigned arg;
    scmp_datum_t bits, value;
} sometimes[] = {
    { CALL(socket), 0, UINT32_MAX, AF_INET },
    { CALL(socket), 0, UINT32_MAX, AF_INET6 },
    { CALL(socket), 0, UINT32_MAX, AF_UNIX },    /* to name services */
    { CALL(socket), 0, UINT32_MAX, AF_NETLINK }, /* getaddrinfo asks which addresses there are */
    { CALL(socketpair), 0, UINT32_MAX, AF_UNIX },
    { CALL(clone), 0, CLONE_THREAD, CLONE_THREAD }, /* clone3, which cannot be looked into, does
                                                       not pass: glibc takes this one then */
    { CALL(mmap), 2, PROT_WRITE | PROT_EXEC, 0 },
    { CALL(mmap), 2, PROT_WRITE | PROT_EXEC, PROT_WRITE },
    { CALL(mmap), 2, PROT_WRITE | PROT_EXEC, PROT_EXEC }, /* a library that is loaded late */
    { CALL(mprotect), 2, PROT_EXEC, 0 },
    { CALL(prlimit64), 0, UINT32_MAX, 0 }, /* of no other process */
    { CALL(prctl), 0, UINT32_MAX, PR_SET_NAME },
    { CALL(prctl), 0, UINT32_MAX, PR_GET_NAME },
    { CALL(ioctl), 1, UINT32_MAX, FIONBIO },
    { CALL(ioctl), 1, UINT32_MAX, FIONREAD },
    { CALL(ioctl), 1, UINT32_MAX, FIOCLEX },
    { CALL(ioctl), 1, UINT32_MAX, SIOCOUTQ },
    { CALL(ioctl), 1, UINT32_MAX, TCGETS }, /* is it a terminal? Not TIOCSTI, which types on it */
};

/* The most that a rule can go wrong by is memory. */
static int fill(scmp_filter_ctx filter) {
    int failed = 0;
    for (size_t i = 0; i < countof(allowed); i++)
        if (allowed[i] >= 0) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < countof(deadly); i++)
        if (deadly[i] >= 0) failed |= seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
    for (size_t i = 0; i < countof(sometimes); i++) {
        const struct scmp_arg_cmp is_value =
            SCMP_CMP(sometimes[i].arg, SCMP_CMP_MASKED_EQ, sometimes[i].bits, sometimes[i].value);
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, sometimes[i].call, 1, is_value);
    }
    /* Signals for itself: how it aborts. */
    const struct scmp_arg_cmp is_own = SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)getpid());
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(tgkill), 1, is_own);
    const struct scmp_arg_cmp is_process = SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
    return failed | seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, CALL(clone), 1, is_process);
}

/* 0 or a negative errno. */
static int load(scmp_filter_ctx filter) {
    /* All threads, the log's too. */
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    failed |= seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    failed |= fill(filter);
    if (failed) return -ENOMEM;
    /* What older kernels and libraries go without: no slower memory (nothing here runs code of
     * others), and a search in place of a list. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return seccomp_load(filter);
}

static void say_missing(const char *what, int reason) {
    log_line(LOG_WARNING, "the sandbox is not complete", log_text("missing", what),
             log_text("problem", strerror(reason)));
}

void sandbox_enter(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) say_missing("no_new_privs", errno);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) say_missing("memory not to be read", errno);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int failed = filter ? load(filter) : -ENOMEM;
    if (filter) seccomp_release(filter);
    if (failed) say_missing("filter of system calls", -failed);
}
