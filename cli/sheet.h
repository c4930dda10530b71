/* --sheet: a contact sheet of each video, its frames in a grid with their times, and the parameters. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "job.h"

/* Writes the sheet of video number index, if --sheet asks for one. metadata: of the video; NULL: none is kept. */
i2v_status cli_sheet_save(cli_job *job, int index, const char *metadata);

#endif
