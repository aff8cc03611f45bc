"""What the world outside does: packages a release, and asks the guest's ports."""

import functools
import hashlib
import http.client
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("MANARA_BINARY", "")


@functools.cache
def scratch():
    return pathlib.Path(tempfile.mkdtemp(prefix="manara-vps-"))


@functools.cache
def signing_key():
    key = scratch() / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    return key


@functools.cache
def package():
    """The program under test as a release, made by the project's own script."""
    environment = {**os.environ, "MANARA_SIGNING_KEY": str(signing_key())}
    machine = os.uname().machine
    command = [REPOSITORY / "scripts/package.sh", "--binary", BINARY, machine]
    subprocess.run(command, check=True, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    folder = scratch() / "package"
    subprocess.run(["cp", "-r", REPOSITORY / "target/package", folder], check=True)
    return folder


def tarball(folder):
    return next(folder.glob("manara-*.tar.gz"))


def send(guest, folder, to="/root/release"):
    """Brings a release's files into the guest; the path of the tarball there."""
    for file in folder.iterdir():
        guest.copy_in(file, f"{to}/{file.name}")
    return f"{to}/{tarball(folder).name}"


def get(address, port, path="/", host=None, tls=False, timeout=10):
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
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection(address, port, timeout=30, context=context)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def fingerprint(address, port):
    """SHA-256 of the certificate that answers there, as browsers show it."""
    context = ssl._create_unverified_context()
    with socket.create_connection((address, port), timeout=10) as plain, context.wrap_socket(plain) as stream:
        digest = hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest().upper()
    return ":".join(digest[at:at + 2] for at in range(0, len(digest), 2))
