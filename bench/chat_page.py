"""A chat as a page, drawn from messages as the small platforms of ``tests/e2e`` show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_BOLD = re.compile(r"\*\*([^*\n]{1,300})\*\*")

_STYLE = """
body { margin: 0; background: #313338; color: #dbdee1; font: 22px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 44px 32px; }
h1 { font-size: 20px; color: #f2f3f5; border-bottom: 1px solid #3f4147; padding-bottom: 14px; }
article { display: grid; grid-template-columns: 64px 1fr; margin-top: 30px; }
i { width: 48px; height: 48px; border-radius: 50%; background: #5865f2; color: #fff; display: grid;
    place-items: center; font-style: normal; font-weight: 600; }
.bot i { background: #3b4cca; }
b.name { color: #f2f3f5; }
.tag { background: #5865f2; color: #fff; border-radius: 4px; font-size: 11px; padding: 1px 5px; margin-left: 6px; }
p { margin: 2px 0 0; white-space: pre-line; }
.buttons span { display: inline-block; background: #4e5058; color: #fff; border-radius: 4px; padding: 5px 14px;
    margin: 10px 8px 0 0; font-size: 19px; }
.buttons span.pressed { background: #248046; }
"""


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One message with the labels of its buttons, of which ``pressed`` was pressed."""

    author: str
    text: str
    buttons: tuple[str, ...] = ()
    pressed: str = ""


def chat_page(lines: Sequence[ChatLine]) -> str:
    """Return messages of a channel as an HTML document."""
    shown = "".join(map(_article, lines))
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><main><h1># general</h1>{shown}</main>"


def _article(line: ChatLine) -> str:
    is_bot = line.author == "AION"
    tag = '<span class="tag">APP</span>' if is_bot else ""
    buttons = "".join(
        f'<span class="{"pressed" if each == line.pressed else ""}">{escape(each)}</span>' for each in line.buttons
    )
    text = _BOLD.sub(r"<b>\1</b>", escape(line.text))
    return (
        f'<article class="{"bot" if is_bot else ""}"><i>{escape(line.author[0])}</i><div>'
        f'<b class="name">{escape(line.author)}</b>{tag}<p>{text}</p><div class="buttons">{buttons}</div>'
        "</div></article>"
    )
