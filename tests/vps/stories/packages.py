"""What the panel does with the system's packages."""

import gzip
import hashlib
import pathlib
import subprocess
import time

import outside
from guest import wait_for
from stories.common import claim, expect, install, ready, site_answers
from stories.kills import PROVOKED as KILLED

CONTROL = """Package: {name}
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: for a test
"""
# That nginx was missing, and that dpkg failed in units of its own, while stuck and while somebody else held its lock.
PROVOKED = ("dpkg_half_done", "nginx_missing", "nginx is not installed", "'exit-code'", "/usr/bin/dpkg --configure -a")
REPOSITORY = "/srv/packages"


def no_nginx(guest):
    """A machine without nginx, whose package manager is busy and then stuck: the panel says so, and installs it in the end."""
    guest.run("apt-get", "purge", "--yes", "-qq", "nginx", "nginx-common")
    repository(guest, sorted(guest.base.with_name(guest.base.name + ".debs").glob("*.deb")))
    said = install(guest)
    expect("nginx is not installed" in said and "/claim#" in said, said)
    claim(guest)
    doctor = guest.run("manara", "doctor", check=False)
    expect(doctor.returncode == 1 and "nginx is not installed" in doctor.stdout, f"doctor: {doctor}")
    done = guest.run("manara", "--yes", "site", "create", "--domain", "one.example", "--kind", "static", check=False)
    expect(done.returncode == 5 and "nginx" in done.stderr, f"a site without nginx: {done}")

    stuck(guest)
    busy(guest)
    expect(ready(guest), "the panel after the installation")
    listed = guest.json("component", "list")["items"]
    expect([item["name"] for item in listed if item["installed"]] == ["nginx"], listed)
    ran = guest.output("journalctl", "--no-pager", "-o", "cat", "-u", "manara-job-*")
    expect("manara-job-" in ran, f"no unit of its own installed nginx: {ran}")
    site_answers(guest)
    guest.run("manara", "doctor")
    guest.reboot()
    wait_for("the panel after a reboot", lambda: ready(guest), 60)
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site after a reboot")
    guest.expect_quiet_journal(PROVOKED)


def stuck(guest):
    """A package whose installation cannot be finished is named, with what to do; nothing else is tried."""
    guest.copy_in(package("broken", "test -e /root/mended"), "/root/broken.deb")
    guest.run("dpkg", "-i", "/root/broken.deb", check=False)
    done = guest.run("manara", "component", "install", "nginx", check=False)
    for text in ("was interrupted", "dpkg --configure -a", "broken"):
        expect(done.returncode == 5 and text in done.stderr, f"no '{text}': {done}")
    guest.run("touch", "/root/mended")


def busy(guest):
    """Somebody else's package manager is waited for."""
    guest.copy_in(package("slow", "touch /root/begun; sleep 15; touch /root/ended"), "/root/slow.deb")
    other = guest.start("dpkg", "-i", "/root/slow.deb")
    wait_for("the other package manager", lambda: guest.run("test", "-e", "/root/begun", check=False).returncode == 0, 60)
    begun = time.monotonic()
    done = guest.run("manara", "component", "install", "nginx", timeout=300)
    waited = time.monotonic() - begun
    expect(other.wait(60) == 0, "the other package manager was disturbed")
    expect(guest.run("test", "-e", "/root/ended", check=False).returncode == 0, "it was not waited for")
    print(f"     nginx installed after {waited:.0f} s, 15 of them behind another package manager")
    for text in ("locked by another process", "Setting up nginx"):
        expect(text in done.stdout + done.stderr, f"no '{text}' in the live output: {done}")


def package(name, postinst):
    """A package that runs `postinst` while it is configured."""
    folder = outside.scratch() / f"deb-{name}"
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "DEBIAN/control").write_text(CONTROL.format(name=name))
    (folder / "DEBIAN/postinst").write_text(f"#!/bin/sh\nset -e\n{postinst}\n")
    (folder / "DEBIAN/postinst").chmod(0o755)
    file = outside.scratch() / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", folder, file], check=True, capture_output=True)
    return file


def repository(guest, debs):
    """The guest's only source of packages: a folder with these."""
    expect(debs, "there are no packages beside the root file system")
    index = ""
    for deb in debs:
        content = pathlib.Path(deb).read_bytes()
        fields = subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True, text=True).stdout.strip()
        index += f"{fields}\nFilename: ./{deb.name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        guest.copy_in(deb, f"{REPOSITORY}/{deb.name}")
    packages = outside.scratch() / "Packages.gz"
    packages.write_bytes(gzip.compress(index.encode()))
    guest.copy_in(packages, f"{REPOSITORY}/Packages.gz")
    guest.run("sh", "-c", f"echo 'deb [trusted=yes] file:{REPOSITORY} ./' >/etc/apt/sources.list")


def work_outlives_the_host(guest):
    """A package manager at work while the host is killed: the job hears the rest of it, and its end."""
    install(guest)
    claim(guest)
    slow = 'APT::Update::Pre-Invoke { "echo the-beginning; sleep 8; echo the-end"; };'
    guest.run("sh", "-c", 'printf %s "$1" >/etc/apt/apt.conf.d/99slow', "sh", slow)
    guest.start("sh", "-c", "manara component install nginx >/root/said 2>&1; echo $? >/root/code")
    unit = "manara-job-install-nginx.service"
    wait_for("the unit", lambda: guest.run("systemctl", "is-active", unit, check=False).returncode == 0, 60)
    pid = guest.output("systemctl", "show", "--property=MainPID", "--value", "manara-host.service").strip()
    guest.run("kill", "-9", pid)
    code = wait_for("the end", lambda: guest.run("cat", "/root/code", check=False).stdout.strip(), 60)
    said = guest.output("cat", "/root/said")
    expect(code == "0", f"the job ended with {code}:\n{said}")
    job = next(job for job in guest.json("job", "list")["items"] if job["operation"] == "component.install")
    heard = guest.json("job", "show", job["id"])["output"].splitlines()
    expect(heard.count("the-beginning") == 1 and heard.count("the-end") == 1, heard)
    expect(any("nginx is already the newest version" in line for line in heard), heard)
    wait_for("the unit to be gone", lambda: guest.run("systemctl", "is-active", unit, check=False).returncode != 0, 60)
    guest.expect_quiet_journal(KILLED)
