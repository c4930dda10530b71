#!/bin/bash
# img2vid pull and pictures from addresses, as scripts use them: test_hub.sh PROGRAM SERVER DATA PICTURE
set -u
program=$(realpath "$1")
server=$(realpath "$2")
model=$(realpath "$3/reference/plain_top")
picture=$(realpath "$4")
. "$(dirname "$(realpath "$0")")/shell.sh"
cd "$scratch" || exit 1 # beside out and err
server_id=
trap '[ -n "$server_id" ] && kill "$server_id"; rm -rf "$scratch"' EXIT
for variable in HF_TOKEN HF_TOKEN_PATH HF_HUB_CACHE HF_HUB_OFFLINE XDG_CACHE_HOME http_proxy https_proxy all_proxy; do
    unset $variable
done
export HF_HOME=$scratch/home HF_TOKEN=hf_secret
snapshot=home/hub/models--acme--model/snapshots/0123456789abcdef0123456789abcdef01234567

# serve FAULT...: a server of the folder served, with an empty cache.
serve() {
    [ -n "$server_id" ] && kill "$server_id" && wait "$server_id" 2> /dev/null
    rm -rf home log ports
    "$server" served log "$@" > ports &
    server_id=$!
    while [ ! -s ports ]; do sleep 0.02; done
    read -r hub store < ports
    export HF_ENDPOINT=http://127.0.0.1:$hub
}

# As elsewhere, and the token is not told.
run() {
    "$program" "$@" < /dev/null > out 2> err
    status=$?
    grep -q hf_secret out err && fail "the token was printed: $*"
}

# refused STATUS WORDS ARGUMENT...: ends with STATUS and a last line "img2vid: ..." with WORDS in it.
refused() {
    local wanted=$1 words=$2
    shift 2
    ends "$wanted" "$@"
    tail -n 1 err | grep -q "^img2vid: .*$words" || fail "the message lacks '$words': $*"
    [ -s out ] && fail "standard output was to be empty: $*"
}

# What arrived is what the server has.
arrived() {
    (cd "$model" && find . -type f) | while read -r file; do
        cmp -s "$model/$file" "$snapshot/$file" || echo "$file"
    done > differing
    [ -s differing ] && fail "these differ: $(cat differing)"
}

small=(--width 64 --height 48 --num-inference-steps 1 --num-frames 2 --seed 7)

pull_and_use() {
    serve
    refused 1 'img2vid pull acme/model' generate "$picture" -o out.mp4 --model acme/model
    refused 1 'no such folder' generate "$picture" -o out.mp4 --model nowhere
    refused 1 'img2vid pull acme/model' info acme/model
    ends 0 pull acme/model
    arrived
    [ -s out ] && fail 'pull printed on standard output'
    grep -q 'acme-community' err || fail 'the licence was not said'
    ends 0 pull acme/model --json --quiet
    [ -s err ] && fail 'pull --quiet said something'
    grep -q '"received": 0' out || fail 'a second pull was not for nothing'
    grep -q '"path": ".*/snapshots/' out || fail 'pull --json lacks the path'
    ends 0 info acme/model
    grep -q UNetSpatioTemporalConditionModel out || fail 'info does not describe the model'
    ends 0 generate "$picture" -o pulled.npy --model acme/model "${small[@]}"
    ends 0 generate "$picture" -o folder.npy --model "$model" "${small[@]}"
    cmp pulled.npy folder.npy || fail 'the pulled model makes another video'
    refused 1 'no such folder or file' info folder/x.safetensors
    ends 0 pull "$HF_ENDPOINT/acme/model/tree/main" --json
    grep -q '"revision": null' out || fail 'pull --json of a page says a revision that it does not know'
    ends 0 info https://huggingface.co/acme/model
    ends 0 generate "$picture" -o page.npy --model "$HF_ENDPOINT/acme/model" --vae https://hf.co/acme/model "${small[@]}"
    cmp pulled.npy page.npy || fail 'the model of a page makes another video'
    refused 1 'img2vid pull https://huggingface.co/acme/other' info https://huggingface.co/acme/other
    HF_HUB_OFFLINE=1 ends 0 pull acme/model
    ends 0 pull acme/model --offline
    refused 1 'img2vid pull acme/other' pull acme/other --offline
    grep -q 'store.*hf_secret' log && fail 'the token went to another host'
}

usage() {
    serve
    refused 2 'MODEL is missing' pull
    refused 1 'no model of the hub' pull nothing
    refused 1 'no model acme/other' pull acme/other
    refused 1 'no branch, tag or commit' pull acme/model --revision ../x
    refused 1 'no file README.md' pull acme/model --file README.md
    ends 0 pull --help
    for option in variant revision file offline json quiet; do
        grep -q -- "--$option" out || fail "pull --help lacks --$option"
    done
    serve 'path=/api/ status=401 code=GatedRepo'
    refused 1 'accept its licence at' pull acme/model
}

# A pull that is killed, by any signal, and the next one.
interrupted() {
    local signal=$1 wanted=$2 size
    serve 'path=/store/unet/big.safetensors times=1 rate=1000000'
    "$program" pull acme/model --file unet/big.safetensors > out 2> err &
    local id=$!
    for _ in $(seq 200); do
        size=$(du -k home/hub/models--acme--model/blobs/*.incomplete 2> /dev/null | cut -f 1)
        [ "${size:-0}" -gt 1200 ] && break
        sleep 0.05
    done
    kill -s "$signal" $id
    wait $id 2> /dev/null
    status=$?
    [ $status = "$wanted" ] || fail "status $status, not $wanted, after SIG$signal"
    [ "$signal" = KILL ] || grep -q '^img2vid: interrupted; what has arrived is kept' err || fail "SIG$signal: no sentence"
    ends 0 pull acme/model --file unet/big.safetensors --json
    cmp -s served/unet/big.safetensors "$snapshot/unet/big.safetensors" || fail "after SIG$signal the file is another"
    grep -q 'store.*range=bytes=[1-9]' log || fail "after SIG$signal all was downloaded again"
    find home -name '*.incomplete' | grep -q . && fail "after SIG$signal something is left"
}

# A file system that fills up meanwhile, where this user may make one.
full_disk() {
    serve 'path=/store/unet/big.safetensors times=1 rate=1000000'
    mkdir home
    unshare -rm true 2> err || { echo 'not tested here: a full disk'; return; }
    unshare -rm bash -c "mount -t tmpfs -o size=4m none home || exit 77
        $program pull acme/model --file unet/big.safetensors > out 2> err &
        for _ in \$(seq 200); do
            size=\$(du -k home/hub/models--acme--model/blobs/*.incomplete 2> /dev/null | cut -f 1)
            [ \"\${size:-0}\" -gt 300 ] && break
            sleep 0.05
        done
        head -c 4000000 /dev/zero > home/filler 2> /dev/null
        wait \$! && exit 1
        grep -q '^img2vid: cannot write .*what has arrived is kept' err || exit 2
        rm home/filler
        $program pull acme/model --file unet/big.safetensors 2> err || exit 3
        cmp served/unet/big.safetensors $snapshot/unet/big.safetensors || exit 4
        rm -rf home/*
        head -c 2000000 /dev/zero > home/filler
        $program pull acme/model --file unet/big.safetensors 2> err && exit 5
        grep -q '^img2vid: acme/model needs . MiB more' err || exit 6"
    status=$?
    [ $status = 77 ] && { echo 'not tested here: a full disk'; return; }
    [ $status = 0 ] || fail "a full disk: step $status"
    grep -q 'store.*range=bytes=[1-9]' log || fail 'all was downloaded again after the disk was full'
}

# The shell's limit for a file is known before anything is downloaded.
file_limit() {
    serve
    (ulimit -f 1500; "$program" pull acme/model --file unet/big.safetensors > out 2> err)
    status=$?
    [ $status = 1 ] || fail "status $status, not 1, at the limit of a file's size"
    grep -q '^img2vid: cannot write .*File too large' err || fail 'no sentence at the limit of a file'
    ends 0 pull acme/model --file unet/big.safetensors
}

pictures() {
    serve 'path=/page type=text/html body=<html>' 'path=/moved redirect=/store/rocket.jpg' \
        'path=/local redirect=file:///etc/passwd' 'path=/lasting status=404'
    local hub_url=http://127.0.0.1:$hub store_url=http://127.0.0.1:$store
    ends 0 generate "$store_url/store/rocket.jpg" -o url.npy --model "$model" "${small[@]}"
    ends 0 generate "$picture" -o file.npy --model "$model" "${small[@]}"
    cmp url.npy file.npy || fail 'the picture of the address is another'
    ends 0 generate "$hub_url/acme/model/blob/main/rocket.jpg" -o page.npy --model "$model" "${small[@]}"
    cmp page.npy file.npy || fail "the picture of the hub's page is another"
    cp "$picture" 'a picture.png'
    ends 0 generate "file://$PWD/a%20picture.png" -o page.npy --model="file://localhost$model/" "${small[@]}"
    cmp page.npy file.npy || fail 'the picture of a file: address is another'
    refused 1 'file of this machine' generate file://elsewhere/a.png -o x.npy --model "$model" "${small[@]}"
    refused 1 'a picture.png' generate "file://$PWD/a%20picture.png" -o "$PWD/a picture.png" --model "$model" "${small[@]}"
    ends 0 generate "$store_url/moved" -o moved.npy --model "$model" "${small[@]}"
    ends 0 generate "$store_url/store/rocket.jpg?key=a/b.c" -o '{name}-named.npy' --model "$model" "${small[@]}"
    cmp rocket-named.npy file.npy || fail 'the name of the picture at an address is another'
    refused 1 'is a web page' generate "$hub_url/page" -o x.npy --model "$model" "${small[@]}"
    refused 1 'no http or https address' generate "$hub_url/local" -o x.npy --model "$model" "${small[@]}"
    refused 1 'HTTP 404' generate "$hub_url/lasting" -o x.npy --model "$model" "${small[@]}"
    refused 1 'cannot be reached' generate http://127.0.0.1:9/x.png -o x.npy --model "$model" "${small[@]}"
    refused 1 'is JSON: a picture' generate "$store_url/store/model_index.json" -o x.npy --model "$model" "${small[@]}"
    grep -q hf_secret log && fail 'the token went to the host of a picture'
}

# A video says which picture and model it was made of; a video of somebody else's must not choose whom this machine calls.
made_again() {
    serve
    ends 0 pull acme/model --quiet
    ends 0 generate "http://name:password@127.0.0.1:$store/store/rocket.jpg" -o made.mkv --model acme/model "${small[@]}"
    ends 0 info made.mkv --json
    grep -q '"image": "http://127.0.0.1:[0-9]*/store/rocket.jpg"' out || fail 'the metadata lacks the address'
    grep -q password out && fail 'the metadata holds a password'
    grep -q '"model": "acme/model"' out || fail 'the metadata lacks the name of the model'
    : > log
    refused 1 'give that as IMAGE' generate --from made.mkv -o again.mkv
    [ -s log ] && fail 'an address in a file was called'
    ends 0 generate --from made.mkv "http://127.0.0.1:$store/store/rocket.jpg" -o again.mkv
    cmp made.mkv again.mkv || fail 'the same parameters made another file'
}

mkdir served
cp -r "$model"/. served
cp "$picture" served/rocket.jpg
head -c 3000000 /dev/urandom > served/unet/big.safetensors

pull_and_use
usage
interrupted INT 130
interrupted TERM 130
interrupted KILL 137
full_disk
file_limit
pictures
made_again
[ $failures = 0 ] || { echo "$failures failures"; exit 1; }
echo 'pull and pictures from addresses are as they should be'
