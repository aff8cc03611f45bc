# shellcheck shell=bash
# What the scripts of this folder share: messages, version checks, system packages.
# To be sourced by a script that has set `set -euo pipefail`; it changes into the repository's root.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# Things that cost minutes to get and do not depend on this checkout: other checkouts reuse them.
# shellcheck disable=SC2034 # used by the scripts that source this file
SHARED_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/manara

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least HAVE WANT: whether dotted version HAVE is WANT or newer
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

need_rust() {
  have cargo && have rustc || die "Rust is missing. Install the stable toolchain with rustup (see the home page of the Rust language), open a new shell, and start again."
  local version; version=$(rustc -V | cut -d' ' -f2)
  at_least "$version" 1.88 || die "Rust $version is too old: 1.88 or newer is needed. Run: rustup update stable"
}

need_node() {
  have node && have npm || die "Node.js with npm is missing: 20.19 or newer is needed. Install it from your distribution or with a version manager such as nvm or fnm, and start again."
  local version; version=$(node --version); version=${version#v}
  at_least "$version" 20.19 || die "Node.js $version is too old: 20.19 or newer is needed. Install a newer one, for example: nvm install 22"
}

# need_packages PACKAGE...: installs what is missing of Debian packages
need_packages() {
  local missing=() package as_root=()
  for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  have apt-get || die "missing packages: ${missing[*]}. This system has no apt-get: install them (or what they are called here) by hand."
  if [ "$(id -u)" != 0 ]; then
    have sudo || die "missing packages: ${missing[*]}. Run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" sh -c "$INSTALL" install "${missing[@]}" >&2 </dev/null || die "apt-get could not install: ${missing[*]}"
}

# A package may bring a service: while its policy file is there, Debian's tools do not start any. A development machine
# must not find an nginx on port 80 because somebody built a program.
# shellcheck disable=SC2016 # expanded by the shell that runs it
INSTALL='
  export DEBIAN_FRONTEND=noninteractive
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap "rm -f $policy" EXIT
    printf "#!/bin/sh\nexit 101\n" >$policy
    chmod 755 $policy
  fi
  apt-get -o DPkg::Lock::Timeout=900 -qq update || true
  apt-get -o DPkg::Lock::Timeout=900 -qq install -y --no-install-recommends "$@"
'

# need_compilers: what the C code inside our dependencies (SQLite, Lua, zstd, ring) is built with
need_compilers() { have cc && have make || need_packages gcc libc6-dev make; }
