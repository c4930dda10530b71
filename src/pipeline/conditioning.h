/* What the UNet is told about the picture: CLIP's vector, and the picture's own latent. */
#ifndef I2V_PIPELINE_CONDITIONING_H
#define I2V_PIPELINE_CONDITIONING_H

#include "pipeline/preview.h"
#include "pipeline/request.h"
#include "pipeline/stage.h"

/* The forward pass of each, out of the run's pool; in a dry run pixels and out may be NULL.
 * pixels [224, 224, 3] -> out [projection_dim]. */
i2v_status i2v_embed_pixels(i2v_run *run, const i2v_clip *clip, const float *pixels, float *out);
/* pixels [height, width, 3] in -1..1 -> out [latent_height, latent_width, latent_channels]. */
i2v_status i2v_encode_pixels(i2v_run *run, const i2v_vae_encoder *encoder, const i2v_sizes *sizes, const float *pixels,
                             float *out);

/* The picture, or the request's pixels, as CLIP's vector, as ComfyUI's CLIP sees it if the request's fit says so. */
i2v_status i2v_embed_image(i2v_call *call, const i2v_stage_plan *plan, const i2v_image *image,
                           const i2v_request *request, float *out);

/* The picture, or the request's pixels, with noise [3, height, width], NULL for none, laid over it as the request says,
 * as a latent. The picture is of the video's size; with I2V_FIT_COMFYUI of any. preview: NULL, or one whose map is
 * fitted to both. */
i2v_status i2v_encode_image(i2v_call *call, const i2v_stage_plan *plan, const i2v_image *image,
                            const i2v_request *request, const float *noise, i2v_preview *preview, float *out);

#endif
