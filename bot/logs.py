"""Logging to stderr or a file, with every secret masked, each line with the id of its request.

As text, or with ``AION_LOG_FORMAT=json`` as one JSON object a line: ``time`` (UTC), ``level``, ``logger``, ``message``,
and where there is one ``request`` and ``error`` (a traceback). Control characters are removed: they act on a terminal.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from core.control_characters import without_controls
from core.errors import Unavailable
from core.request_id import current_request
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


class TextFormatter(logging.Formatter):
    """Formats a record as a line: time, level, logger, request in brackets, message; a traceback below.

    Lines after the first are indented, so that none passes for a record of its own.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line, with the id of the request at hand before its message."""
        if request_id := current_request():
            record.message = f"[{request_id}] {record.message}"
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        return without_controls(super().format(record)).replace("\n", "\n  ")


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object. A traceback is taken as ``Redaction`` left it: masked."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if request_id := current_request():
            line["request"] = request_id
        if record.exc_text:
            line["error"] = record.exc_text
        return json.dumps({name: without_controls(value) for name, value in line.items()}, ensure_ascii=False)


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
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    handler.addFilter(Redaction([*settings.secrets, *secrets]))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
