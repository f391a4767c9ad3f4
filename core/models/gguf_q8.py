"""Rewrites a GGUF model with 8-bit weights (Q8_0).

llama.cpp has a batched kernel for Q8_0, and none for Q4_1: with Q8_0 a prompt is processed in half the time, and eight
replies decoded in a batch take under half the time of eight in sequence. Q8_0 is finer than the 4-bit formats, so no
precision is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path

from core.models.ggml import Weights

Change = Callable[[str, Weights], Weights]
"""Maps a matrix's name and weights, shape ``(out, in)``, to the weights to write."""


def write_q8(
    source: Path, target: Path, change: Change = lambda name, weights: weights, changed: Container[str] = ()
) -> None:
    """Copy the GGUF file ``source`` to ``target``, every 4-bit matrix passed through ``change`` and rounded to Q8_0.

    Matrices named in ``changed`` are treated alike, whatever their format; everything else is copied. Blocks. Raises
    ``OSError``, or ``ValueError`` when ``source`` is no GGUF file.
    """
    from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType, quants

    read = GGUFReader(source)
    fields = {name: field for name, field in read.fields.items() if not name.startswith("GGUF.")}
    writer = GGUFWriter(target, fields.pop("general.architecture").contents())
    fields.pop("general.file_type", None)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    for name, field in fields.items():
        kind, *items = field.types
        if kind == GGUFValueType.ARRAY:
            writer.add_key_value(name, field.contents(), kind, sub_type=items[-1])
        else:
            writer.add_key_value(name, field.contents(), kind)
    eight, coarse = GGMLQuantizationType.Q8_0, (GGMLQuantizationType.Q4_0, GGMLQuantizationType.Q4_1)
    for tensor in read.tensors:
        if tensor.tensor_type in coarse or tensor.name in changed:
            weights = change(tensor.name, quants.dequantize(tensor.data, tensor.tensor_type))
            writer.add_tensor(tensor.name, quants.quantize(weights, eight), raw_dtype=eight)
        else:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
