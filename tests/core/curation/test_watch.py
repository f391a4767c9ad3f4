"""Watching over a loopback site: changes become versions, clocks do not, what vanishes is told once, nothing twice."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation import missing_pages, page_diff
from core.curation.curator import Curator
from core.curation.fetch import Fetcher, FetchLimits
from core.curation.git_checkout import GitCheckouts
from core.curation.missing_pages import MissingPages
from core.curation.robots_fetch import PoliteFetcher
from core.curation.watch import SpaceWatches, Watcher
from core.errors import BadInput
from core.knowledge.embedding import SoleEmbedder
from core.knowledge.ingest import Ingest
from core.knowledge.parsing.feeds import N_ENTRIES
from core.knowledge.review import ReviewService
from core.privacy.pseudonyms import Pseudonyms
from core.services import Finding
from core.services.setting_schema import REVIEW
from core.storage.curation.proposals import Proposals
from core.storage.curation.reading_log import ReadingLog
from core.storage.curation.watches import MAX_WATCHES, NewWatch, Watches
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.storage.schema import inbox, watched_pages, watches
from core.storage.spaces import Spaces
from core.types import Scope, SpaceId, Watch
from tests.core.curation.site import Site, SiteSearch, as_page, serving
from tests.fakes import WordEmbedder
from tests.pages import ARTICLES
from tests.parser import InProcessParser

GUILD = SpaceId("discord:1")
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass
class House:
    """A watcher over a site and one data folder."""

    site: Site
    database: Database
    watcher: Watcher
    watches: SpaceWatches
    documents: Documents
    proposals: Proposals
    spaces: Spaces
    search: SiteSearch

    async def look(self, watch: Watch) -> list[str]:
        """Look and return what became of each page."""
        return [finding.outcome for finding in await self.watcher.check(watch, unheard)]

    async def pass_time(self, time: timedelta) -> None:
        """Make everything that was noted as if it had been earlier."""
        async with self.database.write() as connection:
            for row in await self.database.rows(watched_pages.select()):
                this = (watched_pages.c.watch_id == row.watch_id) & (watched_pages.c.name == row.name)
                moved = {
                    line: (datetime.fromisoformat(since) - time).isoformat() for line, since in row.differing.items()
                }
                await connection.execute(update(watched_pages).where(this).values(differing=moved))
            for row in await self.database.rows(watches.select()):
                await connection.execute(
                    update(watches).where(watches.c.id == row.id).values(next_at=row.next_at - time)
                )

    async def texts(self) -> str:
        return "\n".join(text for _, text in (await self.documents.texts(GUILD)).values())

    async def policy(self, policy: str) -> None:
        await self.spaces.change_settings(GUILD, lambda settings: {**settings, REVIEW.key: policy})

    async def ingest_page(self, name: str) -> None:
        """Put a page in by hand, some time before anything is watched."""
        await self.watcher.ingest.index_page(GUILD, self.site.url(f"/{name}"))

    async def notices(self) -> list[str]:
        return [row.key for row in await self.database.rows(inbox.select()) if "notice:gone" in row.key]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await Database.open(tmp_path / "data")
    async with serving() as site:
        pages = PoliteFetcher(Fetcher(frozenset({site.host}), FetchLimits(max_bytes=1_000_000, deadline_s=2)), pace_s=0)
        documents, spaces = Documents(database), Spaces(database)
        embedders = SoleEmbedder(WordEmbedder(), Passages(database))
        ingest = Ingest(documents, embedders, pages, InProcessParser(), max_file_bytes=1_000_000)
        channels = Channels(spaces)
        await channels.gather_moderators(GUILD, "42")
        notices = Notices(Inbox(database), channels, spaces, "en")
        proposals = Proposals(database)
        reviews = ReviewService(proposals, documents, ingest, notices, Pseudonyms.open(tmp_path / "data"))
        search = SiteSearch(site, ())
        curator = Curator(search, pages, ingest, reviews, documents, ReadingLog(database))
        held = Watches(database)
        watcher = Watcher(
            held,
            pages,
            curator,
            ingest,
            spaces,
            MissingPages(held, notices),
            GitCheckouts(tmp_path / "sources", ("file",)),
        )
        site.pages = {f"/{name}": as_page(article.title, article.text) for name, article in ARTICLES.items()}
        ours = SpaceWatches(watcher, Scope(GUILD), "ana", "en")
        yield House(site, database, watcher, ours, documents, proposals, spaces, search)
    await database.close()


async def unheard(_: tuple[Finding, ...]) -> None:
    """Show nobody how far it is."""


def library(*extra: str, opens: str = "") -> str:
    article = ARTICLES["library"]
    text = article.text.replace("nine", opens) if opens else article.text
    return as_page(article.title, "\n\n".join([text, *extra]))


async def test_a_watched_page_is_learned_and_then_asked_for_only_if_it_changed(house: House) -> None:
    house.site.etags["/library"] = '"one"'
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    assert await house.look(watch) == ["learned"]
    assert await house.look(watch) == ["unchanged"]
    assert house.site.statuses["/library"] == [200, 304]
    [reading, _] = await ReadingLog(house.database).latest(GUILD, 5)
    assert (reading.theme, reading.n_pages, reading.n_kept) == (house.site.url("/library"), 1, 0)


async def test_a_small_change_counts_once_it_has_stood_for_a_day(house: House) -> None:
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    await house.look(watch)
    house.site.pages["/library"] = library(opens="eleven")
    assert await house.look(watch) == ["unchanged"]
    assert "eleven" not in await house.texts()
    await house.pass_time(DAY)
    assert await house.look(watch) == ["learned"]
    assert "eleven" in await house.texts()
    assert len(await house.documents.list(GUILD)) == 1


async def test_a_page_that_is_written_anew_counts_at_once(house: House) -> None:
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    await house.look(watch)
    new = "\n\n".join(f"Paragraph {n} of the new page tells of the {n}th shelf in the hall." for n in range(12))
    house.site.pages["/library"] = as_page("Library", new)
    assert await house.look(watch) == ["learned"]
    assert "the 7th shelf" in await house.texts()


async def test_a_page_with_a_clock_never_churns_and_a_change_beside_it_counts(house: House) -> None:
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    for day in range(5):
        house.site.pages["/library"] = library(f"It is now {day} o'clock and {day * 7} people are reading this page.")
        assert await house.look(watch) == [["learned"], ["unchanged"]][min(day, 1)]
        await house.pass_time(2 * DAY)
    house.site.pages["/library"] = library("It is now 9 o'clock and 99 people are reading this page.", opens="eleven")
    assert await house.look(watch) == ["unchanged"]
    await house.pass_time(2 * DAY)
    house.site.pages["/library"] = library("It is now 8 o'clock and 98 people are reading this page.", opens="eleven")
    assert await house.look(watch) == ["learned"]


async def test_where_everything_is_approved_a_version_waits_and_is_brought_once(house: House) -> None:
    await house.policy("all")
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    assert await house.look(watch) == ["proposed"]
    for _ in range(3):
        assert await house.look(watch) == ["unchanged"], "it is compared with what waits"
    assert len(await house.proposals.pending(GUILD)) == 1
    assert not await house.documents.list(GUILD)


async def test_a_page_that_vanished_is_told_once_and_stays_learned(house: House) -> None:
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    await house.look(watch)
    page = house.site.pages.pop("/library")
    for _ in range(3):
        assert await house.look(watch) == ["gone"]
    assert len(await house.notices()) == 1
    assert len(await house.documents.list(GUILD)) == 1
    house.site.pages["/library"] = page
    assert await house.look(watch) == ["unchanged"]
    seen = await house.watcher.watches.pages(watch)
    assert seen[watch.target].gone_at is None


def rss(site: Site, *paths: str) -> str:
    items = "".join(f"<item><title>t</title><link>{html.escape(site.url(path))}</link></item>" for path in paths)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><link>{site.base}/</link>{items}</channel></rss>'


def atom(site: Site, *paths: str) -> str:
    items = "".join(f'<entry><link href="{html.escape(site.url(path))}"/></entry>' for path in paths)
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{items}</feed>'


@pytest.mark.parametrize("write", [rss, atom])
async def test_of_a_feed_every_entry_is_read_once(house: House, write: object) -> None:
    make = rss if write is rss else atom
    house.site.feeds["/feed"] = make(house.site, "/library", "/gone")
    watch = await house.watches.page(house.site.url("/feed"), WEEK)
    assert await house.look(watch) == ["proposed", "rejected"]
    house.site.feeds["/feed"] = make(house.site, "/compost?a=1&b=2", "/library", "/gone")
    house.site.pages["/compost?a=1&b=2"] = house.site.pages["/compost"]
    assert await house.look(watch) == ["proposed"]
    assert await house.look(watch) == ["unchanged"]
    assert house.site.served["/library"] == house.site.served["/gone"] == 1
    assert len(await house.proposals.pending(GUILD)) == 2


async def test_an_entry_that_could_not_be_had_is_tried_again(house: House) -> None:
    house.site.feeds["/feed"] = rss(house.site, "/slow", "/library")
    house.site.etags["/feed"] = '"one"'
    watch = await house.watches.page(house.site.url("/feed"), WEEK)
    await house.look(watch)
    await house.look(watch)
    assert house.site.served["/slow"] == 2
    assert house.site.served["/library"] == 1


async def test_a_feed_that_never_ends_is_cut_at_its_top(house: House) -> None:
    house.site.feeds["/feed"] = rss(house.site, *(f"/missing/{n}" for n in range(500)))
    watch = await house.watches.page(house.site.url("/feed"), WEEK)
    assert len(await house.look(watch)) == N_ENTRIES
    house.site.feeds["/feed"] = "<rss>" + "x" * 2_000_000
    with pytest.raises(BadInput) as raised:
        await house.look(watch)
    assert raised.value.key == "fetch.too_large"
    [again] = await house.watches.all()
    assert again.error == "fetch.too_large"
    assert again.next_at > datetime.now(UTC)


def sitemap(site: Site, **changed: str) -> str:
    entries = "".join(
        f"<url><loc>{html.escape(site.url(f'/{name}'))}</loc><lastmod>{at}</lastmod></url>"
        for name, at in changed.items()
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


async def test_of_a_sitemap_new_and_changed_pages_are_read(house: House) -> None:
    await house.policy("none")
    house.site.feeds["/sitemap.xml"] = sitemap(house.site, library="2026-11-01", compost="2026-11-01")
    watch = await house.watches.page(house.site.url("/sitemap.xml"), WEEK)
    assert await house.look(watch) == ["learned", "learned"]
    assert await house.look(watch) == ["unchanged"]
    new = "\n\n".join(f"Paragraph {n} of the new page tells of the {n}th shelf in the hall." for n in range(12))
    house.site.pages["/library"] = as_page("Library", new)
    house.site.feeds["/sitemap.xml"] = sitemap(house.site, library="2026-11-20", compost="2026-11-01")
    assert await house.look(watch) == ["learned"]
    assert "the 7th shelf" in await house.texts()
    assert house.site.served["/library"] == 2 and house.site.served["/compost"] == 1


async def test_what_a_sitemap_lists_no_more_is_flagged_and_removed_only_when_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_pages, "MAX_NOTICES", 1)
    await house.policy("none")
    names = list(ARTICLES)
    await house.ingest_page(names[0])  # put in by hand, before
    house.site.feeds["/sitemap.xml"] = sitemap(house.site, **dict.fromkeys(names, "2026-11-01"))
    watch = await house.watches.page(house.site.url("/sitemap.xml"), WEEK)
    await house.look(watch)
    held = len(await house.documents.list(GUILD))
    house.site.feeds["/sitemap.xml"] = sitemap(house.site, **{names[-1]: "2026-11-01"})
    assert await house.look(watch) == ["gone"] * (len(names) - 1)
    assert len(await house.documents.list(GUILD)) == held
    assert len(await house.notices()) == 1
    vanished = await house.watcher.watches.vanished(watch)
    assert house.site.url(f"/{names[0]}") not in vanished and house.site.url(f"/{names[1]}") in vanished
    house.site.feeds["/sitemap.xml"] = sitemap(house.site)
    assert await house.look(watch) == ["unchanged"], "an empty sitemap says nothing of pages"


async def test_a_sitemap_of_sitemaps(house: House) -> None:
    house.site.feeds["/one.xml"] = sitemap(house.site, library="2026-11-01")
    places = "".join(f"<sitemap><loc>{house.site.url(path)}</loc></sitemap>" for path in ("/one.xml", "/missing.xml"))
    house.site.feeds["/sitemap.xml"] = f"<sitemapindex>{places}</sitemapindex>"
    watch = await house.watches.page(house.site.url("/sitemap.xml"), WEEK)
    assert await house.look(watch) == ["proposed"]
    house.site.feeds["/one.xml"] = sitemap(house.site, compost="2026-11-01")
    assert await house.look(watch) == ["proposed"], "nothing is gone while a sitemap is missing"


async def test_a_theme_is_searched_again_and_brings_only_what_is_new(house: House) -> None:
    house.search.paths = ("/library",)
    watch = await house.watches.theme("opening hours of the library", WEEK)
    assert await house.look(watch) == ["proposed"]
    assert await house.look(watch) == ["rejected"], "it says what waits already"
    assert len(await house.proposals.pending(GUILD)) == 1


async def test_a_folder_of_the_operator_follows_its_files(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("# Bees\n\nThe hives stand behind the shed.")
    (folder / "b.md").write_text("# Tools\n\nSpades are lent on Fridays.")
    watch = await house.watcher.watches.add(GUILD, NewWatch("folder", str(folder), "en", WEEK, "operator"))
    assert await house.look(watch) == ["learned", "learned"]
    (folder / "a.md").write_text("# Bees\n\nThe hives stand behind the barn.")
    (folder / "b.md").unlink()
    assert sorted(await house.look(watch)) == ["gone", "learned"]
    assert sorted(await house.look(watch)) == ["gone", "unchanged"]
    assert "barn" in await house.texts()
    assert "Spades" in await house.texts()
    assert len(await house.notices()) == 1


def git(folder: Path, *arguments: str) -> None:
    """Run git in a repository of the test's own."""
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, env={**os.environ, **who})


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
async def test_a_folder_of_a_repository_follows_its_commits(house: House, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / "docs").mkdir(parents=True)
    (repository / "docs" / "a.md").write_text("# Bees\n\nThe hives stand behind the shed.")
    (repository / "docs" / "b.md").write_text("# Tools\n\nSpades are lent on Fridays.")
    (repository / "docs" / "link.md").symlink_to("/etc/hostname")
    (repository / "other.md").write_text("# Other\n\nNot in the folder.")
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "one")
    target = f"git+file://{repository}#docs"
    watch = await house.watcher.watches.add(GUILD, NewWatch("git", target, "en", WEEK, "operator"))
    assert await house.look(watch) == ["learned", "learned", "learned"]
    names = {name for document in await house.documents.list(GUILD) for name in document.names}
    assert names == {f"{target}/a.md", f"{target}/b.md", f"{target}/link.md"}
    assert "Not in the folder" not in await house.texts()
    (repository / "docs" / "a.md").write_text("# Bees\n\nThe hives stand behind the barn.")
    (repository / "docs" / "b.md").unlink()
    git(repository, "commit", "-q", "-a", "-m", "two")
    assert sorted(await house.look(watch)) == ["gone", "learned", "unchanged"]
    assert "barn" in await house.texts()
    assert await house.watcher.watches.vanished(watch) == (f"{target}/b.md",)


async def test_only_what_is_due_is_looked_at(house: House) -> None:
    watch = await house.watches.page(house.site.url("/library"), WEEK)
    assert "1 watches looked at, 1 pages kept" in await house.watcher.check_due()
    assert "0 watches looked at" in await house.watcher.check_due()
    await house.pass_time(WEEK)
    assert "1 watches looked at, 0 pages kept" in await house.watcher.check_due()
    assert (await house.watches.stop(watch.id)).target == watch.target
    await house.pass_time(WEEK)
    assert "0 watches looked at" in await house.watcher.check_due()
    assert len(await house.documents.list(GUILD)) == 1


async def test_a_look_that_fails_is_planned_again_and_others_go_on(house: House) -> None:
    await house.watches.page(house.site.url("/gone"), WEEK)
    await house.watches.page(house.site.url("/library"), WEEK)
    assert await house.watcher.check_due() == "2 watches looked at, 1 pages kept, 1 looks failed"
    assert [watch.error for watch in await house.watches.all()] == ["fetch.not_found", ""]


async def test_the_same_is_watched_once_as_often_as_said_last(house: House) -> None:
    first = await house.watches.page(house.site.url("/library"), WEEK)
    second = await house.watches.page(house.site.url("/library"), DAY)
    assert (first.id, second.every) == (second.id, DAY)
    assert len(await house.watches.all()) == 1


async def test_a_community_watches_so_much_and_no_more_and_never_another_ones(house: House) -> None:
    for n in range(MAX_WATCHES):
        await house.watches.theme(f"theme number {n}", WEEK)
    with pytest.raises(BadInput) as raised:
        await house.watches.theme("one more", WEEK)
    assert raised.value.key == "watch.too_many"
    others = replace(house.watches, _scope=Scope(SpaceId("discord:2")))
    assert await others.all() == ()
    with pytest.raises(BadInput):
        await others.stop((await house.watches.all())[0].id)


def test_lines_that_differ_are_known_by_when_they_first_did() -> None:
    first, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)
    before = page_diff.differing_lines("a\nb\nc", "a\nB\nc", {}, first)
    now = page_diff.differing_lines("a\nb\nc", "a\nB\nC", before, later)
    assert len(before) == 2
    assert len(now) == 4
    assert sorted(now.values()) == [first.isoformat()] * 2 + [later.isoformat()] * 2
    assert not page_diff.is_relevant_change("a\nb\nc", "a\nB\nc", before, first)
    assert page_diff.is_relevant_change("a\nb\nc", "a\nB\nC", now, later)
    assert not page_diff.is_relevant_change("a", "a", {}, later)
