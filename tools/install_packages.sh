#!/bin/bash
# Installs the Debian or Ubuntu packages that building and testing need, or those named; says nothing when all are there.
# On other systems it names them and leaves the rest to the person.
set -eu
packages=(build-essential cmake ninja-build pkg-config libjpeg-dev libpng-dev zlib1g-dev libwebp-dev libtiff-dev
    libavif-dev libopenjp2-7-dev libheif-dev libavformat-dev
    libavcodec-dev libswscale-dev libavutil-dev libjansson-dev libcurl4-openssl-dev libssl-dev ca-certificates
    libmicrohttpd-dev libsqlite3-dev libcmocka-dev curl ffmpeg webp mandoc)
[ $# -eq 0 ] || packages=("$@")

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
    echo "This is no Debian or Ubuntu; what is needed is there called: ${packages[*]}"
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null) || state=absent
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo > /dev/null; then
        echo "Packages are missing; as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
