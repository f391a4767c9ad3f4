"""A small Telegram: the Bot API over loopback HTTP, with the platform's rules and its faults.

For the real library in this process and for ``aion run`` in another. The people's side (``telegram_world``) is a
handful of methods; each returns once the update is queued for the bot::

    async with TelegramServer() as server:                 # leaving it fails on any Bot API method it does not know
        env = {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_BASE": server.url}
        ana = server.person("Ana", language="pt-br")
        dm = server.private(ana)                           # Ana has pressed Start
        group = server.group("Library", admins=[ana], forum=True)
        server.say(dm, ana, "When do you open?")           # entities for /commands and @mentions are made as apps do
        shown = await server.wait_for_message(lambda m: "nine" in m.text)
        server.press(shown, "👍", ana)
        toast = await server.wait_for_toast()
        server.upload(dm, ana, "hours.md", b"...", caption="/index")
        server.album(group, ana, {"a.md": b"...", "b.md": b"..."}, caption="/index@aion_bot", thread=5)
        server.say(group, ana, "And on Sundays?", reply_to=shown)
        server.promote(group, ana, "member")               # her role is gone a second later
        server.summon(server.elsewhere("Chess"), ana, "@aion_bot When do you open?")   # a guest's question
        server.redeliver(server.updates[-1])               # the same message under a new update id
        server.inject("sendMessage", Flood(2))             # faults: Flood, Broken, Dropped, Slow, Rejected
        await server.wait_for_quiet()                      # everything said has been fetched and confirmed

``server.calls`` is every request in order, ``server.shown`` every message of the bot as people see it now (with the
texts it had before), ``texts(chat)`` what a chat says, ``menus`` what ``setMyCommands`` left, ``drafts`` the previews.
A bot in privacy mode (the default here as on Telegram) is shown only what is addressed to it; see
``reads_all_group_messages``. ``stop()`` and ``start(server.port)`` make an outage. Not modelled: parse modes (the bot
sends entities), media sent by the bot, edited and channel messages, inline mode, webhooks. Set ``meter`` to a ``Meter``
to hold the bot to Telegram's limits.
Rules: https://core.telegram.org/bots/api.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from bisect import bisect_left
from contextlib import suppress
from email.utils import formatdate
from types import TracebackType
from typing import Any

from aiohttp import ClientError, ClientSession, web

from tests.e2e.platform_limits import telegram_rules
from tests.e2e.telegram_faults import ApiError, Broken, Dropped, Odd, Rejected, Slow, bad_request
from tests.e2e.telegram_world import BOT_ID, Call, Json, Shown, World, utf16

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
_COUNTED = ("sendMessage", "sendPhoto", "editMessageText", "deleteMessage", "sendChatAction", "setMessageReaction")


BOT_REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐"
    "🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
)
"""Some of the emoji that bots may react with: those of one character."""


class TelegramServer(World):
    """The Bot API of one bot, and the people and groups it can talk to."""

    _runner: web.AppRunner | None = None
    webhook_url = ""
    clock_ahead_s = 0.0

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> TelegramServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if kind is None:
            assert not self.unhandled, f"the bot called methods this server does not know: {self.unhandled}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; the port stays the same when started again after ``stop``."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.on_response_prepare.append(self._date)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port: int = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening; what was said stays queued."""
        await self._on_deleteWebhook({})
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def url(self) -> str:
        """Return what to set TELEGRAM_API_BASE to."""
        return f"http://127.0.0.1:{self.port}"

    async def _date(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(time.time() + self.clock_ahead_s, usegmt=True)

    # --- HTTP -------------------------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given = [*request.query.items(), *(await request.post()).items()]
        texts = {key: value.filename if isinstance(value, web.FileField) else str(value) for key, value in given}
        params = {key: _decoded(key, text) for key, text in texts.items()}
        self.calls.append(Call(method, params, time.monotonic()))
        fault = self._faults[method].popleft() if self._faults[method] else None
        if isinstance(fault, Dropped) and not fault.applied:
            return _hang_up(request)
        if isinstance(fault, Broken):
            return web.Response(status=fault.code, text="<html>it is not our day</html>", content_type="text/html")
        try:
            if isinstance(fault, Rejected):
                raise ApiError(fault.code, fault.description, fault.parameters)
            self._hold_to_limits(method, params)
            result = await self._dispatch(request.match_info["token"], method, params)
        except ApiError as error:
            body: Json = {"ok": False, "error_code": error.code, "description": error.description}
            body |= {"parameters": error.parameters} if error.parameters else {}
            return web.json_response(body, status=error.code)
        finally:
            await self._notify()
        if isinstance(fault, Dropped):
            return _hang_up(request)
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        return web.json_response({"ok": True, "result": fault.result if isinstance(fault, Odd) else result})

    async def _dispatch(self, token: str, method: str, params: Json) -> Any:
        if ":" not in token:
            raise ApiError(404, "Not Found")
        if token != self.token:
            raise ApiError(401, "Unauthorized")
        handler = getattr(self, f"_on_{method}", None)
        if handler is None:
            self.unhandled.append(method)
            raise ApiError(404, "Not Found")
        return await handler(params)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(Call("download", {"path": request.match_info["path"]}, time.monotonic()))
        fault = self._faults["download"].popleft() if self._faults["download"] else None
        if isinstance(fault, Dropped):
            return _hang_up(request)
        data = self._files.get(request.match_info["path"].removeprefix("documents/"))
        if request.match_info["token"] != self.token or data is None:
            return web.Response(status=404)
        return web.Response(body=data)

    # --- the Bot API ------------------------------------------------------------------------------------------------

    async def _on_getMe(self, params: Json) -> Json:
        return self.me

    async def _on_deleteWebhook(self, params: Json) -> bool:
        self.webhook_url = ""
        if self.webhook is not None:
            self.webhook.cancel()
            self.webhook = None
        return True

    async def _on_setWebhook(self, params: Json) -> bool:
        await self._on_deleteWebhook(params)
        self.webhook_url = str(params["url"])
        bringing = self._bring(str(params.get("secret_token", "")), params.get("allowed_updates"))
        self.webhook = asyncio.create_task(bringing)
        return True

    async def _bring(self, secret: str, wanted: list[str] | None) -> None:
        """Bring every update until it is taken, one after the other."""
        async with ClientSession(headers={"X-Telegram-Bot-Api-Secret-Token": secret}) as session:
            while True:
                for update in self._waiting(wanted):
                    with suppress(ClientError):
                        async with session.post(self.webhook_url, json=update) as answer:
                            if answer.status == 200:
                                self._confirmed = update["update_id"] + 1
                await self._notify()
                await asyncio.sleep(0.02)

    async def _on_getWebhookInfo(self, params: Json) -> Json:
        return {"url": self.webhook_url, "has_custom_certificate": False, "pending_update_count": len(self.updates)}

    async def _on_getUpdates(self, params: Json) -> list[Json]:
        if self.webhook_url:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        if self._poll is not None and not self._poll.done():
            self.n_conflicts += 1
            self._poll.set_result(None)
        self._poll = mine = asyncio.get_running_loop().create_future()
        self._confirmed = max(self._confirmed, int(params.get("offset", 0)))
        wanted = params.get("allowed_updates")
        try:
            async with asyncio.timeout(float(params.get("timeout", 0))):
                while not self._waiting(wanted) and not mine.done():
                    async with self._changed:
                        self._changed.notify_all()
                        await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            conflict = mine.done()
            if not conflict:
                mine.set_result(None)
        if conflict:
            raise ApiError(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            )
        fetched = self._waiting(wanted)[: int(params.get("limit", 100))]
        self._fetched = max([self._fetched, *(update["update_id"] + 1 for update in fetched)])
        return fetched

    def _waiting(self, wanted: list[str] | None) -> list[Json]:
        first = bisect_left(self.updates, self._confirmed, key=lambda update: update["update_id"])
        pending = self.updates[first:]
        return [u for u in pending if not wanted or not set(u).isdisjoint(wanted)]

    async def _on_sendMessage(self, params: Json) -> Json:
        chat = self._writable(params)
        thread = self._thread(chat, params)
        reply = params.get("reply_parameters") or {}
        target = reply.get("message_id")
        exists = (chat["id"], target) in self._incoming or self._find(chat["id"], target) is not None
        if target and not exists and not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        text, entities = self._formatted(params)
        message = Shown(
            chat,
            next(self._message_ids),
            text,
            entities,
            _buttons(params),
            thread,
            target if exists else None,
            seen_by=self._receiver(chat, params),
        )
        self.shown.append(message)
        return self._as_json(message)

    def _receiver(self, chat: Json, params: Json) -> int | None:
        """Return who alone sees a new message: somebody who pressed a button a moment ago, or whom an admin writes to.

        https://core.telegram.org/bots/api#ephemeral-messages-and-commands; a server before 10.3 knows none.
        """
        asked = params.get("ephemeral_message_parameters")
        if asked is None or not self.knows_ephemeral:
            return None
        user_id, press_id = int(asked["receiver_user_id"]), asked.get("callback_query_id")
        chat_id, presser_id, at_s = self._presses.get(str(press_id), (0, 0, -math.inf))
        is_press = (chat_id, presser_id) == (chat["id"], user_id)
        is_press = is_press and time.monotonic() - at_s <= self.ephemeral_deadline_s
        is_admin = self._members[chat["id"]].get(BOT_ID) == "administrator"
        if chat["type"] == "private" or not (is_press or is_admin):
            raise bad_request("MESSAGE_NOT_COMMAND")
        return user_id

    def _ephemeral(self, params: Json) -> Shown:
        number, user_id = int(params["ephemeral_message_id"]), int(params["receiver_user_id"])
        message = self._find(self._writable(params)["id"], number, user_id)
        if message is None:
            raise bad_request("message to edit not found")
        return message

    async def _on_editEphemeralMessageText(self, params: Json) -> bool:
        message = self._ephemeral(params)
        message.history.append(message.text)
        message.text, message.entities = self._formatted(params)
        message.buttons = _buttons(params)
        return True

    async def _on_deleteEphemeralMessage(self, params: Json) -> bool:
        self._ephemeral(params).deleted = True
        return True

    async def _on_sendPhoto(self, params: Json) -> Json:
        chat = self._writable(params)
        message = Shown(chat, next(self._message_ids), f"[{params['photo']}]", [], [], self._thread(chat, params), None)
        self.shown.append(message)
        return self._as_json(message)

    async def _on_sendDocument(self, params: Json) -> Json:
        chat = self._writable(params)
        text = f"[{params['document']}]"
        message = Shown(chat, next(self._message_ids), text, [], [], self._thread(chat, params), None)
        self.shown.append(message)
        return self._as_json(message)

    async def _on_answerGuestQuery(self, params: Json) -> Json:
        """Post the one answer to a guest query; the Bot API names the message by an inline id alone."""
        chat, asked_at_s = self._guest_queries.pop(str(params["guest_query_id"]), ({}, -math.inf))
        if time.monotonic() - asked_at_s > self.guest_deadline_s:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        content = params["result"]["input_message_content"]
        try:
            text, entities = self._formatted({"text": content["message_text"], "entities": content.get("entities")})
        except ApiError:
            self._guest_queries[str(params["guest_query_id"])] = chat, asked_at_s
            raise
        number = next(self._message_ids)
        self.shown.append(Shown(chat, number, text, entities, [], None, None, inline_id=f"inline{number}"))
        return {"inline_message_id": f"inline{number}"}

    def _editable(self, params: Json) -> Shown:
        if "inline_message_id" in params:
            named = params["inline_message_id"]
            found = next((m for m in self.shown if m.inline_id == named and not m.deleted), None)
            if found is None:
                raise bad_request("MESSAGE_ID_INVALID")
            return found
        chat = self._writable(params)
        message = self._find(chat["id"], int(params["message_id"]))
        if message is None:
            theirs = (chat["id"], int(params["message_id"])) in self._incoming
            raise bad_request("message can't be edited" if theirs else "message to edit not found")
        return message

    async def _on_editMessageText(self, params: Json) -> Json | bool:
        message = self._editable(params)
        text, entities = self._formatted(params)
        buttons = _buttons(params)
        if (text, entities, buttons) == (message.text, message.entities, message.buttons):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        message.history.append(message.text)
        message.text, message.entities, message.buttons = text, entities, buttons
        return True if message.inline_id is not None else self._as_json(message)

    async def _on_editMessageReplyMarkup(self, params: Json) -> Json:
        message = self._find(self._writable(params)["id"], int(params["message_id"]))
        if message is None:
            raise bad_request("message to edit not found")
        if (buttons := _buttons(params)) == message.buttons:
            raise bad_request("message is not modified")
        message.buttons = buttons
        return self._as_json(message)

    async def _on_deleteMessage(self, params: Json) -> bool:
        chat = self._writable(params)
        message = self._find(chat["id"], int(params["message_id"]))
        if message is None:
            raise bad_request("message to delete not found")
        message.deleted = True
        return True

    async def _on_sendMessageDraft(self, params: Json) -> bool:
        chat = self._writable(params)
        if chat["type"] != "private" or not int(params["draft_id"]):
            raise bad_request("TEXTDRAFT_PEER_INVALID")
        if utf16(str(params.get("text", ""))) > 4096:
            raise bad_request("message is too long")
        self.drafts[chat["id"], int(params["draft_id"])].append(str(params.get("text", "")))
        return True

    async def _on_sendChatAction(self, params: Json) -> bool:
        self._thread(self._writable(params), params)
        return True

    async def _on_setMessageReaction(self, params: Json) -> bool:
        chat, number = self._writable(params), int(params["message_id"])
        if (chat["id"], number) not in self._incoming and self._find(chat["id"], number) is None:
            raise bad_request("message to react not found")
        reactions = params.get("reaction") or []
        if any(each["type"] == "emoji" and each["emoji"] not in BOT_REACTIONS for each in reactions):
            raise bad_request("REACTION_INVALID")
        self.reactions[chat["id"], number] = reactions
        return True

    async def _on_answerCallbackQuery(self, params: Json) -> bool:
        asked_at_s = self._callbacks.pop(str(params["callback_query_id"]), None)
        if asked_at_s is None or time.monotonic() - asked_at_s > self.callback_deadline_s:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if utf16(str(params.get("text", ""))) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        self.toasts.append(str(params.get("text", "")))
        return True

    async def _on_getFile(self, params: Json) -> Json:
        file_id = str(params["file_id"])
        if file_id not in self._files:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if self._file_sizes[file_id] > MAX_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        size = self._file_sizes[file_id]
        return {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_size": size,
            "file_path": f"documents/{file_id}",
        }

    async def _on_getChatMember(self, params: Json) -> Json:
        status = self._members[self._writable(params)["id"]].get(int(params["user_id"]), "member")
        return _member({"id": int(params["user_id"]), "is_bot": False, "first_name": "Someone"}, status)

    async def _on_getChatAdministrators(self, params: Json) -> list[Json]:
        roles = self._members[self._writable(params)["id"]].items()
        people = [(user, status) for user, status in roles if status in ("creator", "administrator")]
        return [_member({"id": user, "is_bot": False, "first_name": "Someone"}, status) for user, status in people]

    async def _on_setMyCommands(self, params: Json) -> bool:
        if len(params["commands"]) > 100:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for command in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= utf16(command["description"]) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self.menus[self._menu(params)] = params["commands"]
        return True

    async def _on_getMyCommands(self, params: Json) -> list[Json]:
        return self.menus.get(self._menu(params), [])

    def _menu(self, params: Json) -> tuple[str, str]:
        return (params.get("scope") or {"type": "default"})["type"], str(params.get("language_code") or "")

    def _hold_to_limits(self, method: str, params: Json) -> None:
        if self.meter is not None and method in _COUNTED and "chat_id" in params:
            wait_s = self.meter.spend(*telegram_rules(int(params["chat_id"])))
            if wait_s is not None:
                n_s = math.ceil(wait_s)
                raise ApiError(429, f"Too Many Requests: retry after {n_s}", {"retry_after": n_s})

    # --- rules ------------------------------------------------------------------------------------------------------

    def _writable(self, params: Json) -> Json:
        chat = self._chats.get(int(params["chat_id"]))
        if chat is None:
            raise bad_request("chat not found")
        if (new_id := self._moved.get(chat["id"])) is not None:
            why = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, why, {"migrate_to_chat_id": new_id})
        if chat["id"] in self._blocked:
            private = chat["type"] == "private"
            raise ApiError(403, f"Forbidden: bot was {'blocked by the user' if private else 'kicked from the group'}")
        return chat

    def _thread(self, chat: Json, params: Json) -> int | None:
        thread = params.get("message_thread_id")
        if thread is not None and int(thread) not in self._threads[chat["id"]]:
            raise bad_request("message thread not found")
        return int(thread) if thread is not None else None

    def _find(self, chat_id: int, message_id: int | None, seen_by: int | None = None) -> Shown | None:
        named = (chat_id, message_id, seen_by)
        return next((m for m in self.shown if (m.chat["id"], m.id, m.seen_by) == named and not m.deleted), None)

    def _formatted(self, params: Json) -> tuple[str, list[Json]]:
        text, entities = str(params.get("text", "")), params.get("entities") or []
        if "parse_mode" in params:
            self.unhandled.append("parse_mode")
        if not text.strip():
            raise bad_request("message text is empty")
        if utf16(text) > 4096:
            raise bad_request("message is too long")
        outside = any(e["offset"] < 0 or e["length"] < 1 or e["offset"] + e["length"] > utf16(text) for e in entities)
        if entities and (outside or self.refuses_entities):
            raise bad_request("can't parse entities: entity ends after the end of the text")
        return text, entities


def _decoded(key: str, value: str) -> Any:
    """Undo the form encoding, where lists and objects arrive as JSON; numbers stay text."""
    if key != "text" and (value[:1] in "[{" or value in ("true", "false")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _buttons(params: Json) -> list[Json]:
    rows = (params.get("reply_markup") or {}).get("inline_keyboard", [])
    buttons = [{**button, "row": n} for n, row in enumerate(rows) for button in row]
    if any(not 1 <= len(button["callback_data"].encode()) <= 64 for button in buttons):
        raise bad_request("BUTTON_DATA_INVALID")
    return buttons


def _member(user: Json, status: str) -> Json:
    rights = (
        "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
        "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
    )
    extra: Json = {}
    if status in ("creator", "administrator"):
        extra = {right: False for right in rights.split()}
    return {"user": user, "status": status} | extra


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
