#!/usr/bin/env bash
# Makes a release in target/package: per architecture a tarball, the list of sums with its signatures, the bill of
# materials, and the installer with the public key in it.
#
#   MANARA_SIGNING_KEY=key.pem scripts/package.sh [--binary FILE | --binaries FOLDER] [--out FOLDER] [x86_64 aarch64 armv7]
#   scripts/package.sh --check [x86_64]       builds twice in different folders and compares
#
#   MANARA_SIGNING_KEY   Ed25519 private key, PKCS#8 PEM: openssl genpkey -algorithm ed25519 -out key.pem
#   --out FOLDER         instead of target/package
#   --binary FILE        package this program for the one architecture named instead of building it
#   --binaries FOLDER  package FOLDER/ARCHITECTURE/manara, such as target/static, instead of building
#   SOURCE_DATE_EPOCH    time of every file in the tarballs (the commit's)
#
# The signatures are over SHA256SUMS: SHA256SUMS.sig is the 64 raw bytes (openssl >= 3 checks them), SHA256SUMS.minisig
# is the same signature in minisign's form. Both are made with openssl: the key stays in one file of one form.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

out=target/package check=0 given='' built=''
archs=()
while [ $# -gt 0 ]; do
  case $1 in
    --check) check=1 ;;
    --binary) given=$(realpath "${2:?--binary FILE}"); shift ;;
    --binaries) built=$(realpath "${2:?--binaries FOLDER}"); shift ;;
    --out) out=${2:?--out FOLDER}; shift ;;
    x86_64|aarch64|armv7) archs+=("$1") ;;
    *) die "usage: scripts/package.sh [--check] [--binary FILE | --binaries FOLDER] [--out FOLDER] [x86_64 aarch64 armv7]" ;;
  esac
  shift
done
[ ${#archs[@]} -gt 0 ] || archs=(x86_64 aarch64 armv7)
[ -z "$given" ] || [ ${#archs[@]} = 1 ] || die "--binary is for one architecture"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# A program that was built elsewhere says itself which version it is.
own=${given:-${built:+$built/$(uname -m)/manara}}
[ ! -x "$own" ] || version=$("$own" --version | cut -d ' ' -f 2)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# pack ARCH PROGRAM FOLDER: the tarball of one architecture; the same input gives the same bytes
pack() {
  local name=manara-$version-$1 stage; stage=$(mktemp -d)
  mkdir "$stage/$name"
  install -m 755 "$2" "$stage/$name/manara"
  install -m 644 LICENSE-APACHE LICENSE-MIT README.md README.ar.md CHANGELOG.md "$stage/$name"
  tar -C "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go-w \
    --format=ustar -cf - "$name" | gzip -n -9 >"$3/$name.tar.gz"
  rm -r "$stage"
}

if [ $check = 1 ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  [ -f assets/dist/.stamp ] || die "run scripts/build-ui.sh first"
  commit=$(git rev-parse --short=9 HEAD)
  # Both before either is built: whoever goes on working meanwhile must not make them differ.
  for copy in one another/deeper/folder; do
    mkdir -p "$work/$copy"
    git ls-files -z | xargs -0 cp --parents -t "$work/$copy"
    cp -r assets/dist "$work/$copy/assets/"
  done
  for copy in one another/deeper/folder; do
    for arch in "${archs[@]}"; do
      # Its own target folder: nothing may come from an earlier build.
      (cd "$work/$copy" && MANARA_COMMIT=$commit \
        STATIC_CACHE="$work/$copy/target/static" scripts/build-static.sh "$arch")
      pack "$arch" "$work/$copy/target/static/$arch/manara" "$work/$copy"
    done
  done
  for arch in "${archs[@]}"; do
    cmp "$work/one/manara-$version-$arch.tar.gz" "$work/another/deeper/folder/manara-$version-$arch.tar.gz" ||
      die "two builds of $arch differ"
    say "$arch: both builds are $(sha256sum <"$work/one/manara-$version-$arch.tar.gz" | cut -c1-64)"
  done
  exit
fi

key=${MANARA_SIGNING_KEY:?is the path of the signing key (see the head of this script)}
have openssl || die "openssl 3 or newer is needed"
raw=$(openssl pkey -in "$key" -pubout -outform DER | tail -c 32 | base64 -w 0)
[ "$(printf %s "$raw" | base64 -d | wc -c)" = 32 ] || die "$key is no Ed25519 key"
# Names the key in minisign's files; any eight bytes would do.
id=$(printf %s "$raw" | base64 -d | sha256sum | cut -c1-16)
bytes() { printf '%b' "$(printf %s "$1" | sed 's/../\\x&/g')"; }
public=$({ printf Ed; bytes "$id"; printf %s "$raw" | base64 -d; } | base64 -w 0)

rm -rf "$out"
mkdir -p "$out"
for arch in "${archs[@]}"; do
  program=${given:-${built:+$built/$arch/manara}}
  if [ -z "$program" ]; then
    scripts/build-static.sh "$arch"
    program=target/static/$arch/manara
  fi
  pack "$arch" "$program" "$out"
done
scripts/sbom.py "$version" "${archs[0]/armv7/x86_64}-unknown-linux-gnu" "$SOURCE_DATE_EPOCH" >"$out/manara-$version.cdx.json"
sed -e "s|^RELEASE_KEY=.*|RELEASE_KEY=\${MANARA_RELEASE_KEY:-$public}|" scripts/install.sh >"$out/install.sh"
chmod 755 "$out/install.sh"
(cd "$out" && sha256sum -- *.tar.gz *.cdx.json install.sh >SHA256SUMS)

sign() { openssl pkeyutl -sign -rawin -inkey "$key" -in "$1"; }
sign "$out/SHA256SUMS" >"$out/SHA256SUMS.sig"
comment="manara $version"
# minisign's second signature binds the comment to the first one.
both=$(mktemp)
trap 'rm -f "$both"' EXIT
{ cat "$out/SHA256SUMS.sig"; printf %s "$comment"; } >"$both"
{
  echo "untrusted comment: signature of a release of manara"
  { printf Ed; bytes "$id"; cat "$out/SHA256SUMS.sig"; } | base64 -w 0; echo
  echo "trusted comment: $comment"
  sign "$both" | base64 -w 0; echo
} >"$out/SHA256SUMS.minisig"
printf 'untrusted comment: public key of the releases of manara\n%s\n' "$public" >"$out/release.pub"
say "$out: $(cd "$out" && echo *)"
