/* Pictures for terminals, read back by what a terminal would make of them; and what a terminal says of itself. */
#include "blocks.h"
#include "inline_image.h"
#include "sixel.h"
#include "terminal_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A gradient of all colours, with an edge. */
static i2v_image *picture_of(int width, int height) {
    i2v_image *image = NULL;
    assert_int_equal(i2v_image_new(&image, width, height, NULL), I2V_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *rgb = image->pixels + 3 * (y * width + x);
            rgb[0] = (uint8_t)(255 * x / (width > 1 ? width - 1 : 1));
            rgb[1] = (uint8_t)(255 * y / (height > 1 ? height - 1 : 1));
            rgb[2] = x > width / 2 ? 200 : 20;
        }
    }
    return image;
}

static const uint8_t *pixel(const i2v_image *image, int x, int y) {
    return image->pixels + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
}

/* ---- half blocks ------------------------------------------------------------------------------------------------ */

static void color_of_256(int number, uint8_t rgb[3]) {
    static const uint8_t levels[6] = {0, 95, 135, 175, 215, 255};
    assert_in_range(number, 16, 255);
    for (int c = 0; c < 3; c++)
        rgb[c] = number >= 232 ? (uint8_t)(8 + 10 * (number - 232)) : levels[(number - 16) / (int[]){36, 6, 1}[c] % 6];
}

/* A screen that knows what the blocks are made of, and nothing else. */
typedef struct screen {
    int x, y, width, height; /* the cursor, and what was reached */
    uint8_t ink[3], paper[3];
    int inked, papered;
    uint8_t cells[64][64][2][3]; /* ink and paper */
} screen;

static void set_colors(screen *s, const int *n, int count) {
    if (count == 1 && n[0] == 0) {
        s->inked = s->papered = 0;
        return;
    }
    assert_true(n[0] == 38 || n[0] == 48);
    uint8_t *color = n[0] == 38 ? s->ink : s->paper;
    *(n[0] == 38 ? &s->inked : &s->papered) = 1;
    if (n[1] == 2) {
        assert_int_equal(count, 5);
        for (int c = 0; c < 3; c++) {
            assert_in_range(n[2 + c], 0, 255);
            color[c] = (uint8_t)n[2 + c];
        }
    } else {
        assert_int_equal(count, 3);
        assert_int_equal(n[1], 5);
        color_of_256(n[2], color);
    }
}

static const char *control(screen *s, const char *text) {
    int numbers[8] = {0}, count = 1;
    for (; (*text >= '0' && *text <= '9') || *text == ';'; text++) {
        if (*text == ';')
            assert_true(++count <= 8);
        else
            numbers[count - 1] = 10 * numbers[count - 1] + (*text - '0');
    }
    if (*text == 'm')
        set_colors(s, numbers, count);
    else if (*text == 'B')
        s->y += numbers[0] ? numbers[0] : 1;
    else
        fail_msg("an unknown control sequence ends in %d", *text);
    return text + 1;
}

static void show(screen *s, const char *text) {
    memset(s, 0, sizeof *s);
    while (*text) {
        int block = strncmp(text, "\xe2\x96\x80", 3) == 0;
        if (text[0] == '\033' && text[1] == '[') {
            text = control(s, text + 2);
        } else if (*text == '\r') {
            s->x = 0;
            text++;
        } else {
            assert_true(block || *text == ' ');
            assert_true(s->papered && (s->inked || !block));
            assert_true(s->x < 64 && s->y < 64);
            memcpy(s->cells[s->y][s->x][0], block ? s->ink : s->paper, 3);
            memcpy(s->cells[s->y][s->x][1], s->paper, 3);
            if (++s->x > s->width) s->width = s->x;
            if (s->y + 1 > s->height) s->height = s->y + 1;
            text += block ? 3 : 1;
        }
    }
    assert_false(s->inked || s->papered); /* what follows is in the terminal's own colours */
}

static screen drawn_blocks(i2v_image *image, cli_colors colors, int utf8) {
    static screen s;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_true(cli_blocks_draw(out, image, colors, utf8));
    assert_int_equal(fclose(out), 0);
    show(&s, text);
    free(text);
    assert_int_equal(s.width, image->width);
    assert_int_equal(s.height, (image->height + 1) / 2);
    return s;
}

static void blocks_of_24_bits_are_the_picture(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {17, 9}, {32, 20}};
    for (int i = 0; i < 3; i++) {
        i2v_image *image = picture_of(sizes[i][0], sizes[i][1]);
        screen s = drawn_blocks(image, CLI_COLORS_24_BIT, 1);
        for (int y = 0; y < image->height; y++)
            for (int x = 0; x < image->width; x++) assert_memory_equal(s.cells[y / 2][x][y % 2], pixel(image, x, y), 3);
        i2v_image_free(image);
    }
}

/* No colour of the 256 is nearer. */
static void blocks_of_256_colors_are_the_nearest(void **state) {
    (void)state;
    for (int i = 0; i < 3000; i++) {
        uint8_t rgb[3] = {(uint8_t)(i * 7), (uint8_t)(i * 31), (uint8_t)(i * 101)}, found[3], other[3];
        if (i < 256) memset(rgb, i, 3);
        int distance[2], number = cli_blocks_nearest(rgb);
        color_of_256(number, found);
        for (int k = 16; k < 256; k++) {
            color_of_256(k, other);
            distance[0] = distance[1] = 0;
            for (int c = 0; c < 3; c++) {
                distance[0] += (rgb[c] - found[c]) * (rgb[c] - found[c]);
                distance[1] += (rgb[c] - other[c]) * (rgb[c] - other[c]);
            }
            if (distance[1] < distance[0])
                fail_msg("%d %d %d is %d, but %d is nearer", rgb[0], rgb[1], rgb[2], number, k);
        }
    }
}

/* A dark blue, to which grey is nearest, is blue in the mean. */
static void dithering_keeps_the_colors(void **state) {
    (void)state;
    i2v_image *image = picture_of(40, 24);
    static const uint8_t blue[3] = {40, 50, 95};
    for (int i = 0; i < 40 * 24 * 3; i++) image->pixels[i] = blue[i % 3];
    assert_true(cli_blocks_nearest(blue) >= 232);
    screen s = drawn_blocks(image, CLI_COLORS_256, 1);
    int sums[3] = {0};
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 40; x++)
            for (int c = 0; c < 3; c++) sums[c] += s.cells[y / 2][x][y % 2][c];
    for (int c = 0; c < 3; c++) assert_true(abs(sums[c] / (40 * 24) - blue[c]) <= 3);
    i2v_image_free(image);
}

static void without_utf8_spaces_in_the_mean(void **state) {
    (void)state;
    i2v_image *image = picture_of(9, 6);
    screen s = drawn_blocks(image, CLI_COLORS_24_BIT, 0);
    for (int c = 0; c < 3; c++)
        assert_int_equal(s.cells[1][4][1][c], (pixel(image, 4, 2)[c] + pixel(image, 4, 3)[c]) / 2);
    i2v_image_free(image);
}

/* ---- sixels ----------------------------------------------------------------------------------------------------- */

/* A decoder by the manual: size, registers, runs, "$" and "-". */
typedef struct sixels {
    int width, height, x, y, color;
    uint8_t registers[256][3];
    int defined[256];
    uint8_t pixels[128][256][3];
    int painted[128][256];
} sixels;

static int number(const char **text) {
    char *end;
    long value = strtol(*text, &end, 10);
    assert_true(end > *text && value >= 0 && value < 10000);
    *text = end;
    return (int)value;
}

static void take_color(sixels *s, const char **text) {
    s->color = number(text);
    assert_in_range(s->color, 0, 255);
    if (**text != ';') {
        assert_true(s->defined[s->color]);
        return;
    }
    ++*text;
    assert_int_equal(number(text), 2); /* RGB */
    for (int c = 0; c < 3; c++) {
        assert_int_equal(*(*text)++, ';');
        int percent = number(text);
        assert_in_range(percent, 0, 100);
        s->registers[s->color][c] = (uint8_t)((percent * 255 + 50) / 100);
    }
    s->defined[s->color] = 1;
}

static void paint(sixels *s, int bits, int count) {
    for (int n = 0; n < count; n++, s->x++) {
        for (int i = 0; i < 6; i++) {
            if (!(bits >> i & 1)) continue;
            assert_true(s->x < s->width && s->y + i < s->height);
            memcpy(s->pixels[s->y + i][s->x], s->registers[s->color], 3);
            s->painted[s->y + i][s->x]++;
        }
    }
}

static void decode_sixels(sixels *s, const char *text) {
    memset(s, 0, sizeof *s);
    assert_memory_equal(text, "\033P0;1;0q\"1;1;", 13);
    text += 13;
    s->width = number(&text);
    text++;
    s->height = number(&text);
    while (*text != '\033') {
        char c = *text++;
        if (c == '#') {
            take_color(s, &text);
        } else if (c == '!') {
            int count = number(&text);
            paint(s, *text++ - '?', count);
        } else if (c == '$' || c == '-') {
            s->x = 0;
            if (c == '-') s->y += 6;
        } else {
            assert_in_range(c, '?', '~');
            paint(s, c - '?', 1);
        }
    }
    assert_string_equal(text, "\033\\");
}

static void sixels_are_the_picture(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {4, 6}, {160, 96}, {97, 45}};
    static sixels s;
    for (int i = 0; i < 4; i++) {
        i2v_image *image = picture_of(sizes[i][0], sizes[i][1]);
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_true(cli_sixel_draw(out, image));
        assert_int_equal(fclose(out), 0);
        decode_sixels(&s, text);
        free(text);
        assert_int_equal(s.width, image->width);
        assert_int_equal(s.height, image->height);
        for (int y = 0; y < image->height; y++)
            for (int x = 0; x < image->width; x++) { /* one of the two levels beside it, and once */
                assert_int_equal(s.painted[y][x], 1);
                for (int c = 0; c < 3; c++) assert_true(abs(s.pixels[y][x][c] - pixel(image, x, y)[c]) <= 51);
            }
        for (int y = 0; y + 4 <= image->height; y += 4) /* and in their mean over the pattern the colour */
            for (int x = 0; x + 4 <= image->width; x += 4)
                for (int c = 0; c < 3; c++) {
                    int found = 0, wanted = 0;
                    for (int k = 0; k < 16; k++) {
                        found += s.pixels[y + k / 4][x + k % 4][c];
                        wanted += pixel(image, x + k % 4, y + k / 4)[c];
                    }
                    if (image->width > 32 && abs(x - image->width / 2) > 4) assert_true(abs(found - wanted) < 16 * 12);
                }
        i2v_image_free(image);
    }
}

/* ---- kitty and iTerm2 ------------------------------------------------------------------------------------------- */

static int digit_of(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = memchr(digits, c, 64);
    assert_non_null(found);
    return (int)(found - digits);
}

/* Appends what `count` digits say; returns the bytes that there are then. */
static size_t decode_base64(uint8_t *data, size_t size, const char *text, size_t count) {
    assert_int_equal(count % 4, 0);
    for (size_t i = 0; i < count; i += 4) {
        int pad = text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
        assert_true(!pad || i + 4 == count);
        unsigned bits = 0;
        for (size_t k = 0; k < 4; k++) bits = bits << 6 | (unsigned)(text[i + k] == '=' ? 0 : digit_of(text[i + k]));
        for (int k = 0; k < 3 - pad; k++) data[size++] = (uint8_t)(bits >> (16 - 8 * k));
    }
    return size;
}

static void expect_png(const uint8_t *png, size_t size, const i2v_image *wanted) {
    i2v_image *read = NULL;
    assert_int_equal(i2v_image_load_memory(&read, png, size, I2V_ALPHA_DROP, NULL), I2V_OK);
    assert_int_equal(read->width, wanted->width);
    assert_memory_equal(read->pixels, wanted->pixels, 3 * (size_t)wanted->width * (size_t)wanted->height);
    i2v_image_free(read);
}

/* One with noise, whose PNG takes several pieces, and a small one. */
static void kitty_gets_the_picture_in_pieces(void **state) {
    (void)state;
    static uint8_t png[1 << 16];
    for (int round = 0; round < 2; round++) {
        i2v_image *image = picture_of(round ? 64 : 3, round ? 48 : 2);
        uint32_t noise = 1;
        for (int i = 0; round && i < 64 * 48 * 3; i++) {
            noise = noise * 1664525u + 1013904223u;
            image->pixels[i] = (uint8_t)(noise >> 24);
        }
        char *text = NULL;
        size_t written, size = 0;
        FILE *out = open_memstream(&text, &written);
        assert_true(cli_kitty_draw(out, image, 40, 12, 0xfeedbeef));
        assert_int_equal(fclose(out), 0);
        int pieces = 0, more = 1;
        for (const char *at = text; *at; pieces++) {
            static const char first[] = "\033_Ga=T,f=100,q=2,C=1,i=4276993775,p=1,c=40,r=12,m=", later[] = "\033_Gm=";
            const char *with = pieces ? later : first;
            assert_true(more && strncmp(at, with, strlen(with)) == 0);
            at += strlen(with);
            more = *at++ == '1';
            assert_int_equal(*at++, ';');
            size_t count = strcspn(at, "\033");
            assert_true(count <= 4096 && (!more || count == 4096));
            size = decode_base64(png, size, at, count);
            assert_memory_equal(at + count, "\033\\", 2);
            at += count + 2;
        }
        assert_false(more);
        assert_true(round ? pieces > 2 : pieces == 1);
        expect_png(png, size, image);
        free(text);
        i2v_image_free(image);
    }
}

static void iterm2_gets_the_picture(void **state) {
    (void)state;
    static uint8_t png[1 << 16];
    for (int width = 5; width < 8; width++) {
        i2v_image *image = picture_of(width, 4);
        char *text = NULL;
        size_t written, size = 0;
        FILE *out = open_memstream(&text, &written);
        assert_true(cli_iterm2_draw(out, image, 40, 12));
        assert_int_equal(fclose(out), 0);
        assert_int_equal(sscanf(text, "\033]1337;File=inline=1;size=%zu;width=40;height=12;", &size), 1);
        const char *data = strchr(text, ':') + 1;
        assert_int_equal(decode_base64(png, 0, data, strcspn(data, "\a")), size);
        assert_string_equal(data + strcspn(data, "\a"), "\a");
        expect_png(png, size, image);
        free(text);
        i2v_image_free(image);
    }
}

/* ---- what a terminal says --------------------------------------------------------------------------------------- */

static cli_terminal_reply reply_of(const char *text) {
    cli_terminal_reply reply;
    cli_terminal_reply_read(&reply, text, strlen(text));
    return reply;
}

static void expect_reply(const char *text, int kitty, int sixel, int registers, int width, int height, int whole) {
    cli_terminal_reply r = reply_of(text);
    if (r.kitty != kitty || r.sixel != sixel || r.registers != registers || r.cell_width != width ||
        r.cell_height != height || r.is_whole != whole)
        fail_msg("%s: kitty %d, sixel %d, registers %d, cells %d x %d, whole %d", text + 1, r.kitty, r.sixel,
                 r.registers, r.cell_width, r.cell_height, r.is_whole);
}

static void replies_of_terminals(void **state) {
    (void)state;
    expect_reply("\033_Gi=31;OK\033\\\033[6;17;8t\033[?62;c", 1, 0, 0, 8, 17, 1);           /* kitty */
    expect_reply("\033[6;16;8t\033[?1;0;1024S\033[?62;4;22;28c", 0, 1, 1024, 8, 16, 1);     /* foot */
    expect_reply("\033[?1;0;16S\033[?64;1;2;6;9;15;16;17;18;21;22;28c", 0, 0, 16, 0, 0, 1); /* xterm */
    expect_reply("\033[?1;3;0S\033[?1;2;4c", 0, 1, 0, 0, 0, 1);                             /* tmux with sixels */
    expect_reply("\033_Gi=31;ENOTSUPPORTED:no\033\\\033[?65;1;9c", 0, 0, 0, 0, 0, 1);
    expect_reply("ls\n\033[A\033[?62;4c", 0, 1, 0, 0, 0, 1); /* what was typed before */
    expect_reply("", 0, 0, 0, 0, 0, 0);
    expect_reply("\033", 0, 0, 0, 0, 0, 0);
    expect_reply("\033[?62;4", 0, 0, 0, 0, 0, 0);
    expect_reply("\033[?6;44;14c", 0, 0, 0, 0, 0, 1); /* 44 and 14 are not 4 */
    expect_reply("\033[>41;4;0c", 0, 0, 0, 0, 0, 0);  /* another question's answer */
    expect_reply("\033[6;99999999999999999999;1t", 0, 0, 0, 1, 9999999, 0);
    expect_reply("\033[?4;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;9c", 0, 1, 0, 0, 0, 1);
}

static void questions_end_in_what_all_answer(void **state) {
    (void)state;
    for (int kitty = 0; kitty < 2; kitty++) {
        const char *questions = cli_terminal_questions(kitty);
        assert_string_equal(questions + strlen(questions) - 3, "\033[c");
        assert_int_equal(strstr(questions, "\033_G") != NULL, kitty);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_of_24_bits_are_the_picture),
        cmocka_unit_test(blocks_of_256_colors_are_the_nearest),
        cmocka_unit_test(dithering_keeps_the_colors),
        cmocka_unit_test(without_utf8_spaces_in_the_mean),
        cmocka_unit_test(sixels_are_the_picture),
        cmocka_unit_test(kitty_gets_the_picture_in_pieces),
        cmocka_unit_test(iterm2_gets_the_picture),
        cmocka_unit_test(replies_of_terminals),
        cmocka_unit_test(questions_end_in_what_all_answer),
    };
    return cmocka_run_group_tests_name("terminal_pictures", tests, NULL, NULL);
}
