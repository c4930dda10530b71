/* Progress, with a preview of all frames after each denoising step: cc callback.c $(pkg-config --cflags --libs img2vid)
 *
 * A preview is what a step takes the clean video to be, a picture of an eighth of the video's size for each frame. */
#include <img2vid/img2vid.h>

#include <stdio.h>

typedef struct preview_state {
    const char *folder;
    int failed;
} preview_state;

/* An animated picture, half as large as the video. */
static int write_preview(const preview_state *preview, const i2v_event *event) {
    char path[4096];
    i2v_error error;
    int width = 4 * event->preview->width, height = 4 * event->preview->height;
    snprintf(path, sizeof path, "%s/step-%03d.webp", preview->folder, event->step);
    if (i2v_images_save(event->preview, event->preview_count, width, height, path, NULL, &error) == I2V_OK) return 0;
    return fprintf(stderr, "%s\n", error.message), -1;
}

/* Returns 0 to go on; anything else cancels, and i2v_generate returns I2V_CANCELLED. */
static int on_event(const i2v_event *event, void *user) {
    preview_state *preview = user;
    printf("%3.0f %%  %-7s %5.1f of %3d  %6.1f s  %5.0f MiB", 100 * event->fraction, i2v_phase_name(event->phase),
           event->steps_done, event->steps, event->seconds, (double)event->memory / 0x1p20);
    if (event->seconds_left >= 0) printf("  %.0f s left", event->seconds_left);
    printf("\n");
    if (!event->preview) return 0;
    preview->failed = write_preview(preview, event) != 0;
    return preview->failed;
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: %s MODEL IMAGE OUT PREVIEW_FOLDER\n", argv[0]), 2;
    i2v_engine *engine = NULL;
    i2v_image *image = NULL;
    i2v_video *video = NULL;
    i2v_error error = {0};
    i2v_params params;
    i2v_params_default(&params);
    i2v_output output;
    i2v_output_default(&output);
    preview_state preview = {.folder = argv[4]};

    i2v_status status = i2v_open(&engine, argv[1], NULL);
    if (status == I2V_OK) status = i2v_image_load(&image, argv[2], I2V_ALPHA_WHITE, &error);
    if (status == I2V_OK) {
        params.num_inference_steps = 10;
        params.preview_every = 1;
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
