"""Stop sequences in a stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.web.stop_sequences import StopSequences


@given(
    st.lists(st.text("ab<", max_size=4), max_size=8),
    st.lists(st.text("ab<", min_size=1, max_size=3), max_size=3),
)
def test_stops_are_found_however_the_pieces_cut_them(pieces: list[str], sequences: list[str]) -> None:
    stops, said, seen = StopSequences(sequences), "", ""
    for piece in pieces:
        seen += piece
        said += stops.feed(piece)
        if stops.is_found:
            break
    said += stops.end()
    ends = [seen.find(sequence) for sequence in sequences if sequence in seen]
    assert said == (seen[: min(ends)] if ends else seen)
    assert stops.is_found == bool(ends)
