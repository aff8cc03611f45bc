"""What a running installation looks like, for people to read."""

import pathlib
import re

import outside
from guest import wait_for
from stories.common import claim, expect, install, ready, site_answers

# Proportional memory of all processes of the panel together: sampler on, database open, a page just loaded.
IDLE_MIB_MAX = 15


def facts(guest):
    """Processes, units, their confinement and idle memory, written to target/test-logs/vps-facts.txt."""
    install(guest)
    claim(guest)
    site_answers(guest)
    guest.reboot()
    wait_for("the panel after a reboot", lambda: ready(guest), 60)
    guest.run("sleep", "20")
    expect(outside.get(guest.address, 9443, tls=True)[0] == 200, "a page of the panel")
    memory, total = idle_memory(guest)
    parts = {
        "memory of the panel's processes, idle (PSS, KiB)": memory,
        "ps": guest.output("ps", "-eo", "user:12,pid,ppid,rss,pss,args", "--sort=pid"),
        "systemctl status": guest.output("systemctl", "--no-pager", "--lines=0", "status", "manara.service",
                                         "manara-host.service", "manara-host.socket", "nginx.service"),
    }
    for unit in ("manara.service", "manara-host.service"):
        parts[f"systemd-analyze security {unit}"] = guest.output("systemd-analyze", "security", "--no-pager", unit)
    file = outside.REPOSITORY / "target/test-logs/vps-facts.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"==== {title}\n{text.rstrip()}\n\n" for title, text in parts.items()))
    print(f"     {total / 1024:.1f} MiB idle in all; {file.relative_to(pathlib.Path.cwd())}")
    # What was built for looking into is larger, and its figure only for reading.
    optimised = b".debug_info" not in pathlib.Path(outside.BINARY).read_bytes()
    expect(not optimised or total < IDLE_MIB_MAX * 1024, f"idle memory:\n{memory}")
    guest.expect_quiet_journal()


def idle_memory(guest):
    """A line per process of the panel, and their sum in KiB (proc(5), smaps_rollup)."""
    lines, total = [], 0
    for unit in ("manara.service", "manara-host.service"):
        pid = guest.main_pid(unit)
        rollup = guest.output("cat", f"/proc/{pid}/smaps_rollup")
        figures = {name: int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.M)[1]) for name in ("Pss", "Pss_Anon", "Rss")}
        lines.append(f"{unit}: " + ", ".join(f"{name} {kib}" for name, kib in figures.items()))
        total += figures["Pss"]
    return "\n".join([*lines, f"together: {total}"]), total
