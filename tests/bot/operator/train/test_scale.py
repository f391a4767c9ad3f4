"""``aion train scale`` as the terminal runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from core.training.scaling import Law, ScalingRun
from core.training.scratch import ladder
from core.training.scratch.ladder import Rung
from tests.corpora import write_corpus

Train = Callable[..., Result]

QUICK = ("scale", "--text", "text", "--out", "ladder", "--widths", "32,64,96", "--tokens", "1000,2000,4000")
LAW = Law(1.8, 30.0, 60.0, 0.35, 0.32)


@pytest.fixture
def climbed(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[Rung]:
    """The rungs that were trained: here each ends at the loss of a known law, after the second one fails once."""
    write_corpus(place / "text")
    made: list[Rung] = []

    def climb(rung: Rung, *_: object) -> ScalingRun:
        if len(made) == 2 and not (place / "again").exists():
            (place / "again").touch()
            raise KeyboardInterrupt
        made.append(rung)
        n_params = rung.width * 1_000
        return ScalingRun(n_params, rung.n_tokens, LAW.loss(n_params, rung.n_tokens))

    monkeypatch.setattr(ladder, "climb", climb)
    return made


def test_a_ladder_broken_off_goes_on_and_its_law_is_the_one_of_plan(
    place: Path, train: Train, climbed: list[Rung]
) -> None:
    assert train(*QUICK).exit_code != 0
    done = train(*QUICK, "--json")
    assert done.exit_code == 0, done.output
    assert len(climbed) == len(set(climbed)) == 9
    found = json.loads(done.output[done.output.index("{\n") :])
    assert found["law"]["alpha"] == pytest.approx(0.35, abs=0.02)
    assert abs(found["error"]) < 0.01 and len(found["runs"]) == 8
    assert (place / "ladder" / "law.png").stat().st_size > 5_000
    runs = next((place / "ladder").glob("runs-*.jsonl"))
    planned = json.loads(train("plan", "--law", "--runs", str(runs), "--json").output)
    assert planned["law"]["alpha"] == pytest.approx(found["law"]["alpha"], abs=0.02)
    told = train(*QUICK)
    assert "L(N, D) =" in told.output and "predicted" in told.output and len(climbed) == 9


@pytest.mark.parametrize("widths", ["32,x", "33", "0,32"])
def test_widths_that_make_no_model_are_refused(place: Path, train: Train, widths: str) -> None:
    told = train("scale", "--text", "text", "--out", "ladder", "--widths", widths)
    assert told.exit_code == 2


def test_too_few_runs_are_refused(place: Path, train: Train, climbed: list[Rung]) -> None:
    (place / "again").touch()
    told = train("scale", "--text", "text", "--out", "ladder", "--widths", "32,64", "--tokens", "1000,2000")
    assert told.exit_code == 1
    assert "too few for a law" in told.output
