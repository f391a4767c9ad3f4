"""The YAML block at the top of a Markdown file: its title, and the fields that tell readers something.

Only a block of ``key: value`` lines is front matter; a file that begins with a rule keeps its first section. Fields are
kept as lines of text (``Owner: …``), so that they are found and quoted; those that steer a site generator are dropped.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"([A-Za-z_][\w -]{0,40}):(?:[ \t]+|$)")
_STEERING = frozenset(
    re.findall(
        r"\S+",
        "title layout permalink slug url aliases redirect_from template id sidebar sidebar_label sidebar_position "
        "nav_order parent grand_parent has_children has_toc toc weight draft published hidden excerpt_separator image "
        "thumbnail cover banner icon og_image twitter css js class classes lang locale translation_key key type kind "
        "format outputs hide_table_of_contents hide_title pagination_next pagination_prev custom_edit_url comments "
        "math mermaid linktitle link_title menu search_exclude render_with_liquid head hero features",
    )
)
"""Keys that site generators read, in lower case."""

_MAX_LINES = 200
_MAX_VALUE_CHARS = 300


def read_front_matter(text: str) -> tuple[str | None, str]:
    """Return the title in the front matter, if any, and the text with the other fields as lines at its top."""
    lines = text.split("\n")
    end = _end(lines)
    if end is None:
        return None, text
    fields = _fields(lines[1:end])
    body = "\n".join(lines[end + 1 :]).lstrip("\n")
    kept = [f"{_label(key)}: {value}" for key, value in fields.items() if key.lower() not in _STEERING]
    return fields.get("title") or None, "\n\n".join(part for part in ("\n".join(kept), body) if part)


def _end(lines: list[str]) -> int | None:
    """Return the line that ends the front matter; ``None`` when the text does not begin with any."""
    if lines[0].rstrip() != "---":
        return None
    n_fields = 0
    for place, line in enumerate(lines[1 : _MAX_LINES + 1], start=1):
        bare = line.rstrip()
        if bare in ("---", "..."):
            return place if n_fields else None
        if _KEY.match(line):
            n_fields += 1
        elif bare and line[0] not in " \t-#]}":  # a nested value, a list item, a comment
            return None
    return None


def _fields(lines: list[str]) -> dict[str, str]:
    """Return the fields with a value of one line, and lists of plain words, joined."""
    fields: dict[str, str] = {}
    last = ""
    for line in lines:
        match = _KEY.match(line)
        if match:
            last = match[1].strip()
            fields[last] = _unquoted(line[match.end() :].strip())[:_MAX_VALUE_CHARS]
        elif last and (item := line.strip()).startswith("- ") and ":" not in item:
            fields[last] = ", ".join(filter(None, (fields[last], _unquoted(item[2:].strip()))))[:_MAX_VALUE_CHARS]
    return {key: value for key, value in fields.items() if value and value[0] not in "{|>&*!"}


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


def _label(key: str) -> str:
    words = key.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]
