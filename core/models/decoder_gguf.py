"""Writes AION's own decoder as a GGUF file, in the layout of an architecture that llama.cpp runs.

Weights of the chosen experts that are not divided by their sum are those of ``qwen2moe``, whose shared expert and
biases are written as zeros; ones that are divided by it, and decoders without experts, are ``llama``'s. Names and
metadata: ``docs/gguf.md`` of the ggml project and ``gguf.constants``. Half precision; norms and routers in full.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gguf import GGUFWriter

WEIGHTS, CONFIG, TOKENIZER, TEMPLATE = "model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"

_PRE_TOKENIZER = "smollm"
"""llama.cpp's name of byte-level BPE in which each digit stands alone."""

_SHARED_WIDTH = 32
"""Width of the shared expert of zeros, the least that llama.cpp's block formats allow."""

Array = NDArray[Any]


def write_gguf(folder: Path, target: Path) -> Path:
    """Write the decoder saved in ``folder``, tokenizer and chat template with it, to ``target``, and return it. Blocks.

    Raises ``ValueError`` where llama.cpp knows nothing alike: experts chosen with a bias, another tokenizer than
    ``core.training.scratch.tokenizer`` trains; ``OSError`` when a file is missing.
    """
    from gguf import GGUFWriter, LlamaFileType
    from safetensors.numpy import load_file

    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    weights = load_file(folder / WEIGHTS)
    _require_known(config, weights)
    writer = GGUFWriter(target, _architecture(config))
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    _add_shape(writer, config)
    _add_tokenizer(writer, folder, config)
    for name, tensor in _tensors(config, weights):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _architecture(config: Mapping[str, Any]) -> str:
    return "qwen2moe" if config["num_local_experts"] > 1 and not config["norm_topk_prob"] else "llama"


def _require_known(config: Mapping[str, Any], weights: Mapping[str, Array]) -> None:
    if any(tensor.any() for name, tensor in weights.items() if name.endswith("mlp.gate.bias")):
        raise ValueError("llama.cpp has no experts that are chosen with a bias and weighed without it")


def _add_shape(writer: GGUFWriter, config: Mapping[str, Any]) -> None:
    n_heads, n_experts = config["num_attention_heads"], config["num_local_experts"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(n_heads)
    writer.add_head_count_kv(config["num_key_value_heads"] or n_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_rope_dimension_count(config["hidden_size"] // n_heads)
    writer.add_vocab_size(config["vocab_size"])
    if n_experts > 1:
        writer.add_expert_count(n_experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
    if _architecture(config) == "qwen2moe":
        writer.add_expert_feed_forward_length(config["intermediate_size"])
        writer.add_expert_shared_feed_forward_length(_SHARED_WIDTH)


def _add_tokenizer(writer: GGUFWriter, folder: Path, config: Mapping[str, Any]) -> None:
    from gguf import TokenType

    described = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
    steps = [step["type"] for step in (described["pre_tokenizer"] or {}).get("pretokenizers", [])]
    if described["model"]["type"] != "BPE" or steps != ["Digits", "ByteLevel"] or described["normalizer"]:
        raise ValueError("llama.cpp has no name for this tokenizer")
    words = described["model"]["vocab"]
    marks = {each["content"]: each["id"] for each in described["added_tokens"]}
    tokens = [f"[unused{number}]" for number in range(config["vocab_size"])]
    kinds = [TokenType.UNUSED] * config["vocab_size"]
    for known, kind in ((words, TokenType.NORMAL), (marks, TokenType.CONTROL)):
        for token, number in known.items():
            tokens[number], kinds[number] = token, kind
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in described["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / TEMPLATE).read_text(encoding="utf-8"))


def _tensors(config: Mapping[str, Any], weights: Mapping[str, Array]) -> list[tuple[str, Array]]:
    """Return every tensor by llama.cpp's name."""
    table = weights["model.embed_tokens.weight"]
    found = [
        ("token_embd.weight", _half(table)),
        ("output_norm.weight", _full(weights["model.norm.weight"])),
        ("output.weight", _half(table if config["tie_word_embeddings"] else weights["lm_head.weight"])),
    ]
    for layer in range(config["num_hidden_layers"]):

        def ours(name: str, layer: int = layer) -> Array:
            return weights[f"model.layers.{layer}.{name}.weight"]

        parts = [*_attention(config, ours), *_feed_forward(config, ours)]
        found += [(f"blk.{layer}.{name}", tensor) for name, tensor in parts]
    return found


Weight = Callable[[str], Array]
"""Returns a layer's weight by the decoder's name."""


def _attention(config: Mapping[str, Any], ours: Weight) -> list[tuple[str, Array]]:
    n_heads = config["num_attention_heads"]
    heads = {"q": n_heads, "k": config["num_key_value_heads"] or n_heads}
    found = [
        ("attn_norm.weight", _full(ours("input_layernorm"))),
        ("ffn_norm.weight", _full(ours("post_attention_layernorm"))),
        ("attn_v.weight", _half(ours("self_attn.v_proj"))),
        ("attn_output.weight", _half(ours("self_attn.o_proj"))),
    ]
    if _architecture(config) == "llama":
        return found + [
            (f"attn_{name}.weight", _half(_in_pairs(ours(f"self_attn.{name}_proj"), n))) for name, n in heads.items()
        ]
    found += [(f"attn_{name}.weight", _half(ours(f"self_attn.{name}_proj"))) for name in heads]
    return found + [(f"attn_{name}.bias", _full(np.zeros(len(ours(f"self_attn.{name}_proj"))))) for name in "qkv"]


def _feed_forward(config: Mapping[str, Any], ours: Weight) -> list[tuple[str, Array]]:
    n_experts, width = config["num_local_experts"], config["hidden_size"]
    if n_experts == 1:
        return [(f"ffn_{name}.weight", _half(ours(f"mlp.{name}_proj"))) for name in ("gate", "up", "down")]
    found = [("ffn_gate_inp.weight", _full(ours("mlp.gate")))]
    for name in ("gate", "up", "down"):
        stacked = np.stack([ours(f"mlp.experts.{expert}.{name}_proj") for expert in range(n_experts)])
        found.append((f"ffn_{name}_exps.weight", _half(stacked)))
    if _architecture(config) == "qwen2moe":
        shapes = {"gate": (_SHARED_WIDTH, width), "up": (_SHARED_WIDTH, width), "down": (width, _SHARED_WIDTH)}
        # llama.cpp has silu(x) / x for the sigmoid of the shared gate: zeros here would be 0 / 0.
        found.append(("ffn_gate_inp_shexp.weight", _full(np.ones(width))))
        found += [(f"ffn_{name}_shexp.weight", _half(np.zeros(shape))) for name, shape in shapes.items()]
    return found


def _in_pairs(rows: Array, n_heads: int) -> Array:
    """Return a projection's rows reordered for a rotation of neighbours (x_2i, x_2i+1), as ``llama`` has it."""
    halves = rows.reshape(n_heads, 2, -1, rows.shape[1])
    return halves.swapaxes(1, 2).reshape(rows.shape)


def _half(tensor: Array) -> Array:
    return np.ascontiguousarray(tensor, dtype=np.float16)


def _full(tensor: Array) -> Array:
    return np.ascontiguousarray(tensor, dtype=np.float32)
