/* Which files a video's path stands for. In the file name of a .png, and nowhere else, %d or %0Nd is a frame's number,
 * so that each frame has a file of its own, and %% is one %. */
#include "media/video.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where the name begins that may hold a number; the end of path if it is no PNG's. */
static const char *pattern_in(const char *path) {
    const char *name = i2v_path_name(path), *dot = strrchr(name, '.');
    return dot && strcasecmp(dot, ".png") == 0 ? name : path + strlen(path);
}

static int is_doubled(const char *c) {
    return c[0] == '%' && c[1] == '%';
}

int i2v_video_path_numbered(const char *path) {
    for (const char *c = pattern_in(path); *c; c++) {
        if (is_doubled(c))
            c++;
        else if (*c == '%')
            return 1;
    }
    return 0;
}

/* Reads "%d" or "%0Nd" at text: its length, and N (1 for %d); 0 if it is anything else. */
static size_t read_conversion(const char *text, int *digits) {
    *digits = 1;
    if (text[1] == 'd') return 2;
    if (text[1] != '0' || text[2] < '1' || text[2] > '9' || text[3] != 'd') return 0;
    *digits = text[2] - '0';
    return 4;
}

/* Fills in the name; how many numbers it has, -1 if a % is of neither kind. */
static int print_name(char *out, const char *name, int number) {
    int numbers = 0;
    while (*name) {
        int digits = 0;
        size_t length = *name == '%' && !is_doubled(name) ? read_conversion(name, &digits) : 0;
        if (length) {
            if (++numbers == 1) out += sprintf(out, "%0*d", digits, number);
            name += length;
        } else if (*name == '%' && !is_doubled(name)) {
            return -1;
        } else {
            name += is_doubled(name);
            *out++ = *name++;
        }
    }
    *out = '\0';
    return numbers;
}

i2v_status i2v_video_path(char **file, const char *path, int number, i2v_error *error) {
    size_t size = strlen(path) + 16; /* an int has at most 10 digits, N is at most 9 */
    size_t before = (size_t)(pattern_in(path) - path);
    *file = malloc(size);
    if (!*file) return i2v_fail_memory(error, path, size);
    memcpy(*file, path, before);
    int numbers = print_name(*file + before, path + before, number);
    if (numbers == 0 || numbers == 1) return I2V_OK;
    free(*file);
    *file = NULL;
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "the pattern %s needs exactly one number such as %%04d or %%d in its file name, and no other %%; "
                    "%%%% stands for %%",
                    path);
}

i2v_status i2v_video_path_check_folder(const char *path, i2v_error *error) {
    char *folder = i2v_path_folder(path);
    if (!folder) return i2v_fail_memory(error, path, strlen(path));
    i2v_status status = I2V_OK;
    if (!i2v_is_folder(folder)) {
        status = i2v_fail(error, I2V_ERROR_IO, "cannot write %s: there is no folder %s; create it first", path, folder);
    }
    free(folder);
    return status;
}

i2v_status i2v_video_file(const char *path, int frame, char *file, size_t size, i2v_error *error) {
    char *found = NULL;
    i2v_status status = i2v_require(error, "path", path, "file", file, NULL);
    if (!status) status = i2v_video_path(&found, path, frame, error);
    if (status) return status;
    if ((size_t)snprintf(file, size, "%s", found) >= size)
        status = i2v_fail(error, I2V_ERROR_PARAMETER, "cannot write %s: %s", path, strerror(ENAMETOOLONG));
    free(found);
    return status;
}
