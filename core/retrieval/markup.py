"""Markup masked in place: what is left can be read, and every character keeps its offset.

Covers Markdown and its dialects (attributes, admonitions, reference links, footnotes, template tags), HTML within it,
reStructuredText, MediaWiki and, through ``core.retrieval.latex``, LaTeX. Code, fenced or inline, stays as it is.
Does not cover which lines make a paragraph, a list or a table (``core.retrieval.blocks``).
"""

from __future__ import annotations

import html
import re

from core.retrieval.latex import REMOVED, is_latex, removed, without_commands

_MAX_URL_CHARS = 80
"""The address of a link is kept after its text up to this length: a longer one is not read, and is in the document."""

_BLOCK_TAGS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2"
        " h3 h4 h5 h6 head header hr html iframe li main nav ol p pre section summary table tbody td tfoot th thead"
        " title tr ul video",
    )
)
_INLINE_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b big button cite del dfn em font i img input ins kbd label mark meta link object option q s small"
        " source span strike strong sub sup path time u var",
    )
)
_HEADING_TAG = re.compile(r"h[1-6]|summary|dt")

CODE = r"""
      (?P<code>
        (?:^|(?<=\n))[ \t>]*(?P<fence>```++|(?<![^\n]\n)~~~++)[^`\n]*+\n
        (?:(?:[\s\S]*?\n)?[ \t>]*(?P=fence)[`~]*[ \t]*(?=\n|\Z)|[\s\S]*)
      | (?<!`)(?P<tick>`{1,3})(?=[^`\s])(?:(?!(?P=tick))[^\n]){1,300}(?P=tick)(?!`|__?(?!\w)))
"""
"""A fenced block, up to the end of the text where it is not closed; or a span between backticks. For ``re.VERBOSE``."""

_FENCE_LINE = re.compile(r"^[ \t>]*+(?:```++|~~~++)(?P<info>[^`\n]*+)$", re.MULTILINE)
_WORD_PAIR = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+ [^\W\d_]{2}")
_HTML_ROW = re.compile(r"<tr\b[^<>]*+>(?:(?!</?tr\b)[\s\S])*+", re.IGNORECASE)
_COMPONENT = re.compile(r"</([A-Z][\w.]{0,30})\s*>")

_HIDDEN = re.compile(
    CODE.replace("(?P<code>", r"(?P<rst>(?<!`)``(?!`)[^`\n]{1,300}``(?!`)) | (?P<code>", 1)
    + r"""
    | <!--[\s\S]*?(?:-->|\Z)
    | <(?P<raw>script|style|svg)\b[^<>]*+>[\s\S]*?(?:</(?P=raw)\s*>|\Z)
    | \{%[^\n]{0,300}?%\} | \{\{[<%][^\n]{0,300}?[>%]\}\}
    | \\?\{[#:][^{}\n]{1,100}\}                                                   # {#id} {:target="_blank"}
    | !\[[^\[\]\n]{0,300}\](?:\([^()\n]{0,500}\)|\[[^\]\n]{0,100}\])             # an image
    | \[\[(?:File|Image|Media|Ficheiro|Imagem|Arquivo|Category|Categoria):
      (?:[^\[\]\n]|\[\[[^\[\]\n]{0,100}\]\]){0,500}\]\]
    | `(?P<text>[^`<>\n]{1,200}?)[ ]*(?:<(?P<url>[^<>\n]{1,300})>)?`__?(?!\w)    # a link of reStructuredText
    | :[a-zA-Z][\w:+.-]{0,20}:(?=`)
    | ^---[ \t]*\ntitle:[^\n]*\n(?:\w+:[^\n]*\n){0,5}---[ \t]*$
    | ^[ \t]*+(?:
          :::+[^\n]* | (?:!!!|\?\?\?\+?)[ \t]+\w[^\n]* | >?[ \t]*\[!\w+\][-+]?[ \t]*$      # admonitions
        | import[ \t][^\n]*[ \t]from[ \t][^\n]* | \[TOC\][ \t]*$ | ---[ \t]+/?[a-z][a-z \t-]{0,40}[ \t]+---[ \t]*$
        | \[[^\]\n^]{1,80}\]:[ \t]*\S+[^\n]*                                      # the address of a reference link
        | \.\.(?:[ \t]+(?:toctree|image|figure|contents|raw|meta|include|only)::[^\n]*|[ \t]*(?=\n|\Z)|[ \t]+_[^\n]*)
          (?:\n(?:[ \t]+[^\n]*)?(?=\n|\Z))*
        | \.\.[ \t]+[\w-]+::[^\n]* | :[\w-]{2,20}:[ \t]+\S*[ \t]*$)
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_LINK = re.compile(
    CODE
    + r"""
    | \[(?P<text>(?:[^\[\]\n]|\n[ \t]{0,12}(?!\s)){0,400})\]
      (?:\((?P<url>[^() \t\n]{0,500}(?:\([^() \t\n]{0,100}\)[^() \t\n]{0,100})?)(?:[ \t]+[^()\n]{0,200})?\)
        |\[[^\[\]\n]{0,80}\])
    | \[\[(?P<page>[^\[\]|\n]{1,200})(?:\|(?P<said>[^\[\]|\n]{1,200}))?\]\]
    | \[(?P<wikiurl>https?://[^\s\]]{1,400})[ ](?P<wikitext>[^\[\]\n]{1,200})\]
    | \[\^[^\]\s]{1,40}\]:?
    """,
    re.VERBOSE,
)
_TAG = re.compile(
    CODE
    + r"""
    | <(?:mailto:)?(?P<address>https?://[^\s<>]{1,400}|[^\s<>@]{1,80}@[^\s<>@]{1,80})>
    | </?(?P<tag>[a-zA-Z][\w.-]{0,30})(?=[\s/>])(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>
    | (?P<entity>&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z]{2,10});)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_EMPHASIS = re.compile(
    CODE
    + r"""
    | (?P<typed>
        (?<![\w*/.])\*\.\w[^\s*]{0,60}(?=\s|\Z)                                    # *.log
      | (?<![\w_])__[a-z]\w{0,30}?__(?=\.\w|\()                                     # __init__.py
      | (?<![\w_])__(?:init|main|name|file|all|str|repr|call|new|del|dict|doc|enter|exit|getattr|iter|len)__(?![\w_]))
    | (?<![\w*])\*{1,3}(?=[^ \t\n]) | (?<=[^ \t\n])\*{1,3}(?![\w*]) | \*{2,3}
    | (?<![\w_])_{1,3}(?=[^ \t\n_]) | (?<=[^ \t\n_])_{1,3}(?![\w_])
    | ~~ | '{2,5}+(?=\S) | (?<=\S)'{2,5}
    | ^[ \t]*>(?:[ \t]*>)* | ^[ \t]*\|(?=[ \t]*$) | \\(?=[!-/:-@\[-`{-~])
    """,
    re.VERBOSE | re.MULTILINE,
)


def unmarked(text: str) -> str:
    """Return ``text`` with its markup masked, of the same length.

    Markup becomes ``REMOVED`` within a line; where HTML or LaTeX starts a line, a heading, a list item or a cell, a
    line break, ``#``, ``-`` or ``|``; an entity becomes its character. Everything else stays. Linear time.
    """
    text = _without_unopened_code(text.replace("\r", REMOVED))
    text = _HTML_ROW.sub(lambda row: row.group().replace("\n", " "), text)
    if is_latex(text):
        text = without_commands(text)
    components = frozenset(_COMPONENT.findall(text))
    text = _HIDDEN.sub(_hidden, text)
    text = _LINK.sub(_link, text)
    text = _TAG.sub(lambda tag: _tag(tag, components), text)
    return _EMPHASIS.sub(lambda mark: mark.group() if mark["code"] or mark["typed"] else removed(mark.group()), text)


def shown(masked: str) -> str:
    """Return a piece of an ``unmarked`` text as it is read: its lines, white space collapsed, empty ones left out."""
    lines = (" ".join(line.replace(REMOVED, "").split()) for line in masked.split("\n"))
    return "\n".join(line for line in lines if line)


def plain(text: str) -> str:
    """Return a short ``text``, such as a heading, without its markup and on one line."""
    return " ".join(shown(unmarked(text)).split())


def _without_unopened_code(text: str) -> str:
    """Mask the end of a fenced block that a text cut from the middle of a document begins within."""
    fences = list(_FENCE_LINE.finditer(text))
    if not fences or fences[0]["info"].strip():
        return text
    opens_within = any(fence["info"].strip() for fence in fences[1::2])
    first = fences[0]
    before, after = text[: first.start()], text[first.end() :]
    is_odd = len(fences) % 2 == 1 and _prose_share(after) > _prose_share(before) and before.strip()
    return removed(text[: first.end()]) + after if opens_within or is_odd else text


def _prose_share(text: str) -> float:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    heads = [line[:200] for line in lines]
    return sum(head[-1] in ".:!?" and bool(_WORD_PAIR.search(head)) for head in heads) / max(len(lines), 1)


def _hidden(match: re.Match[str]) -> str:
    whole = match.group()
    if match["rst"]:
        return REMOVED + whole[1:-1] + REMOVED
    if match["code"]:
        return whole
    return _with_address(match, "text", "url") if match["text"] else removed(whole)


def _link(match: re.Match[str]) -> str:
    if match["code"]:
        return match.group()
    for text, url in (("text", "url"), ("wikitext", "wikiurl"), ("said", ""), ("page", "")):
        if match[text] is not None:
            return _with_address(match, text, url)
    return removed(match.group())


def _with_address(match: re.Match[str], text: str, url: str) -> str:
    """Return a link as its text and, in parentheses, its address; not one within the documents, nor one said twice."""
    at, end = match.start(text) - match.start(), match.end() - match.start()
    masked = removed(match.group()[:at]) + match[text]
    address = (match[url] or "") if url else ""
    said = shown(match[text]).strip("*_`<> ").removeprefix("https://").removeprefix("http://").rstrip("/")
    is_shown = address.startswith(("http://", "https://")) and len(address) <= _MAX_URL_CHARS
    if is_shown and said and said not in address and match.start(url) > match.start(text):
        masked += f" ({address})"
    return masked + removed(match.group()[len(masked) : end])


def _tag(match: re.Match[str], components: frozenset[str]) -> str:
    whole = match.group()
    if match["code"]:
        return whole
    if match["address"]:
        at = match.start("address") - match.start()
        return removed(whole[:at]) + match["address"] + REMOVED
    if match["entity"]:
        character = html.unescape(whole)
        return (" " if character.isspace() else character).ljust(len(whole), REMOVED) if len(character) <= 2 else whole
    name = match["tag"].lower()
    if name in ("code", "tt"):
        return "`" + removed(whole[1:])
    if name in _BLOCK_TAGS or name == "br":
        return _block_tag(whole, name)
    is_component = match["tag"][0].isupper() and (match["tag"] in components or whole.endswith("/>") or "=" in whole)
    return removed(whole) if name in _INLINE_TAGS or is_component else whole


def _block_tag(whole: str, name: str) -> str:
    """Return the mask of an HTML tag at which a line starts or ends, with the mark of what starts there."""
    if whole.startswith("</"):
        mark = "" if name in ("td", "th") else "\n"
    elif name in ("td", "th"):
        mark = " | "
    elif name == "li":
        mark = "\n- "
    else:
        mark = "\n# " if _HEADING_TAG.fullmatch(name) else "\n"
    return mark + removed(whole[len(mark) :])
