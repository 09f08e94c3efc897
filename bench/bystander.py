# SPDX-License-Identifier: MIT
"""A server on a core of its own, and a client that gets messages at a fixed rate while the server is under stress."""

import os
import statistics
import subprocess
import time
from pathlib import Path

from servers import SECRET, Tidings

BYSTANDERS, RATE = 200, 2000


class Watched(Tidings):
    def __enter__(self):
        super().__enter__()
        os.sched_setaffinity(self.process.pid, {0})
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            os.sched_setaffinity(int(task), {0})
        return self

    def token(self, user):
        done = subprocess.run(
            [self.options.tidings, "token", "--user", user, "--claim", "email=a@example.com"],
            capture_output=True, text=True, check=True,
            env={**self.environment(), "JWT_SECRET_KEY": SECRET})
        return done.stdout.strip()

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def bystander(self, seconds):
        """The figures of messages to single ones at a fixed rate, with the server's load."""
        begin, cpu = time.monotonic(), self.cpu_seconds()
        figures = self.bench("unicast", ["-n", str(BYSTANDERS), "-r", str(RATE), "-s", str(seconds)])
        figures["server_load"] = (self.cpu_seconds() - cpu) / (time.monotonic() - begin)
        return figures


def show_phase(name, figures):
    print(f"  {name:34} p50 {figures['latency_p50_us']:7.0f} µs  p99 {figures['latency_p99_us']:7.0f} µs"
          f"  server {figures['server_load'] * 100:3.0f}% of a core")


def judge(quiet, strained):
    """Whether the p99 is at most doubled."""
    before = statistics.median(f["latency_p99_us"] for f in quiet)
    during = statistics.median(f["latency_p99_us"] for f in strained)
    print(f"  p99 {during / before:.2f} times that of the quiet phases")
    return during <= 2 * before and all(f["is_clean"] for f in quiet + strained)
