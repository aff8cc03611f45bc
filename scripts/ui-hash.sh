#!/bin/sh
# Prints the SHA-256 that stands for all sources of the browser pages: the hash of the sorted lines "<sha256>  <path>".
# build-ui.sh writes it into assets/dist/.stamp; build.rs compares it before a release.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
find Cargo.lock assets/ui assets/locale assets/openapi.json -name node_modules -prune -o -type f -print 2>/dev/null |
  sort | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
