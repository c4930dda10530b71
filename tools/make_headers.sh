#!/bin/bash
# make_headers.sh FOLDER: the headers of the libraries that img2vid uses, as Debian has them here, apart from the
# system's own, and files of pkg-config that name no library. To compile for a system whose libraries are not at hand;
# what is undefined in the end is left so (-undefined dynamic_lookup), and runs nowhere.
set -eu
[ $# -eq 1 ] || { echo "make_headers.sh FOLDER" >&2; exit 2; }
machine=$(gcc -print-multiarch)
names=(jansson.h jansson_config.h jpeglib.h jconfig.h jmorecfg.h jerror.h png.h pngconf.h pnglibconf.h zlib.h zconf.h
    tiff.h tiffio.h tiffconf.h tiffvers.h webp avif libheif openjpeg-2.5/openjpeg.h openjpeg-2.5/opj_config.h
    openjpeg-2.5/opj_stdint.h curl openssl cmocka.h libavcodec libavformat libavutil libswscale)
rm -rf "$1"
mkdir -p "$1/include" "$1/pkgconfig"
for name in "${names[@]}"; do
    for from in "/usr/include/$machine/$name" "/usr/include/$name"; do
        [ -e "$from" ] || continue
        # some are in both places, a part in each
        cp -rL "$from" "$1/include/"
    done
done
modules=(jansson libjpeg libpng zlib libwebp libwebpmux libwebpdemux libtiff-4 libavif libopenjp2 libcrypto
    libcurl libavformat libavcodec libavutil libswscale libheif cmocka)
for module in "${modules[@]}"; do
    pkg-config --exists "$module" || continue
    cat > "$1/pkgconfig/$module.pc" << PC
Name: $module
Description: headers of $module
Version: $(pkg-config --modversion "$module")
Cflags: -I$(realpath "$1")/include
Libs: -Wl,-undefined,dynamic_lookup
PC
done
