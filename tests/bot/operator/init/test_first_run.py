"""The end of ``aion init``: what was answered last is asked again where somebody new may write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from io import StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from bot.operator.init.first_run import FirstRun
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.pipeline import Question
from core.settings import Settings, read_settings
from tests.fakes import MEMBER, SPACE, ScriptedGenerator, WordEmbedder
from tests.providers import ProviderServer, says, write_table

KEY = "made-up-groq-key"
ASKED = "When does the library open on Saturdays?"
WRITTEN = "On Saturdays the library opens at nine o'clock. [1]"


class Answers:
    """A person whose answers are by setting; every question without a setting is answered with yes."""

    repeats = True

    def __init__(self, **answers: str) -> None:
        self._answers = answers
        self.questions: list[str] = []

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Return the answer, empty for a setting that has none."""
        self.questions.append(question)
        return self._answers.get(setting, "") if setting else "y"


@pytest.fixture
def opened() -> Callable[[Settings], AbstractAsyncContextManager[Aion]]:
    """Return what opens a core that quotes, because its local model never writes."""
    writer = ScriptedGenerator([], languages=frozenset())
    return partial(assemble, registry=Registry(), embedder=WordEmbedder(), local=writer)


async def test_a_new_key_is_shown_by_what_was_asked_last(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[Settings], AbstractAsyncContextManager[Aion]],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AION_CONFIDENCE", "spec")
    monkeypatch.setenv("AION_TAU", "0.99")
    async with ProviderServer(says(WRITTEN)) as provider, httpx.AsyncClient() as client:
        table = write_table(tmp_path / "providers.toml", [("groq", provider.url)])
        monkeypatch.setenv("AION_PROVIDERS_FILE", str(table))
        async with opened(read_settings()) as aion:
            await aion.ingest.index_file(SPACE, "hours.md", b"The library opens at nine o'clock on Saturdays.")
            for text in ("hi", ASKED, ASKED):
                await aion.questions.pipeline.answer(Question(SPACE, "here", MEMBER, text, "en"), _unseen)
        for key, n_shown in ((KEY, 1), ("", 0)):
            screen, person = StringIO(), Answers(GROQ_API_KEY=key)
            await FirstRun(person, client, read_settings(), Console(file=screen, width=200), opened).run()
            assert screen.getvalue().count(f"❯ {ASKED}") == n_shown
            assert screen.getvalue().count(WRITTEN) == n_shown
            assert screen.getvalue().count("The library opens at nine o'clock on Saturdays.") == n_shown
            assert ("1 latest" in person.questions[-1]) is bool(n_shown)


async def _unseen(text: str) -> None:
    pass
