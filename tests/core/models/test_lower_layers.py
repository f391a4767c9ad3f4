"""The embedder's lower layers: texts side by side do not disturb each other, and every token has its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.models.catalog import e5_folder
from core.models.lower_layers import MAX_BODY_TOKENS, MAX_QUESTION_TOKENS, LowerLayers

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def layers(models_dir: Path) -> LowerLayers:
    return LowerLayers(e5_folder(models_dir, lambda key: None))


def test_texts_side_by_side_have_the_states_they_have_alone(layers: LowerLayers) -> None:
    texts = [layers.text("choir.md", "The choir meets. " * n) for n in (1, 9, 3, 30, 1)]
    together = layers.states(texts)
    for text, states in zip(texts, together, strict=True):
        assert states.shape[0] == len(text.ids)
        (alone,) = layers.states([text])
        cosines = torch.cosine_similarity(alone.float(), states.float(), dim=-1)
        assert float(cosines.min()) > 0.99


def test_every_token_of_a_body_has_its_place(layers: LowerLayers) -> None:
    body = "A reunião é às 19h30."
    text = layers.text("atas.md\nReuniões", body)
    start, end = text.body
    assert end - start == len(text.offsets)
    assert body[text.offsets[0][0] : text.offsets[-1][1]] == body
    assert layers.text("", body).ids[0] == text.ids[0] and layers.text("", body).ids[-1] == text.ids[-1]


@pytest.mark.parametrize("odd", ["", "\0", "caf\ud83d", "</s> <pad>", "🦩" * 900, "word " * 900])
def test_anything_can_be_read(layers: LowerLayers, odd: str) -> None:
    text, question = layers.text(odd, odd), layers.question(odd)
    assert text.body[1] - text.body[0] <= MAX_BODY_TOKENS
    assert len(question.ids) <= MAX_QUESTION_TOKENS + 2
    assert all(torch.isfinite(states.float()).all() for states in layers.states([text, question]))


def test_nothing_is_nothing(layers: LowerLayers) -> None:
    assert layers.states([]) == []
