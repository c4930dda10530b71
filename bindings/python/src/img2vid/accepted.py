"""Methods that programs for GPUs call, and that change nothing here."""

from __future__ import annotations

from typing import Any, Type

# Of diffusers' pipelines and models: where values are kept, and how the same values are computed.
OF_PIPELINES = {
    "enable_model_cpu_offload": "the parts of the model are in memory one at a time anyway",
    "enable_sequential_cpu_offload": "max_memory of from_pretrained makes a run fit, whatever that takes",
    "enable_group_offload": "the parts of the model are in memory one at a time anyway",
    "enable_attention_slicing": "attention is computed in pieces that fit the memory",
    "disable_attention_slicing": "attention is computed in pieces that fit the memory",
    "set_attention_slice": "attention is computed in pieces that fit the memory",
    "enable_xformers_memory_efficient_attention": "attention needs no memory for its weights",
    "disable_xformers_memory_efficient_attention": "attention needs no memory for its weights",
    "set_use_memory_efficient_attention_xformers": "attention needs no memory for its weights",
    "enable_vae_slicing": "decode_chunk_size of the call says how many frames are decoded together",
    "disable_vae_slicing": "decode_chunk_size of the call says how many frames are decoded together",
    "fuse_qkv_projections": "the products are the same",
    "unfuse_qkv_projections": "the products are the same",
    "maybe_free_model_hooks": "there are no hooks",
    "remove_all_hooks": "there are no hooks",
    "reset_device_map": "there is one device",
}
OF_PARTS = {
    "enable_forward_chunking": "the feed-forward layers always work in tiles that fit the cache; forward_chunk_size of "
                               "the pipeline's call has no effect either",
    "disable_forward_chunking": "as enable_forward_chunking",
    "enable_gradient_checkpointing": "nothing is trained",
    "disable_gradient_checkpointing": "nothing is trained",
    "enable_slicing": "decode_chunk_size of the pipeline's call says how many frames are decoded together",
    "disable_slicing": "as enable_slicing",
    "enable_xformers_memory_efficient_attention": "attention needs no memory for its weights",
    "disable_xformers_memory_efficient_attention": "attention needs no memory for its weights",
    "set_use_memory_efficient_attention_xformers": "attention needs no memory for its weights",
    "set_attention_slice": "attention is computed in pieces that fit the memory",
    "set_default_attn_processor": "that is what is computed",
    "set_attention_backend": "all of them compute the same",
    "reset_attention_backend": "all of them compute the same",
    "fuse_qkv_projections": "the products are the same",
    "unfuse_qkv_projections": "the products are the same",
    "enable_group_offload": "the parts of the model are in memory one at a time anyway",
    "compile_repeated_blocks": "the library is compiled",
    "compile": "the library is compiled",
    "requires_grad_": "nothing is trained",
}
# these give back the object
CHAINED = ("requires_grad_",)


def accept(kind: Type[Any], reasons: "dict[str, str]") -> Type[Any]:
    """Gives a class methods without effect."""
    def add(name: str, reason: str) -> None:
        def method(self: Any, *_: Any, **__: Any) -> Any:
            return self if name in CHAINED else None
        method.__name__, method.__qualname__ = name, f"{kind.__name__}.{name}"
        method.__doc__ = f"Accepted without effect: {reason}."
        setattr(kind, name, method)

    for name, reason in reasons.items():
        if not hasattr(kind, name):
            add(name, reason)
    return kind
