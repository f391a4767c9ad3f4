"""Telegram Login: which account a browser's owner has, in data that is signed with the bot's token.

Source: Telegram's documentation, "Login Widget", checking authorization. The data comes in the part of the address
that a server is not sent, so that a script of ours sends it as a form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from bot.web.dashboard.platform_sign_in.pending import PendingSignIn
from core.control_characters import without_controls
from core.types import Person

OAUTH_BASE = "https://oauth.telegram.org"
FRESH = timedelta(minutes=5)
"""How old signed data is at most."""

SKEW = timedelta(minutes=1)
"""How far ahead Telegram's clock may be."""

MAX_RESULT_CHARS = 8_000


@dataclass(frozen=True, slots=True)
class TelegramLogin:
    """The login of a bot, whose domain was set with @BotFather. ``origin`` is the dashboard's address."""

    bot_token: str
    origin: str
    return_to: str
    oauth_base: str = OAUTH_BASE

    def address(self, pending: PendingSignIn) -> str:
        """Return where a browser is sent to sign in."""
        asked = {
            "bot_id": self.bot_token.partition(":")[0],
            "origin": self.origin,
            "return_to": f"{self.return_to}?{urlencode({'state': pending.state})}",
        }
        return f"{self.oauth_base}/auth?{urlencode(asked)}"

    def account(self, result: str, now: datetime) -> Person | None:
        """Return the account of ``tgAuthResult``; ``None`` for data that is not Telegram's, or not fresh."""
        fields = _fields(result)
        signed_at = fields.get("auth_date", "")
        if not self._is_signed(fields) or not (signed_at.isascii() and signed_at.isdecimal() and len(signed_at) < 12):
            return None
        if not -SKEW.total_seconds() <= now.timestamp() - int(signed_at) <= FRESH.total_seconds():
            return None
        number = fields.get("id", "")
        if not (number.isascii() and number.isdecimal()):
            return None
        name = " ".join(each for each in (fields.get("first_name", ""), fields.get("last_name", "")) if each)
        return Person(f"telegram:{number}", without_controls(name))

    def _is_signed(self, fields: Mapping[str, str]) -> bool:
        """Return whether ``hash`` is HMAC-SHA256 of all other fields, by name, keyed by SHA-256 of the bot's token."""
        told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "hash")
        key = hashlib.sha256(self.bot_token.encode()).digest()
        signature = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), fields.get("hash", "").encode())


def _fields(result: str) -> dict[str, str]:
    """Return the fields of a result, base64url of a JSON object; none where it is no such thing."""
    if len(result) > MAX_RESULT_CHARS or not result.isascii():
        return {}
    try:
        held = json.loads(base64.urlsafe_b64decode(result + "=" * (-len(result) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    if not isinstance(held, dict) or not all(isinstance(value, str | int) for value in held.values()):
        return {}
    return {str(name): str(value) for name, value in held.items()}
