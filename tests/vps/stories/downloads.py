"""Stories of releases that are fetched: by the installer, and by the panel that replaces itself."""

import contextlib
import functools
import http.server
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading

import outside
from guest import difference, wait_for
from stories.common import LIVING, expect, ready, runs


class Published:
    """The world's release server: a folder behind TLS, with a certificate that only its own authority vouches for."""

    def __init__(self, address, versions):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="manara-published-"))
        (self.folder / "latest").mkdir()
        for version in versions:
            shutil.copytree(outside.package(version), self.folder / version)
        self.newest(versions[0])
        self.authority = self._certificates(address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        self.cut = False
        handler = functools.partial(Handler, self, directory=str(self.folder))
        self.server = Server((address, 0), handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://{address}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def newest(self, version):
        for name in ("SHA256SUMS", "SHA256SUMS.sig", "SHA256SUMS.minisig", "install.sh"):
            shutil.copy(self.folder / version / name, self.folder / "latest" / name)

    def _certificates(self, address):
        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.folder)

        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        openssl("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=The world", "-days", "2")
        openssl("req", *ec, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=releases")
        (self.folder / "names").write_text(f"subjectAltName=IP:{address}\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
                "2", "-extfile", "names", "-out", "server.pem")
        return (self.folder / "ca.pem").read_text()

    @contextlib.contextmanager
    def changed(self, path, change):
        """With another content of a file, for a while."""
        file = self.folder / path
        good = file.read_bytes()
        file.write_bytes(change(good))
        try:
            yield
        finally:
            file.write_bytes(good)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder)


class Server(http.server.ThreadingHTTPServer):
    """Clients that hang up are what some of the story is about."""

    def handle_error(self, *_):
        pass


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files; a tarball breaks off in the middle while the server is told so."""

    def __init__(self, published, *args, **options):
        self.published = published
        super().__init__(*args, **options)

    def copyfile(self, source, output):
        if self.published.cut and self.path.endswith(".tar.gz"):
            output.write(source.read(1024 * 1024))
            self.close_connection = True
        else:
            super().copyfile(source, output)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def world(guest, *versions):
    """A release server, and the guest with the installer of its newest release."""
    published = Published(guest.outside, versions)
    try:
        guest.copy_in(published.folder / "latest/install.sh", "/root/release/install.sh")
        yield published
    finally:
        published.close()


def trust(guest, published):
    guest.run("sh", "-c", "cat >>/etc/ssl/certs/ca-certificates.crt", feed=published.authority)


def installer(guest, published, *words, shell=("dash",), check=True, env=None):
    env = {"MANARA_RELEASE_URL": published.url, **(env or {})}
    return guest.run(*shell, "/root/release/install.sh", "--yes", *words, check=check, env=env, timeout=180)


def fetched(guest):
    """The installer fetches: refusals in two shells, a full disk, killed at any moment; in the end the panel runs."""
    living = LIVING + ("/etc/ssl/certs/ca-certificates.crt",)
    before = guest.files(living)
    with world(guest, "0.1.0") as published:
        def refused(why, *words, **options):
            done = installer(guest, published, *words, check=False, **options)
            expect(done.returncode != 0 and why in done.stderr, f"not refused with '{why}': {done}")

        refused("could not be downloaded")
        trust(guest, published)
        refused("has to begin with https", env={"MANARA_RELEASE_URL": published.url.replace("https", "http")})
        tarball = f"0.1.0/{outside.tarball(published.folder / '0.1.0').name}"
        for shell in (("dash",), ("busybox", "sh")):
            with published.changed("latest/SHA256SUMS", lambda good: good + b"\n"):
                refused("signature is not good", shell=shell)
            with published.changed("latest/SHA256SUMS", lambda good: good * 1000):
                refused("could not be downloaded", shell=shell)
            with published.changed(tarball, lambda good: good[:-1] + b"x"):
                refused("not the file whose sum was signed", shell=shell)
            published.cut = True
            refused("could not be downloaded", shell=shell)
            published.cut = False
            refused("could not be downloaded", "--version", "7.7.7", shell=shell)
            dry = installer(guest, published, "--dry-run", shell=shell).stdout
            expect("/etc/systemd/system/manara.service" in dry, dry)
        changed = difference(before, guest.files(living))
        expect(not changed, f"a refused installation changed {changed}")

        full_disk(guest, published)
        killed = killed_at_any_moment(guest, published)
        said = installer(guest, published, shell=("busybox", "sh")).stdout
        expect("/claim#" in said or "has an administrator" in said, said)
        wait_for("the panel", lambda: ready(guest), 60)
        left = guest.output("manara", "self", "setup", "--dry-run")
        expect("Nothing is left" in left, f"after {killed} kills: {left}")
        expect(published.url in guest.output("cat", "/etc/manara/manara.toml"), "where releases come from is kept")
        activated(guest)
        guest.expect_quiet_journal()
        guest.run("sh", "/root/release/install.sh", "--purge", "--yes")
        left = difference(before, guest.files(living))
        expect(not left, "left after --purge:\n  " + "\n  ".join(left))


def activated(guest):
    """A port that only root may open, from a socket unit of the administrator's."""
    unit = "/etc/systemd/system/manara.socket"
    guest.run("sh", "-c", f"cat >{unit}", feed="[Socket]\nListenStream=943\n")
    for port in (943, 9443):
        guest.run("systemctl", "daemon-reload")
        guest.run("systemctl", "stop", "manara.service")
        if port == 943:
            guest.run("systemctl", "start", "manara.socket")
        guest.run("systemctl", "start", "manara.service")
        wait_for(f"the panel on port {port}", lambda: ready(guest, port), 60)
        expect(not ready(guest, 9443 + 943 - port), "it listens in one place only")
        if port == 943:
            guest.run("systemctl", "stop", "manara.socket")
            guest.run("rm", unit)


def full_disk(guest, published):
    """No room for the program, then for what is written in /etc: said, and completed by the next run."""
    for place in ("/opt/manara", "/etc/manara"):
        guest.run("mkdir", "-p", place)
        guest.run("mount", "-t", "tmpfs", "-o", "size=4k,mode=755", "full", place)
        guest.run("sh", "-c", f"head -c 1M /dev/zero >{place}/.filler", check=False)
        done = installer(guest, published, check=False)
        expect(done.returncode != 0 and "disk is full" in done.stderr, f"a full {place}: {done}")
        guest.run("umount", place)


def killed_at_any_moment(guest, published):
    """The installer and all it started, killed later each time, until it is done before that; how often."""
    for kills in range(14):
        words = ("timeout", "-s", "KILL", f"{0.2 * 1.5 ** kills:.1f}", "dash")
        done = installer(guest, published, check=False, shell=words)
        if done.returncode == 0:
            return kills
        # 137: killed. Anything else is an installer that cannot go on from where it was killed.
        expect(done.returncode in (-9, 137), f"after {kills} kills: {done}")
    return 14


def replaced(guest):
    """The panel fetches its next version as a unit of its own: nobody waits, it is killed, the server lies, go on."""
    with world(guest, "0.1.0", "0.1.1") as published:
        trust(guest, published)
        installer(guest, published)
        wait_for("the panel", lambda: ready(guest), 60)
        guest.run("manara", "claim", "--user", "admin", "--password-stdin", feed="a long password\n")
        guest.run("manara", "--yes", "site", "create", "--domain", "one.example", "--kind", "static", timeout=180)
        same = guest.output("manara", "self", "update")
        expect("0.1.0 runs already" in same, same)

        published.newest("0.1.1")
        with published.changed("latest/SHA256SUMS", lambda good: good + b"\n"):
            done = guest.run("manara", "self", "update", check=False)
            expect(done.returncode == 3 and "not signed" in done.stderr, f"a changed list: {done}")
        with outside.load(f"http://{guest.address}/", host="one.example") as load:
            nobody_waits(guest)
            older(guest, published)
            worker_killed(guest)
        expect(load.failures() == [], f"requests failed meanwhile: {load.failures()}")
        guest.run("manara", "self", "update", timeout=180)
        runs(guest, "0.1.1")
        guest.expect_quiet_journal(("manara-update.service: ",))


def status(guest):
    return guest.json("self", "status")


def nobody_waits(guest):
    """Whoever asked is gone as soon as the unit runs, as with a connection that breaks; the update goes on."""
    handed_on = 'NO_PROXY=a"b$c\\d`e'
    asking = guest.start("env", handed_on, "sh", "-c", "echo $$ >/root/pid; exec manara self update")
    wait_for("the update", lambda: status(guest)["under_way"], 60)
    variables = guest.output("cat", f"/proc/{guest.main_pid('manara-update.service')}/environ").split("\0")
    expect(handed_on in variables, f"the unit has {variables}")
    shown = guest.output("systemctl", "show", "manara-update.service")
    expect("NO_PROXY" not in shown, f"everybody reads it: {shown}")
    guest.run("sh", "-c", "kill -9 $(cat /root/pid)")
    asking.wait()
    second = guest.run("manara", "self", "update", check=False)
    expect(second.returncode == 4 and "under way" in second.stderr, f"a second update beside it: {second}")
    wait_for("the end of the update", lambda: not status(guest)["under_way"], 120)
    runs(guest, "0.1.1")


def older(guest, published):
    """The installer hands over to the panel that is there; an older version has to be asked for."""
    done = installer(guest, published, "--version", "0.1.0", check=False)
    expect(done.returncode == 4 and "older" in done.stderr, f"an older version unasked: {done}")
    installer(guest, published, "--version", "0.1.0", "--downgrade", shell=("busybox", "sh"))
    runs(guest, "0.1.0")


def worker_killed(guest):
    """The process that updates is killed in the middle: the former version is back without a reboot, and it is said."""
    asking = guest.start("sh", "-c", "manara self update >/root/said 2>&1; echo $? >/root/code")
    wait_for("the switch", lambda: guest.run("test", "-e", "/opt/manara/unproved", check=False).returncode == 0, 60)
    guest.run("systemctl", "kill", "--kill-whom=main", "-s", "KILL", "manara-update.service")
    asking.wait(120)
    said, code = guest.output("cat", "/root/said"), guest.output("cat", "/root/code").strip()
    expect(code == "5" and "update_interrupted" in said, f"{code}: {said}")
    wait_for("the former version", lambda: ready(guest) and not status(guest)["under_way"], 60)
    runs(guest, "0.1.0")

