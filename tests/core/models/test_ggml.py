"""Packed weights and GGUF files, against plain loops and a file written by hand."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models.ggml import Cursor, Gguf, dequantise

HALVES = st.floats(-8, 8, width=16)
BLOCK_BYTES = {"Q4_0": 16, "Q4_1": 16, "Q8_0": 32}


def plain(kind: str, scale: float, least: float, body: bytes) -> list[float]:
    """Return a block's 32 weights, one at a time, as ggml's reference code does."""
    if kind == "Q8_0":
        return [struct.unpack("b", body[i : i + 1])[0] * scale for i in range(32)]
    low, high = [byte & 15 for byte in body], [byte >> 4 for byte in body]
    if kind == "Q4_0":
        return [(whole - 8) * scale for whole in low + high]
    return [whole * scale + least for whole in low + high]


@given(st.sampled_from(sorted(BLOCK_BYTES)), st.lists(st.tuples(HALVES, HALVES, st.binary(min_size=32, max_size=32))))
def test_blocks_are_unpacked_as_ggml_does(kind: str, blocks: list[tuple[float, float, bytes]]) -> None:
    packed, expected = b"", list[float]()
    for scale, least, body in blocks:
        body = body[: BLOCK_BYTES[kind]]
        packed += struct.pack("<ee" if kind == "Q4_1" else "<e", *((scale, least) if kind == "Q4_1" else (scale,)))
        packed += body
        expected += plain(kind, scale, least, body)
    unpacked = dequantise(memoryview(packed), kind, (len(blocks), 32))
    assert unpacked.dtype == np.float32
    np.testing.assert_allclose(unpacked.ravel(), expected, rtol=1e-6)


def test_floats_are_kept() -> None:
    values = np.array([[1.5, -2.0], [0.25, 3.0]], np.float32)
    np.testing.assert_array_equal(dequantise(memoryview(values.tobytes()), "F32", (2, 2)), values)
    np.testing.assert_array_equal(dequantise(memoryview(values.astype("<f2").tobytes()), "F16", (2, 2)), values)


def test_what_cannot_be_unpacked_is_refused() -> None:
    with pytest.raises(ValueError, match="Q6_K"):
        dequantise(memoryview(b""), "Q6_K", (0,))
    with pytest.raises(ValueError):
        dequantise(memoryview(b"\0" * 17), "Q4_0", (1, 32))


def test_a_cursor_ends_with_its_data() -> None:
    cursor = Cursor(memoryview(struct.pack("<HI", 7, 9)))
    assert (cursor.one("H"), cursor.one("I")) == (7, 9)
    with pytest.raises(ValueError, match="1 bytes wanted at 6, 0 there"):
        cursor.one("B")


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_bytes() -> bytes:
    """Return a GGUF file of version 3: three keys, and a matrix and a vector 32 bytes apart."""
    keys = [
        string("general.name") + struct.pack("<I", 8) + string("tiny ção"),
        string("general.layers") + struct.pack("<II", 4, 2),
        string("tokens") + struct.pack("<IIQ", 9, 8, 2) + string("a") + string("b"),
    ]
    matrix = struct.pack("<ee", 0.5, -1.0) + bytes(range(16)) + struct.pack("<ee", 2.0, 0.0) + bytes(16)
    tensors = [
        string("m.weight") + struct.pack("<IQQIQ", 2, 32, 2, 3, 0),
        string("v.weight") + struct.pack("<IQIQ", 1, 3, 0, 64),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys + tensors)
    padded = head + bytes(-len(head) % 32)
    return padded + matrix + bytes(64 - len(matrix)) + struct.pack("<3f", 1, 2, 3)


def test_a_gguf_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf_bytes())
    gguf = Gguf(path)
    assert gguf.metadata == {"general.name": "tiny ção", "general.layers": 2, "tokens": ["a", "b"]}
    assert gguf.names == ("m.weight", "v.weight")
    assert gguf.tensor("m.weight").shape == (2, 32)
    assert gguf.tensor("m.weight")[0, :3].tolist() == [-1.0, -0.5, 0.0]
    assert not gguf.tensor("m.weight")[1].any()
    assert gguf.tensor("v.weight").tolist() == [1, 2, 3]


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGML" + bytes(40), b"GGUF" + struct.pack("<IQQ", 9, 0, 0)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(ValueError):
        Gguf(path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(gguf_bytes()[:100])
    with pytest.raises(ValueError):
        Gguf(path)
