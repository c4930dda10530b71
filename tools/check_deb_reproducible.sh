#!/bin/bash
# check_deb_reproducible.sh FOLDER: builds the packages of FOLDER once more, in another folder, as another person with
# another umask, time zone and language would, and compares them to the byte.
set -eu
[ $# -eq 1 ] || { echo "check_deb_reproducible.sh FOLDER" >&2; exit 2; }
first=$(realpath "$1")
ls "$first"/*.deb > /dev/null
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
second="$scratch/elsewhere/in-a-folder-with-a-longer-name"
mkdir -p "$second" "$scratch/home"

(umask 077 && HOME=$scratch/home TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 LANGUAGE=tr \
    "$(dirname "$0")/build_deb.sh" "$second" > "$scratch/log" 2>&1) || { cat "$scratch/log"; exit 1; }
differ=0
for package in "$first"/*.deb; do
    name=$(basename "$package")
    cmp "$package" "$second/$name" || differ=1
done
[ "$(cd "$first" && ls ./*.deb)" = "$(cd "$second" && ls ./*.deb)" ] || { echo "other packages were built"; differ=1; }
[ $differ = 0 ] || { echo "the packages depend on where or by whom they are built"; exit 1; }
echo 'built in another folder, the packages are the same to the byte'
