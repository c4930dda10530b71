#!/bin/bash
# An installation that is moved still works, and programs compile against it: test_install.sh BUILD SOURCE KIND, where
# KIND is shared, for what BUILD holds, or static, for a build of its own.
set -u
build=$(realpath "$1")
source=$(realpath "$2")
kind=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export IMG2VID_CONFIG=/dev/null
model=$source/tests/data/reference/plain_top
picture=$source/examples/rocket.jpg

# step WORDS COMMAND...: a failure ends the test, with what was printed.
step() {
    local words=$1
    shift
    "$@" > log 2>&1 && return
    echo "FAILED: $words: $*"
    tail -n 30 log
    exit 1
}
check() { [ "$2" = "$3" ] || { echo "FAILED: $1 is '$2', not '$3'"; exit 1; }; }

if [ "$kind" = static ]; then
    # not optimised: what counts is that it links
    step 'a static library is configured' cmake -S "$source" -B static -G Ninja -DBUILD_SHARED_LIBS=OFF \
        -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0
    step 'a static library is built' cmake --build static --parallel 2
    build=$scratch/static
fi

# ---- the program, away from where it was installed, without the source and with an empty environment

step 'cmake --install' cmake --install "$build" --prefix "$scratch/first"
mv first 'moved here'
prefix="$scratch/moved here"
program="$prefix/bin/img2vid"
version=$(sed -n 's/^#define I2V_VERSION "\(.*\)"/\1/p' "$prefix/include/img2vid/img2vid.h")
check 'the version' "$(env -i "$program" --version)" "img2vid $version"
check 'the version of the Debian packages' "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$source/debian/changelog")" "$version"
step 'the bundled model is found' env -i "$program" generate "$picture" -o bundled.mp4 --num-frames 2 --width 64 \
    --height 64 --num-inference-steps 1 --json
grep -qF "$prefix/share/img2vid/models/small" log || { echo 'FAILED: another model was used:'; cat log; exit 1; }
[ -s bundled.mp4 ] || { echo 'FAILED: no video'; exit 1; }
for file in share/man/man1/img2vid.1 share/bash-completion/completions/img2vid share/fish/vendor_completions.d/img2vid.fish; do
    [ -s "$prefix/$file" ] || { echo "FAILED: $file is not installed"; exit 1; }
done
if grep -rlF "$scratch/first" "$prefix"; then
    echo 'FAILED: these name the place of installation'
    exit 1
fi

# ---- programs against it

# runs PROGRAM: it makes a video with the moved library.
runs() {
    rm -f "$1.mp4"
    step "$1 runs" env LD_LIBRARY_PATH="$(dirname "$library")" "./$1" "$model" "$picture" "$1.mp4"
    [ -s "$1.mp4" ] || { echo "FAILED: $1 made no video"; exit 1; }
}
pc=$(find "$prefix" -name img2vid.pc)
library=$(find "$prefix" -name 'libimg2vid.*' | head -n 1)
export PKG_CONFIG_PATH=${pc%/*}
check 'the version for pkg-config' "$(pkg-config --modversion img2vid)" "$version"
eval "flags=($(pkg-config --cflags --libs img2vid))"
step 'pkg-config and cc' cc "$source/examples/minimal.c" -o with_pkg_config "${flags[@]}"
runs with_pkg_config
step 'callback.c' cc "$source/examples/callback.c" -o callback "${flags[@]}"
step 'many_pictures.c' cc "$source/examples/many_pictures.c" -o many_pictures "${flags[@]}"

cat > CMakeLists.txt << CMAKE
cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES C)
find_package(img2vid ${version%.*} REQUIRED)
add_executable(with_cmake "$source/examples/minimal.c")
target_link_libraries(with_cmake PRIVATE img2vid::img2vid)
CMAKE
unset PKG_CONFIG_PATH
step 'find_package' cmake -S . -B user "-DCMAKE_PREFIX_PATH=$prefix"
step 'a program by find_package' cmake --build user
cp user/with_cmake .
runs with_cmake
sed -i 's/find_package(img2vid [^ ]*/find_package(img2vid 99.0/' CMakeLists.txt
cmake -S . -B other "-DCMAKE_PREFIX_PATH=$prefix" > log 2>&1 && { echo 'FAILED: any version is taken'; exit 1; }
echo "an installation of kind $kind works where it is moved to"
