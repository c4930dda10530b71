#!/bin/bash
# Every file of C opens with a comment that says what it is for: check_comments.sh ROOT
set -u

# check_tree ROOT: names each .c and .h whose first line does not begin a comment of some words.
check_tree() (
    cd "$1" || exit 1
    [ "$(find include src server cli tests examples -name '*.[ch]' -print -quit)" ] || { echo "no source files in $1"; exit 1; }
    find include src server cli tests examples -name '*.[ch]' -exec awk '
        FNR == 1 && !/^\/\* .*[A-Za-z][A-Za-z].* .*[A-Za-z][A-Za-z]/ { wrong(FILENAME) }
        function wrong(file) { print file ": its first line is to begin a comment that says what the file is for"; bad = 1 }
        END {
            for (i = 1; i < ARGC; i++) if ((getline line < ARGV[i]) <= 0) wrong(ARGV[i]) # an empty file has no line
            exit bad
        }' {} +
)

# A check that finds nothing proves nothing: each of these must be refused as a file's first lines, and the last taken.
test_comments() {
    local status=0 text
    check_tree "$tree" > /dev/null && { echo 'not refused: no files'; status=1; }
    : > "$tree/src/base/a.c"
    check_tree "$tree" > /dev/null && { echo 'not refused: an empty file'; status=1; }
    for text in '' '#include "a.h"\n/* What a is. */' '\n/* What a is. */' '/* */' '// What a is.' '/* a */'; do
        printf "$text\n" > "$tree/src/base/a.c"
        check_tree "$tree" > /dev/null && { echo "not refused: $text"; status=1; }
    done
    printf '/* What a is. */\n#include "a.h"\n' > "$tree/src/base/a.c"
    check_tree "$tree" || { echo 'refused with a comment'; status=1; }
    return $status
}

tree=$(mktemp -d)
trap 'rm -r "$tree"' EXIT
mkdir -p "$tree/src/base" "$tree/"{include,server,cli,tests,examples}
test_comments && check_tree "$1" && echo 'every file says what it is for'
