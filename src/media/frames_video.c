/* Frames of MP4, QuickTime, Matroska, WebM, GIF and animated PNG, by FFmpeg's demuxers and decoders. */
#include "media/demux.h"
#include "media/frame_reader.h"
#include "media/frame_rgb.h"
#include "media/quiet.h"

#include <inttypes.h>
#include <libavcodec/avcodec.h>
#include <stdlib.h>

typedef struct ffmpeg_frames {
    i2v_demuxed video;
    int is_open, stream; /* whether video is to be closed; the stream's number */
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int is_flushed; /* the decoder was told that there are no more packets */
} ffmpeg_frames;

static i2v_status fail_code(const i2v_frame_reader *reader, int code, i2v_error *error) {
    if (code == AVERROR(ENOMEM)) return i2v_fail_memory(error, reader->path, 0);
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is damaged: only %" PRId64 " of its frames can be read", reader->path,
                    reader->read);
}

static i2v_status open_decoder(i2v_frame_reader *reader, ffmpeg_frames *self, const AVStream *stream,
                               i2v_error *error) {
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!codec) {
        return i2v_fail(
            error, I2V_ERROR_UNSUPPORTED,
            "%s cannot be played: this build of FFmpeg has no decoder for %s; install an FFmpeg that has it",
            reader->path, avcodec_get_name(stream->codecpar->codec_id));
    }
    self->packet = av_packet_alloc();
    self->frame = av_frame_alloc();
    self->decoder = avcodec_alloc_context3(codec);
    if (!self->packet || !self->frame || !self->decoder) return i2v_fail_memory(error, reader->path, 0);
    self->decoder->log_level_offset = I2V_QUIET_LEVEL;
    self->decoder->thread_count = 1;
    self->decoder->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    /* a stream may be larger than its container says */
    self->decoder->max_pixels = (int64_t)(reader->info.width + 64) * (reader->info.height + 64);
    int code = avcodec_parameters_to_context(self->decoder, stream->codecpar);
    if (code >= 0) code = avcodec_open2(self->decoder, codec, NULL);
    return code < 0 ? fail_code(reader, code, error) : I2V_OK;
}

static i2v_status open_ffmpeg(i2v_frame_reader *reader, i2v_error *error) {
    ffmpeg_frames *self = reader->state = calloc(1, sizeof *self);
    if (!self) return i2v_fail_memory(error, reader->path, sizeof *self);
    self->is_open = 1;
    i2v_status status = i2v_demux_open(&self->video, &reader->source, error);
    if (status) return status;
    const AVStream *stream = i2v_demux_stream(self->video.context);
    if (!stream)
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s holds no video, only sound or text; give a file that has pictures",
                        reader->path);
    self->stream = stream->index;
    return open_decoder(reader, self, stream, error);
}

/* Gives the decoder the stream's next packet, or tells it that there is none. */
static int send_packet(ffmpeg_frames *self) {
    int code;
    while ((code = av_read_frame(self->video.context, self->packet)) >= 0) {
        int is_ours = self->packet->stream_index == self->stream;
        int is_damaged = self->packet->flags & AV_PKT_FLAG_CORRUPT;
        if (is_ours && !is_damaged) code = avcodec_send_packet(self->decoder, self->packet);
        av_packet_unref(self->packet);
        if (is_ours) return is_damaged ? AVERROR_INVALIDDATA : code;
    }
    if (code != AVERROR_EOF) return code;
    self->is_flushed = 1;
    return avcodec_send_packet(self->decoder, NULL);
}

static i2v_status next_ffmpeg(i2v_frame_reader *reader, uint8_t *rgb, int *ended, i2v_error *error) {
    ffmpeg_frames *self = reader->state;
    int code;
    while ((code = avcodec_receive_frame(self->decoder, self->frame)) == AVERROR(EAGAIN) && !self->is_flushed) {
        code = send_packet(self);
        if (code < 0) return fail_code(reader, code, error);
    }
    *ended = code == AVERROR_EOF;
    if (*ended) return I2V_OK;
    if (code < 0) return fail_code(reader, code, error);
    i2v_status status = I2V_OK;
    if (self->frame->width != reader->info.width || self->frame->height != reader->info.height)
        status = i2v_frames_fail_size(reader, self->frame->width, self->frame->height, error);
    if (!status) status = i2v_frame_to_rgb(self->frame, rgb, reader->path, error);
    av_frame_unref(self->frame);
    return status;
}

static void close_ffmpeg(i2v_frame_reader *reader) {
    ffmpeg_frames *self = reader->state;
    if (!self) return;
    avcodec_free_context(&self->decoder);
    av_packet_free(&self->packet);
    av_frame_free(&self->frame);
    if (self->is_open) i2v_demux_close(&self->video);
    free(self);
}

/* H.264 may refer to 16 frames, and some are on their way. */
const i2v_frame_kind i2v_frames_ffmpeg = {.open = open_ffmpeg, .next = next_ffmpeg, .close = close_ffmpeg, .held = 24};
