#!/bin/bash
# tracked_files.sh FOLDER: copies the files that git knows, as they are in the working tree, to FOLDER, which is made; in a
# release without git, all but what is built.
set -euo pipefail
[ $# -eq 1 ] || { echo "tracked_files.sh FOLDER" >&2; exit 2; }
mkdir "$1"
folder=$(realpath "$1")
cd "$(dirname "$0")/.."
if [ -e .git ]; then
    # but those that were deleted and not yet committed
    git ls-files -z | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
        tar -c --null --no-recursion -T -
else
    tar -c --exclude=./build --exclude=./out .
fi | tar -x -C "$folder"
