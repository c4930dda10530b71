#!/bin/bash
# run.sh DRIVER PROGRAM INJECTOR SERVER DATA some|kills|all: which calls fail, in which runs. See README.md.
set -u
data=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
base64 -d > "$work/picture.png" <<PNG
iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAIAAACDRijCAAAAKUlEQVR42mNkYGDgogZiYeBnoAoYUgb9xyHOOPS9NmoQHQ1iHA0jCAAA
3CADBqShQtMAAAAASUVORK5CYII=
PNG
unset HF_TOKEN HF_TOKEN_PATH HF_HUB_CACHE HF_HUB_OFFLINE XDG_CACHE_HOME http_proxy https_proxy all_proxy
failed=0

# faults WORD...: the driver with these words.
faults() {
    "$driver" "$program" "$injector" "$server" "$data/reference/plain_top" "$work/picture.png" "jobs=$(nproc)" "$@" ||
        failed=1
}
driver=$(realpath "$1") program=$(realpath "$2") injector=$(realpath "$3") server=$(realpath "$4")
data=$(realpath "$data")
resumed=(resume_mp4 resume_webp resume_npy resume_images)
written=(mp4 webm gif webp png npy images latents decode)

case $6 in
some)
    faults class=memory scope=libc each=2
    faults class=memory scope=all each=1 mp4 webm webp info_mp4
    faults class=threads threads
    faults class=calls most=30
    faults class=memory scope=libc each=1 resume_mp4
    faults class=calls most=30 resume_mp4
    ;;
kills)
    faults class=signals most=30 "${written[@]}" pull
    faults class=signals most=12 "${resumed[@]}"
    ;;
all)
    faults class=memory scope=libc
    faults class=memory scope=libc each=10 lasts=1
    faults class=memory scope=all each=10
    faults class=threads
    faults class=calls
    faults class=memory scope=libc resume_mp4
    faults class=calls "${resumed[@]}"
    faults class=kills "${written[@]}" pull "${resumed[@]}"
    faults class=signals most=100 "${written[@]}" pull "${resumed[@]}"
    ;;
esac
exit $failed
