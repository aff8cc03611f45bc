"""The panel's port as strangers, other sites' pages and people without rights meet it.

Which rows of docs/threats.md are tried on booted machines, and by which story (the other tests of each row are there):

    1, 3, 5, 18, 26, 29   doors
    8, 11, 21, 32         hostile (the host's socket, and the confinement of the unit)
    16                    hostile, refusals (files_in_order)
    19                    doors (two installations)
    31                    refusals, fetched, versions, replaced
    33                    kills, versions, fetched, replaced, work_outlives_the_host, whole_life (reboot)
"""

import json
import socket
import ssl
import time

import outside
from guest import wait_for
from stories.common import claim, expect, install, ready, site_answers

PORT = 9443
OPEN = {("GET", "/api/v1/claim"), ("POST", "/api/v1/claim"), ("POST", "/api/v1/session"), ("GET", "/api/v1/openapi.json")}


def doors(guest):
    """The panel from outside: no route without a session, no forged header, no foreign page, no crowd gets through."""
    tarball = outside.send(guest, outside.package())
    install(guest)
    claim(guest)
    site_answers(guest)
    routes(guest)
    forged(guest)
    other_sites(guest)
    what_is_lost(guest)
    crowds(guest)
    # Refusals are told; nothing else happened.
    guest.expect_quiet_journal(('security"',))
    first = secrets(guest)
    guest.run("sh", "/root/release/install.sh", "--purge", "--sites", "--yes", "--offline", tarball)
    install(guest)
    second = secrets(guest)
    same = [name for name in first if first[name] == second[name]]
    expect(not same, f"two installations share {same}")


def ask(guest, method, path, body=None, **headers):
    """Status and body; names of headers with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(body) if body is not None else None
    status, answered, text = outside.ask(guest.address, PORT, method, path, body, {"Content-Type": "application/json", **named})
    return status, {name.lower(): value for name, value in answered.items()}, text


class Session:
    """Somebody signed in with a browser."""

    def __init__(self, guest, user, password):
        self.guest = guest
        status, headers, text = ask(guest, "POST", "/api/v1/session", {"user": user, "password": password}, **self.origin())
        expect(status == 201, f"{user} is not let in: {status} {text[:300]}")
        self.cookie = headers["set-cookie"].split(";")[0]
        self.csrf = json.loads(self.ask("GET", "/api/v1/session")[1])["csrf"]

    def origin(self):
        return {"Origin": f"https://{self.guest.address}:{PORT}", "Sec-Fetch-Site": "same-origin"}

    def ask(self, method, path, body=None, **other):
        headers = {"Cookie": self.cookie, **other}
        status, _, text = ask(self.guest, method, path, body, **headers)
        return status, text

    def change(self, method, path, body=None):
        return self.ask(method, path, body, X_Manara_CSRF=self.csrf, **self.origin())


def routes(guest):
    """Row 1: every route of the description and every method, without a session."""
    paths = json.loads(outside.get(guest.address, PORT, "/api/v1/openapi.json", tls=True)[2])["paths"]
    asked = 0
    for path in paths:
        real = path.replace("{", "").replace("}", "")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
            if (method, path) in OPEN:
                continue
            status = ask(guest, method, real, {} if method in ("POST", "PATCH", "PUT") else None)[0]
            expect(status in (401, 403, 405), f"{method} {path} without a session: {status}")
            asked += 1
    print(f"     {asked} calls without a session, all refused")


def forged(guest):
    """Rows 3 and 29: what a client calls itself or the panel is not believed; being on the machine opens nothing."""
    for name in ("X-Forwarded-For", "Forwarded", "CF-Connecting-IP", "X-Real-IP"):
        value = "for=203.0.113.7" if name == "Forwarded" else "203.0.113.7"
        status = ask(guest, "POST", "/api/v1/session", {"user": "admin", "password": "a wrong password"}, **{name: value})[0]
        expect(status in (401, 403, 429), f"a wrong password with {name}: {status}")
    trail = guest.output("manara", "--json", "audit", "list")
    expect("203.0.113.7" not in trail and guest.outside in trail, f"the address in the trail: {trail[:1000]}")
    for name in ("evil.example", "localhost.evil.example", f"{guest.address}.evil.example"):
        status = outside.get(guest.address, PORT, "/api/v1/claim", host=name, tls=True)[0]
        expect(status == 421, f"as {name}: {status}")
    inside = guest.output("runuser", "-u", "www-data", "--", "curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}",
                          f"https://127.0.0.1:{PORT}/api/v1/sites")
    expect(inside == "401", f"from the machine itself: {inside}")


def other_sites(guest):
    """Row 5: a signed-in browser that shows somebody else's page."""
    wait_for("the wrong passwords to be forgiven", lambda: guest.run("manara", "unlock", check=False).returncode == 0, 60)
    wait_for("the panel", lambda: ready(guest), 60)
    admin = Session(guest, "admin", "a long password")
    own = admin.origin()
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for headers in (foreign, {**foreign, "X-Manara-CSRF": admin.csrf}, {"Origin": "null", "X-Manara-CSRF": admin.csrf}, own,
                    {**own, "X-Manara-CSRF": "x" * 20}, {**own, "X-Manara-CSRF": admin.csrf, "Content-Type": "text/plain"}):
        status, text = admin.ask("POST", "/api/v1/sites/one.example/disable", {}, **headers)
        expect(status in (403, 415), f"a change with {headers}: {status} {text[:200]}")
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site was disabled by another site's page")
    expect(admin.change("POST", "/api/v1/sites/one.example/reapply")[0] in (200, 202), "the panel's own page may")


def what_is_lost(guest):
    """Row 18: a role, a password, an account that ends takes its sessions with it."""
    admin = Session(guest, "admin", "a long password")
    status, text = admin.change("POST", "/api/v1/users", {"name": "helper", "role": "operator", "password": "a helping password"})
    expect(status == 201, f"a user: {status} {text[:300]}")
    for change in ({"role": "viewer"}, {"disabled": True}):
        helper = Session(guest, "helper", "a helping password")
        expect(helper.ask("GET", "/api/v1/sites")[0] == 200, "the helper may look")
        expect(helper.change("POST", "/api/v1/users", {"name": "x"})[0] == 403, "and make no users")
        status, text = admin.change("PATCH", "/api/v1/users/helper", change)
        expect(status == 200, f"{change}: {status} {text[:300]}")
        expect(helper.ask("GET", "/api/v1/sites")[0] == 401, f"a session outlives {change}")


def crowds(guest):
    """Row 26: giant, deep and slow requests, and many connections; the panel answers meanwhile, and stays small."""
    deep = "[" * 100_000
    for body in (b"x" * 5_000_000, deep.encode(), b'{"user": 1e999, "password": -1}', b'{"a":1,' * 50_000):
        try:
            status = outside.ask(guest.address, PORT, "POST", "/api/v1/session", body, {"Content-Type": "application/json"})[0]
        except OSError:
            # Whoever goes on sending after the answer is cut off.
            status = 413
        expect(400 <= status < 500, f"{body[:20]}: {status}")
    context = ssl._create_unverified_context()
    slow = []
    for number in range(300):
        plain = socket.create_connection((guest.address, PORT), timeout=10)
        plain.settimeout(5)
        try:
            stream = context.wrap_socket(plain) if number % 2 else plain
            stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
            slow.append(stream)
        except OSError:
            plain.close()
    expect(guest.run("manara", "site", "list", timeout=120).returncode == 0, "the console during a crowd")
    expect(outside.get(guest.address, 80, host="one.example")[0] == 200, "the site during a crowd")
    for stream in slow:
        stream.close()
    begun = time.monotonic()
    wait_for("the panel after a crowd", lambda: ready(guest), 60)
    peak = guest.output("sh", "-c", f"grep VmHWM /proc/{guest.main_pid('manara.service')}/status").split()
    print(f"     {len(slow)} connections held open, ready {time.monotonic() - begun:.1f} s later, peak memory {peak[1]} KiB")
    expect(int(peak[1]) < 256 * 1024, f"memory rose to {peak}")


def secrets(guest):
    """Row 19: hashes of what each installation makes for itself."""
    folders = ("/etc/manara/secret.key", "/var/lib/manara/tls", "/etc/nginx/manara/tls")
    lines = guest.output("find", *folders, "-type", "f", "-exec", "sha256sum", "{}", "+").splitlines()
    expect(len(lines) >= 4, f"keys and certificates: {lines}")
    return {path: digest for digest, path in map(str.split, lines)}
