"""Logging to stderr or a file, with every secret masked."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from core.errors import Unavailable
from core.settings import Settings
from core.storage.private_folder import open_private_folder

MASK = "•••"

_CHATTY = ("httpx", "httpcore", "apscheduler", "discord.client", "sentence_transformers", "faiss", "alembic")
"""Loggers of libraries that log every step; set to WARNING."""


class Redaction(logging.Filter):
    """Logging filter that masks ``secrets`` in each record's message and traceback."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(sorted((secret for secret in secrets if secret), key=len, reverse=True))

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record in place and let it pass."""
        record.msg = self.mask(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = self.mask(logging.Formatter().formatException(record.exc_info))
        return True

    def mask(self, text: str) -> str:
        """Return ``text`` with ``MASK`` in place of each secret."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def set_up_logging(settings: Settings, secrets: Iterable[str]) -> None:
    """Log to stderr from INFO on, masking ``secrets`` and every secret of the settings."""
    _log_to(logging.StreamHandler(), settings, secrets)


def log_to_file(settings: Settings, secrets: Iterable[str] = ()) -> None:
    """Log to ``aion.log`` in the data folder, masked likewise, so that the terminal shows a command's output alone.

    Raises ``Unavailable`` when the folder cannot be made.
    """
    try:
        open_private_folder(settings.data_dir)
    except OSError as error:
        raise Unavailable("storage.unusable", folder=settings.data_dir, problem=error.strerror) from error
    _log_to(logging.FileHandler(settings.data_dir / "aion.log", encoding="utf-8", delay=True), settings, secrets)


def _log_to(handler: logging.Handler, settings: Settings, secrets: Iterable[str]) -> None:
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(Redaction([*settings.secrets, *secrets]))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
