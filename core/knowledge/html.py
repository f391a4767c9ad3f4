"""HTML to Markdown-like text, by trafilatura, with the pages that only pretend to have one told apart."""

from __future__ import annotations

import re
from typing import Any

import trafilatura
from trafilatura.settings import Document
from trafilatura.utils import load_html

from core.errors import BadInput
from core.knowledge.charset import tidy

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_CHARSET_HEAD_BYTES = 4096
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]+?)(?<=\S)\1(?![\w*])")
_SIGN_IN = re.compile(
    r"\b(?:sign|log)[ -]?(?:in|on)\b|\bentrar\b|\bfazer login\b|\bacess[ae]r? (?:a |sua )?conta\b", re.I
)

MAX_WALL_CHARS = 400
"""A page with a password field and no more text than this is a login wall; an article with a login box has more."""


def declared_charset(data: bytes) -> str | None:
    """Return the character set a page declares in its head, if it does."""
    match = _CHARSET.search(data[:_CHARSET_HEAD_BYTES])
    return match.group(1).decode("ascii") if match else None


def read_html(page: str, name: str) -> tuple[str | None, str]:
    """Return a page's title and main text. The text is empty only when the page is.

    Raises ``BadInput`` when the page is a login wall, or needs JavaScript to show its text.
    """
    tree = load_html(page if "<body" in page[:100_000].lower() else f"<html><body>{page}</body></html>")
    if tree is None:
        return None, ""
    for element in tree.xpath("//noscript"):
        element.drop_tree()
    n_scripts, is_form = len(tree.xpath("//script")), _is_sign_in(tree)
    found = trafilatura.bare_extraction(
        tree, with_metadata=True, include_comments=False, include_formatting=True, fast=False
    )
    text, title = (_plain(found.text or ""), found.title) if isinstance(found, Document) else ("", None)
    if is_form and len(text) <= MAX_WALL_CHARS:
        raise BadInput("knowledge.login_wall", name=name)
    if not text and n_scripts:
        raise BadInput("knowledge.needs_javascript", name=name)
    return title, text


def _is_sign_in(tree: Any) -> bool:  # an lxml element; lxml ships no types
    if tree.xpath("//input[translate(@type, 'PASWORD', 'pasword') = 'password']"):
        return True
    heads = " ".join(element.text_content() for element in tree.xpath("//title | //h1"))
    return bool(tree.xpath("//form")) and bool(_SIGN_IN.search(heads))


def _plain(markdown: str) -> str:
    """Take the emphasis marks out, which would split words; headings, lists, tables and code stay."""
    pieces = re.split(r"(^```.*?^```|`[^`\n]+`)", markdown, flags=re.MULTILINE | re.DOTALL)
    pieces[::2] = [_EMPHASIS.sub(r"\2", piece) for piece in pieces[::2]]
    return tidy("".join(pieces))
