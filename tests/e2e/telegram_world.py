"""The people's side of the fake Telegram: accounts, chats, what they say and what they see."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from typing import Any

from tests.e2e.platform_limits import Meter
from tests.e2e.telegram_faults import Fault

Json = dict[str, Any]

BOT_ID = 7000000001
PATIENCE_S = 60.0
"""How long anything is waited for; nothing is the worse for a machine that is busy."""


@dataclass(frozen=True)
class Call:
    """One request the bot made."""

    method: str
    params: Json
    at_s: float


@dataclass
class Shown:
    """A message of the bot as people see it now; ``history`` holds the texts it had before.

    Its buttons have the number of their ``row``. An ephemeral one is ``seen_by`` one account alone, and its id is of
    another kind than the others'. A guest's is known by its ``inline_id`` alone.
    """

    chat: Json
    id: int
    text: str
    entities: list[Json]
    buttons: list[Json]
    thread: int | None
    reply_to: int | None
    history: list[str] = field(default_factory=list)
    deleted: bool = False
    seen_by: int | None = None
    inline_id: str | None = None


def utf16(text: str) -> int:
    """Return the length Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities_of(text: str) -> list[Json]:
    """Mark commands and mentions as a Telegram app does."""
    patterns = {"bot_command": r"(?<!\S)/\w{1,32}(?:@\w+)?", "mention": r"(?<![\w/])@\w{4,32}"}
    return [
        {"type": kind, "offset": utf16(text[: m.start()]), "length": utf16(m.group())}
        for kind, pattern in patterns.items()
        for m in re.finditer(pattern, text)
    ]


class World:
    """Everything but the wire: people, groups, queued updates, and the bot's messages as they are shown."""

    def __init__(
        self, token: str = "7000000001:TEST-token", username: str = "aion_bot", reads_all_group_messages: bool = False
    ) -> None:
        self.token = token
        self.me: Json = {
            "id": BOT_ID,
            "is_bot": True,
            "first_name": "AION",
            "username": username,
            "can_join_groups": True,
            "can_read_all_group_messages": reads_all_group_messages,
            "supports_inline_queries": False,
            "supports_guest_queries": True,
        }
        self.callback_deadline_s = 15.0
        self.ephemeral_deadline_s = 15.0
        self.guest_deadline_s = 15.0
        self.knows_ephemeral = True
        self.refuses_entities = False
        self.meter: Meter | None = None
        self.webhook: asyncio.Task[None] | None = None
        self.calls: list[Call] = []
        self.updates: list[Json] = []
        self.shown: list[Shown] = []
        self.menus: dict[tuple[str, str], list[Json]] = {}
        self.drafts: dict[tuple[int, int], list[str]] = defaultdict(list)
        self.reactions: dict[tuple[int, int], list[Json]] = {}
        self.toasts: list[str] = []
        self.unhandled: list[str] = []
        self.n_conflicts = 0
        self._chats: dict[int, Json] = {}
        self._members: dict[int, dict[int, str]] = defaultdict(dict)
        self._threads: dict[int, set[int]] = defaultdict(set)
        self._blocked: set[int] = set()
        self._moved: dict[int, int] = {}
        self._reacted: dict[tuple[int, int], list[Json]] = {}
        self._incoming: dict[tuple[int, int], Json] = {}
        self._files: dict[str, bytes] = {}
        self._file_sizes: dict[str, int] = {}
        self._callbacks: dict[str, float] = {}
        self._guest_queries: dict[str, tuple[Json, float]] = {}
        self._presses: dict[str, tuple[int, int, float]] = {}
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._confirmed = self._fetched = 0
        self._poll: asyncio.Future[None] | None = None
        self._changed = asyncio.Condition()
        self._ids, self._update_ids, self._message_ids = count(100), count(5000), count(10)

    # --- people -----------------------------------------------------------------------------------------------------

    def person(self, name: str, language: str | None = "en", is_bot: bool = False) -> Json:
        """Make an account."""
        user: Json = {"id": next(self._ids), "is_bot": is_bot, "first_name": name, "username": f"{name.lower()}_user"}
        return user | ({"language_code": language} if language else {})

    def private(self, user: Json, started: bool = True) -> Json:
        """Open the private chat with a person; the bot may write there only once ``started``."""
        chat = {"id": user["id"], "type": "private", "first_name": user["first_name"]}
        if started:
            self._chats[chat["id"]] = chat
        return chat

    def group(self, title: str, admins: Sequence[Json] = (), forum: bool = False) -> Json:
        """Make a supergroup with the bot in it; a forum has topics 1 (General), 5 and 7."""
        chat: Json = {"id": -1001000000000 - next(self._ids), "type": "supergroup", "title": title}
        if forum:
            chat["is_forum"] = True
            self._threads[chat["id"]] = {5, 7}
        self._chats[chat["id"]] = chat
        self._members[chat["id"]] = {admin["id"]: "administrator" for admin in admins}
        return chat

    def elsewhere(self, title: str, number: int | None = None) -> Json:
        """Make a group that the bot is not in; its number may be that of another chat of the bot."""
        return {"id": number or -1001000000000 - next(self._ids), "type": "supergroup", "title": title}

    def summon(
        self, chat: Json, user: Json, text: str, reply_to: Json | None = None, extra: Json | None = None
    ) -> Json:
        """Mention the bot where it is no member, so that it is asked as a guest; the options are those of ``say``."""
        query_id = f"guest{next(self._ids)}"
        self._guest_queries[query_id] = chat, time.monotonic()
        content: Json = {"text": text, "entities": entities_of(text), "guest_query_id": query_id}
        message = self._message(chat, user, content, reply_to, None, extra)
        self.push({"guest_message": message})
        return message

    def upgrade(self, chat: Json) -> Json:
        """Make a group a supergroup: both are told, and writing to the old one is refused with the new one's id."""
        new: Json = {**chat, "id": -1001000000000 - next(self._ids)}
        self._chats[new["id"]], self._members[new["id"]] = new, self._members[chat["id"]]
        self._moved[chat["id"]] = new["id"]
        group = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "date": int(time.time())}
        for here, there in ((chat, {"migrate_to_chat_id": new["id"]}), (new, {"migrate_from_chat_id": chat["id"]})):
            self.push({"message": {"message_id": next(self._message_ids), "chat": here} | group | there})
        return new

    def promote(self, chat: Json, user: Json, status: str = "administrator") -> None:
        """Change a person's role at once: ``creator``, ``administrator``, ``member`` or ``left``."""
        self._members[chat["id"]][user["id"]] = status

    def block(self, chat: Json) -> None:
        """Block the bot (private chat) or kick it out (group)."""
        self._blocked.add(chat["id"])

    def say(self, chat: Json, user: Json, text: str, **options: Any) -> Json:
        """Write a message; ``reply_to`` takes a message or a ``Shown``, ``thread`` a topic, ``extra`` raw fields."""
        return self.post(chat, user, {"text": text, "entities": entities_of(text)}, **options)

    def edit(self, message: Json, text: str, later_s: int = 0) -> None:
        """Change what a message says; ``later_s`` seconds later than now, for all that its dates tell."""
        message |= {"text": text, "entities": entities_of(text), "edit_date": int(time.time()) + later_s}
        if self._reaches_bot(message):
            self.push({"edited_message": dict(message)})

    def upload(
        self,
        chat: Json,
        user: Json,
        name: str,
        data: bytes,
        caption: str = "",
        size_bytes: int | None = None,
        **options: Any,
    ) -> Json:
        """Send a document; ``size_bytes`` claims another size than the data has."""
        file_id = f"file{next(self._ids)}"
        self._files[file_id], self._file_sizes[file_id] = data, size_bytes if size_bytes is not None else len(data)
        document = {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_name": name,
            "file_size": self._file_sizes[file_id],
        }
        content: Json = {"document": document}
        if caption:
            content |= {"caption": caption, "caption_entities": entities_of(caption)}
        return self.post(chat, user, content, **options)

    def album(
        self, chat: Json, user: Json, files: Mapping[str, bytes], caption: str = "", **options: Any
    ) -> list[Json]:
        """Send several documents at once; as in the apps, only the first carries the caption."""
        extra = {"media_group_id": f"album{next(self._ids)}"}
        return [
            self.upload(chat, user, name, data, caption if n == 0 else "", extra=extra, **options)
            for n, (name, data) in enumerate(files.items())
        ]

    def sticker(self, chat: Json, user: Json) -> Json:
        """Send something without words."""
        sticker = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return self.post(chat, user, {"sticker": sticker | {"file_id": "s1", "file_unique_id": "us1"}})

    def press(self, message: Shown, button: str, user: Json) -> str:
        """Press an inline button by its label or its data; returns the callback query's id."""
        data = next((b["callback_data"] for b in message.buttons if button in (b["text"], b["callback_data"])), button)
        query: Json = {"id": f"cb{next(self._ids)}", "from": user, "chat_instance": "1", "data": data}
        self._callbacks[query["id"]] = time.monotonic()
        self._presses[query["id"]] = (message.chat["id"], user["id"], time.monotonic())
        self.push({"callback_query": query | {"message": self._as_json(message)}})
        return str(query["id"])

    def react(self, message: Shown, user: Json, emoji: str = "") -> None:
        """Put a reaction under a message of the bot, or take it away; told only where the bot is an admin."""
        if self._members[message.chat["id"]].get(BOT_ID) != "administrator":
            return
        before = self._reacted.get((message.id, user["id"]), [])
        now = [{"type": "emoji", "emoji": emoji}] if emoji else []
        self._reacted[message.id, user["id"]] = now
        change = {"chat": message.chat, "message_id": message.id, "user": user, "date": int(time.time())}
        self.push({"message_reaction": change | {"old_reaction": before, "new_reaction": now}})

    def redeliver(self, update: Json) -> None:
        """Send an update again under a new update id."""
        self.push({key: value for key, value in update.items() if key != "update_id"})

    # --- faults and observation -------------------------------------------------------------------------------------

    def inject(self, method: str, *faults: Fault) -> None:
        """Let the next calls of a method meet these faults, one each, in order."""
        self._faults[method].extend(faults)

    def of(self, method: str) -> list[Call]:
        """Return the calls of one method so far."""
        return [call for call in self.calls if call.method == method]

    def texts(self, chat: Json) -> list[str]:
        """Return what the bot's messages in a chat say now to all who read it."""
        return [m.text for m in self.shown if m.chat["id"] == chat["id"] and not m.deleted and m.seen_by is None]

    @property
    def is_polled(self) -> bool:
        """Tell whether the bot is waiting for updates at this moment."""
        return self._poll is not None and not self._poll.done()

    def swap_last_updates(self) -> None:
        """Let the last two updates, unless already fetched, change places under their numbers."""
        if len(last := self.updates[-2:]) == 2 and last[0]["update_id"] >= self._fetched:
            last[0]["update_id"], last[1]["update_id"] = last[1]["update_id"], last[0]["update_id"]
            self.updates[-2:] = reversed(last)

    async def wait_for_message(self, condition: Callable[[Shown], bool], timeout_s: float = PATIENCE_S) -> Shown:
        """Wait until a message of the bot, new or edited, meets the condition."""
        return (await self._wait(lambda: [m for m in self.shown if not m.deleted and condition(m)], timeout_s))[0]

    async def wait_for_call(self, method: str, n: int = 1, timeout_s: float = PATIENCE_S) -> list[Call]:
        """Wait until a method was called ``n`` times."""
        return await self._wait(lambda: calls if len(calls := self.of(method)) >= n else [], timeout_s)

    async def wait_for_toast(self, n: int = 1, timeout_s: float = PATIENCE_S) -> str:
        """Wait for the ``n``-th answer to a button press."""
        return (await self._wait(lambda: self.toasts[n - 1 : n], timeout_s))[0]

    async def wait_for_quiet(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the bot has confirmed every update queued so far."""
        last = self.updates[-1]["update_id"] if self.updates else 0
        await self._wait(lambda: [True] if self._confirmed > last else [], timeout_s)

    async def _wait(self, found: Callable[[], list[Any]], timeout_s: float) -> list[Any]:
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: bool(found()))
        except TimeoutError:
            seen = [(m.chat.get("title", "private"), m.text[:200]) for m in self.shown]
            raise AssertionError(f"waited {timeout_s} s in vain; shown: {seen}; calls: {self._tally()}") from None
        return found()

    def _tally(self) -> dict[str, int]:
        return {method: len(self.of(method)) for method in {call.method for call in self.calls}}

    # --- updates ----------------------------------------------------------------------------------------------------

    def post(
        self,
        chat: Json,
        user: Json,
        content: Json,
        reply_to: Shown | Json | None = None,
        thread: int | None = None,
        extra: Json | None = None,
    ) -> Json:
        """Send any content; the options are those of ``say``."""
        if chat["type"] == "private":
            self._chats[chat["id"]] = chat  # writing to the bot starts it
        message = self._message(chat, user, content, reply_to, thread, extra)
        self._incoming[chat["id"], message["message_id"]] = message
        if self._reaches_bot(message):
            self.push({"message": message})
        return message

    def _message(
        self,
        chat: Json,
        user: Json,
        content: Json,
        reply_to: Shown | Json | None,
        thread: int | None,
        extra: Json | None,
    ) -> Json:
        message: Json = {"message_id": next(self._message_ids), "date": int(time.time()), "chat": chat, "from": user}
        message |= content | (extra or {})
        if thread is not None and thread != 1:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        if reply_to is not None:
            message["reply_to_message"] = self._as_json(reply_to) if isinstance(reply_to, Shown) else reply_to
        return message

    def _reaches_bot(self, message: Json) -> bool:
        """Apply privacy mode: in a group the bot gets what is addressed to it, and bare commands."""
        if message["chat"]["type"] == "private" or self.me["can_read_all_group_messages"]:
            return not message["from"]["is_bot"] or self.me["can_read_all_group_messages"]
        text = message.get("text") or message.get("caption") or ""
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        return f"@{self.me['username']}" in text or text.startswith("/") or replied == BOT_ID

    def push(self, content: Json) -> None:
        """Queue a raw update, whatever it holds."""
        self.updates.append({"update_id": next(self._update_ids)} | content)
        asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _as_json(self, shown: Shown) -> Json:
        message: Json = {"message_id": shown.id, "date": int(time.time()), "chat": shown.chat, "from": self.me}
        if shown.seen_by is not None:
            receiver = {"id": shown.seen_by, "is_bot": False, "first_name": "Somebody"}
            message |= {"message_id": 0, "ephemeral_message_id": shown.id, "receiver_user": receiver}
        message |= {"text": shown.text, "entities": shown.entities}
        if shown.thread is not None:
            message |= {"message_thread_id": shown.thread, "is_topic_message": True}
        if shown.buttons:
            rows = [list(row) for _, row in groupby(shown.buttons, key=lambda button: button["row"])]
            plain = [[{name: of for name, of in button.items() if name != "row"} for button in row] for row in rows]
            message["reply_markup"] = {"inline_keyboard": plain}
        if question := self._incoming.get((shown.chat["id"], shown.reply_to or 0)):
            message["reply_to_message"] = {name: of for name, of in question.items() if name != "reply_to_message"}
        return message
