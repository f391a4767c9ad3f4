"""A value that is made once."""

import threading
import time

import pytest

from core.models.lazy import LazyValue


def test_it_is_made_when_needed_and_kept() -> None:
    made: list[object] = []
    once = LazyValue(lambda: made.append(object()) or made[-1])
    assert not made
    assert not once.is_made
    assert once.get() is once.get()
    assert once.is_made
    assert len(made) == 1


def test_threads_share_one_making() -> None:
    n_made = 0

    def make() -> int:
        nonlocal n_made
        time.sleep(0.02)
        n_made += 1
        return n_made

    once, seen = LazyValue(make), list[int]()
    threads = [threading.Thread(target=lambda: seen.append(once.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 8


def test_a_failure_is_not_kept() -> None:
    attempts = iter([OSError("busy"), None])

    def make() -> str:
        if error := next(attempts):
            raise error
        return "made"

    once = LazyValue(make)
    with pytest.raises(OSError, match="busy"):
        once.get()
    assert not once.is_made
    assert once.get() == "made"
