"""One answer to several questions."""

from core.generation.draft import CLOSEST, Draft, several, unknown
from core.types import Source


def source(n: int, document: str) -> Source:
    return Source(n, document, "", "quote", n)


def test_sources_are_numbered_through_and_every_answer_cites_its_own():
    one = Draft("Nine.", "extract", sources=(source(1, "hours.md"),))
    two = Draft("Seven [1], or five [2]; a[1] is code.", "extract", sources=(source(1, "a.md"), source(2, "b.md")))
    code = Draft("```\nrun\n```", "extract", sources=(source(1, "c.md"),))
    told = several([("When?", one), ("How much?", two), ("How?", code)])
    assert told.text == (
        "▸ When?\nNine. [1]\n\n▸ How much?\nSeven [2], or five [3]; a[1] is code.\n\n▸ How?\n```\nrun\n```\n[4]"
    )
    assert [(each.n, each.document) for each in told.sources] == [
        (1, "hours.md"),
        (2, "a.md"),
        (3, "b.md"),
        (4, "c.md"),
    ]


def test_is_what_its_first_answer_is():
    sure = Draft("Nine.", "groq", "llama", (source(1, "hours.md"),))
    near = Draft("Perhaps.", CLOSEST, sources=(source(1, "hours.md"),))
    assert (several([("a", unknown("en")), ("b", near), ("c", sure)]).used, CLOSEST) == ("groq", CLOSEST)
    assert several([("a", unknown("en")), ("b", near)]).used == CLOSEST
    assert several([("a", unknown("en")), ("b", unknown("en"))]).used == "abstained"
