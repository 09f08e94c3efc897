#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What systemd is to a server: holds its listening sockets, hears what it tells, starts it anew.

usage: supervisor.py SOCKETS COMMAND...

COMMAND is run with `--listen` and the address of the first of so many sockets, and has them all. What it tells comes on
standard output, one line each. SIGUSR1: it is ended and started again. SIGTERM: it is ended, for good. SIGHUP is passed on.
"""
import os
import signal
import socket
import sys
import tempfile
import threading

FIRST_FD = 3
sockets = []
for _ in range(int(sys.argv[1])):
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    one.listen(512)
    sockets.append(one)
host, port = sockets[0].getsockname()
# Out of the way of the numbers that they get in the server.
fds = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(sockets)]
command = sys.argv[2:] + ["--listen", f"{host}:{port}"]

folder = tempfile.TemporaryDirectory()
ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ears.bind(os.path.join(folder.name, "notify"))


def hear():
    while True:
        for line in ears.recv(4096).decode().splitlines():
            print(line, flush=True)


threading.Thread(target=hear, daemon=True).start()


def become_server():
    for i, fd in enumerate(fds):
        os.dup2(fd, FIRST_FD + i)
        os.set_inheritable(FIRST_FD + i, True)
    os.environ["LISTEN_PID"] = str(os.getpid())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)


def start():
    os.environ["LISTEN_FDS"] = str(len(fds))
    os.environ["NOTIFY_SOCKET"] = os.path.join(folder.name, "notify")
    pid = os.fork()
    if pid == 0:
        try:
            become_server()
            os.execvp("setpriv", ["setpriv", "--pdeathsig", "KILL", *command])
        finally:
            os._exit(127)
    return pid


wanted = {signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
pid = start()
goes_on = True
while True:
    number = signal.sigwait(wanted)
    if number == signal.SIGHUP:
        os.kill(pid, signal.SIGHUP)
    elif number == signal.SIGCHLD:
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if goes_on or code != 0:
            break
        pid, goes_on = start(), True
    elif number == signal.SIGUSR1:
        goes_on = False
        os.kill(pid, signal.SIGTERM)
    else:
        os.kill(pid, signal.SIGTERM)
folder.cleanup()
sys.stdout.flush()
os._exit(code if code >= 0 else 1)
