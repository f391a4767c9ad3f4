"""A dashboard over HTTP with moderators who sign in, for tests of its screens."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import numpy as np

from bot.delivery.tasks import TaskSet
from bot.web.app import create_app
from bot.web.dashboard.platform_sign_in.routes import NO_PLATFORMS, SignInPlatforms
from bot.web.dashboard.router import dashboard_router
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.dashboard.sign_in_links import SignIn
from core.settings import Settings
from core.storage.answers import NewAnswer
from core.storage.curation.conflicts import NewConflict
from core.storage.curation.gaps import NewGap
from core.storage.curation.proposals import NewProposal
from core.storage.curation.watches import NewWatch
from core.storage.delivery.handoffs import NewHandoff
from core.storage.document_writes import NewDocument
from core.types import Confidence, Decision, Hit, Language, Passage, Person, Reason, Source, SpaceId, Thumb
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder

HERE, ELSEWHERE = SpaceId("discord:1"), SpaceId("discord:2")
RUI, EVA = Person("discord:42", "Rui"), Person("discord:43", "Eva")
ADDRESS = "http://127.0.0.1:8787"


@dataclass
class Roles:
    """Who moderates what; tests promote and demote."""

    moderators: set[tuple[str, str]] = field(default_factory=set)
    belongs: dict[str, str] = field(default_factory=dict)
    n_asked: int = 0

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Return whether a test made this account a moderator."""
        self.n_asked += 1
        return (space, person_id) in self.moderators

    async def memberships(self, space: SpaceId, person_id: str) -> Mapping[str, str]:
        """Return what a test lets every account belong to."""
        return self.belongs

    def title(self, space: SpaceId) -> str | None:
        """Return the name of one community."""
        return "Casa Aberta" if space == HERE else None

    def channel_title(self, space: SpaceId, conversation: str) -> str | None:
        """Return the name of one channel."""
        return "#staff" if conversation.endswith(":9") else None


@dataclass
class Browser:
    """A browser without scripts: it follows redirects, keeps cookies, and sends a page's own forms."""

    http: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        """Return a page."""
        return await self.http.get(f"/dashboard{path}")

    async def send(self, path: str, page: str = "/today", /, **fields: str) -> httpx.Response:
        """Send a form to a path, with the token that the forms of a page carry."""
        return await self.post(path, {"csrf": csrf_in((await self.get(page)).text), **fields})

    async def post(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send fields to a path."""
        return await self.http.post(f"/dashboard{path}", data=dict(fields))


@dataclass
class Site:
    """A running dashboard."""

    aion: Aion
    roles: Roles
    tasks: TaskSet
    transport: httpx.ASGITransport

    def browser(self) -> Browser:
        """Return a browser that nobody is signed in with."""
        return Browser(httpx.AsyncClient(transport=self.transport, base_url=ADDRESS, follow_redirects=True))

    async def link(self, space: SpaceId = HERE, person: Person = RUI, language: Language = "en") -> str:
        """Return the path below ``/dashboard`` of a link that signs a person in."""
        address = await self.aion.services.dashboard.link(SignIn(space, person, language))
        return address.removeprefix(f"{ADDRESS}/dashboard")

    async def signed_in(self, space: SpaceId = HERE, person: Person = RUI, language: Language = "en") -> Browser:
        """Return the browser of a moderator who signed in."""
        self.roles.moderators.add((space, person.id))
        browser = self.browser()
        page = await browser.get(await self.link(space, person, language))
        done = await browser.post("/sign-in", fields_in(page.text))
        assert done.status_code == 200, done.text
        return browser

    async def propose(self, title: str, space: SpaceId = HERE, **changed: str) -> int:
        """Store a proposal and return its number."""
        text = changed.get("text", f"# {title}\n\nThe library opens at nine, says {title}.\n")
        new = NewDocument(changed.get("name", f"https://example.org/{title}"), title, title, "html", "en", text)
        excerpts = (changed.get("excerpt", "The library opens at nine."),)
        origin = changed.get("origin", "opening hours")
        proposal = await self.aion.stores.proposals.add(
            space, NewProposal(new, site="example.org", origin=origin, excerpts=excerpts, score=0.8)
        )
        assert proposal is not None
        return proposal.id

    async def answer(
        self,
        space: SpaceId,
        question: str,
        used: str = "extract",
        language: Language = "en",
        thumb: Thumb | None = None,
        text: str = "At **nine**.",
        passage_id: int = 5,
    ) -> int:
        """Store an answer with one passage, which it quotes, and return its number."""
        passage = Passage(
            passage_id, 3, space, f"{text} hours.md", "Hours", "The library opens at nine.", 0, 26, language
        )
        reasons = (Reason("reason.words_some", {"share": "80%"}),)
        number = await self.aion.stores.answers.record(
            NewAnswer(
                space=space,
                asker="p",
                conversation=f"{space}:1",
                question=question,
                language=language,
                passages=(Hit(passage, score=0.9, dense=0.8, lexical=4.2, vector=np.zeros(4, np.float32)),),
                decision=Decision(
                    "abstain" if used == "abstained" else "local", Confidence(0.87, 0.7, reasons, {"gap": 0.5})
                ),
                text=text,
                used=used,
                sources=(Source(1, "hours.md", "Hours", "opens at nine", passage_id),),
                latency_ms={"search": 12.4},
                searched="opening hours",
            )
        )
        if thumb:
            await self.aion.stores.answers.rate(space, number, "q", thumb)
        return number

    async def contradict(self, space: SpaceId, first: str = "It opens at nine.", second: str = "At ten.") -> int:
        """Store two documents that contradict each other; return the number of the contradiction."""
        for name, text in (("new.md", first), ("old.md", second)):
            await self.aion.ingest.index_file(space, name, f"# {name}\n\n{text}\n".encode())
        new, old = (each.id for each in sorted(await self.aion.documents.list(space), key=lambda each: each.id)[-2:])
        conflict = await self.aion.stores.conflicts.open(space, NewConflict(new, first, old, second))
        assert conflict is not None
        return conflict.id

    async def brigade(self, space: SpaceId) -> int:
        """Have five newcomers dislike one answer at once; return its number."""
        number = await self.answer(space, "Who is right?")
        for n in range(5):
            await self.aion.stores.answers.rate(space, number, f"newcomer {n} of {space}", "down")
        return number

    async def fill(self, space: SpaceId) -> None:
        """Store one of everything that has a number: in a new database it is 1."""
        stores = self.aion.stores
        await self.signed_in(space, EVA)
        await self.propose("theirs", space)
        await stores.handoffs.open(space, NewHandoff(space, 1, f"{space}:9", {}, "en", "Theirs?"))
        await self.answer(space, "Theirs?")
        await self.aion.ingest.index_file(space, "theirs.md", b"# Theirs\n\nThis is theirs.\n")
        gap = NewGap("Theirs?", "en", (), 1, 1, np.ones(4, np.float32), datetime.now(UTC))
        await stores.gaps.replace(space, [gap])
        await self.contradict(space)
        await stores.watches.add(space, NewWatch("theme", "theirs", "en", timedelta(days=1), ""))


@asynccontextmanager
async def open_site(folder: Path, platforms: SignInPlatforms = NO_PLATFORMS) -> AsyncIterator[Site]:
    """Serve the dashboard of a new data folder."""
    settings = Settings.model_validate({"AION_DATA_DIR": folder, "AION_HEALTH_PORT": 8787})
    roles, tasks = Roles(), TaskSet("dashboard")
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        app = create_app([dashboard_router(aion, roles, tasks, now_s=lambda: 0.0, platforms=platforms)])
        try:
            yield Site(aion, roles, tasks, httpx.ASGITransport(app))
        finally:
            await tasks.finish(0)


def fields_in(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)}


def csrf_in(page: str) -> str:
    """Return the token that the forms of a page carry."""
    return fields_in(page)["csrf"]
