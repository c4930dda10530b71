/* The table of the kernels compiled above it, under the name KERNELS. */
#include "backend/cpu/kernels_attention.inc.h"

const i2v_kernels KERNELS = {.name = KERNELS_NAME,
                             .step_rows = STEP_ROWS,
                             .panel = PANEL,
                             .exp2 = exp2_row,
                             .gelu = gelu_row,
                             .widen = widen,
                             .narrow = narrow,
                             .epilogue = epilogue_row,
                             .geglu = geglu,
                             .layer_norm = layer_norm,
                             .moments = moments,
                             .normalize = normalize,
                             .add = add_rows,
                             .transpose = transpose,
                             .panel_product = panel_product,
#ifdef add_pairs
                             .pair_product = pair_product,
                             .pair_panel = pair_panel,
#endif
#ifdef PAIRS_BY_TILES
                             .tile_rows = 2 * TILE,
#endif
                             .winograd_input = winograd_input,
                             .winograd_weights = winograd_weights,
                             .winograd_output = winograd_output,
                             .winograd_frames_input = winograd_frames_input,
                             .winograd_frames_weights = winograd_frames_weights,
                             .winograd_frames_output = winograd_frames_output,
                             .softmax = softmax,
                             .scale = scale_row,
                             .pack_transposed = pack_transposed,
                             .pack_columns = pack_columns};
