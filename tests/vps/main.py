"""Runs stories, each on a guest of its own, and prints `N passed, M failed`."""

import os
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import stories  # noqa: E402


def main():
    wanted = sys.argv[1:]
    if wanted == ["--list"]:
        for name, story in stories.ALL.items():
            print(f"{name}: {story.__doc__.splitlines()[0]}")
        return 0
    names = wanted or (list(stories.ALL) if os.environ.get("MANARA_VPS_ALL") else stories.EVERY_DAY)
    failed = 0
    for name in names:
        started = time.monotonic()
        try:
            with stories.guest(name) as guest:
                try:
                    stories.ALL[name](guest)
                except Exception:
                    show_evidence(guest)
                    raise
            print(f"ok   {name} ({time.monotonic() - started:.0f} s)", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"FAIL {name} ({time.monotonic() - started:.0f} s)", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


def show_evidence(guest):
    for words in (["systemctl", "--no-pager", "status", "manara*", "nginx"], ["journalctl", "--no-pager", "-n", "30", "-o", "cat", "-u", "manara*", "-u", "nginx"]):
        try:
            print(guest.run(*words, check=False).stdout[-4000:])
        except Exception as error:  # the guest may be gone: then there is nothing to show
            print(error)


sys.exit(main())
