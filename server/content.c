/* The bytes of a video. */
#include "content.h"
#include "range.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A video never changes, so that its name tells it from all others. */
static void write_headers(server_reply *reply, const server_folder *folder, const char *id) {
    reply->type = strcmp(folder->ending, ".mp4") == 0 ? "video/mp4" : "image/webp";
    server_reply_header(reply, "Accept-Ranges", "bytes");
    server_reply_header(reply, "ETag", "\"%s\"", id);
    server_reply_header(reply, "Content-Disposition", "attachment; filename=\"%s%s\"", id, folder->ending);
}

/* A client that goes on with a file has to mean this one. */
static int is_same(const char *if_range, const char *id) {
    return !if_range || (*if_range == '"' && strncmp(if_range + 1, id, SERVER_ID_SIZE - 1) == 0 &&
                         strcmp(if_range + SERVER_ID_SIZE, "\"") == 0);
}

int server_content_open(const server_folder *folder, const char *id, const char *range, const char *if_range,
                        server_reply *reply) {
    struct stat info;
    char *path = server_folder_file(folder, SERVER_VIDEO, id);
    reply->file = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    free(path);
    if (reply->file < 0 || fstat(reply->file, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
    uint64_t size = (uint64_t)info.st_size;
    switch (server_range_read(is_same(if_range, id) ? range : NULL, size, &reply->offset, &reply->length)) {
    case SERVER_RANGE_NOTHING: {
        server_problem problem = {0};
        server_refuse(&problem, 416, "invalid_range", NULL, "the video has %llu bytes", (unsigned long long)size);
        close(reply->file);
        reply->file = -1;
        server_reply_problem(reply, &problem);
        server_reply_header(reply, "Content-Range", "bytes */%llu", (unsigned long long)size);
        return 1;
    }
    case SERVER_RANGE_PART:
        reply->http = 206;
        server_reply_header(reply, "Content-Range", "bytes %llu-%llu/%llu", (unsigned long long)reply->offset,
                            (unsigned long long)(reply->offset + reply->length - 1), (unsigned long long)size);
        break;
    case SERVER_RANGE_WHOLE:
        reply->http = 200;
        break;
    }
    write_headers(reply, folder, id);
    return 1;
}
