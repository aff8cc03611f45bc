"""A panel in the hands of an attacker: whatever they run has the user, the groups and the confinement of manara.service,
line by line, and speaks to the host's socket with curl."""

import json

UNIT = "manara-taken.service"
SCRIPT, OPS, OUT = "/var/lib/manara/taken.sh", "/var/lib/manara/taken.ops", "/run/taken.out"
# Of the unit, what says how the panel is watched, not what it may do.
NOT_ITS_CONFINEMENT = ("Type=", "NotifyAccess=", "ExecStart=", "Restart", "WatchdogSec=", "Timeout", "RuntimeDirectory",
                       "StartLimit", "WantedBy=", "[Install]", "[Service]", "Description=")
CALL = """
while IFS= read -r op; do
  printf %s "$op" >/tmp/op
  curl -s -m 60 --unix-socket /run/manara-host/host.sock -H 'Manara-Version: 1' --data-binary @/tmp/op \
    -o /tmp/answer -w '%{http_code} ' http://h/v1/call
  tr -d '\\n' </tmp/answer; echo; : >/tmp/answer
done <""" + OPS + "\n"


class Taken:
    def __init__(self, guest):
        self.guest = guest
        lines = guest.output("cat", "/etc/systemd/system/manara.service").splitlines()
        kept = [line for line in lines if not line.startswith(NOT_ITS_CONFINEMENT)]
        unit = ["[Unit]", "StartLimitIntervalSec=0", "[Service]", "Type=oneshot", f"ExecStart=/bin/sh {SCRIPT}",
                "ReadWritePaths=/run/manara", f"StandardOutput=truncate:{OUT}", "StandardError=inherit"]
        own = [line for line in kept if not line.startswith(("[", "Wants=", "After="))]
        guest.run("tee", f"/etc/systemd/system/{UNIT}", feed="\n".join(unit + own) + "\n")
        guest.run("systemctl", "daemon-reload")

    def sh(self, script):
        """What a shell script prints there."""
        self.guest.run("tee", SCRIPT, feed=script + "\nexit 0\n")
        self.guest.run("systemctl", "start", UNIT, timeout=300)
        return self.guest.output("cat", OUT)

    def calls(self, ops):
        """HTTP status and answer of each operation; 0 where there was none."""
        self.guest.run("tee", OPS, feed="".join(json.dumps(op) + "\n" for op in ops))
        answers = [line.partition(" ") for line in self.sh(CALL).splitlines()]
        assert len(answers) == len(ops), f"{len(ops)} operations, {len(answers)} answers"
        return [(int(status), body) for status, _, body in answers]

    def call(self, op):
        return self.calls([op])[0]
