"""Untrusted text in every sentence AION says, on Discord, on Telegram and at the terminal: it is read, never acts."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from string import Formatter

import pytest

from bot.adapters.console import ConsoleOutlet
from bot.adapters.discord.markdown import discord_markdown
from bot.adapters.telegram.entities import formatted
from bot.delivery.markup import markdown_of
from bot.terminal.output import TerminalConsole
from core.chat.answer_reply import answer_reply
from core.control_characters import without_controls
from core.knowledge.proposal_card import card
from core.texts import catalogue, say, say_markdown
from core.types import GLOBAL, LANGUAGES, Answer, Confidence, Language, Proposal, Reply, Source
from tests.discord_reading import seen
from tests.hostile import HOSTILE

PROPOSAL = Proposal(
    5,
    GLOBAL,
    "n",
    "a.example",
    "t",
    "en",
    "text",
    "o",
    0.5,
    (),
    "pending",
    None,
    "",
    datetime(2026, 1, 1, tzinfo=UTC),
    3,
)
HAS_CODE_GAP = re.compile(r"`[^`]*\{[^`]*`")

KEYS = sorted(catalogue("en"))
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
STYLES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")


GAP = "wordword"


def values_for(sentence: str, text: str) -> dict[str, object]:
    """Return a value for each gap: the text, or a number where the sentence formats one."""
    gaps = [(name, form) for _, name, form, _ in Formatter().parse(sentence) if name]
    return {name: 3 if form else text for name, form in gaps}


def words(text: str) -> list[str]:
    return text.replace("\u00a0", " ").split()


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_in_any_sentence_is_read_on_both_platforms_and_never_acts(language: Language, hostile: str) -> None:
    for key in KEYS:
        values = values_for(catalogue(language)[key], hostile)
        filled = say_markdown(language, key, **values)
        harmless = say_markdown(
            language, key, **{name: GAP if value == hostile else value for name, value in values.items()}
        )
        for read in (on_discord, on_telegram):
            shown, acting = read(filled)
            expected, allowed = read(harmless)
            assert acting == allowed, (key, read)
            if not HAS_CODE_GAP.search(catalogue(language)[key]):
                assert words(shown) == words(expected.replace(GAP, without_controls(hostile))), (key, read)
            assert not CONTROLS.search(shown), (key, read)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_value_in_any_sentence_is_read_at_the_terminal_and_never_acts(language: Language, hostile: str) -> None:
    for key in KEYS:
        values = values_for(catalogue(language)[key], hostile)
        if hostile not in values.values():
            continue
        written = io.StringIO()
        TerminalConsole(file=written, force_terminal=True, soft_wrap=True).print(say(language, key, **values))
        assert not CONTROLS.search(STYLES.sub("", written.getvalue())), key
        assert " ".join(words(without_controls(hostile))) in " ".join(words(written.getvalue())), key


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("hostile", HOSTILE)
async def test_replies_are_read_at_the_terminal_and_never_act(hostile: str, is_terminal: bool) -> None:
    for key in ("docs.forgotten", "review.card", "handoff.card"):
        written = io.StringIO()
        outlet = ConsoleOutlet(TerminalConsole(file=written, force_terminal=is_terminal, width=300))
        values = values_for(catalogue("en")[key], hostile)
        await outlet.progress(say_markdown("en", key, **values))
        await outlet.send(Reply(say_markdown("en", key, **values), "en", sources=(source(hostile),)))
        assert not CONTROLS.search(STYLES.sub("", written.getvalue())), key
        if not is_terminal:
            assert " ".join(words(without_controls(hostile))) in " ".join(words(written.getvalue())), key


@pytest.mark.parametrize("hostile", HOSTILE)
def test_answers_sources_and_cards_are_read_on_both_platforms_and_never_act(hostile: str) -> None:
    said = answer(f"This is what I was taught:\n> {hostile} [1]", hostile)
    waiting = replace(PROPOSAL, title=hostile, name=hostile, origin=hostile, excerpts=(hostile,))
    for reply in (answer_reply(said), card(waiting, (f"+ {hostile}",), "en")):
        for read in (on_discord, on_telegram):
            shown, acting = read(markdown_of(reply))
            assert set(acting) <= {"quote", "blockquote", "bold", "code", "code block", "pre", "item"}, read
            assert not CONTROLS.search(shown), read


def test_a_quote_is_read_as_it_was_typed() -> None:
    typed = (
        "Files matching *.tmp.log are deleted by __init__.py every night. "
        "Use <@&998877> to ping the on-call role and ||spoiler|| tags for plot twists."
    )
    for read in (on_discord, on_telegram):
        shown, acting = read(markdown_of(answer_reply(answer(f"> {typed} [1]", "Notes"))))
        assert typed in shown
        assert "spoiler" not in acting


def on_discord(markdown: str) -> tuple[str, list[str]]:
    """Return what Discord shows of Markdown, and what acts in it: not an address that shows itself."""
    shown, kinds = seen(discord_markdown(markdown))
    return shown, [kind for kind in kinds if kind != "address"]


def on_telegram(markdown: str) -> tuple[str, list[str]]:
    """Return what Telegram shows, and what acts in it: no link that shows where it leads, nor a name in code."""
    shown, entities = formatted(markdown)
    units = shown.encode("utf-16-le")
    acting = []
    for entity in entities:
        covered = units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")
        shows_itself = entity.type == "text_link" and covered == entity.url
        if not shows_itself and not (entity.type == "code" and covered.startswith("@")):
            acting.append(str(entity.type))
    return shown, acting


def source(text: str) -> Source:
    return Source(1, text, text, text, 7)


def answer(text: str, document: str) -> Answer:
    return Answer(1, text, "extract", None, "en", Confidence(0.9, ()), (source(document),))
