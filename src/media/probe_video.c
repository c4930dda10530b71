/* What a video is: its demuxer counts the packets, and nothing is decoded. */
#include "media/demux.h"
#include "media/probe.h"

#include <libavcodec/avcodec.h>
#include <stdio.h>

/* The time of one stream's packets, in its time base. */
typedef struct time_span {
    int64_t begin, end;
} time_span;

/* Reads to the end; false if the file ends before its last packet does. */
static int count_packets(AVFormatContext *context, const AVStream *stream, AVPacket *packet, int64_t *count,
                         time_span *span) {
    int code, is_whole = 1;
    while (is_whole && (code = av_read_frame(context, packet)) >= 0) {
        is_whole = !(packet->flags & AV_PKT_FLAG_CORRUPT);
        if (packet->stream_index == stream->index) {
            ++*count;
            if (packet->pts != AV_NOPTS_VALUE) {
                int64_t end = av_sat_add64(packet->pts, packet->duration);
                if (packet->pts < span->begin) span->begin = packet->pts;
                if (end > span->end) span->end = end;
            }
        }
        av_packet_unref(packet);
    }
    /* QuickTime says beforehand how many there are */
    return is_whole && code == AVERROR_EOF && *count > 0 && *count >= stream->nb_frames;
}

static double rate_of(const AVStream *stream, int64_t count, const time_span *span) {
    AVRational rate = stream->avg_frame_rate;
    if (rate.num > 0 && rate.den > 0) return av_q2d(rate);
    double seconds = ((double)span->end - (double)span->begin) * av_q2d(stream->time_base);
    return span->end > span->begin && seconds > 0 ? (double)count / seconds : 0;
}

static i2v_status read_streams(AVFormatContext *context, i2v_media_info *info, const char *name, i2v_error *error) {
    const AVStream *stream = i2v_demux_stream(context);
    if (!stream)
        return i2v_fail(error, I2V_ERROR_FORMAT, "%s holds no video, only sound or text; give a file that has pictures",
                        name);
    AVPacket *packet = av_packet_alloc();
    if (!packet) return i2v_fail_memory(error, name, 0);
    time_span span = {INT64_MAX, INT64_MIN};
    int is_whole = count_packets(context, stream, packet, &info->num_frames, &span);
    av_packet_free(&packet);
    snprintf(info->codec, sizeof info->codec, "%s", avcodec_get_name(stream->codecpar->codec_id));
    info->width = stream->codecpar->width;
    info->height = stream->codecpar->height;
    info->fps = rate_of(stream, info->num_frames, &span);
    if (is_whole && info->width > 0 && info->height > 0) return I2V_OK;
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated or damaged; copy or download it again", name);
}

static i2v_status probe_once(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    i2v_demuxed video;
    *info = (i2v_media_info){0};
    i2v_status status = i2v_demux_open(&video, source, error);
    if (!status) {
        snprintf(info->container, sizeof info->container, "%s", i2v_demux_container(source));
        status = read_streams(video.context, info, source->name, error);
    }
    i2v_demux_close(&video);
    return status;
}

/* libavformat calls some allocations that failed damage of the file. What is damaged is so a second time. */
i2v_status i2v_probe_video(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    i2v_status status = probe_once(info, source, error);
    return status == I2V_ERROR_FORMAT ? probe_once(info, source, error) : status;
}
