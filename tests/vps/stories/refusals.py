"""What the installer and a locked door say."""

import json

import outside
from guest import difference, wait_for
from stories.common import LIVING, claim, expect, install, ready


def refusals(guest):
    """The installer in two small shells: what does not fit is refused before anything changes; a port of one's own."""
    before = guest.files(LIVING)
    tarball = outside.send(guest, outside.package())
    script = "/root/release/install.sh"

    def refused(why, *words, shell=("sh",), env=None):
        done = guest.run(*shell, script, "--yes", *words, check=False, env=env)
        expect(done.returncode != 0 and why in done.stderr, f"not refused with '{why}': {done}")

    for shell in (("dash",), ("busybox", "sh")):
        refused("No address of releases", shell=shell)
        refused("There is no file", "--offline", "/root/release/SHA256SUMS.minisig.no", shell=shell)
        refused("تعذّر", "--lang", "ar", "--version", "9.9.9", shell=shell,
                env={"MANARA_RELEASE_URL": "http://127.0.0.1:9"})
        guest.run("sh", "-c", "mkdir -p /root/bad && cp /root/release/* /root/bad && echo >>/root/bad/SHA256SUMS")
        bad = tarball.replace("/release/", "/bad/")
        refused("signature is not good", "--offline", bad, shell=shell)
        # minisign is preferred; without its file OpenSSL has to find the same.
        guest.run("rm", "/root/bad/SHA256SUMS.minisig")
        refused("signature is not good", "--offline", bad, shell=shell)
        guest.run("rm", "/root/bad/SHA256SUMS.sig")
        refused("cannot be checked", "--offline", bad, shell=shell)
        guest.run("sh", "-c", f"cp /root/release/SHA* /root/bad && echo >>{bad}")
        refused("not the file whose sum was signed", "--offline", bad, shell=shell)
        guest.run("rm", "-r", "/root/bad")
    guest.run("systemd-run", "--quiet", "--unit=taken", "systemd-socket-activate", "-l", "9443", "/bin/cat")
    wait_for("the port to be taken", lambda: ":24E3" in guest.output("cat", "/proc/net/tcp", "/proc/net/tcp6"), 60)
    refused("Port 9443", "--offline", tarball)
    changed = difference(before, guest.files(LIVING + ("/root/bad",)))
    expect(not changed, f"a refused installation changed {changed}")

    # OpenSSL alone, a full disk on the way, and another port.
    guest.run("mv", "/usr/bin/minisign", "/usr/bin/minisign.away")
    said = install(guest, "--port", "9555", shell="dash")
    expect(f"https://{guest.address}:9555/claim#" in said, said)
    guest.run("systemctl", "stop", "taken")
    wait_for("the panel on its port", lambda: ready(guest, 9555), 60)
    locked_out(guest)
    guest.expect_quiet_journal()
    files_in_order(guest)


def locked_out(guest):
    """Nobody gets in any more, until root says so; with the panel running, and without."""
    claim(guest)
    guest.run("manara", "setting", "update", "--panel.host-names", "panel.example", check=False)
    for stop in (False, True):
        if stop:
            guest.run("systemctl", "stop", "manara.service")
        password = guest.output("manara", "--quiet", "unlock", "admin").strip()
        guest.run("systemctl", "start", "manara.service")
        wait_for("the panel on the port of its installation", lambda: ready(guest, 9555), 60)
        body = json.dumps({"user": "admin", "password": password})
        status, _, answer = outside.post(guest.address, 9555, "/api/v1/session", body)
        expect(status == 201, f"the new password is answered {status}: {answer[:200]}")


def files_in_order(guest):
    """A mode that somebody widened is put right at the next start; a file of somebody else's keeps the host down."""
    guest.run("chmod", "644", "/etc/manara/secret.key")
    guest.run("systemctl", "restart", "manara-host.service")
    expect(guest.output("stat", "-c", "%a %U %G", "/etc/manara/secret.key").strip() == "640 root manara", "the key's mode")
    guest.run("chown", "www-data", "/etc/manara/manara.toml")
    done = guest.run("systemctl", "restart", "manara-host.service", check=False)
    told = guest.output("journalctl", "--no-pager", "-o", "cat", "-u", "manara-host.service")
    expect(done.returncode != 0 and "belongs to user" in told, f"a stranger's configuration: {told[-500:]}")
    guest.run("chown", "root", "/etc/manara/manara.toml")
    guest.run("systemctl", "reset-failed", "manara-host.service")
    guest.run("systemctl", "restart", "manara-host.socket", "manara-host.service")
