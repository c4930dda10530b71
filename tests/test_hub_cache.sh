#!/bin/bash
# Models in caches of huggingface_hub, as its versions lay them out: test_hub_cache.sh PROGRAM DATA
set -u
program=$(realpath "$1")
model=$(realpath "$2/reference/plain_top")
. "$(dirname "$0")/shell.sh"
for variable in HF_TOKEN HF_TOKEN_PATH HF_HUB_CACHE HUGGINGFACE_HUB_CACHE XDG_CACHE_HOME; do unset $variable; done
export HF_HOME=$PWD/home HF_HUB_OFFLINE=1
commit=0123456789abcdef0123456789abcdef01234567
small=(--num-inference-steps 2 --seed 7 --quiet)

# in_repository FILE: its blob and link, as all versions make them.
in_repository() {
    local name=$1 etag up
    etag=$(sha256sum < "$model/$name" | cut -d ' ' -f 1)
    up=$(sed 's|[^/]*/|../|g; s|[^/]*$||' <<< "$name")../../
    mkdir -p "$repository/blobs" "$(dirname "$repository/snapshots/$commit/$name")"
    cp "$model/$name" "$repository/blobs/$etag"
    ln -s "${up}blobs/$etag" "$repository/snapshots/$commit/$name"
}

# cache WAY: a cache with acme/model in it.
cache() {
    rm -rf home
    repository=home/hub/models--acme--model
    mkdir -p "$repository/refs" "$repository/.no_exist/$commit"
    printf %s $commit > "$repository/refs/main"
    while read -r name; do in_repository "$name"; done < <(cd "$model" && find . -type f -printf '%P\n')
    [ "$1" = shared ] && share
}

# share: what version 2 adds: weights lie in the cache's own blobs/XX, read-only, with a list of those who refer to them;
# blobs of the model are links to them. trees/ holds the list of the repository's files.
share() {
    local store=home/hub/blobs blob etag hash
    mkdir -p $store "$repository/trees"
    echo 1 > $store/.huggingface-shared-blobs
    echo '{"format_version": 1, "files": {}}' > "$repository/trees/$commit.json"
    for blob in "$repository"/blobs/*; do
        etag=$(basename "$blob")
        hash=$(sha256sum <<< "$etag" | cut -d ' ' -f 1) # another one than the name of the blob, as Xet's is
        mkdir -p "$store/${hash:0:2}"
        mv "$blob" "$store/${hash:0:2}/$hash"
        chmod 444 "$store/${hash:0:2}/$hash"
        echo "models--acme--model/blobs/$etag" > "$store/${hash:0:2}/$hash.refs"
        : > "$store/${hash:0:2}/$hash.lock"
        ln -s "../../blobs/${hash:0:2}/$hash" "$blob"
    done
}

# opens WAY: the model is found, described and used.
opens() {
    cache "$1"
    works "$scratch/out" info acme/model
    printed UNetSpatioTemporalConditionModel
    works "$1.npy" generate photo.png -o "$1.npy" --model acme/model "${small[@]}"
    same "$1.npy" folder.npy
    works "$scratch/out" pull acme/model --json
    printed '"received": 0'
    works "$1.npy" generate photo.png -o "$1.npy" --model acme/model --unet "$repository/snapshots/$commit/unet" "${small[@]}"
    same "$1.npy" folder.npy
}

# A name that is none: what the cache has and what to download is said.
missing_names() {
    local xt=stabilityai/stable-video-diffusion-img2vid-xt name
    rm -rf home
    for name in svd_xt svd-xt SVD_XT stable-video-diffusion-img2vid-xt anything; do
        refused 1 "'$name': there is no such folder or file, and no model in the hub's cache; download one with: img2vid pull $xt\$" \
            generate photo.png -o x.mp4 --model $name
    done
    refused 1 "img2vid pull $xt-1-1\$" generate photo.png -o x.mp4 --model svd_xt_1_1
    refused 1 "img2vid pull $xt-1-1\$" generate photo.png -o x.mp4 --model svd-xt-1.1
    refused 1 "img2vid pull ${xt%-xt}\$" info svd
    refused 1 'there is no such folder or file; a model is a folder' generate photo.png -o x.mp4 --model ./svd
    cache plain
    refused 1 "the hub's cache has acme/model; download another with: img2vid pull $xt\$" bench --model anything
    refused 1 "the hub's cache has acme/model; download this one with: img2vid pull $xt\$" bench --model svd_xt
    cp -r "$repository" home/hub/models--${xt/\//--}
    refused 1 "the hub's cache has that model as $xt: give that name" info svd_xt
    # what is not whole, or makes no videos, is not offered
    cp -r "$repository" home/hub/models--acme--other
    sed -i 's/StableVideoDiffusionPipeline/AnotherPipeline/' home/hub/models--acme--other/snapshots/$commit/model_index.json
    cp -r "$repository" home/hub/models--acme--broken
    rm -r home/hub/models--acme--broken/snapshots/$commit/unet
    for name in 1 2 3 4 5 6; do cp -r "$repository" home/hub/models--acme--z$name; done
    refused 1 "has acme/model, acme/z1, acme/z2, acme/z3, acme/z4 and 3 more; download" bench --model anything
    rm -rf home
}

version_1() { opens plain; }
version_2() { opens shared; }

# What another program has cleared away is missing, not damaged.
cleared() {
    cache shared
    rm -rf home/hub/blobs
    refused 1 'not whole in the cache\|download it with\|download the rest with' info acme/model
}

picture photo.png
works folder.npy generate photo.png -o folder.npy --model "$model" "${small[@]}"
run_groups missing_names version_1 version_2 cleared
