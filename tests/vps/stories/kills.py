"""Processes that end when nobody expects it."""

import contextlib
import os
import random
import signal
import time

import outside
from guest import wait_for
from stories.common import claim, expect, install, ready, site_answers

ROUNDS = 3
OURS = ("manara.service", "manara-host.service")
# What it means that a process was killed, in the words of systemd and of the one that was talking to it.
PROVOKED = ("code=killed, status=9/KILL", "Failed with result 'signal'", "host_lost",
            "an interrupted change was taken back", "interrupted changes back")


def kills(guest):
    """kill -9 of each process in turn under load, also in the middle of a change: no visitor of a site notices."""
    install(guest)
    claim(guest)
    site_answers(guest)
    with outside.load(f"http://{guest.address}/", host="one.example", visitors=2) as load:
        slowest = {unit: max(killed_idle(guest, unit) for _ in range(ROUNDS)) for unit in OURS}
        ends = [killed_in_a_change(guest, unit, turn, f"{unit.split('.')[0]}-{turn}") for turn in range(ROUNDS) for unit in OURS]
        # On a busy machine each of them may have come too late.
        while "taken back" not in ends and len(ends) < 20:
            ends.append(killed_in_a_change(guest, OURS[0], 0, f"again-{len(ends)}"))
    expect(load.failures() == [], f"requests failed meanwhile: {load.failures()}")
    told = ", ".join(f"{unit} back after at most {seconds:.1f} s" for unit, seconds in slowest.items())
    print(f"     {load.asked} requests, none failed; {told}; changes that were interrupted: {', '.join(ends)}")
    expect("taken back" in ends, "no kill came in the middle of a change")
    nginx_killed(guest)
    guest.expect_quiet_journal(PROVOKED)


def killed_idle(guest, unit):
    """Seconds until the unit works again."""
    begun = time.monotonic()
    before = kill(guest, unit)
    wait_for(f"{unit} to be started again", lambda: guest.main_pid(unit) not in (0, before), 60)
    wait_for("the panel to answer", lambda: works(guest), 60)
    return time.monotonic() - begun


def killed_in_a_change(guest, unit, turn, name):
    """Kills while a site is made; then it is there as a whole, or nothing of it is."""
    domain = f"{name}.example"
    pid = guest.outer_pid(guest.main_pid(unit))
    journal = guest.root / "var/lib/manara-host/journal"
    making = guest.start("manara", "--yes", "--quiet", "site", "create", "--domain", domain, "--kind", "static")
    deadline = time.monotonic() + 30
    while not os.listdir(journal) and making.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    time.sleep(random.uniform(0, 0.08) * turn)
    os.kill(pid, signal.SIGKILL)
    code = making.wait(60)
    wait_for("the panel to answer", lambda: works(guest), 60)
    wait_for("no plan to be open", lambda: not os.listdir(journal), 60)
    named = {site["domain"] for site in guest.json("site", "list")["items"]}
    files = guest.output("sh", "-c", "cat /etc/nginx/manara/sites/*.conf")
    folder = (guest.root / "srv/www" / domain).exists()
    whole = domain in named
    expect(folder == whole and (f"server_name {domain};" in files) == whole, f"{domain} is half there: {named}")
    expect(whole or code != 0, f"{domain} was said to be made, and is not there")
    if whole:
        expect(outside.get(guest.address, 80, host=domain)[0] == 200, f"{domain} does not answer")
    drift = guest.json("drift", "list")["items"]
    expect(drift == [], f"files differ after the kill: {drift}")
    return "made" if whole else "taken back"


def nginx_killed(guest):
    """A worker is replaced by its master at once; a killed master ends nginx until somebody starts it. Debian's unit does
    not, but the panel says so, and starts it when it is told to, or with its next change."""
    with outside.load(f"http://{guest.address}/", host="one.example", visitors=2) as load:
        for _ in range(ROUNDS):
            worker = guest.output("pgrep", "-u", "www-data", "-x", "nginx").split()[0]
            guest.run("kill", "-9", worker)
            time.sleep(0.5)
    # Whatever that worker was just answering is lost with it, and nothing else is.
    print(f"     {load.asked} requests while nginx's workers were killed, {len(load.bad)} failed")
    expect(len(load.bad) <= 2 * ROUNDS and load.asked > 100, f"failed: {load.bad}")

    for commands in ((("nginx", "start"),), (("site", "disable", "one.example"), ("site", "enable", "one.example"))):
        guest.run("kill", "-9", guest.output("cat", "/run/nginx.pid").strip())
        wait_for("nginx to be gone", lambda: not guest.json("nginx", "show")["running"], 60)
        doctor = guest.run("manara", "doctor", check=False)
        expect(doctor.returncode == 1 and "nginx does not run" in doctor.stdout, f"doctor: {doctor}")
        expect("manara nginx start" in doctor.stdout, f"doctor: {doctor}")
        for words in commands:
            guest.run("manara", "--yes", *words)
        expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site after nginx was started")
        expect(guest.output("systemctl", "is-active", "nginx").strip() == "active", "nginx runs, but not as its unit")


def kill(guest, unit):
    pid = guest.main_pid(unit)
    os.kill(guest.outer_pid(pid), signal.SIGKILL)
    return pid


def works(guest):
    """Outside and inside: the panel is ready, and reaches its host."""
    with contextlib.suppress(OSError):
        return ready(guest) and guest.run("manara", "nginx", "show", check=False).returncode == 0
    return False
