"""What somebody who has the web process can do, and what they cannot: docs/security-model.md, line by line."""

import contextlib
import http.server
import json
import threading

import outside
from guest import wait_for
from stories.common import claim, expect, install, ready, site_answers
from taken import UNIT, Taken

# What a careless program would make a path, an argument or a line of.
HOSTILE = ["", ".", "..", "/", "/etc/shadow", "../../etc/shadow", "a/../../b", "a/b", "a\0b", "a\nb", "-rf", ".trash",
           "--config=/etc/x", "%2e%2e", "a\u202eb", "*", "~root", "$HOME", "`id`", "a;b", "\\..", "xn--", "0", "s", "p"]
PLAN, SITE = "p0123456789", "s0123456789"
# Each line an attempt: a name, then a command of the shell that ends with 0 where it succeeds. As root all of them do.
ATTEMPTS = """
read-shadow          cat /etc/shadow
read-home-of-root    ls /root/release
read-hosts-journal   ls /var/lib/manara-host
write-cron           : >>/etc/cron.d/taken
write-unit           : >>/etc/systemd/system/taken.service
write-program        cp -p /opt/manara/current/manara /opt/manara/current/manara.new
write-policy         : >>/etc/manara/host-policy.toml
write-configuration  : >>/etc/manara/manara.toml
write-key            : >>/etc/manara/secret.key
write-nginx          : >>/etc/nginx/nginx.conf
write-site           : >>/srv/www/one.example/public/index.html
write-sudoers        : >>/etc/sudoers.d/taken
become-root          sudo -n true
make-setuid          f=$(mktemp) && chmod u+s $f
signal-init          kill -0 1
signal-host          kill -0 $(systemctl show --property=MainPID --value manara-host.service)
signal-nginx         kill -0 $(systemctl show --property=MainPID --value nginx.service)
see-processes        ls /proc/$(systemctl show --property=MainPID --value manara-host.service)/fd
unit-of-its-own      systemd-run --no-ask-password --quiet --wait true
reload-a-unit        systemctl --no-ask-password reload nginx.service
mount                mount -t tmpfs none /mnt && umount /mnt
namespace            unshare --net true
network-settings     ip link set lo up
low-port             busybox httpd -p 81 -h /srv && kill $(pidof busybox)
change-owner         f=$(mktemp) && chown www-data $f
"""
RUN = """
while read -r name command; do
  [ -n "$name" ] || continue
  if sh -c "$command" >/tmp/said 2>&1 </dev/null; then echo "$name done"; else echo "$name refused $(tr '\\n' ' ' </tmp/said)"; fi
done <<'LIST'
""" + ATTEMPTS + "\nLIST\n"


def hostile(guest):
    """The web process taken over: what is refused is refused, and what the security model says is left is left."""
    install(guest)
    claim(guest)
    site_answers(guest)
    guest.run("manara", "--yes", "site", "create", "--domain", "two.example", "--kind", "static")
    taken = Taken(guest)
    confined(guest, taken)
    operations_refused(guest, taken)
    left_on_the_machine(guest, taken)
    left_through_the_host(guest, taken)
    kept_busy(guest, taken)
    strangers(guest)
    guest.expect_quiet_journal()


def confined(guest, taken):
    """Rows 16, 21 and 32 of docs/threats.md. The attempts are good ones: root succeeds in each, manara in none."""
    guest.run("mkdir", "-p", "/etc/cron.d")
    guest.run("sh", "-c", "umask 077; echo 'manara ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/manara; touch /etc/sudoers.d/taken")
    by_root = guest.output("sh", "-c", RUN).splitlines()
    failed = [line for line in by_root if not line.endswith(" done")]
    expect(not failed and len(by_root) == len(ATTEMPTS.split("\n")) - 2, f"even root cannot: {failed}")
    guest.run("rm", "-f", "/etc/cron.d/taken", "/etc/systemd/system/taken.service", "/opt/manara/current/manara.new")
    by_panel = taken.sh(RUN).splitlines()
    done = [line for line in by_panel if " refused " not in line + " "]
    expect(not done and len(by_panel) == len(by_root), f"the panel's user can: {done}")
    print(f"     {len(by_panel)} attempts from within the unit, none succeeded")
    guest.run("rm", "/etc/sudoers.d/manara", "/etc/sudoers.d/taken")
    # The kernel has no module for it to load, but the call is already refused.
    guest.run("truncate", "--size=4096", "/srv/x.ko")
    said = taken.sh("busybox insmod /srv/x.ko; dmesg; date -s 2001-01-01; busybox hostname taken; true")
    expect(said.count("not permitted") == 4, f"module, kernel log, clock and name: {said}")
    expect(guest.output("hostname").strip() == "hostile", "the machine has another name")
    guest.run("rm", "/srv/x.ko")


def operations_refused(guest, taken):
    """Rows 7, 8, 9, 11 at the host's own door."""
    ops = ["no_such_operation", {"nginx_read": {"file": {"path": "/etc/shadow"}}}, {"hold": {"plan": PLAN}}, "nginx_stop",
           {"nginx_reload": {"generation": -1}}, {"nginx_reload": {"generation": 0}}, {"install": {"component": "netcat"}},
           log({"unit": "systemd-logind.service"}), log({"unit": "../../etc/shadow"}), log({"file": "/etc/shadow"})]
    for name in HOSTILE:
        ops += [{"nginx_read": {"file": {"site": name}}}, {"undo": {"plan": name}},
                {"sites_create": {"plan": PLAN, "trees": [{"site": SITE, "domain": name}]}},
                {"site_trash": {"plan": PLAN, "site": SITE, "folder": name}}, {"install": {"component": name}}]
    for directive in (["include", "/etc/shadow"], ["access_log", "/etc/cron.d/x"], ["root", "/etc"], ["alias", "/etc/"],
                      ["load_module", "/tmp/x.so"], ["ssl_certificate_key", "/etc/shadow"], ["perl", "sub { }"],
                      ["client_body_temp_path", "/etc/cron.d"], ["user", "root"], ["listen", "unix:/etc/cron.d/x"],
                      ["root", "/srv/www/../../etc"], ["auth_basic_user_file", "/etc/shadow"]):
        ops.append(switch(SITE, directive[0], directive[1:]))
    before = guest.output("sh", "-c", "cd /etc && find cron.d nginx manara -type f -exec sha256sum {} +")
    for op, (status, body) in zip(ops, taken.calls(ops), strict=True):
        expect(400 <= status < 500 and "root:" not in body, f"{op} was answered {status} {body}")
    after = guest.output("sh", "-c", "cd /etc && find cron.d nginx manara -type f -exec sha256sum {} +")
    expect(before == after, "a refused operation changed something")
    print(f"     {len(ops)} hostile operations refused")


def switch(site, name, args, plan=PLAN):
    """The operation that gives a site's server this directive instead of its own."""
    block = [{"name": "listen", "args": ["80"]}, {"name": "server_name", "args": ["one.example"]}, {"name": name, "args": args}]
    if name == "proxy_pass":
        block[2] = {"name": "location", "args": ["/"], "block": [block[2]]}
    change = {"file": {"site": site}, "content": [{"name": "server", "block": block}]}
    return {"nginx_switch": {"plan": plan, "changes": [change]}}


def log(source):
    return {"log_read": {"query": {"source": source, "start": "newest", "limit": 9}}}


def left_on_the_machine(guest, taken):
    """Without the host's help: what every user of the machine has, and what is the panel's own."""
    said = taken.sh("cat /etc/passwd /etc/nginx/nginx.conf /srv/www/two.example/public/index.html")
    for text in ("root:x:0:0", "worker_processes", "two.example"):
        expect(text in said, f"reading what everybody may: no {text}")
    expect("32" in taken.sh('wc -c <"$CREDENTIALS_DIRECTORY/secret.key"'), "the key of sealed secrets")
    expect("SQLite format 3" in taken.sh("head -c 15 /var/lib/manara/manara.db"), "the database")
    expect("PRIVATE KEY" in taken.sh("cat /var/lib/manara/tls/*"), "the key of the panel's port")
    with listener(guest.outside) as port:
        expect("reached" in taken.sh(f"curl -s http://{guest.outside}:{port}/"), "a connection to another machine")
    expect("one.example" in taken.sh("curl -s -H 'Host: one.example' http://127.0.0.1/"), "a connection to this machine")
    taken.sh("echo forged by the panel | systemd-cat -t sshd")
    line = json.loads(guest.output("journalctl", "-t", "sshd", "-o", "json"))
    expect(line["MESSAGE"] == "forged by the panel" and line["_SYSTEMD_UNIT"] == UNIT, f"a line in the journal: {line}")
    expect("listens" in taken.sh("busybox httpd -p 8181 -h /srv && echo listens && kill $(pidof busybox)"), "a port of its own")


def left_through_the_host(guest, taken):
    """In the order of docs/security-model.md, each with what comes of it."""
    site = guest.json("site", "show", "one.example")["id"]
    status, body = taken.call({"nginx_read": {"file": {"site": site}}})
    expect(status == 200 and "server_name one.example" in body, body)
    status, body = taken.call("nginx_list")
    expect(status == 200 and site in body, body)

    with listener(guest.outside) as port:
        for number, (name, args, comes) in enumerate([
                ("return", ["301", "https://elsewhere.example/"], lambda s, h, b: s == 301 and "elsewhere" in h["Location"]),
                ("proxy_pass", [f"http://{guest.outside}:{port}"], lambda s, h, b: b == b"reached"),
                ("root", ["/srv/www/two.example/public"], lambda s, h, b: b"two.example" in b)]):
            plan = f"p000000000{number + 1}"
            generation = json.loads(taken.call("nginx_status")[1])["nginx_status"]["generation"]
            ops = [switch(site, name, args, plan), {"nginx_reload": {"generation": generation + 1}},
                   {"hold": {"plan": plan}}, {"forget": {"plan": plan}}]
            answers = taken.calls(ops)
            expect(all(status == 200 for status, _ in answers), answers)
            expect(comes(*outside.get(guest.address, 80, host="one.example")), f"{name} has no effect")
    drifted = guest.run("manara", "drift", "list", check=False).stdout
    expect(site in drifted, f"the panel does not see that the file is another one: {drifted}")
    guest.run("manara", "--yes", "site", "reapply", "one.example")
    expect(outside.get(guest.address, 80, host="one.example")[2].count(b"one.example"), "the site is not put right")

    trash = {"site_trash": {"plan": PLAN, "site": site, "folder": "one.example"}}
    tree = {"sites_create": {"plan": "p0123456781", "trees": [{"site": SITE, "domain": "any.test"}]}}
    expect([status for status, _ in taken.calls([tree, trash])] == [200, 200], "folders")
    expect((guest.root / "srv/www/any.test/public").is_dir(), "no folder was made")
    expect((guest.root / f"srv/www/.trash/{site}/public/index.html").exists(), "the folder is not in the trash")
    ops = [{"undo": {"plan": PLAN}}, {"undo": {"plan": "p0123456781"}}, "open_plans", "logs_rotate",
           {"audit_head": {"position": 7, "hash": "0" * 64}}, log("access"), log("error"), log("panel"), "processes", "services"]
    answers = taken.calls(ops)
    expect([status for status, _ in answers] == [200] * len(ops), f"plans, logs, processes: {answers}")
    heads = guest.output("journalctl", "-u", "manara-host.service", "-o", "cat")
    expect(heads.count('"target":"manara::audit"') > 1 and "0" * 64 in heads, "a made-up head, beside the true ones")
    expect((guest.root / "srv/www/one.example/public/index.html").exists(), "the folder did not come back")
    stream = taken.sh("""curl -s -m 20 --unix-socket /run/manara-host/host.sock -H 'Manara-Version: 1' -o /dev/null \\
        -H 'Connection: Upgrade' -H 'Upgrade: manara-stream' -w '%{http_code}' \\
        --data-binary '{"install":{"component":"nginx"}}' http://h/v1/stream""")
    expect(stream.startswith("101"), f"installing a package that the policy lists: {stream}")
    expect(ready(guest), "the panel after all this")


def kept_busy(guest, taken):
    """The last line: the host can be kept busy, and folders made. Sites do not notice, and it answers again."""
    trees = [{"site": f"s{number:010}", "domain": f"filler-{number}.test"} for number in range(50)]
    expect(taken.call({"sites_create": {"plan": "p0123456783", "trees": trees}})[0] == 200, "many folders")
    with outside.load(f"http://{guest.address}/", host="one.example") as load:
        taken.sh("""
            yes '"",' 2>/dev/null | tr -d '\\n' | head -c 30000000 >/tmp/long
            for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
              { printf '{"nginx_test":{"changes":[{"file":"main","content":[{"name":"x","args":['; cat /tmp/long; } |
                curl -s -m 20 --unix-socket /run/manara-host/host.sock -H 'Manara-Version: 1' -H 'Expect:' \\
                  --data-binary @- http://h/v1/call >/dev/null &
            done
            for n in $(seq 300); do
              curl -s -m 20 --unix-socket /run/manara-host/host.sock -H 'Manara-Version: 1' --data-binary '"nginx_status"' \\
                http://h/v1/call >/dev/null &
              [ $((n % 50)) != 0 ] || sleep 1
            done
            wait""")
    expect(load.failures() == [], f"visitors noticed: {load.failures()}")
    wait_for("the host to answer again", lambda: guest.run("manara", "nginx", "show", check=False).returncode == 0, 60)
    restarts = int(guest.output("systemctl", "show", "--property=NRestarts", "--value", "manara-host.service"))
    expect(restarts == 0, "the host did not survive it")


def strangers(guest):
    """Row 21: another user of the machine reaches neither socket, nor the panel's state."""
    guest.run("useradd", "--create-home", "stranger")
    script = """
        for path in /run/manara-host/host.sock /run/manara/api.sock; do
          curl -s -m 5 --unix-socket $path -H 'Manara-Version: 1' --data-binary '"nginx_status"' http://h/v1/call && echo reached
        done
        cat /var/lib/manara/manara.db /etc/manara/secret.key /etc/manara/manara.toml && echo read
        ls /var/lib/manara /var/lib/manara-host /run/manara && echo listed
        cat /etc/nginx/manara/tls/*key* && echo read
        manara site list && echo called"""
    done = guest.run("runuser", "-u", "stranger", "--", "sh", "-c", script, check=False)
    expect(done.stdout == "", f"a stranger got {done.stdout}")


@contextlib.contextmanager
def listener(address):
    """The port of a server on the outside that says it was reached."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"reached")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((address, 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
