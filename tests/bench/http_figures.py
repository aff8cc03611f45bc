"""Requests a second and latency, each beside one nginx worker pinned to the same core."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import panel
from report import line
from small import Nginx

SECONDS = os.environ.get("BENCH_SECONDS", "4")
SERVER_CORE, CLIENT_CORE = "0", "1"
ASSET_BYTES = 50_000


def wrk(url, connections, token=None, pin=CLIENT_CORE, new=False):
    """Requests a second, p50 and p99 in milliseconds. With `new`, no two requests are for the same address."""
    script = tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    script.write("".join(f'wrk.headers["{k}"] = "{v}"\n' for k, v in headers.items()))
    if new:
        path = "/" + url.split("/", 3)[3]
        script.write(f"n = 0 request = function() n = n + 1 return wrk.format(nil, '{path}' .. n) end\n")
    script.write(
        "done = function(s, l, r) io.stderr:write(string.format('%f %f %f %d', s.requests / s.duration * 1e6, "
        "l:percentile(50) / 1000, l:percentile(99) / 1000, s.errors.status)) end\n"
    )
    script.close()
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", SECONDS]
    command = command if pin is None else ["taskset", "-c", pin, *command]
    done = subprocess.run([*command, "-s", script.name, url], capture_output=True, text=True, check=True)
    pathlib.Path(script.name).unlink()
    rate, p50, p99, errors = done.stderr.split()[-4:]
    if int(errors):
        raise RuntimeError(f"{url}: {errors} answers were refusals")
    return float(rate), float(p50), float(p99)


def per_cpu_s(pids, run):
    """What `run` answers, and its rate per second of processor time that `pids` took meanwhile."""
    before = sum(panel.cpu_s(pid) for pid in pids)
    rate, p50, p99 = run()
    spent = sum(panel.cpu_s(pid) for pid in pids) - before
    return rate, p50, p99, rate * float(SECONDS) / max(spent, 0.01)


def asset_near(size):
    """The built file whose plain form is nearest to `size`."""
    files = [f for f in pathlib.Path("assets/dist/assets").glob("*") if f.suffix in (".js", ".css", ".woff2")]
    return min(files, key=lambda f: abs(f.stat().st_size - size), default=None)


def run(binary):
    with panel.Panel(binary, pin=SERVER_CORE) as ours, Nginx(pin=SERVER_CORE) as peer:
        token = ours.claim()
        made = ours.post("/api/v1/sites", {"domain": "bench.test", "kind": "static"}, token)
        if made[0] != 201:
            raise RuntimeError(made[1])
        static(ours, peer)
        answers(ours, peer, token)


def static(ours, peer):
    file = asset_near(ASSET_BYTES)
    if file is None:
        return print("P4   the browser's pages are not built")
    (peer.files / file.name).write_bytes(file.read_bytes())
    worker = [pid for pid in panel.descendants(peer.process.pid)]
    theirs = per_cpu_s(worker, lambda: wrk(f"http://127.0.0.1:{peer.port}/{file.name}", 64))
    mine = per_cpu_s(ours.tree(), lambda: wrk(f"http://127.0.0.1:{ours.port}/assets/{file.name}", 64))
    kilobytes = file.stat().st_size / 1000
    line("P4", f"{kilobytes:.0f} kB file, 64 connections, one core, /s", mine[0], ">= 0.5 x nginx", theirs[0], "", "nginx")
    line("P4", "  the same per CPU-second", mine[3], "", theirs[3], "", "nginx")


def answers(ours, peer, token):
    job = json.loads(ours.get("/api/v1/jobs?limit=1", token)[1])["items"][0]["id"]
    small = wrk(f"http://127.0.0.1:{peer.port}/index.html", 64)
    paths = (
        ("JSON, nobody asked who (/health/live)", "/health/live", ""),
        ("JSON from memory (one site, kept)", "/api/v1/sites/bench.test", ">= 40 000"),
        ("JSON with an SQLite read (one job)", f"/api/v1/jobs/{job}", ">= 15 000"),
    )
    for what, path, goal in paths:
        if ours.get(path, token)[0] != 200:
            raise RuntimeError(f"{path}: {ours.get(path, token)}")
        url = f"http://127.0.0.1:{ours.port}{path}"
        rate, _, p99, per_cpu = per_cpu_s(ours.tree(), lambda: wrk(url, 64, token))
        line("P5", f"{what}, /s", rate, goal, small[0], "", "nginx 4 B")
        line("P5", "  the same per CPU-second", per_cpu, goal)
        line("P5", "  its p99 at 64 connections, ms", p99, "< 5", small[2], "", "nginx")
        single = wrk(url, 1, token)
        line("P6", "  its p50 at 1 connection, ms", single[1], "< 0.2")
