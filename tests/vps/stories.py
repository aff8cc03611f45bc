"""The stories. Each gets a freshly booted guest with nginx as the distribution brings it."""

import json
import re

import outside
from guest import Failed, difference, wait_for

# What a running machine writes by itself: not ours, and other after every boot.
LIVING = ("/var/log/journal", "/var/lib/systemd", "/run", "/tmp", "/var/tmp", "/root/release", "/etc/machine-id",
          "/proc", "/sys", "/dev", "/var/lib/dbus", "/var/cache/ldconfig", "/etc/.updated", "/var/.updated",
          "/etc/ld.so.cache", "/etc/resolv.conf", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog",
          # nginx's own log, and copies that useradd keeps of its files before each change.
          "/var/log/nginx/access.log", "/var/log/nginx/error.log",
          "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-")


def expect(is_so, what):
    if not is_so:
        raise Failed(what)


def install(guest, *words, shell="sh"):
    """Installs the release under test from a file; what the installer said."""
    tarball = outside.send(guest, outside.package())
    return guest.output(shell, "/root/release/install.sh", "--yes", "--offline", tarball, *words, timeout=120)


def claim(guest):
    guest.run("manara", "claim", "--user", "admin", "--password-stdin", feed="a long password\n")


def whole_life(guest):
    """Install offline, claim over TLS from outside, serve a site, reboot, uninstall, purge: nothing is left."""
    before = guest.files(LIVING)
    tarball = outside.send(guest, outside.package())
    dry = guest.output("sh", "/root/release/install.sh", "--dry-run", "--offline", tarball)
    expect("/etc/systemd/system/manara.service" in dry and "make the user manara" in dry, dry)
    changed = difference(before, guest.files(LIVING))
    expect(not changed, f"a dry run changed {changed}")

    said = install(guest)
    link = re.search(r"https://(\S+):(\d+)/claim#(\S+)", said)
    expect(link, f"no claim link in:\n{said}")
    port = int(link[2])
    seen = outside.fingerprint(guest.address, port)
    expect(seen in said, f"the installer's fingerprint is not that of the port, {seen}:\n{said}")
    body = json.dumps({"token": link[3], "user": "admin", "password": "a long password"})
    status, _, answer = outside.post(guest.address, port, "/api/v1/claim", body)
    expect(status == 201, f"the claim from outside answered {status}: {answer[:300]}")

    again = install(guest)
    expect("Nothing" in again or "Done" in again, again)
    site_answers(guest)
    processes(guest)
    watching(guest)
    guest.reboot()
    wait_for("the panel after a reboot", lambda: ready(guest, port), 60)
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site after a reboot")
    guest.expect_quiet_journal()

    removed = guest.output("sh", "/root/release/install.sh", "--uninstall", "--yes")
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, f"the site after --uninstall\n{removed}")
    expect(not guest.run("systemctl", "list-unit-files", "manara*", check=False).stdout.count("manara"), "units are left")
    guest.reboot()
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site after --uninstall and a reboot")
    guest.run("sh", "/root/release/install.sh", "--purge", "--yes", "--offline", tarball)
    expect(outside.get(guest.address, 80)[0] == 200, "nginx as it was before")
    left = difference(before, guest.files(LIVING))
    expect(not left, "left after --purge:\n  " + "\n  ".join(left))


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
    wait_for("the port to be taken", lambda: ":24E3" in guest.output("cat", "/proc/net/tcp", "/proc/net/tcp6"), 10)
    refused("Port 9443", "--offline", tarball)
    changed = difference(before, guest.files(LIVING + ("/root/bad",)))
    expect(not changed, f"a refused installation changed {changed}")

    # OpenSSL alone, a full disk on the way, and another port.
    guest.run("mv", "/usr/bin/minisign", "/usr/bin/minisign.away")
    said = install(guest, "--port", "9555", shell="dash")
    expect(f"https://{guest.address}:9555/claim#" in said, said)
    guest.run("systemctl", "stop", "taken")
    wait_for("the panel on its port", lambda: ready(guest, 9555), 30)
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
        wait_for("the panel on its usual port", lambda: ready(guest, 9443), 30)
        body = json.dumps({"user": "admin", "password": password})
        status, _, answer = outside.post(guest.address, 9443, "/api/v1/session", body)
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


def ready(guest, port=9443):
    try:
        return outside.get(guest.address, port, "/health/ready", tls=True)[0] == 200
    except OSError:
        return False


def site_answers(guest):
    guest.run("manara", "--yes", "site", "create", "--domain", "one.example", "--kind", "static", timeout=60)
    status, _, page = outside.get(guest.address, 80, host="one.example")
    expect(status == 200 and b"one.example" in page, f"the site answered {status}: {page[:200]}")


def processes(guest):
    """The panel is nobody special, the host is root, and both are confined."""
    rows = guest.output("ps", "-eo", "user:20,args").splitlines()
    expect(any(row.split()[0] == "manara" and row.endswith("manara serve") for row in rows), rows)
    expect(any(row.split()[0] == "root" and row.endswith("manara host") for row in rows), rows)
    for unit, most in (("manara.service", 1.6), ("manara-host.service", 3.0)):
        said = guest.output("systemd-analyze", "security", "--no-pager", unit)
        score = float(re.search(r"level for \S+: ([0-9.]+)", said)[1])
        expect(score <= most, f"{unit} scores {score}")


def watching(guest):
    """Out of its sandbox the host reads the journal, the logs of nginx, what runs and which services there are."""
    def show(*words):
        return guest.json("manara", "--json", "log", "show", *words)

    own = show("panel", "--limit", "1000")["items"]
    expect({entry["fields"]["unit"] for entry in own} >= {"manara.service", "manara-host.service"}, own[:3])
    ready = show("panel", "--q", "the panel is ready", "--limit", "1")
    expect(ready["items"][0]["level"] == "info" and ready["items"][0]["fields"]["url"].startswith("https://"), ready)
    nginx = show("unit", "--unit", "nginx.service", "--limit", "1")
    expect(nginx["items"] and nginx["next"], nginx)
    older = show("unit", "--unit", "nginx.service", "--limit", "1", "--cursor", nginx["next"])
    expect(older["items"] and older["items"][0] != nginx["items"][0], older)
    refused = guest.run("manara", "log", "show", "unit", "--unit", "systemd-logind.service", check=False)
    expect(refused.returncode == 3, refused.stdout + refused.stderr)
    wait_for("the request in the log", lambda: show("site", "--site", "one.example")["items"], 10)
    services = {service["name"]: service for service in guest.json("manara", "--json", "service", "list")["items"]}
    expect(services["nginx"]["state"] == "running" and services["manara-host"]["state"] == "running", services)
    running = guest.json("manara", "--json", "process", "list", "--limit", "500")["items"]
    expect(any(one["unit"] == "nginx.service" and one["user"] == "www-data" for one in running), running[:5])


def versions(guest):
    """Update and roll back under load; a sick version, a bad signature and a power cut lose nothing."""
    install(guest)
    claim(guest)
    site_answers(guest)
    good, sick = outside.package("0.1.1"), outside.package("0.1.2", sick=True)
    with outside.load(f"http://{guest.address}/", host="one.example") as load:
        update = ["manara", "self", "update", "--offline"]
        guest.run(*update, outside.send(guest, good, "/root/good"), timeout=180)
        runs(guest, "0.1.1")
        guest.run("manara", "user", "create", "--name", "later", "--role", "viewer", "--password-stdin",
                  feed="another long password\n", check=False)
        guest.run("manara", "self", "rollback", timeout=180)
        runs(guest, "0.1.0")

        done = guest.run(*update, outside.send(guest, sick, "/root/sick"), check=False, timeout=300)
        expect(done.returncode == 5 and "0.1.0 runs again" in done.stderr, f"a sick version: {done}")
        runs(guest, "0.1.0")

        guest.run("sh", "-c", "echo >>/root/good/SHA256SUMS")
        done = guest.run(*update, "/root/good/" + outside.tarball(good).name, check=False)
        expect(done.returncode == 3 and "not signed" in done.stderr, f"a changed list: {done}")
        runs(guest, "0.1.0")
    expect(load.failures() == [], f"requests failed meanwhile: {load.failures()}")

    tarball = outside.send(guest, good, "/root/good")
    guest.start("manara", "self", "update", "--offline", tarball)
    wait_for("the switch", lambda: guest.run("readlink", "/opt/manara/current").stdout.strip() == "0.1.1", 60)
    guest.cut_power()
    wait_for("the panel after a power cut", lambda: ready(guest), 60)
    runs(guest, "0.1.0")
    guest.run("manara", "self", "update", "--offline", tarball, timeout=180)
    runs(guest, "0.1.1")
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site in the end")


def runs(guest, version):
    """That version answers, and the claim of the first day is still in its database."""
    told = guest.json("self", "status")
    expect(told["current"] == version and not told["interrupted"], told)
    # Not the status' own word: these versions are one program with another number written into it, and an optimised one
    # has the number in its instructions as well.
    said = guest.output("manara", "--version")
    expect(said.split()[1] == version, said)
    expect(ready(guest), "the panel is not ready")
    expect(guest.json("claim", "show")["claimed"], "the database was lost")


EVERY_DAY = ["whole_life", "versions"]
ALL = {story.__name__: story for story in [whole_life, versions, refusals]}
