/* A video is played before it gets its name. */
#include "media/quiet.h"
#include "media/verify.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <stdlib.h>

/* A video that is played, and what came of it. */
typedef struct player {
    const i2v_video_task *task;
    AVClass quiet; /* must outlive context */
    AVFormatContext *context;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int width, height; /* that every frame must have */
    int64_t packets, frames;
} player;

/* A decoder for its video, which is its one stream. 0, or FFmpeg's code. */
static int open_decoder(player *self) {
    if (self->context->nb_streams != 1) return AVERROR_INVALIDDATA;
    const AVCodecParameters *parameters = self->context->streams[0]->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    if (!codec) return AVERROR_DECODER_NOT_FOUND;
    self->packet = av_packet_alloc();
    self->frame = av_frame_alloc();
    self->decoder = avcodec_alloc_context3(codec);
    if (!self->packet || !self->frame || !self->decoder) return AVERROR(ENOMEM);
    self->decoder->log_level_offset = I2V_QUIET_LEVEL;
    self->decoder->thread_count = 1;
    self->decoder->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    int code = avcodec_parameters_to_context(self->decoder, parameters);
    return code < 0 ? code : avcodec_open2(self->decoder, codec, NULL);
}

static int open_player(player *self, const char *path, const char *demuxer) {
    char *url = av_asprintf("file:%s", path);
    self->context = avformat_alloc_context();
    if (!url || !self->context) {
        av_free(url);
        return AVERROR(ENOMEM);
    }
    i2v_quiet_format(self->context, &self->quiet);
    self->context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    int code = avformat_open_input(&self->context, url, av_find_input_format(demuxer), NULL);
    av_free(url);
    return code < 0 ? code : open_decoder(self);
}

/* Takes the frames that the decoder has ready. */
static int take_frames(player *self) {
    int code;
    while ((code = avcodec_receive_frame(self->decoder, self->frame)) >= 0) {
        if (self->frame->width != self->width || self->frame->height != self->height) return AVERROR_INVALIDDATA;
        self->frames++;
        av_frame_unref(self->frame);
    }
    return code == AVERROR(EAGAIN) || code == AVERROR_EOF ? 0 : code;
}

static int play(player *self) {
    int code = 0;
    while (code >= 0 && (code = av_read_frame(self->context, self->packet)) >= 0) {
        self->packets++;
        code = i2v_video_cancelled(self->task) ? AVERROR_EXIT : avcodec_send_packet(self->decoder, self->packet);
        av_packet_unref(self->packet);
        if (code >= 0) code = take_frames(self);
    }
    if (code != AVERROR_EOF) return code;
    code = avcodec_send_packet(self->decoder, NULL);
    return code < 0 ? code : take_frames(self);
}

i2v_status i2v_verify_video(const i2v_output_file *file, const i2v_video_task *task, const char *demuxer, int width,
                            int height, i2v_error *error) {
    player self = {.task = task, .width = width, .height = height};
    int code = open_player(&self, file->temporary, demuxer);
    if (code >= 0) code = play(&self);
    avcodec_free_context(&self.decoder);
    av_packet_free(&self.packet);
    av_frame_free(&self.frame);
    avformat_close_input(&self.context);
    if (code == AVERROR(ENOMEM)) return i2v_fail_memory(error, task->path, 0);
    if (code == AVERROR_EXIT) return i2v_fail(error, I2V_CANCELLED, "cancelled while writing %s", task->path);
    /* an FFmpeg that encodes and cannot decode: nothing can be said */
    if (code == AVERROR_DECODER_NOT_FOUND) return I2V_OK;
    if (code >= 0 && self.packets == task->num_frames && self.frames == task->num_frames) return I2V_OK;
    return i2v_verify_fail(task, self.frames, error);
}
