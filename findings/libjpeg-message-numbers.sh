#!/bin/bash
# libjpeg-turbo: jerror.h compiles without jpeglib.h before it, and then has other numbers. Those of its messages depend on
# JPEG_LIB_VERSION, which jpeglib.h brings, and which an #if takes for 0 where it is not defined. That is right by chance
# in Debian (version 62); in Ubuntu (80), with the headers in the order of the alphabet, JWRN_JPEG_EOF is another message,
# and a program that looks for it takes pictures that are cut off. Ubuntu's packages, a JPEG of its own.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
while read -r sum file; do
    curl -sSfO "http://archive.ubuntu.com/ubuntu/pool/main/libj/libjpeg-turbo/$file" || exit 2
    echo "$sum  $file" | sha256sum --check --quiet || exit 2
    dpkg-deb --extract "$file" . || exit 2
done << 'FILES'
f68b5b23bc8a1688fb787d2aed7e2cdf895a73022f6a5025e183162dac4500b2  libjpeg-turbo8_2.1.5-2ubuntu2_amd64.deb
839aec481a9f365c5f1a9e444975f4cc9e944843ff54a849b18161f5be9a963d  libjpeg-turbo8-dev_2.1.5-2ubuntu2_amd64.deb
FILES

cat > cut.c << 'C'
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef ALPHABETICAL
#include <jerror.h>
#include <jpeglib.h>
#else
#include <jpeglib.h>

#include <jerror.h>
#endif
static int warned, is_eof;
static void message(j_common_ptr info, int level) {
    if (level < 0 && warned++ == 0) is_eof = info->err->msg_code == JWRN_JPEG_EOF;
}
int main(void) {
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct out = {.err = jpeg_std_error(&errors)};
    unsigned char *file = NULL, row[64] = {0}, *rows[] = {row};
    unsigned long size = 0;
    jpeg_create_compress(&out);
    jpeg_mem_dest(&out, &file, &size);
    out.image_width = out.image_height = 64;
    out.input_components = 1;
    out.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&out);
    jpeg_start_compress(&out, TRUE);
    for (int y = 0; y < 64; y++) {
        for (int x = 0; x < 64; x++) row[x] = (unsigned char)rand();
        jpeg_write_scanlines(&out, rows, 1);
    }
    jpeg_finish_compress(&out);

    struct jpeg_decompress_struct in = {.err = &errors};
    errors.emit_message = message;
    jpeg_create_decompress(&in);
    jpeg_mem_src(&in, file, size / 2);
    jpeg_read_header(&in, TRUE);
    jpeg_start_decompress(&in);
    while (in.output_scanline < in.output_height) jpeg_read_scanlines(&in, rows, 1);
    printf("%s\n", is_eof ? "premature end" : warned ? "another warning" : "no warning");
    return 0;
}
C
library=usr/lib/x86_64-linux-gnu
seen() {
    cc "$@" -I usr/include -I usr/include/x86_64-linux-gnu cut.c -o cut "$library/libjpeg.so.8" || exit 2
    LD_LIBRARY_PATH=$library ./cut
}
first=$(seen) second=$(seen -DALPHABETICAL)
echo "half a JPEG, jpeglib.h first: $first; jerror.h first: $second"
[ "$first" = 'premature end' ] && [ "$second" = 'another warning' ] || { echo 'it has changed'; exit 1; }
