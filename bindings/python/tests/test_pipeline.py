import gc
import os
import shutil
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest

import img2vid
import standins
from conftest import SMALL
from img2vid import arrays

PIL_Image = pytest.importorskip("PIL.Image")


def reference_noise(generator, videos=1, pictures=1):
    """What mindone draws: the picture's noise, then the latents, in float64."""
    generator.standard_normal((pictures, 3, SMALL["height"], SMALL["width"]))
    return generator.standard_normal((pictures * videos, SMALL["num_frames"], 4, 3, 5)).astype(np.float32)


# ---- results ----


def test_frames_in_every_form(pipe, picture, generate):
    frames = generate()
    assert frames.shape == (1, 2, 24, 40, 3) and frames.dtype == np.float32
    assert 0 <= frames.min() < frames.max() <= 1
    output = pipe(picture, generator=7, **SMALL)
    assert output[0] is output.frames is output["frames"] and output.to_tuple() == (output.frames,)
    assert len(output.frames) == 1 and len(output[0][0]) == 2
    assert isinstance(output[0][0][0], PIL_Image.Image) and output[0][0][0].size == (40, 24)
    assert np.array_equal(np.stack([np.asarray(f) for f in output[0][0]]), (frames[0] * 255).round().astype(np.uint8))
    plain = pipe(picture, generator=7, return_dict=False, **SMALL)
    assert isinstance(plain, list) and len(plain[0]) == 2


def test_latents_are_what_the_frames_are_decoded_from(pipe, generate):
    latents = generate(output_type="latent", num_videos_per_prompt=2)
    assert latents.shape == (2, 2, 4, 3, 5)
    frames = pipe.decode(latents, output_type="np")
    assert np.array_equal(frames, generate(num_videos_per_prompt=2))
    with pytest.raises(ValueError, match="it must be"):
        pipe.decode(latents[0])


def test_a_model_has_a_size_of_its_own(pipe, picture):
    frames = pipe(picture, num_frames=1, num_inference_steps=1, output_type="np").frames
    assert frames.shape == (1, 1, pipe._engine.height, pipe._engine.width, 3)


def test_a_given_picture_may_be_of_any_kind(generate, picture, tmp_path):
    image = PIL_Image.fromarray(picture)
    image.save(tmp_path / "picture.png")
    wanted = generate()
    for same in (image, image.convert("RGBA"), tmp_path / "picture.png", str(tmp_path / "picture.png"),
                 picture.astype(np.float32) / 255, np.dstack([picture, picture[:, :, 0]]), picture[None], [image]):
        assert np.array_equal(generate(same), wanted)


def test_a_picture_of_another_size_is_resized_like_pillow(generate):
    image = PIL_Image.fromarray(np.random.default_rng(1).integers(0, 256, (37, 91, 3), dtype=np.uint8))
    resized = generate(image.resize((40, 24)))
    assert np.array_equal(generate(image, fit="stretch"), resized)
    as_diffusers = generate(image)
    for fit in ("crop", "stretch"):
        assert not np.array_equal(generate(image, fit=fit), as_diffusers)
    assert np.array_equal(generate(image, fit="diffusers"), as_diffusers)


def test_tensors_are_neither_resized_nor_rounded(generate, picture):
    as_tensor = lambda array: np.moveaxis(array, -1, -3).view(standins.Tensor)
    floats = picture / np.float32(255)
    assert np.array_equal(generate(as_tensor(floats[None])), generate())
    between = np.clip(floats + np.float32(0.4 / 255), 0, 1)  # rounded, it would be the same picture
    assert not np.array_equal(generate(as_tensor(between)), generate())
    for wrong in (as_tensor(floats + 1), as_tensor(floats * np.nan)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            generate(wrong)


def test_a_tensor_is_seen_as_by_diffusers(generate):
    """By the image encoder as it is, by the VAE enlarged to the nearest pixel."""
    square = np.random.default_rng(3).random((1, 3, 224, 224), dtype=np.float32).view(standins.Tensor)
    rows, columns = np.arange(24) * 224 // 24, np.arange(40) * 224 // 40
    clip, vae = arrays.seen(np.moveaxis(square[0], 0, -1), (24, 40))
    assert np.array_equal(clip, square[0]) and np.array_equal(vae, square[0][:, rows][:, :, columns])
    frames = generate(square)
    assert np.array_equal(generate([square[0], square[0]])[0].shape, frames[0].shape)
    assert not np.array_equal(frames, generate(square, fit="stretch"))
    with pytest.raises(ValueError, match="tensor is 64 x 32 and the video 40 x 24"):
        generate(np.zeros((1, 3, 32, 64), np.float32).view(standins.Tensor))
    assert generate(np.zeros((1, 3, 32, 64), np.float32).view(standins.Tensor), fit="crop").shape == (1, 2, 24, 40, 3)


def test_frames_of_a_tensor_are_those_of_diffusers(model, generate):
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    theirs = diffusers.StableVideoDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
    image = torch.rand((2, 3, 224, 224), generator=torch.manual_seed(1))
    for size in (dict(width=40, height=24), dict(width=232, height=216)):
        arguments = {**SMALL, "num_inference_steps": 1, "output_type": "np", **size}
        wanted = theirs(image, generator=torch.manual_seed(2), **arguments).frames
        assert np.abs(generate(image, generator=torch.manual_seed(2), **arguments) - wanted).max() < 1e-4


def test_several_pictures_are_several_calls(generate, picture):
    """diffusers pairs the embedding of one picture with the latents of another where each has several videos."""
    pictures = [picture, picture[::-1].copy()]
    latents = np.random.default_rng(5).standard_normal((4, 2, 4, 3, 5))
    together = generate(pictures, latents=latents, num_videos_per_prompt=2, noise_aug_strength=0)
    for index, each in enumerate(pictures):
        alone = generate(each, latents=latents[2 * index:2 * index + 2], num_videos_per_prompt=2, noise_aug_strength=0)
        assert np.array_equal(together[2 * index:2 * index + 2], alone)


# ---- random numbers ----


def test_a_seed_is_numpys_generator(generate):
    assert np.array_equal(generate(generator=42), generate(generator=np.random.Generator(np.random.PCG64(42))))
    assert not np.array_equal(generate(generator=42), generate(generator=43))
    assert not np.array_equal(generate(generator=42), generate(generator=42, rng="torch"))
    assert not np.array_equal(generate(generator=None), generate(generator=None))


@pytest.mark.parametrize("videos", (1, 3))
def test_numpys_generator_is_left_as_mindone_leaves_it(generate, videos):
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    frames = generate(generator=ours, num_videos_per_prompt=videos)
    latents = reference_noise(theirs, videos)
    assert np.array_equal(ours.standard_normal(5), theirs.standard_normal(5))
    again = generate(generator=np.random.default_rng(3), latents=latents, num_videos_per_prompt=videos)
    assert np.array_equal(frames, again)


def test_latents_spare_the_second_draw(generate):
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    generate(generator=ours, latents=np.ones((1, 2, 4, 3, 5)))
    theirs.standard_normal((1, 3, 24, 40))
    assert ours.standard_normal() == theirs.standard_normal()
    with pytest.raises(ValueError, match=r"latents has shape \[1, 2, 4, 3, 4\]; it must be \[1, 2, 4, 3, 5\]"):
        generate(latents=np.ones((1, 2, 4, 3, 4)))


def test_pictures_in_a_list_share_two_draws(generate, picture):
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    frames = generate([picture, picture[::-1].copy()], generator=ours)
    latents = reference_noise(theirs, pictures=2)
    assert frames.shape == (2, 2, 24, 40, 3)
    assert ours.standard_normal() == theirs.standard_normal()
    # the first picture's noise is the first half of the first draw
    assert np.array_equal(frames[:1], generate(generator=np.random.default_rng(3), latents=latents[:1]))
    assert np.array_equal(frames, generate([picture, picture[::-1].copy()],
                                           generator=np.random.Generator(np.random.PCG64(3))))
    seeded = generate([picture, picture[::-1].copy()], generator=3)
    assert np.array_equal(frames, seeded)


def test_a_generator_for_each_video(generate):
    make = lambda: [np.random.default_rng(3), np.random.default_rng(4)]
    ours, theirs = make(), make()
    frames = generate(generator=ours, num_videos_per_prompt=2)
    theirs[0].standard_normal((1, 3, 24, 40))
    latents = [each.standard_normal((1, 2, 4, 3, 5)) for each in theirs]
    assert [g.standard_normal() for g in ours] == [g.standard_normal() for g in theirs]
    assert np.array_equal(frames, generate(generator=make()[0], latents=np.concatenate(latents),
                                           num_videos_per_prompt=2))
    ours, theirs = make(), make()
    assert generate([np.zeros((24, 40, 3), np.uint8)] * 2, generator=ours).shape == (2, 2, 24, 40, 3)
    for each in theirs:
        each.standard_normal(3 * 24 * 40 + 2 * 4 * 3 * 5)
    assert [g.standard_normal() for g in ours] == [g.standard_normal() for g in theirs]
    with pytest.raises(ValueError, match="2 generators for 1 videos"):
        generate(generator=make())


def test_torchs_generator_is_left_as_diffusers_leaves_it(generate):
    torch = pytest.importorskip("torch")
    ours, theirs = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    frames = generate(generator=ours)
    torch.randn((1, 3, 24, 40), generator=theirs)
    latents = torch.randn((1, 2, 4, 3, 5), generator=theirs)
    assert torch.equal(torch.randn(3, generator=ours), torch.randn(3, generator=theirs))
    assert np.array_equal(frames, generate(generator=torch.Generator().manual_seed(3), latents=latents))
    assert np.abs(frames - generate(generator=3, rng="torch")).max() < 1e-4


def test_what_is_no_generator(generate):
    for wrong, error in (("7", TypeError), (-1, ValueError), (2**64, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match="generator"):
            generate(generator=wrong)


# ---- callbacks ----


def test_callback_sees_every_step(pipe, generate):
    steps, last = [], []

    def callback(caller, step, timestep, tensors):
        assert caller is pipe and threading.current_thread() is threading.main_thread()
        assert tensors["latents"].shape == (1, 2, 4, 3, 5)
        steps.append((step, timestep))
        last[:] = [tensors["latents"]]

    frames = generate(callback_on_step_end=callback)
    assert [step for step, _ in steps] == [0, 1] and steps[0][1] > steps[1][1]
    # 0.25 ln sigma, of this model's first sigma
    assert np.isclose(np.exp(4 * steps[0][1]), 700, rtol=1e-3)
    assert np.array_equal(np.stack(last), generate(output_type="latent")[None])
    assert np.array_equal(frames, generate())


def test_callback_changes_latents(generate):
    def replace(_, step, __, tensors):
        return {"latents": tensors["latents"] * (0.5 if step == 1 else 1)}

    def in_place(_, step, __, tensors):
        tensors["latents"] *= 0.5 if step == 1 else 1

    plain = generate(output_type="latent")
    for callback in (replace, in_place):
        assert np.array_equal(generate(output_type="latent", callback_on_step_end=callback), plain * np.float32(0.5))
    with pytest.raises(ValueError, match="the callback's latents has shape"):
        generate(callback_on_step_end=lambda *_: {"latents": np.zeros(3)})
    with pytest.raises(ValueError, match="there is only 'latents'"):
        generate(callback_on_step_end_tensor_inputs=["latents", "image_embeddings"])


@pytest.mark.parametrize("output_type", ["np", "latent"])
def test_nan_of_a_callback_ends_the_call(generate, output_type):
    def in_place(_, step, __, tensors):
        if step == 1:
            tensors["latents"][..., -1] = np.nan

    with pytest.raises(img2vid.ParameterError, match="latents after the callback of step 2 of 2"):
        generate(output_type=output_type, callback_on_step_end=in_place)
    with pytest.raises(img2vid.ParameterError, match="latents after the callback of step 1 of 2"):
        generate(callback_on_step_end=lambda _, __, ___, tensors: {"latents": tensors["latents"] * np.inf})
    assert np.isfinite(generate()).all()


def test_previews_of_all_frames(pipe, generate, picture):
    seen, order = [], []

    def preview(caller, step, timestep, frames):
        assert caller is pipe and threading.current_thread() is threading.main_thread()
        assert frames.dtype == np.uint8 and frames.shape == (2, 3, 5, 3)
        seen.append((step, timestep, frames))
        order.append("preview")

    plain = generate()
    frames = generate(callback_on_preview=preview, callback_on_step_end=lambda *_: order.append("step"))
    assert np.array_equal(frames, plain)
    assert [step for step, _, _ in seen] == [0, 1] and np.isclose(np.exp(4 * seen[0][1]), 700, rtol=1e-3)
    assert order == ["preview", "step"] * 2
    kept = seen[0][2].copy()
    seen.clear()
    generate(callback_on_preview=preview, preview_every=2, num_inference_steps=5, num_videos_per_prompt=2)
    assert [step for step, _, _ in seen] == [1, 3, 4] * 2
    seen.clear()
    generate(callback_on_preview=preview)
    assert np.array_equal(seen[0][2], kept) and not np.array_equal(seen[0][2], seen[1][2])
    with pytest.raises(ZeroDivisionError):
        generate(callback_on_preview=lambda *_: 1 / 0)
    with pytest.raises(ValueError, match="preview_every needs callback_on_preview"):
        generate(preview_every=1)
    with pytest.raises(img2vid.ParameterError, match="preview_every is -1"):
        generate(preview_every=-1, callback_on_preview=preview)


def as_torch(monkeypatch):
    """PyTorch, or a module that stands for what is used of it."""
    try:
        import torch
    except ImportError:
        torch = standins.torch()
        monkeypatch.setitem(sys.modules, "torch", torch)
    return torch


def test_callbacks_get_what_the_caller_works_in(generate, picture, monkeypatch):
    torch, seen, image = as_torch(monkeypatch), [], PIL_Image.fromarray(picture)

    def in_place(_, __, timestep, tensors):
        seen.append((type(timestep), type(tensors["latents"])))
        tensors["latents"] *= 0.5

    def clone(_, __, ___, tensors):
        return {"latents": tensors["latents"].clone() * 0.5}

    wanted = generate(generator=np.random.default_rng(7), callback_on_step_end=in_place)
    assert set(seen) == {(float, np.ndarray)}
    latents = torch.from_numpy(np.ones((1, 2, 4, 3, 5), np.float32))
    for arguments in ({}, dict(generator=7), dict(latents=latents, generator=5)):
        seen.clear()
        halved = generate(image, callback_on_step_end=in_place, **arguments)
        assert all(issubclass(kind, torch.Tensor) for kinds in seen for kind in kinds) and len(seen) == 2
        assert np.array_equal(generate(image, callback_on_step_end=clone, **arguments), halved)
    # of either kind may come back, and a dict without latents
    assert np.array_equal(wanted, generate(generator=np.random.default_rng(7), callback_on_step_end=lambda *a: {
        "latents": torch.from_numpy(a[3]["latents"] * np.float32(0.5))}))
    assert np.array_equal(generate(callback_on_step_end=lambda *_: {}), generate())
    assert isinstance(generate(image, output_type="latent"), torch.Tensor)
    assert type(generate(image, output_type="latent", generator=np.random.default_rng(7))) is np.ndarray


def test_a_callback_interrupts_the_call(pipe, generate):
    steps, latents = [], []

    def interrupt(caller, step, _, tensors):
        steps.append(step)
        latents.append(np.array(tensors["latents"]))
        if step == 1:
            caller._interrupt = True

    frames = generate(num_inference_steps=4, callback_on_step_end=interrupt)
    assert steps == [0, 1] and pipe.interrupt and np.array_equal(frames, pipe.decode(latents[1], output_type="np"))
    assert np.array_equal(generate(num_inference_steps=4, callback_on_step_end=interrupt, output_type="latent"), latents[1])
    steps.clear()
    assert generate(num_videos_per_prompt=3, num_inference_steps=3, callback_on_step_end=interrupt).shape[0] == 1
    latents.clear()

    def in_the_second(caller, step, _, tensors):
        latents.append(np.array(tensors["latents"]))
        caller._interrupt = len(latents) == 3

    for image in (np.zeros((2, 24, 40, 3), np.uint8), np.zeros((24, 40, 3), np.uint8)):
        latents.clear()
        frames = generate(image, num_videos_per_prompt=3 - image.ndim // 2, callback_on_step_end=in_the_second)
        wanted = pipe.decode(np.concatenate([latents[1], latents[2]]), output_type="np")
        assert len(latents) == 3 and np.array_equal(frames, wanted)
    with pytest.raises(RuntimeError, match="extend cannot be interrupted"):
        generate(extend=1, callback_on_step_end=interrupt)
    frames = generate()
    assert not pipe.interrupt and len(frames) == 1


def test_what_a_call_was_made_with(pipe, generate):
    generate(num_inference_steps=3, min_guidance_scale=1, max_guidance_scale=2, num_videos_per_prompt=2)
    assert pipe.num_timesteps == 3 and pipe.do_classifier_free_guidance
    assert np.allclose(np.array(pipe.guidance_scale)[:, :, 0, 0, 0], [[1, 2], [1, 2]])
    generate(sigmas=[700, 1, 0], max_guidance_scale=1)
    assert pipe.num_timesteps == 2 and not pipe.do_classifier_free_guidance


def test_exceptions_end_the_call_and_arrive(generate):
    class Own(Exception):
        pass

    def fail(_, step, __, ___):
        raise Own(step)

    class Broken:
        def standard_normal(self, count):
            raise Own("no numbers")

    with pytest.raises(Own) as caught:
        generate(callback_on_step_end=fail)
    assert caught.value.args == (0,)
    with pytest.raises(Own):
        generate(generator=Broken())
    assert np.array_equal(generate(), generate())  # nothing of it is left


# Early ones come while the call's own thread begins.
@pytest.mark.parametrize("delays", [[1.5], [0.0003 * i for i in range(30)]], ids=["in_a_step", "early"])
def test_ctrl_c(delays, repository, tmp_path):
    program = tmp_path / "interrupted.py"
    program.write_text(f"""
import numpy as np, os, signal, sys, threading, img2vid
signal.signal(signal.SIGINT, signal.default_int_handler)  # what started the tests may ignore it
pipe = img2vid.StableVideoDiffusionPipeline.from_pretrained({str(repository / "models" / "small")!r})
pipe.set_progress_bar_config(disable=True)
picture = np.zeros((256, 448, 3), np.uint8)
for delay in {delays!r}:
    try:
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()
        pipe(picture, num_frames=50, num_inference_steps=500, output_type="np", width=448, height=256)
    except KeyboardInterrupt:
        small = pipe(picture, num_frames=1, num_inference_steps=1, width=64, height=64, output_type="np").frames
print("interrupted", small.shape)
""")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run([sys.executable, str(program)], env=environment, timeout=60, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted (1, 1, 64, 64, 3)\n", "")


def test_a_call_within_a_call_is_refused(pipe, generate):
    with pytest.raises(RuntimeError, match="the model is at work"):
        generate(callback_on_step_end=lambda *_: generate())
    with pytest.raises(RuntimeError, match="the model is at work"):
        generate(callback_on_step_end=lambda *_: pipe.close())


# ---- errors, opening, closing ----


def test_errors_have_a_kind_and_the_librarys_sentence(generate, tmp_path):
    with pytest.raises(img2vid.ParameterError, match="width is 41; it must be a multiple of 8"):
        generate(width=41)
    with pytest.raises(img2vid.FileError, match="nothing.png"):
        generate(tmp_path / "nothing.png")
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(img2vid.FormatError):
        generate(tmp_path / "no.png")
    with pytest.raises(img2vid.Img2VidError):
        img2vid.StableVideoDiffusionPipeline.from_pretrained(tmp_path)
    assert issubclass(img2vid.ParameterError, ValueError) and issubclass(img2vid.FileError, OSError)


def test_settings_are_checked(generate, model):
    for arguments, error in ((dict(nonsense=1), TypeError), (dict(fit="squash"), ValueError),
                             (dict(width=2**32 + 40), ValueError), (dict(num_frames="two"), TypeError),
                             (dict(fps=7.5), TypeError), (dict(output_type="gif"), ValueError),
                             (dict(sigmas=[1.0]), img2vid.ParameterError), (dict(seed=1), TypeError)):
        with pytest.raises(error):
            generate(**arguments)
    for picture in (np.zeros((3, 3, 2)), np.full((4, 4, 3), np.nan), np.full((4, 4, 3), 255.0), np.zeros((0, 4, 3)),
                    [], np.zeros((4, 4, 3), int)):
        with pytest.raises((ValueError, TypeError)):
            generate(picture)
    with pytest.raises(TypeError, match="unknown argument 'speed'"):
        img2vid.StableVideoDiffusionPipeline.from_pretrained(model, speed=3)


def test_settings_reach_the_library(generate, model, picture):
    wanted = generate(num_inference_steps=3)
    sigmas = [700.0, 20.0, 1.0, 0.0]
    assert np.array_equal(generate(sigmas=sigmas), generate(sigmas=sigmas, num_inference_steps=99))
    changed = dict(min_guidance_scale=1.5, max_guidance_scale=4.0, fps=12, motion_bucket_id=200,
                   noise_aug_strength=0.3, decode_chunk_size=1, sigmas=sigmas)
    for name, value in changed.items():
        assert not np.array_equal(generate(num_inference_steps=3, **{name: value}), wanted), name
    with pytest.raises(img2vid.ParameterError, match="forward_chunk_size is -1; it must be at least 0"):
        generate(forward_chunk_size=-1)


def test_enums_are_given_by_name(generate):
    wanted = generate(num_inference_steps=3)
    for setting in (dict(scheduler="animatelcm"), dict(sigma_schedule="ays"), dict(guidance_shape="triangle")):
        assert not np.array_equal(generate(num_inference_steps=3, **setting), wanted)
    assert np.array_equal(generate(num_inference_steps=3, scheduler="euler"), wanted)
    ours, seeded = np.random.default_rng(3), np.random.default_rng(3)
    lcm = dict(scheduler="animatelcm", num_inference_steps=3, num_videos_per_prompt=2)
    frames = generate([np.zeros((24, 40, 3), np.uint8)] * 2, generator=ours, **lcm)
    seeded.standard_normal(2 * 3 * 24 * 40 + 4 * 120 * (1 + lcm["num_inference_steps"]))
    assert frames.shape[0] == 4 and ours.standard_normal() == seeded.standard_normal()


def test_deep_cache(generate):
    wanted = generate(num_inference_steps=4)
    cached = generate(num_inference_steps=4, cache_interval=2)
    assert not np.array_equal(cached, wanted)
    assert not np.array_equal(generate(num_inference_steps=4, cache_interval=2, cache_branch=-1), cached)
    assert np.array_equal(generate(num_inference_steps=4, cache_interval=1, cache_branch=1), wanted)
    with pytest.raises(img2vid.ParameterError, match="cache_branch is 99; the UNet has 4 skip branches, -1 to 2"):
        generate(cache_interval=2, cache_branch=99)


def test_presets(generate):
    sgm = img2vid.preset("sgm")
    assert sgm["scheduler"] == "euler" and sgm["max_guidance_scale"] == 2.5 and sgm["num_inference_steps"] == 25
    assert img2vid.preset("animatelcm")["scheduler"] == "animatelcm"
    assert "fit" not in sgm and "rng" not in sgm and sgm["noise_aug"] == "diffusers"
    comfyui = img2vid.preset("comfyui")
    assert comfyui["fit"] == comfyui["noise_aug"] == "comfyui" and comfyui["rng"] == "torch"
    generate(**{**comfyui, "num_inference_steps": 2})
    with pytest.raises(img2vid.ParameterError, match="nobody"):
        img2vid.preset("nobody")


@pytest.mark.parametrize("scheduler, steps", [("euler", 0), ("animatelcm", 2)])
def test_comfyui_draws_the_pictures_noise_last(generate, scheduler, steps):
    """For all videos of a picture once, and not at level 0."""
    settings = dict(img2vid.preset("comfyui"), scheduler=scheduler, num_inference_steps=2, num_videos_per_prompt=2)
    for level, pixels in ((0, 0), (0.1, 3 * 24 * 40)):
        ours, seeded = np.random.default_rng(3), np.random.default_rng(3)
        frames = generate([np.zeros((24, 40, 3), np.uint8)] * 2, generator=ours,
                          **dict(settings, noise_aug_strength=level))
        seeded.standard_normal(4 * 120 * (1 + steps) + 2 * pixels)
        assert frames.shape[0] == 4 and ours.standard_normal() == seeded.standard_normal()


def test_parts_from_elsewhere(model, picture, generate):
    with img2vid.StableVideoDiffusionPipeline.from_pretrained(model, unet=model / "unet", threads=1) as pipe:
        assert np.array_equal(pipe(picture, generator=7, output_type="np", **SMALL).frames, generate())
    with pytest.raises(img2vid.Img2VidError, match="elsewhere"):
        img2vid.StableVideoDiffusionPipeline.from_pretrained(model, unet="elsewhere")


def test_loras_and_parts_that_stay(repository, model, picture, generate, tmp_path):
    with img2vid.StableVideoDiffusionPipeline.from_pretrained(model, keep_loaded=True) as pipe:
        for _ in range(2):
            assert np.array_equal(pipe(picture, generator=7, output_type="np", **SMALL).frames, generate())
        pipe.unload()
        assert np.array_equal(pipe(picture, generator=7, output_type="np", **SMALL).frames, generate())
    for loras in ("missing.safetensors", ["missing.safetensors"], [("missing.safetensors", 0.5)]):
        with pytest.raises(img2vid.Img2VidError, match="missing.safetensors"):
            img2vid.StableVideoDiffusionPipeline.from_pretrained(model, loras=loras)


def test_a_lora_away_from_its_configuration(repository, model, picture, tmp_path):
    layers = repository / "tests" / "data" / "lora" / "layers"
    away = tmp_path / "away.safetensors"
    shutil.copy(layers / "adapter_model.safetensors", away)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with img2vid.StableVideoDiffusionPipeline.from_pretrained(model, loras=[(layers, 0.5)]) as pipe:
            wanted = pipe(picture, generator=7, output_type="np", **SMALL).frames
    with pytest.warns(UserWarning, match=r"away\.safetensors: nothing says its alpha") as caught:
        # rank 4, alpha 6
        with img2vid.StableVideoDiffusionPipeline.from_pretrained(model, loras=[(away, 0.5 * 6 / 4)]) as pipe:
            assert np.array_equal(pipe(picture, generator=7, output_type="np", **SMALL).frames, wanted)
    assert len(caught) == 1 and caught[0].filename == __file__


def test_clips_that_go_on(generate):
    frames = generate(extend=2)
    assert frames.shape == (1, 4, 24, 40, 3) and np.array_equal(frames[:, :2], generate())
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    generate(extend=2, generator=ours)
    theirs.standard_normal(3 * (3 * 24 * 40 + 2 * 4 * 3 * 5))
    assert ours.standard_normal() == theirs.standard_normal()
    with pytest.raises(ValueError, match="extend"):
        generate(extend=1, output_type="latent")


def test_a_model_of_the_hubs_cache(model, picture, generate, tmp_path):
    repository = tmp_path / "models--org--name"
    shutil.copytree(model, repository / "snapshots" / ("0" * 40))
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    open_model = img2vid.StableVideoDiffusionPipeline.from_pretrained
    with open_model("org/name", cache_dir=tmp_path, local_files_only=True) as pipe:
        assert np.array_equal(pipe(picture, generator=7, output_type="np", **SMALL).frames, generate())
    with pytest.raises(img2vid.Img2VidError, match="org/other"):
        open_model("org/other", cache_dir=tmp_path, local_files_only=True)


def test_dtypes_of_other_libraries(model, picture):
    open_model = img2vid.StableVideoDiffusionPipeline.from_pretrained
    frames = {}
    for name, dtype in dict(none=None, text="float16", numpy=np.float16, bf16="bfloat16", f32=np.float32,
                            int8="int8", numpy_int8=np.int8).items():
        with open_model(model, dtype=dtype) as pipe:
            frames[name] = pipe(picture, generator=7, output_type="np", **SMALL).frames
    assert np.array_equal(frames["none"], frames["text"]) and np.array_equal(frames["none"], frames["numpy"])
    assert np.array_equal(frames["none"], frames["f32"]) and not np.array_equal(frames["none"], frames["bf16"])
    assert np.array_equal(frames["int8"], frames["numpy_int8"]) and not np.array_equal(frames["none"], frames["int8"])
    assert np.abs(frames["int8"] - frames["none"]).max() < 0.05
    for wrong in ("int4", np.int32, 7):
        with pytest.raises(ValueError, match="dtype is"):
            open_model(model, torch_dtype=wrong)


def test_closing(model, picture):
    pipe = img2vid.StableVideoDiffusionPipeline.from_pretrained(model)
    pipe.close()
    pipe.close()
    with pytest.raises(ValueError, match="the model is closed"):
        pipe(picture)
    dropped = img2vid.StableVideoDiffusionPipeline.from_pretrained(model)
    dropped(picture, generator=np.random.default_rng(1), callback_on_step_end=lambda *_: None, output_type="np", **SMALL)
    finalizer, gone = dropped._engine._closing, weakref.ref(dropped)
    del dropped
    gc.collect()
    assert gone() is None and not finalizer.alive


def test_what_programs_for_gpus_call(pipe):
    assert pipe.to("cuda") is pipe
    assert pipe.enable_model_cpu_offload() is None
    assert pipe.unet.enable_forward_chunking() is None
