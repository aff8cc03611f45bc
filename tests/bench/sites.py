"""Ten thousand sites: what must not grow with their number, and what may grow with it only a little."""

import json
import os
import pathlib
import resource
import string
import subprocess
import time

import panel
from http_figures import wrk
from report import line, percentile
from small import load_page

SITES = int(os.environ.get("BENCH_SITES", "10000"))
SITES_PER_FILE = 5000


def run(binary):
    render()
    with panel.Panel(binary) as ours:
        token = ours.claim()
        began = time.perf_counter()
        for first in range(0, SITES, SITES_PER_FILE):
            apply(ours, token, range(first, min(first + SITES_PER_FILE, SITES)))
        line("P13", f"{SITES} sites from files, applied, s", time.perf_counter() - began, "")
        listing(ours, token)
        tree(ours)
        changes(ours, token)
        load_page(ours, token)
        memory = sum(panel.pss_kib(pid) for pid in ours.tree())
        line("P2", f"memory with {SITES} sites, PSS, MiB", memory / 1024, "")
        starts(ours)


def render():
    """Every site's file, one thread. The peer fills in a template, as panels do that have one."""
    subprocess.run(["scripts/build-ui.sh"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "render"]
    ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    template = string.Template(ours["example"].replace("example.test", "$domain"))
    began = time.perf_counter()
    for i in range(ours["sites"]):
        template.safe_substitute(domain=f"site{i}")
    peer = time.perf_counter() - began
    line("P13", f"full render of {ours['sites']} sites, s", ours["seconds"], "< 0.5", peer, "", "string.Template")


def apply(ours, token, numbers):
    """Half static, half proxies, as one file of desired state."""
    text = "manara = 1\n" + "".join(map(described, numbers))
    status, body = ours.post("/api/v1/state", {"document": text}, token)
    answer = json.loads(body)
    if status == 202:
        finish(ours, token, answer["job"]["id"])
    elif status != 200:
        raise RuntimeError(f"{status}: {body[:2000]}")


def described(i):
    if i % 2:
        return f'[[site]]\ndomain = "site{i:05}.example.test"\nkind = "proxy"\nupstream = "http://127.0.0.1:{3000 + i}"\n'
    return f'[[site]]\ndomain = "site{i:05}.example.test"\nkind = "static"\n'


def finish(ours, token, job):
    deadline = time.perf_counter() + 600
    while time.perf_counter() < deadline:
        found = json.loads(ours.get(f"/api/v1/jobs/{job}", token)[1])
        if found["state"] in ("done",):
            return
        if found["state"] not in ("running", "queued"):
            raise RuntimeError(json.dumps(found)[:2000])
        time.sleep(0.05)
    raise RuntimeError("a job took longer than ten minutes")


def listing(ours, token):
    url = f"http://127.0.0.1:{ours.port}/api/v1/sites"
    # No two requests alike: what is kept of earlier answers must not help.
    queries = (("search", "?limit=50&q=0"), ("search, newest first", "?limit=50&sort=-created_at&q=1"))
    for what, query in queries:
        _, p50, p99 = wrk(url + query, 1, token, pin=None, new=True)
        line("P13", f"list, {what}, p50, ms", p50, "")
        line("P13", f"list, {what}, p99, ms", p99, "< 20")


def tree(ours):
    """`nginx -t` and a reload of the tree as it is live."""
    conf = ours.root / "etc/nginx"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(["nginx", "-t", "-q", "-p", str(conf), "-c", str(conf / "nginx.conf")], check=True, capture_output=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    line("P13", "nginx -t of the tree, s", wall, "<= 1.1", 1.045, "", "shape")
    line("P13", "  its CPU, s", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "", 0.952, "", "shape")
    line("P13", "  its memory, MiB", after.ru_maxrss / 1024, "<= 400", 344, "", "shape")


def changes(ours, token):
    walls, plans, files = [], [], 0
    for i in range(5):
        site = {"domain": f"one{i}.test", "kind": "static"}
        began = time.perf_counter()
        status, body = ours.post("/api/v1/sites?dry_run=true", site, token)
        plans.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(body)
        marker = ours.root / "marker"
        marker.touch()
        time.sleep(0.02)
        began = time.perf_counter()
        status, body = ours.post("/api/v1/sites", site, token)
        walls.append(time.perf_counter() - began)
        if status != 201:
            raise RuntimeError(body)
        newer = ["find", str(ours.root / "etc/nginx"), "-type", "f", "-newer", str(marker)]
        files = len(subprocess.run(newer, check=True, capture_output=True, text=True).stdout.split())
    line("P13", "one change: nginx files written", files, "<= 3")
    line("P13", "  planned and tested, s", percentile(plans, 50), "")
    line("P13", "  applied and live, s", percentile(walls, 50), "", 1.366, "", "reload")
    half = min(SITES, SITES_PER_FILE)
    text = "manara = 1\n" + "".join(described(i) + "max_body_mb = 9\n" for i in range(half))
    began = time.perf_counter()
    status, body = ours.post("/api/v1/state?dry_run=true", {"document": text}, token)
    if status != 200:
        raise RuntimeError(body[:2000])
    line("P13", f"  {half} sites rendered, compared, tested, s", time.perf_counter() - began, "")
    began = time.perf_counter()
    ours.get("/api/v1/state", token)
    line("P13", "  all sites exported, s", time.perf_counter() - began, "")


def starts(ours):
    times = []
    for _ in range(3):
        ours.stop()
        began = ours.start()
        times.append((ours.wait_page() - began) * 1000)
        ours.wait_ready()
    line("P3", f"exec to the first page, {SITES} sites, ms", percentile(times, 50), "<= 50")
