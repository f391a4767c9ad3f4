"""Pictures are drawn for sets that have both kinds of question, and are pictures."""

from core.evaluation.harness import Measurement, QuestionResult
from core.evaluation.plots import plot


def measured(*answerable: bool) -> Measurement:
    return Measurement(
        [QuestionResult(each, 1.0, 1.0, 1.0, 1.0, n / 10, True, {}) for n, each in enumerate(answerable)]
    )


def test_two_pngs_for_a_set(tmp_path):
    drawn = {"fused": measured(True, False, True, True), "spec": measured(True, False, True, True)}
    paths = plot("toy", drawn, tmp_path / "new")
    assert [path.name for path in paths] == ["toy-risk-coverage.png", "toy-reliability.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 5_000 for path in paths)


def test_one_kind_of_question_has_no_picture(tmp_path):
    assert plot("toy", {"fused": measured(True, True)}, tmp_path) == []
