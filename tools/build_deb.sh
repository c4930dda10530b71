#!/bin/bash
# build_deb.sh FOLDER: builds Debian packages of the files that git knows (or, in a release without git, of all) and puts
# them into FOLDER. The same files give the same packages, to the byte, wherever and whenever that is
# (tools/check_deb_reproducible.sh). DEB_BUILD_OPTIONS=nocheck leaves out the tests.
set -eu
[ $# -eq 1 ] || { echo "build_deb.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
rm -rf "$folder/source" "$folder"/*.deb
"$(dirname "$0")/tracked_files.sh" "$folder/source"
cd "$folder/source"
# a package keeps times before its changelog's, which are those of the checkout
find . -exec touch -h -d "$(dpkg-parsechangelog --show-field Date)" {} +
dpkg-buildpackage --build=binary --no-sign
rm -rf "$folder/source"
ls "$folder"/*.deb
