/* Videos by libavformat: its demuxers count the packets, nothing is decoded, no other file or protocol is opened. */
#include "media/metadata.h"
#include "media/probe.h"
#include "media/quiet.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdio.h>
#include <string.h>

#define AVIO_BUFFER_SIZE (1 << 16)

/* The file, as libavformat reads it. */
typedef struct memory_reader {
    const uint8_t *data;
    int64_t size, at;
} memory_reader;

static int read_memory(void *opaque, uint8_t *out, int size) {
    memory_reader *reader = opaque;
    int64_t left = reader->size - reader->at;
    if (left <= 0) return AVERROR_EOF;
    int count = left < size ? (int)left : size;
    memcpy(out, reader->data + reader->at, (size_t)count);
    reader->at += count;
    return count;
}

static int64_t seek_memory(void *opaque, int64_t offset, int whence) {
    memory_reader *reader = opaque;
    /* a known size would make libavformat print "Truncating packet" about a damaged file, through no context */
    if (whence == AVSEEK_SIZE || (whence == SEEK_END && offset == -1)) return AVERROR(ENOSYS);
    int64_t base = whence == SEEK_CUR ? reader->at : whence == SEEK_END ? reader->size : 0;
    if (offset < -base || offset > reader->size - base) return AVERROR(EINVAL);
    return reader->at = base + offset;
}

static int refuse_open(AVFormatContext *context, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
    return AVERROR(EACCES);
}

/* The demuxer's name, NULL if the first bytes are of neither kind. */
static const char *demuxer_of(const i2v_encoded *source) {
    static const char *const boxes[] = {"ftyp", "moov", "mdat", "wide", "free", "skip"};
    if (source->size < 12) return NULL;
    if (memcmp(source->data, "\x1a\x45\xdf\xa3", 4) == 0) return "matroska";
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        if (memcmp(source->data + 4, boxes[i], 4) == 0) return "mov";
    }
    return NULL;
}

/* libavformat has one demuxer for two kinds; the brand of the one and the DocType of the other are at the front. */
static const char *container_of(const i2v_encoded *source, const char *demuxer) {
    static const char doctype[] = "\x42\x82\x84webm";
    if (strcmp(demuxer, "mov") == 0) {
        return memcmp(source->data + 4, "ftyp", 4) == 0 && memcmp(source->data + 8, "qt  ", 4) != 0 ? "mp4" : "mov";
    }
    size_t front = source->size < 64 ? source->size : 64;
    return memmem(source->data, front, doctype, sizeof doctype - 1) ? "webm" : "mkv";
}

static const AVStream *find_video(const AVFormatContext *context) {
    for (unsigned i = 0; i < context->nb_streams; i++) {
        const AVStream *stream = context->streams[i];
        int is_cover = stream->disposition & AV_DISPOSITION_ATTACHED_PIC;
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover) return stream;
    }
    return NULL;
}

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
    const AVStream *stream = find_video(context);
    if (!stream) return i2v_fail(error, I2V_ERROR_FORMAT, "%s holds no video", name);
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
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated or damaged", name);
}

/* A demuxer on a file in memory. */
typedef struct opened_video {
    memory_reader reader;
    AVClass quiet; /* must outlive context */
    AVFormatContext *context;
    AVIOContext *pb;
} opened_video;

/* To be closed in every case. */
static i2v_status open_video(opened_video *video, const i2v_encoded *source, i2v_error *error) {
    *video = (opened_video){.reader = {source->data, (int64_t)source->size, 0}};
    const char *demuxer = demuxer_of(source);
    const AVInputFormat *format = demuxer ? av_find_input_format(demuxer) : NULL;
    if (!format) return i2v_fail_unknown(source, "no picture or video of a kind known here", error);
    i2v_status status = strcmp(demuxer, "mov") == 0 ? i2v_mov_check(source, error) : I2V_OK;
    if (status) return status;
    uint8_t *buffer = av_malloc(AVIO_BUFFER_SIZE);
    if (buffer) {
        video->pb = avio_alloc_context(buffer, AVIO_BUFFER_SIZE, 0, &video->reader, read_memory, NULL, seek_memory);
    }
    if (!video->pb) av_free(buffer);
    AVFormatContext *context = video->context = video->pb ? avformat_alloc_context() : NULL;
    if (!context) return i2v_fail_memory(error, source->name, AVIO_BUFFER_SIZE);
    i2v_quiet_format(context, &video->quiet);
    context->pb = video->pb;
    context->io_open = refuse_open;
    /* parsers have contexts of their own, which would print */
    context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    /* frees context if it fails */
    int code = avformat_open_input(&video->context, NULL, format, NULL);
    if (code >= 0) return I2V_OK;
    if (code == AVERROR(ENOMEM)) return i2v_fail_memory(error, source->name, 0);
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated, damaged or no video", source->name);
}

static void close_video(opened_video *video) {
    avformat_close_input(&video->context);
    if (video->pb) av_free(video->pb->buffer);
    avio_context_free(&video->pb);
}

static i2v_status probe_once(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    opened_video video;
    *info = (i2v_media_info){0};
    i2v_status status = open_video(&video, source, error);
    if (!status) {
        snprintf(info->container, sizeof info->container, "%s", container_of(source, demuxer_of(source)));
        status = read_streams(video.context, info, source->name, error);
    }
    close_video(&video);
    return status;
}

/* libavformat calls some allocations that failed damage of the file. What is damaged is so a second time. */
i2v_status i2v_probe_video(i2v_media_info *info, const i2v_encoded *source, i2v_error *error) {
    i2v_status status = probe_once(info, source, error);
    return status == I2V_ERROR_FORMAT ? probe_once(info, source, error) : status;
}

static i2v_status metadata_once(char **json, const i2v_encoded *source, i2v_error *error) {
    opened_video video;
    i2v_status status = open_video(&video, source, error);
    const AVDictionaryEntry *comment = status ? NULL : av_dict_get(video.context->metadata, "comment", NULL, 0);
    if (comment) status = i2v_metadata_copy(json, comment->value, strlen(comment->value), source->name, error);
    close_video(&video);
    return status;
}

/* As above; and where memory lacks for the comment, libavformat goes on without it. */
i2v_status i2v_video_metadata(char **json, const i2v_encoded *source, i2v_error *error) {
    *json = NULL;
    i2v_status status = metadata_once(json, source, error);
    int again = status == I2V_ERROR_FORMAT || (status == I2V_OK && !*json);
    return again ? metadata_once(json, source, error) : status;
}
