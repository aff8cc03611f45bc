#!/usr/bin/env bash
# A program of another architecture in a container (a root, users, network and processes of its own, and no systemd): it is
# installed there, started as root, claimed, serves a site, is started again, and taken away. The story `container` tells
# more of it for this machine's own architecture.
#
#   tests/vps/emulated.sh PROGRAM [EMULATOR]
#
# EMULATOR is qemu-user's static binary for a program of another architecture. The kernel is told of it in the
# container's own user namespace (binfmt_misc, Linux 6.7), so nothing of this machine learns of it, and then runs it wherever
# the program runs itself again. Everything else in there, nginx too, is this machine's own architecture.
set -euo pipefail
# shellcheck disable=SC1091
. "$(dirname "$0")/../../scripts/lib.sh"

program=$(realpath "${1:?is the program}") emulator=${2:+$(realpath "$2")}
[ "$(id -u)" = 0 ] || die "containers are made as root"
need_packages util-linux iproute2
root=$(tests/vps/rootfs.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
chmod 755 "$work"
cp "$program" "$work/manara"

# binfmt ARCHITECTURE: name, and the bytes by which the kernel knows its programs (elf(5): class, order, type, machine)
binfmt() {
  local class machine
  case $1 in
    *aarch64*) class=02 machine=b7 ;;
    *arm*) class=01 machine=28 ;;
    *) die "$1 emulates no architecture of ours" ;;
  esac
  printf ':manara:M::\\x7fELF\\x%s\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x%s\\x00:' $class $machine
  printf '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:%s:F' "$1"
}

outside=$(cat <<'EOF'
set -eu
mount -t tmpfs none "$WORK/root"
mkdir "$WORK/root/upper" "$WORK/root/work" "$WORK/root/root"
root=$WORK/root/root
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$WORK/root/upper,workdir=$WORK/root/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs run "$root/run"
if [ -n "$REGISTER" ]; then
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  printf %s "$REGISTER" >/proc/sys/fs/binfmt_misc/register
fi
ip link set lo up
cp "$WORK/manara" "$root/root/manara"
exec chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c "$INSIDE"
EOF
)

inside=$(cat <<'EOF'
set -eu
fail() { echo "$*" >&2; cat /root/log >&2 || :; exit 1; }
# wait_for WHAT COMMAND...: within a minute
wait_for() {
  what=$1 tries=0; shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "never: $what"
    sleep 0.2
  done
}
start() { manara serve >>/root/log 2>&1 & serve=$!; wait_for "the panel is ready" curl -kfsS https://127.0.0.1:9443/health/ready; }
stop() { kill -TERM $serve; wait $serve || fail "the panel ended with $?"; }

/root/manara --version
/root/manara self-test
/root/manara self setup --yes
[ "$(readlink -f /usr/local/bin/manara)" = "$(readlink -f /opt/manara/current/manara)" ] || fail "the command is not there"
rm /root/manara
start
[ "$(stat -c %U /proc/$serve)" = manara ] || fail "the panel runs as $(stat -c %U /proc/$serve)"
printf 'a long password\n' | manara claim --user admin --password-stdin
manara --yes site create --domain one.example --kind static
page=$(curl -fsS -H 'Host: one.example' http://127.0.0.1/) || fail "the site does not answer"
case $page in *one.example*) ;; *) fail "the site's page is: $page" ;; esac
refused=$(manara self rollback 2>&1) && fail "went back to nothing: $refused"
stop
curl -fsS -o /dev/null -H 'Host: one.example' http://127.0.0.1/ || fail "the site ended with the panel"
start
manara --json site list | grep -q one.example || fail "the site is forgotten"
stop
manara self remove --purge --sites --yes
[ ! -e /opt/manara ] && [ ! -e /etc/manara ] && [ ! -e /var/lib/manara ] && [ ! -e /srv/www ] || fail "something is left"
kill "$(cat /run/nginx.pid)"
echo "1 passed, 0 failed"
EOF
)

register=
[ -z "$emulator" ] || register=$(binfmt "$emulator")
export WORK=$work LOWER=$root REGISTER=$register INSIDE=$inside OUTSIDE=$outside
# The accounts of a new user namespace are written from outside of it (user_namespaces(7)); until then it waits.
mkfifo "$work/mapped"
# shellcheck disable=SC2016 # expanded by the shell inside
unshare --user sh -c 'read -r _ <"$WORK/mapped"
  exec timeout 900 unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc sh -c "$OUTSIDE"' &
sleep 0.2
for map in uid_map gid_map; do echo 0 0 65536 >"/proc/$!/$map"; done
echo >"$work/mapped"
wait $!
