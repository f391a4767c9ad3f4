"""Which files of a folder are left out: the patterns of ``.aionignore`` files, written as in ``.gitignore``.

A few names that never hold knowledge (``node_modules/``, lock files) are left out without being named; ``!name`` in an
``.aionignore`` takes one back. Matching takes time linear in the path for each pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

NAME = ".aionignore"

_MAX_RULES = 1_000
_MAX_RULE_CHARS = 300

_ALWAYS = """
node_modules/
bower_components/
__pycache__/
site-packages/
package-lock.json
npm-shrinkwrap.json
composer.lock
pnpm-lock.yaml
*.min.html
"""


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One pattern: its components, and the components of the folder it counts in.

    ``is_anywhere``: it names a file in any folder below. ``takes_back``: what it matches is not left out after all.
    """

    folder: tuple[str, ...]
    parts: tuple[str, ...]
    is_anywhere: bool
    is_for_folders: bool
    takes_back: bool

    def matches(self, path: tuple[str, ...], is_folder: bool) -> bool:
        """Return whether the pattern matches a path, given by its components."""
        if path[: len(self.folder)] != self.folder or (self.is_for_folders and not is_folder):
            return False
        inside = path[len(self.folder) :]
        if self.is_anywhere:
            return bool(inside) and fnmatchcase(inside[-1], self.parts[0])
        return _matches(inside, self.parts)


class IgnoreRules:
    """Patterns in order; the last one that matches counts."""

    def __init__(self, rules: Sequence[IgnoreRule] = ()) -> None:
        self._rules = tuple(rules)

    @classmethod
    def usual(cls) -> IgnoreRules:
        """Return the rules that count everywhere."""
        return cls(_parse(_ALWAYS, ()))

    def and_those_of(self, text: str, folder: tuple[str, ...]) -> IgnoreRules:
        """Return these rules and those of an ``.aionignore`` in ``folder``, given by its components."""
        return IgnoreRules((*self._rules, *_parse(text, folder)))

    def leave_out(self, path: tuple[str, ...], is_folder: bool) -> bool:
        """Return whether a file or a folder is left out; it must be in no folder that is."""
        last = next((rule for rule in reversed(self._rules) if rule.matches(path, is_folder)), None)
        return last is not None and not last.takes_back


def _parse(text: str, folder: tuple[str, ...]) -> list[IgnoreRule]:
    rules = [_rule(line, folder) for line in text.splitlines()[:_MAX_RULES]]
    return [rule for rule in rules if rule is not None]


def _rule(line: str, folder: tuple[str, ...]) -> IgnoreRule | None:
    pattern = line.strip()
    if not pattern or pattern.startswith("#") or len(pattern) > _MAX_RULE_CHARS:
        return None
    takes_back = pattern.startswith("!")
    pattern = pattern.removeprefix("!").removeprefix("\\")
    is_for_folders = pattern.endswith("/")
    bare = pattern.strip("/")
    parts = tuple(part for part in bare.split("/") if part)
    if not parts:
        return None
    is_anywhere = len(parts) == 1 and not pattern.startswith("/")
    return IgnoreRule(folder, parts, is_anywhere, is_for_folders, takes_back)


def _matches(path: Sequence[str], parts: Sequence[str]) -> bool:
    """Return whether components match a pattern's, where ``**`` stands for any number of them."""
    reached = {0}  # how many parts of the pattern the components so far may have used up
    for component in path:
        reached = _through_stars(reached, parts)
        step = {n for n in reached if n < len(parts) and parts[n] == "**"}
        step |= {n + 1 for n in reached if n < len(parts) and parts[n] != "**" and fnmatchcase(component, parts[n])}
        reached = step
    return len(parts) in _through_stars(reached, parts) and (parts[-1] != "**" or len(path) >= len(parts))


def _through_stars(reached: set[int], parts: Sequence[str]) -> set[int]:
    for n in range(len(parts)):
        if n in reached and parts[n] == "**":
            reached = reached | {n + 1}
    return reached
