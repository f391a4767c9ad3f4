"""The dense index against a plain loop, compared one by one and through the scan, through any changes."""

from pathlib import Path

import numpy as np
import pytest

from core.retrieval.dense import DenseIndex
from core.types import Matrix

DIM = 64
UNKNOWN = 10**9


def unit(draw: np.random.Generator, n: int, dim: int = DIM) -> Matrix:
    rows = draw.normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("n_exact", [10_000, 500])
def test_finds_what_a_plain_loop_finds_through_any_changes(tmp_path: Path, n_exact: int) -> None:
    draw = np.random.default_rng(4)
    index, held = DenseIndex(DIM, n_exact), {}
    for step in range(12):
        ids = draw.choice(4_000, 300, replace=False).tolist()
        rows = unit(draw, len(ids))
        index.add(ids, rows)
        held |= dict(zip(ids, rows, strict=True))
        gone = draw.choice(4_000, 200, replace=False).tolist()
        index.remove(gone)
        held = {id_: row for id_, row in held.items() if id_ not in gone}
        index.build()
        if step % 4 == 3:
            index.save(tmp_path / "vectors.npz")
            index = DenseIndex.load(tmp_path / "vectors.npz", DIM, n_exact)
        assert len(index) == len(held)
        query = unit(draw, 1)[0]
        found, cosines = index.search(query, 24)
        scores = {id_: float(row @ query) for id_, row in held.items()}
        best = sorted(scores, key=lambda id_: -scores[id_])[:24]
        assert len(set(found.tolist()) & set(best)) >= 23
        assert cosines == pytest.approx([scores[id_] for id_ in found.tolist()], abs=1e-3)
        here, rows = index.vectors([-1, *best[:9], UNKNOWN, *best[9:]])
        assert here == best and rows == pytest.approx(np.stack([held[id_] for id_ in best]), abs=1e-3)
    every, rows = index.all()
    assert set(every.tolist()) == set(held) and rows.shape == (len(held), DIM)


def test_scan_finds_nearly_all_of_the_nearest() -> None:
    draw = np.random.default_rng(5)
    rows, queries = unit(draw, 20_000, 384), unit(draw, 10, 384)
    index = DenseIndex(384, n_exact=1_000)
    index.add(range(len(rows)), rows)
    index.build()
    best = np.argsort(-(queries @ rows.T), axis=1)[:, :24]
    found = [index.search(query, 24)[0] for query in queries]
    assert np.mean([len(np.intersect1d(*each)) / 24 for each in zip(found, best, strict=True)]) >= 0.98


@pytest.mark.parametrize("dim", [5, 256])
def test_small_odd_and_empty(tmp_path: Path, dim: int) -> None:
    draw = np.random.default_rng(6)
    index = DenseIndex(dim, n_exact=50)
    assert len(index.search(unit(draw, 1, dim)[0], 5)[0]) == 0
    rows = unit(draw, 60, dim)
    index.add(range(60), rows)
    index.build()
    assert index.search(rows[7], 1)[0].tolist() == [7]
    index.remove(range(60))
    assert len(index) == 0 and len(index.search(rows[7], 5)[0]) == 0
    index.save(tmp_path / "vectors.npz")
    assert len(DenseIndex.load(tmp_path / "vectors.npz", dim)) == 0
