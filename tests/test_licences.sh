#!/bin/bash
# What NOTICE, debian/copyright and the files' own texts say of licences is the same: test_licences.sh SOURCE.
set -u
cd "$1" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

# "FILES LICENCE" for each stanza of debian/copyright but the first, which is of all files
copyright=$(awk '/^Files:/ {files = $2} /^License:/ && files {if (files != "*") print files, $2; files = ""}' \
    debian/copyright)
# and for each line "- FILES: LICENCE, ..." or "- FILES: LICENCE; ..." of NOTICE's list of them
notice=$(sed -n '/^Files under other licences/,/^$/s/^- \([^:]*\): \([^,;]*\)[,;].*/\1 \2/p' NOTICE)
[ -n "$copyright" ] || fail 'debian/copyright names no files'
diff <(sort <<< "$copyright") <(sort <<< "$notice") || fail 'debian/copyright (<) and NOTICE (>) differ'

while read -r files licence; do
    compgen -G "$files" > /dev/null || fail "there is no $files"
    grep -q "^License: $licence\$" <(sed '/^Files:/,/^$/d' debian/copyright) ||
        fail "debian/copyright does not say what $licence is"
    # what lies beside them
    case $files in
        models/small/*) beside=(models/small/NOTICE docs/MODELS.md Makefile) ;;
        *) beside=("${files%.*}.txt") ;;
    esac
    for text in "${beside[@]}"; do
        grep -qF "$licence" "$text" || fail "$text does not say $licence"
    done
done <<< "$copyright"
head -n 2 models/small/LICENSE | tr -s ' \n' ' ' | grep -q 'GNU GENERAL PUBLIC LICENSE Version 3' ||
    fail 'models/small/LICENSE is not the text of the licence'

# Every photograph that the scripts train on or measure with is named by the model's NOTICE.
photographs=$(sed -n '/^SOURCES/,/^    # Only to measure/p' tools/train/fetch_data.py)
named=$(tr -s ' \n' ' ' < models/small/NOTICE)
# "NAME.jpg", "NAME_by_AUTHOR.jpg", ("NAME", "SIZE.jpg"), "NAME/contents/...", "FOLDER/NAME.webp"
for name in $(grep -oE '"[A-Za-z0-9_-]+\.(jpg|png)"|\("[A-Za-z0-9_]+", "|"[A-Za-z]+/contents/|/[A-Za-z0-9]+\.webp"' <<< "$photographs" |
              sed -E 's/^\(?["/]//; s/(_by_.*|\.(jpg|png|webp)"|", "|\/contents\/)$//' | grep -vE '^[0-9]+x[0-9]+$'); do
    [[ $named == *[\ \(]"$name"[\ ,\;\:]* ]] || fail "models/small/NOTICE does not name $name"
done
