"""A machine from its installation to its removal."""

import json
import re

import outside
from guest import difference, wait_for
from stories.common import LIVING, expect, install, ready, site_answers


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
    guest.run("manara", "doctor")
    guest.reboot()
    wait_for("the panel after a reboot", lambda: ready(guest, port), 60)
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site after a reboot")
    guest.expect_quiet_journal()

    removed = guest.output("sh", "/root/release/install.sh", "--uninstall", "--yes")
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, f"the site after --uninstall\n{removed}")
    expect(not guest.run("systemctl", "list-unit-files", "manara*", check=False).stdout.count("manara"), "units are left")
    guest.reboot()
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site after --uninstall and a reboot")
    guest.run("sh", "/root/release/install.sh", "--purge", "--sites", "--yes", "--offline", tarball)
    expect(outside.get(guest.address, 80)[0] == 200, "nginx as it was before")
    left = difference(before, guest.files(LIVING))
    expect(not left, "left after --purge:\n  " + "\n  ".join(left))


def debian13(guest):
    """The whole life once more, on Debian 13."""
    whole_life(guest)


debian13.suite = "trixie"


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
        return guest.json("log", "show", *words)

    own = show("panel", "--limit", "1000")["items"]
    expect({entry["fields"]["unit"] for entry in own} >= {"manara.service", "manara-host.service"}, own[:3])
    ready = show("panel", "--q", "the panel is ready")["items"]
    expect(any(entry["level"] == "info" and "version" in entry["fields"] for entry in ready), ready)
    nginx = show("unit", "--unit", "nginx.service", "--limit", "1")
    expect(nginx["items"] and nginx["next"], nginx)
    older = show("unit", "--unit", "nginx.service", "--limit", "1", "--cursor", nginx["next"])
    expect(older["items"] and older["items"][0] != nginx["items"][0], older)
    refused = guest.run("manara", "log", "show", "unit", "--unit", "systemd-logind.service", check=False)
    expect(refused.returncode == 3, refused.stdout + refused.stderr)
    wait_for("the request in the log", lambda: show("site", "--site", "one.example")["items"], 60)
    # The panel may not see whose a port is, and still knows that nginx has its own.
    answer = guest.output("curl", "-s", "--unix-socket", "/run/manara/api.sock", "http://localhost/api/v1/doctor")
    findings = [one["id"] for one in json.loads(answer)["findings"] if one["severity"] != "ok"]
    expect(not [one for one in findings if one.startswith("port_") or one.startswith("nginx_")], findings)
    services = {service["name"]: service for service in guest.json("service", "list")["items"]}
    expect(services["nginx"]["state"] == "running" and services["manara-host"]["state"] == "running", services)
    running = guest.json("process", "list", "--limit", "500")["items"]
    expect(any(one["unit"] == "nginx.service" and one["user"] == "www-data" for one in running), running[:5])
