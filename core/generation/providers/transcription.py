"""Transcription of recordings by providers that offer it, over OpenAI's ``/audio/transcriptions``.

Counted and cooled down like other requests. Does not cover which recordings are transcribed (``core.voice_messages``).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
from pydantic import SecretStr

from core.errors import Unavailable
from core.generation.providers.catalogue import Provider
from core.generation.providers.cooldown import cooldown_for
from core.generation.providers.errors import FailureKind, ProviderFailed, failure_of, redact
from core.generation.providers.ledger import Ledger
from core.generation.providers.route import Route, routes

log = logging.getLogger(__name__)

TIMEOUT_S = 30.0
"""Most seconds of one request; a recording of two minutes takes a provider about one."""

MAX_REPLY_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as it came: its file's name, which tells its format, and its bytes."""

    name: str
    data: bytes


class Transcriber:
    """The models that transcribe, in order of preference. Without any it is false."""

    def __init__(
        self, routes: Sequence[Route] = (), client: httpx.AsyncClient | None = None, ledger: Ledger | None = None
    ) -> None:
        if routes and client is None:
            raise ValueError("routes need a client")
        self._routes, self._client, self._ledger = tuple(routes), client, ledger or Ledger()

    def __bool__(self) -> bool:
        """Return whether there is any model."""
        return bool(self._routes)

    async def transcribe(self, recording: Recording, *, refuses_training_plans: bool) -> str:
        """Return what is said in a recording, empty where nothing is.

        Raises ``Unavailable`` when nobody transcribes it now; providers that train on what they are sent are not asked
        where that is refused.
        """
        await self._ledger.refresh()
        for route in self._routes:
            cost = route.cost(0, 0)
            is_refused = refuses_training_plans and route.provider.may_train
            if is_refused or self._ledger.state_of(route, cost).ready_s > self._ledger.clock.now_s():
                continue
            lease = self._ledger.lease(route, cost)
            if not await self._ledger.confirm(lease, route.provider.soft_share):
                continue
            try:
                return await self._ask(route, recording)
            except ProviderFailed as failure:
                log.warning("no transcript from %s/%s %s", route.provider.name, route.model.id, failure)
                if bench := cooldown_for(route, failure, 1, self._ledger.clock.now_s(), False):
                    self._ledger.cool_down(bench)
            finally:
                self._ledger.settle(lease, cost)
        raise Unavailable("voice.unavailable")

    async def _ask(self, route: Route, recording: Recording) -> str:
        """Return one model's transcript. Raises ``ProviderFailed``."""
        key = route.key.get_secret_value()
        url = f"{route.provider.base_url.rstrip('/')}/audio/transcriptions"
        fields = {"model": route.model.id, "response_format": "json", **route.model.extra}
        files = {"file": (recording.name, recording.data, "application/octet-stream")}
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, reply_headers, body = await self._post(url, fields, files, headers)
        except TimeoutError:
            raise ProviderFailed(FailureKind.NETWORK, "the provider fell silent") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: an error about a header quotes it, and the key with it.
            raise ProviderFailed(FailureKind.NETWORK, redact(f"{type(error).__name__} {error}", key)) from None
        if status != 200 or not isinstance(body, dict) or not isinstance(body.get("text"), str):
            raise failure_of(status, reply_headers, body, key, self._ledger.clock.now_s())
        return str(body["text"]).strip()

    async def _post(
        self, url: str, fields: Mapping[str, Any], files: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], Any]:
        """Return status, headers and body of a reply, parsed where it is JSON; at most ``MAX_REPLY_BYTES`` are read."""
        assert self._client is not None, "there are routes"
        data = b""
        async with self._client.stream(
            "POST", url, data=fields, files=files, headers=headers, timeout=TIMEOUT_S, follow_redirects=False
        ) as response:
            async for piece in response.aiter_raw():
                data += piece
                if len(data) > MAX_REPLY_BYTES:
                    raise ProviderFailed(FailureKind.MALFORMED, "the reply is too long", status=response.status_code)
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            body = data.decode("utf-8", "replace")
        return response.status_code, response.headers, body


def open_transcriber(
    providers: Sequence[Provider],
    keys: Mapping[str, Sequence[SecretStr]],
    client: httpx.AsyncClient,
    ledger: Ledger,
    *,
    monthly_usd: float = 0.0,
) -> Transcriber:
    """Return the transcriber over every provider with ``keys`` that has models for it."""
    hearing = [replace(each, models=each.transcription) for each in providers if each.transcription]
    return Transcriber(routes(hearing, keys, monthly_usd), client, ledger)
