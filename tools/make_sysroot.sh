#!/bin/bash
# make_sysroot.sh ARCHITECTURE FOLDER: unpacks Debian's libraries of another architecture, with headers, into FOLDER to
# build against. They are downloaded by an apt of its own there, which neither sees nor changes what is installed.
set -eu
[ $# -eq 2 ] || { echo "make_sysroot.sh ARCHITECTURE FOLDER" >&2; exit 2; }
architecture=$1
# without libheif, so that building without it is tried
packages=(libc6-dev libjpeg-dev libpng-dev zlib1g-dev libwebp-dev libtiff-dev libavif-dev libopenjp2-7-dev libavformat-dev libavcodec-dev libswscale-dev libavutil-dev
    libjansson-dev libcurl4-openssl-dev libssl-dev libcmocka-dev)
[ "$2/complete" -nt "$0" ] && exit 0

rm -rf "$2"
mkdir -p "$2/apt/lists/partial" "$2/apt/archives/partial"
folder=$(realpath "$2")
cat > "$folder/apt/apt.conf" << CONF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Dir::State "$folder/apt";
Dir::State::Status "/dev/null";
Dir::Cache "$folder/apt";
CONF
export APT_CONFIG=$folder/apt/apt.conf
apt-get --quiet --quiet update
apt-get --quiet --quiet --yes --download-only install "${packages[@]}"
for package in "$folder"/apt/archives/*.deb; do dpkg-deb --extract "$package" "$folder"; done
rm -rf "$folder/apt"
touch "$folder/complete"
