#!/usr/bin/env bash
# Writes the generated documents anew: what the program says of itself, committed so that reviewers see it change.
# A test compares them; run this when it fails, and look at the difference.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

cargo build --locked --bin manara
manara=${CARGO_TARGET_DIR:-target}/debug/manara
export MANARA_LANG=en

# A document appears whole or not at all.
document() {
  local path=$1
  shift
  "$manara" "$@" >"$path.new"
  mv "$path.new" "$path"
}

document assets/openapi.json openapi
document assets/permissions.md reference permissions
document assets/cli.md reference cli
