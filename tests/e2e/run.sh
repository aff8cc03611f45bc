#!/usr/bin/env bash
# Runs the checks in a real browser against a real panel with a real nginx. The last line is `N passed, N failed`.
#
#   tests/e2e/run.sh [--readme] [SCENE…]     MANARA_BINARY names the program; MANARA_E2E_FULL=1 takes every page in both themes
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

need_node
# Browser driver and axe are pinned in the lock file of the pages, whose helpers for tests are used here as well.
scripts/build-ui.sh --packages
exec node tests/e2e/main.mjs "$@"
