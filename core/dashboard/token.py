"""Tokens of sign-in links and sessions: a secret, and who bears it.

A token names its bearer's account, so that the platform can be asked at every request whether they still moderate; the
database holds the token's hash and the account's pseudonym alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets

from core.control_characters import without_controls
from core.types import Person

MAX_TOKEN_CHARS = 1_500
MAX_NAME_CHARS = 60

_SECRET_BYTES = 32


def new_token(person: Person) -> str:
    """Return a new token of a person, in characters that addresses and cookies hold."""
    bearer = json.dumps([person.id, without_controls(person.name)[:MAX_NAME_CHARS]]).encode()
    return f"{secrets.token_urlsafe(_SECRET_BYTES)}.{base64.urlsafe_b64encode(bearer).decode().rstrip('=')}"


def bearer_of_token(token: str) -> Person | None:
    """Return the person a token names, no moderator yet; ``None`` where it names nobody.

    Only a token whose hash is stored was made by AION: look for that first.
    """
    _, _, named = token.partition(".")
    try:
        match json.loads(base64.urlsafe_b64decode(named + "=" * (-len(named) % 4))):
            case [str(person), str(name)]:
                return Person(person, name)
    except (binascii.Error, ValueError):
        pass
    return None


def token_hash(token: str) -> str:
    """Return what is stored of a token: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def csrf_token(session_token: str) -> str:
    """Return the token that every form of a session carries: HMAC-SHA256 of a constant, keyed by the session's."""
    return hmac.new(session_token.encode(errors="replace"), b"aion dashboard form", hashlib.sha256).hexdigest()
