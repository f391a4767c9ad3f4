"""What goes to the operator's log: one line an event, and never a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from core.settings import Settings

MASK = "•••"


class Redaction(logging.Filter):
    """Masks every secret in a record, in its message and in its traceback."""

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
        """Return ``text`` without any secret."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text


def set_up_logging(settings: Settings, secrets: Iterable[str]) -> None:
    """Log to the standard error, masking ``secrets`` and both platforms' tokens."""
    tokens = [token.get_secret_value() for token in (settings.discord_token, settings.telegram_token) if token]
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(Redaction([*tokens, *secrets]))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "apscheduler", "discord.client", "sentence_transformers"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
