"""A GGUF model written again with weights of 8 bits.

llama.cpp multiplies 8-bit weights by several tokens at once much faster than the 4-bit kinds with a least value
(Q4_1), which have no kernel of their own for that: a prompt is read in half the time, and eight replies decoded
together take under half of what they take in a row. The finer steps hold the coarser ones' values, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
Change = Callable[[str, Weights], Weights]
"""Gets a matrix's name and weights, shape ``(out, in)``, and returns what is written instead."""


def write_q8(
    source: Path, target: Path, change: Change = lambda name, weights: weights, changed: Container[str] = ()
) -> None:
    """Write the GGUF file ``source`` as ``target``, every 4-bit matrix ``change``d and rounded to 8 bits (Q8_0).

    So are those named in ``changed``, whatever they are. Anything else is copied as it is. Raises ``OSError``, or
    ``ValueError`` when ``source`` is no GGUF file.
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
