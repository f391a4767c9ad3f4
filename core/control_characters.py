"""Control characters: removed from what comes in, and from what is shown."""

from __future__ import annotations

from collections.abc import Iterator


def without_controls(text: str) -> str:
    """Return ``text`` without characters that act on what shows it, in linear time.

    Line breaks of every kind become line feeds; of the other controls of C0 and C1 (ECMA-48) only the tab stays. The
    controls of direction (Unicode UAX #9) and the noncharacters U+FFFE and U+FFFF go, and lone surrogates, which no
    encoding holds, become U+FFFD.
    """
    return text.replace("\r\n", "\n").translate(_REPLACED)


def _replaced() -> Iterator[tuple[int, str | None]]:
    kept = (ord("\t"), ord("\n"))
    yield from ((code, None) for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in kept)
    yield from ((code, "\n") for code in (0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029))
    yield from ((code, None) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
    yield from ((code, None) for code in (0xFFFE, 0xFFFF))
    yield from ((code, "\ufffd") for code in range(0xD800, 0xE000))


_REPLACED = dict(_replaced())
