"""What the second process costs: the same questions with the machine in the panel's own process, and behind a socket."""

import socket
import time

import panel
from report import line, percentile

QUESTION = b"POST /v1/call HTTP/1.1\r\nHost: h\r\nManara-Version: 1\r\nContent-Length: 12\r\n\r\n\"open_plans\""


def run(binary):
    together, apart = (measure(binary, how) for how in (None, "process"))
    asks = asks_us(binary)
    line("", "one question at the socket, median, us", asks, "-")
    names = ("a read that asks the machine, median, ms", "a change of a site, median, ms", "memory of our processes, MiB")
    for name, one, two in zip(names, together, apart):
        line("", name, two, "-", peer=one, peer_name="one process")


def measure(binary, how):
    ours = panel.Panel(binary)
    if how:
        ours.env["MANARA_TEST_HOST"] = how
    with ours:
        token = ours.claim()
        ours.post("/api/v1/sites", {"domain": "a.test", "kind": "static"}, token)
        reads = [timed(lambda: ours.get("/api/v1/components", token)) for _ in range(300)]
        changes = [timed(lambda: ours.post(f"/api/v1/sites/a.test/{verb}", {}, token)) for verb in ("disable", "enable") * 10]
        time.sleep(3)
        memory = sum(panel.pss_kib(pid) for pid in ours.tree()) / 1024
    return percentile(reads, 50) * 1000, percentile(changes, 50) * 1000, memory


def asks_us(binary):
    ours = panel.Panel(binary)
    ours.env["MANARA_TEST_HOST"] = "process"
    with ours:
        path = str(ours.root / "run/manara-host/host.sock")
        return percentile([timed(lambda: ask(path)) for _ in range(2000)], 50) * 1e6


def ask(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(QUESTION)
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200"), answer


def timed(work):
    began = time.perf_counter()
    answer = work()
    took = time.perf_counter() - began
    assert answer is None or answer[0] in (200, 201), answer
    return took
