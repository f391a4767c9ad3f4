"""What may be a machine is answered so often in a row and no more, until a person speaks or time has passed."""

from __future__ import annotations

from bot.adapters.telegram.loop_guard import MAX_IN_A_ROW, WINDOW_S, LoopGuard


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_so_often_in_a_row_and_no_more() -> None:
    guard = LoopGuard(Clock())
    assert [guard.admits("a") for _ in range(MAX_IN_A_ROW + 3)] == [True] * MAX_IN_A_ROW + [False] * 3
    assert guard.admits("b")


def test_a_persons_word_starts_afresh() -> None:
    guard = LoopGuard(Clock())
    while guard.admits("a"):
        pass
    guard.note_person("b")
    assert not guard.admits("a")
    guard.note_person("a")
    assert guard.admits("a")


def test_time_passes() -> None:
    clock = Clock()
    guard = LoopGuard(clock)
    while guard.admits("a"):
        pass
    clock.now_s += WINDOW_S
    assert guard.admits("a")
