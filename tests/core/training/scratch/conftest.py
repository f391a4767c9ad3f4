from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.training.scratch.corpus import TokenCorpus, open_corpus
from core.training.scratch.tokenizer import train_tokenizer
from tests.corpora import write_corpus

CONTEXT = 16


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TokenCorpus:
    folder = tmp_path_factory.mktemp("text")
    write_corpus(folder / "text")
    return open_corpus(
        folder / "text", folder / "cache", lambda texts: train_tokenizer(texts, 320, CONTEXT), "", 16, ignore
    )


def ignore(key: str) -> None:
    pass


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def opened(tmp_path: Path, told: list[str]) -> Callable[..., TokenCorpus]:
    """Opens a folder's corpus; ``told`` hears of each reading of text."""

    def open_it(folder: Path, identity: str = "bpe", context: int = CONTEXT) -> TokenCorpus:
        return open_corpus(
            folder,
            tmp_path / "cache",
            lambda texts: train_tokenizer(texts, 320, context),
            identity,
            context,
            told.append,
        )

    return open_it
