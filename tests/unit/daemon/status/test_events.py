"""Live pages: told of news, bounded in number, and let go at once when we end."""

import asyncio
import time

import pytest

from receiver.daemon.status import events as module
from receiver.daemon.status.events import Pulse
from receiver.ledger.ledger import Ledger
from receiver.limits import STATUS_LISTENERS_MAX
from tests.unit.daemon.status.day import scene
from tests.unit.daemon.status.serving import serving

PATH = "/events"


class TestPulse:
    async def test_news_is_told_at_once(self) -> None:
        pulse = Pulse()
        known = await pulse.news(-1, seconds=0)
        waiting = asyncio.create_task(pulse.news(known, seconds=60))
        await asyncio.sleep(0)
        pulse.beat()
        assert await waiting == known + 1

    async def test_several_beats_are_one_piece_of_news(self) -> None:
        pulse = Pulse()
        for _ in range(1000):
            pulse.beat()
        assert await pulse.news(0, seconds=60) == 1000

    async def test_without_news_it_ends_in_time(self) -> None:
        pulse = Pulse()
        assert await pulse.news(0, seconds=0.01) == 0

    async def test_closed_it_lets_everybody_go(self) -> None:
        pulse = Pulse()
        waiting = [asyncio.create_task(pulse.news(0, seconds=60)) for _ in range(3)]
        pausing = asyncio.create_task(pulse.pause(60))
        await asyncio.sleep(0)
        pulse.close()
        await asyncio.wait_for(asyncio.gather(*waiting, pausing), 1)


class TestEvents:
    async def test_a_page_hears_of_what_changes(self, empty: Ledger) -> None:
        async with serving(scene(empty)) as served, served.client.get(served.url + PATH) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert await answer.content.readline() == b"retry: 5000\n"
            served.pulse.beat()
            told = await answer.content.readuntil(b"data: 1\n\n")
        assert told == b"\nevent: news\ndata: 1\n\n"

    async def test_without_news_it_hears_from_us_all_the_same(
        self, empty: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            module.events, "__kwdefaults__", {"pause_seconds": 1, "idle_seconds": 0.02}
        )
        async with serving(scene(empty)) as served, served.client.get(served.url + PATH) as answer:
            assert b"event: news" in await answer.content.readuntil(b"data: 0\n\n")

    async def test_there_is_a_bound_to_how_many_listen(self, empty: Ledger) -> None:
        async with serving(scene(empty)) as served:
            client = served.client
            answers = [await client.get(served.url + PATH) for _ in range(STATUS_LISTENERS_MAX)]
            async with client.get(served.url + PATH) as refused:
                assert (refused.status, refused.headers["Retry-After"]) == (503, "60")
            assert (await served.get("/"))[0] == 200
            for each in answers:
                each.close()
            async with asyncio.timeout(5):
                while served.pulse.listeners:  # noqa: ASYNC110  (it has no word for that)
                    await asyncio.sleep(0.01)

    async def test_those_who_listen_hold_up_no_end(self, empty: Ledger) -> None:
        async with serving(scene(empty)) as served:
            await served.client.get(served.url + PATH)
            async with asyncio.timeout(5):
                while not served.pulse.listeners:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            begun = time.monotonic()
        assert time.monotonic() - begun < 0.9  # the time that a page being drawn would have
        assert not served.pulse.listeners
