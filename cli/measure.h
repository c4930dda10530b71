/* Measures the videos of a comparison: PSNR and SSIM against the first, and motion. */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include "comparison.h"

/* Reads all videos once, a frame of each at a time. Fills in what cli_compared says of frames. */
i2v_status cli_measure(cli_comparison *all);

#endif
