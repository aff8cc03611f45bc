"""What 64 people who sign in at once do to everybody else."""

import json
import pathlib
import subprocess
import tempfile

import panel
from http_figures import SECONDS, wrk
from report import line


def run(binary):
    with panel.Panel(binary) as ours:
        token = ours.claim()
        path = "/api/v1/settings"
        url = f"http://127.0.0.1:{ours.port}{path}"
        quiet = wrk(url, 1, token, pin=None)
        before = panel.cpu_s(ours.process.pid)
        crowd = sign_ins(ours)
        busy = wrk(url, 1, token, pin=None)
        counted = crowd.communicate(timeout=60)[1].split()
        spent = panel.cpu_s(ours.process.pid) - before
        done, refused = int(counted[-2]), int(counted[-1])
        line("P12", "p99 of others while 64 sign in, ms", busy[2], "<= 20", quiet[2], "", "alone")
        line("P12", "  sign-ins a second", done / (float(SECONDS) + 2), "")
        line("P12", "  of them turned away at once", refused / (float(SECONDS) + 2), "")
        line("P12", "  CPU ms per sign-in", spent * 1000 / max(done - refused, 1), "35 (Argon2id)", 35, "", "argon2")


def sign_ins(ours):
    """wrk with 64 connections that sign in for longer than the other measurement takes."""
    body = json.dumps({"user": "admin", "password": panel.PASSWORD})
    script = pathlib.Path(tempfile.mkstemp(suffix=".lua", dir=ours.root)[1])
    script.write_text(
        f'wrk.method = "POST"\nwrk.body = [[{body}]]\nwrk.headers["Content-Type"] = "application/json"\n'
        "done = function(s, l, r) io.stderr:write(string.format('%d %d', s.requests, s.errors.status)) end\n"
    )
    command = ["wrk", "-t", "1", "-c", "64", "--timeout", "30s", "-d", str(int(SECONDS) + 2), "-s", str(script)]
    url = f"http://127.0.0.1:{ours.port}/api/v1/session"
    return subprocess.Popen([*command, url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
