import os
import time

import numpy as np
import pytest

import img2vid


class Ended(Exception):
    pass


def end_after(steps):
    """A callback that lets so many steps pass, counted over all videos and pictures."""
    seen = []

    def callback(pipe, step, timestep, tensors):
        seen.append(step)
        if len(seen) > steps:
            raise Ended
        return {}
    return callback, seen


@pytest.fixture
def state(tmp_path):
    return tmp_path / "run.checkpoint"


@pytest.mark.parametrize("arguments", [{}, {"num_videos_per_prompt": 2}, {"extend": 1}, {"output_type": "latent"}])
def test_a_call_goes_on(generate, state, arguments):
    wanted = generate(**arguments)
    callback, _ = end_after(1)
    with pytest.raises(Ended):
        generate(checkpoint=state, callback_on_step_end=callback, **arguments)
    assert state.exists()
    callback, seen = end_after(100)
    assert np.array_equal(generate(resume_from=state, callback_on_step_end=callback, **arguments), wanted)
    assert seen[0] == 1
    assert not state.exists() and not list(state.parent.iterdir())


def test_a_generator_is_where_it_was(generate, state):
    def fresh():
        return np.random.default_rng(3)
    wanted = generate(generator=fresh())
    callback, _ = end_after(1)
    with pytest.raises(Ended):
        generate(generator=fresh(), checkpoint=state, callback_on_step_end=callback)
    with pytest.raises(img2vid.ParameterError, match="source of random numbers"):
        generate(generator=np.random.default_rng(4), resume_from=state)
    assert np.array_equal(generate(generator=fresh(), resume_from=state), wanted)


@pytest.mark.parametrize("passed", [1, 2, 3])
def test_of_several_pictures_what_is_finished_is_not_made_again(generate, picture, state, passed):
    pictures = [picture, 255 - picture]
    wanted = generate(image=pictures)
    callback, _ = end_after(passed)
    with pytest.raises(Ended):
        generate(image=pictures, checkpoint=str(state), callback_on_step_end=callback)
    callback, seen = end_after(100)
    assert np.array_equal(generate(image=pictures, resume_from=str(state), callback_on_step_end=callback), wanted)
    assert len(seen) == 4 - passed
    assert not list(state.parent.iterdir())


def test_a_state_may_stay(generate, state):
    wanted = generate(checkpoint=state, keep_checkpoint=True)
    callback, seen = end_after(0)
    assert np.array_equal(generate(resume_from=state, callback_on_step_end=callback, keep_checkpoint=True), wanted)
    assert not seen and state.exists()


def test_what_differs_is_named(generate, picture, state):
    generate(checkpoint=state, keep_checkpoint=True)
    with pytest.raises(img2vid.ParameterError, match="motion_bucket_id is 127 there and 9 here"):
        generate(resume_from=state, motion_bucket_id=9)
    with pytest.raises(img2vid.ParameterError, match="the image is another one"):
        generate(255 - picture, resume_from=state)
    with pytest.raises(img2vid.ParameterError, match="seed is 7 there and 8 here"):
        generate(generator=8, resume_from=state)


def test_a_damaged_state_is_told(generate, state):
    generate(checkpoint=state, keep_checkpoint=True)
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    state.write_bytes(content)
    with pytest.raises(img2vid.FormatError, match="is damaged"):
        generate(resume_from=state)
    state.unlink()
    with pytest.raises(img2vid.FileError, match="run.checkpoint"):
        generate(resume_from=state)


def test_a_state_that_cannot_be_written_is_a_warning(generate, state):
    wanted = generate()

    def callback(pipe, step, timestep, tensors):
        if step == 1:
            while not state.exists():  # it is being written
                time.sleep(0.01)
            os.unlink(state)
            os.mkdir(state)
        return {}
    with pytest.warns(UserWarning, match="goes on without a newer checkpoint"):
        frames = generate(checkpoint=state, keep_checkpoint=True, callback_on_step_end=callback)
    assert np.array_equal(frames, wanted)
