/* Progress, with a preview after each denoising step: cc callback.c $(pkg-config --cflags --libs img2vid) -lm
 *
 * Latents are what the model computes on, an eighth of the video's size on a side. Decoding them takes the VAE, which
 * is busy while a step's callback runs; a linear map of their channels to red, green and blue takes nothing. */
#include <img2vid/img2vid.h>

#include <math.h>
#include <stdio.h>

/* RGB in -1..1 of the four latent channels of Stable Diffusion 1.x, whose encoder Stable Video Diffusion kept; fitted
 * by Kevin Turner: https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204 */
static const float rgb_of_latents[4][3] = {
    {0.298f, 0.207f, 0.208f}, {0.187f, 0.286f, 0.173f}, {-0.158f, 0.189f, 0.264f}, {-0.184f, -0.271f, -0.473f}};

typedef struct preview_state {
    const char *folder;
    int channels, frames, height, width; /* of the latents */
    int failed;
} preview_state;

/* Noise above the picture's own scale, about 1, would only be clipped: 1 / max(standard deviation, 1). */
static float gain_of(const float *latents, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)latents[i] * latents[i];
    double deviation = sqrt(sum / (double)count);
    return deviation > 1 ? (float)(1 / deviation) : 1;
}

/* One pixel; latents stands at it in the first channel, and the next channel is plane floats on. Models with other than
 * four channels have a code of their own: of these the first ones are shown as they are. */
static void pixel_of(unsigned char rgb[3], const float *latents, size_t plane, int channels, float gain) {
    for (int color = 0; color < 3; color++) {
        float value = 0;
        if (channels == 4)
            for (int c = 0; c < 4; c++) value += rgb_of_latents[c][color] * latents[(size_t)c * plane];
        else
            value = latents[(size_t)(color < channels ? color : 0) * plane] / 2;
        value = (value * gain + 1) / 2;
        rgb[color] = (unsigned char)(255 * (value > 0 ? value < 1 ? value : 1 : 0));
    }
}

/* All frames side by side, as a PPM file. */
static int write_preview(const preview_state *preview, int step, const float *latents, size_t count) {
    char path[4096];
    size_t plane = (size_t)preview->height * (size_t)preview->width;
    float gain = gain_of(latents, count);
    snprintf(path, sizeof path, "%s/step-%03d.ppm", preview->folder, step);
    FILE *file = fopen(path, "wb");
    if (!file) return perror(path), -1;
    fprintf(file, "P6\n%d %d\n255\n", preview->frames * preview->width, preview->height);
    for (int y = 0; y < preview->height; y++)
        for (int frame = 0; frame < preview->frames; frame++)
            for (int x = 0; x < preview->width; x++) {
                unsigned char rgb[3];
                size_t at = (size_t)(frame * preview->channels) * plane + (size_t)(y * preview->width + x);
                pixel_of(rgb, latents + at, plane, preview->channels, gain);
                fwrite(rgb, 1, 3, file);
            }
    int bad = ferror(file);
    if (fclose(file) != 0 || bad) return fprintf(stderr, "%s cannot be written\n", path), -1;
    return 0;
}

/* Returns 0 to go on; anything else cancels, and i2v_generate returns I2V_CANCELLED. */
static int on_event(const i2v_event *event, void *user) {
    preview_state *preview = user;
    printf("%3.0f %%  %-7s %5.1f of %3d  %6.1f s  %5.0f MiB", 100 * event->fraction, i2v_phase_name(event->phase),
           event->steps_done, event->steps, event->seconds, (double)event->memory / 0x1p20);
    if (event->seconds_left >= 0) printf("  %.0f s left", event->seconds_left);
    printf("\n");
    if (!event->latents) return 0;
    preview->failed = write_preview(preview, event->step, event->latents, event->latents_count) != 0;
    return preview->failed;
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: %s MODEL IMAGE OUT PREVIEW_FOLDER\n", argv[0]), 2;
    i2v_engine *engine = NULL;
    i2v_image *image = NULL;
    i2v_video *video = NULL;
    i2v_error error = {0};
    i2v_model_info model;
    i2v_params params;
    i2v_params_default(&params);
    i2v_output output;
    i2v_output_default(&output);
    preview_state preview = {.folder = argv[4]};

    i2v_status status = i2v_open(&engine, argv[1], NULL);
    if (status == I2V_OK) status = i2v_get_model_info(engine, &model);
    if (status == I2V_OK) status = i2v_image_load(&image, argv[2], I2V_ALPHA_WHITE, &error);
    if (status == I2V_OK) {
        preview.channels = model.latent_channels;
        preview.frames = model.num_frames;
        preview.height = model.height / model.vae_scale_factor;
        preview.width = model.width / model.vae_scale_factor;
        params.num_inference_steps = 10;
        params.on_event = on_event;
        params.user = &preview;
        status = i2v_generate(engine, image, &params, &video);
    }
    if (status == I2V_OK) status = i2v_video_save(video, argv[3], &output, &error);
    if (status != I2V_OK && !preview.failed)
        fprintf(stderr, "%s\n", *error.message ? error.message : i2v_error_message(engine));

    i2v_video_free(video);
    i2v_image_free(image);
    i2v_close(engine);
    return status != I2V_OK;
}
