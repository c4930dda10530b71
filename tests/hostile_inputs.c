/* hostile_inputs FOLDER: writes small files there that claim or unpack to much, each harmless in itself. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>
#include <zlib.h>

typedef struct buffer {
    uint8_t *data;
    size_t size, room;
} buffer;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* ---- bytes ---- */

static uint8_t *more(buffer *to, size_t count) {
    if (to->size + count > to->room) {
        to->room = 2 * (to->size + count);
        to->data = realloc(to->data, to->room);
        if (!to->data) fail("realloc");
    }
    memset(to->data + to->size, 0, count);
    to->size += count;
    return to->data + to->size - count;
}

static void put(buffer *to, const void *bytes, size_t count) {
    if (count) memcpy(more(to, count), bytes, count);
}

static void put_text(buffer *to, const char *text) {
    put(to, text, strlen(text));
}

static void big(buffer *to, uint32_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; i--) *more(to, 1) = (uint8_t)(value >> 8 * i);
}

static void little(buffer *to, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; i++) *more(to, 1) = (uint8_t)(value >> 8 * i);
}

/* unit so many times, with commas between. */
static void put_list(buffer *to, const char *unit, int count) {
    for (int i = 0; i < count; i++) {
        if (i) put_text(to, ",");
        put_text(to, unit);
    }
}

/* Writes and empties it; a longer size is a hole behind the bytes. */
static void save_sparse(const char *name, buffer *from, off_t size) {
    FILE *file = fopen(name, "wb");
    if (!file || (from->size && fwrite(from->data, from->size, 1, file) != 1)) fail(name);
    if (fclose(file) != 0 || (size && truncate(name, size) != 0)) fail(name);
    free(from->data);
    *from = (buffer){0};
}

static void save(const char *name, buffer *from) {
    save_sparse(name, from, 0);
}

/* So many zeros, compressed. */
static buffer packed_zeros(size_t count) {
    static uint8_t zeros[1 << 16];
    buffer out = {0};
    z_stream stream = {0};
    if (deflateInit(&stream, 6) != Z_OK) fail("deflateInit");
    for (int code = Z_OK; code != Z_STREAM_END;) {
        uint8_t block[1 << 16];
        if (!stream.avail_in && count) {
            stream.next_in = zeros;
            stream.avail_in = (uInt)(count < sizeof zeros ? count : sizeof zeros);
            count -= stream.avail_in;
        }
        stream.next_out = block;
        stream.avail_out = sizeof block;
        code = deflate(&stream, count ? Z_NO_FLUSH : Z_FINISH);
        put(&out, block, sizeof block - stream.avail_out);
    }
    deflateEnd(&stream);
    return out;
}

/* ---- PNG ---- */

static void chunk(buffer *to, const char *name, const void *data, size_t size) {
    big(to, (uint32_t)size, 4);
    size_t begin = to->size;
    put_text(to, name);
    put(to, data, size);
    big(to, (uint32_t)crc32(0, to->data + begin, (uInt)(4 + size)), 4);
}

static void begin_png(buffer *to, uint32_t width, uint32_t height, int depth, int color, int interlaced) {
    buffer header = {0};
    put(to, "\x89PNG\r\n\x1a\n", 8);
    big(&header, width, 4);
    big(&header, height, 4);
    big(&header, (uint32_t)depth, 1);
    big(&header, (uint32_t)color, 1);
    big(&header, 0, 2);
    big(&header, (uint32_t)interlaced, 1);
    chunk(to, "IHDR", header.data, header.size);
    free(header.data);
}

static void end_png(buffer *to, const char *name, size_t unpacked) {
    buffer zeros = packed_zeros(unpacked);
    chunk(to, "IDAT", zeros.data, zeros.size);
    chunk(to, "IEND", NULL, 0);
    free(zeros.data);
    save(name, to);
}

static void write_pngs(void) {
    buffer png = {0};
    begin_png(&png, 30000, 8000, 8, 2, 0);
    end_png(&png, "claim.png", 100);
    begin_png(&png, 16000, 16000, 1, 0, 0);
    end_png(&png, "zeros.png", (size_t)16000 * 2001);
    begin_png(&png, 16000, 16000, 1, 0, 1); /* seven passes, whose rows are rounded up to bytes */
    end_png(&png, "interlaced.png", (size_t)16000 * 2020);
    begin_png(&png, 8, 8, 8, 0, 0);
    for (int i = 0; i < 500000; i++) chunk(&png, "IDAT", NULL, 0);
    end_png(&png, "idats.png", (size_t)8 * 9);
    begin_png(&png, 8, 8, 8, 0, 0);
    buffer bomb = packed_zeros((size_t)200 << 20), text = {0};
    put(&text, "Raw profile type exif\0", 23);
    put(&text, bomb.data, bomb.size);
    for (int i = 0; i < 50; i++) chunk(&png, "zTXt", text.data, text.size);
    free(bomb.data);
    free(text.data);
    text = (buffer){0};
    end_png(&png, "text.png", (size_t)8 * 9);
    begin_png(&png, 8, 8, 8, 0, 0);
    chunk(&png, "acTL", "\0\1\x86\xa0\0\0\0\0", 8);
    for (int i = 0; i < 100000; i++) chunk(&png, "fcTL", "\0\0\0\0\0\0\0\x8\0\0\0\x8\0\0\0\0\0\0\0\0\0\1\0\xa\0\0", 26);
    end_png(&png, "frames.png", (size_t)8 * 9);
    begin_png(&png, 8, 8, 8, 0, 0);
    put(&text, "img2vid\0\0\0\0\0{\"a\":[", 18);
    put_list(&text, "[]", 349000);
    put_text(&text, "]}");
    chunk(&png, "iTXt", text.data, text.size);
    free(text.data);
    end_png(&png, "metadata.png", (size_t)8 * 9);
}

/* ---- JPEG ---- */

static buffer jpeg_of(int width, int height, int components, const jpeg_scan_info *scans, int count) {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &data, &size);
    encoder.image_width = (JDIMENSION)width;
    encoder.image_height = (JDIMENSION)height;
    encoder.input_components = components;
    encoder.in_color_space = components == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&encoder);
    encoder.scan_info = scans;
    encoder.num_scans = count;
    if (components == 3) jpeg_simple_progression(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    JSAMPROW row = calloc((size_t)width, (size_t)components);
    for (int y = 0; y < height; y++) jpeg_write_scanlines(&encoder, &row, 1);
    free(row);
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    buffer made = {0};
    put(&made, data, size);
    free(data);
    return made;
}

/* The place of a marker 0xff, code in the headers of a JPEG. */
static size_t find_marker(const buffer *jpeg, uint8_t code) {
    size_t at = 2;
    while (jpeg->data[at + 1] != code) at += 2 + (size_t)(jpeg->data[at + 2] << 8 | jpeg->data[at + 3]);
    return at;
}

static void write_jpegs(void) {
    buffer jpeg = jpeg_of(16, 16, 1, NULL, 0);
    size_t size = find_marker(&jpeg, 0xc0) + 5, scan = find_marker(&jpeg, 0xda) + 10;
    memcpy(jpeg.data + size, "\x3e\x80\x3e\x80", 4); /* 16000 x 16000 */
    jpeg.size = scan;
    /* four blocks of zeros: twice the code of DC's 0, 00, and of the block's end, 1010 */
    for (int i = 0; i < 2000 * 2000 / 4; i++) put(&jpeg, "\x28\xa2\x8a", 3);
    put(&jpeg, "\xff\xd9", 2);
    save("zeros.jpg", &jpeg);

    jpeg = jpeg_of(8688, 5792, 3, NULL, 0);
    save("progressive.jpg", &jpeg);
    jpeg = jpeg_of(3000, 2000, 3, NULL, 0);
    save("medium.jpg", &jpeg);

    static jpeg_scan_info scans[448] = {{1, {0}, 0, 0, 0, 0}};
    int count = 1;
    for (int level = 6; level >= 0; level--) {
        for (int i = 1; i <= 63; i++) {
            scans[count++] = (jpeg_scan_info){1, {0}, i, i, level == 6 ? 0 : level + 1, level};
        }
    }
    jpeg = jpeg_of(2000, 2000, 1, scans, count);
    save("scans.jpg", &jpeg);

    jpeg = jpeg_of(16, 16, 1, NULL, 0);
    buffer saved = {0};
    put(&saved, jpeg.data, 2);
    for (int i = 0; i < 300; i++) {
        put(&saved, "\xff\xe1\xff\xff", 4);
        more(&saved, 65533);
    }
    put(&saved, jpeg.data + 2, jpeg.size - 2);
    free(jpeg.data);
    save("segments.jpg", &saved);
}

/* ---- other pictures ---- */

/* Lossless, of one colour: every code has one symbol, so that pixels take no bits. */
static void write_webps(void) {
    buffer webp = {0};
    uint64_t bits = 16382 | (uint64_t)16382 << 14; /* sides less 1, no alpha, version 0, no transform, cache or meta */
    int at = 14 + 14 + 1 + 3 + 3;
    for (int code = 0; code < 5; code++, at += 4) bits |= (uint64_t)1 << at; /* simple, one symbol, of one bit, 0 */
    put_text(&webp, "RIFF");
    little(&webp, 4 + 8 + 12, 4);
    put_text(&webp, "WEBPVP8L");
    little(&webp, 1 + 8, 4);
    put(&webp, "\x2f", 1);
    little(&webp, (uint32_t)bits, 4);
    little(&webp, (uint32_t)(bits >> 32), 4);
    more(&webp, 3);
    save("solid.webp", &webp);

    const int frames = 100000;
    put_text(&webp, "RIFF");
    little(&webp, (uint32_t)(4 + 18 + 14 + frames * 24), 4);
    put_text(&webp, "WEBPVP8X");
    little(&webp, 10, 4);
    put(&webp, "\x02\0\0\0\xfe\x3f\0\xfe\x3f\0", 10);
    put_text(&webp, "ANIM");
    little(&webp, 6, 4);
    more(&webp, 6);
    for (int i = 0; i < frames; i++) {
        put_text(&webp, "ANMF");
        little(&webp, 16, 4);
        more(&webp, 16);
    }
    save("frames.webp", &webp);
}

static void begin_gif(buffer *to, uint32_t width, uint32_t height) {
    put_text(to, "GIF89a");
    little(to, width, 2);
    little(to, height, 2);
    put(to, "\x80\0\0\0\0\0\xff\xff\xff", 9);
}

static void gif_picture(buffer *to, uint32_t width, uint32_t height) {
    put(to, "!\xf9\x04\x0c\1\0\0\0,\0\0\0\0", 13);
    little(to, width, 2);
    little(to, height, 2);
    put(to, "\0\2\2\x4c\1\0", 6);
}

/* 256 width, 257 height, 258 bits, 259 compression, 262 colour, 273 place, 277 samples, 278 rows, 279 size. */
typedef struct tiff_tag {
    uint32_t number, type, count, value;
} tiff_tag;

enum { LONG = 4, UNDEFINED = 7, TIFF_DATA = 200 }; /* types; where pixels begin */

static void begin_tiff(buffer *to, const tiff_tag *tags, size_t count) {
    put(to, "II*\0\x8\0\0\0", 8);
    little(to, (uint32_t)count, 2);
    for (size_t i = 0; i < count; i++) {
        little(to, tags[i].number | tags[i].type << 16, 4);
        little(to, tags[i].count, 4);
        little(to, tags[i].value, 4);
    }
    more(to, TIFF_DATA - to->size);
}

static void write_others(void) {
    buffer file = {0};
    begin_gif(&file, 30000, 8000);
    gif_picture(&file, 30000, 8000);
    put_text(&file, ";");
    save("screen.gif", &file);
    begin_gif(&file, 8, 8);
    for (int i = 0; i < 100000; i++) gif_picture(&file, 1, 1);
    put_text(&file, ";");
    save("frames.gif", &file);

    /* run lengths, none */
    put_text(&file, "BM");
    little(&file, 54 + 1024 + 2, 4);
    little(&file, 0, 4);
    little(&file, 54 + 1024, 4);
    little(&file, 40, 4);
    little(&file, 15000, 4);
    little(&file, 15000, 4);
    little(&file, 1 | 8 << 16, 4);
    little(&file, 1, 4);
    little(&file, 2, 4);
    more(&file, 16 + 1024);
    put(&file, "\0\1", 2);
    save("runs.bmp", &file);

    /* a strip of deflated zeros */
    const size_t pixels = (size_t)15000 * 15000;
    buffer zeros = packed_zeros(pixels / 8);
    const tiff_tag tags[] = {{256, LONG, 1, 15000}, {257, LONG, 1, 15000}, {258, LONG, 1, 1},
                             {259, LONG, 1, 8},     {262, LONG, 1, 1},     {273, LONG, 1, TIFF_DATA},
                             {277, LONG, 1, 1},     {278, LONG, 1, 15000}, {279, LONG, 1, (uint32_t)zeros.size}};
    begin_tiff(&file, tags, sizeof tags / sizeof *tags);
    put(&file, zeros.data, zeros.size);
    free(zeros.data);
    save("zeros.tif", &file);

    /* one of 8 x 8 pixels with a tag that is private and of 150 MiB, a hole behind the pixels */
    const tiff_tag private_tag[] = {{256, LONG, 1, 8},  {257, LONG, 1, 8},
                                    {258, LONG, 1, 8},  {259, LONG, 1, 1},
                                    {262, LONG, 1, 1},  {273, LONG, 1, TIFF_DATA},
                                    {277, LONG, 1, 1},  {278, LONG, 1, 8},
                                    {279, LONG, 1, 64}, {65000, UNDEFINED, 150 << 20, TIFF_DATA + 64}};
    begin_tiff(&file, private_tag, sizeof private_tag / sizeof *private_tag);
    memset(more(&file, 64), 100, 64);
    save_sparse("tag.tif", &file, TIFF_DATA + 64 + ((off_t)150 << 20));

    /* a codestream of 62500 tiles that ends behind its size: marker, length, capabilities, corners, components */
    static const uint32_t corners[] = {2000, 2000, 0, 0, 8, 8, 0, 0};
    big(&file, 0xff4fff51, 4);
    big(&file, 41, 2);
    big(&file, 0, 2);
    for (size_t i = 0; i < sizeof corners / sizeof *corners; i++) big(&file, corners[i], 4);
    big(&file, 1, 2);
    big(&file, 0x070101, 3);
    save("tiles.j2k", &file);

    save_sparse("hole.png", &file, (off_t)450 << 20);
}

/* ---- video ---- */

/* A box of QuickTime; its size is set by end_box. */
static size_t begin_box(buffer *to, const char *name) {
    big(to, 0, 4);
    put_text(to, name);
    return to->size - 8;
}

static void end_box(buffer *to, size_t begin) {
    for (int i = 0; i < 4; i++) to->data[begin + (size_t)i] = (uint8_t)((to->size - begin) >> (24 - 8 * i));
}

/* Tables that have one entry for all of 80 million samples of a byte each; the file has a hole of that size. */
static void write_video(void) {
    buffer file = {0};
    put(&file,
        "\0\0\0\x10"
        "ftypisom\0\0\0\0",
        16);
    size_t moov = begin_box(&file, "moov"), trak = begin_box(&file, "trak"), mdia = begin_box(&file, "mdia");
    size_t box = begin_box(&file, "mdhd");
    put(&file, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x3\xe8\0\0\0\0\0\0\0\0", 24);
    end_box(&file, box);
    box = begin_box(&file, "hdlr");
    put(&file, "\0\0\0\0\0\0\0\0vide\0\0\0\0\0\0\0\0\0\0\0\0\0", 25);
    end_box(&file, box);
    size_t minf = begin_box(&file, "minf"), stbl = begin_box(&file, "stbl");
    box = begin_box(&file, "stts");
    big(&file, 0, 4);
    big(&file, 1, 4);
    big(&file, 80000000u, 4);
    big(&file, 1, 4);
    end_box(&file, box);
    box = begin_box(&file, "stsz");
    big(&file, 0, 4);
    big(&file, 1, 4); /* every sample has 1 byte */
    big(&file, 80000000u, 4);
    end_box(&file, box);
    box = begin_box(&file, "stsc");
    big(&file, 0, 4);
    big(&file, 1, 4);
    big(&file, 1, 4);
    big(&file, 80000000u, 4);
    big(&file, 1, 4);
    end_box(&file, box);
    box = begin_box(&file, "stco");
    big(&file, 0, 4);
    big(&file, 1, 4);
    big(&file, 16, 4);
    end_box(&file, box);
    end_box(&file, stbl);
    end_box(&file, minf);
    end_box(&file, mdia);
    end_box(&file, trak);
    end_box(&file, moov);
    big(&file, 90 << 20, 4);
    put_text(&file, "mdat");
    save_sparse("samples.mp4", &file, (off_t)90 << 20);
}

/* ---- arrays, headers and lists ---- */

static void npy_header(buffer *to, const char *shape) {
    char text[118];
    int used = snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    memset(text + used, ' ', sizeof text - (size_t)used);
    put(to, "\x93NUMPY\1\0\x76\0", 10);
    put(to, text, sizeof text);
}

static void save_header(const char *name, buffer *json, size_t data) {
    buffer file = {0};
    little(&file, (uint32_t)json->size, 4);
    little(&file, 0, 4);
    put(&file, json->data, json->size);
    more(&file, data);
    free(json->data);
    *json = (buffer){0};
    save(name, &file);
}

static void write_lists(void) {
    buffer file = {0};
    npy_header(&file, "(1000000, 1000000, 1000, 3)");
    save("claim.npy", &file);
    npy_header(&file, "(1000, 8, 512, 1024)");
    save_sparse("hole.npy", &file, 128 + (off_t)1000 * 8 * 512 * 1024 * 4);

    put_text(&file, "{\"a\":[");
    put_list(&file, "[]", 19000000 / 3);
    put_text(&file, "]}");
    save_header("list.safetensors", &file, 0);
    put_text(&file, "{");
    for (int i = 0; i < 100000; i++) {
        char tensor[120];
        snprintf(tensor, sizeof tensor, "%s\"tensor.%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}",
                 i ? "," : "", i, i, i + 1);
        put_text(&file, tensor);
    }
    put_text(&file, "}");
    save_header("tensors.safetensors", &file, 100000);

    mkdir("list", 0777);
    put_text(&file, "{\"_class_name\":\"StableVideoDiffusionPipeline\",\"a\":[");
    put_list(&file, "[]", 15000000 / 3);
    put_text(&file, "]}");
    save("list/model_index.json", &file);
    mkdir("deep", 0777);
    put_text(&file, "{\"a\":");
    for (int i = 0; i < 1000000; i++) put_text(&file, "[");
    save("deep/model_index.json", &file);
    mkdir("large", 0777);
    save_sparse("large/model_index.json", &file, (off_t)4 << 30);
}

int main(int argc, char **argv) {
    if (argc != 2 || chdir(argv[1]) != 0) return fprintf(stderr, "usage: hostile_inputs FOLDER\n"), 2;
    write_pngs();
    write_jpegs();
    write_webps();
    write_others();
    write_video();
    write_lists();
    return 0;
}
