#!/bin/bash
# docs/ARCHITECTURE.md has one line for every source file, and no line for a file that is not there: check_tour.sh ROOT
# A line "- `name`: what it is for" below the heading "### `folder/`" stands for folder/name.c, .h, .inc.h and .py.
# Names such as `i2v_open` on the pages of docs/ must stand in the code, and files such as `tensor/run.h` must be there.
set -u

# named FILE: the files of the page, without their endings.
named() {
    sed -nE 's/^### `([^`]*)\/`.*/folder \1/p; s/^- `([^`]*)`: .*[[:alpha:]].*/file \1/p' "$1" | {
        folder=
        while read -r kind name; do
            if [ "$kind" = folder ]; then folder=$name; elif [ "$folder" ]; then echo "$folder/$name"; fi
        done
    }
}

# check_files PAGE: every `folder/file.c` of it is a file, from the root, src/ or src/backend/ on.
check_files() {
    local bad=0 file
    while read -r file; do
        [ -e "$file" ] || [ -e "src/$file" ] || [ -e "src/backend/$file" ] && continue
        echo "$1 names $file, which is nowhere"
        bad=1
    done < <(grep -oE '`[a-z][a-z0-9_/-]*/[a-z0-9_.]+\.(c|h|sh|py)`' "$1" | tr -d '`' | sort -u)
    return $bad
}

# check_names: every `i2v_...` of the pages is a word of the sources, and every file is there.
check_names() {
    local bad=0 page name words
    words=$(grep -rohE --include='*.[ch]' --include=CMakeLists.txt '\bi2v_[a-z0-9_]+' include src CMakeLists.txt | sort -u)
    for page in docs/{ARCHITECTURE,INVARIANTS,PITFALLS,RECIPES,CONVENTIONS}.md; do
        [ -f "$page" ] || { echo "$page is missing"; bad=1; }
    done
    for page in docs/*.md; do
        check_files "$page" || bad=1
        while read -r name; do
            grep -qx -- "$name" <<< "$words" && continue
            echo "$page names $name, which is nowhere in the code"
            bad=1
        done < <(grep -oE '`i2v_[a-z0-9_]+' "$page" | tr -d '`' | sort -u)
    done
    return $bad
}

# check_tree ROOT
check_tree() (
    cd "$1" || exit 1
    there=$(find include src server cli bindings/python/src \( -name '*.[ch]' -o -name '*.py' \) |
        sed -E 's/(\.inc)?\.(c|h|py)$//' | LC_ALL=C sort -u)
    [ "$there" ] || { echo "no source files in $1"; exit 1; }
    lines=$(named docs/ARCHITECTURE.md | LC_ALL=C sort)
    bad=0
    while IFS=: read -r problem names; do
        [ "$names" ] || continue
        bad=1
        printf "docs/ARCHITECTURE.md $problem %s\n" $names
    done <<LISTS
lacks a line for:$(LC_ALL=C comm -23 <(echo "$there") <(echo "$lines") | tr '\n' ' ' | sed 's/ $//')
has a line, but there is no file, for:$(LC_ALL=C comm -13 <(echo "$there") <(uniq <<< "$lines") | tr '\n' ' ' | sed 's/ $//')
has more than one line for:$(uniq -d <<< "$lines" | tr '\n' ' ' | sed 's/ $//')
LISTS
    check_names || bad=1
    exit $bad
)

# A check that finds nothing proves nothing: pages that lack a line, or have one too many, must be refused.
test_tour() {
    local status=0 page
    touch "$tree/src/base/"{a.c,b.inc.h} "$tree/docs/"{INVARIANTS,PITFALLS,RECIPES,CONVENTIONS}.md
    echo 'int i2v_a(void);' > "$tree/src/base/a.h"
    touch "$tree/CMakeLists.txt" "$tree/src/base/off/c.c" "$tree/bindings/python/src/d.py"
    local head='### `src/base/`: what all share\n\n' a='- `a`: What a is.\n' b='- `b`: What b is.\n'
    local c='- `off/c`: What c is.\n' d='### `bindings/python/src/`: d\n\n- `d`: What d is.\n'
    for page in "$head$a$b$c" "$head$b$c$d" "$head$a$a$b$c$d" "$head$a$b$c$d- \`e\`: What e is.\n" \
        "$head- \`a\`: \n$b$c$d" "$head$a$b$c$d\n\`i2v_b\`\n" "$head$a$b$c$d\n\`i2v_a_b(1)\`\n" "$head$a$b$c$d\n\`base/gone.c\`\n" "$a$b$c$d" "$head$a$b- \`c\`: What c is.\n$d"; do
        printf -- "$page" > "$tree/docs/ARCHITECTURE.md"
        check_tree "$tree" > /dev/null && { printf -- "not refused:\n$page"; status=1; }
    done
    printf -- "$head$a$b$c$d\n\`i2v_a\` and \`i2v_a(1)\` of \`base/a.h\`\n" > "$tree/docs/ARCHITECTURE.md"
    check_tree "$tree" || { echo 'a whole page is refused'; status=1; }
    return $status
}

tree=$(mktemp -d)
trap 'rm -r "$tree"' EXIT
mkdir -p "$tree/"{include,server,cli,docs,bindings/python/src,src/base/off}
test_tour && check_tree "$1" && echo 'the tour names every source file'
