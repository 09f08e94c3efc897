# SPDX-License-Identifier: MIT
"""The servers that are measured, each started afresh for a measurement, and what measures them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
SECRET = "bench-secret-of-at-least-32-bytes"
API_KEY = "bench-key-of-at-least-16-bytes"

TIDINGS_CONFIG = """\
listen: 127.0.0.1:{port}
workers: {workers}
drain_seconds: {drain_seconds}
log_level: warning
jwt:
  secret: {secret}
api:
  keys: [{key}]
"""

NO_LIMITS = """\
endpoints:
  - name: huleedu
    connections: 0
    attempts_per_minute: 0
    messages_per_minute: 0
"""


def compile_c(name, *arguments):
    """The program of bench/NAME.c; its path."""
    program = ROOT / "build" / "bench" / name
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-D_GNU_SOURCE", "-o", program,
                    "-Wall", "-Wextra", BENCH / f"{name}.c", *arguments], check=True)
    return program


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process):
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server does not listen")


class Redis:
    """A redis-server of its own, which keeps nothing."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--maxclients", "1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)

    def end(self):
        self.process.kill()
        self.process.wait()


class Server:
    """A peer that is a server process. A fresh one is started for every measurement."""

    def __init__(self, options):
        self.options = options

    def __enter__(self):
        self.port = free_port()
        self.dir = Path(tempfile.mkdtemp(prefix="tidings-bench-"))
        self.log = open(self.dir / "log", "wb")
        self.process = subprocess.Popen(
            self.command(), cwd=self.dir, stdout=self.log, stderr=self.log, env=self.environment()
        )
        wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def environment(self):
        return os.environ

    def heartbeat(self):
        """Idle clients say something now and then, as Tidings' own client does."""
        return ["--heartbeat", "30"]

    def bench(self, workload, arguments):
        """Runs `tidings bench` against it and returns its figures."""
        command = [self.options.tidings, "bench", workload, self.url(workload), "--json",
                   "--secret", SECRET, "--pid", str(self.process.pid), "--children"]
        if workload in ("fan-out", "unicast"):
            command += self.publishing(workload)
        if workload == "idle":
            command += self.heartbeat()
        done = subprocess.run(command + arguments, capture_output=True, text=True, check=False)
        if not done.stdout:
            raise RuntimeError(f"{self.name}: {done.stderr.strip()}")
        figures = json.loads(done.stdout)
        if not figures["is_clean"]:
            log = (self.dir / "log").read_text(errors="replace")[-2000:]
            print(f"{self.name}: {workload}: not clean: {figures['complaint']}\n{log}", file=sys.stderr)
        return figures


class Tidings(Server):
    name = "tidings"
    workers = 1
    drain_seconds = 0
    limits = NO_LIMITS

    def command(self):
        config = self.dir / "tidings.yaml"
        config.write_text(
            TIDINGS_CONFIG.format(port=self.port, workers=self.workers, secret=SECRET, key=API_KEY,
                                  drain_seconds=self.drain_seconds)
            + self.limits
        )
        return [self.options.tidings, "serve", "-c", str(config)]

    def environment(self):
        """Nothing of the caller's configuration goes over that of the bench."""
        ours = ("TIDINGS_", "JWT_", "REDIS_", "CORS_", "WEBSOCKET_", "LOG_LEVEL")
        return {k: v for k, v in os.environ.items() if not k.startswith(ours)}

    def url(self, workload):
        return f"ws://127.0.0.1:{self.port}/ws"

    def publishing(self, workload):
        return ["--key", API_KEY]


class TidingsRedis(Tidings):
    """Every message goes out to a Redis and comes back."""

    name = "tidings-redis"
    secret = SECRET

    def __enter__(self):
        self.redis = Redis()
        super().__enter__()
        self.wait_until_ready(True)
        return self

    def __exit__(self, *what):
        super().__exit__(*what)
        self.redis.end()

    def environment(self):
        return super().environment() | {"REDIS_URL": self.redis.url}

    def get(self, path):
        """Status and text."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, ""

    def wait_until_ready(self, is_ready):
        """Waits until /readyz says so, which is when Redis is there."""
        for _ in range(6000):
            if (self.get("/readyz")[0] == 200) == is_ready:
                return
            time.sleep(0.005)
        raise RuntimeError("the server does not get ready" if is_ready else "the server stays ready")

    def channels(self):
        """How many it is subscribed to."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith("redis_subscribed_channels "):
                return int(float(line.split()[1]))
        raise RuntimeError("no redis_subscribed_channels among the metrics")
