"""Discord's and Telegram's sign-in endpoints on the loopback, with the rules that the documentation states."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "1234", "made-up-client-secret"
BOT_TOKEN = "1234567:made-up-bot-token"


@dataclass
class _LoopbackServer(ABC):
    """A server on a free port of the loopback."""

    address: str = field(default="", init=False)
    _runner: web.AppRunner | None = field(default=None, init=False)

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """Return what it serves."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()


@dataclass
class DiscordSignIn(_LoopbackServer):
    """Discord's OAuth 2: ``user`` presses Authorize on ``/authorize``, unless ``refuses``."""

    user: dict[str, Any] = field(default_factory=lambda: {"id": "42", "username": "rui", "global_name": "Rui"})
    refuses: bool = False
    redirect_uris: set[str] = field(default_factory=set)
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    fails_with: int = 0

    def routes(self) -> list[web.RouteDef]:
        """Return the endpoints."""
        return [
            web.get("/authorize", self._authorize),
            web.post("/oauth2/token", self._token),
            web.post("/oauth2/token/revoke", self._revoke),
            web.get("/users/@me", self._me),
        ]

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = request.query
        assert (asked["client_id"], asked["response_type"], asked["scope"]) == (CLIENT_ID, "code", "identify")
        assert asked["code_challenge_method"] == "S256" and asked["redirect_uri"] in self.redirect_uris
        code = secrets.token_urlsafe(8)
        self.codes[code] = dict(asked)
        told = {"error": "access_denied"} if self.refuses else {"code": code}
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode({**told, 'state': asked['state']})}")

    async def _token(self, request: web.Request) -> web.Response:
        if self.fails_with:
            return web.Response(status=self.fails_with)
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers["Authorization"] != f"Basic {known}":
            return web.json_response({"error": "invalid_client"}, status=401)
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)  # a code is good for once
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or (asked["redirect_uri"], asked["code_challenge"]) != (form["redirect_uri"], challenge):
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.tokens.add(token := secrets.token_urlsafe(8))
        return web.json_response({"access_token": token, "token_type": "Bearer", "scope": "identify"})

    async def _revoke(self, request: web.Request) -> web.Response:
        self.revoked.add(str((await request.post())["token"]))
        return web.json_response({})

    async def _me(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return web.json_response(self.user) if token in self.tokens - self.revoked else web.Response(status=401)


@dataclass
class TelegramSignIn(_LoopbackServer):
    """Telegram's login page: ``user`` accepts at the moment ``now``."""

    now: datetime
    user: dict[str, Any] = field(default_factory=lambda: {"id": 42, "first_name": "Rui", "username": "rui"})

    def routes(self) -> list[web.RouteDef]:
        """Return the one page."""
        return [web.get("/auth", self._auth)]

    async def _auth(self, request: web.Request) -> web.Response:
        assert request.query["bot_id"] == BOT_TOKEN.partition(":")[0]
        assert request.query["return_to"].startswith(request.query["origin"])
        raise web.HTTPFound(f"{request.query['return_to']}#tgAuthResult={self.result()}")

    def result(self, token: str = BOT_TOKEN, **changed: Any) -> str:
        """Return signed data of the user, fields changed after signing."""
        fields = {**self.user, "auth_date": int(self.now.timestamp())}
        told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
        key = hashlib.sha256(token.encode()).digest()
        fields["hash"] = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
        return base64.urlsafe_b64encode(json.dumps({**fields, **changed}).encode()).decode().rstrip("=")
