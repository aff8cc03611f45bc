# shellcheck shell=bash
# Single packages from other suites and architectures of this machine's own Debian mirror, without touching the
# system's package state. To be sourced after lib.sh.

# archive_line SUITE: an apt source line for SUITE, made from the machine's first entry for its own release
archive_line() {
  local codename; codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  local files=() file
  for file in /etc/apt/sources.list.d/*.sources; do [ -f "$file" ] && files+=("$file"); done
  if [ ${#files[@]} -gt 0 ]; then
    awk -v RS= -v own="$codename" -v suite="$1" '{
      uri = key = ""; ours = 0
      count = split($0, lines, "\n")
      for (i = 1; i <= count; i++) {
        split(lines[i], words, /[ \t]+/)
        if (words[1] == "URIs:") uri = words[2]
        if (words[1] == "Signed-By:" && words[2] ~ /^\//) key = "[signed-by=" words[2] "] "
        if (words[1] == "Suites:" && index(lines[i] " ", " " own " ")) ours = 1
      }
      if (ours && uri) { print "deb " key uri " " suite " main"; found = 1; exit }
    } END { exit !found }' "${files[@]}" && return
  fi
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    sed -nE "s/^deb +((\[[^]]*\] +)?[^ ]+) +$codename( .*|$)/deb \1 $1 main/p" "$file" | head -n 1 | grep . && return
  done
  return 1
}

# private_apt SUITE ARCHITECTURE: prints the path of an apt configuration that sees that suite only, with fresh lists
private_apt() {
  local state="$SHARED_CACHE/apt/$1-$2"
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  : >"$state/status"
  archive_line "$1" >"$state/sources.list" || return 1
  cat >"$state/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Dir::State "$state";
Dir::State::status "$state/status";
Dir::Cache "$state";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
CONF
  if [ -z "$(find "$state/updated" -mmin -720 2>/dev/null)" ]; then
    apt-get -c "$state/apt.conf" -qq update >"$state/log" 2>&1 </dev/null || return 1
    touch "$state/updated"
  fi
  echo "$state/apt.conf"
}

# fetch_deb FILE ARCHITECTURE VERSION PACKAGE SUITE...: downloads PACKAGE to FILE from the first suite that has it.
# VERSION is the upstream version wanted, or "" for any.
fetch_deb() {
  local file=$1 architecture=$2 wanted=$3 package=$4 suite configuration version folder; shift 4
  for suite; do
    configuration=$(private_apt "$suite" "$architecture") || continue
    version=$(apt-cache -c "$configuration" madison "$package" 2>/dev/null |
      awk -F'|' -v wanted="$wanted" '{ gsub(/ /, "", $2) } wanted == "" || $2 ~ "^" wanted "[+-]" { print $2; exit }')
    [ -n "$version" ] || continue
    folder=$(mktemp -d -p "$SHARED_CACHE")
    if (cd "$folder" && apt-get -c "$configuration" -qq download "$package=$version" >/dev/null </dev/null); then
      say "$package $version ($architecture, $suite)"
      mv "$folder"/*.deb "$file"; rm -r "$folder"; return 0
    fi
    rm -r "$folder"
  done
  return 1
}
