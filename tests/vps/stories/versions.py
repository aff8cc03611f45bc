"""Another version of the panel."""

import outside
from guest import wait_for
from stories.common import claim, expect, install, ready, runs, site_answers


# Updates that were meant to fail.
UPDATE_FAILED = ("manara-update.service: Failed with result 'exit-code'",)


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
    guest.expect_quiet_journal(UPDATE_FAILED)
