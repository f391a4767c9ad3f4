"""Opens the exporter of training data over a data folder: who allows what, and which providers' words may be used."""

from __future__ import annotations

from pathlib import Path

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.generation.providers.catalogue import Provider
from core.privacy.data_rights import TRAINING
from core.privacy.pseudonyms import Pseudonyms
from core.storage.database import Database
from core.storage.impressions import Impressions
from core.storage.inbox import Inbox
from core.storage.people import PersonRecords
from core.storage.spaces import Spaces
from core.storage.training_ratings import RatedAnswers
from core.training.export import Exporter, Exports
from core.types import Language, SpaceId


def open_exports(data_dir: Path) -> Exports:
    """Return the exports made from a data folder."""
    return Exports(data_dir / "training")


def open_exporter(
    database: Database, data_dir: Path, providers: tuple[Provider, ...], pseudonyms: Pseudonyms, language: Language
) -> Exporter:
    """Return the exporter of a data folder. ``language`` is spoken to moderators where their space chose none."""
    spaces = Spaces(database)

    async def trains(space: SpaceId) -> bool:
        known = await spaces.get(space)
        return bool(known and known.settings.get(TRAINING, False))

    return Exporter(
        rated=RatedAnswers(database),
        spaces=Impressions(database).spaces,
        trains=trains,
        may_train=PersonRecords(database).may_train,
        pseudonyms=pseudonyms,
        notices=Notices(Inbox(database), Channels(spaces), spaces, language),
        providers={provider.name: provider.training_allowed for provider in providers},
        exports=open_exports(data_dir),
    )
