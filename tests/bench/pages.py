"""Pages in a browser on a slow processor."""

import json
import os
import subprocess

from report import line

SIGN_IN_S = 1
OTHERS_S = 2


def run(binary):
    # Brings the browser's driver up to date; prints nothing of interest.
    subprocess.run(["scripts/build-ui.sh", "--packages"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    environment = {**os.environ, "MANARA_BINARY": binary}
    done = subprocess.run(["node", "tests/bench/pages.mjs"], env=environment, capture_output=True, text=True, check=True)
    for page, milliseconds in json.loads(done.stdout).items():
        goal = SIGN_IN_S if page == "sign-in" else OTHERS_S
        line("P16", f"{page}, ready at CPU x 4, s", milliseconds / 1000, f"<= {goal}")
