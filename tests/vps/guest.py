"""A booted Debian guest: systemd-nspawn over an overlay of the cached root file system, in a network namespace and in
cgroups of its own. The harness is the world outside: it reaches the guest over the network only, or by running commands
in it as a person at its console would."""

import contextlib
import functools
import hashlib
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import time

# A second on an idle machine; many where twice as much runs as there are processors.
BOOT_S_MAX = 180
# Lines that a guest writes because it is one, not because of us: part of the text.
HARMLESS = [
    # systemd-nspawn gives the guest no BPF.
    "does not support BPF/cgroup firewalling",
    "(This warning is only shown for the first unit using IP firewalling.)",
    # Guests share their processors with whatever else the machine does.
    "slow request",
]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Failed(Exception):
    """A story did not go as told."""


def sh(*words, **options):
    return subprocess.run(words, check=True, **options)


def quietly(*words):
    return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def wait_for(what, condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise Failed(f"{what}: not within {seconds} s")


@functools.cache
def base(suite):
    """The cached root file system of a suite of Debian."""
    script = pathlib.Path(__file__).with_name("rootfs.sh")
    return pathlib.Path(sh(script, suite, stdout=subprocess.PIPE, text=True).stdout.strip())


class Guest:
    """One machine. `with Guest("name") as guest:` boots it, unless the story is to say what runs in it, and leaves no
    trace of it."""

    def __init__(self, name, suite="bookworm", boots=True):
        self.base, self.boots = base(suite), boots
        # Short and different for each run: interfaces have at most 15 letters.
        self.tag = f"m{os.getpid() % 100000}"
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="manara-guest-"))
        self.root = self.folder / "root"
        number = os.getpid() % 250
        self.outside, self.address = f"10.86.{number}.1", f"10.86.{number}.2"
        self.process = None
        self.leader = None
        self.cgroups = []

    def __enter__(self):
        try:
            self._mount()
            self._network()
            self._cgroups()
            if self.boots:
                self.boot()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self.power_off()
        if self.process and self.process.poll() is None:
            # Its first process would go on without it, in the groups and the network of the next guest.
            for pid in filter(None, (self._find_leader(), self.leader)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for _ in range(50):
            if not os.path.ismount(self.root) or quietly("umount", str(self.root)):
                break
            time.sleep(0.1)
        quietly("ip", "link", "del", self.tag)
        quietly("ip", "netns", "del", self.tag)
        for group in self.cgroups:
            for inner, _, _ in sorted(os.walk(group), reverse=True):
                with contextlib.suppress(OSError):
                    os.rmdir(inner)
        if not os.path.ismount(self.root):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _mount(self):
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir()
        options = f"lowerdir={self.base},upperdir={self.folder}/upper,workdir={self.folder}/work"
        sh("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        (self.root / "etc/machine-id").write_text("")
        (self.root / "etc/hostname").write_text(self.name + "\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{self.address} {self.name}\n")

    def _network(self):
        inside = ("ip", "-n", self.tag)
        sh("ip", "netns", "add", self.tag)
        sh("ip", "link", "add", self.tag, "type", "veth", "peer", "name", "eth0", "netns", self.tag)
        sh("ip", "addr", "add", f"{self.outside}/24", "dev", self.tag)
        sh("ip", "link", "set", self.tag, "up")
        sh(*inside, "addr", "add", f"{self.address}/24", "dev", "eth0")
        sh(*inside, "link", "set", "eth0", "up")
        sh(*inside, "link", "set", "lo", "up")
        sh(*inside, "route", "add", "default", "via", self.outside)

    def _cgroups(self):
        """A group per hierarchy; otherwise nspawn puts the guest at the top, where guests would share one."""
        for hierarchy in sorted(pathlib.Path("/sys/fs/cgroup").iterdir()):
            if not (hierarchy / "cgroup.procs").exists():
                continue
            group = hierarchy / self.tag
            group.mkdir(exist_ok=True)
            self.cgroups.append(group)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if (group / setting).exists():
                    (group / setting).write_text((hierarchy / setting).read_text())

    def _enter_cgroups(self):
        for group in self.cgroups:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    def _launch(self, *words):
        """Starts nspawn with these words in the end."""
        console = open(self.folder / "console.log", "ab")
        command = ["systemd-nspawn", "-q", "--register=no", "--keep-unit", f"--network-namespace-path=/run/netns/{self.tag}",
                   "-D", str(self.root), "-M", self.tag, "--hostname", self.name, "--resolv-conf=off", "--timezone=off",
                   "--capability=CAP_NET_ADMIN,CAP_SYS_ADMIN"]
        self.process = subprocess.Popen([*command, *words], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                        start_new_session=True, preexec_fn=self._enter_cgroups)
        self.leader = wait_for("the guest's first process", self._find_leader, BOOT_S_MAX)

    def boot(self):
        """Starts the machine with systemd, and waits until that is done."""
        self._launch("-b")
        state = wait_for("the boot", self._booted, BOOT_S_MAX)
        if state != "running":
            raise Failed(f"the guest is {state}: {self.output('systemctl', '--failed', '--no-legend')}")

    def _find_leader(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            found = children.read_text().split()
            return int(found[0]) if found else None
        return None

    def _booted(self):
        # Before the guest's own first process there may have been one that only prepared its place.
        self.leader = self._find_leader() or self.leader
        done = self.run("systemctl", "is-system-running", check=False)
        state = done.stdout.strip()
        return state if state in ("running", "degraded") else None

    def power_off(self):
        if self.process and self.process.poll() is None and self.leader:
            self.run("systemctl", "poweroff", check=False)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)

    def contain(self, *words):
        """Starts the machine as a container: one program, and a first process that does nothing but wait for it."""
        self._launch("--as-pid2", *words)

    def end_contained(self, which=signal.SIGTERM):
        """Sends a signal to the container's program; its exit code. What it left running ends with the container."""
        os.kill(self.outer_pid(2), which)
        return self.process.wait(60)

    def reboot(self):
        """Down and up again, in order."""
        self.power_off()
        if self.process.poll() is None:
            raise Failed("the guest does not go down")
        self.boot()

    def cut_power(self):
        """Every process gone at once. (What the kernel had not written to the disk is still there: see the docs.)"""
        os.kill(self.leader, signal.SIGKILL)
        self.process.wait(30)
        self.boot()

    # ------------------------------------------------------------ at its console

    def run(self, *words, check=True, timeout=300, feed=None, env=None):
        enter = ["nsenter", "-t", str(self.leader), "-a", "env", "-i", f"PATH={PATH}", "HOME=/root", "TERM=xterm"]
        enter += [f"{name}={value}" for name, value in (env or {}).items()]
        done = subprocess.run(enter + list(words), input=feed, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise Failed(f"{' '.join(words)} ended with {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
        return done

    def start(self, *words):
        """Starts a command in the guest and goes on."""
        enter = ["nsenter", "-t", str(self.leader), "-a", "env", "-i", f"PATH={PATH}", "HOME=/root"]
        return subprocess.Popen(enter + list(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def output(self, *words, **options):
        return self.run(*words, **options).stdout

    def main_pid(self, unit):
        """Process id of a unit's main process, as the guest counts; 0 where there is none."""
        return int(self.output("systemctl", "show", "--property=MainPID", "--value", unit))

    def outer_pid(self, pid):
        """What this machine calls the guest's process `pid`."""
        own = os.readlink(f"/proc/{self.leader}/ns/pid")
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                numbers = next(line for line in status.read_text().splitlines() if line.startswith("NSpid:")).split()
                if numbers[-1] == str(pid) and os.readlink(status.parent / "ns/pid") == own:
                    return int(status.parent.name)
        raise Failed(f"the guest has no process {pid}")

    def json(self, *words, **options):
        return json.loads(self.output("manara", "--json", *words, **options))

    def copy_in(self, source, target):
        place = self.root / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        # Through the guest's own mount namespace, where /tmp and /run are other file systems.
        with open(source, "rb") as stream:
            enter = ["nsenter", "-t", str(self.leader), "-a", "sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", target]
            sh(*enter, stdin=stream)
        mode = stat.S_IMODE(os.stat(source).st_mode)
        self.run("chmod", f"{mode:o}", target)

    # ------------------------------------------------------------ what is left and what was said

    def files(self, skip=()):
        """Type, mode, owner and content hash of everything on the disk, by path; times do not count."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            for name in folders + files:
                path = pathlib.Path(folder, name)
                shown = "/" + str(path.relative_to(self.root))
                if any(shown == part or shown.startswith(part + "/") for part in skip):
                    continue
                about = path.lstat()
                entry = [stat.filemode(about.st_mode), about.st_uid, about.st_gid]
                if stat.S_ISREG(about.st_mode):
                    entry.append(hashlib.sha256(path.read_bytes()).hexdigest())
                elif stat.S_ISLNK(about.st_mode):
                    entry.append(os.readlink(path))
                found[shown] = entry
        return found

    def journal_complaints(self):
        """Warnings and worse of our units, of nginx, and of systemd about them."""
        lines = self.output("journalctl", "--no-pager", "-o", "json", "-p", "warning").splitlines()
        ours = ("manara", "nginx")
        found = []
        for entry in map(json.loads, lines):
            unit = str(entry.get("_SYSTEMD_UNIT", "")) + str(entry.get("UNIT", ""))
            message = entry.get("MESSAGE", "")
            message = message if isinstance(message, str) else bytes(message).decode(errors="replace")
            concerned = any(name in unit for name in ours) or any(name in message for name in ours)
            if concerned and not any(text in message for text in HARMLESS):
                found.append(f"{entry.get('SYSLOG_IDENTIFIER', '')}: {message}")
        # Our own log says its level inside: the journal takes every line of standard error for information.
        own = self.output("journalctl", "--no-pager", "-o", "cat", "-u", "manara*").splitlines()
        for line in own:
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                said = isinstance(entry, dict) and entry.get("level") in ("warn", "error")
                if said and not any(text in line for text in HARMLESS):
                    found.append(line)
        return found

    def expect_quiet_journal(self, but=()):
        """Fails on complaints, except those that hold one of the texts `but` (the story provoked them)."""
        found = [line for line in self.journal_complaints() if not any(text in line for text in but)]
        if found:
            raise Failed("the journal complains:\n  " + "\n  ".join(found[:20]))


def difference(before, after):
    """What two results of `Guest.files` do not share, as lines."""
    lines = []
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            lines.append(f"{path}: {before.get(path)} -> {after.get(path)}")
    return lines
