"""The window reader: kept states change nothing, room is bounded, and what answers reads better than what does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from core.models.catalog import e5_folder
from core.models.lower_layers import LowerLayers
from core.models.match_head import shipped_head
from core.retrieval.reading.window_reader import StateCache, WindowReader, WindowStates
from core.retrieval.reading.windows import Window


def window(body: str, name: str = "notes.md") -> Window:
    return Window(name, body, 0)


def states(n_tokens: int) -> WindowStates:
    return WindowStates(torch.zeros(n_tokens, 4, dtype=torch.half), (1, n_tokens - 1))


def test_what_was_not_read_for_longest_makes_room() -> None:
    cache = StateCache(max_bytes=3 * 80)
    cache.put({window(name): states(10) for name in "abc"})
    assert cache.n_bytes == 240
    assert set(cache.get([window("a"), window("z")])) == {window("a")}
    cache.put({window("d"): states(10), window("a"): states(10)})
    assert cache.n_bytes == 240
    assert set(cache.get([window(name) for name in "abcd"])) == {window(name) for name in "acd"}


def test_a_window_larger_than_all_room_is_not_kept() -> None:
    cache = StateCache(max_bytes=100)
    cache.put({window("a"): states(50)})
    assert cache.n_bytes == 0 and cache.get([window("a")]) == {}


@pytest.fixture(scope="module")
def reader(models_dir: Path) -> WindowReader:
    return WindowReader(LowerLayers(e5_folder(models_dir, lambda key: None)), shipped_head())


PAIRS = [
    (
        "when do we rehearse?",
        "Rehearsals are every Thursday at 19:30 in the school hall.",
        "The choir has forty members.",
    ),
    ("quem dirige o coro?", "O coro é dirigido por Marta Lopes desde 2019.", "O coro ensaia às quintas na escola."),
    ("how much is the deposit", "You pay a deposit of 40 euros for each key.", "Keys are handed out on Mondays."),
    ("que horas abre o pátio?", "O pátio abre às 8h todos os dias.", "O pátio tem bancos e uma fonte."),
]


@pytest.mark.model
@pytest.mark.parametrize(("question", "answer", "near_miss"), PAIRS)
def test_an_answer_reads_better_than_a_near_miss(
    reader: WindowReader, question: str, answer: str, near_miss: str
) -> None:
    read = reader.log_odds(question, [window(answer), window(near_miss), window("")])
    assert read[0] > max(read[1:])


@pytest.mark.model
def test_kept_states_and_other_windows_change_nothing(reader: WindowReader) -> None:
    windows = [window(text) for _, *texts in PAIRS for text in texts]
    first = reader.log_odds("when do we rehearse?", windows)
    again = reader.log_odds("when do we rehearse?", windows)
    one_by_one = [reader.log_odds("when do we rehearse?", [each])[0] for each in windows]
    assert first == pytest.approx(again, abs=0.02) and first == pytest.approx(one_by_one, abs=0.02)
    assert reader.log_odds("when?", []) == []
    twice = reader.log_odds("when do we rehearse?", [windows[0], windows[0]])
    assert twice[0] == pytest.approx(twice[1], abs=1e-4)


@pytest.mark.model
def test_many_ask_at_once(reader: WindowReader) -> None:
    windows = [window(text) for _, *texts in PAIRS for text in texts]
    questions = [question for question, *_ in PAIRS] * 3
    alone = [reader.log_odds(question, windows) for question in questions]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda question: reader.log_odds(question, windows), questions))
    for one, other in zip(alone, together, strict=True):
        assert one == pytest.approx(other, abs=0.02)
