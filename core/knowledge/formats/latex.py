"""Reading LaTeX: sections, lists, tables, footnotes and mathematics as written; nothing is compiled or included."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.knowledge.formats.document_text import DocumentText, ReadText, one_line
from core.knowledge.formats.latex_table import LatexTable
from core.knowledge.formats.table_grid import span

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*\n?")
_LEVELS = {"part": 1} | {
    name: level
    for level, name in enumerate(
        re.findall(r"\w+", "chapter section subsection subsubsection paragraph subparagraph"), start=1
    )
}
_TOKEN = re.compile(
    r"\\begin\{(?P<begin>[\w*]{1,40})\}|\\end\{(?P<end>[\w*]{1,40})\}|\\(?P<command>[a-zA-Z@]{1,40}\*?)[ \t]*"
    r"|(?P<row>\\\\)|\\(?P<sign>[^a-zA-Z])|(?P<math>\$\$?)|(?P<blank>\n[ \t]*\n\s*)"
    r"|(?P<open>\{)|(?P<close>\})|(?P<cell>&)|(?P<tie>~)"
)
_VERBATIM = frozenset({"verbatim", "lstlisting", "minted", "verbatim*", "Verbatim", "alltt"})
_MATH = frozenset({"equation", "equation*", "align", "align*", "gather", "gather*", "displaymath", "math", "eqnarray"})
_TABLES = frozenset({"tabular", "tabular*", "tabularx", "longtable", "array", "tabulary"})
_N_TABLE_ARGUMENTS = {"tabular*": 2, "tabularx": 2, "tabulary": 2}
_HIDDEN = frozenset(
    re.findall(
        r"\w+",
        "label ref pageref eqref cite citep citet vspace hspace includegraphics input include bibliography"
        " bibliographystyle usepackage documentclass setlength setcounter addtocounter pagestyle thispagestyle color"
        " textcolor rowcolor cellcolor cline cmidrule index newcommand renewcommand providecommand newenvironment"
        " renewenvironment DeclareMathOperator hypersetup geometry graphicspath newtheorem definecolor fontsize"
        " markboth markright addcontentsline vskip hskip date author thanks lstset rowcolors def",
    )
)
_N_HIDDEN = {"rowcolors": 3} | dict.fromkeys(
    ("setlength", "newcommand", "renewcommand", "definecolor", "setcounter", "addtocounter", "fontsize"), 2
)
_DEFINED = re.compile(r"\s*\\[a-zA-Z@]{1,40}")
_SIGNS = {"quad": " ", "qquad": " "} | dict(
    re.findall(
        r"(\w{1,20}) (\S)",
        r"ldots … dots … textbackslash \ S § copyright © euro € ss ß ae æ AE Æ oe œ OE Œ o ø O Ø aa å AA Å i i l ł L Ł",
    )
)
_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_LETTER_ACCENTS = {"c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a"}
_QUOTES = (
    (re.compile(r"``"), "“"),
    (re.compile(r"''"), "”"),
    (re.compile(r"---"), "—"),
    (re.compile(r"(?<!-)--(?!-)"), "–"),
)
_MAX_ARGUMENT_CHARS = 5_000
_MAX_DEPTH = 60


def read(text: str, name: str) -> ReadText:
    """Return a document's title and its text, without the preamble. Raises ``BadInput`` when it is too long."""
    text = _COMMENT.sub(r"\1", text)
    titles = [_argument(text, match.end())[0] for match in re.finditer(r"\\title(?:\[[^\]\n]{0,200}\])?(?=\{)", text)]
    body = re.search(r"\\begin\{document\}", text)
    reader = _LatexReader(text, body.end() if body else 0, DocumentText(name))
    title = one_line(_LatexReader(titles[0], 0, DocumentText(name)).read()) if titles else ""
    return ReadText(title or None, reader.read())


@dataclass(slots=True)
class _TexList:
    is_numbered: bool
    number: int = 0


class _LatexReader:
    def __init__(self, text: str, start: int, out: DocumentText) -> None:
        self._text, self._at = text, start
        self._out = out
        self._said: list[str] = []
        self._lists: list[_TexList] = []
        self._mark = ""
        self._table: LatexTable | None = None

    def read(self) -> str:
        """Read up to the end of the document; return the Markdown."""
        while match := _TOKEN.search(self._text, self._at):
            self._say(self._text[self._at : match.start()])
            self._at = match.end()
            if match["end"] == "document":
                break
            self._token(match)
        else:
            self._say(self._text[self._at :])
        self._flush()
        return self._out.text()

    def _token(self, match: re.Match[str]) -> None:
        if match["begin"]:
            self._begin(match["begin"])
        elif match["end"]:
            self._end(match["end"])
        elif match["command"]:
            self._command(match["command"].rstrip("*"))
        elif match["row"]:
            self._end_row()
        elif match["sign"]:
            self._sign(match["sign"])
        elif match["math"]:
            self._copy_math(match["math"], match["math"])
        elif match["blank"] and self._table is None:
            self._flush()
        elif match["cell"] and self._table is not None:
            self._table.end_cell("".join(self._said))
            self._said = []
        elif match["tie"] or match["blank"]:
            self._said.append(" ")

    def _say(self, text: str) -> None:
        for pattern, shown in _QUOTES:
            text = pattern.sub(shown, text)
        self._said.append(text)

    def _flush(self) -> None:
        text = "".join(self._said)
        self._said = []
        if self._lists and text.strip():
            self._out.item(text, len(self._lists) - 1 + (not self._mark), self._mark or " ")
            self._mark = ""
        else:
            self._out.paragraph(one_line(text))

    # --- environments -----------------------------------------------------------------------------

    def _begin(self, name: str) -> None:
        if name in _VERBATIM or name in _MATH:
            self._flush()
            end = self._text.find(f"\\end{{{name}}}", self._at)
            end = len(self._text) if end < 0 else end
            self._out.code(self._text[self._at : end])
            self._at = end
        elif name in ("itemize", "enumerate", "description"):
            self._flush()
            if len(self._lists) < _MAX_DEPTH:
                self._lists.append(_TexList(name == "enumerate"))
        elif name in _TABLES and self._table is None:
            self._flush()
            for _ in range(_N_TABLE_ARGUMENTS.get(name, 1)):
                self._take_argument()
            self._table = LatexTable()
        else:
            self._flush_outside_tables()
            self._skip_options()

    def _end(self, name: str) -> None:
        if name in ("itemize", "enumerate", "description"):
            self._flush()
            del self._lists[-1:]
        elif name in _TABLES and self._table is not None:
            self._end_row()
            self._out.table(self._table.rows())
            self._table = None
        else:
            self._flush_outside_tables()

    def _flush_outside_tables(self) -> None:
        if self._table is None:
            self._flush()

    # --- commands ---------------------------------------------------------------------------------

    def _command(self, name: str) -> None:
        if name in _LEVELS:
            self._flush()
            self._skip_options()
            self._out.heading(_LEVELS[name], self._inline_argument())
        elif name == "item" and self._lists:
            self._item()
        elif name in ("footnote", "footnotetext", "marginpar"):
            self._skip_options()
            self._said.append(f" ({self._inline_argument()})")
        elif name in ("multicolumn", "multirow"):
            self._merge(name)
        elif name == "href":
            url, said = self._take_argument(), self._inline_argument()
            self._said.append(f"[{said}]({url})" if url.startswith("http") else said)
        elif name == "title" or name in _HIDDEN:
            self._hide(name)
        elif name == "caption":
            self._caption()
        elif name in ("par", "newline", "maketitle"):
            self._flush_outside_tables()
        else:
            self._sign_command(name)

    def _hide(self, name: str) -> None:
        if name == "def" and (defined := _DEFINED.match(self._text, self._at)):
            self._at = defined.end()
        self._skip_options()
        self._take_argument()
        self._skip_options()
        for _ in range(1, _N_HIDDEN.get(name, 1)):
            self._take_argument()

    def _caption(self) -> None:
        self._flush_outside_tables()
        self._skip_options()
        self._out.paragraph(self._inline_argument())

    def _sign_command(self, name: str) -> None:
        """Add the sign or letter that a command stands for; another command shows its arguments alone."""
        if name in _LETTER_ACCENTS and self._text[self._at : self._at + 1] == "{":
            self._said.append(self._inline_argument() + _LETTER_ACCENTS[name])
        else:
            self._said.append(_SIGNS.get(name, ""))
            self._skip_options()

    def _item(self) -> None:
        self._flush()
        label = ""
        if self._text[self._at : self._at + 1] == "[":
            end = self._text.find("]", self._at, self._at + 500)
            label, self._at = (self._text[self._at + 1 : end], end + 1) if end > 0 else ("", self._at)
        opened = self._lists[-1]
        opened.number += 1
        self._mark = f"{opened.number}." if opened.is_numbered else "-"
        self._said = [f"{_LatexReader(label, 0, DocumentText('')).read()}: "] if label else []

    def _merge(self, name: str) -> None:
        number = span(self._take_argument().strip())
        if self._table is not None and name == "multicolumn":
            self._table.n_columns = number
        elif self._table is not None:
            self._table.n_rows = number
        self._skip_options()
        self._take_argument()
        self._said.append(self._inline_argument())

    def _sign(self, sign: str) -> None:
        if sign in _ACCENTS:
            letter = self._text[self._at : self._at + 1]
            if letter == "{":
                self._said.append(self._inline_argument() + _ACCENTS[sign])
            else:
                self._said.append("i" if letter == "\\" else letter + _ACCENTS[sign])
                self._at += 2 if letter == "\\" else 1
        elif sign in "([":
            closing = "\\)" if sign == "(" else "\\]"
            self._copy_math(closing, "$")
        elif sign not in "/-,;:! )]":
            self._said.append(sign)
        elif sign != "-" and sign != "/":
            self._said.append(" ")

    def _copy_math(self, closing: str, shown: str) -> None:
        end = self._text.find(closing, self._at)
        end = len(self._text) if end < 0 else end
        self._said.append(f"{shown}{self._text[self._at : end]}{shown}")
        self._at = min(end + len(closing), len(self._text))

    def _end_row(self) -> None:
        if self._table is None:
            self._said.append(" ")
            self._skip_options()
            return
        self._table.end_row("".join(self._said))
        self._said = []

    # --- arguments --------------------------------------------------------------------------------

    def _skip_options(self) -> None:
        if self._text[self._at : self._at + 1] == "[":
            end = self._text.find("]", self._at, self._at + 1_000)
            self._at = end + 1 if end > 0 else self._at

    def _take_argument(self) -> str:
        said, self._at = _argument(self._text, self._at)
        return said

    def _inline_argument(self) -> str:
        said = self._take_argument()
        return one_line(_LatexReader(said, 0, DocumentText("")).read()) if "\\" in said or "$" in said else said


def _argument(text: str, at: int) -> tuple[str, int]:
    """Return the group in braces that begins at ``at``, and where it ends; empty where there is none."""
    start = at
    while start < len(text) and text[start] in " \t\n":
        start += 1
    if text[start : start + 1] != "{":
        return "", at
    depth = 0
    for place in range(start, min(len(text), start + _MAX_ARGUMENT_CHARS)):
        if text[place] == "{" and text[place - 1] != "\\":
            depth += 1
        elif text[place] == "}" and text[place - 1] != "\\":
            depth -= 1
            if depth == 0:
                return text[start + 1 : place], place + 1
    return "", at
