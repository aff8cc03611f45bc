#!/usr/bin/env bash
# Builds the panel and starts it in the development profile: everything it owns is below .manara, nginx included, and
# nothing of the machine is touched. Prints the link that claims it.
#
#   scripts/run.sh [options of `manara serve`]      for example --listen 127.0.0.1:9090
#
# It installs nginx and build tools where they are missing; Rust and Node.js have to be there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

need_rust
need_node
need_compilers
have nginx || [ -x /usr/sbin/nginx ] || need_packages nginx
scripts/build-ui.sh
# The release profile: its build takes about as long as the unoptimised one as long as a machine compiles all
# dependencies anyway, while a password hash without optimisation takes seconds, and it is what a server runs.
cargo build --locked --release --bin manara
exec target/release/manara --root .manara serve "$@"
