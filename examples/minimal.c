/* One picture in, one video out: cc minimal.c -limg2vid && ./a.out MODEL IMAGE OUT */
#include <img2vid/img2vid.h>
#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: %s MODEL IMAGE OUT\n", argv[0]), 2;
    i2v_engine *engine = NULL;
    i2v_image *image = NULL;
    i2v_video *video = NULL;
    i2v_error error = {0};
    i2v_params params;
    i2v_params_default(&params);
    params.seed = 42;
    i2v_output output;
    i2v_output_default(&output);

    i2v_status status = i2v_open(&engine, argv[1], NULL);
    if (status == I2V_OK) status = i2v_image_load(&image, argv[2], I2V_ALPHA_WHITE, &error);
    if (status == I2V_OK) status = i2v_generate(engine, image, &params, &video);
    if (status == I2V_OK) status = i2v_video_save(video, argv[3], &output, &error);
    if (status != I2V_OK) fprintf(stderr, "%s\n", *error.message ? error.message : i2v_error_message(engine));

    i2v_video_free(video);
    i2v_image_free(image);
    i2v_close(engine);
    return status != I2V_OK;
}
