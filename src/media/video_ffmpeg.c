/* MP4, Matroska, WebM, QuickTime, GIF and animated PNG through FFmpeg's muxers and encoders.
 * The same frames give the same bytes on every machine with the same libraries: one encoder thread, no dates, no
 * random identifiers. */
#include "base/file.h"
#include "media/metadata.h"
#include "media/quiet.h"
#include "media/verify.h"
#include "media/video.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an ending means to FFmpeg. */
typedef struct codec_choice {
    const char *muxer, *encoder;
    const char *demuxer; /* that reads what the muxer writes; NULL: probe_picture.c does */
    enum AVPixelFormat pixels;
    int multiple;   /* frames grow to a multiple of this, by repeating their last row and column */
    int hundredths; /* time is counted in 1/100 s, not in frames */
    int max_fps;    /* 0: no limit of its own */
    int max_side;   /* the same; x264 leaks when it has to refuse */
    int min_side;   /* likewise for small ones */
    int few_frames; /* clips of no more have no B frames: x265 times packets wrongly before it has seen enough */
    uint32_t tag;   /* of the codec in MP4 and QuickTime; 0: FFmpeg's */
    const char *encoder_options, *muxer_options;
    /* For formats whose muxer writes no text: puts it into the finished file. NULL: it is the container's comment. */
    i2v_status (*add_metadata)(const i2v_output_file *file, const char *json, i2v_error *error);
} codec_choice;

typedef struct ffmpeg_writer {
    const i2v_video_task *task;
    const codec_choice *choice;
    i2v_output_file file;
    AVClass quiet; /* must outlive muxer */
    AVFormatContext *muxer;
    AVCodecContext *encoder;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    i2v_palette *palette;
    int64_t sent; /* frames */
    int needs_trailer;
} ffmpeg_writer;

static AVRational frame_time(const i2v_video_task *task) {
    return (AVRational){task->fps.den, task->fps.num};
}

static i2v_status fail_ffmpeg(const ffmpeg_writer *writer, int code, i2v_error *error) {
    char reason[AV_ERROR_MAX_STRING_SIZE];
    /* FFmpeg negates errno; its own codes are larger than any errno */
    if (code > -4096 && code != AVERROR(EINVAL))
        return i2v_fail_system(error, "write", writer->task->path, AVUNERROR(code));
    av_strerror(code, reason, sizeof reason);
    /* encoders say of an allocation that failed what they say of any other failure */
    return i2v_fail(error, I2V_ERROR_INTERNAL, "cannot write %s: %s, or there is not enough memory", writer->task->path,
                    reason);
}

i2v_status i2v_ffmpeg_has(const char *muxer, const char *encoder, const char *ending, i2v_error *error) {
    int has_encoder = avcodec_find_encoder_by_name(encoder) != NULL;
    if (has_encoder && av_guess_format(muxer, NULL, NULL)) return I2V_OK;
    return i2v_fail(
        error, I2V_ERROR_UNSUPPORTED,
        "this build of FFmpeg has no %s %s, which .%s needs; install an FFmpeg that has it, or write .webp, "
        ".npy or a pattern such as dir/%%04d.png, which do not need FFmpeg",
        has_encoder ? muxer : encoder, has_encoder ? "muxer" : "encoder", ending);
}

static i2v_status ffmpeg_check(const i2v_video_format *format, i2v_error *error) {
    const codec_choice *choice = format->codec;
    return i2v_ffmpeg_has(choice->muxer, choice->encoder, format->ending, error);
}

static int round_up(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static void describe_picture(AVCodecContext *encoder, const codec_choice *choice, const i2v_video_task *task) {
    encoder->width = round_up(task->width, choice->multiple);
    encoder->height = round_up(task->height, choice->multiple);
    encoder->pix_fmt = choice->pixels;
    encoder->sample_aspect_ratio = (AVRational){1, 1};
    encoder->framerate = av_inv_q(frame_time(task));
    encoder->time_base = choice->hundredths ? (AVRational){1, 100} : frame_time(task);
    if (choice->pixels != AV_PIX_FMT_YUV420P) return;
    encoder->colorspace = AVCOL_SPC_BT709;
    encoder->color_primaries = AVCOL_PRI_BT709;
    encoder->color_trc = AVCOL_TRC_BT709;
    encoder->color_range = AVCOL_RANGE_MPEG;
    encoder->chroma_sample_location = AVCHROMA_LOC_LEFT;
}

static i2v_status open_encoder(ffmpeg_writer *writer, const i2v_video_format *format, i2v_error *error) {
    const codec_choice *choice = writer->choice;
    const AVCodec *codec = avcodec_find_encoder_by_name(choice->encoder);
    writer->encoder = avcodec_alloc_context3(codec);
    if (!writer->encoder) return i2v_fail_memory(error, writer->task->path, 0);
    AVCodecContext *encoder = writer->encoder;
    encoder->log_level_offset = I2V_QUIET_LEVEL;
    describe_picture(encoder, choice, writer->task);
    encoder->thread_count = 1;
    if (writer->task->num_frames <= choice->few_frames) encoder->max_b_frames = 0;
    encoder->flags |= AV_CODEC_FLAG_BITEXACT;
    if (writer->muxer->oformat->flags & AVFMT_GLOBALHEADER) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary *options = NULL;
    int code = av_dict_parse_string(&options, choice->encoder_options, "=", ",", 0);
    if (code >= 0 && format->crf_max) {
        int64_t bitrate = writer->task->bitrate;
        code = av_dict_set_int(&options, bitrate ? "b" : "crf", bitrate ? bitrate : writer->task->crf, 0);
    }
    if (code >= 0) code = avcodec_open2(encoder, codec, &options);
    /* options that are left are ones this encoder does not know */
    if (code >= 0 && av_dict_count(options)) code = AVERROR_OPTION_NOT_FOUND;
    av_dict_free(&options);
    if (code >= 0) return I2V_OK;
    if (code == AVERROR(ENOMEM)) return i2v_fail_memory(error, writer->task->path, 0);
    char reason[AV_ERROR_MAX_STRING_SIZE];
    av_strerror(code, reason, sizeof reason);
    return i2v_fail(error, I2V_ERROR_PARAMETER,
                    "cannot write %s: %s refuses %d x %d pixels at %g frames a second: %s, or there is not enough "
                    "memory",
                    writer->task->path, choice->encoder, encoder->width, encoder->height,
                    i2v_rate_value(writer->task->fps), reason);
}

/* When frame `index` is shown, in the encoder's time base. */
static int64_t time_of(const ffmpeg_writer *writer, int64_t index) {
    return av_rescale_q(index, frame_time(writer->task), writer->encoder->time_base);
}

/* How long the last frame stays; muxers of pictures know only the distances between frames. */
static int set_final_delay(const ffmpeg_writer *writer, AVDictionary **options) {
    int64_t last = writer->task->num_frames - 1;
    int64_t delay = time_of(writer, last + 1) - time_of(writer, last);
    char text[64];
    if (writer->choice->hundredths) {
        snprintf(text, sizeof text, "%d", (int)delay);
    } else {
        snprintf(text, sizeof text, "%d/%d", writer->task->fps.den, writer->task->fps.num);
    }
    return av_dict_set(options, "final_delay", text, 0);
}

static i2v_status open_muxer(ffmpeg_writer *writer, i2v_error *error) {
    int code = avformat_alloc_output_context2(&writer->muxer, NULL, writer->choice->muxer, NULL);
    if (code < 0) return fail_ffmpeg(writer, code, error);
    const char *comment = writer->choice->add_metadata ? NULL : writer->task->output->metadata;
    if (comment) code = av_dict_set(&writer->muxer->metadata, "comment", comment, 0);
    if (code < 0) return fail_ffmpeg(writer, code, error);
    i2v_quiet_format(writer->muxer, &writer->quiet);
    writer->muxer->flags |= AVFMT_FLAG_BITEXACT;
    /* kept in the context: +faststart opens the file a second time. "file:": no other protocol, whatever the name */
    writer->muxer->url = av_asprintf("file:%s", writer->file.temporary);
    writer->stream = avformat_new_stream(writer->muxer, NULL);
    if (!writer->muxer->url || !writer->stream) return i2v_fail_memory(error, writer->task->path, 0);
    code = avio_open(&writer->muxer->pb, writer->muxer->url, AVIO_FLAG_WRITE);
    return code < 0 ? fail_ffmpeg(writer, code, error) : I2V_OK;
}

static i2v_status write_header(ffmpeg_writer *writer, i2v_error *error) {
    writer->stream->time_base = writer->encoder->time_base;
    writer->stream->avg_frame_rate = writer->stream->r_frame_rate = writer->encoder->framerate;
    writer->stream->sample_aspect_ratio = writer->encoder->sample_aspect_ratio;
    AVDictionary *options = NULL;
    int code = avcodec_parameters_from_context(writer->stream->codecpar, writer->encoder);
    /* "matroska" has no use for it, and would refuse */
    if (code >= 0 && strcmp(writer->choice->muxer, "matroska") != 0) {
        writer->stream->codecpar->codec_tag = writer->choice->tag;
    }
    if (code >= 0) code = av_dict_parse_string(&options, writer->choice->muxer_options, "=", ",", 0);
    if (code >= 0 && av_opt_find(writer->muxer->priv_data, "final_delay", NULL, 0, 0)) {
        code = set_final_delay(writer, &options);
    }
    if (code >= 0) code = avformat_write_header(writer->muxer, &options);
    if (code >= 0 && av_dict_count(options)) code = AVERROR_OPTION_NOT_FOUND;
    av_dict_free(&options);
    if (code < 0) return fail_ffmpeg(writer, code, error);
    writer->needs_trailer = 1;
    return I2V_OK;
}

static i2v_status allocate_frame(ffmpeg_writer *writer, i2v_error *error) {
    writer->packet = av_packet_alloc();
    writer->frame = av_frame_alloc();
    if (!writer->packet || !writer->frame) return i2v_fail_memory(error, writer->task->path, 0);
    AVFrame *frame = writer->frame;
    frame->format = writer->encoder->pix_fmt;
    frame->width = writer->encoder->width;
    frame->height = writer->encoder->height;
    frame->colorspace = writer->encoder->colorspace;
    frame->color_primaries = writer->encoder->color_primaries;
    frame->color_trc = writer->encoder->color_trc;
    frame->color_range = writer->encoder->color_range;
    frame->chroma_location = writer->encoder->chroma_sample_location;
    frame->sample_aspect_ratio = writer->encoder->sample_aspect_ratio;
    int code = av_frame_get_buffer(frame, 0);
    return code < 0 ? fail_ffmpeg(writer, code, error) : I2V_OK;
}

static i2v_status check_limits(const codec_choice *choice, const i2v_video_format *format, const i2v_video_task *task,
                               i2v_error *error) {
    if (choice->max_fps && i2v_rate_value(task->fps) > choice->max_fps) {
        return i2v_fail(
            error, I2V_ERROR_PARAMETER,
            "fps %g is too fast for %s: players show a .%s at %d frames a second at most; lower fps or write "
            "a video",
            i2v_rate_value(task->fps), task->path, format->ending, choice->max_fps);
    }
    if (task->width < choice->min_side || task->height < choice->min_side) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "%d x %d pixels are too few for %s: %s takes %d on a side at least",
                        task->width, task->height, task->path, choice->encoder, choice->min_side);
    }
    if (choice->max_side && (task->width > choice->max_side || task->height > choice->max_side)) {
        return i2v_fail(error, I2V_ERROR_PARAMETER, "%d x %d pixels are too many for %s: a .%s holds %d on a side",
                        task->width, task->height, task->path, format->ending, choice->max_side);
    }
    return I2V_OK;
}

static i2v_status ffmpeg_open(void *self, const i2v_video_format *format, const i2v_video_task *task,
                              i2v_error *error) {
    ffmpeg_writer *writer = self;
    writer->task = task;
    writer->choice = format->codec;
    i2v_status status = check_limits(writer->choice, format, task, error);
    if (!status) status = ffmpeg_check(format, error);
    if (!status) status = i2v_output_file_begin_new(&writer->file, task->path, task->output->no_replace, error);
    if (!status) status = open_muxer(writer, error);
    if (!status) status = open_encoder(writer, format, error);
    if (!status) status = write_header(writer, error);
    if (!status) status = allocate_frame(writer, error);
    if (!status && writer->choice->pixels == AV_PIX_FMT_PAL8) {
        status = i2v_palette_new(&writer->palette, task->width, error);
    }
    return status;
}

static i2v_status gif_look(void *self, const uint8_t *rgb, i2v_error *error) {
    ffmpeg_writer *writer = self;
    i2v_palette_look(writer->palette, rgb, (size_t)writer->task->width * writer->task->height);
    return I2V_OK;
}

static void fill_palette(AVFrame *frame, const uint8_t (*colors)[3]) {
    uint32_t *argb = (uint32_t *)frame->data[1];
    for (int i = 0; i < I2V_PALETTE_COLORS; i++) {
        argb[i] = 0xff000000u | (uint32_t)colors[i][0] << 16 | (uint32_t)colors[i][1] << 8 | colors[i][2];
    }
    argb[I2V_PALETTE_COLORS] = 0; /* transparent: lets the encoder leave out what did not change */
}

static i2v_status fill_frame(ffmpeg_writer *writer, const uint8_t *rgb, i2v_error *error) {
    AVFrame *frame = writer->frame;
    const i2v_video_task *task = writer->task;
    if (writer->palette && writer->sent == 0) {
        i2v_status status = i2v_palette_choose(writer->palette, error);
        if (status) return status;
    }
    if (frame->format == AV_PIX_FMT_PAL8) {
        fill_palette(frame, i2v_palette_colors(writer->palette));
        i2v_palette_apply(writer->palette, rgb, task->height, frame->data[0], frame->linesize[0]);
    } else if (frame->format == AV_PIX_FMT_YUV420P) {
        i2v_rgb_to_yuv420(rgb, task->width, task->height, frame->data, frame->linesize, frame->width, frame->height);
    } else if (frame->format == AV_PIX_FMT_0RGB32) {
        for (int y = 0; y < task->height; y++) {
            uint32_t *row = (uint32_t *)(frame->data[0] + (ptrdiff_t)y * frame->linesize[0]);
            for (int x = 0; x < task->width; x++, rgb += 3) {
                row[x] = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            }
        }
    } else {
        size_t row = 3 * (size_t)task->width;
        for (int y = 0; y < task->height; y++) {
            memcpy(frame->data[0] + (ptrdiff_t)y * frame->linesize[0], rgb + (size_t)y * row, row);
        }
    }
    return I2V_OK;
}

/* Takes what the encoder has ready; frame NULL: all that is left. */
static i2v_status encode(ffmpeg_writer *writer, const AVFrame *frame, i2v_error *error) {
    int code = avcodec_send_frame(writer->encoder, frame);
    while (code >= 0) {
        code = avcodec_receive_packet(writer->encoder, writer->packet);
        if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return I2V_OK;
        if (code < 0) break;
        /* encoders look ahead further than a clip is long, so most of the work may be here */
        if (i2v_video_cancelled(writer->task)) {
            return i2v_fail(error, I2V_CANCELLED, "cancelled while writing %s", writer->task->path);
        }
        /* not every version of FFmpeg fills it in, and then the last frame lasts for no time */
        if (!writer->choice->hundredths) writer->packet->duration = 1;
        writer->packet->stream_index = writer->stream->index;
        av_packet_rescale_ts(writer->packet, writer->encoder->time_base, writer->stream->time_base);
        code = av_interleaved_write_frame(writer->muxer, writer->packet);
    }
    return fail_ffmpeg(writer, code, error);
}

static i2v_status ffmpeg_write(void *self, const uint8_t *rgb, i2v_error *error) {
    ffmpeg_writer *writer = self;
    int code = av_frame_make_writable(writer->frame); /* the encoder may still hold the last one */
    if (code < 0) return fail_ffmpeg(writer, code, error);
    i2v_status status = fill_frame(writer, rgb, error);
    if (status) return status;
    writer->frame->pts = time_of(writer, writer->sent++);
    return encode(writer, writer->frame, error);
}

static i2v_status verify(const ffmpeg_writer *writer, i2v_error *error) {
    const char *demuxer = writer->choice->demuxer;
    const AVCodecContext *encoder = writer->encoder;
    if (!demuxer) return i2v_verify_pictures(&writer->file, writer->task, 0, error);
    return i2v_verify_video(&writer->file, writer->task, demuxer, encoder->width, encoder->height, error);
}

/* A full disk shows as late as the last flush, or on closing. */
static i2v_status ffmpeg_finish(void *self, i2v_error *error) {
    ffmpeg_writer *writer = self;
    i2v_status status = encode(writer, NULL, error);
    if (status) return status;
    writer->needs_trailer = 0;
    int code = av_write_trailer(writer->muxer);
    if (code >= 0) code = avio_closep(&writer->muxer->pb);
    if (code < 0) return fail_ffmpeg(writer, code, error);
    const char *metadata = writer->task->output->metadata;
    if (metadata && writer->choice->add_metadata) {
        status = writer->choice->add_metadata(&writer->file, metadata, error);
    }
    if (!status) status = verify(writer, error);
    return status ? status : i2v_output_file_commit(&writer->file, error);
}

static void ffmpeg_close(void *self) {
    ffmpeg_writer *writer = self;
    /* some muxers free what they hold only there */
    if (writer->needs_trailer) av_write_trailer(writer->muxer);
    if (writer->muxer && writer->muxer->pb) avio_closep(&writer->muxer->pb);
    av_packet_free(&writer->packet);
    av_frame_free(&writer->frame);
    avcodec_free_context(&writer->encoder);
    avformat_free_context(writer->muxer);
    i2v_palette_free(writer->palette);
    i2v_output_file_abort(&writer->file);
}

/* cpu-independent: x264 otherwise picks algorithms by what the CPU has. */
#define H264                                                                                                           \
    .encoder = "libx264", .pixels = AV_PIX_FMT_YUV420P, .multiple = 2, .max_side = 16384,                              \
    .encoder_options = "preset=medium,x264-params=cpu-independent=1"
/* hvc1: the tag that Apple's players want; x265 has threads of its own, and a log. */
#define H265                                                                                                           \
    .encoder = "libx265", .tag = MKTAG('h', 'v', 'c', '1'), .pixels = AV_PIX_FMT_YUV420P, .multiple = 2,               \
    .max_side = 8192, .min_side = 16, .few_frames = 8,                                                                 \
    .encoder_options = "preset=medium,x265-params=log-level=none:pools=none:frame-threads=1:info=0"
#define VP9                                                                                                            \
    .encoder = "libvpx-vp9", .pixels = AV_PIX_FMT_YUV420P, .multiple = 1,                                              \
    .encoder_options = "b=0,deadline=good,cpu-used=3,row-mt=0"
#define AV1                                                                                                            \
    .encoder = "libaom-av1", .pixels = AV_PIX_FMT_YUV420P, .multiple = 1, .encoder_options = "b=0,usage=good,cpu-used=5"
#define MP4 .muxer = "mp4", .demuxer = "mov", .muxer_options = "movflags=+faststart"
#define MOV .muxer = "mov", .demuxer = "mov", .muxer_options = "movflags=+faststart"
#define MKV .muxer = "matroska", .demuxer = "matroska", .muxer_options = ""
#define WEBM .muxer = "webm", .demuxer = "matroska", .muxer_options = ""

static const codec_choice mp4_h264 = {MP4, H264}, mp4_h265 = {MP4, H265}, mp4_vp9 = {MP4, VP9}, mp4_av1 = {MP4, AV1},
                          mov_h264 = {MOV, H264}, mov_h265 = {MOV, H265}, mkv_h264 = {MKV, H264},
                          mkv_h265 = {MKV, H265}, mkv_vp9 = {MKV, VP9}, mkv_av1 = {MKV, AV1}, webm_vp9 = {WEBM, VP9},
                          webm_av1 = {WEBM, AV1};
static const codec_choice mkv_ffv1 = {
    MKV,
    .encoder = "ffv1",
    .pixels = AV_PIX_FMT_0RGB32,
    .multiple = 1,
    .encoder_options = "level=3,slices=4,slicecrc=1,g=1",
};
/* Browsers take a GIF's delay of less than 2/100 s for 10/100 s. */
static const codec_choice gif = {
    .muxer = "gif",
    .encoder = "gif",
    .pixels = AV_PIX_FMT_PAL8,
    .multiple = 1,
    .hundredths = 1,
    .max_fps = 50,
    .encoder_options = "",
    .muxer_options = "loop=0",
    .add_metadata = i2v_gif_add_metadata,
};
static const codec_choice apng = {
    .muxer = "apng",
    .encoder = "apng",
    .pixels = AV_PIX_FMT_RGB24,
    .multiple = 1,
    .encoder_options = "pred=paeth",
    .muxer_options = "plays=0",
    .add_metadata = i2v_png_add_metadata,
};

#define FFMPEG_FORMAT(name, codec_kind, choice, default_crf, max_crf, look_function)                                   \
    {                                                                                                                  \
        .ending = name, .kind = codec_kind, .codec = &choice, .crf_default = default_crf, .crf_max = max_crf,          \
        .writer_size = sizeof(ffmpeg_writer), .check = ffmpeg_check, .open = ffmpeg_open, .look = look_function,       \
        .write = ffmpeg_write, .finish = ffmpeg_finish, .close = ffmpeg_close                                          \
    }
/* The default crf of each is where people no longer see a difference. */
#define WITH_H264(name, choice) FFMPEG_FORMAT(name, I2V_CODEC_H264, choice, 17, 51, NULL)
#define WITH_H265(name, choice) FFMPEG_FORMAT(name, I2V_CODEC_H265, choice, 19, 51, NULL)
#define WITH_VP9(name, choice) FFMPEG_FORMAT(name, I2V_CODEC_VP9, choice, 24, 63, NULL)
#define WITH_AV1(name, choice) FFMPEG_FORMAT(name, I2V_CODEC_AV1, choice, 18, 63, NULL)

const i2v_video_format i2v_ffmpeg_formats[I2V_FFMPEG_FORMATS] = {
    WITH_H264("mp4", mp4_h264),
    WITH_H265("mp4", mp4_h265),
    WITH_VP9("mp4", mp4_vp9),
    WITH_AV1("mp4", mp4_av1),
    WITH_H264("mkv", mkv_h264),
    WITH_H265("mkv", mkv_h265),
    WITH_VP9("mkv", mkv_vp9),
    WITH_AV1("mkv", mkv_av1),
    FFMPEG_FORMAT("mkv", I2V_CODEC_FFV1, mkv_ffv1, 0, 0, NULL),
    WITH_H264("mov", mov_h264),
    WITH_H265("mov", mov_h265),
    WITH_VP9("webm", webm_vp9),
    WITH_AV1("webm", webm_av1),
    FFMPEG_FORMAT("gif", I2V_CODEC_AUTO, gif, 0, 0, gif_look),
    FFMPEG_FORMAT("png", I2V_CODEC_AUTO, apng, 0, 0, NULL),
};
