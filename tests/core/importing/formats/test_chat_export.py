"""Every format gives the same messages, and bad exports are read as far as they go or refused in one sentence."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput
from core.importing.formats.chat_export import ChatExport, find_exports
from core.types.exported_message import ExportedMessage, PinNotice, Reactions
from tests import chat_exports
from tests.chat_history import WITHOUT_ROLES_AND_THREADS, Said, write_history

HISTORY = write_history(11, "pt", 12, styles=WITHOUT_ROLES_AND_THREADS).messages

Writer = Callable[[Path, list[Said]], None]
FORMATS: dict[str, tuple[str, Writer]] = {
    "discord-json": ("help.json", chat_exports.write_discord_json),
    "discord-html": ("help.html", chat_exports.write_discord_html),
    "discord-text": ("help.txt", chat_exports.write_discord_text),
    "telegram-json": ("result.json", chat_exports.write_telegram_json),
    "telegram-html": ("ChatExport", chat_exports.write_telegram_html),
    "slack": ("slack", chat_exports.write_slack),
    "whatsapp": ("chat.txt", chat_exports.write_whatsapp),
    "mbox": ("list.mbox", chat_exports.write_mbox),
}
WITH_REPLIES = ("discord-json", "discord-html", "telegram-json", "telegram-html", "mbox")
WITH_REACTIONS = ("discord-json", "discord-html", "discord-text", "telegram-json", "telegram-html")


def written(folder: Path, name: str, messages: list[Said] = HISTORY) -> Path:
    file, write = FORMATS[name]
    write(folder / file, messages)
    return folder / file


def messages_of(path: Path) -> list[ExportedMessage]:
    return [event for event in ChatExport(path).events() if isinstance(event, ExportedMessage)]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_what_was_said(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name)
    assert ChatExport(path).format == name
    found = messages_of(path)
    words = [message.text.split("\n\n")[-1] for message in found]
    assert words == [said.text.strip() for said in HISTORY]
    minutes = [f"{said.at:%Y-%m-%d %H:%M}" for said in HISTORY]
    assert [f"{message.said_at:%Y-%m-%d %H:%M}" for message in found] == minutes
    assert len({message.key for message in found}) == len(HISTORY)
    assert len({message.author for message in found}) == len({said.author for said in HISTORY})


@pytest.mark.parametrize("name", WITH_REPLIES)
def test_replies_lead_to_their_messages(tmp_path: Path, name: str) -> None:
    found = messages_of(written(tmp_path, name))
    by_key = {message.key: n for n, message in enumerate(found)}
    numbers = {said.n: n for n, said in enumerate(HISTORY)}
    replies = [(n, numbers[said.reply_to]) for n, said in enumerate(HISTORY) if said.reply_to]
    assert replies
    assert [(n, by_key[found[n].reply_to]) for n, _ in replies] == replies


@pytest.mark.parametrize("name", WITH_REACTIONS)
def test_reactions_are_counted(tmp_path: Path, name: str) -> None:
    found = messages_of(written(tmp_path, name))
    wanted = [tuple(Reactions(emoji, n) for emoji, n in said.reactions) for said in HISTORY]
    assert [message.reactions for message in found] == wanted


def test_slack_threads_mentions_and_links_are_read(tmp_path: Path) -> None:
    chat_exports.write_slack(tmp_path / "slack", HISTORY)
    day = tmp_path / "slack" / "help" / "2030-01-01.json"
    text = "ask &lt;b&gt; <@U7> in <#C1|rooms>, see <https://a.example/x|the page> <!here>"
    item = {"type": "message", "user": "U1", "ts": "1893456000.000100", "thread_ts": "1893456000.000100"}
    bots = [{**item, "text": "x", "ts": "1893456001.0", "bot_id": "B1"}, {**item, "text": "x", "user": "UBOT"}]
    day.write_text(json.dumps([{**item, "text": text}, *bots]), encoding="utf-8")
    last = messages_of(tmp_path / "slack")[-1]
    assert last.text == "ask <b> @… in #rooms, see the page (https://a.example/x) @here"
    assert last.mentions == ("slack:U7",)
    assert last.thread_key == "help:1893456000.000100"


def test_pins_of_telegram_are_told_after_their_message(tmp_path: Path) -> None:
    chat_exports.write_telegram_json(tmp_path / "result.json", HISTORY, pin=HISTORY[3].n)
    events = list(ChatExport(tmp_path / "result.json").events())
    assert events[4] == PinNotice("The Shed", f"777:{HISTORY[3].n}")


def test_topics_of_telegram_are_channels_and_an_accounts_chats_are_told_apart(tmp_path: Path) -> None:
    message = {"type": "message", "date_unixtime": "1700000000", "from_id": "user5", "text": "hello"}
    topic = {"id": 7, "type": "service", "action": "topic_created", "title": "Printers"}
    in_topic = {**message, "id": 8, "reply_to_message_id": 7}
    chats = [
        {"name": "A", "type": "private_supergroup", "id": 1, "messages": [topic, in_topic]},
        {"name": "B", "type": "public_channel", "id": 2, "messages": [{**message, "id": 9, "from_id": "channel2"}]},
    ]
    path = tmp_path / "result.json"
    path.write_text(json.dumps({"about": "x", "chats": {"about": "y", "list": chats}}), encoding="utf-8")
    first, second = messages_of(path)
    assert (first.channel, first.reply_to, first.key) == ("Printers", "", "1:8")
    assert (second.channel, second.is_announced, second.author) == ("B", True, "telegram:-1002")


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("[31/12/23, 23:59:58] Ana: hello there", "2023-12-31 23:59"),
        ("[12/31/23, 11:59:58\u202fPM] Ana: hello there", "2023-12-31 23:59"),
        ("31/12/2023 23:59 - Ana: hello there", "2023-12-31 23:59"),
        ("31.12.23, 23:59 - Ana: hello there", "2023-12-31 23:59"),
        ("2023-12-31, 23:59 - Ana: hello there", "2023-12-31 23:59"),
        ("\u200e[31/12/23, 23:59:58] Ana: \u200ehello there", "2023-12-31 23:59"),
    ],
)
def test_whatsapp_of_every_phone(tmp_path: Path, line: str, when: str) -> None:
    (tmp_path / "chat.txt").write_text(f"{line}\nsecond line\n", encoding="utf-8")
    [message] = messages_of(tmp_path / "chat.txt")
    assert (message.author, message.text) == ("whatsapp:Ana", "hello there\nsecond line")
    assert f"{message.said_at:%Y-%m-%d %H:%M}" == when


def test_whatsapp_messages_without_words_are_left_out(tmp_path: Path) -> None:
    lines = (
        "31/12/2023, 10:00 - Messages and calls are end-to-end encrypted.",
        "31/12/2023, 10:01 - Ana: <Media omitted>",
        "31/12/2023, 10:02 - Ana: <Mídia oculta>",
        "31/12/2023, 10:03 - Ana: This message was deleted",
        "31/12/2023, 10:04 - Ana: map.pdf (file attached)",
        "31/12/2023, 10:05 - Ana: the gate opens at nine <This message was edited>",
    )
    (tmp_path / "chat.txt").write_text("\n".join(lines), encoding="utf-8")
    file, edited = messages_of(tmp_path / "chat.txt")
    assert (file.attachments, file.text) == (("map.pdf",), "")
    assert (edited.text, edited.is_edited) == ("the gate opens at nine", True)


@pytest.mark.parametrize("name", ["discord-json", "telegram-json"])
def test_json_cut_in_half_is_read_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    export = ChatExport(path)
    found = list(export.events())
    assert export.is_cut
    assert 0.3 < len(found) / len(HISTORY) < 0.7


@pytest.mark.parametrize("name", FORMATS)
def test_any_half_of_an_export_raises_nothing_unexpected(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name)
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    for file in files:
        data = file.read_bytes()
        file.write_bytes(data[: len(data) // 2] + b"\xff\xfe\x00" + data[len(data) // 2 : -7])
    try:
        list(ChatExport(path).events())
    except BadInput as error:
        assert error.key.startswith("importing.")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b'{"weather": [1, 2, 3]}'),
        ("a.json", b"[" * 100_000),
        ("a.txt", b"Dear diary, today nothing happened."),
        ("a.html", b"<html><body>No chat here</body></html>"),
        ("a.zip", b"PK\x03\x04 not really"),
        ("a.txt", b""),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match="importing"):
        list(ChatExport(tmp_path / name).events())


def test_a_text_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "help.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"guild": {}, "channel": {}, "messages": [{"id": "1", "content": "')
        for _ in range(30):
            file.write("a" * 1_000_000)
    export = ChatExport(path)
    assert list(export.events()) == []
    assert export.is_cut


def test_unknown_fields_and_wrong_types_are_no_obstacle(tmp_path: Path) -> None:
    good = {
        "id": "1",
        "type": "Default",
        "timestamp": "2024-01-01T10:00:00+00:00",
        "content": "hello",
        "author": {"id": "5"},
    }
    odd = [{}, {"id": 7}, {**good, "author": None}, {**good, "reactions": {"a": 1}, "mentions": "x", "roles": 3}]
    odd += [{**good, "timestamp": "yesterday"}, {**good, "content": None, "id": "2"}, {**good, "future": {"a": [1]}}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"version": 99, "guild": None, "channel": [], "messages": odd}), encoding="utf-8")
    assert {message.key for message in messages_of(path)} == {"1", "2"}


def test_a_zipped_export_is_read_and_a_bomb_refused(tmp_path: Path) -> None:
    chat_exports.write_slack(tmp_path / "slack", HISTORY)
    with zipfile.ZipFile(tmp_path / "slack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((tmp_path / "slack").rglob("*.json")):
            archive.write(file, Path("export") / file.relative_to(tmp_path / "slack"))
    assert len(messages_of(tmp_path / "slack.zip")) == len(HISTORY)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", b"[" + b" " * 100_000_000 + b"]")
    with pytest.raises(BadInput, match="too_large"):
        ChatExport(tmp_path / "bomb.zip")


def test_a_folder_holds_one_export_or_several(tmp_path: Path) -> None:
    written(tmp_path, "slack")
    written(tmp_path, "discord-json")
    written(tmp_path, "whatsapp")
    (tmp_path / "photo.png").write_bytes(b"x")
    assert [path.name for path in find_exports(tmp_path)] == ["chat.txt", "help.json", "slack"]
    assert find_exports(tmp_path / "slack") == [tmp_path / "slack"]
    (tmp_path / "empty").mkdir()
    for missing in ("empty", "nowhere"):
        with pytest.raises(BadInput):
            find_exports(tmp_path / missing)


def test_a_mail_is_read_without_quotes_and_signature(tmp_path: Path) -> None:
    chat_exports.write_mbox(tmp_path / "list.mbox", [replace(HISTORY[0], text="From here on\nit works")])
    [mail] = messages_of(tmp_path / "list.mbox")
    assert mail.text.endswith("From here on\nit works")
    assert "quoted" not in mail.text
    assert "signature" not in mail.text


@pytest.mark.parametrize(
    ("icon", "file", "link"),
    [
        ("https://cdn.discordapp.com/icons/111111111111111111/a.png", "Shed - help [222222222222222222].html", True),
        ("https://cdn.discordapp.com/embed/avatars/0.png", "Shed - help [222222222222222222].html", False),
        ("https://cdn.discordapp.com/icons/111111111111111111/a.png", "help.html", False),
    ],
)
def test_discord_html_has_permalinks_where_server_and_channel_are_known(
    tmp_path: Path, icon: str, file: str, link: bool
) -> None:
    chat_exports.write_discord_html(tmp_path / file, HISTORY)
    page = (tmp_path / file).read_text(encoding="utf-8")
    shown = f'<div class="preamble__guild-icon-container"><img class="preamble__guild-icon" src="{icon}"></div>'
    page = page.replace('<div class="preamble">', f'<div class="preamble">{shown}', 1)
    (tmp_path / file).write_text(page, encoding="utf-8")
    [first, *_] = messages_of(tmp_path / file)
    place = "https://discord.com/channels/111111111111111111/222222222222222222/" if link else "discord-html:"
    assert first.url == f"{place}{first.key}"
