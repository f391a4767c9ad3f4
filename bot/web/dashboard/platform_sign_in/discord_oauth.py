"""Discord's OAuth 2 (authorization code with PKCE, scope ``identify``): which account a browser's owner has.

The access token is used once and revoked; nothing of it is stored. Source: Discord's developer documentation, topic
OAuth2; RFC 6749 and RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from bot.web.dashboard.platform_sign_in.pending import PendingSignIn
from core.control_characters import without_controls
from core.errors import PermissionRefused, Unavailable
from core.types import Person

log = logging.getLogger(__name__)

API_BASE = "https://discord.com/api/v10"
AUTHORIZE_URL = "https://discord.com/oauth2/authorize"
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class DiscordOAuth:
    """An application's OAuth 2. ``redirect_uri`` must be listed in its settings at Discord."""

    client_id: str
    client_secret: str
    redirect_uri: str
    api_base: str = API_BASE
    authorize_url: str = AUTHORIZE_URL

    def address(self, pending: PendingSignIn) -> str:
        """Return where a browser is sent to sign in."""
        digest = hashlib.sha256(pending.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "scope": "identify",
            "redirect_uri": self.redirect_uri,
            "state": pending.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self.authorize_url}?{urlencode(asked)}"

    async def account(self, code: str, pending: PendingSignIn) -> Person:
        """Return the account that Discord gave a code for.

        Raises ``PermissionRefused`` for a code that it does not take, and ``Unavailable`` where it does not answer.
        """
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=True) as http:
                token = await self._token(http, code, pending)
                user = await http.get(f"{self.api_base}/users/@me", headers={"Authorization": f"Bearer {token}"})
                await self._revoke(http, token)
                return _person(_read(user))
        except (httpx.HTTPError, ValueError) as error:
            log.warning("no sign-in by Discord: %s", type(error).__name__)
            raise Unavailable("dashboard.platform_silent") from error

    async def _token(self, http: httpx.AsyncClient, code: str, pending: PendingSignIn) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": pending.verifier,
        }
        given = await http.post(f"{self.api_base}/oauth2/token", data=form, auth=(self.client_id, self.client_secret))
        if given.status_code in (400, 401):
            log.warning("Discord took no code for a sign-in (%s)", given.status_code)
            raise PermissionRefused("dashboard.not_signed_in")
        match _read(given):
            case {"access_token": str(token)} if token:
                return token
        raise ValueError("no access token")

    async def _revoke(self, http: httpx.AsyncClient, token: str) -> None:
        form = {"token": token, "token_type_hint": "access_token"}
        await http.post(f"{self.api_base}/oauth2/token/revoke", data=form, auth=(self.client_id, self.client_secret))


def _read(response: httpx.Response) -> Any:
    """Return the JSON of a response. Raises ``httpx.HTTPError`` for one that is no success, and ``ValueError``."""
    return response.raise_for_status().json()


def _person(user: Any) -> Person:
    """Return an account as a person. Raises ``PermissionRefused`` for a bot's, and ``ValueError`` for none."""
    match user:
        case {"id": str(number), "username": str(name)} if number.isascii() and number.isdecimal():
            if user.get("bot"):
                raise PermissionRefused("dashboard.not_signed_in")
            shown = user.get("global_name")
            return Person(f"discord:{number}", without_controls(shown if isinstance(shown, str) and shown else name))
    raise ValueError("no account")
