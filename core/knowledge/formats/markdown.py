"""Markdown and MDX without what tools put there: badges, tables of contents, template tags, comments, components.

The text of wiki links, callouts and admonitions stays, and so does code. Does not cover what is masked when a passage
is quoted (``core.retrieval.markup``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.knowledge.formats.document_text import ReadText, one_line
from core.knowledge.front_matter import read_front_matter
from core.retrieval.markup import CODE

_NOISE = re.compile(
    CODE
    + r"""
    | <!--[\s\S]*?(?:-->|\Z)
    | \{/\*[^\n]{0,2000}?\*/\}                                                    # a comment of MDX
    | %%[^%\n]{1,1000}%% | ^%%[ \t]*\n(?:(?!%%)[^\n]*\n){0,100}%%[ \t]*$          # a comment of Obsidian
    | \[!\[[^\[\]\n]{0,200}\](?:\([^()\n]{0,400}\)|\[[^\[\]\n]{0,60}\])\](?:\([^()\n]{0,400}\)|\[[^\[\]\n]{0,60}\])
    | !\[[^\[\]\n]{0,200}\]\([^()\n]{0,100}?(?:shields\.io|badge|codecov\.io|/actions/workflows/)[^()\n]{0,300}\)
    | \{%-?[ \t]*(?P<opens>highlight)[ \t]+(?P<syntax>\w{1,20})[^%\n]{0,100}%\}
    | \{%-?[ \t]*(?P<closes>endhighlight)[ \t]*-?%\}
    | \{%-?[^%\n]{0,200}?\b\w{1,20}[ \t]*=[ \t]*"(?P<content>[^"\n]{1,20}[ ][^"\n]{1,1000})"[^%\n]{0,200}%\}
    | \{%[^\n]{0,300}?%\} | \{\{[<%][^\n]{0,300}?[>%]\}\}                         # Liquid, shortcodes of Hugo
    | \{\{[ \t]*(?P<mark>["'])(?P<literal>(?:(?!(?P=mark))[^\n]){1,300})(?P=mark)[^{}\n]{0,100}\}\}  # of Jinja
    | ^[ \t]*+\{\{[\w/ -]{1,100}(?:\|[^{}\n]{0,200})?\}\}[ \t]*$                    # a page within a page, of MediaWiki
    | \{\{[\w/-]{1,60}\|(?P<argument>[^{}|=\s][^{}|=\n]{0,200})\|?\}\}
    | \[\[(?:Category|Categoria):[^\[\]\n]{0,200}\]\] | <gallery\b[^<>]{0,200}>[^<>]{0,5000}</gallery>
    | ^(?P<item>[ \t]*+(?:[-*+]|\d{1,3}[.)])[ \t])\[(?P<box>[ x])\](?=[ \t])
    | \{:?[ \t]?[.\#][\w-][^{}\n]{0,100}\} | \{:[^{}\n]{1,100}\}           # attributes
    | !\[\[[^\[\]\n]{1,200}\]\]
    | \[\[(?P<page>[^\[\]|\n]{1,200})(?:\|(?P<alias>[^\[\]|\n]{1,200}))?\]\]
    | ^(?P<quote>[ \t]{0,3}>[ \t]?)\[!(?P<callout>[\w-]{1,20})\][-+]?[ \t]*(?P<about>[^\n]{0,300})$
    | ^(?P<indent>[ \t]{0,12})(?:!!!|\?\?\?\+?|:::+)[ \t]*\{?(?P<admonition>[a-z][\w-]{0,20})\}?
      [ \t]*(?:"(?P<title>[^"\n]{0,300})"|\[(?P<label>[^\]\n]{0,300})\]|(?P<said>[^\n"]{0,300}))[ \t]*$
    | ^[ \t]{0,12}:::+[ \t]*$
    | ^[ \t]*+(?:\[TOC\]|\[\[_?TOC_?\]\]|[*-][ \t]TOC)[ \t]*$
    | [ ]\^[\w-]{4,40}$                                                           # the id of a block in Obsidian
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_MDX = re.compile(
    CODE
    + r"""
    | ^(?:import\s[^\n]*|export\s+(?:const|default|function|let)\b[^\n]*)$
    | </?[A-Z][\w.]{0,40}(?P<attributes>\s[^<>]{0,1000})?/?> | </?>
    """,
    re.VERBOSE | re.MULTILINE,
)
_LABELLED = re.compile(r"""\b(?:label|title|summary)=["'{]{1,2}([^"'{}\n]{1,100})["'}]""")
_LINK_LINE = re.compile(
    r"[ \t]*+(?:(?:[-*+]|\d{1,3}[.)])[ \t]++)?"
    r"(?:\[[^\[\]\n]{1,200}\]\((?!\w{2,10}:)[^()\s]{0,300}\)[ \t|·•—–/«»←→<>-]*+)++$"
)
_OPEN_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s{}]{0,100}\{\w*\}[^()\s{}]{0,100}\)")
"""A link whose address a template fills in."""

_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})")


def read(text: str, name: str) -> ReadText:
    """Return the title in the front matter, if any, and the text without noise."""
    title, body = read_front_matter(text)
    if name.lower().endswith(".mdx"):
        body = _MDX.sub(_without_component, body)
    return ReadText(title, without_noise(body))


def without_noise(text: str) -> str:
    """Return Markdown without noise. Linear time."""
    cleaned = _NOISE.sub(_kept, text)
    lines = cleaned.split("\n")
    shown = "\n".join(line.rstrip(" \t") for line in _without_navigation(lines))
    return re.sub(r"\n{3,}", "\n\n", shown).strip("\n ")


def _without_navigation(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines outside code that are more than links within the documents, and all lines of code."""
    is_code = False
    for line in lines:
        is_code ^= bool(_FENCE.match(line))
        if is_code or not _LINK_LINE.fullmatch(line):
            yield line


def _without_component(match: re.Match[str]) -> str:
    """Return code as it is, and of a component's tag its label or title."""
    if match["code"]:
        return match.group()
    label = _LABELLED.search(match["attributes"] or "")
    return f"\n\n{label[1]}:\n\n" if label else ""


def _kept(match: re.Match[str]) -> str:
    """Return what stays of a match: code, what a link or a callout says, nothing of the rest."""
    if match["code"]:
        return match.group()
    if match["page"]:
        return one_line(match["alias"] or match["page"].replace("#", " "))
    if match["literal"]:
        return _OPEN_LINK.sub(r"\1", match["literal"])
    if match["item"]:
        return match["item"] + ("☐" if match["box"] == " " else "☑")
    if match["callout"]:
        return match["quote"] + _labelled(match["callout"], match["about"])
    if match["admonition"]:
        return match["indent"] + _labelled(match["admonition"], match["title"] or match["label"] or match["said"])
    if match["opens"]:
        return f"```{match['syntax']}"
    return "```" if match["closes"] else match["content"] or match["argument"] or ""


def _labelled(kind: str, about: str | None) -> str:
    """Return the line above an admonition: its own title, whatever kind it is of; without one, the kind."""
    title = (about or "").strip() or kind.replace("-", " ").capitalize()
    return title if title[-1] in ".!?:…" else f"{title}:"
