#!/usr/bin/env bash
# Builds the release binary for one architecture, fully static: target/static/ARCH/manara.
#
#   scripts/build-static.sh x86_64|aarch64|armv7 [cargo build arguments]
#
# Static means musl and position independent ("static-pie"): no interpreter, no shared library, and the kernel still
# places the program at random. gcc and musl come from Debian packages. Rust's std for the target is the toolchain's
# own where it is installed (`rustup target add`); otherwise it is compiled once per toolchain from the source of
# exactly the compiler's release and kept in the cache, so that the build itself is plain stable cargo.
#
#   STATIC_CACHE      where cargo builds         (target/static)
#   RUST_LIBRARY_SRC  the `library` folder of the source of the Rust release in use
#   XDG_CACHE_HOME    where compilers' parts and downloads are kept for all checkouts, below `manara`
#
# Ends with 3 where musl or std could not be had: nothing is wrong with the source then.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. scripts/static/debian.sh

# To be raised when the layout or the flags of what is kept in the cache change: nothing else notices.
recipe=1

case ${1-} in
  x86_64)  target=x86_64-unknown-linux-musl      debian=amd64 gnu=x86_64-linux-gnu ;;
  aarch64) target=aarch64-unknown-linux-musl     debian=arm64 gnu=aarch64-linux-gnu ;;
  armv7)   target=armv7-unknown-linux-musleabihf debian=armhf gnu=arm-linux-gnueabihf ;;
  *) die "usage: scripts/build-static.sh x86_64|aarch64|armv7 [cargo build arguments]" ;;
esac
arch=$1; shift
# Read by `cross` only through this variable; set here so that a cargo that is `cross` builds the same thing.
export CROSS_CONFIG=cross.toml

need_rust
need_packages binutils
have "$gnu-gcc" || need_packages "gcc-${gnu/x86_64/x86-64}"
gcc=$gnu-gcc
mkdir -p "$SHARED_CACHE/static" "$SHARED_CACHE/debs"
work=$(mktemp -d -p "$SHARED_CACHE/static")
trap 'rm -rf "$work"' EXIT
exec 9>"$SHARED_CACHE/static/lock-$arch"; flock 9

unavailable() { say "$*"; exit 3; }
part() { local path; path=$("$gcc" -print-file-name="$1"); [ -e "$path" ] || die "$gcc has no $1"; echo "$path"; }

# musl's headers and libc.a. 1.2.5 of Debian 13 is preferred: 1.2.3 cuts off large DNS answers.
prepare_musl() {
  fetch_deb "$work/musl.deb" $debian "" musl-dev trixie "$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")" sid ||
    unavailable "no Debian suite at hand has musl-dev for $debian"
  dpkg-deb -x "$work/musl.deb" "$work/musl"
  mv "$(dirname "$(find "$work/musl" -name rcrt1.o)")" "$work/tools/lib"
  mv "$(dirname "$(find "$work/musl" -name stdio.h)")" "$work/tools/include"
}

# The compiler that sees musl only, and the linker that makes a static-pie whatever rustc asks for: rustc knows
# static-pie for x86-64 only, though its code is position independent on all three.
# (rustc guesses from a linker's name how to speak to it: `link` or `ld` would not be spoken to like a gcc.)
prepare_wrappers() {
  local mode=-static-pie
  # The unwinder names these weakly: it calls all of them as soon as one is there, and a weak name does not fetch
  # the others from libc.a. A panic would jump to address 0.
  local threads=() name
  for name in __pthread_key_create pthread_{key_create,once,getspecific,setspecific,mutex_lock,mutex_unlock}; do
    threads+=("-Wl,-u,$name")
  done
  # gcc for 32-bit ARM asks for an interpreter with -static-pie: the same, said to the linker.
  [ $arch != armv7 ] || mode='-static -Wl,-pie,--no-dynamic-linker,-z,text'
  cat >"$work/tools/cc" <<SH
#!/bin/sh
exec $gcc -nostdinc -isystem $tools/include -isystem $(part include) "\$@"
SH
  cat >"$work/tools/link-gcc" <<SH
#!/bin/sh
for argument do
  shift
  case \$argument in -static|-static-pie|-pie|-no-pie|-nopie) ;; *) set -- "\$@" "\$argument" ;; esac
done
exec $gcc $mode ${threads[*]} -nostartfiles -nodefaultlibs -L$tools -L$tools/lib \\
  $tools/lib/rcrt1.o $tools/lib/crti.o $(part crtbeginS.o) $tools/relro.o "\$@" \\
  -Wl,--start-group -lgcc -lunwind -lc -Wl,--end-group $(part crtendS.o) $tools/lib/crtn.o
SH
  chmod +x "$work/tools/cc" "$work/tools/link-gcc"
}

# std wants a libunwind; the unwinder of gcc is one.
prepare_unwinder() {
  local compile=("$gcc" -nostdinc -isystem "$work/tools/include" -isystem "$(part include)" -O2 -fPIC -c)
  "${compile[@]}" scripts/static/relro.c -o "$work/tools/relro.o"
  cp "$(part libgcc_eh.a)" "$work/tools/libunwind.a"
  if [[ $("$gnu-nm" "$work/tools/libunwind.a" 2>/dev/null) == *' U _dl_find_object'* ]]; then
    "${compile[@]}" -fvisibility=hidden scripts/static/find_object.c -o "$work/find_object.o"
    "$gnu-ar" r "$work/tools/libunwind.a" "$work/find_object.o"
  fi
}

tools=$SHARED_CACHE/static/$arch-$recipe-gcc$("$gcc" -dumpfullversion)
if [ ! -d "$tools" ]; then
  mkdir "$work/tools"
  prepare_musl; prepare_wrappers; prepare_unwinder
  mv "$work/tools" "$tools"
fi

upper=${target^^}; upper=${upper//-/_}
export "CC_${target//-/_}=$tools/cc" "AR_${target//-/_}=$(command -v "$gnu-ar")" "CARGO_TARGET_${upper}_LINKER=$tools/link-gcc"
flags="-Clink-self-contained=no -Ctarget-feature=+crt-static"
release=$(rustc -vV | sed -n 's/^release: //p')

# Prints the folder with the source of this toolchain's std.
library_source() {
  local own folder
  own=$(rustc --print sysroot)/lib/rustlib/src/rust/library
  for folder in ${RUST_LIBRARY_SRC:+"$RUST_LIBRARY_SRC"} "$own"; do
    [ ! -f "$folder/Cargo.lock" ] || { echo "$folder"; return; }
  done
  local deb=$SHARED_CACHE/debs/rust-src-$release.deb
  # The mirror moves on to newer releases: the package is kept.
  [ -f "$deb" ] || fetch_deb "$deb" "$(dpkg --print-architecture)" "$release" rust-src \
      trixie-backports trixie sid "$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")" experimental ||
    unavailable "std for $target is not installed, and no Debian suite at hand has the source of Rust $release. Do one of these:
  rustup target add $target
  rustup component add rust-src
  RUST_LIBRARY_SRC=/path/to/rust-$release/library scripts/build-static.sh $arch"
  mkdir "$work/source"
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/source" --wildcards './usr/src/*/library'
  echo "$work"/source/usr/src/*/library
}

# Compiles std as a dependency of an empty crate: that needs none of the crates std is tested with. Unstable features
# are on for this build alone (a build script of our dependencies must not see that switch, or it chooses its nightly
# code), and bitcode is kept for link-time optimisation.
prepare_std() {
  local source vendored=() built=$work/std/lib/rustlib/$target/lib
  source=$(library_source)
  [ ! -d "$source/vendor" ] ||
    vendored=(--offline --config 'source.crates-io.replace-with="vendored"' --config "source.vendored.directory=\"$source/vendor\"")
  mkdir -p "$work/empty/src" "$built"
  : >"$work/empty/src/lib.rs"
  cp "$source/Cargo.lock" "$work/empty/"
  cat >"$work/empty/Cargo.toml" <<TOML
[package]
name = "sysroot"
version = "0.0.0"
edition = "2024"
[dependencies]
std = { path = "$source/std", features = ["panic-unwind", "backtrace"] }
[patch.crates-io]
rustc-std-workspace-core = { path = "$source/rustc-std-workspace-core" }
rustc-std-workspace-alloc = { path = "$source/rustc-std-workspace-alloc" }
rustc-std-workspace-std = { path = "$source/rustc-std-workspace-std" }
# One function per object, as std's own build has it: they must not collide with those of libgcc.
[profile.release.package.compiler_builtins]
codegen-units = 10000
TOML
  say "compiling std $release for $target"
  (cd "$work/empty" && env RUSTC_BOOTSTRAP=1 \
    "CARGO_TARGET_${upper}_RUSTFLAGS=$flags -Cembed-bitcode=yes -Zforce-unstable-if-unmarked --remap-path-prefix=$source=/rustc/$release/library" \
    cargo build --quiet --release --target "$target" --target-dir "$work/std-build" "${vendored[@]}")
  cp "$work/std-build/$target/release/deps/"*.rlib "$built"
  rm "$built"/libsysroot-*.rlib
  mv "$work/std" "$std"
}

if ! compgen -G "$(rustc --print sysroot)/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null; then
  std=$SHARED_CACHE/static/std-$arch-$recipe-$release-$(rustc -vV | sed -n 's/^commit-hash: \(.\{9\}\).*/\1/p')
  [ -d "$std" ] || prepare_std
  flags="$flags --sysroot $std"
fi
exec 9>&-

[ -z "${RUSTFLAGS-}${CARGO_ENCODED_RUSTFLAGS-}" ] || die "RUSTFLAGS would replace the flags of this build: unset it"
export "CARGO_TARGET_${upper}_RUSTFLAGS=$flags --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$PWD=/manara"
build=${STATIC_CACHE:-target/static}/build
cargo build --locked --release --bin manara --target "$target" --target-dir "$build" "$@"

# What came out has to be what was promised.
binary=$build/$target/release/manara
shape=$(readelf -hldW "$binary")
[[ $shape != *INTERP* ]] || die "$binary asks for an interpreter: it is not static"
[[ $shape != *NEEDED* ]] || die "$binary needs shared libraries"
[[ $shape =~ Type:\ +DYN ]] || die "$binary is not position independent"
mkdir -p "target/static/$arch"
cp "$binary" "target/static/$arch/manara.new"
mv "target/static/$arch/manara.new" "target/static/$arch/manara"
say "target/static/$arch/manara, $(stat -c %s "$binary") bytes"
