"""The front matter of a Markdown file: its title, and the fields that tell readers something.

Covers YAML between ``---``, TOML between ``+++``, and bare ``Key: value`` lines as Pelican and MultiMarkdown have them.
Only a block of fields is front matter; a file that begins with a rule keeps its first section. Fields are kept as
lines of text (``Owner: …``), so that they are found and quoted; those that steer a site generator are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEY = re.compile(r"([A-Za-z_][\w -]{0,40}):(?:[ \t]+|$)")
_TOML_KEY = re.compile(r"([A-Za-z_][\w.-]{0,40})[ \t]{0,4}=[ \t]{0,4}")
_BARE_KEYS = frozenset(
    re.findall(
        r"\w+",
        "title date category tags slug author authors summary modified status lang keywords save_as url "
        "layout template",
    )
)
"""Keys of Pelican, MultiMarkdown and their like: other words with a colon at the top of a file are its text."""

_STEERING = frozenset(
    re.findall(
        r"\S+",
        "title layout permalink slug url aliases redirect_from template id sidebar sidebar_label sidebar_position "
        "nav_order parent grand_parent has_children has_toc toc weight draft published hidden excerpt_separator image "
        "thumbnail cover banner icon og_image twitter css js class classes lang locale translation_key key type kind "
        "format outputs hide_table_of_contents hide_title pagination_next pagination_prev custom_edit_url comments "
        "math mermaid linktitle link_title menu search_exclude render_with_liquid head hero features order priority "
        "sort_order navigation_weight outline routes section language_code license_abbr robots "
        "author authors autor autores",
    )
)
"""Keys that site generators read, in lower case, and that of who wrote a page."""

_FILING = frozenset(["tag", "tags", "category", "categories", "keywords", "etiquetas", "categoria", "categorias"])
"""Keys of the words that a page is filed under, in lower case: it is found by them, and they are never quoted."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d?:\d\d")
"""How a value begins that a tool wrote: a day alone may be an event's."""

_STEERING_PREFIXES = ("icon_", "icone_", "og_", "twitter_", "meta_", "cspell")
"""How others begin, in lower case."""

_PROSE = frozenset(
    re.findall(
        r"\S+",
        "description summary excerpt abstract subtitle subheadline teaser lead intro"
        " descrição descricao resumo subtítulo subtitulo",
    )
)
"""Keys whose values are sentences about the page: these are kept without the key."""

_MAX_LINES = 200
_MAX_VALUE_CHARS = 300


def read_front_matter(text: str) -> tuple[str | None, str]:
    """Return the title in the front matter, if any, and the text with the other fields as lines at its top.

    The words it is filed under come first, in a paragraph ``tags: …`` that is not quoted (``core.retrieval.blocks``).
    """
    lines = text.split("\n")
    first, end, body, key = _block(lines)
    if not body:
        return None, text
    fields = _fields(lines[first:end], key)
    rest = "\n".join(lines[body:]).lstrip("\n")
    filed = ", ".join(value for key, value in fields.items() if key.lower() in _FILING)
    kept = [_line(key, value) for key, value in fields.items() if not _steers(key, value)]
    title = next((value for key, value in fields.items() if key.lower() == "title"), None)
    return title, "\n\n".join(filter(None, (filed and f"tags: {filed}", "\n".join(kept), rest)))


def front_matter_fields(text: str) -> Sequence[tuple[str, str]]:
    """Return the fields in a text's front matter, as they are called there, with their values."""
    lines = text.split("\n", _MAX_LINES + 2)
    first, end, body, key = _block(lines)
    return tuple(_fields(lines[first:end], key).items()) if body else ()


def _block(lines: list[str]) -> tuple[int, int, int, re.Pattern[str]]:
    """Return the first line of the fields, the line after them, the body's first, and how a key is written.

    The body's first line is 0 when the text does not begin with front matter.
    """
    match lines[0].rstrip():
        case "---":
            end = _end(lines, ("---", "..."), _KEY)
            return 1, end, end + 1 if end else 0, _KEY
        case "+++":
            end = _end(lines, ("+++",), _TOML_KEY)
            return 1, end, end + 1 if end else 0, _TOML_KEY
    end = next((n for n, line in enumerate(lines[:_MAX_LINES]) if not _is_bare_field(line)), 0)
    is_block = (end > 1 or _is_title(lines[0])) and not lines[end].strip()
    return 0, end, end if is_block else 0, _KEY


def _is_bare_field(line: str) -> bool:
    match = _KEY.match(line)
    return match is not None and match[1].strip().lower() in _BARE_KEYS


def _is_title(line: str) -> bool:
    """Tell whether a line is a field that may stand alone at the top of a file: its title."""
    match = _KEY.match(line)
    return match is not None and match[1].lower() == "title" and not line[match.end() :].isspace()


def _end(lines: list[str], closing: tuple[str, ...], key: re.Pattern[str]) -> int:
    """Return the line that ends the front matter; 0 when the text does not begin with any."""
    n_fields = 0
    for place, line in enumerate(lines[1 : _MAX_LINES + 1], start=1):
        bare = line.rstrip()
        if bare in closing:
            return place if n_fields else 0
        if key.match(line):
            n_fields += 1
        elif bare and line[0] not in " \t-#[]}\"'":  # a nested value, a list item, a table, a comment
            return 0
    return 0


def _fields(lines: list[str], key: re.Pattern[str]) -> dict[str, str]:
    """Return the fields with a value of one line, and lists of plain words, joined."""
    fields: dict[str, str] = {}
    last = ""
    for line in lines:
        match = key.match(line)
        if match:
            last = match[1].strip()
            fields[last] = _value(line[match.end() :].strip())[:_MAX_VALUE_CHARS]
        elif last and (item := line.strip()).startswith("- ") and ":" not in item:
            fields[last] = ", ".join(filter(None, (fields[last], _unquoted(item[2:].strip()))))[:_MAX_VALUE_CHARS]
    return {key: value for key, value in fields.items() if value and value[0] not in "{|>&*!["}


def _value(value: str) -> str:
    """Return a value without quotes; a list on one line without brackets."""
    if value.startswith("[") and value.endswith("]") and "[" not in value[1:]:
        return ", ".join(filter(None, (_unquoted(item.strip()) for item in value[1:-1].split(","))))
    return _unquoted(value)


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


def _steers(key: str, value: str) -> bool:
    name = key.lower()
    return bool(_STAMP.match(value)) or name in _STEERING | _FILING or name.startswith(_STEERING_PREFIXES)


def _line(key: str, value: str) -> str:
    """Return a field as a line of text: with its key, except one that is a sentence of its own."""
    if key.lower() in _PROSE:
        return value if value[-1] in ".!?…" else f"{value}."
    words = key.replace("_", " ").replace("-", " ")
    return f"{words[:1].upper()}{words[1:]}: {value}"
