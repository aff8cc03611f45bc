"""Runs the benchmarks named on the command line; see run.sh."""

import os
import platform
import subprocess
import sys
import traceback

import http_figures
import pages
import sampler
import signin
import sites
import small
import split

BENCHES = {
    "size": small.size,
    "start": small.start,
    "memory": small.memory,
    "http": http_figures.run,
    "signin": signin.run,
    "sites": sites.run,
    "split": split.run,
    "sampler": sampler.run,
    "pages": pages.run,
}


def machine():
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")
    load = ", ".join(f"{n:.1f}" for n in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, load {load}"


def main():
    binary, names = sys.argv[1], sys.argv[2:] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"binary  {version}\nmachine {machine()}\n")
    print(f"{'':4} {'what':<46} {'peer':>20} {'ours':>14} {'ratio':>7}  goal")
    measured = 0
    for name in names:
        try:
            BENCHES[name](binary)
            measured += 1
        except Exception:
            # One benchmark that cannot run here must not hide the figures of the others.
            print(f"     {name} could not be measured:", file=sys.stderr)
            traceback.print_exc()
    sys.exit(0 if measured else 1)


main()
