#!/bin/sh
# Prints the SHA-256 that stands for all sources of the browser pages: the hash of the sorted lines "<sha256>  <path>".
# build-ui.sh writes it into assets/dist/.stamp; build.rs compares it before a release. Texts that the build makes from
# assets/locale do not count: a copy of the sources has none.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
find Cargo.lock assets/ui assets/locale assets/openapi.json \( -name node_modules -o -path assets/ui/src/locales \) -prune -o -type f -print 2>/dev/null |
  sort | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
