"""Sizes, memory and start times."""

import os
import pathlib
import re
import resource
import subprocess
import tempfile
import time

import panel
from report import line, percentile

DIST = pathlib.Path("assets/dist")


def size(binary):
    line("P1", "binary, MB", os.path.getsize(binary) / 1e6, "<= 15", peer=18.8, peer_name="restic")
    for name in ("index.html", "boot.js"):
        if not (DIST / name).exists():
            return print("P16  the browser's pages are not built")
    everything = sum(f.stat().st_size for f in DIST.rglob("*.br"))
    line("P16", "all files, brotli, kB", everything / 1e3, "298 + fonts 234", peer=298 + 234, peer_name="prototype")
    prototype = {"sign-in": 32.5, "dashboard": 56.5, "sites": 35.4}
    told = subprocess.run(["npm", "--prefix", "assets/ui", "run", "--silent", "size"], capture_output=True, text=True).stdout
    for page, kb, goal in re.findall(r"^(\S.*?) +([0-9.]+) kB(?: of (\d+))?", told, re.MULTILINE):
        if was := prototype.get(page):
            line("P16", f"{page}, brotli, kB", float(kb), f"<= {goal}", peer=was, peer_name="prototype")


def start(binary):
    with panel.Panel(binary) as ours:
        ours.stop()
        times = []
        for _ in range(15):
            began = ours.start()
            times.append((ours.wait_page() - began) * 1000)
            ours.wait_ready()
            ours.stop()
        line("P3", "exec to the first page, median, ms", percentile(times, 50), "<= 20", peer=nginx_start(), peer_name="nginx")
        ours.start()
        ours.wait_ready()
        ours.claim()
        peer = command_ms(["nginx", "-v"])
        root = ["--root", str(ours.root)]
        line("P14", "manara --version, CPU ms", command_ms([binary, "--version"]), "< 5", peer=peer, peer_name="nginx -v")
        listing = command_ms([binary, *root, "site", "list"], env=ours.env)
        line("P14", "manara site list, CPU ms", listing, "< 15", peer=peer, peer_name="nginx -v")


def command_ms(command, env=None, runs=40):
    """Processor time of one run; wall time on a busy machine says little."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(runs):
        subprocess.run(command, env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return spent * 1000 / runs


def nginx_start():
    """Exec to the first answer of nginx with a minimal configuration, median of 15, in milliseconds."""
    times = []
    with Nginx() as peer:
        for _ in range(15):
            peer.stop()
            began = peer.start()
            times.append((peer.wait() - began) * 1000)
    return percentile(times, 50)


class Nginx:
    """The peer: nginx with one worker that serves the folder `files`."""

    def __init__(self, pin=None):
        self.folder = tempfile.TemporaryDirectory(prefix="manara-bench-nginx-")
        self.port, self.pin, self.process = panel.free_port(), pin, None
        self.files = pathlib.Path(self.folder.name) / "files"
        self.files.mkdir()
        (self.files / "index.html").write_text("peer")
        temporary = "".join(f"{t}_temp_path tmp;" for t in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        (pathlib.Path(self.folder.name) / "nginx.conf").write_text(
            f"{user} worker_processes 1; daemon off; pid pid; error_log error.log crit; events {{ worker_connections 1024; }}\n"
            f"http {{ {temporary} access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;\n"
            f"open_file_cache max=100; include /etc/nginx/mime.types;\n"
            f"server {{ listen 127.0.0.1:{self.port}; root files; }} }}\n"
        )

    def __enter__(self):
        self.start()
        self.wait()
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def start(self):
        command = ["nginx", "-p", self.folder.name, "-c", "nginx.conf"]
        command = command if self.pin is None else ["taskset", "-c", str(self.pin), *command]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        return began

    def wait(self):
        import http.client

        for _ in range(20000):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/")
                connection.getresponse().read()
                connection.close()
                return time.perf_counter()
            except OSError:
                time.sleep(0.0005)
        raise RuntimeError("nginx does not answer")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def memory(binary):
    with panel.Panel(binary) as ours:
        token = ours.claim()
        load_page(ours, token)
        time.sleep(2)
        shares = [panel.pss_kib(pid) for pid in ours.tree()]
        line("P2", "idle memory after a page, PSS, MiB", sum(shares) / 1024, "<= 15", peer=12.8, peer_name="Cockpit")
        master = ours.nginx_master()
        web = sum(panel.pss_kib(pid) for pid in panel.descendants(master))
        line("", "  nginx of the sites, PSS, MiB", web / 1024, "not ours")


def load_page(ours, token):
    """What a browser asks for when somebody opens the page with the sites."""
    page = ours.get("/")[1].decode()
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        ours.get(path)
    for file in list(DIST.glob("assets/*"))[:40]:
        ours.get(f"/assets/{file.name}")
    for path in ("/api/v1/system", "/api/v1/sites", "/api/v1/jobs"):
        ours.get(path, token)
