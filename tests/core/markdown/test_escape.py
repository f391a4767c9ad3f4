import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.control_characters import without_controls
from core.markdown import Markdown, escape, plain_text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("guide.md", "guide.md"),
        ("__init__.py", r"\_\_init\_\_.py"),
        ("*.tmp.log", r"\*.tmp.log"),
        ("||spoiler||", r"\|\|spoiler\|\|"),
        ("<@&998877>", r"\<@&998877>"),
        ("@everyone", r"\@everyone"),
        ("[APPROVE](https://a.example/x)", r"\[APPROVE\](<https://a.example/x>)"),
        ("see https://a.example/a_b, then", "see <https://a.example/a_b>, then"),
        ("# one\n-# two\n- three\n4. four\n> five", "\\# one\n\\-# two\n\\- three\n4\\. four\n\\> five"),
        ("C# and -1 and #7", "C# and -1 and #7"),
        ("a\n===\nb\n---", "a\n\\===\nb\n\\---"),
        ("a\n\n    code", "a\n\n\u00a0\u00a0\u00a0\u00a0code"),
        ("&lt; R$ 10 AT&T", r"\&lt; R\$ 10 AT&T"),
        ("\x1b]0;x\x07\u202e", r"\]0;x"),
    ],
)
def test_text_is_escaped_where_markdown_would_take_it_for_markup(text: str, markdown: str) -> None:
    assert escape(text) == markdown


@settings(deadline=None)
@given(st.text(st.sampled_from("ab1 \n\t\\`*_~|[]()<>#+-.=!$&;:/@\u202e") | st.characters(), max_size=80))
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    # Deep indentation is written with spaces that do not make code; a tab counts as eight columns there.
    assert (
        plain_text(escape(text)).replace("\u00a0", " ").split() == without_controls(text).replace("\u00a0", " ").split()
    )


def test_markdown_joins_markdown_and_escapes_everything_else() -> None:
    joined = Markdown("\n").join([Markdown("**ours**"), "**theirs**"])
    assert isinstance(joined, Markdown)
    assert joined == "**ours**\n\\*\\*theirs\\*\\*"
