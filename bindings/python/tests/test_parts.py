"""Parts of a pipeline: assigned, given to from_pretrained, asked for, and refused."""

import copy
import functools
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import img2vid
import standins
from conftest import SMALL
from img2vid import StableVideoDiffusionPipeline as Pipeline
from img2vid import hub
from img2vid.origin import config_of_engine

PARTS = tuple(standins.KINDS)


@pytest.mark.parametrize("part", PARTS)
def test_a_module_is_taken(own, model, frames, generate, part):
    same = standins.KINDS[part](model / part)
    other = standins.KINDS[part](model / part, 1.25)
    setattr(own, part, same)
    assert getattr(own, part) is same and own.components[part] is same
    assert np.array_equal(frames(own), generate())
    setattr(own, part, other)
    changed = frames(own)
    assert not np.allclose(changed, generate(), atol=1e-3)
    with Pipeline.from_pretrained(model, **{part: other}) as pipe:
        assert getattr(pipe, part) is other and np.array_equal(frames(pipe), changed)


def test_a_module_may_be_wrapped(own, model, frames):
    module = standins.UNetSpatioTemporalConditionModel(model / "unet", 1.25)
    own.unet = module
    wanted = frames(own)
    for wrapped in (standins.Wrapper(module, "_orig_mod"), standins.Wrapper(module, "module"),
                    standins.Wrapper(standins.Wrapper(module, "module"), "_orig_mod")):
        with Pipeline.from_pretrained(model, unet=wrapped) as pipe:
            assert pipe.unet is wrapped and np.array_equal(frames(pipe), wanted)


def test_a_module_may_be_trained_on(own, model, frames, generate):
    module = standins.UNetSpatioTemporalConditionModel(model / "unet")
    name = max(module.state, key=lambda each: module.state[each].size)
    own.unet = module
    assert np.array_equal(frames(own), generate())
    module.state[name] *= 1.5  # in place
    changed = frames(own)
    assert not np.array_equal(changed, generate())
    module.state[name] = module.state[name] * 1.5  # another array
    assert not np.array_equal(frames(own), changed)
    assert module.state[name].dtype == np.float16
    module.state = {key: values.astype(np.float32) for key, values in module.state.items()}
    again = frames(own)
    module.state[name] = module.state[name] / 2.25
    assert not np.array_equal(again, changed) and np.abs(frames(own) - generate()).max() < 0.05


def test_arrays_with_gaps_and_of_float64_are_taken(own, model, frames, generate):
    module = standins.UNetSpatioTemporalConditionModel(model / "unet")
    for name, values in module.state.items():
        module.state[name] = np.asfortranarray(values.astype(np.float64))
    own.unet = module
    assert np.array_equal(frames(own), generate())


def test_all_parts_may_be_modules(model, frames, generate):
    modules = {part: kind(model / part) for part, kind in standins.KINDS.items()}
    with Pipeline.from_pretrained(model, **modules) as pipe:
        assert np.array_equal(frames(pipe), generate())


def test_stand_ins_survive_being_compiled(own, frames, generate):
    """torch.compile gives a function that holds what it was given in its closure."""
    def compiled(thing):
        @functools.wraps(lambda: None)
        def wrapper(*arguments):
            return thing(*arguments)
        return wrapper

    own.unet = compiled(own.unet)
    own.vae.decode = compiled(own.vae.decode)
    own.unet.forward = compiled(own.unet.forward)
    assert isinstance(own.unet, img2vid.UNetSpatioTemporalConditionModel) and np.array_equal(frames(own), generate())
    with pytest.raises(NotImplementedError, match="the unet cannot be called by itself"):
        own.unet.forward()
    with pytest.raises(AttributeError, match="decode of the vae cannot be set"):
        own.vae.decode = lambda latents: latents
    torch = pytest.importorskip("torch")
    own.unet = torch.compile(own.unet, mode="reduce-overhead", fullgraph=True)
    own.vae = torch.compile(own.vae)
    own.vae.decode = torch.compile(own.vae.decode)
    assert np.array_equal(frames(own), generate())


def test_parts_of_other_pipelines_and_paths(own, model, repository, frames):
    with Pipeline.from_pretrained(model) as other:
        other.unet = standins.UNetSpatioTemporalConditionModel(model / "unet", 1.25)
        other.vae.load_state_dict({name: values * 1.25 for name, values in
                                   standins.AutoencoderKLTemporalDecoder(model / "vae").state.items()})
        wanted = frames(other)
        own.unet, own.vae = other.unet, other.vae
        assert own.vae is other.vae and np.array_equal(frames(own), wanted)
        with Pipeline.from_pipe(other) as again, Pipeline(**other.components) as once_more:
            assert np.array_equal(frames(again), wanted) and np.array_equal(frames(once_more), wanted)
    own.unet, own.vae = str(model / "unet"), model
    with Pipeline.from_pretrained(model, unet=img2vid.UNetSpatioTemporalConditionModel.from_pretrained(
            model, subfolder="unet", low_cpu_mem_usage=True)) as given:
        assert np.array_equal(frames(own), frames(given))
    with pytest.raises(TypeError, match="the unet of a pipeline, not its vae"):
        own.vae = own.unet
    with pytest.raises(FileNotFoundError):
        img2vid.AutoencoderKLTemporalDecoder.from_pretrained(model, subfolder="missing")


def test_pipelines_of_the_same_parts_share_weights(own, model, frames, generate):
    """from_pipe's pipeline is another user of the opened model, until one of the two has a part of its own."""
    with Pipeline.from_pipe(own) as again:
        assert again._engine is not own._engine and again._engine.model is own._engine.model
        with ThreadPoolExecutor(2) as pool:
            assert all(np.array_equal(each, generate()) for each in pool.map(frames, (own, again)))
        again.vae.load_state_dict(standins.Module(model / "vae", 1.25).state)
        assert again.vae is own.vae and again._engine.model is own._engine.model  # the part is of both
        assert np.array_equal(frames(again), frames(own))
        again.vae = model
        assert again._engine.model is not own._engine.model
        assert not np.array_equal(frames(again), frames(own))
    assert np.isfinite(frames(own)).all()


def test_weights_are_loaded_into_a_stand_in(own, model, frames, generate):
    state = standins.Module(model / "unet", 1.25).state
    missing, unexpected = own.unet.load_state_dict(state, strict=False)
    assert not missing and not unexpected
    own.vae = own.vae
    changed = frames(own)
    assert not np.array_equal(changed, generate())
    name = next(iter(state))
    with pytest.raises(img2vid.ModelError, match=name):
        own.unet.load_state_dict({key: values for key, values in state.items() if key != name}, strict=False)
    assert np.array_equal(frames(own), changed)
    unet = img2vid.UNetSpatioTemporalConditionModel.from_pretrained(model, subfolder="unet")
    unet.load_state_dict(state)
    with Pipeline.from_pretrained(model, unet=unet) as pipe:
        assert np.array_equal(frames(pipe), changed)


def test_what_cannot_be_taken(own, model, frames, generate):
    class Other:
        def state_dict(self):
            return {}

    class UNetSpatioTemporalConditionModel(standins.UNetSpatioTemporalConditionModel):
        pass

    class WithAForward(UNetSpatioTemporalConditionModel):
        def forward(self):
            pass

    quantized, custom, peft = (UNetSpatioTemporalConditionModel(model / "unet") for _ in range(3))
    name = next(iter(quantized.state))
    quantized.state[name] = quantized.state[name].astype(np.int8)
    custom.attn_processors["up.processor"] = Other()
    peft.state["down.lora_A.default.weight"] = peft.state[name]
    without_config = UNetSpatioTemporalConditionModel(model / "unet")
    without_config.config = None
    for wrong, text in ((3, "unet is a int"), (lambda: None, "unet is a function"), (Other(), "computes UNetSpatio"),
                        (WithAForward(model / "unet"), "a forward of its own"), (quantized, "int8"),
                        (custom, "attention by Other"), (peft, "LoRA layers of peft"), (without_config, "no config")):
        with pytest.raises(TypeError, match=text):
            own.unet = wrong
        with pytest.raises(TypeError, match=text):
            Pipeline.from_pretrained(model, unet=wrong)
    missing = UNetSpatioTemporalConditionModel(model / "unet")
    del missing.state[name]
    with pytest.raises(img2vid.ModelError, match=name):
        own.unet = missing
    with pytest.raises(TypeError, match="one part at least"):
        Pipeline(**{part: kind(model / part) for part, kind in standins.KINDS.items()}, scheduler=None)
    assert np.array_equal(frames(own), generate())  # all is as it was


def test_nothing_is_set_without_effect(own):
    for name in ("schedular", "unknown", "_guidance_scale", "video_processor", "components", "to", "__call__"):
        with pytest.raises(AttributeError, match=f"{name} cannot be set: .*What can be set: unet, vae, image_encoder"):
            setattr(own, name, 1)
    own.safety_checker = None
    with pytest.raises(AttributeError):
        own.safety_checker = object()
    for thing in (own.unet, own.scheduler):
        with pytest.raises(AttributeError, match="cannot be set"):
            thing.speed = 1
    with pytest.raises(TypeError, match="cannot be changed"):
        own.unet.config["num_frames"] = 3
    with pytest.raises(TypeError, match="cannot be changed"):
        own.scheduler.config.sigma_max = 3
    with pytest.raises(AttributeError, match="the unet of img2vid has no conv_in"):
        own.unet.conv_in
    with pytest.raises(RuntimeError, match="the model is at work"):
        own(np.zeros((24, 40, 3), np.uint8), callback_on_step_end=lambda *_: setattr(own, "unet", own.name_or_path), **SMALL)


def test_classes_derived_from_the_pipeline(model, frames, generate):
    class Mine(Pipeline):
        def __init__(self, vae, image_encoder, unet, scheduler, feature_extractor):
            super().__init__(vae=vae, image_encoder=image_encoder, unet=unet, scheduler=scheduler,
                             feature_extractor=feature_extractor)
            self.extra = 5

    class Plain(Pipeline):
        pass

    with Mine.from_pretrained(model) as mine:
        assert mine.extra == 5 and np.array_equal(frames(mine), generate())
        with pytest.raises(AttributeError):
            mine._guidance_scale = 0
    with Plain.from_pretrained(model) as plain, pytest.raises(AttributeError, match="extra cannot be set"):
        plain.extra = 5


def test_configurations(own, model):
    assert own.unet.config.num_frames == own.unet.config["num_frames"] == own._engine.num_frames
    assert dict(own.vae.config)["_class_name"] == "AutoencoderKLTemporalDecoder"
    assert own.image_encoder.config.model_type == "clip_vision_model"
    assert own.scheduler.config.prediction_type == "v_prediction" and len(dict(own.scheduler.config)) > 10
    assert own.config["_class_name"] == "StableVideoDiffusionPipeline" and own.name_or_path == str(model)
    assert list(own.feature_extractor.image_mean) == pytest.approx([0.48145466, 0.4578275, 0.40821073])
    with pytest.raises(AttributeError, match="no 'nothing'"):
        own.unet.config.nothing
    assert copy.deepcopy(own.unet.config) == own.unet.config and copy.deepcopy(own.vae) is own.vae
    assert set(own.components) == {"unet", "vae", "image_encoder", "scheduler", "feature_extractor"}
    assert own.device.type == "cpu" and str(own.dtype).endswith("float32") and str(own.unet.dtype) == str(own.dtype)


def test_another_scheduler(own, model, frames, generate):
    uniform = img2vid.EulerDiscreteScheduler.from_config(own.scheduler.config, use_karras_sigmas=False)
    own.scheduler = uniform
    assert own.scheduler is uniform
    assert np.array_equal(frames(own), generate(sigma_schedule="uniform"))
    own.scheduler = standins.EulerDiscreteScheduler(**{**own.scheduler.config, "use_exponential_sigmas": True})
    assert np.array_equal(frames(own), generate(sigma_schedule="exponential"))
    with Pipeline.from_pretrained(model, scheduler=uniform) as pipe:
        assert np.array_equal(frames(pipe), generate(sigma_schedule="uniform"))
    read = img2vid.EulerDiscreteScheduler.from_pretrained(model, subfolder="scheduler")
    own.scheduler = read
    assert read.config.use_karras_sigmas and np.array_equal(frames(own), generate())


@pytest.mark.parametrize("kind, changes, name", [
    ("DPMSolverMultistepScheduler", {}, "dpmpp_2m"),
    ("DPMSolverMultistepScheduler", dict(algorithm_type="sde-dpmsolver++"), "dpmpp_2m_sde"),
    ("EDMDPMSolverMultistepScheduler", dict(sigma_data=1.0), "dpmpp_2m"),
    ("UniPCMultistepScheduler", {}, "unipc"), ("HeunDiscreteScheduler", {}, "heun")])
def test_schedulers_of_other_classes(own, frames, generate, kind, changes, name):
    """Ours, and one of diffusers' by its name, which has what JSON has no number for."""
    ours = getattr(img2vid, kind).from_config(own.scheduler.config, **changes)
    own.scheduler = ours
    wanted = generate(scheduler=name, num_inference_steps=3)
    assert np.array_equal(frames(own, num_inference_steps=3), wanted)
    assert own.num_timesteps == (5 if name == "heun" else 3)
    own.scheduler = type(kind, (standins.EulerDiscreteScheduler,), {"__init__": lambda self, config: setattr(self, "config", config)})(
        {**ours.config, "lambda_min_clipped": -float("inf")})
    assert np.array_equal(frames(own, num_inference_steps=3), wanted)
    if kind.startswith("EDM"):
        with pytest.raises(img2vid.Img2VidError, match="sigma_data is 0.5"):
            own.scheduler = img2vid.EDMDPMSolverMultistepScheduler.from_config(own.scheduler.config, sigma_data=0.5)


def test_schedulers_that_are_not_computed(own, frames, generate):
    class DDIMScheduler(standins.Module):
        def __init__(self):
            self.config = {}

    class Mine(standins.EulerDiscreteScheduler):
        def step(self):
            pass

    class AnimateLCMSVDStochasticIterativeScheduler:
        config = dict(num_train_timesteps=40, sigma_min=0.002, sigma_max=700.0, sigma_data=1.0, s_noise=1.0, rho=7)

    config = dict(own.scheduler.config)
    for wrong, text in ((DDIMScheduler(), "DDIMScheduler, which img2vid does not compute"), (Mine(**config), "a step of its own"),
                        (3, "scheduler is of int")):
        with pytest.raises(TypeError, match=text):
            own.scheduler = wrong
    for change, text in ((dict(use_beta_sigmas=True), "use_beta_sigmas"), (dict(prediction_type="epsilon"), "prediction_type"),
                         (dict(final_sigmas_type="sigma_min"), "final_sigmas_type")):
        with pytest.raises(img2vid.Img2VidError, match=text):
            own.scheduler = img2vid.EulerDiscreteScheduler.from_config(config, **change)
    assert np.array_equal(frames(own), generate())
    own.scheduler = AnimateLCMSVDStochasticIterativeScheduler()
    assert np.array_equal(frames(own, num_inference_steps=3), generate(num_inference_steps=3, scheduler="animatelcm"))
    AnimateLCMSVDStochasticIterativeScheduler.config["rho"] = 5
    with pytest.raises(ValueError, match="rho=5 is not implemented"):
        own.scheduler = AnimateLCMSVDStochasticIterativeScheduler()


def test_feature_extractors(own, model):
    class CLIPImageProcessor:
        image_mean, image_std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]

    same = CLIPImageProcessor()
    own.feature_extractor = same
    assert own.feature_extractor is same
    same.image_mean = [0.5, 0.5, 0.5]
    for give in (lambda: setattr(own, "feature_extractor", same),
                 lambda: Pipeline.from_pretrained(model, feature_extractor=same)):
        with pytest.raises(ValueError, match="preprocessor_config.json"):
            give()
    with pytest.raises(TypeError, match="must be a CLIPImageProcessor"):
        own.feature_extractor = 3


def test_keywords_of_diffusers(model, frames, generate):
    without_meaning = dict(safety_checker=None, force_download=True, resume_download=None, proxies=None, disable_mmap=True,
                           quantization_config=None, low_cpu_mem_usage=True, device_map="balanced", use_safetensors=True,
                           output_loading_info=False, mirror=None, offload_folder=None, offload_state_dict=True,
                           use_onnx=None, custom_pipeline=None, custom_revision=None, trust_remote_code=False,
                           use_flashpack=False, load_connected_pipeline=False, max_memory={0: "10GB", "cpu": "30GB"},
                           requires_safety_checker=False, local_files_only=True, provider=None, variant=None, unet=None,
                           revision="main", token=None, feature_extractor=None, dtype={"default": "float16"})
    with Pipeline.from_pretrained(model, **without_meaning) as pipe:
        assert np.array_equal(frames(pipe), generate())
    for name in ("quantization_config", "custom_pipeline", "proxies", "use_onnx", "use_flashpack", "safety_checker",
                 "motion_adapter"):
        with pytest.raises(TypeError, match=f"{name} is not supported: "):
            Pipeline.from_pretrained(model, **{name: "something"})
    with pytest.raises(TypeError, match="unknown argument 'num_frames'"):
        Pipeline.from_pretrained(model, num_frames=2)
    with pytest.raises(NotImplementedError, match="copy"):
        pipe.save_pretrained("folder")


def test_what_programs_for_gpus_call(own, frames, generate):
    assert own.to("cuda") is own and own.to(dtype="float16") is own
    for name in ("enable_model_cpu_offload", "enable_sequential_cpu_offload", "enable_attention_slicing",
                 "disable_attention_slicing", "enable_xformers_memory_efficient_attention", "enable_vae_slicing",
                 "maybe_free_model_hooks", "fuse_qkv_projections"):
        assert getattr(own, name)() is None and "Accepted without effect" in getattr(own, name).__doc__
    unet, vae = own.unet, own.vae
    assert unet.to("cuda") is unet and unet.eval() is unet and unet.half() is unet and vae.requires_grad_(False) is vae
    for name in ("enable_forward_chunking", "enable_gradient_checkpointing", "set_default_attn_processor",
                 "enable_xformers_memory_efficient_attention", "compile", "compile_repeated_blocks"):
        assert getattr(unet, name)() is None
    unet.set_attn_processor(standins.AttnProcessor2_0())
    with pytest.raises(TypeError, match="attention by Wrapper"):
        unet.set_attn_processor({"down": standins.Wrapper(None, "module")})
    with pytest.raises(NotImplementedError, match="does not train"):
        unet.train()
    assert np.array_equal(frames(own), generate())


def test_from_single_file(own, model, frames, generate):
    with Pipeline.from_single_file(model, torch_dtype="float16", config=None) as pipe:
        assert np.array_equal(frames(pipe), generate())
    with pytest.raises(TypeError, match="original_config is not supported"):
        Pipeline.from_single_file(model, original_config="svd.yaml")
    assert hub.id_of_address("https://huggingface.co/org/name/blob/main/svd.safetensors") == \
        ("org/name/svd.safetensors", "main")
    assert hub.id_of_address("https://huggingface.co/org/name/resolve/v1/a/b.safetensors?download=true") == \
        ("org/name/a/b.safetensors", "v1")
    assert hub.id_of_address("org/name") == ("org/name", None)


def test_a_part_without_a_configuration(own):
    """Files of Stability AI have none."""
    config = config_of_engine("unet", own._engine)
    assert config.in_channels == 8 and config.out_channels == 4 and config.num_frames == own._engine.num_frames
    assert config_of_engine("vae", own._engine).scaling_factor == 0.18215
    part = img2vid.UNetSpatioTemporalConditionModel(path="nowhere.safetensors")
    with pytest.raises(AttributeError, match="without a config.json"):
        part.config
    part._owners.add(own)
    assert part.config == config


def test_the_bundled_model_has_a_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with Pipeline.from_pretrained("small") as pipe:
        assert pipe.name_or_path == img2vid.bundled_model()
    shutil.copytree(img2vid.bundled_model(), tmp_path / "small")
    with Pipeline.from_pretrained("small") as pipe:
        assert pipe.name_or_path == str(tmp_path / "small")


def test_a_program_may_go_to_another_folder(model, repository, tmp_path, frames, monkeypatch):
    monkeypatch.chdir(model)
    lora = repository / "tests" / "data" / "lora" / "convolutions.safetensors"
    shutil.copy(lora, tmp_path)
    with Pipeline.from_pretrained(".", vae="vae", loras=[("unet/../../../lora/convolutions.safetensors", 0.5)]) as pipe:
        wanted = frames(pipe)
        monkeypatch.chdir(tmp_path)
        pipe.load_lora_weights("convolutions.safetensors", adapter_name="a")
        pipe.set_adapters("a", 0)
        monkeypatch.chdir(model)
        assert np.array_equal(frames(pipe), wanted)
    with Pipeline.from_pretrained(model, loras=[(lora, 0.5)], use_auth_token=None, device="cuda") as same:
        assert np.abs(frames(same) - wanted).max() < 1e-6


def test_a_closed_pipeline_stays_closed(own, model, frames, generate):
    with Pipeline.from_pretrained(model) as other:
        own.unet = other.unet
        own.close()
        other.unet.load_state_dict(standins.Module(model / "unet").state)
        assert np.array_equal(frames(other), generate())
    with pytest.raises(ValueError, match="the model is closed"):
        own.unet = model


def test_parts_are_registered_by_name(own, model, frames, generate):
    own.register_modules(unet=standins.UNetSpatioTemporalConditionModel(model / "unet"), vae=str(model))
    assert np.array_equal(frames(own), generate())
    with pytest.raises(AttributeError):
        own.register_modules(transformer=1)
