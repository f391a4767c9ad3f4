"""What is checked at every request: session, role, form, limits; and what every response carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import httpx
import numpy as np
import pytest
from sqlalchemy import select

from bot.web.dashboard import visit as module
from bot.web.dashboard.router import SCREEN_ROUTES
from bot.web.dashboard.visit import ScreenRoute
from core.dashboard.audit_log import Change
from core.dashboard.sign_in_links import SignIn
from core.storage.curation.gaps import NewGap
from core.storage.curation.watches import NewWatch
from core.storage.delivery.handoffs import NewHandoff
from core.storage.schema import answers, audit_events, conflicts, documents, gaps, handoffs, proposals, watches
from core.types import Person, Rate, SpaceId
from tests.dashboard import ELSEWHERE, EVA, HERE, RUI, Site, csrf_in, fields_in

ACTIONS = [route for route in SCREEN_ROUTES if route.is_action]
PAGES = [route for route in SCREEN_ROUTES if not route.is_action]


def path_of(route: ScreenRoute, number: int = 1) -> str:
    return route.path.replace("{number}", str(number))


async def test_nothing_is_shown_or_done_without_a_session(site: Site) -> None:
    browser = site.browser()
    for route in SCREEN_ROUTES:
        got = await (browser.post(path_of(route), {}) if route.is_action else browser.get(path_of(route)))
        assert got.status_code == 401, route.path
        assert "/dashboard" in got.text


async def test_a_moderator_demoted_loses_access_at_the_next_request(site: Site) -> None:
    browser = await site.signed_in()
    number = await site.propose("hours")
    csrf = csrf_in((await browser.get("/today")).text)
    site.roles.moderators.clear()
    assert (await browser.get("/today")).status_code == 403
    assert (await browser.post(f"/proposals/{number}/approve", {"csrf": csrf})).status_code == 403
    assert await site.aion.stores.proposals.count_pending(HERE) == 1
    site.roles.moderators.add((HERE, RUI.id))
    assert (await browser.get("/today")).status_code == 200


async def test_the_role_is_asked_for_at_every_request(site: Site) -> None:
    browser = await site.signed_in()
    before = site.roles.n_asked
    await browser.get("/today")
    await browser.get("/today")
    assert site.roles.n_asked == before + 2


async def test_a_form_without_the_sessions_token_does_nothing(site: Site) -> None:
    browser, other = await site.signed_in(), await site.signed_in(person=EVA)
    number = await site.propose("hours")
    foreign = csrf_in((await other.get("/today")).text)
    for route in ACTIONS:
        for csrf in ("", "x", foreign):
            assert (await browser.post(path_of(route, number), {"csrf": csrf})).status_code == 403, route.path
    assert await site.aion.stores.proposals.count_pending(HERE) == 1


async def test_a_form_of_another_site_does_nothing(site: Site) -> None:
    browser = await site.signed_in()
    fields = {"csrf": csrf_in((await browser.get("/today")).text), "language": "pt"}
    refused = await browser.http.post("/dashboard/language", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403


async def test_nobody_reads_or_changes_another_space_by_its_numbers(site: Site) -> None:
    """Every path with a number is tried with that of something another space has, and with ones that no row has."""
    await site.fill(ELSEWHERE)
    before = await _everything(site)
    browser = await site.signed_in()
    numbered = [route for route in SCREEN_ROUTES if "{number}" in route.path]
    assert numbered
    csrf = csrf_in((await browser.get("/today")).text)
    fields = {"csrf": csrf, "reply": "x", "title": "x", "text": "x"}
    for route in numbered:
        for number in ("1", "0", "9" * 18, "9" * 40, "x", "-1", "%00"):
            path = route.path.replace("{number}", number)
            got = await (browser.post(path, fields) if route.is_action else browser.get(path))
            assert got.status_code == 404, (path, got.status_code)
    assert await _everything(site) == before


async def _everything(site: Site) -> list[object]:
    tables = (proposals, handoffs, conflicts, watches, gaps, documents, answers, audit_events)
    database = site.aion.stores.database
    return [[repr(row) for row in await database.rows(select(table))] for table in tables]


async def test_every_response_forbids_frames_and_foreign_scripts(site: Site) -> None:
    browser = await site.signed_in()
    pages = [await browser.get(path) for path in ("/today", "/nothing", "/static/dashboard.css", "/sign-in?token=x")]
    pages += [await site.browser().get("/today"), await browser.post("/language", {})]
    for page in pages:
        assert page.headers["x-frame-options"] == "DENY"
        policy = page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "style=" not in page.text and "onclick" not in page.text


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    browser = site.browser()
    site.roles.moderators.add((HERE, RUI.id))
    page = await browser.get(await site.link())
    done = await browser.http.post("/dashboard/sign-in", data=_fields(page), follow_redirects=False)
    (cookie,) = [each for each in done.headers.get_list("set-cookie") if each.startswith("aion_dashboard=")]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/dashboard" in cookie


async def test_requests_of_a_session_are_limited(site: Site) -> None:
    browser = await site.signed_in()
    with patch.object(module, "PER_SESSION", Rate(2)):
        second = await site.signed_in()
        statuses = [(await second.get("/today")).status_code for _ in range(3)]
    assert statuses == [200, 429, 429]
    assert (await browser.get("/today")).status_code == 200


async def test_a_session_ends_by_signing_out_and_is_revoked_by_its_person(site: Site) -> None:
    browser, phone, other = await site.signed_in(), await site.signed_in(), await site.signed_in(person=EVA)
    sessions = site.aion.services.dashboard.sessions
    newest, oldest = await sessions.of(HERE, site.aion.services.dashboard.pseudonyms.of(RUI.id), datetime.now(UTC))
    assert (await other.send(f"/sessions/{oldest.id}/revoke")).status_code == 404  # somebody else's
    assert (await phone.send(f"/sessions/{oldest.id}/revoke", "/sessions")).status_code == 200
    assert (await browser.get("/today")).status_code == 401
    assert (await phone.send("/sign-out")).status_code == 200
    assert (await phone.get("/today")).status_code == 401
    assert newest.id != oldest.id


@pytest.mark.parametrize("age", [{"days": 8}, {"hours": 25}])
async def test_a_session_does_not_last_for_ever(site: Site, age: dict[str, int]) -> None:
    dashboard = site.aion.services.dashboard
    now = datetime.now(UTC)
    token = await dashboard.sessions.open(SignIn(HERE, RUI, "en"), now - timedelta(**age))
    assert await dashboard.sessions.find(token, now) is None
    assert await dashboard.sessions.find(token, now - timedelta(**age)) is not None


async def test_the_pages_speak_both_languages(site: Site) -> None:
    browser = await site.signed_in(language="pt")
    page = await browser.get("/today")
    assert '<html lang="pt">' in page.text and "Hoje" in page.text
    changed = await browser.send("/language", language="en")
    assert '<html lang="en">' in changed.text and "Today" in changed.text
    assert (await browser.send("/language", language="xx")).status_code == 400


async def test_a_private_chat_is_open_to_its_own_moderator_alone(site: Site) -> None:
    private = SpaceId("discord:dm:42")
    site.roles.moderators.add((private, RUI.id))
    page = await (browser := site.browser()).get(await site.link(private))
    assert (await browser.post("/sign-in", _fields(page))).status_code == 403  # nobody moderates it by default
    opened = site.aion.dispatch.private_teaching
    object.__setattr__(opened, "operators", frozenset({RUI.id, "discord:7"}))
    assert (await browser.post("/sign-in", _fields(page))).status_code == 200
    page = await (stranger := site.browser()).get(await site.link(private, Person("discord:7", "Eve")))
    assert (await stranger.post("/sign-in", _fields(page))).status_code == 403


async def test_a_fault_shows_its_reference_alone(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    browser = await site.signed_in()
    with patch.object(site.aion.stores.proposals, "page", side_effect=RuntimeError("secret detail")):
        page = await browser.get("/today")
    assert page.status_code == 500 and "secret detail" not in page.text
    assert "secret detail" in caplog.text


def _fields(page: httpx.Response) -> dict[str, str]:
    return fields_in(page.text)


async def test_what_makes_aion_work_is_limited_more(site: Site) -> None:
    browser = await site.signed_in()
    await site.aion.ingest.index_file(HERE, "hours.md", b"# Hours\n\nAt nine.\n")
    (document,) = await site.aion.documents.list(HERE)
    with patch.object(module, "COSTLY", Rate(2)):
        done = [(await browser.send(f"/knowledge/{document.id}/retitle", title=f"T{n}")).status_code for n in range(3)]
    assert done == [200, 200, 429]
    assert (await browser.get("/today")).status_code == 200


HARM = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7777 * 7 }}"


async def test_nothing_that_is_stored_is_markup_on_any_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field that others fill, each page of the dashboard: seen as text, or not at all."""
    stores, mallory = site.aion.stores, Person("discord:66", HARM)
    monkeypatch.setattr(site.roles, "title", lambda space: HARM)
    site.roles.belongs = {"channel-7": HARM, "role-5": HARM}
    await site.propose(HARM, name=f"javascript:alert(3)//{HARM}", excerpt=HARM, origin=HARM, text=HARM)
    await stores.handoffs.open(HERE, NewHandoff(HERE, 1, f"{HERE}:9", {}, "en", HARM))
    await site.answer(HERE, HARM, used=HARM, text=f"[x](javascript:alert(1)) {HARM}")
    for opens in ("nine", "ten"):
        await site.aion.ingest.index_file(HERE, f"{HARM}.md", f"# {HARM}\n\n{HARM} opens at {opens}.\n".encode())
    await site.contradict(HERE, f"{HARM} is open.", f"{HARM} is closed.")
    await site.brigade(HERE)
    gap = NewGap(HARM, "en", (f"{HARM} too",), 1, 1, np.ones(4, np.float32), datetime.now(UTC))
    await stores.gaps.replace(HERE, [gap])
    watch = await stores.watches.add(HERE, NewWatch("theme", HARM, "en", timedelta(days=1), ""))
    await stores.watches.record_check(watch, HARM)
    reading = await stores.reading_log.start(HERE, HARM, is_unasked=False)
    await stores.reading_log.finish(reading, 1, 1, {HARM: 1}, HARM)
    await site.aion.services.dashboard.audit.add(HERE, Change("p", HARM, "set", HARM, HARM))
    browser = await site.signed_in(person=mallory)
    pages = [path_of(route, number) for route in PAGES if "{name}" not in route.path for number in (1, 2)]
    for path in [*dict.fromkeys(pages), f"/conversations?used={HARM}", f"/knowledge?q={HARM}", f"/today?said={HARM}"]:
        got = await browser.get(path)
        page = got.text
        assert "<script>alert" not in page and "<img src=x" not in page and 'href="javascript' not in page, path
        assert "54439" not in page, path
        assert got.status_code == 404 or "&lt;script&gt;alert" in page, path
    site.roles.belongs = {}
