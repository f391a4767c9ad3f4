"""A sheet for eyes: every question with its reference answer beside the answer given, as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from core.evaluation.outcomes import MemberAnswer, Outcome

_COLOURS: Mapping[Outcome, str] = {
    "right": "#d9f2d9",
    "beside": "#fde2c4",
    "declined": "#eeeeee",
    "closest": "#e3ecfb",
    "bluffed": "#f8d0d0",
    "talk": "#f3e6fa",
}

_PAGE = """<!doctype html>
<meta charset="utf-8"><title>Answers</title>
<style>
body {{ font: 14px/1.4 sans-serif; margin: 1em }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ border: 1px solid #bbb; padding: .4em; vertical-align: top; text-align: left }}
td.text {{ white-space: pre-wrap; width: 40% }}
</style>
{tables}
"""


def as_sheet(answers: Mapping[str, Sequence[MemberAnswer]]) -> str:
    """Return the page: a table for each set, its rows coloured by outcome. Everything in it is escaped."""
    return _PAGE.format(tables="\n".join(_table(name, each) for name, each in answers.items()))


def _table(name: str, answers: Sequence[MemberAnswer]) -> str:
    head = "<tr><th>id</th><th>kind</th><th>question</th><th>reference</th><th>answer</th><th>outcome</th></tr>"
    rows = "\n".join(_row(each) for each in answers)
    return f"<h2>{escape(name)}</h2>\n<table>\n{head}\n{rows}\n</table>"


def _row(answer: MemberAnswer) -> str:
    question = answer.question
    reference = " / ".join(question.answers) if question.answerable else "(not answered by the documents)"
    verdict = f"{answer.outcome} · {answer.used} · {answer.confidence:.2f} · gold {answer.gold_rank or '–'}"
    cells = (question.id, question.kind, question.text, reference)
    plain = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    colour = _COLOURS[answer.outcome]
    shown = f'<td class="text">{escape(answer.text)}</td><td>{escape(verdict)}</td>'
    return f'<tr style="background: {colour}">{plain}{shown}</tr>'
