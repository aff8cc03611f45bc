"""What watching the machine costs: the thread that measures every second, and the history that it writes.

Processor time is the scheduler's own count for that thread, in nanoseconds, so that other load changes it only through
caches and clock rates; how far windows of ten seconds differ is printed with it. Disk space is worked out from the mean
size of a point and how long each step is kept, since it takes two years to be seen.
"""

import os
import pathlib
import sqlite3
import time

import panel
from report import line

# Long enough for the ring of seconds, five minutes, to be full.
SECONDS = int(os.environ.get("BENCH_SAMPLER_SECONDS", "330"))
WINDOW_S = 10
# Figures of others, measured once: share of a core while they sampled every second.
COLLECTD_PERCENT, NETDATA_PERCENT = 0.30, 1.54
# As src/services/monitoring/recorder.rs keeps them: seconds of a step, and how long it is kept.
KEPT = {10: 6 * 3600, 60: 8 * 86_400, 900: 92 * 86_400, 3600: 2 * 366 * 86_400}
# What SQLite needs for a row besides its body: the key twice, in the table and in its index.
ROW_BYTES = 60


def run(binary):
    with panel.Panel(binary) as ours:
        pid = ours.process.pid
        task = sampler(pid)
        time.sleep(5)
        before, begun = panel.pss_kib(pid), time.perf_counter()
        written, cpu = written_bytes(task), [cpu_ns(task)]
        while time.perf_counter() - begun < SECONDS:
            time.sleep(WINDOW_S)
            cpu.append(cpu_ns(task))
        took = time.perf_counter() - begun
        grown = (panel.pss_kib(pid) - before) / 1024
        written = written_bytes(task) - written
        whole = panel.pss_kib(pid) / 1024
        kept = bytes_when_full(ours.root)
    percent = (cpu[-1] - cpu[0]) / took / 1e7
    windows = sorted((after - earlier) / WINDOW_S / 1e7 for earlier, after in zip(cpu, cpu[1:]))
    line("P11", "sampler, share of a core, %", percent, "0.2, stretch 0.1", peer=COLLECTD_PERCENT, peer_name="collectd")
    line("", "the same beside netdata, %", percent, "-", peer=NETDATA_PERCENT, peer_name="netdata")
    line("", "processor seconds an hour", percent * 36, "7.2")
    line("P11", f"memory it took in {took / 60:.1f} minutes, MiB", grown, "2")
    line("", "written an hour, MiB", written * 3600 / took / 1024 / 1024, "-")
    line("", "history when all of two years is kept, MiB", kept / 1024 / 1024, "-")
    print(f"     windows of {WINDOW_S} s: {windows[0]:.3f} to {windows[-1]:.3f} %, median {windows[len(windows) // 2]:.3f} %;"
          f" memory is the growth of the whole process, {whole:.1f} MiB, with nothing else asked of it")


def sampler(pid):
    """The thread that measures, once it is there."""
    for _ in range(100):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text().strip() == "metrics":
                return task
        time.sleep(0.1)
    raise RuntimeError("the panel has no thread that measures")


def cpu_ns(task):
    return int((task / "schedstat").read_text().split()[0])


def written_bytes(task):
    fields = dict(row.split(": ") for row in (task / "io").read_text().splitlines())
    return int(fields["write_bytes"])


def bytes_when_full(root):
    [path] = root.glob("**/metrics.db")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        mean = db.execute("SELECT AVG(LENGTH(body)) FROM points WHERE step_s = 10").fetchone()[0]
    if mean is None:
        raise RuntimeError("nothing was written yet: BENCH_SAMPLER_SECONDS has to be more than 70")
    return sum(kept / step * (mean + ROW_BYTES) for step, kept in KEPT.items())
