#!/bin/sh
# Gathers nginx configuration files out of Debian packages into a folder, for
#   MANARA_NGINX_CORPUS=<folder> cargo test --test it nginx_syntax
# Usage: scripts/nginx-corpus.sh <folder>
# Nothing is installed. Packages the release does not carry are passed over.
set -eu

target=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for package in nginx-common fcgiwrap mailman3-web python3-certbot-nginx radicale wordpress \
    zabbix-frontend-php libnginx-mod-http-lua libnginx-mod-nchan libnginx-mod-rtmp; do
    apt-get download "$package" >/dev/null 2>&1 || { echo "not available: $package" >&2; continue; }
    mkdir "$package"
    dpkg-deb -x "$package"_*.deb "$package"
done

find . -type f \( -path '*/nginx/*' -o -name '*nginx*' \) \
    \( -name '*.conf' -o -name '*_params' -o -name 'mime.types' -o -name 'default' -o -name '*-radicale' -o -name 'koi-*' \) |
    while read -r file; do
        cp "$file" "$target/$(echo "${file#./}" | tr / _)"
    done
echo "$(find "$target" -type f | wc -l) files in $target"
