/* The table of the kernels compiled above it, under the name KERNELS, with products of int8 by INT8_KERNELS. Where the
 * instruction set comes with better ones or without, the same kernels are also in a table with these: BETTER_KERNELS.
 */
#include "backend/cpu/kernels_attention.inc.h"

#ifdef add_pairs
#define PAIRS_ENTRY .pair_product = pair_product, .pair_panel = pair_panel,
#else
#define PAIRS_ENTRY
#endif
#ifdef PAIRS_BY_TILES
#define TILES_ENTRY .tile_rows = 2 * TILE,
#else
#define TILES_ENTRY
#endif
/* clang-format off */
#define TABLE(table, table_name, int8_kernels)                                                                         \
    const i2v_kernels table = {.name = table_name,                                                                     \
                               .int8 = &int8_kernels,                                                                  \
                               .step_rows = STEP_ROWS,                                                                 \
                               .panel = PANEL,                                                                         \
                               .exp2 = exp2_row,                                                                       \
                               .gelu = gelu_row,                                                                       \
                               .widen = widen,                                                                         \
                               .narrow = narrow,                                                                       \
                               .epilogue = epilogue_row,                                                               \
                               .geglu = geglu,                                                                         \
                               .layer_norm = layer_norm,                                                               \
                               .moments = moments,                                                                     \
                               .normalize = normalize,                                                                 \
                               .add = add_rows,                                                                        \
                               .transpose = transpose,                                                                 \
                               .panel_product = panel_product,                                                         \
                               PAIRS_ENTRY                                                                             \
                               TILES_ENTRY                                                                             \
                               .winograd_input = winograd_input,                                                       \
                               .winograd_weights = winograd_weights,                                                   \
                               .winograd_output = winograd_output,                                                     \
                               .winograd_frames_input = winograd_frames_input,                                         \
                               .winograd_frames_weights = winograd_frames_weights,                                     \
                               .winograd_frames_output = winograd_frames_output,                                       \
                               .softmax = softmax,                                                                     \
                               .scale = scale_row,                                                                     \
                               .pack_transposed = pack_transposed,                                                     \
                               .pack_columns = pack_columns}
/* clang-format on */

TABLE(KERNELS, KERNELS_NAME, INT8_KERNELS);
#ifdef BETTER_KERNELS
TABLE(BETTER_KERNELS, BETTER_NAME, BETTER_INT8_KERNELS);
#endif
