#!/usr/bin/env bash
# Measures the release binary beside a peer in the same run and prints both figures and their ratio.
#
#   tests/bench/run.sh [NAME...]     NAME: size start memory http signin sites pages split sampler; without one, all of them
#
#   BENCH_BINARY    the binary to measure     (target/static/ARCH/manara, else target/release/manara, else built)
#   BENCH_SITES     sites of `sites`          (10000)
#   BENCH_SECONDS   length of one HTTP figure (4)
#   BENCH_SAMPLER_SECONDS   time for which `sampler` looks (330: its five minutes of seconds are full then)
#
# A figure is no verdict: the script ends with 0 whatever they are, and only with 1 where nothing could be measured.
# Compare ratios, and figures of one run; a busy machine makes every time longer.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

need_packages nginx-light wrk python3 >/dev/null 2>&1 || need_packages nginx wrk python3

binary=${BENCH_BINARY-}
for candidate in "target/static/$(uname -m)/manara" target/release/manara; do
  [ -n "$binary" ] || [ ! -x "$candidate" ] || binary=$candidate
done
if [ -z "$binary" ]; then
  scripts/build-ui.sh
  cargo build --locked --release --bin manara
  binary=target/release/manara
fi
exec python3 tests/bench/main.py "$(realpath "$binary")" "$@"
