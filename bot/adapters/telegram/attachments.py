"""Files that came with a Telegram message, downloaded when they are read."""

from __future__ import annotations

from telegram import Bot, Document, Voice
from telegram.error import TelegramError

from bot.adapters.telegram.retries import retry_briefly
from bot.adapters.telegram.timing import PollTiming
from core.control_characters import without_controls
from core.errors import BadInput, Unavailable
from core.types import Attachment


def attachment_of(document: Document | Voice, bot: Bot, timing: PollTiming) -> Attachment:
    """Return a file of a message, or a voice message.

    Reading it raises ``BadInput`` when it is larger than the Bot API hands out, ``Unavailable`` when it cannot be had.
    """
    if isinstance(document, Voice):
        name, seconds = f"{document.file_unique_id}.ogg", float(document.to_dict()["duration"])
    else:
        name, seconds = without_controls(document.file_name or "") or f"{document.file_unique_id}.txt", None

    async def fetch() -> bytes:
        file = await bot.get_file(document.file_id)
        return bytes(await file.download_as_bytearray())

    async def read() -> bytes:
        try:
            return await retry_briefly(fetch, timing, "getFile")
        except TelegramError as error:
            if "file is too big" in error.message.lower():
                raise BadInput("telegram.file_too_big", name=name) from error
            raise Unavailable("telegram.file_unavailable", name=name) from error

    return Attachment(name, document.file_size or 0, read, seconds)
