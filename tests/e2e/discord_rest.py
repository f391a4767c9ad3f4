"""The REST side of ``discord_server``: every route a bot like AION uses, with the rules Discord holds it to."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web
from discord_faults import Cut, DiscordError, DiscordFault, Failed, Held, Late, Odd, RateLimited
from discord_things import (
    CONTAINER,
    EPHEMERAL,
    IS_COMPONENTS_V2,
    LOADING,
    SECTION,
    SEPARATOR,
    TEXT_DISPLAY,
    THREAD,
    Channel,
    Guild,
    Interaction,
    Json,
    Message,
    User,
    every_component,
    snowflake,
)
from discord_world import Call, World

from tests.e2e.platform_limits import DISCORD_OVERALL

MAX_UNITS = 2000


class Rest(World):
    """Answers the bot's requests."""

    gateway_url: str
    n_sessions_left = 1000

    def __init__(self) -> None:
        super().__init__()
        self._faults: list[tuple[str, DiscordFault]] = []
        self._sent_at: dict[int, list[float]] = {}
        self.query: Mapping[str, str] = {}

    async def _download(self, request: web.Request) -> web.Response:
        data = self._files.get(request.match_info["name"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        path = f"/{request.match_info['path']}"
        fault = self._fault(f"{request.method} {path}")
        status, answer = 0, b""
        headers: dict[str, str] = {}
        if isinstance(fault, RateLimited):
            status, answer, headers = _too_many(fault.retry_after_s)
        elif isinstance(fault, Failed | Cut) and not fault.applied:
            status = fault.status if isinstance(fault, Failed) else 0
        else:
            status, answer, headers = self._answer(request, path, body)
            status = fault.status if isinstance(fault, Failed) else 0 if isinstance(fault, Cut) else status
            status, answer = (200, json.dumps(fault.body).encode()) if isinstance(fault, Odd) else (status, answer)
        self.calls.append(Call(time.monotonic(), request.method, path, body, status))
        self._changed.set()
        if isinstance(fault, Late):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, Held):
            await fault.released.wait()
        if not status and request.transport is not None:
            request.transport.abort()
        kind = "application/json" if answer else None
        return web.Response(status=status or 500, body=answer or None, content_type=kind, headers=headers)

    def _fault(self, call: str) -> DiscordFault | None:
        for n, (pattern, fault) in enumerate(self._faults):
            if call.startswith(pattern) or re.search(pattern, call):
                del self._faults[n]
                return fault
        return None

    def _answer(self, request: web.Request, path: str, body: Any) -> tuple[int, bytes, dict[str, str]]:
        try:
            is_open = path.startswith(("/interactions", "/webhooks"))
            if not is_open and request.headers.get("Authorization") != f"Bot {self.token}":
                raise DiscordError(401, 0, "401: Unauthorized")
            headers = self._spend(request.method, path)
            self.query = request.query
            for method, pattern, handle in self._routes():
                if method == request.method and (match := re.fullmatch(pattern, path)):
                    result = handle(body or {}, *match.groups())
                    return (204, b"", headers) if result is None else (200, json.dumps(result).encode(), headers)
        except DiscordError as error:
            if error.status == 429:
                return _too_many(error.body["retry_after"])
            return error.status, json.dumps(error.body).encode(), {}
        self.unhandled.append(f"{request.method} {path}")
        return 404, b'{"code": 0, "message": "404: Not Found"}', {}

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        message = r"/channels/(\d+)/messages/(\d+)"
        hook = r"/webhooks/\d+/([\w-]+)"
        return [
            ("GET", r"/users/@me", lambda body: self.bot.json()),
            ("GET", r"/oauth2/applications/@me", lambda body: self._application()),
            ("PUT", r"/applications/\d+/commands", self._sync),
            ("GET", r"/applications/@me", lambda body: self._application()),
            ("GET", r"/applications/\d+/commands", lambda body: self.commands),
            ("GET", r"/gateway/bot", lambda body: self._gateway_bot()),
            ("GET", r"/users/@me/guilds", lambda body: self._my_guilds()),
            ("POST", r"/users/@me/channels", lambda body: self.dm(self.people[int(body["recipient_id"])]).json()),
            ("GET", r"/guilds/(\d+)/channels", lambda body, guild: self._guild(guild).json()["channels"]),
            ("GET", r"/guilds/(\d+)/members/(\d+)", lambda body, guild, user: self._member(guild, user)),
            ("POST", r"/channels/(\d+)/typing", self._typing),
            ("POST", r"/channels/(\d+)/messages", self._send),
            ("GET", r"/channels/(\d+)/messages", self._history),
            ("GET", r"/channels/(\d+)/messages/pins", self._pins),
            ("GET", r"/channels/(\d+)", lambda body, number: self._channel(number).json()),
            ("GET", r"/channels/(\d+)/threads/archived/public", self._archived),
            ("GET", message, lambda body, channel, number: self._message(channel, number).json()),
            ("PATCH", message, lambda body, *ids: self._write(self._own_message(*ids), body)),
            ("DELETE", message, lambda body, *ids: self._delete(self._message(*ids))),
            ("PUT", message + r"/reactions/([^/]+)/@me", self._react),
            ("POST", message + "/threads", self._open_thread),
            ("POST", r"/interactions/(\d+)/([\w-]+)/callback", self._callback),
            ("POST", hook, self._follow_up),
            ("GET", hook + r"/messages/(@original|\d+)", lambda body, *ids: self._hook_message(*ids).json()),
            ("PATCH", hook + r"/messages/(@original|\d+)", self._fill),
            ("DELETE", hook + r"/messages/(@original|\d+)", lambda body, *ids: self._delete(self._hook_message(*ids))),
        ]

    # --- the application --------------------------------------------------------------------------------------------

    def _application(self) -> Json:
        return {
            "id": str(self.bot.id),
            "name": self.bot.name,
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "",
            "flags": 0 if self.refuse_content_intent else 1 << 19,
            "owner": User("Owner").json(),
            "team": None,
            "hook": True,
        }

    def _gateway_bot(self) -> Json:
        limit = {"total": 1000, "remaining": self.n_sessions_left, "reset_after": 3_600_000, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}

    def _my_guilds(self) -> list[Json]:
        return [
            {"id": str(guild.id), "name": guild.name, "owner": False, "permissions": str(guild.permissions(self.bot))}
            | ({"approximate_member_count": guild.n_members} if "with_counts" in self.query else {})
            for guild in self.guilds
        ]

    def _guild(self, number: str) -> Guild:
        return next(guild for guild in self.guilds if guild.id == int(number))

    def _member(self, number: str, user_id: str) -> Json:
        guild = self._guild(number)
        user = next((each for each in guild.members if each.id == int(user_id)), None)
        if user is None:
            raise DiscordError(404, 10007, "Unknown Member")
        return {**guild.member(user), "user": user.json()}

    def _sync(self, body: list[Json], *ids: str) -> list[Json]:
        if self.refuse_commands:
            raise DiscordError(400, 50035, "Invalid Form Body")
        for command in body:
            _check_command(command)
        self.n_syncs += 1
        stamp = {"application_id": str(self.bot.id), "version": "1", "default_member_permissions": None}
        self.commands = [{"type": 1, "description": "", **stamp, **each, "id": str(snowflake())} for each in body]
        return self.commands

    # --- messages ---------------------------------------------------------------------------------------------------

    def _channel(self, number: str) -> Channel:
        channel = self.channels.get(int(number))
        if channel is None or channel.is_deleted:
            raise DiscordError(404, 10003, "Unknown Channel")
        if channel.guild and (self.bot not in channel.guild.members or channel.is_closed_to_bot):
            raise DiscordError(403, 50001, "Missing Access")
        return channel

    def _message(self, channel: str, number: str) -> Message:
        message = self.messages.get(int(number))
        if message is None or message.is_deleted or message.channel is not self._channel(channel):
            raise DiscordError(404, 10008, "Unknown Message")
        return message

    def _history(self, body: Json, number: str) -> list[Json]:
        """Return what was said right after a message, or right before one, or last; the newest first."""
        channel, after, limit = self._channel(number), int(self.query.get("after", 0)), int(self.query.get("limit", 50))
        before = int(self.query.get("before", 2**63))
        said = [m for m in self.messages.values() if m.channel is channel and not m.is_deleted]
        found = sorted((m for m in said if after < m.id < before), key=lambda message: message.id)
        return [message.json() for message in reversed(found[:limit] if after else found[-limit:])]

    def _archived(self, body: Json, number: str) -> Json:
        """Return archived threads, the one archived last first."""
        parent, limit = self._channel(number), int(self.query.get("limit", 50))
        before = datetime.fromisoformat(self.query["before"]).timestamp() if "before" in self.query else math.inf
        threads = [each for each in self.channels.values() if each.parent is parent and each.is_archived]
        threads = sorted(
            (each for each in threads if each.archived_at_s < before), key=lambda each: -each.archived_at_s
        )
        shown = [each.json() for each in threads[:limit]]
        return {"threads": shown, "members": [], "has_more": len(threads) > limit}

    def _pins(self, body: Json, number: str) -> Json:
        """Return what is pinned, the latest first."""
        pinned = [m for m in self.messages.values() if m.channel is self._channel(number) and m.is_pinned]
        items = [{"pinned_at": "2026-01-01T00:00:00+00:00", "message": m.json()} for m in reversed(pinned)]
        return {"items": items, "has_more": False}

    def _own_message(self, channel: str, number: str) -> Message:
        message = self._message(channel, number)
        if message.author is not self.bot:
            raise DiscordError(403, 50005, "Cannot edit a message authored by another user")
        return message

    def _typing(self, body: Json, channel: str) -> None:
        self.typing.append((time.monotonic(), self._channel(channel).id))

    def _send(self, body: Json, number: str) -> Json:
        channel = self._channel(number)
        if channel.recipient in self.closed_to_bot:
            raise DiscordError(403, 50007, "Cannot send messages to this user")
        nonce = body.get("nonce")
        if nonce is not None and len(nonce) > 25:
            raise DiscordError(400, 50035, "Invalid Form Body: nonce")
        if nonce is not None and body.get("enforce_nonce"):
            for earlier in self.messages.values():
                if (earlier.nonce, earlier.channel) == (nonce, channel):
                    return earlier.json()
        return self._write(Message(channel, self.bot, "", nonce=nonce, reference=self._reference(body)), body)

    def _reference(self, body: Json) -> Message | None:
        if not (reference := body.get("message_reference")):
            return None
        message = self.messages.get(int(reference["message_id"]))
        if message is not None and not message.is_deleted:
            return message
        if reference.get("fail_if_not_exists", True):
            raise DiscordError(400, 50035, "Invalid Form Body: unknown message")
        return None

    def _write(self, message: Message, body: Json) -> Json:
        """Send a new message or change one."""
        content = message.content if body.get("content") is None else body["content"]
        uploads = body.get("uploads", [])
        is_card = bool((message.flags | body.get("flags", 0)) & IS_COMPONENTS_V2)
        if is_card:
            content = _check_card(message, body)
        elif not content.strip() and not uploads:
            raise DiscordError(400, 50006, "Cannot send an empty message")
        if len(content.encode("utf-16-le")) // 2 > MAX_UNITS:
            raise DiscordError(400, 50035, "Invalid Form Body: Must be 2000 or fewer in length.")
        if not is_card:
            _check_components(body.get("components", []))
        message.content = content
        message.attachments = [*message.attachments, *uploads]
        message.components = body.get("components", message.components)
        message.allowed_mentions = body.get("allowed_mentions", message.allowed_mentions)
        message.flags = (message.flags | body.get("flags", 0)) & ~LOADING
        if message.id in self.messages:
            message.written_at.append(time.monotonic())
        else:
            self.messages[message.id] = message
            self._emit_message(message)
        return message.json()

    def _react(self, body: Json, channel: str, number: str, emoji: str) -> None:
        if emoji.isascii():
            raise DiscordError(400, 10014, "Unknown Emoji")
        self._message(channel, number).bot_reactions.append(emoji)

    def _delete(self, message: Message) -> None:
        message.is_deleted = True

    def _open_thread(self, body: Json, channel: str, number: str) -> Json:
        parent = self._message(channel, number)
        if parent.id in self.channels:
            raise DiscordError(400, 160004, "A thread has already been created for this message")
        if not 1 <= len(body["name"]) <= 100:
            raise DiscordError(400, 50035, "Invalid Form Body: name")
        thread = Channel(THREAD, body["name"], parent.channel.guild, self.bot, parent.channel, id=parent.id)
        self._add(thread)
        self._emit("THREAD_CREATE", thread.json())
        return thread.json()

    # --- interactions -----------------------------------------------------------------------------------------------

    def _callback(self, body: Json, number: str, token: str) -> Json:
        interaction = self._interactions.get(int(number))
        if interaction is None or interaction.token != token:
            raise DiscordError(404, 10062, "Unknown interaction")
        if interaction.acknowledged is not None:
            raise DiscordError(400, 40060, "Interaction has already been acknowledged.")
        if time.monotonic() > interaction.deadline:
            raise DiscordError(404, 10062, "Unknown interaction")
        interaction.acknowledged = body["type"]
        if body["type"] == 8 and interaction.kind == 4:
            interaction.choices = _checked_choices(body["data"]["choices"])
            return {"interaction": {"id": number, "type": 4}, "resource": {"type": 8}}
        if body["type"] not in (4, 5):
            self.unhandled.append(f"interaction response type {body['type']}")
            raise DiscordError(400, 50035, "Invalid Form Body: type")
        data = body.get("data") or {}
        message = Message(interaction.channel, self.bot, "", flags=data.get("flags", 0) | LOADING, kind=20)
        self.messages[message.id] = interaction.original = message
        interaction.messages.append(message)
        if body["type"] == 4:
            self._write(message, data)
        about = {"id": number, "type": interaction.kind, "response_message_id": str(message.id)}
        return {"interaction": about, "resource": {"type": body["type"], "message": message.json()}}

    def _called(self, token: str) -> Interaction:
        found = next((each for each in self._interactions.values() if each.token == token), None)
        if found is None or found.acknowledged is None or found.is_expired:
            raise DiscordError(401 if found else 404, 50027 if found else 10015, "Unknown or expired interaction")
        return found

    def _hook_message(self, token: str, which: str) -> Message:
        interaction = self._called(token)
        message = interaction.original if which == "@original" else self.messages.get(int(which))
        if message is None or message.is_deleted or message not in interaction.messages:
            raise DiscordError(404, 10008, "Unknown Message")
        return message

    def _fill(self, body: Json, token: str, which: str) -> Json:
        return self._write(self._hook_message(token, which), body)

    def _follow_up(self, body: Json, token: str) -> Json:
        """Write a further message; while the first is still "thinking…" it takes that one's place and privacy."""
        interaction = self._called(token)
        original = interaction.original
        if original is not None and original.is_thinking and not original.is_deleted:
            return self._write(original, {**body, "flags": original.flags})
        message = Message(interaction.channel, self.bot, "", flags=body.get("flags", 0) & EPHEMERAL, kind=20)
        interaction.messages.append(message)
        return self._write(message, body)

    # --- limits -----------------------------------------------------------------------------------------------------

    def _spend(self, method: str, path: str) -> dict[str, str]:
        """Count a message against its channel's bucket and return the headers that say what is left."""
        is_counted = self.meter is not None and not path.startswith(("/interactions", "/webhooks"))
        if is_counted and (wait_s := self.meter.spend(DISCORD_OVERALL)) is not None:
            raise DiscordError(429, 0, "You are being rate limited.", retry_after=wait_s)
        if self.bucket is None or not (match := re.match(r"/channels/(\d+)/messages", path)):
            return {}
        limit, window_s = self.bucket
        now = time.monotonic()
        spent = self._sent_at.setdefault(hash((method, match[1])), [])
        spent[:] = [at for at in spent if at > now - window_s]
        reset_after_s = (spent[0] + window_s - now) if spent else window_s
        if len(spent) >= limit:
            self.n_over_bucket += 1
            raise DiscordError(429, 0, "You are being rate limited.", retry_after=reset_after_s)
        spent.append(now)
        return {
            "X-RateLimit-Bucket": f"{method}-messages",
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - len(spent)),
            "X-RateLimit-Reset": str(time.time() + reset_after_s),
            "X-RateLimit-Reset-After": str(reset_after_s),
        }


def _too_many(retry_after_s: float) -> tuple[int, bytes, dict[str, str]]:
    """Return a 429; one without a Via header would be a ban by Discord's edge."""
    body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": False}
    return 429, json.dumps(body).encode(), {"Via": "1.1 google", "Retry-After": str(retry_after_s)}


def _check_card(message: Message, body: Json) -> str:
    """Check a message of components alone, and return its empty text.

    https://docs.discord.com/developers/components/reference
    """
    if body.get("content") or body.get("embeds"):
        raise DiscordError(400, 50035, "Invalid Form Body: content and embeds cannot be used with IS_COMPONENTS_V2")
    components = every_component(body.get("components", message.components))
    texts = [each["content"] for each in components if each["type"] == TEXT_DISPLAY]
    ids = [each["custom_id"] for each in components if "custom_id" in each]
    if not 1 <= len(components) <= 40 or sum(map(len, texts)) > 4000 or not all(text.strip() for text in texts):
        raise DiscordError(400, 50035, "Invalid Form Body: at most 40 components and 4000 characters")
    if len(ids) != len(set(ids)):
        raise DiscordError(400, 50035, "Invalid Form Body: custom_id cannot be duplicated")
    top = {each["type"] for each in body.get("components", [])}
    if not top <= {1, SECTION, TEXT_DISPLAY, 12, 13, SEPARATOR, CONTAINER}:
        raise DiscordError(400, 50035, "Invalid Form Body: type")
    for section in (each for each in components if each["type"] == SECTION):
        if not 1 <= len(section["components"]) <= 3 or "accessory" not in section:
            raise DiscordError(400, 50035, "Invalid Form Body: a section has one to three texts and an accessory")
    _check_rows([each for each in components if each["type"] == 1])
    return ""


def _check_components(rows: list[Json]) -> None:
    if any(row["type"] != 1 for row in rows):
        raise DiscordError(400, 50035, "Invalid Form Body: these components need IS_COMPONENTS_V2")
    _check_rows(rows)
    if len(rows) > 5:
        raise DiscordError(400, 50035, "Invalid Form Body: at most five rows")


def _check_rows(rows: list[Json]) -> None:
    for row in rows:
        if not 1 <= len(row["components"]) <= 5:
            raise DiscordError(400, 50035, "Invalid Form Body: a row holds one to five buttons")
        if any(len(button["custom_id"]) > 100 for button in row["components"]):
            raise DiscordError(400, 50035, "Invalid Form Body: custom_id")
        for menu in (each for each in row["components"] if each["type"] in (3, 8)):
            if len(row["components"]) > 1 or (menu["type"] == 3 and not 1 <= len(menu["options"]) <= 25):
                raise DiscordError(400, 50035, "Invalid Form Body: a menu has a row of its own and 1 to 25 options")


def _checked_choices(choices: list[Json]) -> list[Json]:
    if len(choices) > 25 or any(not 1 <= len(choice["name"]) <= 100 for choice in choices):
        raise DiscordError(400, 50035, "Invalid Form Body: choices")
    return choices


def _check_command(command: Json) -> None:
    is_slash = command.get("type", 1) == 1
    texts = [command, *command.get("options", [])]
    for text in texts if is_slash else []:
        words = [text["description"], *(text.get("description_localizations") or {}).values()]
        if not re.fullmatch(r"[-_a-z0-9]{1,32}", text["name"]) or not all(1 <= len(each) <= 100 for each in words):
            raise DiscordError(400, 50035, f"Invalid Form Body: {text['name']}", errors={})
    required = [bool(option.get("required")) for option in command.get("options", [])]
    if required != sorted(required, reverse=True) or len(required) > 25:
        raise DiscordError(400, 50035, f"Invalid Form Body: options of {command['name']}", errors={})


async def _body(request: web.Request) -> Json | None:
    """Return what a request says; files that come with it under ``uploads``, as Discord shows them."""
    if not request.can_read_body:
        return None
    if request.content_type != "multipart/form-data":
        body: Json = await request.json()
        return body
    form = await request.post()
    files = [each for each in form.values() if isinstance(each, web.FileField)]
    uploads = [
        {"id": str(number), "filename": file.filename, "size": len(file.file.read()), "url": "", "proxy_url": ""}
        for number, file in enumerate(files)
    ]
    return {**json.loads(str(form["payload_json"])), "uploads": uploads}
