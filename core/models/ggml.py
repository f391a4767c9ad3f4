"""Reader of GGUF files and of ggml's block formats F32, F16, Q4_0, Q4_1 and Q8_0.

Layouts: ``ggml-common.h`` and ``docs/gguf.md`` of the ggml project.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]

_BLOCK = 32
"""Weights in a block, which share one scale."""

_NIBBLES = ("nibbles", "u1", (_BLOCK // 2,))
_LAYOUTS: Mapping[str, tuple[int, np.dtype[Any]]] = {
    "F32": (1, np.dtype("<f4")),
    "F16": (1, np.dtype("<f2")),
    "Q4_0": (_BLOCK, np.dtype([("scale", "<f2"), _NIBBLES])),
    "Q4_1": (_BLOCK, np.dtype([("scale", "<f2"), ("least", "<f2"), _NIBBLES])),
    "Q8_0": (_BLOCK, np.dtype([("scale", "<f2"), ("whole", "i1", (_BLOCK,))])),
}
"""Format to weights per element and the element's dtype."""

_GGUF_FORMATS = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 8: "Q8_0"}
_GGUF_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_GGUF_STRING, _GGUF_ARRAY = 8, 9
_GGUF_ALIGNMENT = 32


def memory_mapped(path: Path) -> memoryview:
    """Return a file's bytes, memory-mapped. Raises ``OSError``, or ``ValueError`` when the file is empty."""
    with path.open("rb") as file:
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))


class Cursor:
    """A read position in packed little-endian bytes."""

    def __init__(self, data: memoryview, offset: int = 0) -> None:
        self.data = data
        self.offset = offset

    def one(self, layout: str) -> Any:
        """Read one number of a ``struct`` layout. Raises ``ValueError`` where too few bytes are left."""
        return self.several(layout)[0]

    def several(self, layout: str) -> tuple[Any, ...]:
        """Read the numbers of an unpadded ``struct`` layout. Raises ``ValueError`` where too few bytes are left."""
        return struct.unpack(f"<{layout}", self.bytes(struct.calcsize(f"<{layout}")))

    def array(self, dtype: str, n: int) -> NDArray[Any]:
        """Return ``n`` numbers, shape ``(n,)``, without copying. Raises ``ValueError`` where too few bytes are left."""
        return np.frombuffer(self.bytes(n * np.dtype(dtype).itemsize), dtype)

    def bytes(self, n_bytes: int) -> memoryview:
        """Return the next ``n_bytes``. Raises ``ValueError`` where fewer are left."""
        taken = self.data[self.offset : self.offset + n_bytes]
        if len(taken) < n_bytes:
            raise ValueError(f"{n_bytes} bytes wanted at {self.offset}, {len(taken)} there")
        self.offset += n_bytes
        return taken


def dequantise(data: memoryview, kind: str, shape: tuple[int, ...]) -> Weights:
    """Return the weights at the start of ``data`` as float32 of ``shape``; ``kind`` is the format's name.

    Raises ``ValueError`` for an unsupported format, or too little data.
    """
    if kind not in _LAYOUTS:
        raise ValueError(f"weights of the format {kind} cannot be read")
    n_per_element, layout = _LAYOUTS[kind]
    packed = np.frombuffer(data, layout, prod(shape) // n_per_element)
    return _unpack(packed, kind).reshape(shape)


def _unpack(packed: NDArray[Any], kind: str) -> Weights:
    if kind in ("F32", "F16"):
        return packed.astype(np.float32)
    scale = packed["scale"].astype(np.float32)[:, None]
    if kind == "Q8_0":
        return np.asarray(packed["whole"] * scale, np.float32)
    nibbles = packed["nibbles"]
    # A block's first 16 weights are the low halves of its bytes, the other 16 the high halves.
    whole = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1)
    if kind == "Q4_0":
        return np.asarray((whole.astype(np.float32) - 8) * scale, np.float32)
    return np.asarray(whole * scale + packed["least"].astype(np.float32)[:, None], np.float32)


@dataclass(frozen=True, slots=True)
class PackedTensor:
    """Format, shape (outermost first, as in numpy) and byte offset of a tensor in its file."""

    kind: str
    shape: tuple[int, ...]
    offset: int


class Gguf:
    """A GGUF file: its metadata by key, and its tensors, dequantised on access."""

    def __init__(self, path: Path) -> None:
        """Read metadata and tensor table. Raises ``ValueError`` when it is no GGUF file of version 2 or 3."""
        self._data = memory_mapped(path)
        cursor = Cursor(self._data)
        magic, version = bytes(cursor.bytes(4)), cursor.one("I")
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError(f"{path} is no GGUF file of a known version")
        n_tensors, n_keys = cursor.several("QQ")
        self.metadata: Mapping[str, Any] = {
            _read_string(cursor): _read_value(cursor, cursor.one("I")) for _ in range(n_keys)
        }
        self._directory = dict(_read_entry(cursor) for _ in range(n_tensors))
        alignment = self.metadata.get("general.alignment", _GGUF_ALIGNMENT)
        self._start = -(-cursor.offset // alignment) * alignment

    @property
    def names(self) -> tuple[str, ...]:
        """Return the tensors' names."""
        return tuple(self._directory)

    def kind(self, name: str) -> str:
        """Return the name of a tensor's format. Raises ``KeyError`` when there is no such tensor."""
        return self._directory[name].kind

    def tensor(self, name: str) -> Weights:
        """Return a tensor's weights as float32. Raises ``KeyError`` when there is no such tensor."""
        packed = self._directory[name]
        return dequantise(self._data[self._start + packed.offset :], packed.kind, packed.shape)


def _read_string(cursor: Cursor) -> str:
    return str(cursor.bytes(cursor.one("Q")), "utf-8")


def _read_value(cursor: Cursor, kind: int) -> Any:
    if kind == _GGUF_STRING:
        return _read_string(cursor)
    if kind == _GGUF_ARRAY:
        item_kind, n = cursor.several("IQ")
        return [_read_value(cursor, item_kind) for _ in range(n)]
    return cursor.one(_GGUF_SCALARS[kind])


def _read_entry(cursor: Cursor) -> tuple[str, PackedTensor]:
    name, n_dims = _read_string(cursor), cursor.one("I")
    *dims, kind, offset = cursor.several(f"{n_dims}QIQ")
    return name, PackedTensor(_GGUF_FORMATS.get(kind, f"ggml {kind}"), tuple(reversed(dims)), offset)
