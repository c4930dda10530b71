/* The data folder: where files of jobs lie, and that one server alone uses it. */
#ifndef SERVER_FOLDER_H
#define SERVER_FOLDER_H

#include "img2vid/img2vid.h"

/* "video_" and 32 hexadecimal digits: the name of a job, and of its files. */
enum { SERVER_ID_SIZE = 6 + 32 + 1 };

typedef struct server_folder {
    char *path;
    const char *ending; /* of videos: ".mp4", in builds without FFmpeg ".webp" */
    int lock;
} server_folder;

typedef enum server_file {
    SERVER_INCOMING, /* pictures that arrive */
    SERVER_PICTURE,
    SERVER_STATE, /* of a run: its checkpoint */
    SERVER_VIDEO,
    SERVER_FILES
} server_file;

/* Makes what is missing of it, and takes the lock. folder is to be ended in any case. */
i2v_status server_folder_begin(server_folder *folder, const char *path, i2v_error *error);
void server_folder_end(server_folder *folder);

/* The job's file of that kind; to be freed, NULL without memory. */
char *server_folder_file(const server_folder *folder, server_file kind, const char *id);

/* The database's; likewise. */
char *server_folder_store(const server_folder *folder);

/* Brings the names of the files of that kind to the disk. */
void server_folder_flush(const server_folder *folder, server_file kind);

void server_folder_remove(const server_folder *folder, server_file kind, const char *id);
/* All files of a job. */
void server_folder_forget(const server_folder *folder, const char *id);

/* Removes files that no job has any more, and what arrived in part: needs says whether the job of that name needs a
 * file of that kind. */
void server_folder_clean(const server_folder *folder, int (*needs)(const char *id, server_file kind, void *user),
                         void *user);

/* Takes the folder's own name out of a sentence: where it lies is nothing to a client. */
void server_folder_hide(const server_folder *folder, char *text);

/* 1 if text has the form of a name. */
int server_id_is_good(const char *text);

#endif
