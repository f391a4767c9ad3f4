"""A model trained from scratch is one like any other: the bot speaks with it, and thumbs teach it."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from string import ascii_letters

import pytest

from core.errors import Unavailable
from core.generation.local.factory import open_generator
from core.generation.local.generator import LocalGenerator
from core.models.catalog import language_model_base
from core.training.batching import TrainingBatch
from core.training.kto import ThumbedReply, kto
from core.training.likelihood import PromptedReply, likelihoods
from core.training.scratch.tokenizer import train_tokenizer
from core.training.scratch.writing import write_model
from core.training.sft import sft
from core.training.student import PROJECTIONS, LoraShape, Student, open_student
from core.training.trainer import Recipe, TrainingRun, write_weights
from core.types import LoraVersion, PromptTurn, Sampling
from tests.core.training.scratch.models import small_decoder

ASKED = (PromptTurn("user", "when does the library open?"),)
GREEDY = Sampling(max_new_tokens=12, temperature=0.0, top_p=1.0)
TAUGHT = [PromptedReply(ASKED, "at nine")] * 8
QUICK = Recipe(max_rate=2e-2, batch=TrainingBatch(4, 1), n_epochs=20, max_length=64)


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("own") / "model"
    tokenizer = train_tokenizer(["when does the library open? at nine, at ten"] * 9, 300, 64)
    write_model(small_decoder(len(tokenizer), 64, spread=0.3), tokenizer, folder, {})
    return str(folder)


def student(name: str) -> Student:
    return open_student(name, Path("unused"), LoraShape(rank=8, alpha=16, dropout=0.0), 0, lambda key: None)


async def reply(generator: LocalGenerator) -> tuple[str, str | None]:
    pieces = [piece async for piece in generator.stream(ASKED, GREEDY)]
    return "".join(piece.text for piece in pieces), pieces[-1].lora_version


async def test_the_bot_speaks_with_it_and_thumbs_change_what_it_says(name: str, tmp_path: Path) -> None:
    taught = student(name)
    trained = sft(taught, TAUGHT, TAUGHT[:1], QUICK, TrainingRun(tmp_path))
    assert trained.metrics["held_out_loss"] < 0.5 < trained.metrics["held_out_loss_before"]
    assert {key.split(".")[-4 + ("default" not in key)] for key in taught.weights} == set(PROJECTIONS)
    write_weights(taught, tmp_path / "lora", "sft", QUICK, "d" * 64, trained, None)

    generator = open_generator(name, Path("unused"), lambda key: None)
    try:
        untaught = await reply(generator)
        assert generator.context_tokens == 64
        await generator.use_lora(LoraVersion("v1", tmp_path / "lora"))
        assert await reply(generator) == ("at nine", "v1")
        several = await asyncio.gather(*(reply(generator) for _ in range(5)))
        assert several == [("at nine", "v1")] * 5
        await generator.use_lora(None)
        assert await reply(generator) == untaught != ("at nine", None)
    finally:
        await generator.close()


def test_kto_moves_it_too(name: str, tmp_path: Path) -> None:
    taught = student(name)
    thumbs = [ThumbedReply(PromptedReply(ASKED, text), text == "at nine") for text in ("at nine", "at ten")] * 4
    kto(taught, thumbs, thumbs[:2], replace(QUICK, max_rate=1e-2, n_epochs=5), TrainingRun(tmp_path))
    nine, ten = (PromptedReply(ASKED, text) for text in ("at nine", "at ten"))
    after, before = (likelihoods(taught, [nine, ten], 64, as_base=base) for base in (False, True))
    assert after[0].log_prob - after[1].log_prob > before[0].log_prob - before[1].log_prob


async def test_a_tokenizer_of_another_model_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(name, folder)
    other = train_tokenizer([f"{a}{b}" * 9 for a in ascii_letters for b in ascii_letters], 500, 64)
    other.save_pretrained(folder)
    assert len(other) > json.loads((folder / "config.json").read_text())["vocab_size"]
    generator = open_generator(str(folder), Path("unused"), lambda key: None)
    with pytest.raises(Unavailable):
        await reply(generator)
    assert language_model_base(str(folder)).id == str(folder)
