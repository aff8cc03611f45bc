"""What the world outside does: packages a release, and asks the guest's ports."""

import atexit
import contextlib
import functools
import hashlib
import http.client
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("MANARA_BINARY", "")


@functools.cache
def scratch():
    folder = tempfile.mkdtemp(prefix="manara-vps-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)


@functools.cache
def signing_key():
    key = scratch() / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    return key


@functools.cache
def package(version=None, sick=False):
    """The program under test as a release, made by the project's own script; with another version, which is as long as
    its own, written over it. A sick one listens where nobody looks for it, and so is never ready."""
    program = scratch() / f"manara-{version}-{sick}"
    own = subprocess.run([BINARY, "--version"], check=True, capture_output=True, text=True).stdout.split()[1]
    content = pathlib.Path(BINARY).read_bytes().replace(own.encode(), (version or own).encode())
    if sick:
        content = content.replace(b"/run/manara/api.sock", b"/run/manara/sick.soc")
    program.write_bytes(content)
    program.chmod(0o755)
    environment = {**os.environ, "MANARA_SIGNING_KEY": str(signing_key())}
    folder = scratch() / f"package-{version}-{sick}"
    command = [REPOSITORY / "scripts/package.sh", "--binary", program, "--out", folder, os.uname().machine]
    subprocess.run(command, check=True, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    return folder


class Load:
    """Visitors, each with requests one after the other over connections of their own; what did not answer 200 is
    remembered."""

    def __init__(self, url, host, visitors):
        self.url, self.host = url, host
        self.bad, self.counts, self.ends = [], [0] * visitors, threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(visitors)]

    @property
    def asked(self):
        return sum(self.counts)

    def run(self, number):
        address = self.url.split("/")[2]
        while not self.ends.is_set():
            self.counts[number] += 1
            try:
                status = get(address, 80, host=self.host)[0]
            except OSError as error:
                status = error
            if status != 200:
                self.bad.append(status)
            # Each connection holds a port of ours for a minute afterwards, and there are some 28 000.
            self.ends.wait(0.005)

    def failures(self):
        return self.bad if self.asked > 100 else [f"only {self.asked} requests"]


@contextlib.contextmanager
def load(url, host, visitors=1):
    load = Load(url, host, visitors)
    for thread in load.threads:
        thread.start()
    try:
        yield load
        # A busy machine takes its time for enough of them.
        deadline = time.monotonic() + 60
        while load.asked <= 100 and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        load.ends.set()
        for thread in load.threads:
            thread.join()


def tarball(folder):
    return next(folder.glob("manara-*.tar.gz"))


def send(guest, folder, to="/root/release"):
    """Brings a release's files into the guest; the path of the tarball there."""
    for file in folder.iterdir():
        guest.copy_in(file, f"{to}/{file.name}")
    return f"{to}/{tarball(folder).name}"


def get(address, port, path="/", host=None, tls=False, timeout=60):
    """Status, headers and body of a GET; the certificate is not checked (it is compared by fingerprint)."""
    if tls:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(address, port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def post(address, port, path, body, headers=None):
    return ask(address, port, "POST", path, body, {"Content-Type": "application/json", **(headers or {})})


def ask(address, port, method, path, body, headers):
    """Status, headers and body over TLS; the certificate is not checked."""
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection(address, port, timeout=60, context=context)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def fingerprint(address, port):
    """SHA-256 of the certificate that answers there, as browsers show it."""
    context = ssl._create_unverified_context()
    with socket.create_connection((address, port), timeout=60) as plain, context.wrap_socket(plain) as stream:
        digest = hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest().upper()
    return ":".join(digest[at:at + 2] for at in range(0, len(digest), 2))
