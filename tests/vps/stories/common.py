"""What stories have in common."""

import outside
from guest import Failed

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
    done = guest.run(shell, "/root/release/install.sh", "--yes", "--offline", tarball, *words, timeout=300)
    return done.stdout + done.stderr


def claim(guest):
    guest.run("manara", "claim", "--user", "admin", "--password-stdin", feed="a long password\n")


def ready(guest, port=9443):
    try:
        return outside.get(guest.address, port, "/health/ready", tls=True, timeout=10)[0] == 200
    except OSError:
        return False


def site_answers(guest):
    guest.run("manara", "--yes", "site", "create", "--domain", "one.example", "--kind", "static", timeout=180)
    status, _, page = outside.get(guest.address, 80, host="one.example")
    expect(status == 200 and b"one.example" in page, f"the site answered {status}: {page[:200]}")


def runs(guest, version):
    """That version answers, and the claim of the first day is still in its database."""
    told = guest.json("self", "status")
    expect(told["current"] == version and not told["interrupted"] and not told["under_way"], told)
    # Not the status' own word: these versions are one program with another number written into it, and an optimised one
    # has the number in its instructions as well.
    said = guest.output("manara", "--version")
    expect(said.split()[1] == version, said)
    expect(ready(guest), "the panel is not ready")
    expect(guest.json("claim", "show")["claimed"], "the database was lost")
