#!/bin/bash
# build_deb.sh FOLDER: builds Debian packages of the files that git knows (or, in a release without git, of all) and puts
# them into FOLDER. DEB_BUILD_OPTIONS=nocheck leaves out the tests.
set -eu
[ $# -eq 1 ] || { echo "build_deb.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
cd "$(dirname "$0")/.."
rm -rf "$folder/source" "$folder"/*.deb
mkdir "$folder/source"
if git rev-parse --is-inside-work-tree > /dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 
else
    tar -c --exclude=./build --exclude=./out .
fi | tar -x -C "$folder/source"
(cd "$folder/source" && dpkg-buildpackage --build=binary --no-sign)
rm -rf "$folder/source"
ls "$folder"/*.deb
