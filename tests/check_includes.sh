#!/bin/bash
# The #includes of src/ and cli/ point down the layers only: check_includes.sh ROOT
set -u

# What a layer may include, besides itself, the public header and the system's headers.
allowed() {
    case $1 in
    cli | base) echo ;;
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
    */*) [ "$target" = "$layer" ] && [ "$layer" != cli ] && return 0 ;;
    *) [ -f "$(dirname "$file")/$header" ] && return 0 ;; # its own folder
    esac
    local layers
    layers=$(allowed "$layer") || { echo "$file: the layer $layer is not known to $0"; return 1; }
    case " $layers " in *" $target "*) return 0 ;; esac
    echo "$file includes $header: $layer may include ${layers:+$layers and }the public header"
    return 1
}

# check_tree ROOT: every #include "..." and every #include <...> that names a folder of ours.
check_tree() (
    cd "$1" || exit 1
    bad=0 files=0
    while IFS= read -r file; do
        files=$((files + 1))
        layer=${file#src/}
        layer=${layer%%/*}
        while IFS= read -r header; do
            case $header in
            '<'*) header=${header#<}; [ -d "src/${header%%/*}" ] || continue ;;
            *) header=${header#\"} ;;
            esac
            check "$file" "$layer" "$header" || bad=1
        done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*(["<][^">]+).*/\1/p' "$file")
    done < <(find src cli -name '*.[chS]' | sort)
    [ $files -gt 0 ] || { echo "no source files in $1"; exit 1; }
    exit $bad
)

# A check that finds nothing proves nothing: each of these lines must be refused.
self_test() {
    local tree status=0
    tree=$(mktemp -d)
    mkdir -p "$tree/cli" "$tree/src/"{base,media,model,hub,tensor,backend/cpu,pipeline}
    while read -r file line; do
        echo "$line" > "$tree/$file"
        check_tree "$tree" > /dev/null && { echo "not refused: $line in $file"; status=1; }
        rm "$tree/$file"
    done <<'LINES'
cli/a.c #include "base/error.h"
cli/a.c #include <base/error.h>
src/base/a.c #include "media/media.h"
src/media/a.c #include "model/unet.h"
src/media/a.c #  include "../model/unet.h"
src/model/a.c #include "backend/backend.h"
src/model/a.c #include "pipeline/pipeline.h"
src/hub/a.c #include "weights/weights.h"
src/media/a.c #include "hub/http.h"
src/tensor/a.h #include "weights/weights.h"
src/backend/cpu/a.c #include "tensor/tensor.h"
src/pipeline/a.c #include "backend/backend.h"
LINES
    rm -r "$tree"
    return $status
}

self_test && check_tree "$1" && echo 'all #includes point down'
