"""The key of pseudonyms: the data folder's, or the one that is set; the same in every process on one database."""

from __future__ import annotations

from core.errors import Unavailable
from core.offload import offload
from core.privacy.pseudonyms import KEY_BYTES, Pseudonyms
from core.settings import Settings
from core.storage.database import Database
from core.storage.delivery.installation import Installation

_NAME = "person_key"
_WITNESS = "the key of this installation"


async def open_pseudonyms(settings: Settings) -> Pseudonyms:
    """Return the pseudonyms under ``AION_PERSON_KEY``, else under the data folder's key, made the first time.

    Raises ``Unavailable`` when the setting is no key, ``StorageCorrupt`` when the folder's file is none.
    """
    if settings.person_key is None or not (written := settings.person_key.get_secret_value().strip()):
        return await offload(Pseudonyms.open, settings.data_dir)
    try:
        key = bytes.fromhex(written)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Unavailable("settings.wrong", name="AION_PERSON_KEY", problem=f"{2 * KEY_BYTES} hexadecimal digits")
    return Pseudonyms(key)


async def require_same_key(database: Database, pseudonyms: Pseudonyms) -> None:
    """Raise ``Unavailable`` when another process on the database names people by another key.

    What one stores of a person the other would never find. The database keeps a hash under the key, never the key.
    """
    fingerprint = pseudonyms.of(_WITNESS)
    if await Installation(database).agreed(_NAME, fingerprint) != fingerprint:
        raise Unavailable("storage.other_person_key")
