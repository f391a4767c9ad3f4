"""Pages of plugins: for whom they are, where they are enabled, drawn without markup, their forms guarded as ours."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

import core.extensions.plugin_screens as limits
from core.extensions.host import MAX_FAILURES
from core.types import SpaceId
from tests.dashboard import EVA, RUI, Browser, Site, csrf_in
from tests.plugin_pages import PAGE, load_pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


def kept(site: Site, name: str) -> list[object]:
    """Return what the plugin keeps in a variable."""
    [plugin] = site.aion.services.plugins.host.loaded
    return list(getattr(plugin.module, name))


async def audited(site: Site, space: SpaceId) -> list[tuple[str, str]]:
    events = await site.aion.services.dashboard.audit.page(space, None, 9)
    return [(event.change.action, event.change.subject) for event in events]


async def test_a_page_is_drawn_without_markup_and_in_the_menu(shared: Site, space: SpaceId) -> None:
    await load_pages(shared, space)
    await shared.aion.ingest.index_file(space, "hours.md", b"# Hours\n\nAt nine.\n")
    browser = await shared.signed_in(space)
    got = await browser.get(PAGE)
    page = got.text
    assert got.status_code == 200 and "style-src 'self'" in got.headers["content-security-policy"]
    assert "Tosses of Rui" in page and "<strong>1</strong>" in page and "<rect" in page and "2.5" in page
    assert "<script>alert" not in page and "<img src=x" not in page and "<script>t" not in page and "54439" not in page
    assert "style=" not in page and page.count("&lt;script&gt;alert(1)") > 9
    assert re.search(r'href="/dashboard/plugins/coin/tosses" aria-current="page">Tosses &lt;script&gt;t', page)
    today = (await browser.get("/today")).text
    assert 'href="/dashboard/plugins/coin/locked">Locked<' in today and "/ledger" not in today
    assert "Jogadas" in (await (await shared.signed_in(space, EVA, "pt")).get("/today")).text


async def test_a_form_reaches_its_plugin_from_its_own_page_alone(shared: Site, space: SpaceId) -> None:
    await load_pages(shared, space)
    browser, other = await shared.signed_in(space), await shared.signed_in(space, EVA)
    foreign = csrf_in((await other.get("/today")).text)
    fields = {"form": "toss", "field_side": "tails", "field_csrf": "mine", "csrf": "x", "side": "none"}
    for csrf in ("", "x", foreign):
        assert (await browser.post(PAGE, {**fields, "csrf": csrf})).status_code == 403
    cross = {**fields, "csrf": csrf_in((await browser.get(PAGE)).text)}
    refused = await browser.http.post(f"/dashboard{PAGE}", data=cross, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403 and kept(shared, "SENT") == []
    del fields["csrf"]
    done = await browser.send(PAGE, **fields)
    assert done.status_code == 200 and "Sent to the plugin" in done.text
    assert kept(shared, "SENT") == [(space, "toss", {"side": "tails", "csrf": "mine"})]
    assert await audited(shared, space) == [("plugin_form", "coin/tosses")]
    told = await browser.send(PAGE, form="toss", field_side="edge")
    assert told.status_code == 400 and "That was not taken: &lt;script&gt;" in told.text
    assert (await browser.send(PAGE, form="toss", field_side="lost")).status_code == 503
    assert (await browser.send("/plugins/coin/locked", form="toss")).status_code == 503
    assert len(kept(shared, "SENT")) == 1 and len(await audited(shared, space)) == 1


async def test_nothing_is_there_for_another_space_a_stranger_and_the_demoted(shared: Site, space: SpaceId) -> None:
    await load_pages(shared, space)
    there = SpaceId(f"{space}0")
    elsewhere = await shared.signed_in(there)
    assert "/plugins/coin" not in (await elsewhere.get("/today")).text
    for path in (PAGE, "/plugins/coin/nothing", "/plugins/none/tosses"):
        assert (await elsewhere.get(path)).status_code == 404
        assert (await elsewhere.send(path, form="toss", field_space=space)).status_code == 404
    browser = await shared.signed_in(space)
    assert (await browser.get("/plugins/coin/nothing")).status_code == 404
    csrf = csrf_in((await browser.get(PAGE)).text)
    n_seen = len(kept(shared, "SEEN"))
    shared.roles.moderators.discard((space, RUI.id))
    for person in (browser, shared.browser()):
        status = 403 if person is browser else 401
        assert (await person.get(PAGE)).status_code == status
        assert (await person.post(PAGE, {"csrf": csrf, "form": "toss"})).status_code == status
    assert len(kept(shared, "SEEN")) == n_seen and kept(shared, "SENT") == []
    shared.roles.moderators.add((space, RUI.id))
    await shared.aion.services.plugins.of(space).disable("coin")
    assert (await browser.get(PAGE)).status_code == 404


async def test_the_operators_page_is_the_operators(
    shared: Site, space: SpaceId, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load_pages(shared, space)
    browser = await shared.signed_in(space)
    assert (await browser.get("/plugins/coin/ledger")).status_code == 403
    assert (await browser.send("/plugins/coin/ledger", form="toss")).status_code == 403
    monkeypatch.setattr("core.settings.Settings.operators", frozenset({RUI.id}))
    assert (await browser.get("/plugins/coin/ledger")).status_code == 200
    assert "/plugins/coin/ledger" in (await browser.get("/today")).text


HARMFUL = {
    "raises": "raise RuntimeError('secret detail')",
    "waits": "await asyncio.sleep(60)",
    "blocks": "time.sleep(0.6)",
    "floods": "return [ScreenText('x' * 10_000)] * 40",
    "returns HTML": "return '<p>page</p>'",
}


@pytest.mark.parametrize("code", HARMFUL.values(), ids=HARMFUL)
async def test_harm_stays_with_the_plugin(
    shared: Site, space: SpaceId, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SCREEN_S", 0.2)
    monkeypatch.setattr("core.extensions.plugin_thread.GRACE_S", 0.2)
    await load_pages(shared, space, code)
    browser = await shared.signed_in(space)
    first = await browser.get(PAGE)
    assert first.status_code == 503 and "coin failed" in first.text and "secret" not in first.text
    for _ in range(MAX_FAILURES):
        await browser.get(PAGE)
    assert (await browser.get(PAGE)).status_code == 404, "it is stopped"
    today = await browser.get("/today")
    assert today.status_code == 200 and "/plugins/coin" not in today.text
    monkeypatch.setattr(limits, "SCREEN_S", 60.0)
    await load_pages(shared, space)
    assert (await browser.get(PAGE)).status_code == 200


async def test_the_jobs_of_plugins_are_listed_where_they_are_enabled(shared: Site, space: SpaceId) -> None:
    await load_pages(shared, space)
    await shared.aion.stores.job_runs.set_plugin_jobs({"coin.sweep": timedelta(hours=6)})
    here: Browser = await shared.signed_in(space)
    assert "coin.sweep" in (await here.get("/jobs")).text
    assert "coin.sweep" not in (await (await shared.signed_in(SpaceId(f"{space}0"))).get("/jobs")).text
