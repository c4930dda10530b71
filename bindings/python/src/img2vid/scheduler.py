"""``EulerDiscreteScheduler`` and its like, which say what noise levels a pipeline steps through and how, and schedulers of
diffusers."""

from __future__ import annotations

import os
import pathlib
from typing import Any, ClassVar, Dict, Mapping, Optional, Type, TypeVar, Union

from .config import Config, config_of, config_text, read_config

# diffusers' defaults; the other classes know sigma_min, sigma_max and timestep_type by the configuration that they are
# made from
LEVELS: Dict[str, Any] = dict(
    num_train_timesteps=1000, beta_start=0.0001, beta_end=0.02, beta_schedule="linear", trained_betas=None,
    prediction_type="epsilon", interpolation_type="linear", use_karras_sigmas=False, use_exponential_sigmas=False,
    use_beta_sigmas=False, sigma_min=None, sigma_max=None, timestep_spacing="linspace", timestep_type="discrete",
    steps_offset=0, rescale_betas_zero_snr=False, final_sigmas_type="zero")
# what the steps of several classes know; timestep_type is the model's
MULTISTEP: Dict[str, Any] = dict(
    LEVELS, timestep_type="continuous", solver_order=2, thresholding=False, dynamic_thresholding_ratio=0.995,
    sample_max_value=1.0, lower_order_final=True, use_flow_sigmas=False, flow_shift=1.0)
DPM: Dict[str, Any] = dict(algorithm_type="dpmsolver++", solver_type="midpoint", euler_at_final=False)

# what files of Stability AI, which have no configuration, are sampled with
OF_SVD: Dict[str, Any] = dict(
    beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type="v_prediction",
    use_karras_sigmas=True, sigma_min=0.002, sigma_max=700.0, timestep_spacing="leading", timestep_type="continuous",
    steps_offset=1)

ANIMATELCM = "AnimateLCMSVDStochasticIterativeScheduler"
ANIMATELCM_CONFIG: Dict[str, Any] = dict(num_train_timesteps=40, sigma_min=0.002, sigma_max=700.0, sigma_data=1.0,
                                         s_noise=1.0, rho=7, clip_denoised=False)


Self = TypeVar("Self", bound="Scheduler")


class Scheduler:
    """Holds the configuration of diffusers' scheduler of that name; the library computes its steps."""

    order = 1
    defaults: ClassVar[Dict[str, Any]]

    def __init__(self, **config: Any) -> None:
        unknown = sorted(set(config) - set(self.defaults))
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(unknown)}; it has {', '.join(self.defaults)}")
        object.__setattr__(self, "config", Config(self.defaults, **config))

    @classmethod
    def from_config(cls: Type[Self], config: Mapping[str, Any], **changes: Any) -> Self:
        """One with another's configuration, but for these changes."""
        given = {**config, **changes}
        return cls(**{key: given[key] for key in cls.defaults if key in given})

    @classmethod
    def from_pretrained(cls: Type[Self], pretrained_model_name_or_path: Union[str, "os.PathLike[str]"],
                        subfolder: Optional[str] = None, **_: Any) -> Self:
        """Of a folder with scheduler_config.json."""
        folder = pathlib.Path(pretrained_model_name_or_path, subfolder or "")
        config = read_config(folder / "scheduler_config.json")
        if config is None:
            raise FileNotFoundError(f"{folder} has no scheduler_config.json")
        return cls.from_config(config)

    def __setattr__(self, name: str, _: Any) -> None:
        raise AttributeError(f"{name} of a scheduler cannot be set; make another with "
                             f"{type(self).__name__}.from_config(pipe.scheduler.config, ...) and set pipe.scheduler, or "
                             "give sigmas to the pipeline's call")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this scheduler has no {name}, as the library computes its steps; it has config")

    def __repr__(self) -> str:
        return f"{type(self).__name__} {dict(self.config)}"


class EulerDiscreteScheduler(Scheduler):
    __doc__ = Scheduler.__doc__
    defaults = LEVELS


class DPMSolverMultistepScheduler(Scheduler):
    """DPM-Solver++ 2M, with algorithm_type "sde-dpmsolver++" its SDE form."""

    defaults = dict(MULTISTEP, **DPM, use_lu_lambdas=False, variance_type=None)


class EDMDPMSolverMultistepScheduler(Scheduler):
    """The same, with another list of noise levels. Stable Video Diffusion needs sigma_data=1.0."""

    defaults = dict(DPM, sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, sigma_schedule="karras",
                    num_train_timesteps=1000, prediction_type="epsilon", rho=7.0, solver_order=2, thresholding=False,
                    dynamic_thresholding_ratio=0.995, sample_max_value=1.0, lower_order_final=True,
                    final_sigmas_type="zero")


class UniPCMultistepScheduler(Scheduler):
    """UniPC of order 2."""

    defaults = dict(MULTISTEP, predict_x0=True, solver_type="bh2", disable_corrector=[], solver_p=None)


class HeunDiscreteScheduler(Scheduler):
    """Heun's method: the UNet is evaluated twice a step, but for the last."""

    order = 2
    defaults = dict(LEVELS, timestep_type="continuous", clip_sample=False, clip_sample_range=1.0)


CLASSES: Dict[str, Type[Scheduler]] = {
    kind.__name__: kind for kind in (EulerDiscreteScheduler, DPMSolverMultistepScheduler, EDMDPMSolverMultistepScheduler,
                                     UniPCMultistepScheduler, HeunDiscreteScheduler)}


def scheduler_of(config: Optional[Mapping[str, Any]]) -> Scheduler:
    """Of a model's scheduler_config.json; None: of Stable Video Diffusion."""
    if config is None:
        return EulerDiscreteScheduler.from_config(OF_SVD)
    return CLASSES.get(config.get("_class_name", ""), EulerDiscreteScheduler).from_config(config)


class Chosen:
    """A scheduler that the library can compute, and how it is told: config, the text of a scheduler_config.json, or
    name, the parameter scheduler of a call. TypeError or ValueError for others."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler, self.config, self.name = scheduler, None, "auto"
        kinds = [each.__name__ for each in type(scheduler).__mro__]
        known = next((kind for kind in kinds if kind in CLASSES), None)
        if kinds[0] == ANIMATELCM:
            self.name = "animatelcm"
            check_animatelcm(config_of(scheduler))
        elif known is None:
            raise TypeError(f"scheduler is of {kinds[0]}, which img2vid does not compute; it computes "
                            f"{', '.join(CLASSES)}, with Karras, exponential or uniform sigmas, and AnimateLCM-SVD's. "
                            "Other noise levels can be given to the call as sigmas")
        else:
            check_own_step(scheduler, kinds.index(known))
            self.config = config_text(config_of(scheduler), _class_name=known)


def check_animatelcm(config: Mapping[str, Any]) -> None:
    for key, wanted in ANIMATELCM_CONFIG.items():
        if config.get(key, wanted) != wanted:
            raise ValueError(f"{ANIMATELCM} with {key}={config[key]!r} is not implemented; {key} is {wanted!r}")


def check_own_step(scheduler: Any, depth: int) -> None:
    """One that computes something of its own would be taken for the plain one."""
    replaced = sorted(key for key, value in vars(scheduler).items() if callable(value))
    if replaced:
        raise TypeError(f"{replaced[0]} of the scheduler was replaced, which img2vid would not call. Other noise levels can be "
                        "given to the call as sigmas")
    for kind in type(scheduler).__mro__[:depth]:
        for method in ("step", "set_timesteps", "scale_model_input"):
            if method in vars(kind):
                raise TypeError(f"scheduler is of {kind.__name__}, which has a {method} of its own; img2vid computes that "
                                f"of {type(scheduler).__mro__[depth].__name__}. Other noise levels can be given to the call as sigmas")
