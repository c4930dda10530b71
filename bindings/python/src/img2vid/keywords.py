"""Keywords of diffusers' ``from_pretrained``: those without a meaning here, and those that are refused."""

from __future__ import annotations

from typing import Any, Dict, Mapping

# how, or from where, weights come: never what they are
IGNORED = ("force_download", "resume_download", "output_loading_info", "mirror", "device_map", "offload_folder",
           "offload_state_dict", "offload_buffers", "low_cpu_mem_usage", "use_safetensors", "load_connected_pipeline",
           "disable_mmap", "trust_remote_code", "custom_revision", "provider_options", "sess_options", "keep_in_fp32_modules",
           "requires_safety_checker", "device", "use_auth_token", "local_dir", "local_dir_use_symlinks", "ignore_patterns", "allow_patterns")

# what can only be left out, and the way out
REFUSED = {
    "quantization_config": "weights are computed with as they are in their file; max_memory makes a run fit",
    "custom_pipeline": "img2vid computes diffusers' StableVideoDiffusionPipeline",
    "proxies": "set the environment variable https_proxy",
    "use_onnx": "img2vid reads safetensors",
    "use_flashpack": "img2vid reads safetensors",
    "provider": "img2vid computes on the CPU",
    "safety_checker": "this pipeline has none",
    "motion_adapter": "this pipeline has none",
    "tokenizer": "this pipeline has none",
    "text_encoder": "this pipeline has none",
    "original_config": "the sizes are read off the file's weights",
    "original_config_file": "the sizes are read off the file's weights",
    "config": "the sizes are read off the file's weights",
}


def without_meaning(options: Mapping[str, Any]) -> Dict[str, Any]:
    """The options that are left: fields of i2v_options. TypeError for what would change frames."""
    for name, way_out in REFUSED.items():
        if options.get(name) not in (None, False):
            raise TypeError(f"{name} is not supported: {way_out}")
    left = {name: value for name, value in options.items() if name not in IGNORED and name not in REFUSED}
    if isinstance(left.get("max_memory"), Mapping):  # what each GPU may take
        del left["max_memory"]
    return left
