"""A panel of its own, in a folder of its own, with an nginx of its own; and what can be asked of its processes."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PASSWORD = "correct horse battery staple"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Panel:
    """Started with `with Panel(binary) as panel`; `pin` is the core it may use."""

    def __init__(self, binary, pin=None):
        self.pin = pin
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="manara-bench-"))
        # A copy of its own: memory of a program that others run too would be divided among them.
        self.binary = shutil.copy(binary, self.root / "bin")
        self.port, self.web_port = free_port(), free_port()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("MANARA_")} | dict(
            MANARA_NGINX_HTTP_PORT=str(self.web_port),
            MANARA_NGINX_HTTPS_PORT=str(free_port()),
        )
        self.process = None

    def __enter__(self):
        self.start()
        self.wait_ready()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self):
        """Starts it and does not wait. Answers the time just before."""
        command = [self.binary, "--root", str(self.root), "serve", "--listen", f"127.0.0.1:{self.port}"]
        if self.pin is not None:
            command = ["taskset", "-c", str(self.pin), *command]
        log = open(self.root / "panel.log", "ab")
        began = time.perf_counter()
        self.process = subprocess.Popen(command, env=self.env, stdout=log, stderr=log)
        return began

    def wait_page(self, path="/"):
        """Waits for the first 200 and answers when it came."""
        deadline = time.perf_counter() + 60
        while time.perf_counter() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError((self.root / "panel.log").read_text())
            try:
                if self.get(path)[0] == 200:
                    return time.perf_counter()
            except OSError:
                time.sleep(0.0005)
        raise RuntimeError(f"no 200 for {path} within a minute")

    def wait_ready(self):
        return self.wait_page("/health/ready")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def get(self, path, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def post(self, path, value, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        headers = {"Content-Type": "application/json"}
        headers.update({"Authorization": f"Bearer {token}"} if token else {})
        connection.request("POST", path, json.dumps(value), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def cli(self, *words, text=None):
        done = subprocess.run(
            [self.binary, "--root", str(self.root), *words], env=self.env, input=text, text=True, capture_output=True
        )
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def claim(self):
        """Claims it and answers an administrator's token."""
        self.cli("claim", "--user", "admin", "--password-stdin", text=PASSWORD)
        return json.loads(self.cli("token", "create", "--name", "bench", "--role", "admin", "--json"))["token"]

    def tree(self):
        """Every process of ours but nginx: the panel and its helpers."""
        return [pid for pid in descendants(self.process.pid) if "nginx" not in command_of(pid)]

    def nginx_master(self):
        return int((self.root / "run/nginx.pid").read_text())


def descendants(pid):
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += descendants(int(child))
    return found


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def pss_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
