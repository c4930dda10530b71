#!/bin/bash
# check_deb.sh FOLDER: installs the packages of FOLDER in a Debian 12 made for it, runs the program, builds the examples,
# reads the manual, purges the packages and looks for files left behind. Needs mmdebstrap, lintian and Debian's archive, or
# a mirror of it in $MIRROR.
set -eu

# quietly COMMAND...: prints only on failure.
quietly() { "$@" > /root/log 2>&1 || { cat /root/log; return 1; }; }

# Within that Debian, where /debs holds the packages.
inside() {
    export DEBIAN_FRONTEND=noninteractive HOME=/root
    cd /root
    quietly apt-get update
    # by themselves, so that they name all they need
    quietly apt-get --yes --no-install-recommends install /debs/*.deb
    dpkg -L img2vid libimg2vid0.1 libimg2vid-dev | sort -u > files

    img2vid --version
    img2vid generate /usr/share/doc/libimg2vid-dev/examples/rocket.jpg -o rocket.mp4 --num-inference-steps 4 --seed 42
    quietly apt-get --yes --no-install-recommends install man-db ffmpeg gcc libc6-dev pkg-config
    ffprobe -v error -show_entries stream=codec_name,width,height,nb_frames -of compact rocket.mp4 | tee probed
    grep -q 'codec_name=h264|width=256|height=160|nb_frames=14' probed
    man img2vid > manual
    grep -q '^NAME' manual
    echo "man img2vid: $(wc -l < manual) lines"

    for example in minimal callback many_pictures; do
        # shellcheck disable=SC2046
        gcc "/usr/share/doc/libimg2vid-dev/examples/$example.c" -o "$example" $(pkg-config --cflags --libs img2vid) -lm
    done
    ./minimal /usr/share/img2vid/models/small /usr/share/doc/libimg2vid-dev/examples/rocket.jpg minimal.mp4
    echo "minimal.mp4: $(stat -c %s minimal.mp4) bytes"

    quietly apt-get --yes purge img2vid libimg2vid0.1 libimg2vid-dev
    local left
    left=$(
        while IFS= read -r file; do [ -d "$file" ] || [ ! -e "$file" ] || echo "$file"; done < files
        # but for pages that man keeps formatted, which are its own
        find / -xdev -name '*img2vid*' -not -path '/debs/*' -not -path '/proc/*' -not -path '/var/cache/man/*'
    )
    [ -z "$left" ] || { echo "left after purge: $left"; exit 1; }
    echo 'purged; no file is left'
}

if [ "${1:-}" = --inside ]; then
    inside
    exit
fi
[ $# -eq 1 ] || { echo "check_deb.sh FOLDER" >&2; exit 2; }
ls "$1"/*.deb > /dev/null
lintian --fail-on error "$1"/*.deb
mmdebstrap --variant=minbase --quiet --format=null \
    --customize-hook='mkdir "$1/debs"' \
    --customize-hook="cp '$(realpath "$1")'/*.deb \"\$1/debs\"" \
    --customize-hook="cp '$(realpath "$0")' \"\$1/check_deb.sh\"" \
    --customize-hook='chroot "$1" bash /check_deb.sh --inside' \
    bookworm /dev/null ${MIRROR:+"$MIRROR"}
