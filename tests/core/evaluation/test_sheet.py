"""The sheet: everything in it is text, whatever questions and answers hold."""

from __future__ import annotations

from html.parser import HTMLParser

from core.evaluation.dataset import LabelledQuestion
from core.evaluation.outcomes import MemberAnswer
from core.evaluation.sheet import as_sheet

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'too'"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_is_shown_as_it_is() -> None:
    question = LabelledQuestion("1", HOSTILE, True, {}, (HOSTILE,), must=(("x",),))
    read = Tags()
    read.feed(as_sheet({HOSTILE: [MemberAnswer(question, HOSTILE, "extract", 0.5, None, 1.0)]}))
    assert "script" not in read.seen and read.seen.count("td") == 6
    assert read.text.count(HOSTILE) == 4
