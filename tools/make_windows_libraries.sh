#!/bin/bash
# make_windows_libraries.sh FOLDER: the libraries that img2vid cannot do without and those of its tests, for Windows, by
# mingw-w64's compiler, static, in FOLDER. The sources are Debian 12's; they are downloaded by an apt of its own there,
# which neither sees nor changes what is installed.
set -eu
[ $# -eq 1 ] || { echo "make_windows_libraries.sh FOLDER" >&2; exit 2; }
sources=(jansson libpng1.6 libjpeg-turbo libwebp cmocka)
[ "$1/complete" -nt "$0" ] && exit 0

rm -rf "$1"
mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial" "$1/apt/parts" "$1/source"
folder=$(realpath "$1")
cat > "$folder/apt/sources.list" << LIST
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main
LIST
cat > "$folder/apt/apt.conf" << CONF
APT::Sandbox::User "root";
Dir::State "$folder/apt";
Dir::State::Status "/dev/null";
Dir::Cache "$folder/apt";
Dir::Etc::SourceList "$folder/apt/sources.list";
Dir::Etc::SourceParts "$folder/apt/parts";
CONF
export APT_CONFIG=$folder/apt/apt.conf
apt-get --quiet --quiet update
(cd "$folder/source" && apt-get --quiet --quiet source --download-only --tar-only "${sources[@]}")

cat > "$folder/mingw.cmake" << CMAKE
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_FIND_ROOT_PATH "$folder")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
CMAKE

# build SOURCE [OPTION...]: of the tar file that begins with that name
build() {
    local name=$1 source
    shift
    source=$folder/source/$name
    mkdir "$source"
    tar -xf "$folder/source/$name"_*.orig.tar.* -C "$source" --strip-components=1
    {
        cmake -S "$source" -B "$source/build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$folder/mingw.cmake" \
            -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$folder" -DBUILD_SHARED_LIBS=OFF "$@"
        ninja -C "$source/build" install
    } > "$source.log" 2>&1 || { tail -30 "$source.log" >&2; echo "$name cannot be built" >&2; exit 1; }
}
# Debian has zlib as a package (libz-mingw-w64-dev)
mkdir -p "$folder/include" "$folder/lib/pkgconfig"
cp /usr/x86_64-w64-mingw32/include/{zlib,zconf}.h "$folder/include"
cp /usr/x86_64-w64-mingw32/lib/libz.a "$folder/lib"
printf 'Name: zlib\nDescription: zlib\nVersion: 1.2\nCflags: -I%s\nLibs: -L%s -lz\n' "$folder/include" "$folder/lib" \
    > "$folder/lib/pkgconfig/zlib.pc"
build jansson -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
build libpng1.6 -DPNG_SHARED=OFF -DPNG_TESTS=OFF
build libjpeg-turbo -DENABLE_SHARED=OFF -DWITH_SIMD=OFF -DWITH_TURBOJPEG=OFF
build libwebp -DWEBP_BUILD_ANIM_UTILS=OFF -DWEBP_BUILD_CWEBP=OFF -DWEBP_BUILD_DWEBP=OFF -DWEBP_BUILD_GIF2WEBP=OFF \
    -DWEBP_BUILD_IMG2WEBP=OFF -DWEBP_BUILD_VWEBP=OFF -DWEBP_BUILD_WEBPINFO=OFF -DWEBP_BUILD_WEBPMUX=OFF \
    -DWEBP_BUILD_EXTRAS=OFF
build cmocka -DWITH_EXAMPLES=OFF -DWITH_STATIC_LIB=ON
mv "$folder/lib/libcmocka-static.a" "$folder/lib/libcmocka.a"
rm "$folder/lib/libcmocka.dll.a"
rm -rf "$folder/apt" "$folder/source"
touch "$folder/complete"
