/* How far a call is. */
#include "pipeline/position.h"

int i2v_position_is_state(const i2v_position *position, const i2v_sizes *sizes) {
    int done = position->done, all = position->decodes ? sizes->num_frames : sizes->steps;
    int period = position->decodes ? sizes->decode_chunk_size : sizes->cache_interval;
    return done == all || period < 2 || done % period == 0;
}

int i2v_position_fits(const i2v_position *position, const i2v_sizes *sizes) {
    int done = position->done, all = position->decodes ? sizes->num_frames : sizes->steps;
    return position->clip >= 0 && position->clip < sizes->num_clips && position->video >= 0 &&
           position->video < sizes->num_videos && done >= 0 && done <= all && i2v_position_is_state(position, sizes);
}

int i2v_position_steps(const i2v_position *position, const i2v_sizes *sizes, int clip, int video) {
    if (clip != position->clip) return clip < position->clip ? sizes->steps : 0;
    int all_before = position->decodes && clip == 0; /* first clips are all denoised before one is decoded */
    if (all_before || video < position->video) return sizes->steps;
    if (video > position->video) return 0;
    return position->decodes ? sizes->steps : position->done;
}

int i2v_position_frames(const i2v_position *position, const i2v_sizes *sizes, int clip, int video) {
    if (clip != position->clip) return clip < position->clip ? sizes->num_frames : 0;
    int one_by_one = position->decodes || clip > 0;
    if (video < position->video) return one_by_one ? sizes->num_frames : 0;
    return position->decodes && video == position->video ? position->done : 0;
}

int i2v_position_is_past(const i2v_position *position, const i2v_sizes *sizes, int clip, int video) {
    return i2v_position_steps(position, sizes, clip, video) == sizes->steps &&
           (sizes->latents_only || i2v_position_frames(position, sizes, clip, video) == sizes->num_frames);
}

int i2v_position_is_end(const i2v_position *position, const i2v_sizes *sizes) {
    return i2v_position_is_past(position, sizes, sizes->num_clips - 1, sizes->num_videos - 1);
}

int i2v_position_video_clips(const i2v_position *position, const i2v_sizes *sizes, int video) {
    return position->clip + (i2v_position_steps(position, sizes, position->clip, video) > 0);
}

int i2v_position_video_frames(const i2v_position *position, const i2v_sizes *sizes, int video) {
    int clip = position->clip, frames = i2v_position_frames(position, sizes, clip, video);
    int before = clip * (sizes->num_frames - 1); /* of neighbouring clips, one frame is both's */
    if (frames > 0) return before + frames;
    return clip > 0 ? before + 1 : 0;
}
