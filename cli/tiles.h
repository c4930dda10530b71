/* Pictures in a grid: how many columns, how large each, and which frames of a long video. */
#ifndef CLI_TILES_H
#define CLI_TILES_H

#include "img2vid/img2vid.h"

enum { CLI_TILE_GAP = 8 }; /* pixels between tiles and around them */

typedef struct cli_tiles {
    int columns, rows;
    int width, height; /* of a tile's picture */
} cli_tiles;

/* `count` pictures of width x height, in so many columns (0: such that the grid is somewhat wider than it is high).
 * They are made smaller until the grid is at most `most` pixels wide, never larger. */
cli_tiles cli_tiles_make(int count, int columns, int width, int height, int most);

/* The width of the grid with its gaps. */
int cli_tiles_width(const cli_tiles *tiles);

/* Of `frames` frames, the one that is shown as number i of `shown`: the first, the last, and evenly between. */
int cli_tiles_frame(int i, int shown, int frames);

#endif
