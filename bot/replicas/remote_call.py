"""One message processed by a core over HTTP: its events are brought to the outlet, and what it needs to the core."""

from __future__ import annotations

import asyncio
import logging
import uuid
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from bot.control.values import error_to_json
from bot.replicas.core_addresses import CoreAddress
from bot.replicas.wire import PATH, SILENT_S, message_to_wire, posts_to_wire, read_event
from core.errors import BadInput, Unavailable, UserError
from core.markdown import Markdown
from core.ports import Outlet
from core.request_id import HEADER, current_request
from core.storage.delivery.message_json import reply_from_json
from core.tracing import trace_headers
from core.types import Message

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(SILENT_S, connect=3.0)


class CoreRefused(Exception):
    """A core took nothing on: it cannot be reached, drains or is full."""


class CoreLost(Exception):
    """A core ended, or fell silent, before the reply to a message was sent."""


class RemoteCall:
    """Has messages processed by cores. ``token`` is what the cores demand, empty for none."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def process(self, core: CoreAddress, message: Message, outlet: Outlet) -> None:
        """Have one core process a message. Raises ``CoreRefused``, ``CoreLost``, and ``Unavailable`` on a bad token."""
        url = f"{core.url}{PATH}/{uuid.uuid4().hex}"
        reply = _Events(self, core, url, message, outlet)
        try:
            body = message_to_wire(message)
            stream = self._client.stream("POST", url, json=body, headers=self.headers(core), timeout=TIMEOUT)
            async with stream as response:
                _require_taken(response)
                await reply.read(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise CoreRefused(type(error).__name__) from error
        except httpx.HTTPError as error:
            if not reply.has_replied:
                raise CoreLost(type(error).__name__) from error
            log.warning("%s was lost after its reply to %s", core.url, message.key)
        finally:
            await reply.end()

    async def bring(self, core: CoreAddress, url: str, found: Mapping[str, Any]) -> None:
        """Bring a core what it needs; one that is lost meanwhile needs it no more."""
        try:
            await self._client.post(url, json=found, headers=self.headers(core), timeout=TIMEOUT)
        except httpx.HTTPError as error:
            log.warning("%s was not brought what it needs: %s", core.url, type(error).__name__)

    def headers(self, core: CoreAddress) -> Mapping[str, str]:
        """Return the headers of every request to a core."""
        return {**self._headers, **trace_headers(), "Host": core.host, HEADER: current_request()}


class _Events:
    """The events of one reply, brought to its outlet in order."""

    def __init__(self, call: RemoteCall, core: CoreAddress, url: str, message: Message, outlet: Outlet) -> None:
        self._call, self._core, self._url = call, core, url
        self._message, self._outlet = message, outlet
        self._fetching: set[asyncio.Task[None]] = set()
        self.has_replied = False

    async def read(self, response: httpx.Response) -> None:
        """Bring every event to the outlet, up to the last. Raises ``CoreLost`` when that does not come."""
        async for line in response.aiter_lines():
            if (read := read_event(line)) is None:
                continue
            kind, value = read
            if kind == "done":
                return
            await self._handle(kind, value)
        if not self.has_replied:
            raise CoreLost("it ended early")

    async def _handle(self, kind: str, value: Any) -> None:
        match kind:
            case "progress":
                await self._outlet.progress(Markdown(value))
            case "partial":
                await self._outlet.partial(Markdown(value))
            case "reply":
                self.has_replied = True
                await self._outlet.send(reply_from_json(value))
            case "need":
                task = asyncio.create_task(self._fetch(value))
                self._fetching.add(task)
                task.add_done_callback(self._fetching.discard)

    async def _fetch(self, need: Mapping[str, Any]) -> None:
        url = f"{self._url}/needs/{need['number']}"
        await self._call.bring(self._core, url, await self._found(need))

    async def _found(self, need: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            if "attachment" in need:
                return {"data": b64encode(await self._message.attachments[need["attachment"]].read()).decode()}
            if self._message.nearby is None:
                return {"posts": []}
            return {"posts": posts_to_wire(await self._message.nearby(need["nearby"]))}
        except UserError as error:
            return {"error": error_to_json(error)}
        except Exception:  # the error boundary of a fetch: the core is told that it failed, the log how
            log.exception("what belongs to %s cannot be fetched", self._message.key)
            return {"error": error_to_json(BadInput("error.files_lost"))}

    async def end(self) -> None:
        """Fetch nothing more."""
        for task in list(self._fetching):
            task.cancel()
        await asyncio.gather(*self._fetching, return_exceptions=True)


def _require_taken(response: httpx.Response) -> None:
    match response.status_code:
        case HTTPStatus.OK:
            return
        case HTTPStatus.UNAUTHORIZED:
            raise Unavailable("core.wrong_token")
        case HTTPStatus.SERVICE_UNAVAILABLE:
            raise CoreRefused("it drains or is full")
        case status:
            raise CoreLost(f"HTTP {status}")
