#!/bin/bash
# Every file of C opens with a comment that says what it is for: check_comments.sh ROOT
set -u

# check_tree ROOT: names each .c and .h whose first line does not begin a comment of some words.
check_tree() (
    cd "$1" || exit 1
    bad=0 files=0
    while IFS= read -r file; do
        files=$((files + 1))
        head -n 1 "$file" | grep -qE '^/\* .*[[:alpha:]]{2}.* .*[[:alpha:]]{2}' && continue
        echo "$file: its first line is to begin a comment that says what the file is for"
        bad=1
    done < <(find include src cli tests examples -name '*.[ch]' | sort)
    [ $files -gt 0 ] || { echo "no source files in $1"; exit 1; }
    exit $bad
)

# A check that finds nothing proves nothing: each of these must be refused as a file's first lines, and the last taken.
test_comments() {
    local status=0 text
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
mkdir -p "$tree/src/base" "$tree/"{include,cli,tests,examples}
test_comments && check_tree "$1" && echo 'every file says what it is for'
