"""A machine that no service manager runs."""

import signal

import outside
from guest import wait_for
from stories.common import claim, expect, ready, site_answers

PROGRAM = "/usr/local/bin/manara"


def container(guest):
    """Without systemd the panel is the container's one program: two processes, a site, stopped and started again."""
    guest.contain("/bin/sleep", "infinity")
    guest.run("tar", "-xzf", outside.send(guest, outside.package()), "-C", "/root")
    found = guest.output("find", "/root", "-name", "manara", "-type", "f").split()
    guest.run(found[0], "--yes", "self", "setup")
    guest.end_contained(signal.SIGKILL)

    guest.contain(PROGRAM, "serve")
    wait_for("the panel", lambda: ready(guest), 60)
    claim(guest)
    site_answers(guest)
    two_processes(guest)
    guest.run("manara", "doctor")
    expect(guest.end_contained() == 0, "an orderly stop")

    # A killed host ends the panel, and whoever runs containers starts it again; so does it after an orderly stop.
    guest.contain(PROGRAM, "serve")
    serves_again(guest)
    host = guest.output("pgrep", "-f", "manara host").split()[0]
    guest.run("kill", "-9", host)
    expect(guest.process.wait(60) == 5, "the panel without its host")
    guest.contain(PROGRAM, "serve")
    serves_again(guest)
    expect(guest.end_contained() == 0, "an orderly stop")


container.boots = False


def serves_again(guest):
    wait_for("the panel after a restart", lambda: ready(guest), 60)
    wait_for("the site after a restart", lambda: outside.get(guest.address, 80, host="one.example")[0] == 200, 60)
    named = [site["domain"] for site in guest.json("site", "list")["items"]]
    expect(named == ["one.example"], named)


def two_processes(guest):
    rows = [row.split() for row in guest.output("ps", "-eo", "user:20,pid,ppid,args").splitlines()]
    ours = {row[4]: row for row in rows if row[3].endswith("manara") and len(row) > 4}
    expect(set(ours) == {"serve", "host"}, rows)
    expect(ours["serve"][:2] == ["manara", "2"] and ours["host"][0] == "root" and ours["host"][2] == "2", ours)
    status = guest.output("cat", "/proc/2/status")
    expect("CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status, status)
