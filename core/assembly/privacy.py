"""What each person may have erased, and what is erased by age, put together over the same erasers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from core.assembly.exporter import discord_rules_of, open_exports
from core.assembly.library import Library
from core.assembly.stores import Stores
from core.listening.lesson_keeper import LessonKeeper
from core.models.registry import LoraRegistry
from core.privacy.data_rights import DataRights, Erase
from core.privacy.pseudonyms import Pseudonyms
from core.privacy.retention import Retention
from core.services.setting_schema import RETENTION
from core.settings import Settings
from core.training.retest import RetestedAnswers


def open_rights(
    settings: Settings, stores: Stores, library: Library, pseudonyms: Pseudonyms, keeper: LessonKeeper
) -> DataRights:
    """Return every person's rights over what is kept of them, training exports included."""
    return DataRights(
        stores.people,
        stores.documents,
        stores.spaces,
        stores.inbox,
        pseudonyms,
        library.indexes.drop,
        _erasers(settings),
        discord_rules_of(settings).withholds_messages,
        keeper.erase,
    )


def open_retention(settings: Settings, stores: Stores) -> Retention:
    """Return what erases answers by age, as the operator and each space set it."""
    return Retention(
        stores.people,
        _erasers(settings),
        settings.keep_answers_days,
        lambda: datetime.now(UTC),
        partial(stores.spaces.values, RETENTION),
    )


def _erasers(settings: Settings) -> Mapping[str, Erase]:
    """Return what erases that which was made of answers and is kept in files."""
    retested = RetestedAnswers(LoraRegistry(settings.data_dir / "loras"))
    return {"exports": open_exports(settings.data_dir).erase, "retested": retested.erase}
