"""The match head: the same beside other texts, by hand where it can be, and of a question alone it knows little."""

from __future__ import annotations

import io
import json
from importlib.resources import files

import pytest
import torch
from torch import Tensor

from core.models.match_head import (
    MatchHead,
    Padded,
    body_mask,
    read_head,
    shipped_head,
    side_by_side,
    write_head,
)

DIM = 16


@pytest.fixture
def head() -> MatchHead:
    torch.manual_seed(3)
    made = MatchHead(DIM)
    made.standardise(torch.randn(DIM), torch.rand(DIM) + 0.5)
    return made.eval()


def judged(head: MatchHead, question: Tensor, texts: list[Tensor], bodies: list[tuple[int, int]]) -> Tensor:
    told = side_by_side([head.projected(text) for text in texts])
    asked = side_by_side([question] * len(texts))
    with torch.inference_mode():
        verdicts, _ = head(asked, told, body_mask(told, bodies))
    return verdicts


def test_a_text_is_judged_alike_alone_and_beside_longer_ones(head: MatchHead) -> None:
    question, texts = torch.randn(5, DIM), [torch.randn(n, DIM) for n in (4, 11, 7)]
    bodies = [(1, 3), (2, 10), (1, 6)]
    together = judged(head, question, texts, bodies)
    alone = torch.cat([judged(head, question, [text], [body]) for text, body in zip(texts, bodies, strict=True)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_padding_of_a_question_changes_nothing(head: MatchHead) -> None:
    question, text = torch.randn(4, DIM), torch.randn(6, DIM)
    told = side_by_side([head.projected(text)])
    longer = Padded(torch.cat([question, 9 * torch.randn(3, DIM)])[None], torch.arange(7)[None] < 4)
    with torch.inference_mode():
        verdicts, evidence = head(longer, told, body_mask(told, [(1, 5)]))
    torch.testing.assert_close(verdicts, judged(head, question, [text], [(1, 5)]), rtol=1e-4, atol=1e-5)
    assert evidence.shape == (1, 6)


def test_the_order_of_a_texts_tokens_is_for_the_layers_below(head: MatchHead) -> None:
    question, text = torch.randn(4, DIM), torch.randn(6, DIM)
    turned = text[[0, 4, 2, 3, 1, 5]]
    torch.testing.assert_close(judged(head, question, [text], [(1, 5)]), judged(head, question, [turned], [(1, 5)]))


def test_a_body_without_tokens_is_judged(head: MatchHead) -> None:
    assert torch.isfinite(judged(head, torch.randn(3, DIM), [torch.randn(2, DIM)], [(1, 1)])).all()


def test_masks_are_true_where_there_is_something() -> None:
    padded = side_by_side([torch.ones(2, 3), torch.ones(4, 3)])
    assert padded.mask.tolist() == [[True, True, False, False], [True] * 4]
    assert body_mask(padded, [(0, 1), (1, 3)]).tolist() == [[True, False, False, False], [False, True, True, False]]


def test_a_head_is_read_back_as_it_was_written(head: MatchHead) -> None:
    file = io.BytesIO()
    write_head(head, file)
    file.seek(0)
    question, text = torch.randn(4, DIM), torch.randn(6, DIM)
    again = judged(read_head(file), question, [text], [(1, 5)])
    torch.testing.assert_close(again, judged(head, question, [text], [(1, 5)]), rtol=1e-2, atol=1e-2)


def test_the_shipped_head_is_small_and_names_its_sources() -> None:
    assert sum(parameter.numel() for parameter in shipped_head().parameters()) < 200_000
    assert (files("core.models") / "match_head.npz").stat().st_size < 1 << 20  # type: ignore[attr-defined]
    told = json.loads((files("core.models") / "match_head.json").read_text(encoding="utf-8"))
    assert told["sets"] and "CC BY-SA" in told["sources"]
