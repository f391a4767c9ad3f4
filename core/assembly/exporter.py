"""Opens the exporter of training data over a data folder: who allows what, and which providers' words may be used."""

from __future__ import annotations

from pathlib import Path

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.generation.providers.catalogue import Provider
from core.privacy.discord_rules import DiscordRules
from core.privacy.pseudonyms import Pseudonyms
from core.services.setting_schema import TRAINING
from core.settings import Settings
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.impressions import Impressions
from core.storage.people import PersonRecords
from core.storage.spaces import Spaces
from core.storage.training_ratings import RatedAnswers
from core.training.export import Exporter, Exports
from core.types import SpaceId, community_of


def open_exports(data_dir: Path) -> Exports:
    """Return the exports made from a data folder."""
    return Exports(data_dir / "training")


def discord_rules_of(settings: Settings) -> DiscordRules:
    """Return what the operator states about Discord's policy."""
    return DiscordRules(settings.discord_training_permitted == "yes", settings.discord_training_plans == "allow")


def open_exporter(
    database: Database, settings: Settings, providers: tuple[Provider, ...], pseudonyms: Pseudonyms
) -> Exporter:
    """Return the exporter of a data folder."""
    spaces = Spaces(database)

    async def trains(space: SpaceId) -> bool:  # what only some may read goes into no model, which speaks to all
        return space == community_of(space) and await spaces.value(space, TRAINING)

    return Exporter(
        rated=RatedAnswers(database),
        spaces=Impressions(database).spaces,
        trains=trains,
        may_train=PersonRecords(database).may_train,
        pseudonyms=pseudonyms,
        notices=Notices(Inbox(database), Channels(spaces), spaces, settings.language),
        providers={provider.name: provider.training_allowed for provider in providers},
        exports=open_exports(settings.data_dir),
        withholds_messages=discord_rules_of(settings).withholds_messages,
    )
