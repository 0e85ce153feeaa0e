"""The status page in a real browser: narrow, wide, light, dark, with JavaScript and without."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from receiver.daemon.status.guard import Access
from receiver.ledger.ledger import Ledger
from receiver.ledger.open import open_ledger
from receiver.secret import Secret
from tests.e2e.looking import contrast, keyboard, spilled, structure, too_wide
from tests.servers.browser import chromium
from tests.servers.launch import NotInstalled
from tests.unit.daemon.status.day import (
    HOSTILE,
    HTTP,
    NOW,
    WatchedPlace,
    error_finding,
    fill,
    judge,
    scene,
)
from tests.unit.daemon.status.serving import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDTHS = (320, 768, 1440)
SCHEMES = ("light", "dark")
PAGES = (
    "/",
    "/jobs/146",
    "/jobs/147",
    "/jobs/147?span=7d&verdict=fail",
    "/jobs/148?span=30d",
    "/parked",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    try:
        running = chromium()
        found = await running.__aenter__()
    except NotInstalled as error:
        pytest.skip(f"not installed: {error}")
    try:
        yield found
    finally:
        await running.__aexit__(None, None, None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ledger]:
    path: Path = tmp_path_factory.mktemp("day") / "receiver.db"
    async with open_ledger(f"sqlite:///{path}") as opened:
        await fill(opened)
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(ledger: Ledger) -> AsyncIterator[Served]:
    async with serving(scene(ledger)) as found:
        yield found


@asynccontextmanager
async def looked_at(browser: Browser, *, quiet: bool = True, **how: Any) -> AsyncIterator[Page]:
    """Open a tab; what it complains about in its console is a failure."""
    context = await browser.new_context(**how)
    page, said = await context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        yield page
    finally:
        await context.close()
    if quiet:
        assert said == []


def sizes() -> Iterator[dict[str, Any]]:
    for width in WIDTHS:
        for scheme in SCHEMES:
            yield {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}


async def test_what_would_be_wrong_is_seen(browser: Browser) -> None:
    """The looks themselves: a page of mistakes has them all found."""
    async with looked_at(browser, viewport={"width": 320, "height": 900}) as page:
        await page.set_content("""
            <h1>a</h1><h3>b</h3><nav></nav><section>c</section><a href="x"></a><svg></svg>
            <p id="twice" style="color: #999; background: #fff">faint</p><p id="twice">p</p>
            <p style="font-size: 11px; background: #fff">small</p><a href="#no">n</a>
            <table><tr><th>h</th></tr></table><div style="width: 400px">wide</div>
            <dl><dt>t</dt><dd style="width: 40px; white-space: nowrap">cannot be looked at</dd></dl>
            <button style="outline: none; position: absolute; top: 0" tabindex="5">late</button>
        """)
        told = "; ".join([*await structure(page), *await contrast(page), *await too_wide(page)])
        told += "; ".join(await spilled(page))
        for mistake in (
            *("no language", "no title", "0 of main", "H3 after h1", "NAV  has no name"),
            *("SECTION  has no name", "#no leads nowhere", "without a caption", "no scope: h"),
            *("twice is there twice", "tabindex 5", "picture without", "11 px: small", "too wide"),
            *("2.85:  faint", '<a href="x"></a> has no name'),
            "DD. spills: cannot be looked at",
        ):
            assert mistake in told
        assert await keyboard(page)


async def failed_batch(page: Page, served: Served) -> str:
    """Return the path of a batch that failed, as the job's page names it."""
    await page.goto(f"{served.url}/jobs/147")
    path = await page.locator(".examples a").first.get_attribute("href")
    assert path
    return path


@pytest.mark.parametrize("path", [*PAGES, "/nothing", "a failed batch"])
async def test_every_page_can_be_read_by_everybody(
    browser: Browser, served: Served, path: str
) -> None:
    for how in sizes():
        quiet = path != "/nothing"  # the browser itself notes a 404
        async with looked_at(browser, quiet=quiet, **how) as page:
            if path == "a failed batch":
                path = await failed_batch(page, served)
            await page.goto(served.url + path)
            wrong = [*await structure(page), *await contrast(page), *await too_wide(page)]
            wrong += await spilled(page)
            assert wrong == [], (path, how)


@pytest.mark.parametrize("path", PAGES)
async def test_without_javascript_it_is_all_there(
    browser: Browser, served: Served, path: str
) -> None:
    async with looked_at(browser, viewport={"width": 320, "height": 900}) as page:
        await page.goto(served.url + path)
        with_it = await page.locator("main").inner_text()
    async with looked_at(
        browser, java_script_enabled=False, viewport={"width": 320, "height": 900}
    ) as page:
        await page.goto(served.url + path)
        assert await page.locator("main").inner_text() == with_it
        assert await page.locator("#live").inner_text() == "Reload for news"


@pytest.mark.parametrize("path", ["/", "/jobs/147?span=7d", "/parked"])
@pytest.mark.parametrize("width", [320, 1440])
async def test_a_keyboard_reaches_everything_in_order(
    browser: Browser, served: Served, path: str, width: int
) -> None:
    async with looked_at(browser, viewport={"width": width, "height": 900}) as page:
        await page.goto(served.url + path)
        assert await keyboard(page) == []


async def test_the_first_stop_of_the_keyboard_leads_to_the_content(
    browser: Browser, served: Served
) -> None:
    async with looked_at(browser) as page:
        await page.goto(served.url)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        reached = await page.evaluate("document.activeElement.closest('main') !== null")
        assert reached


async def test_what_is_wrong_is_told_first_and_leads_to_where(
    browser: Browser, served: Served
) -> None:
    async with looked_at(browser, viewport={"width": 1440, "height": 900}) as page:
        await page.goto(served.url)
        assert "3 things are wrong" in await page.locator("h1").inner_text()
        box = await page.locator("#troubles").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900  # without scrolling
        await page.get_by_role("link", name="Look at its findings").click()
        assert "/jobs/147#findings" in page.url
        first = page.locator(".finding").first
        assert "Look at:" in await first.inner_text()
        await first.locator(".examples a").first.click()
        assert "Failed: batch" in await page.locator("h1").inner_text()


async def test_the_charts_are_there_as_a_table(browser: Browser, served: Served) -> None:
    async with looked_at(browser) as page:
        await page.goto(f"{served.url}/jobs/147")
        await page.locator("#numbers summary").click()
        assert await page.locator("#numbers tbody tr").count() == 24
        chart = page.get_by_role("img", name="Batches")
        assert await chart.locator("rect.failed").count() > 0


async def test_older_batches_are_a_link_away(browser: Browser, served: Served) -> None:
    async with looked_at(browser) as page:
        await page.goto(f"{served.url}/jobs/146")
        newest = await page.locator("#batches tbody th").first.inner_text()
        await page.get_by_role("link", name="Older batches").click()
        await page.wait_for_url("**before=**")
        assert await page.locator("#batches tbody th").first.inner_text() != newest


class TestLive:
    """Of a ledger of its own, since it is written to."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def ledger(self, tmp_path: Path) -> AsyncIterator[Ledger]:
        async with open_ledger(f"sqlite:///{tmp_path / 'live.db'}") as opened:
            for minutes in (30, 20, 10):
                await judge(opened, 146, HTTP, NOW - timedelta(minutes=minutes))
            yield opened

    async def test_news_is_seen_without_a_reload_and_focus_stays(
        self, browser: Browser, ledger: Ledger
    ) -> None:
        seen = scene(ledger)
        async with serving(seen) as served, looked_at(browser) as page:
            await page.goto(served.url)
            await page.wait_for_selector("#live.on")
            assert "All is well" in await page.locator("h1").inner_text()
            await page.evaluate("window.untouched = true")
            await page.locator("#jobs a[href='/jobs/146']").focus()
            await judge(ledger, 146, HTTP, NOW - timedelta(minutes=6), (error_finding("gzip-crc"),))
            seen.clock.seconds += 5  # type: ignore[attr-defined]
            served.pulse.beat()
            await page.wait_for_selector("h1 :text('1 thing is wrong')")
            assert await page.title() == "1 thing is wrong · Logpush receiver"
            assert await page.evaluate("window.untouched")
            focused = "document.activeElement.getAttribute('href')"
            assert await page.evaluate(focused) == "/jobs/146"
            assert await structure(page) == []

    async def test_an_open_table_stays_open(self, browser: Browser, ledger: Ledger) -> None:
        seen = scene(ledger)
        async with serving(seen) as served, looked_at(browser) as page:
            await page.goto(f"{served.url}/jobs/146")
            await page.wait_for_selector("#live.on")
            await page.locator("#numbers summary").click()
            await judge(ledger, 146, HTTP, NOW - timedelta(minutes=6))
            seen.clock.seconds += 5  # type: ignore[attr-defined]
            served.pulse.beat()
            await page.wait_for_selector("#sums dd:text-is('4')")
            assert await page.locator("#numbers table").is_visible()

    async def test_a_page_that_nobody_sees_lets_go(self, browser: Browser, ledger: Ledger) -> None:
        async with serving(scene(ledger)) as served, looked_at(browser) as page:
            await page.goto(served.url)
            await page.wait_for_selector("#live.on")
            assert served.pulse.listeners == 1
            await page.evaluate("""
                Object.defineProperty(document, "hidden", {value: true, configurable: true});
                document.dispatchEvent(new Event("visibilitychange"));
            """)
            assert await page.locator("#live").inner_text() == "Paused"
            async with asyncio.timeout(5):
                while served.pulse.listeners:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    async def test_a_page_that_gets_no_answer_does_not_call_itself_live(
        self, browser: Browser, ledger: Ledger
    ) -> None:
        async with serving(scene(ledger)) as served, looked_at(browser, quiet=False) as page:
            await page.clock.install()
            await page.goto(served.url)
            await page.wait_for_selector("#live.on")
            asked = asyncio.Event()
            await page.route(f"{served.url}/", lambda _: asked.set())  # and is never answered
            served.pulse.beat()
            await asyncio.wait_for(asked.wait(), 10)
            await page.clock.fast_forward(11_000)
            await page.wait_for_selector("#live:text('Not connected')")
            async with asyncio.timeout(5):
                while served.pulse.listeners:  # noqa: ASYNC110 (its connection is free again)
                    await asyncio.sleep(0.01)
            await page.unroute(f"{served.url}/")
            await page.clock.fast_forward(11_000)  # it had asked once more
            await page.wait_for_timeout(100)
            await page.clock.fast_forward(61_000)
            await page.wait_for_selector("#live.on")

    async def test_an_end_of_the_daemon_is_said(self, browser: Browser, ledger: Ledger) -> None:
        async with looked_at(browser, quiet=False) as page:
            async with serving(scene(ledger)) as served:
                await page.goto(served.url)
                await page.wait_for_selector("#live.on")
            await page.wait_for_selector("#live:text('Not connected')")


async def test_whoever_signs_in_sees_it_live(browser: Browser, ledger: Ledger) -> None:
    access = Access(user="ops", password=Secret("pä:ss"))
    async with serving(scene(ledger), access=access) as served:
        how = {"http_credentials": {"username": "ops", "password": "pä:ss"}}
        async with looked_at(browser, quiet=False, **how) as page:
            await page.goto(served.url)
            await page.wait_for_selector("#live.on")


async def test_hostile_names_are_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    key = HOSTILE.replace("\ud800", "")
    async with open_ledger(f"sqlite:///{tmp_path / 'hostile.db'}") as ledger:
        finding = error_finding("field-unexpected", field=HOSTILE)
        number = await judge(
            ledger, 147, HTTP, NOW - timedelta(minutes=9), (finding,), key=key, notes=(HOSTILE,)
        )
        place = WatchedPlace(place=HTTP, last_listed_at=NOW, error=HOSTILE)
        async with serving(scene(ledger, places=lambda: (place,))) as served:
            for path in ("/", "/jobs/147", f"/batches/{number}"):
                for width in WIDTHS:
                    async with looked_at(browser, viewport={"width": width, "height": 900}) as page:
                        await page.goto(served.url + path)
                        assert await too_wide(page) == []
                        assert await spilled(page) == []
                        assert "<script>alert(1)" in await page.locator("main").inner_text()
