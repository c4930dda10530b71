/* Videos that are compared, and what was measured of them. */
#include "comparison.h"
#include "error.h"
#include "likeness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char cli_compared_letter(int index) {
    return (char)('A' + index);
}

double cli_compared_psnr(const cli_compared *video) {
    return cli_psnr(video->squares / video->compared);
}

double cli_compared_ssim(const cli_compared *video) {
    return video->likeness / video->compared;
}

double cli_compared_motion(const cli_compared *video) {
    double sum = 0;
    for (int i = 0; i + 1 < video->frames; i++) sum += video->motion[i];
    return video->frames > 1 ? sum / (video->frames - 1) : 0;
}

double cli_comparison_most_motion(const cli_comparison *all) {
    double most = 1;
    for (int k = 0; k < all->count; k++)
        for (int i = 0; i + 1 < all->videos[k].frames; i++) most = fmax(most, all->videos[k].motion[i]);
    return most;
}

cli_figures cli_compared_figures(const cli_compared *video) {
    cli_figures figures = {""};
    size_t size = sizeof figures.text;
    if (video->compared && video->squares == 0) {
        snprintf(figures.text, size, "equal to A");
    } else if (video->compared) {
        int used = snprintf(figures.text, size, "PSNR %.2f dB", cli_compared_psnr(video));
        double ssim = cli_compared_ssim(video);
        if (!isnan(ssim)) snprintf(figures.text + used, size - (size_t)used, ", SSIM %.4f", ssim);
    }
    return figures;
}

i2v_status cli_comparison_fail(cli_comparison *all, i2v_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    cli_error_vfail(&all->error, status, format, arguments);
    va_end(arguments);
    return status;
}

void cli_comparison_end(cli_comparison *all) {
    for (int i = 0; i < all->count; i++) {
        cli_compared *video = &all->videos[i];
        json_decref(video->metadata);
        free(video->label);
        free(video->psnr);
        free(video->ssim);
        free(video->motion);
    }
    free(all->shared);
}
