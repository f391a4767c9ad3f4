"""No read without a space, which names its audience: held by the signatures of every store, and by who makes scopes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STORES = [path for folder in ("storage", "programs", "dashboard") for path in (ROOT / "core" / folder).rglob("*.py")]

CONTENT = {
    *("AnswerRecord", "CachedAnswer", "ConversationTurn", "DeclinedQuestion", "Document", "Gap", "Handoff"),
    *("Impression", "IndexedDocument", "Matrix", "NewDocument", "OpenHandoff", "Passage", "PendingTeaching"),
    *("Proposal", "ProposalSummary", "RatedAnswer", "RatedImpression", "ReadingReport", "StoredSource"),
    *("Conflict", "DatedStatement", "UnansweredQuestion", "UnfinishedMessage", "Watch"),
}
"""What holds words that were taught, asked or answered."""

SCOPED = {"Passage", "PendingTeaching", "Scope", "Session", "SpaceId", "Watch"}

"""What says of which space: an id, a scope, or a row that has its own."""

OF_ALL_SPACES = {
    "Inbox.unfinished": "adapters: each message goes on where it was said",
    "Watches.channels": "adapters: each channel is read for those who can read it",
    "Watches.due": "the job that checks sources: each in its own space",
}

MAKERS_OF_SCOPES = {
    "bot/web/dashboard/visit.py",
    "core/chat/audiences.py",
    "core/pipeline.py",
    "core/types/messages.py",
}
"""Modules that make scopes of several audiences: where a platform is asked (the dashboard asks it what the moderator
belongs to, at each request), and what carries its reply on."""


def names_in(annotation: ast.expr | None) -> set[str]:
    return set(re.findall(r"\w+", ast.unparse(annotation))) if annotation else set()


def reads() -> Iterator[tuple[str, set[str]]]:
    """Yield each public method of a store that returns content, with the types of its parameters."""
    for path in STORES:
        for owner in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for method in owner.body if isinstance(owner, ast.ClassDef) else ():
                if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) or method.name.startswith("_"):
                    continue
                if names_in(method.returns) & CONTENT and not method.decorator_list:
                    arguments = [*method.args.args, *method.args.kwonlyargs]
                    yield (
                        f"{owner.name}.{method.name}",
                        set().union(*(names_in(each.annotation) for each in arguments)),
                    )


def test_every_read_of_content_says_for_whom() -> None:
    found = dict(reads())
    assert len(found) > 30, "the stores are looked at"
    assert {name for name, types in found.items() if not types & SCOPED} == OF_ALL_SPACES.keys()


def test_scopes_of_several_audiences_are_made_where_a_platform_is_asked() -> None:
    several = re.compile(r"\bScope\([^()]*(?:\([^()]*\))?[^()]*,")
    makers = {
        str(path.relative_to(ROOT))
        for package in ("bot", "core", "plugins")
        for path in (ROOT / package).rglob("*.py")
        if several.search(path.read_text(encoding="utf-8"))
    }
    assert makers == MAKERS_OF_SCOPES
