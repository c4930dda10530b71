/* What videos are without FFmpeg (I2V_FFMPEG=OFF): named. */
#include "media/frame_reader.h"
#include "media/metadata.h"
#include "media/probe.h"
#include "media/video.h"

static i2v_status refuse(const i2v_video_format *format, i2v_error *error) {
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "this build writes no .%s, since it is without FFmpeg (I2V_FFMPEG=OFF); write .webp, one PNG a "
                    "frame such as %%04d.png, or .npy",
                    format->ending);
}

#define OFF(name, codec) {.ending = name, .kind = codec, .check = refuse}

const i2v_video_format i2v_ffmpeg_formats[I2V_FFMPEG_FORMATS] = {
    OFF("mp4", I2V_CODEC_H264), OFF("mp4", I2V_CODEC_H265), OFF("mp4", I2V_CODEC_VP9),  OFF("mp4", I2V_CODEC_AV1),
    OFF("mkv", I2V_CODEC_H264), OFF("mkv", I2V_CODEC_H265), OFF("mkv", I2V_CODEC_VP9),  OFF("mkv", I2V_CODEC_AV1),
    OFF("mkv", I2V_CODEC_FFV1), OFF("mov", I2V_CODEC_H264), OFF("mov", I2V_CODEC_H265), OFF("webm", I2V_CODEC_VP9),
    OFF("webm", I2V_CODEC_AV1), OFF("gif", I2V_CODEC_AUTO), OFF("png", I2V_CODEC_AUTO),
};

static i2v_status fail(const i2v_encoded *source, i2v_error *error) {
    i2v_status status = i2v_fail_unknown(source, "no picture of a kind known here", error);
    if (status != I2V_ERROR_FORMAT) return status;
    return i2v_fail(error, I2V_ERROR_UNSUPPORTED,
                    "%s is no picture, and this build reads no videos, since it is without FFmpeg (I2V_FFMPEG=OFF)",
                    source->name);
}

i2v_status i2v_probe_video(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    return fail(source, error);
}

i2v_status i2v_video_metadata(char **json, const i2v_encoded *source, i2v_error *error) {
    *json = NULL;
    return fail(source, error);
}

static i2v_status refuse_frames(i2v_frame_reader *reader, i2v_error *error) {
    return i2v_fail(
        error, I2V_ERROR_UNSUPPORTED,
        "the frames of %s cannot be read: this build is without FFmpeg (I2V_FFMPEG=OFF), and reads those of "
        ".webp, .npy and one PNG a frame",
        reader->path);
}

const i2v_frame_kind i2v_frames_ffmpeg = {.open = refuse_frames, .held = 1};
