/* One engine, many pictures: cc many_pictures.c $(pkg-config --cflags --libs img2vid)
 *
 * Videos are FOLDER/1.mp4, FOLDER/2.mp4, ... A picture that fails is named on standard error and the others go on; the
 * exit status is 1 if any failed. */
#include <img2vid/img2vid.h>

#include <stdio.h>

/* One picture; its error is reported here. The engine stays usable after a failed call. */
static i2v_status make_video(i2v_engine *engine, const char *picture, const char *path) {
    i2v_image *image = NULL;
    i2v_video *video = NULL;
    i2v_error error = {0};
    i2v_params params;
    i2v_params_default(&params);
    i2v_output output;
    i2v_output_default(&output);
    params.seed = 42;
    params.num_inference_steps = 10;

    i2v_status status = i2v_image_load(&image, picture, I2V_ALPHA_WHITE, &error);
    if (status == I2V_OK) {
        status = i2v_generate(engine, image, &params, &video);
        if (status != I2V_OK)
            snprintf(error.message, sizeof error.message, "%s: %s", picture, i2v_error_message(engine));
    }
    if (status == I2V_OK) status = i2v_video_save(video, path, &output, &error);
    if (status == I2V_OK)
        printf("%s -> %s\n", picture, path);
    else
        fprintf(stderr, "%s\n", error.message);
    i2v_video_free(video);
    i2v_image_free(image);
    return status;
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: %s MODEL FOLDER IMAGE...\n", argv[0]), 2;
    i2v_engine *engine = NULL;
    int failed = 0;
    i2v_options options;
    i2v_options_default(&options);
    options.keep_loaded = 1; /* the model is read once, where memory allows */
    if (i2v_open(&engine, argv[1], &options) != I2V_OK) {
        fprintf(stderr, "%s\n", engine ? i2v_error_message(engine) : "not enough memory");
        i2v_close(engine);
        return 1;
    }
    for (int i = 3; i < argc; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%d.mp4", argv[2], i - 2);
        i2v_status status = make_video(engine, argv[i], path);
        failed += status != I2V_OK;
        if (status == I2V_CANCELLED) break;
    }
    i2v_close(engine);
    if (failed) fprintf(stderr, "%d of %d pictures failed\n", failed, argc - 3);
    return failed != 0;
}
