#!/usr/bin/env bash
# Builds the browser pages into assets/dist, which a release embeds. Does nothing when they are up to date.
#
#   scripts/build-ui.sh [--packages]     --packages: only bring assets/ui/node_modules up to date
set -euo pipefail
. "$(dirname "$0")/lib.sh"

dist=assets/dist
stamp() { cat "$dist/.stamp" 2>/dev/null || true; }
if [ "${1-}" != --packages ] && [ "$(stamp)" = "$(sh scripts/ui-hash.sh)" ]; then
  say "$dist is up to date"
  exit
fi

need_node
modules=assets/ui/node_modules
lock=$(sha256sum <assets/ui/package-lock.json)
if [ "$(cat "$modules/.manara-lock" 2>/dev/null)" != "$lock" ]; then
  # No install scripts: nothing of what we use needs one, and they would run whatever a package wants.
  npm --prefix assets/ui ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 </dev/null
  echo "$lock" >"$modules/.manara-lock"
fi
[ "${1-}" != --packages ] || exit 0

rm -f "$dist/.stamp"
npm --prefix assets/ui run --silent build >&2 </dev/null
[ -s "$dist/index.html" ] || die "the build left no $dist/index.html"
licences=$(find "$dist" -iname '*licen[cs]es*' -size +0 | head -n 1)
[ -n "$licences" ] || die "the build left no list of third-party licences in $dist"
npm --prefix assets/ui run --silent size >&2 || die "a page loads more than its budget"
node scripts/precompress.mjs "$dist" >&2
sh scripts/ui-hash.sh >"$dist/.stamp"
# Cargo watches the placeholder for as long as there is no folder of built pages (see build.rs).
touch assets/placeholder/index.html
say "$dist is built: $(du -sh "$dist" | cut -f1)"
