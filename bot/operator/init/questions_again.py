"""The community's latest questions, asked again after ``aion init`` changed who writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from core.assembly.data_folder import join_data_folder
from core.settings import Settings
from core.storage.database import FILE, is_locked
from core.storage.impressions import GivenAnswer, Impressions
from core.types import Person

if TYPE_CHECKING:
    from core.assembly.aion import Aion

N_ASKED = 3

_OPERATOR = Person("operator:init", "operator")

OpenAion = Callable[[Settings], "AbstractAsyncContextManager[Aion]"]
"""Opens a core on the data folder of the settings."""


@asynccontextmanager
async def open_core(settings: Settings) -> AsyncIterator[Aion]:
    """Open a core without commands."""
    from core.assembly.bootstrap import assemble  # the whole core: few who run aion init come to this
    from core.commands import Registry

    async with assemble(settings, Registry()) as aion:
        yield aion


async def latest_answers(settings: Settings) -> Sequence[GivenAnswer]:
    """Return what was answered last from passages; nothing without a data folder, or while AION runs on it.

    Raises ``Unavailable`` when the data folder cannot be used.
    """
    if is_locked(settings.data_dir) or not (settings.data_dir / FILE).exists():
        return ()
    async with join_data_folder(settings) as folder:
        return await Impressions(folder.database).latest(N_ASKED)


async def asked_again(
    given: Sequence[GivenAnswer], settings: Settings, open_aion: OpenAion
) -> AsyncIterator[tuple[GivenAnswer, str]]:
    """Yield each answer with the text that its question gets now; nothing of it is recorded."""
    from core.pipeline import Question  # as above

    async with open_aion(settings) as aion:
        await aion.warm()
        pipeline = aion.questions.pipeline
        for each in given:
            asked = Question(each.space, "init", _OPERATOR, each.question, each.language, fresh=True)
            yield each, (await pipeline.consult(asked, lambda: None)).draft.text
