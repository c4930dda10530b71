/* How alike two frames are, and how far a frame is from the next. */
#ifndef CLI_LIKENESS_H
#define CLI_LIKENESS_H

#include "img2vid/img2vid.h"

/* The mean of squared differences of 8-bit values, over all pixels and channels. Both pictures are of one size. */
double cli_mean_square(const i2v_image *a, const i2v_image *b);

/* PSNR in dB, of a mean square: 10 log10(255^2 / it). Infinite for equal frames. */
double cli_psnr(double mean_square);

/* SSIM (Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity",
 * 2004): windows of 11x11 with Gaussian weights of sigma 1.5, K1 0.01, K2 0.03, L 255, the mean over all whole windows
 * of the three channels. It is scikit-image's structural_similarity(a, b, channel_axis=-1, data_range=255,
 * gaussian_weights=True, sigma=1.5, use_sample_covariance=False). NaN where a side has fewer than 11 pixels. 0
 * without memory. */
int cli_ssim(const i2v_image *a, const i2v_image *b, double *ssim);

/* Motion: the mean of absolute differences of 8-bit values. */
double cli_mean_difference(const i2v_image *a, const i2v_image *b);

#endif
