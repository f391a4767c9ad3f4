"""Log lines: as text or JSON, with the request's id, and without secrets, in tracebacks too."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from bot.logs import MASK, JsonFormatter, Redaction, TextFormatter, set_up_logging
from core.control_characters import without_controls
from core.request_id import request
from core.settings import Settings

SECRET = "made-up-secret-token"
log = logging.getLogger("core.somewhere")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Give pytest its handlers and levels back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str], log_format: str) -> list[str]:
    set_up_logging(Settings.model_validate({"AION_LOG_FORMAT": log_format}), [SECRET])
    with request("request-1"):
        log.warning("a key was %s\nand more", SECRET)
        try:
            raise ValueError(f"wrong: {SECRET}")
        except ValueError:
            log.exception("it failed")
    log.info("outside")
    said = capsys.readouterr().err
    assert SECRET not in said
    assert MASK in said
    return said.splitlines()


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = map(json.loads, lines(capsys, "json"))
    assert first["message"] == f"a key was {MASK}\nand more"
    assert (first["level"], first["logger"], first["request"]) == ("warning", "core.somewhere", "request-1")
    assert second["error"].endswith(f"ValueError: wrong: {MASK}")
    assert "request" not in third
    assert "error" not in third


def test_text_names_the_request_before_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    said = lines(capsys, "text")
    assert f"core.somewhere: [request-1] a key was {MASK}" in said[0]
    assert said[-1].endswith("core.somewhere: outside")


ACTING = "\x1b]0;owned\x07\x1b[31mred\x9b2J \u202egnp.exe\u202c"
SHOWN = "]0;owned[31mred2J gnp.exe"


def formatted(formatter: logging.Formatter, message: str, error: BaseException | None = None) -> str:
    info = None if error is None else (type(error), error, None)
    record = logging.LogRecord("aion.test", logging.WARNING, __file__, 1, "%s", (message,), info)
    Redaction([SECRET]).filter(record)
    return formatter.format(record)


def test_what_others_wrote_neither_colours_nor_titles_nor_reverses() -> None:
    shown = formatted(TextFormatter(), ACTING, ValueError(f"{ACTING} {SECRET}"))
    assert shown.endswith(f"WARNING aion.test: {SHOWN}\n  ValueError: {SHOWN} {MASK}")
    written = formatted(JsonFormatter(), ACTING, ValueError(ACTING))
    assert without_controls(written) == written
    assert (json.loads(written)["message"], json.loads(written)["error"]) == (SHOWN, f"ValueError: {SHOWN}")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\x0b"])
def test_what_others_wrote_passes_for_no_other_record(end: str) -> None:
    forged = "2026-01-01 00:00:00,000 ERROR   core: forged"
    first, second = formatted(TextFormatter(), f"a{end}{forged}").split("\n")
    assert first.endswith(": a")
    assert second == f"  {forged}"
    assert "\n" not in formatted(JsonFormatter(), f"a{end}{forged}")
