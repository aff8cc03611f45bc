#!/usr/bin/env bash
# Builds the root file system that guests begin from, once per week and list of packages, and prints its folder. Beside it,
# in FOLDER.debs, lie the packages of nginx, for guests that are to install it without a network.
#
#   tests/vps/rootfs.sh [bookworm|trixie]
#
# It comes from the package sources this machine uses itself; only the name of the suite is changed.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

suite=${1:-bookworm}
# What a small server has, and what the stories use inside: nginx with the version of the suite, a client, a mail of
# its own nowhere. `locales` and documentation stay out.
packages=systemd,systemd-sysv,dbus,passwd,iproute2,ca-certificates,curl,procps,sudo,nftables,nginx,openssl,minisign,busybox-static
key=$suite-$(printf %s "2 $packages" | sha256sum | cut -c1-12)-$(date +%G%V)
base=$SHARED_CACHE/guests
root=$base/$key
[ ! -d "$root" ] || { echo "$root"; exit; }

[ "$(id -u)" = 0 ] || die "a root file system is built as root"
need_packages mmdebstrap systemd-container iproute2
mkdir -p "$base"
exec 9>"$base/lock"; flock 9
[ ! -d "$root" ] || { echo "$root"; exit; }
work=$(mktemp -d -p "$base")
trap 'rm -rf "$work"' EXIT

# This machine's sources of Debian packages with the suite's name in them: deb822 files and one-line lists.
own=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  { [ -f "$file" ] && grep -q 'debian' "$file"; } || continue
  sed "s/\b$own\b/$suite/g" "$file" >"$work/$(basename "$file")"
  sources+=("$work/$(basename "$file")")
done
[ ${#sources[@]} -gt 0 ] || die "this machine has no Debian package sources"
say "building the root file system of $suite"
mkdir "$work/debs"
# shellcheck disable=SC2016 # expanded by mmdebstrap's shell
mmdebstrap --quiet --variant=apt --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='cd "$1/../debs" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq download nginx nginx-common' \
  "$suite" "$work/root" "${sources[@]}" >&2
rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/etc/apt/sources.list*
# Guests are told their name by the harness, and have no names to resolve.
rm -f "$work/root/etc/resolv.conf" "$work/root/etc/hostname"
chmod 755 "$work/root"
rm -rf "$root.debs" && mv "$work/debs" "$root.debs"
mv "$work/root" "$root"
say "$(du -sh "$root" | cut -f1) in $root"
echo "$root"
