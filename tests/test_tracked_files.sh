#!/bin/bash
# tools/tracked_files.sh, by which packages are made, copies what git knows and nothing else:
# test_tracked_files.sh SOURCE. Without git, the part that needs none.
set -u
tool=$(realpath "$1")/tools/tracked_files.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
# has FOLDER FILE...: these files and no others
has() {
    local folder=$1
    shift
    diff <(printf '%s\n' "$@" | sort) <(cd "$folder" && find . -type f | sed 's|^\./||' | sort) ||
        fail "wrong files in $folder"
}

mkdir -p source/tools source/build source/out source/docs
cp "$tool" source/tools
for file in kept 'docs/with space' removed build/product out/video.mp4 build-old ignored.o; do
    echo "$file" > "source/$file"
done

# ---- a release: all but what is built
source/tools/tracked_files.sh release || fail 'without git'
has release kept 'docs/with space' removed build-old ignored.o tools/tracked_files.sh

# ---- a checkout
command -v git > /dev/null || exit 0
export GIT_CONFIG_GLOBAL=/dev/null
echo '*.o' > source/.gitignore
(cd source && git init -q . && git add .gitignore kept docs removed tools && rm removed && echo changed >> kept) || fail 'git'
source/tools/tracked_files.sh copy || fail 'with git'
has copy .gitignore kept 'docs/with space' tools/tracked_files.sh
grep -q changed copy/kept || fail 'a change that is not committed was lost'

# ---- a git that refuses is no release
mv source/.git/HEAD source/.git/no-head
source/tools/tracked_files.sh refused 2> /dev/null && fail 'all was copied where git failed'
exit 0
