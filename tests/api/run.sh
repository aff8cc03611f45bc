#!/usr/bin/env bash
# Calls every operation of the API description with invented input, good and bad, on a real panel with a real nginx, as
# its administrator. Nothing may be an error of the panel's own, and every answer must be one that the description
# promises: status, media type, shape. The last line is `N passed, N failed`; what failed is in target/api/report.txt.
#
# MANARA_BINARY names the program; `schemathesis` has to be in PATH (scripts/test.sh brings it).
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

have schemathesis || die "schemathesis is missing: run scripts/test.sh api, which brings it"
have curl || need_packages curl
# The variables of the tests themselves are unknown options to the panel, which refuses those.
for name in "${!MANARA_@}"; do export -n "${name?}"; done
binary=${MANARA_BINARY-}
for candidate in target/release/manara target/debug/manara; do
  [ -n "$binary" ] || [ ! -x "$candidate" ] || binary=$PWD/$candidate
done
[ -x "$binary" ] || die "there is no binary: set MANARA_BINARY or run cargo build"

# Short: the name of a Unix socket has at most 107 bytes.
root=$(mktemp -d /tmp/ma-XXXXXX)
report=target/api/report.txt
rm -rf target/api
mkdir -p target/api
pid=
finish() {
  [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true
  rm -rf "$root"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=$(free_port)
MANARA_NGINX_HTTP_PORT=$(free_port) MANARA_NGINX_HTTPS_PORT=$(free_port)
export MANARA_NGINX_HTTP_PORT MANARA_NGINX_HTTPS_PORT
panel() { "$binary" --root "$root" "$@"; }

panel serve --listen "127.0.0.1:$port" >target/api/panel.log 2>&1 &
pid=$!
for _ in $(seq 300); do
  if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health/ready"; then break; fi
  kill -0 "$pid" 2>/dev/null || { cat target/api/panel.log; die "the panel did not start"; }
  sleep 0.1
done
printf %s 'a lighthouse above 7 seas' | panel claim --user admin --password-stdin >/dev/null
token=$(panel token create --name api-test --role admin --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
# Something to list and to show; the run makes more.
panel site create --domain a.test --kind static --yes >/dev/null

# What is left out would end the run or the machine, not find anything:
#   event.stream       never ends
#   log.follow         never ends
#   component.install  asks the package manager of this machine
#   token.delete       could take this run's own token away
#   setting.update     could move the panel to another address, or lock this address out
left_out=(event.stream log.follow component.install token.delete setting.update)
arguments=()
for operation in "${left_out[@]}"; do arguments+=(--exclude-operation-id "$operation"); done

# Started in a folder of its own: it leaves what it found below the current one.
status=0
(cd target/api && schemathesis run "http://127.0.0.1:$port/api/v1/openapi.json" --header "Authorization: Bearer $token" \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
  --max-examples "${MANARA_API_EXAMPLES-12}" --max-time "${MANARA_API_SECONDS-120}" --request-timeout 40 --warnings off --no-color \
  --report junit --report-junit-path junit.xml "${arguments[@]}") >"$report" 2>&1 || status=$?
cat "$report"
kill -0 "$pid" || { echo "the panel is gone"; status=1; }
python3 - target/api/junit.xml "$status" <<'PYTHON'
import sys
from xml.etree import ElementTree

suites = list(ElementTree.parse(sys.argv[1]).getroot().iter("testsuite"))
total = sum(int(suite.get("tests", 0)) for suite in suites)
failed = sum(int(suite.get("failures", 0)) + int(suite.get("errors", 0)) for suite in suites)
# A run that ended badly without a failed operation is a failure as well.
failed = failed or (1 if sys.argv[2] != "0" else 0)
print(f"{total - min(failed, total)} passed, {failed} failed")
PYTHON
exit "$status"
