#!/bin/sh
# Puts the Manara server panel on this machine, or takes it away. Everything that changes the machine is done by the
# program itself (`manara self setup`, `manara self remove`), which lists its changes first; this script finds out
# whether the machine fits, and gets and proves the release. It asks before it installs minisign, should that be needed.
#
#   sh install.sh [--dry-run] [--yes] [--offline FILE] [--version V] [--downgrade] [--port N] [--lang ar|en]
#   sh install.sh --uninstall | --purge [--sites] [--dry-run] [--yes]
#
#   --dry-run        list every change and make none
#   --yes            do not ask
#   --offline FILE   install this tarball; SHA256SUMS and its signature lie beside it. Nothing is downloaded.
#   --version V      install this version instead of the newest
#   --downgrade      also go to a version older than that in use
#   --port N         port of the panel (9443), for a new installation
#   --uninstall      take the panel away; sites stay served, configuration and data stay
#   --purge          also delete configuration, data and accounts: what was there before the panel comes back. The
#                    files of sites are listed and stay
#   --sites          with --purge: delete the files of sites, too, where this installer made their folder
#   --lang ar|en     language of messages (LANG)
#
#   MANARA_RELEASE_URL   base address of the releases: https, or http on this machine. Without it only --offline works. A
#                        new installation keeps it for `manara self update`
#   MANARA_RELEASE_KEY   public key of the releases in minisign's form, instead of the one in this script
set -eu
umask 022

# Replaced by scripts/package.sh.
RELEASE_KEY=${MANARA_RELEASE_KEY:-}
BASE=${MANARA_RELEASE_URL:-}
BASE=${BASE%/}
# What is fetched of a release at most, as in src/platform/install/download.rs.
LIST_BYTES=65536
TARBALL_BYTES=134217728
INSTALLED=/opt/manara/current/manara
# What an installation takes, with a release being unpacked beside the one in use.
SPACE_MIB=200
MEMORY_MIB=200

case ${LC_ALL:-${LANG:-}} in ar*) lang='ar' ;; *) lang=en ;; esac
dry_run='' yes='' offline='' version='' port='' sites='' downgrade='' action=install

# say ENGLISH ARABIC
say() { if [ "$lang" = ar ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi; }
note() { say "$@" >&2; }
die() { note "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

usage() {
  die "Usage: sh install.sh [--dry-run] [--yes] [--offline FILE] [--version V] [--downgrade] [--port N] [--uninstall|--purge [--sites]] [--lang ar|en]" \
    "الاستعمال: ‎sh install.sh [--dry-run] [--yes] [--offline FILE] [--version V] [--downgrade] [--port N] [--uninstall|--purge [--sites]] [--lang ar|en]"
}

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=1 ;;
    --yes|-y) yes=1 ;;
    --uninstall) action=uninstall ;;
    --purge) action=purge ;;
    --sites) sites=1 ;;
    --downgrade) downgrade=1 ;;
    --offline|--version|--port|--lang)
      [ $# -ge 2 ] || usage
      case $1 in
        --offline) offline=$2 ;;
        --version) version=$2 ;;
        --port) port=$2 ;;
        --lang) lang=$2 ;;
      esac
      shift ;;
    *) usage ;;
  esac
  shift
done
case $lang in ar|en) ;; *) lang=en; usage ;; esac
case $port in *[!0-9]*|??????*) usage ;; esac
case $version in *[!0-9A-Za-z.+-]*) usage ;; esac
[ -z "$sites" ] || [ $action = purge ] || usage

# Where a release is fetched and unpacked: not in /tmp, which may be small and may refuse to run programs.
WORK=/opt/.manara-install
work=''
cleanup() { [ -z "$work" ] || rm -rf "$work"; }
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Takes the folder, also from an installer that was killed.
take_work() {
  if ! mkdir -m 700 $WORK 2>/dev/null; then
    other=$(cat $WORK/pid 2>/dev/null || :)
    if [ -z "$other" ]; then
      # One that has just begun, and has not noted its process yet; or one that was killed right then.
      now=$(date +%s)
      [ $((now - $(stat -c %Y $WORK 2>/dev/null || echo "$now"))) -gt 60 ] ||
        die "Another installer has just begun. If it has not, start again in a minute." \
          "بدأ مُثبِّت آخر للتو. إن لم يكن كذلك فأعد المحاولة بعد دقيقة."
    elif [ -d "/proc/$other" ]; then
      die "Another installer is at work (process $other)." "هناك مُثبِّت آخر يعمل الآن (العملية $other)."
    fi
    rm -rf $WORK
    mkdir -m 700 $WORK
  fi
  work=$WORK
  echo $$ >$work/pid
}

# ---------------------------------------------------------------- the machine, before anything is changed

need_root() {
  [ "$(id -u)" = 0 ] || die "This changes the machine, so it has to be root. Start it again with sudo." \
    "هذا يغيّر الخادم، فلا بد أن يشغّله root. أعد تشغيله مع sudo."
}

architecture() {
  case $(uname -m) in
    x86_64|amd64) echo x86_64 ;;
    aarch64|arm64) echo aarch64 ;;
    armv7l|armv8l) echo armv7 ;;
    *) die "There is no release for this kind of machine ($(uname -m)). There are some for x86_64, aarch64 and armv7." \
      "لا يوجد إصدار لهذا النوع من الأجهزة ($(uname -m)). الموجود لـ x86_64 وaarch64 وarmv7." ;;
  esac
}

# at_least HAVE WANT: whether HAVE, as MAJOR.MINOR, is WANT or newer
at_least() {
  have_major=${1%%.*} have_minor=${1#*.} want_major=${2%%.*} want_minor=${2#*.}
  [ "$have_minor" != "$1" ] || have_minor=0
  have_minor=${have_minor%%[!0-9]*}
  [ "$have_major" -gt "$want_major" ] || { [ "$have_major" = "$want_major" ] && [ "${have_minor:-0}" -ge "$want_minor" ]; }
}

check_system() {
  # shellcheck disable=SC1091 # of the machine, not of the repository
  name=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-Linux}") || name=Linux
  # shellcheck disable=SC1091
  id=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || id=''
  case $id in
    "debian 12"|"debian 13") ;;
    *) note "$name is not one of the systems the panel is tested on (Debian 12 and 13). It goes on when the parts it needs are there." \
      "$name ليس من الأنظمة التي اختُبرت عليها اللوحة (Debian 12 و13). يستمر التثبيت إن وُجدت الأجزاء التي تحتاجها." ;;
  esac
  kernel=$(uname -r)
  at_least "$kernel" 5.10 || die "The kernel is $kernel; 5.10 or newer is needed." "النواة $kernel، والمطلوب 5.10 أو أحدث."
  [ -d /run/systemd/system ] || die "systemd does not run this machine. In a container, start the program itself as root: manara serve" \
    "لا يدير systemd هذا الجهاز. في الحاوية شغّل البرنامج نفسه بصلاحية root: ‏manara serve"
  systemd=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  [ "${systemd:-0}" -ge 247 ] || die "systemd is $systemd; 247 or newer is needed." "إصدار systemd هو $systemd، والمطلوب 247 أو أحدث."
  for tool in tar gzip sed base64 sha256sum df useradd groupadd; do
    have $tool || die "The program $tool is missing. Install it and start again." "البرنامج $tool غير موجود. ثبّته ثم أعد المحاولة."
  done
}

check_room() {
  for folder in /opt /var/lib /etc; do
    free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
    [ "${free:-0}" -ge $SPACE_MIB ] || die "$folder has $free MiB free; $SPACE_MIB MiB are needed. Nothing was changed." \
      "في $folder مساحة $free ميبيبايت، والمطلوب $SPACE_MIB. لم يتغيّر شيء."
  done
  memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
  [ "$memory" -ge $MEMORY_MIB ] || die "The machine has $memory MiB of memory; $MEMORY_MIB MiB are needed." \
    "ذاكرة الجهاز $memory ميبيبايت، والمطلوب $MEMORY_MIB."
}

# listening PORT: whether something listens there; read from the kernel, since no tool for it is everywhere
listening() {
  hex=$(printf %04X "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

nginx_runs() { [ -n "$(cat /run/nginx.pid 2>/dev/null)" ] && [ -d "/proc/$(cat /run/nginx.pid)" ]; }

check_ports() {
  if ! systemctl is-active --quiet manara.service; then
    panel=${port:-9443}
    ! listening "$panel" || die "Port $panel, which the panel would use, is taken. Choose another one with --port." \
      "المنفذ $panel الذي تستعمله اللوحة مشغول. اختر غيره مع ‎--port."
  fi
  nginx_runs || for site in 80 443; do
    ! listening $site || die "Port $site is used by a program that is not nginx. Stop it first; the sites need this port." \
      "المنفذ $site يستعمله برنامج غير nginx. أوقفه أولًا، فالمواقع تحتاج هذا المنفذ."
  done
}

check_nginx() {
  if have nginx || [ -x /usr/sbin/nginx ]; then
    PATH=$PATH:/usr/sbin
    found=$(nginx -v 2>&1 | sed 's|.*/||; s| .*||')
    at_least "$found" 1.18 || die "nginx is $found; 1.18 or newer is needed." "إصدار nginx هو $found، والمطلوب 1.18 أو أحدث."
    note "nginx $found is there and is used. Configuration that others wrote stays as it is." \
      "وُجد nginx $found وسيُستعمل. ما كتبه غيرنا من إعداداته يبقى كما هو."
  else
    note "nginx is not installed. The panel installs it when you ask it to." "nginx غير مثبّت. تثبّته اللوحة حين تطلب منها ذلك."
  fi
}

# ---------------------------------------------------------------- the release

# An address that a list of files can hang below: TLS, or this machine itself. The signature decides what is installed;
# TLS keeps others from holding back what is new.
check_base() {
  case $BASE in
    '') die "No address of releases is known. Set MANARA_RELEASE_URL, or use --offline FILE." \
      "لا يُعرف عنوان الإصدارات. عيّن MANARA_RELEASE_URL أو استعمل ‎--offline FILE." ;;
    https://?*) protocols='=https' ;;
    http://127.0.0.1[:/]*|http://127.0.0.1|http://localhost[:/]*|http://localhost|"http://[::1]"*) protocols='=http' ;;
    *) die "MANARA_RELEASE_URL is $BASE, but has to begin with https:// (http:// only for this machine itself)." \
      "قيمة MANARA_RELEASE_URL هي $BASE، ويجب أن تبدأ بـ https:// (وhttp:// لهذا الجهاز نفسه فقط)." ;;
  esac
}

# download ADDRESS FILE BYTES: fetches at most so many bytes
download() {
  if have curl; then
    # Before 8.4 curl heeds --max-filesize only where the server tells a length; the limit of files, in blocks of 512
    # bytes, stops it all the same. A pipe as below would hide whether it came to its end.
    (
      ulimit -f $(($3 / 512 + 1))
      curl --fail --silent --show-error --location --max-redirs 5 --retry 3 --connect-timeout 30 --max-time 1800 \
        --max-filesize "$3" --proto "$protocols" --proto-redir "$protocols" -o "$2" "$1"
    ) && [ "$(wc -c <"$2")" -le "$3" ]
  elif have wget; then
    # It follows redirects away from TLS as well; what it brings is proved all the same.
    wget -q -t 3 -T 60 -O - "$1" | head -c "$(($3 + 1))" >"$2" && [ -s "$2" ] && [ "$(wc -c <"$2")" -le "$3" ]
  else
    die "Neither curl nor wget is there. Install one of them, or fetch the release elsewhere and use --offline." \
      "لا يوجد curl ولا wget. ثبّت أحدهما، أو نزّل الإصدار على جهاز آخر واستعمل ‎--offline."
  fi || die "$1 could not be downloaded. Nothing was changed; start again." "تعذّر تنزيل $1. لم يتغيّر شيء، فأعد المحاولة."
}

# Leaves tarball, sums and signatures in $work.
fetch() {
  if [ -n "$offline" ]; then
    # The caller's folder may change meanwhile; what was copied is what is proved and used.
    [ -f "$offline" ] || die "There is no file $offline." "لا يوجد ملف $offline."
    folder=$(dirname "$offline")
    tarball=$(basename "$offline")
    for file in "$tarball" SHA256SUMS; do
      [ -f "$folder/$file" ] || die "$folder/$file is missing. A release is the tarball with SHA256SUMS and its signature." \
        "الملف $folder/$file غير موجود. الإصدار هو الحزمة ومعها SHA256SUMS وتوقيعها."
      cp "$folder/$file" "$work/$file"
    done
    for file in SHA256SUMS.sig SHA256SUMS.minisig; do
      [ ! -f "$folder/$file" ] || cp "$folder/$file" "$work/$file"
    done
    verify_list
    return
  fi
  check_base
  # Which version is the newest, the signed list of it says.
  for file in SHA256SUMS SHA256SUMS.sig SHA256SUMS.minisig; do
    download "$BASE/${version:-latest}/$file" "$work/$file" $LIST_BYTES
  done
  verify_list
  tarball=$(sed -n "s/^[0-9a-f]\{64\}  \(manara-[0-9A-Za-z.+-]*-$arch\.tar\.gz\)\$/\1/p" "$work/SHA256SUMS" | head -n 1)
  offered=${tarball#manara-}
  offered=${offered%-"$arch".tar.gz}
  [ -n "$offered" ] || die "The signed list names no release for this kind of machine ($arch)." \
    "لا تذكر القائمة الموقّعة إصدارًا لهذا النوع من الأجهزة ($arch)."
  [ "${version:-$offered}" = "$offered" ] || die "At $BASE/$version there is version $offered. Nothing was installed." \
    "الموجود في $BASE/$version هو الإصدار $offered. لم يُثبَّت شيء."
  download "$BASE/$offered/$tarball" "$work/$tarball" $TARBALL_BYTES
}

# The raw key in the form openssl reads: the head of an Ed25519 SubjectPublicKeyInfo (RFC 8410), then the key's 32 bytes.
openssl_key() {
  printf '\060\052\060\005\006\003\053\145\160\003\041\000'
  printf '%s' "$RELEASE_KEY" | base64 -d | tail -c 32
}

openssl_is_3() { have openssl && case $(openssl version) in "OpenSSL "[3-9]*) ;; *) false ;; esac; }

verify_list() {
  [ -n "$RELEASE_KEY" ] || die "This script has no key to check releases with. Set MANARA_RELEASE_KEY, or use the install.sh of a release." \
    "ليس في هذا السكربت مفتاح للتحقق من الإصدارات. عيّن MANARA_RELEASE_KEY أو استعمل install.sh المرفق بإصدار."
  if ! have minisign && ! openssl_is_3 && have apt-get && [ -z "$dry_run" ] && [ -z "$offline" ]; then
    note "The signature is checked with minisign, which is not there yet: apt-get installs it now." \
      "يُتحقق من التوقيع بواسطة minisign، وهو غير مثبّت بعد: سيثبّته apt-get الآن."
    agree
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends minisign >&2 || true
  fi
  if have minisign && [ -f "$work/SHA256SUMS.minisig" ]; then
    good=$(cd "$work" && minisign -Vqm SHA256SUMS -x SHA256SUMS.minisig -P "$RELEASE_KEY" 2>&1) || bad_signature "$good"
  elif openssl_is_3 && [ -f "$work/SHA256SUMS.sig" ]; then
    openssl_key >"$work/key.der"
    good=$(cd "$work" && openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig 2>&1) ||
      bad_signature "$good"
  else
    die "The signature cannot be checked: neither minisign with SHA256SUMS.minisig nor OpenSSL 3 with SHA256SUMS.sig is there. Install one of the two and start again." \
      "لا يمكن التحقق من التوقيع: لا يوجد minisign مع SHA256SUMS.minisig ولا OpenSSL 3 مع SHA256SUMS.sig. ثبّت أحدهما ثم أعد المحاولة."
  fi
}

verify_tarball() {
  sum=$(cd "$work" && sha256sum "$tarball" | cut -d ' ' -f 1)
  grep -qxF "$sum  $tarball" "$work/SHA256SUMS" || die "$tarball is not the file whose sum was signed. Fetch it again. Nothing was changed." \
    "$tarball ليس الملف الذي وُقّعت بصمته. نزّله مرة أخرى. لم يتغيّر شيء."
}

bad_signature() {
  printf '%s\n' "$1" >&2
  die "The signature is not good: the release was not made by the owner of the key, or was changed. Nothing was installed." \
    "التوقيع غير صحيح: لم يصنع هذا الإصدار صاحب المفتاح، أو تغيّر بعده. لم يُثبَّت شيء."
}

unpack() {
  case $tarball in
    manara-*-"$arch".tar.gz) ;;
    *) die "$tarball is not a release for this machine ($arch)." "$tarball ليس إصدارًا لهذا الجهاز ($arch)." ;;
  esac
  mkdir "$work/release"
  tar -xzf "$work/$tarball" -o -C "$work/release" || die "$tarball could not be unpacked in $work. Nothing was installed." \
    "تعذّر فكّ $tarball في $work. لم يُثبَّت شيء."
  program=$(echo "$work"/release/manara-*/manara)
  "$program" self-test >"$work/self-test" 2>&1 || {
    cat "$work/self-test" >&2
    die "The program does not work on this machine; what failed is above. Nothing was installed." \
      "لا يعمل البرنامج على هذا الجهاز، وسبب ذلك في الأعلى. لم يُثبَّت شيء."
  }
  printf '%s\n' "$RELEASE_KEY" >"$work/release.pub"
}

# ---------------------------------------------------------------- what is done

# agree: asks at the terminal, also when this script came through a pipe
agree() {
  [ -z "$yes" ] || return 0
  if ! (: </dev/tty) 2>/dev/null; then
    die "Nobody is there to be asked. Add --yes to go on." "لا أحد هنا ليُسأل. أضف ‎--yes للمتابعة."
  fi
  say "Go on? [y/N]" "أأتابع؟ [ن/لا]"
  read -r answer </dev/tty || answer=''
  case $answer in y|Y|yes|ن|نعم) ;; *) die "Nothing was changed." "لم يتغيّر شيء." ;; esac
}

# carry_out PROGRAM WORD...: lists its changes, asks, and has it make them
carry_out() {
  if [ -n "$dry_run" ]; then
    "$@" --lang "$lang" --dry-run
    say "This was a dry run: nothing was changed." "كانت هذه تجربة: لم يتغيّر شيء."
    exit 0
  fi
  if [ -n "$yes" ]; then
    "$@" --lang "$lang" --yes
  else
    "$@" --lang "$lang" --dry-run
    agree
    "$@" --lang "$lang" --yes --quiet
  fi
}

install_panel() {
  need_root
  arch=$(architecture)
  check_system
  check_room
  check_ports
  check_nginx
  take_work
  fetch
  verify_tarball
  unpack
  if [ -x $INSTALLED ] && [ "$($INSTALLED --version)" != "$("$program" --version)" ]; then
    # Another version is in use: going over to it is the program's own business, and so is the way back.
    [ -z "$dry_run" ] || { say "The panel would be updated: $("$program" --version)" "ستُحدَّث اللوحة: $("$program" --version)"; exit 0; }
    agree
    set -- $INSTALLED --lang "$lang" self update --offline "$work/$tarball"
    [ -z "$downgrade" ] || set -- "$@" --downgrade
    "$@"
    exit
  fi
  set -- "$program" self setup --release-key "$work/release.pub"
  [ -z "$port" ] || set -- "$@" --port "$port"
  [ -z "$BASE" ] || set -- "$@" --release-url "$BASE"
  carry_out "$@"
  welcome
}

# Where the panel is, and how the first administrator gets in.
welcome() {
  tries=0
  until claimed=$($INSTALLED --json claim show 2>/dev/null); do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || die "The panel does not answer. See: journalctl -u manara.service -u manara-host.service" \
      "اللوحة لا تجيب. انظر: journalctl -u manara.service -u manara-host.service"
    sleep 1
  done
  case $claimed in *true*) say "The panel is installed and has an administrator already." "اللوحة مثبّتة ولها مدير من قبل."; return ;; esac
  claim=$($INSTALLED --json claim --new-link)
  path=$(printf %s "$claim" | sed -n 's/.*"path": *"\([^"]*\)".*/\1/p')
  listen=$($INSTALLED --json setting list 2>/dev/null | tr -d ' \n' | sed -n 's/.*"key":"panel.listen"[^}]*"value":"\([^"]*\)".*/\1/p')
  listen=${listen##*:}
  address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  say "The panel runs. Open this link once, within an hour, to take it over:" "اللوحة تعمل. افتح هذا الرابط مرة واحدة خلال ساعة لتصبح مديرها:"
  printf '\n  https://%s:%s%s\n\n' "${address:-$(hostname)}" "${listen:-${port:-9443}}" "$path"
  certificate=/var/lib/manara/tls/panel.pem
  [ ! -f $certificate ] || {
    say "The browser will warn of an unknown certificate. Its SHA-256 fingerprint must be:" "سيحذّر المتصفح من شهادة غير معروفة. بصمتها (SHA-256) يجب أن تكون:"
    printf '\n  %s\n\n' "$(sed -n '/BEGIN/,/END/{/-----/!p;/END/q;}' $certificate | base64 -d | sha256sum | cut -c1-64 | tr a-f A-F | sed 's/../&:/g; s/:$//')"
  }
}

remove_panel() {
  need_root
  program=$INSTALLED
  if [ ! -x $INSTALLED ]; then
    [ -n "$offline$BASE" ] || {
      [ -e /etc/manara ] || [ -e /var/lib/manara-host ] || { say "The panel is not installed." "اللوحة غير مثبّتة."; exit 0; }
      die "The panel's program is gone already. To delete what is left, name a release: --purge --offline FILE" \
        "برنامج اللوحة محذوف من قبل. لحذف ما بقي اذكر إصدارًا: ‎--purge --offline FILE"
    }
    arch=$(architecture)
    take_work
    fetch
    verify_tarball
    unpack
  fi
  set -- "$program" self remove
  [ "$action" = uninstall ] || set -- "$@" --purge
  [ -z "$sites" ] || set -- "$@" --sites
  carry_out "$@"
}

case $action in
  install) install_panel ;;
  *) remove_panel ;;
esac
