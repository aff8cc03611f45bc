#!/usr/bin/env bash
# Stories on booted Debian guests. MANARA_BINARY is the program under test.
#
#   tests/vps/run.sh [STORY...]          MANARA_VPS_ALL=1: all of them instead of those of every day
#   tests/vps/run.sh --list
#
# A guest has a root file system of its own (an overlay over the cached one), a network namespace and cgroups; nothing
# of it is left when the story ends.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

if [ "${1-}" = --list ]; then exec python3 tests/vps/main.py --list; fi
[ "$(id -u)" = 0 ] || die "guests are booted as root"
need_packages systemd-container iproute2 python3 openssl
MANARA_BINARY=${MANARA_BINARY:?is the program under test}
export MANARA_BINARY
exec python3 tests/vps/main.py "$@"
