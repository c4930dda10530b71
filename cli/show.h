/* --show: previews on the terminal, above the line that says how far the work is. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "progress.h"
#include "terminal.h"

typedef struct cli_show {
    cli_terminal terminal; /* without graphics: nothing is shown */
    i2v_image **frames;    /* of the last preview */
    size_t count;
    double fps;
    double began;           /* when the first preview came, which says which frame is due */
    double next;            /* not before */
    cli_terminal_size size; /* of the terminal, when the place for the picture was made */
    int columns, rows;      /* of that place, which ends above the progress line */
    int erased;             /* progress->line.erased by then */
    int continued;          /* how often the process had been stopped and gone on by then */
    uint32_t id;            /* kitty's, of the picture in that place */
} cli_show;

/* wanted: --show was given. */
void cli_show_begin(cli_show *show, int wanted, double fps);
void cli_show_end(cli_show *show);

/* Keeps the frames of an event that has a preview, and shows the frame that is due, as far as that takes no more than a
 * hundredth of the time. Before the progress line is drawn for that event. */
void cli_show_event(cli_show *show, const i2v_event *event, cli_progress *progress);

#endif
