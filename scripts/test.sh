#!/usr/bin/env bash
# Runs the tests. Every suite runs, also after one has failed; the last line is `N passed, N failed`.
#
#   scripts/test.sh               before a change is handed in: at most 40 minutes on two cores with nothing cached
#   scripts/test.sh --quick       while working: under a minute once built
#   scripts/test.sh --full        before a release: everything
#   scripts/test.sh SUITE...      these suites only, whatever their tier
#
# It installs what the suites need. What cannot run fails: MANARA_TEST_PROMISES names what this machine can do, and a
# test that needs one of these and does not find it has to fail instead of skipping itself.
set -uo pipefail
. "$(dirname "$0")/lib.sh"

export CARGO_TERM_COLOR=never NO_COLOR=1
logs=target/test-logs
# What tests need beside packages, and what is built for them once; kept from run to run.
tools=$PWD/target/tools
export PATH="$tools/bin:$PATH:/usr/sbin"
native=$(uname -m)

# name | tier it first runs in | budget in seconds with nothing cached | what it looks at. `suite_NAME` runs it.
SUITES='
fmt     | quick   |   10 | the layout of Rust code
tidy    | quick   |  240 | rules of the repository
unit    | quick   |  120 | tests inside the library
it      | quick   |  300 | the panel against real nginx, SQLite and files
split   | default |  240 | the same tests with panel and host as two sides of a socket
clippy  | default |  240 | lints
ui      | default |  240 | types, lints, tests and the build of the browser pages
static  | default |  420 | the static binary and its self-test
e2e     | default |  600 | the binary in a real browser
api     | default |  240 | every documented operation with invented input
fuzz    | default |  180 | parsers with random input, one minute each
vps     | default |  600 | booted machines: install, update, remove
arm     | full    | 1200 | static binaries for ARM, installed under emulation to a served site
deny    | full    |  600 | advisories, licences and sources
fuzzing | full    |  900 | parsers with random input, ten minutes each, side by side
kills   | full    |  240 | 200 kills in the middle of an apply
corpus  | full    |  120 | nginx files of many packages, read and printed
scale   | full    |  600 | a change among ten thousand sites
package | full    |  900 | a release built twice, byte for byte
'

suite_fmt() { cargo fmt --check; }
suite_clippy() { cargo clippy --locked --all-targets -- -D warnings; }
suite_tidy() { cargo test --locked --test tidy; }
suite_unit() { cargo test --locked --lib --bins; }
suite_it() {
  [ "$tier" = quick ] || { cargo test --locked --test it; return; }
  # The quick tier leaves out what waits for killed processes, whole machines and slow clients.
  local long=(slow split production host_attacks nginx_machine nginx_leave nginx_shared kill limits fuzz)
  cargo test --locked --test it -- "${long[@]/#/--skip=}"
}
# What speaks to the machine, once more through the host service. Pure parts have nothing to do with it.
suite_split() {
  MANARA_TEST_HOST=process cargo test --locked --test it -- --skip slow --skip fuzz --skip nginx_syntax --skip host_attacks
}
suite_ui() {
  scripts/build-ui.sh --packages && npm_run check && npm_run lint && npm_run test && scripts/build-ui.sh
}
suite_static() {
  # What cannot be built is not tested in an older form.
  rm -f "$logs/binary"
  scripts/build-static.sh "$native"
  local status=$? binary=target/static/$native/manara
  if [ $status = 3 ]; then
    echo "NO STATIC BINARY: musl or its std could not be had. Later suites use the ordinary release build." | tee -a "$logs/notes"
    binary=target/release/manara
    cargo build --locked --release --bin manara || return
  elif [ $status != 0 ]; then
    return $status
  fi
  echo "$PWD/$binary" >"$logs/binary"
  "$binary" self-test
}
suite_e2e() { need_binary && need_packages chromium && MANARA_E2E_FULL=$(full) tests/e2e/run.sh; }
suite_api() { need_binary && need_schemathesis && tests/api/run.sh; }
suite_vps() { need_binary && MANARA_VPS_ALL=$(full) tests/vps/run.sh; }
suite_fuzz() { MANARA_FUZZ_SECONDS=60 matching fuzz names::; }
# All of them at once.
suite_fuzzing() { RUST_TEST_THREADS=8 MANARA_FUZZ_SECONDS=600 matching fuzz names::; }
suite_corpus() {
  local folder; folder=$(mktemp -d)
  scripts/nginx-corpus.sh "$folder" && MANARA_NGINX_CORPUS=$folder matching nginx_syntax::corpus
  local status=$?
  rm -r "$folder"
  return $status
}
suite_scale() { MANARA_TEST_SITES=10000 matching scale::slow_a_change_among_many; }
suite_package() { scripts/package.sh --check "$native"; }
suite_kills() { MANARA_KILLS=200 matching kill; }
suite_arm() {
  need_packages qemu-user-static || return
  local status=0
  local arch
  for arch in aarch64 armv7; do
    scripts/build-static.sh $arch && tests/vps/emulated.sh target/static/$arch/manara "/usr/bin/qemu-${arch%v7}-static" || status=1
  done
  return $status
}
suite_deny() {
  [ -x "$tools/bin/cargo-deny" ] || nice cargo install --quiet --locked --root "$tools" cargo-deny || return
  cargo deny --locked check licenses bans sources || return
  local output
  output=$(cargo deny --locked check advisories 2>&1)
  local status=$?
  echo "$output"
  # The list of advisories is a repository on the network; without it there is nothing to compare with.
  [[ $output != *'failed to fetch advisory database'* ]] || { echo "ADVISORIES NOT CHECKED: their list could not be fetched." | tee -a "$logs/notes"; return 0; }
  return $status
}

# Prints 1 in the tier that leaves nothing out.
full() { [ "$tier" != full ] || echo 1; }

npm_run() { npm --prefix assets/ui run --silent "$1"; }

# matching FILTER...: integration tests by name; no test at all is a failure
matching() {
  local output; output=$(mktemp)
  cargo test --locked --test it -- --nocapture "$@" | tee "$output"
  local status=$?
  grep -q '^test result: .* [1-9][0-9]* passed' "$output" || { echo "no test of this kind passed"; status=1; }
  rm "$output"
  return $status
}

# The binary that e2e and api drive: what the suite `static` made, in this run or in an earlier one.
need_binary() {
  MANARA_BINARY=$(cat "$logs/binary" 2>/dev/null) && [ -x "$MANARA_BINARY" ] && export MANARA_BINARY && return
  echo "there is no binary to test: run scripts/test.sh static"
  return 1
}

need_schemathesis() {
  local wanted=4.32.5
  local python=$tools/python-$wanted
  [ ! -x "$python/bin/schemathesis" ] || { export PATH="$python/bin:$PATH"; return; }
  python3 -c 'import ensurepip' 2>/dev/null || need_packages python3-venv || return
  python3 -m venv "$python" && "$python/bin/pip" install --quiet "schemathesis==$wanted" || { rm -rf "$python"; return 1; }
  export PATH="$python/bin:$PATH"
}

# promtool alone: the package around it would bring a service.
need_promtool() {
  have promtool && return
  . scripts/static/debian.sh
  mkdir -p "$tools/bin" "$SHARED_CACHE/debs"
  local deb=$SHARED_CACHE/debs/prometheus-$native.deb
  [ -f "$deb" ] || fetch_deb "$deb" "$(dpkg --print-architecture)" "" prometheus "$(. /etc/os-release && echo "$VERSION_CODENAME")" || return
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tools/bin" --strip-components=3 ./usr/bin/promtool
}

prepare() {
  need_rust
  need_compilers
  have git || need_packages git
  have nginx || need_packages nginx
  mkdir -p "$logs" "$tools/bin"
  local promises=nginx
  [ "$(id -u)" != 0 ] || promises+=,root
  unshare --net true 2>/dev/null && promises+=,net
  if [ "$tier" != quick ]; then
    need_node
    need_packages binutils curl fonts-noto-core
    # What releases and units are held against.
    need_packages openssl minisign shellcheck dash busybox-static systemd && promises+=,tools
    need_promtool && promises+=,promtool
  fi
  export MANARA_TEST_PROMISES=${MANARA_TEST_PROMISES-$promises}
  say "tier $tier, promises: $MANARA_TEST_PROMISES"
}

# count LOG: prints "passed failed" as the tools in it reported; nothing where none reported
count() {
  awk '
    /^test result: /             { passed += $4; failed += $6; seen = 1 }
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; seen = 1 }
    /^(#|ℹ) pass [0-9]+$/        { passed += $3; seen = 1 }
    /^(#|ℹ) fail [0-9]+$/        { failed += $3; seen = 1 }
    END { if (seen) print passed + 0, failed + 0 }' "$1"
}

# run NAME BUDGET: runs one suite, adds up its tests, remembers a line for the summary
run() {
  local name=$1 budget=$2 log=$logs/$1.log started=$SECONDS status good bad remark=
  printf '\n==== %s\n' "$name"
  ("suite_$name") 2>&1 </dev/null | tee "$log"
  status=${PIPESTATUS[0]}
  local seconds=$((SECONDS - started))
  read -r good bad <<<"$(count "$log")"
  # A suite that counts nothing is one test; one that fails without a failed test (it did not compile) is a failure.
  if [ -z "$good" ]; then good=$((status == 0)) bad=$((status != 0)); fi
  [ $status = 0 ] || [ "$bad" != 0 ] || bad=1
  passed=$((passed + good)) failed=$((failed + bad))
  [ $seconds -le "$budget" ] || remark=", OVER ITS BUDGET"
  summary+=("$(printf '%-8s %5d s of %5d s  %4d passed, %d failed%s' "$name" $seconds "$budget" "$good" "$bad" "$remark")")
}

tier=default wanted=()
for argument; do
  case $argument in
    --quick|--full) tier=${argument#--} ;;
    -*) die "usage: scripts/test.sh [--quick|--full] [SUITE...]" ;;
    *) declare -F "suite_$argument" >/dev/null || die "there is no suite '$argument'"; wanted+=("$argument") ;;
  esac
done
declare -A rank=([quick]=1 [default]=2 [full]=3)
passed=0 failed=0 summary=()
# Tests wait for processes, disks and clocks: more of them at once than there are cores. Not where timing is looked at.
[ "$tier" != quick ] || export RUST_TEST_THREADS=$((3 * $(nproc)))
prepare
rm -f "$logs/notes"
while IFS='|' read -r name from budget _; do
  name=${name// } from=${from// } budget=${budget// }
  [ -n "$name" ] || continue
  if [ ${#wanted[@]} -gt 0 ]; then
    [[ " ${wanted[*]} " == *" $name "* ]] || continue
  elif [ "${rank[$from]}" -gt "${rank[$tier]}" ]; then
    continue
  fi
  run "$name" "$budget"
done <<<"$SUITES"

printf '\n==== summary: %d minutes %d seconds, logs in %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$logs"
printf '%s\n' "${summary[@]}"
cat "$logs/notes" 2>/dev/null
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
