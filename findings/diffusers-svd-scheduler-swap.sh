#!/usr/bin/env bash
# diffusers: Stable Video Diffusion's scheduler cannot be swapped by X.from_config(pipe.scheduler.config), as its documentation
# shows for other models. DPMSolverMultistepScheduler, UniPCMultistepScheduler and HeunDiscreteScheduler take sigma_max 700
# from that configuration, but map every level above 14.6 to timestep 999; of several alike, the first step takes the second
# level, so that the last step has none and fails. EDMDPMSolverMultistepScheduler runs without a word, with sigma_data 0.5
# where the model's is 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install torch==2.13.0 diffusers==0.42.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2> log <<'PYTHON' || { tail -n 20 log; exit 1; }
import diffusers
import torch
from diffusers import (DPMSolverMultistepScheduler, EDMDPMSolverMultistepScheduler, EulerDiscreteScheduler,
                       HeunDiscreteScheduler, UniPCMultistepScheduler)

print("diffusers", diffusers.__version__, "torch", torch.__version__)
svd = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", sigma_min=0.002, sigma_max=700.0,
                             prediction_type="v_prediction", steps_offset=1, timestep_spacing="leading",
                             timestep_type="continuous", use_karras_sigmas=True)
print("expected: ten steps run, with timesteps 0.25 ln sigma, from 1.64 down to -1.55")
surprises = 0
for kind in (DPMSolverMultistepScheduler, UniPCMultistepScheduler, HeunDiscreteScheduler, EDMDPMSolverMultistepScheduler):
    scheduler = kind.from_config(svd.config)
    scheduler.set_timesteps(10)
    sample, told = torch.ones(1, 2), [round(float(t), 2) for t in scheduler.timesteps]
    try:
        for t in scheduler.timesteps:
            scheduler.scale_model_input(sample, t)
            sample = scheduler.step(torch.zeros(1, 2), t, sample).prev_sample
        came = f"runs; sigma_data is {scheduler.config.sigma_data}"
        surprises += scheduler.config.sigma_data == 0.5
    except (AssertionError, IndexError) as error:
        came = f"{type(error).__name__} {error}"
        surprises += told[:2] == [999, 999]
    print(f"seen: {kind.__name__}: {came}; timesteps {told[:6]} ...")
raise SystemExit(surprises != 4)
PYTHON
