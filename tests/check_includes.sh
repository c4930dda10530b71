#!/bin/bash
# The #includes of src/, server/ and cli/ point down the layers only, and there is no circle of files: check_includes.sh ROOT
set -u

# What a layer may include, besides itself, the public header and the system's headers.
allowed() {
    case $1 in
    cli) echo server ;;
    server | base) echo ;;
    json | random | backend) echo base ;;
    weights | media | hub) echo json base ;;
    tensor) echo backend base ;;
    model) echo tensor weights json base ;;
    pipeline) echo model media random hub tensor weights json base ;;
    *) return 1 ;;
    esac
}

# check FILE LAYER HEADER: HEADER as it stands in FILE's #include.
check() {
    local file=$1 layer=$2 header=$3 target=${3%%/*}
    case $header in
    img2vid/img2vid.h) return 0 ;;
    *../*) target='a folder above' ;;
    */*) [ "$target" = "$layer" ] && [ "$layer" != cli ] && [ "$layer" != server ] && return 0 ;;
    *) [ -f "${file%/*}/$header" ] && return 0 ;; # its own folder
    esac
    local layers
    layers=$(allowed "$layer") || { echo "$file: the layer $layer is not known to $0"; return 1; }
    case " $layers " in *" $target "*) return 0 ;; esac
    echo "$file includes $header: $layer may include ${layers:+$layers and }the public header"
    return 1
}

# link FILE HEADER: "A B" where the unit A, a .c with its .h, includes the header of the unit B.
link() {
    local unit=${1%.*} path
    for path in "src/$2" "$2" "${1%/*}/$2"; do
        [ -f "$path" ] || continue
        [ "$unit" = "${path%.*}" ] || echo "$unit ${path%.*}"
        return
    done
}

# check_circles LINKS: no unit includes another that, through any number of others, includes it.
check_circles() {
    local problem
    problem=$(tsort "$1" 2>&1 > /dev/null) && return 0
    echo 'a circle of #includes, of which one has to go:'
    sed -n 's/^tsort: \(.*[^:]\)$/    \1/p' <<< "$problem"
    return 1
}

# check_tree ROOT: every #include "..." and every #include <...> that names a folder of ours.
check_tree() (
    cd "$1" || exit 1
    bad=0 files=0
    links=$(mktemp)
    trap 'rm "$links"' EXIT
    while IFS= read -r file; do
        files=$((files + 1))
        layer=${file#src/}
        layer=${layer%%/*}
        while IFS= read -r header; do
            case $header in
            '<'*) header=${header#<}; [ -d "src/${header%%/*}" ] || [ "${header%%/*}" = server ] || continue ;;
            *) header=${header#\"} ;;
            esac
            check "$file" "$layer" "$header" || bad=1
            link "$file" "$header" >> "$links"
        done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*(["<][^">]+).*/\1/p' "$file")
    done < <(find src server cli -name '*.[chS]' | sort)
    [ $files -gt 0 ] || { echo "no source files in $1"; exit 1; }
    check_circles "$links" || bad=1
    exit $bad
)

# A check that finds nothing proves nothing: each of these lines must be refused.
test_directions() {
    local status=0
    while read -r file line; do
        echo "$line" > "$tree/$file"
        check_tree "$tree" > /dev/null && { echo "not refused: $line in $file"; status=1; }
        rm "$tree/$file"
    done <<'LINES'
cli/a.c #include "base/error.h"
cli/a.c #include <base/error.h>
server/a.c #include "base/error.h"
server/a.c #include "message.h"
server/a.c #include "cli/message.h"
src/pipeline/a.c #include "server/server.h"
src/base/a.c #include "media/media.h"
src/base/a.c #include "json/read.h"
src/media/a.c #include "model/unet.h"
src/media/a.c #  include "../model/unet.h"
src/model/a.c #include "backend/backend.h"
src/model/a.c #include "pipeline/pipeline.h"
src/hub/a.c #include "weights/weights.h"
src/media/a.c #include "hub/http.h"
src/json/a.c #include "weights/weights.h"
src/tensor/a.h #include "weights/weights.h"
src/backend/cpu/a.c #include "tensor/tensor.h"
src/pipeline/a.c #include "backend/backend.h"
LINES
    return $status
}

# files FOLDER NAME INCLUDED...: a .h, and a .c that includes it and the others.
files() {
    local path=$tree/$1/$2 line=
    [ "$1" = src/media ] && line=media/
    printf '#include "%s.h"\n' "${@/#/$line}" | tail -n +2 > "$path.c"
    shift 2
    : > "$path.h"
}

# Circles of two and of three units, by a .c or by a .h, are refused; a chain is none.
test_circles() {
    local status=0 folder prefix circle
    for folder in src/media server cli; do
        prefix=${folder#src/}/
        [ $folder = src/media ] || prefix=
        for circle in none two three headers; do
            files $folder a b c
            files $folder b c
            files $folder c
            case $circle in
            two) files $folder c b ;;
            three) files $folder c a ;;
            headers)
                echo "#include \"${prefix}a.h\"" > "$tree/$folder/b.h"
                echo "#include \"${prefix}b.h\"" > "$tree/$folder/a.h"
                ;;
            esac
            said=$(check_tree "$tree")
            case $circle$? in
            none0) ;;
            none*) echo "refused without a circle in $folder: $said"; status=1 ;;
            *0) echo "a circle of $circle in $folder is not refused"; status=1 ;;
            *) grep -q "^    $folder/[abc]$" <<< "$said" || { echo "a circle without names: $said"; status=1; } ;;
            esac
            rm "$tree/$folder/"*
        done
    done
    return $status
}

tree=$(mktemp -d)
trap 'rm -r "$tree"' EXIT
mkdir -p "$tree/"{cli,server} "$tree/src/"{base,json,media,model,hub,tensor,backend/cpu,pipeline}
test_directions && test_circles && check_tree "$1" && echo 'all #includes point down, and none in a circle'
