import unicodedata

from core.control_characters import without_controls


def test_what_acts_on_a_terminal_or_turns_text_round_goes() -> None:
    assert without_controls("\x1b]0;owned\x07title \x9b31mred") == "]0;ownedtitle 31mred"
    assert without_controls("in\u202evoice\u202c \u2066x\u2069 \u200e\u200f\u061c") == "invoice x "
    assert without_controls("a\x00b\x7f\ufffe\uffff") == "ab"


def test_line_breaks_of_every_kind_become_line_feeds_and_tabs_stay() -> None:
    assert without_controls("a\r\nb\rc\vd\fe\u2028f\u2029g\x85h\ti\n") == "a\nb\nc\nd\ne\nf\ng\nh\ti\n"


def test_no_control_is_left_and_nothing_else_goes() -> None:
    everything = "".join(map(chr, range(0x3000)))
    kept = without_controls(everything)
    assert {character for character in kept if unicodedata.category(character) == "Cc"} == {"\t", "\n"}
    gone = set(everything) - set(kept)
    assert {unicodedata.category(character) for character in gone} <= {"Cc", "Cf", "Zl", "Zp"}
    assert "\u200d" in kept  # joins emoji, and the letters of some scripts


def test_a_lone_surrogate_becomes_a_character_that_can_be_written() -> None:
    assert without_controls("a\ud83db").encode() == "a\ufffdb".encode()
