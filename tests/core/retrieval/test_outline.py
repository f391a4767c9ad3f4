"""Code is cut at its definitions and chat logs at their days, with nothing lost and nothing called wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.knowledge.extract import extract
from core.knowledge.parsing.parse import parse
from core.retrieval.chunk import chunk
from core.retrieval.outline import chat_parts, code_parts, is_chat

PYTHON = '''"""Doc."""
import os

class Pool:
    # opens at nine
    @cached
    def open(self) -> int:
        return 9

    def close(self):
        if late:
            return 18
        else:
            return 17

X = 3

def lonely(x):
    return x + 1
'''
C = """// adds
static int add(int a, int b) {
    return a + b;
}
int main(void) {
    if (x) {
        return 1;
    }
}
"""
OTHERS = """export default async function serve(port) {
  return port;
}
func (p *Pool) Open() int {
\treturn 9
}
impl Pool for Lake {
    pub fn open(&self) -> u8 { 9 }
}
"""
CHAT = """[2026-01-02 10:00] Ana: When does the pool open?
[2026-01-02 10:01] Rui: At nine.
And it closes at six.
03/01/2026, 10:05 - Eva: thanks
10:06 <ana> ok
Ana — 05/01/2026 10:05
hello there
"""


@pytest.mark.parametrize(
    ("code", "paths"),
    [
        (PYTHON, ["", "class Pool > def open", "class Pool > def close", "", "def lonely"]),
        (C, ["add()", "main()"]),
        (OTHERS, ["function serve", "func Open", "impl Pool for Lake > fn open"]),
    ],
)
def test_definitions_are_parts_under_what_they_stand_in(code, paths):
    assert [part.path for part in code_parts(code)] == paths


def test_what_stands_right_above_a_definition_belongs_to_it():
    (opens,) = [c for c in chunk(PYTHON, kind="code") if c.heading == "class Pool > def open"]
    assert opens.text.startswith("class Pool:\n    # opens at nine\n    @cached\n") and opens.text.endswith("return 9")


def test_long_definition_is_cut_between_lines_under_its_name():
    body = "\n".join(f"    line_{n} = {n}" for n in range(60))
    pieces = chunk(f"def long():\n{body}\n", 200, 40, kind="code")
    assert len(pieces) > 5 and {piece.heading for piece in pieces} == {"def long"}
    assert all(piece.text.splitlines()[-1].strip() in body for piece in pieces)


def test_chat_is_told_from_prose():
    assert is_chat(CHAT)
    assert not is_chat("Opening hours:\n10:00 to 12:00 Monday: yes\nNote: bring a towel\n")
    assert not is_chat("Ana: hello\nRui: hello\nAna: bye\n")


def test_days_are_parts_and_messages_stay_whole():
    assert [part.path for part in chat_parts(CHAT)] == ["2026-01-02", "03/01/2026", "05/01/2026"]
    log = "\n".join(f"[2026-01-02 10:{n:02}] Ana: Message {n}. It has two sentences." for n in range(40))
    pieces = chunk(log, 300, 60, kind="chat")
    assert len(pieces) > 5
    assert all(piece.text.startswith("[2026-01-02 10:") and piece.text.endswith("two sentences.") for piece in pieces)


lines = st.lists(
    st.sampled_from([*PYTHON.splitlines(), *C.splitlines(), *OTHERS.splitlines(), *CHAT.splitlines(), "", "x" * 90])
    | st.text(alphabet="ab: {}()\t#", max_size=20)
)


@given(lines, st.sampled_from(["code", "chat"]), st.integers(20, 300))
def test_every_visible_character_is_in_a_chunk(drawn, kind, max_chars):
    text = "\n".join(drawn)
    covered = set()
    for piece in chunk(text, max_chars, max_chars // 5, kind=kind):
        assert piece.text == text[piece.start : piece.end] and 0 < len(piece.text) <= max_chars
        covered.update(range(piece.start, piece.end))
    assert all(place in covered for place, character in enumerate(text) if not character.isspace())


def test_files_are_read_as_what_they_are():
    assert extract(PYTHON.encode(), "pool.py").kind == "code"
    assert extract(CHAT.encode(), "log.txt").kind == "chat"
    parsed = parse(PYTHON.encode(), "pool.py", "", "en")
    assert "class Pool > def close" in [piece.heading for piece in parsed.cut.chunks]
