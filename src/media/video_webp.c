/* Animated WebP by libwebp. */
#include "base/file.h"
#include "media/metadata.h"
#include "media/verify.h"
#include "media/video.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>
#include <webp/mux.h>

typedef struct webp_writer {
    const i2v_video_task *task;
    WebPAnimEncoder *encoder;
    WebPConfig config;
    int64_t written; /* frames */
} webp_writer;

/* Frame i is shown from here, milliseconds. */
static int timestamp(const webp_writer *writer) {
    return (int)i2v_rate_milliseconds(writer->task->fps, writer->written);
}

/* libwebp counts quality from 100 down to 0. The square puts a crf about where H.264 looks alike: 17 is 89, 28 is 70.
 */
static float quality_of(int crf) {
    return 100.0f - 100.0f * (float)(crf * crf) / (51.0f * 51.0f);
}

static i2v_status webp_open(void *self, const i2v_video_format *format, const i2v_video_task *task, i2v_error *error) {
    webp_writer *writer = self;
    writer->task = task;
    if (task->width > WEBP_MAX_DIMENSION || task->height > WEBP_MAX_DIMENSION) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "cannot write %s: WebP holds at most %d pixels on a side",
                        task->path, WEBP_MAX_DIMENSION);
    }
    WebPAnimEncoderOptions options;
    if (!WebPAnimEncoderOptionsInit(&options) || !WebPConfigInit(&writer->config)) {
        return i2v_fail(error, I2V_ERROR_INTERNAL, "libwebp is older than the one img2vid was built with");
    }
    options.anim_params.loop_count = 0; /* for ever */
    writer->config.quality = task->quality >= 0 ? (float)task->quality : quality_of(task->crf);
    writer->config.use_sharp_yuv = 1; /* edges of saturated colours survive 4:2:0 */
    writer->encoder = WebPAnimEncoderNew(task->width, task->height, &options);
    if (!writer->encoder)
        return i2v_fail_memory(error, task->path, (uint64_t)task->width * (uint64_t)task->height * 12);
    return I2V_OK;
}

/* Its muxer says of an allocation that failed what it says of any other failure. */
static i2v_status fail_encoder(const webp_writer *writer, WebPEncodingError code, i2v_error *error) {
    const i2v_video_task *task = writer->task;
    if (code == VP8_ENC_ERROR_OUT_OF_MEMORY || code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY) {
        return i2v_fail_memory(error, task->path, (uint64_t)task->width * (uint64_t)task->height * 4);
    }
    return i2v_fail(error, I2V_ERROR_INTERNAL,
                    "cannot write %s: libwebp says: %s; or there is not enough memory", task->path,
                    WebPAnimEncoderGetError(writer->encoder));
}

static i2v_status webp_write(void *self, const uint8_t *rgb, i2v_error *error) {
    webp_writer *writer = self;
    WebPPicture picture;
    if (!WebPPictureInit(&picture)) return i2v_fail(error, I2V_ERROR_INTERNAL, "libwebp is of another version");
    picture.width = writer->task->width;
    picture.height = writer->task->height;
    picture.use_argb = 1;
    i2v_status status = I2V_OK;
    if (!WebPPictureImportRGB(&picture, rgb, 3 * picture.width)) {
        status = i2v_fail_memory(error, writer->task->path, (uint64_t)picture.width * (uint64_t)picture.height * 4);
    } else if (!WebPAnimEncoderAdd(writer->encoder, &picture, timestamp(writer), &writer->config)) {
        status = fail_encoder(writer, picture.error_code, error);
    }
    writer->written++;
    WebPPictureFree(&picture);
    return status;
}

static i2v_status write_file(const i2v_video_task *task, const WebPData *data, i2v_error *error) {
    i2v_output_file file;
    i2v_status status = i2v_output_file_begin_new(&file, task->path, task->output->no_replace, error);
    if (status) return status;
    status = i2v_output_file_write(&file, data->bytes, data->size, error);
    if (!status) status = i2v_verify_pictures(&file, task, 1, error);
    if (!status) return i2v_output_file_commit(&file, error);
    i2v_output_file_abort(&file);
    return status;
}

/* Puts the text's XMP into the assembled file. */
static i2v_status add_metadata(WebPData *data, const i2v_video_task *task, i2v_error *error) {
    const char *json = task->output->metadata;
    if (!json) return I2V_OK;
    char *xmp = i2v_metadata_xmp(json);
    WebPMux *mux = xmp ? WebPMuxCreate(data, 0) : NULL;
    WebPData whole, chunk = {(const uint8_t *)xmp, xmp ? strlen(xmp) : 0};
    WebPDataInit(&whole);
    i2v_status status = I2V_OK;
    WebPMuxError code = mux ? WebPMuxSetChunk(mux, "XMP ", &chunk, 0) : WEBP_MUX_MEMORY_ERROR;
    if (code == WEBP_MUX_OK) code = WebPMuxAssemble(mux, &whole);
    if (code == WEBP_MUX_MEMORY_ERROR) {
        status = i2v_fail_memory(error, task->path, data->size);
    } else if (code != WEBP_MUX_OK) {
        status = i2v_fail(error, I2V_ERROR_INTERNAL,
                          "cannot write %s: libwebp takes no metadata, or there is not enough memory", task->path);
    }
    WebPMuxDelete(mux); /* it points into data */
    free(xmp);
    if (!status) {
        WebPDataClear(data);
        *data = whole;
    }
    return status;
}

static i2v_status webp_finish(void *self, i2v_error *error) {
    webp_writer *writer = self;
    WebPData data;
    WebPDataInit(&data);
    i2v_status status = I2V_OK;
    /* a frame of nothing marks the end of the last one */
    if (!WebPAnimEncoderAdd(writer->encoder, NULL, timestamp(writer), NULL) ||
        !WebPAnimEncoderAssemble(writer->encoder, &data)) {
        status = fail_encoder(writer, VP8_ENC_OK, error);
    } else {
        status = add_metadata(&data, writer->task, error);
        if (!status) status = write_file(writer->task, &data, error);
    }
    WebPDataClear(&data);
    return status;
}

static void webp_close(void *self) {
    webp_writer *writer = self;
    WebPAnimEncoderDelete(writer->encoder);
}

const i2v_video_format i2v_webp_format = {
    .ending = "webp",
    .crf_default = 17,
    .crf_max = 51,
    .writer_size = sizeof(webp_writer),
    .open = webp_open,
    .write = webp_write,
    .finish = webp_finish,
    .close = webp_close,
};
