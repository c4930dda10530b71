/* Videos in memory, opened by libavformat: nothing is decoded, no other file or protocol is opened. */
#include "media/demux.h"
#include "media/picture.h"
#include "media/quiet.h"

#include <libavformat/avformat.h>
#include <string.h>

#define AVIO_BUFFER_SIZE (1 << 16)

static int read_memory(void *opaque, uint8_t *out, int size) {
    i2v_memory_reader *reader = opaque;
    int64_t left = reader->size - reader->at;
    if (left <= 0) return AVERROR_EOF;
    int count = left < size ? (int)left : size;
    memcpy(out, reader->data + reader->at, (size_t)count);
    reader->at += count;
    return count;
}

static int64_t seek_memory(void *opaque, int64_t offset, int whence) {
    i2v_memory_reader *reader = opaque;
    if (whence == AVSEEK_SIZE && reader->tells_size) return reader->size;
    if (whence == AVSEEK_SIZE || (whence == SEEK_END && offset == -1)) return AVERROR(ENOSYS);
    int64_t base = whence == SEEK_CUR ? reader->at : whence == SEEK_END ? reader->size : 0;
    if (offset < -base || offset > reader->size - base) return AVERROR(EINVAL);
    return reader->at = base + offset;
}

static int refuse_open(AVFormatContext *context, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
    return AVERROR(EACCES);
}

/* The demuxer's name, NULL if the first bytes are of no such kind. */
static const char *demuxer_of(const i2v_encoded *source) {
    static const char *const boxes[] = {"ftyp", "moov", "mdat", "wide", "free", "skip"};
    if (source->size < 12) return NULL;
    if (memcmp(source->data, "GIF8", 4) == 0) return "gif";
    if (memcmp(source->data, "\x89PNG", 4) == 0) return "apng";
    if (memcmp(source->data, "\x1a\x45\xdf\xa3", 4) == 0) return "matroska";
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        if (memcmp(source->data + 4, boxes[i], 4) == 0) return "mov";
    }
    return NULL;
}

/* libavformat has one demuxer for two kinds; the brand of the one and the DocType of the other are at the front. */
const char *i2v_demux_container(const i2v_encoded *source) {
    static const char doctype[] = "\x42\x82\x84webm";
    if (strcmp(demuxer_of(source), "mov") == 0) {
        return memcmp(source->data + 4, "ftyp", 4) == 0 && memcmp(source->data + 8, "qt  ", 4) != 0 ? "mp4" : "mov";
    }
    size_t front = source->size < 64 ? source->size : 64;
    return memmem(source->data, front, doctype, sizeof doctype - 1) ? "webm" : "mkv";
}

i2v_status i2v_demux_open(i2v_demuxed *video, const i2v_encoded *source, i2v_error *error) {
    *video = (i2v_demuxed){.reader = {.data = source->data, .size = (int64_t)source->size}};
    const char *demuxer = demuxer_of(source);
    const AVInputFormat *format = demuxer ? av_find_input_format(demuxer) : NULL;
    if (!format) return i2v_fail_unknown(source, "no picture or video of a kind known here", error);
    /* a known size makes libavformat print "Truncating packet" about a damaged file, through no context; the demuxer of
     * animated PNG prints nothing, and cannot do without */
    video->reader.tells_size = strcmp(demuxer, "apng") == 0;
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
    /* parsers have contexts of their own, which would print; newer demuxers of GIF cannot do without theirs */
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
    if (strcmp(demuxer, "gif") != 0) context->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    /* frees context if it fails */
    int code = avformat_open_input(&video->context, NULL, format, NULL);
    if (code >= 0) return I2V_OK;
    if (code == AVERROR(ENOMEM)) return i2v_fail_memory(error, source->name, 0);
    return i2v_fail(error, I2V_ERROR_FORMAT, "%s is truncated, damaged or no video", source->name);
}

const AVStream *i2v_demux_stream(const AVFormatContext *context) {
    for (unsigned i = 0; i < context->nb_streams; i++) {
        const AVStream *stream = context->streams[i];
        int is_cover = stream->disposition & AV_DISPOSITION_ATTACHED_PIC;
        if (stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_cover) return stream;
    }
    return NULL;
}

void i2v_demux_close(i2v_demuxed *video) {
    avformat_close_input(&video->context);
    if (video->pb) av_free(video->pb->buffer);
    avio_context_free(&video->pb);
}
