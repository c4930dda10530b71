/* Pictures in a grid. */
#include "tiles.h"

#include <math.h>

static int at_least_1(double value) {
    return value < 1 ? 1 : (int)value;
}

/* Columns without a need for fewer: 25 of 16:9 are 5x5. */
static int choose_columns(int count, int width, int height) {
    const double aspect = 1.6; /* of the grid */
    int columns = at_least_1(ceil(sqrt(count * aspect * height / width) - 0.25));
    if (columns > count) columns = count;
    int rows = (count + columns - 1) / columns;
    return (count + rows - 1) / rows;
}

cli_tiles cli_tiles_make(int count, int columns, int width, int height, int most) {
    cli_tiles tiles = {.columns = columns ? columns : choose_columns(count, width, height)};
    tiles.rows = (count + tiles.columns - 1) / tiles.columns;
    double room = (double)(most - CLI_TILE_GAP) / tiles.columns - CLI_TILE_GAP;
    tiles.width = width <= room ? width : at_least_1(room);
    tiles.height = width <= room ? height : at_least_1(round((double)height * tiles.width / width));
    return tiles;
}

int cli_tiles_width(const cli_tiles *tiles) {
    return CLI_TILE_GAP + tiles->columns * (tiles->width + CLI_TILE_GAP);
}

int cli_tiles_frame(int i, int shown, int frames) {
    return shown > 1 ? (int)(((int64_t)i * (frames - 1) * 2 + shown - 1) / (2 * ((int64_t)shown - 1))) : 0;
}
