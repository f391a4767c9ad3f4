"""A community in a temporary data folder: taught and asked with the operator's models, and without the network."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.errors import BadInput
from core.evaluation.dataset import LabelledDocument, LabelledQuestion
from core.language import detect_language
from core.offload import offload
from core.pipeline import Question
from core.ports import Embedder, Gate, Reader
from core.retrieval.reading.reading_searcher import as_read
from core.settings import Settings
from core.types import Answer, Person, Scope, SearchResult, SpaceId

_SPACE = SpaceId("evaluation:1")
_MEMBER = Person("evaluation:member", "Member")


class TemporaryCommunity:
    """One space of a running core (``core.experiments.member_eval.Community``).

    ``left_out`` is called with the name of each document that could not be read, and why.
    """

    def __init__(self, aion: Aion, left_out: Callable[[str, BadInput], object]) -> None:
        self._aion, self._left_out = aion, left_out
        self._pipeline = aion.questions.pipeline

    async def teach(self, document: LabelledDocument) -> None:
        """Index a document as the file it is; one of an unknown kind as Markdown, an unreadable one is left out."""
        name = document.title or document.id
        try:
            await self._aion.ingest.index_file(_SPACE, name, document.text.encode())
        except BadInput as error:
            if error.key == "knowledge.unsupported":
                await self.teach(LabelledDocument(document.id, f"{name}.md", document.text))
            else:
                self._left_out(name, error)

    async def ask(self, question: LabelledQuestion) -> tuple[Answer, SearchResult]:
        """Answer a question in a conversation of its own, and return what the search found for it."""
        language = await offload(detect_language, question.text, self._aion.settings.language)
        searched = await self._pipeline.searcher.search(Scope(_SPACE), question.text, language)
        found = await as_read(searched, self._pipeline.reader)
        asked = Question(_SPACE, question.id, _MEMBER, question.text, language, fresh=True)
        return await self._pipeline.answer(asked, _unseen), found


@asynccontextmanager
async def open_temporary_community(
    settings: Settings,
    embedder: Embedder,
    second: Embedder | None,
    gate: Gate,
    reader: Reader | None,
    tell: Callable[[str], None],
    left_out: Callable[[str, BadInput], object],
) -> AsyncIterator[TemporaryCommunity]:
    """Open an empty community; its folder is removed when the block ends. No provider and no worker is asked."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings.models_dir.mkdir(parents=True, exist_ok=True)
        (folder / "models").symlink_to(settings.models_dir.absolute())
        no_providers = folder / "providers.toml"
        no_providers.write_text("provider = []\n", encoding="utf-8")
        offline = settings.model_copy(update={"data_dir": folder, "providers_file": no_providers, "workers": ""})
        models = partial(assemble, embedder=embedder, second=second, gate=gate, reader=reader)
        async with models(offline, Registry(), tell) as aion:
            await aion.warm()
            yield TemporaryCommunity(aion, left_out)


async def _unseen(text: str) -> None:
    """Show nothing: only the whole answer is judged."""
