"""A small Discord: its REST API and gateway over loopback sockets, with the platform's rules and its faults.

The people's side is a handful of methods; each returns once the event is queued for the bot::

    async with DiscordServer() as server:                   # leaving it fails on any route it does not know
        env = {"DISCORD_TOKEN": server.token, "DISCORD_API_BASE": server.api_base,
               "DISCORD_GATEWAY_URL": server.gateway_url}
        ana, rui = server.person("Ana"), server.person("Rui")
        guild = server.guild("Library", moderators=[ana], roles={"Teacher": [rui]})
        channel = server.channel(guild, "general")
        await server.wait_for_bot()                         # connected to the gateway, commands received
        server.say(channel, rui, "When do you open?", mentions_bot=True)       # or reply_to=, files={"a.md": b"..."}
        shown = await server.wait_for_message(lambda m: "nine" in m.content and m.buttons)
        press = server.press(shown, "👍", rui)               # by what is on the button
        call = server.slash("index", ana, channel, locale="pt-BR", file=("hours.md", b"..."))   # options by name
        done = await server.wait_for_reply(call)            # the first message that is not "thinking…" any more
        server.menu("Teach AION this message", some_message, ana)
        server.say(server.dm(ana), ana, "Hello")
        server.redeliver()                                  # the last event again
        server.inject("PATCH /channels", RateLimited(0.3))  # faults: RateLimited, Failed, Cut, Late
        server.close_gateway(4000)                          # also drop_gateway, ask_to_reconnect, invalidate_session

``server.calls`` is every request in order, ``server.shown`` every message of the bot as people see it now,
``server.commands`` what the bot last declared, ``server.typing`` when it showed the typing sign. Set ``bucket`` to
``(5, 5.0)`` to hold each channel to five messages in five seconds. Not modelled: gateway compression, voice,
autocomplete, modals, permissions of channels. Rules: https://docs.discord.com/developers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from aiohttp import WSMsgType, web
from discord_faults import DiscordFault
from discord_rest import Rest
from discord_things import Json
from discord_world import MESSAGE_CONTENT, Session


class DiscordServer(Rest):
    """One application's Discord. ``token`` is the right one; set the other attributes before the bot connects."""

    _runner: web.AppRunner | None = None

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> DiscordServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if kind is None:
            assert not self.unhandled, f"the bot used routes this server does not know: {self.unhandled}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get("/gateway", self._gateway)
        app.router.add_get("/cdn/{name:.+}", self._download)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        for session in self.sessions.values():
            if session.socket is not None:
                await session.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def api_base(self) -> str:
        """Return what to set DISCORD_API_BASE to."""
        return f"http://127.0.0.1:{self.port}/api/v10"

    @property
    def gateway_url(self) -> str:
        """Return what to set DISCORD_GATEWAY_URL to."""
        return f"ws://127.0.0.1:{self.port}/gateway"

    # --- faults -----------------------------------------------------------------------------------------------------

    def inject(self, call: str, *faults: DiscordFault) -> None:
        """Let the next calls whose ``METHOD /path`` begins so, or matches so as a pattern, go wrong, one each."""
        self._faults += [(call, fault) for fault in faults]

    def redeliver(self) -> None:
        """Send the last event again, under a new sequence number."""
        if self._session is not None:
            last = self._session.events[-1]
            self._emit(last["t"], last["d"])

    def swap_last_events(self) -> None:
        """Let the last two events, unless already sent, change places."""
        if self._session is not None and self._session.n_sent <= len(self._session.events) - 2:
            self._session.events[-2:] = reversed(self._session.events[-2:])

    @property
    def is_connected(self) -> bool:
        """Tell whether the bot's socket is open."""
        return self._session is not None and self._session.socket is not None and not self._session.socket.closed

    def send_event(self, name: str, data: Any) -> None:
        """Send any event, well formed or not."""
        self._emit(name, data)

    def send_frame(self, frame: Any) -> None:
        """Send any JSON as a frame of the gateway."""
        self._with_socket(lambda socket: socket.send_str(json.dumps(frame)))

    def close_gateway(self, code: int = 4000) -> None:
        """Close the bot's socket with a code; 4000 may be resumed, 4004 and 4014 may not."""
        self._with_socket(lambda socket: socket.close(code=code))

    def drop_gateway(self) -> None:
        """Break the bot's connection without a word."""
        if self._session is not None and self._session.socket is not None:
            transport = self._session.socket._req.transport if self._session.socket._req else None
            if transport is not None:
                transport.abort()

    def ask_to_reconnect(self) -> None:
        """Send the order to reconnect (op 7)."""
        self._with_socket(lambda socket: socket.send_json({"op": 7, "d": None}))

    def invalidate_session(self, *, resumable: bool) -> None:
        """Send "invalid session" (op 9); one that is not resumable is forgotten, with the events it was due."""
        if not resumable and self._session is not None:
            del self.sessions[self._session.id]
        self._with_socket(lambda socket: socket.send_json({"op": 9, "d": resumable}))

    def _with_socket(self, act: Callable[[web.WebSocketResponse], Any]) -> None:
        if self._session is not None and self._session.socket is not None:
            self._acts = asyncio.ensure_future(act(self._session.socket))

    # --- gateway ----------------------------------------------------------------------------------------------------

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_gateway:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41_250}, "s": None, "t": None})
        sending: asyncio.Task[None] | None = None
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            packet = json.loads(frame.data)
            if packet["op"] == 1:
                await socket.send_json({"op": 11, "d": None})
            elif packet["op"] in (2, 6):
                begin = self._identify if packet["op"] == 2 else self._resume
                if (session := await begin(socket, packet["d"])) is not None:
                    sending = asyncio.create_task(self._send_events(session, socket))
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        if data["token"] != self.token:
            await socket.close(code=4004, message=b"Authentication failed.")
            return None
        if self.refuse_content_intent and data["intents"] & MESSAGE_CONTENT:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        shard, n_shards = data.get("shard", (0, 1))
        session = self._session = Session(data["intents"], shard, n_shards, socket=socket)
        self.sessions[session.id] = session
        self.n_identified += 1
        guilds = [guild for guild in self.guilds if self.shard_of(guild.id, n_shards) == shard]
        unavailable = [{"id": str(guild.id), "unavailable": True} for guild in guilds]
        application = {"id": str(self.bot.id), "flags": 0}
        ready = {"v": 10, "user": self.bot.json(), "guilds": unavailable, "application": application}
        ready |= {"shard": [shard, n_shards]} if "shard" in data else {}
        session.add("READY", {**ready, "session_id": session.id, "resume_gateway_url": self.gateway_url})
        for guild in guilds:
            session.add("GUILD_CREATE", guild.json())
        self._changed.set()
        return session

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self.token:
            await socket.send_json({"op": 9, "d": False})
            return None
        session.socket, session.n_sent = socket, data["seq"]
        self._session = session
        self.n_resumed += 1
        self._emit("RESUMED", {})
        return session

    async def _send_events(self, session: Session, socket: web.WebSocketResponse) -> None:
        while not socket.closed and session.socket is socket:  # what is due is due to the latest socket alone
            while not socket.closed and session.socket is socket and session.n_sent < len(session.events):
                event = session.events[session.n_sent]
                session.n_sent += 1
                with suppress(ConnectionResetError):  # what was not received is asked for again
                    await socket.send_json({"op": 0, "s": session.n_sent, **event})
            session.wake.clear()
            await session.wake.wait()
