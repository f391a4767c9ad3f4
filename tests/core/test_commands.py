"""Reading command lines, and the registry's refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.commands import Command, Context, Parameter, Registry, parse_command_line, require_permission
from core.errors import PermissionRefused
from tests.fakes import MEMBER, MODERATOR


async def handler(context: Context) -> None:
    await context.reply("done")


def command(name: str, **rest: object) -> Command:
    return Command(name, {"en": name, "pt": name}, handler, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "rest", "addressee"),
    [
        ("/help", "help", "", None),
        ("/ASK  when do you open? ", "ask", "when do you open?", None),
        ("/ask@aion_bot line one\nline two", "ask", "line one\nline two", "aion_bot"),
    ],
)
def test_a_command_line_is_read(text: str, name: str, rest: str, addressee: str | None) -> None:
    line = parse_command_line(text)
    assert line is not None
    assert (line.name, line.rest, line.addressee) == (name, rest, addressee)


@pytest.mark.parametrize("text", ["", "hello", "/ help", "//", "/1st", "/etc/passwd", "/-ask"])
def test_other_text_is_no_command(text: str) -> None:
    assert parse_command_line(text) is None


@given(st.text())
def test_any_text_is_read_or_left_alone(text: str) -> None:
    line = parse_command_line(text)
    assert line is None or (line.name == line.name.lower() and line.rest == line.rest.strip())


def test_the_rest_of_the_line_goes_to_the_text_parameter() -> None:
    words = {"en": "words", "pt": "palavras"}
    takes_text = command("ask", parameters=(Parameter("file", words, "attachment"), Parameter("question", words)))
    line = parse_command_line("/ask what is this?")
    assert line is not None
    assert line.arguments(takes_text) == {"question": "what is this?"}
    assert line.arguments(command("help")) == {}


def test_a_registry_refuses_what_a_platform_would() -> None:
    registry = Registry()
    registry.add(command("ask"))
    with pytest.raises(ValueError, match="twice"):
        registry.add(command("ask"))
    for name in ("Ask", "ask me", "a" * 33, ""):
        with pytest.raises(ValueError, match="must match"):
            registry.add(command(name))
    assert [held.name for held in registry] == ["ask"]


def test_moderators_alone_may_call_their_commands() -> None:
    require_permission(MEMBER, command("ask"))
    require_permission(MODERATOR, command("index", permission="moderator"))
    with pytest.raises(PermissionRefused):
        require_permission(MEMBER, command("index", permission="moderator"))


def test_a_hyphen_is_understood_as_what_every_platform_can_write() -> None:
    line = parse_command_line("/Forget-me yes")
    assert line is not None and (line.name, line.rest) == ("forget_me", "yes")
