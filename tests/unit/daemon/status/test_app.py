"""The status page over HTTP: what is where, for whom, and with which headers."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from receiver.daemon.metrics import Metrics
from receiver.daemon.status import pages
from receiver.daemon.status.app import make_status_app, serve_status
from receiver.daemon.status.events import Pulse
from receiver.daemon.status.guard import HEADERS, Access
from receiver.daemon.status.views import Overview
from receiver.errors import ConfigError, LedgerUnavailable
from receiver.ledger.ledger import Entry, Hour, Ledger
from receiver.report.json import JsonReport, JsonTotals
from receiver.secret import Secret
from tests.unit.daemon.status.day import HTTP, NOW, WatchedPlace, judge, scene
from tests.unit.daemon.status.serving import serving

PAGES = ["/", "/jobs/147", "/jobs/147?span=7d", "/batches/1", "/parked"]
JSON = ["/status.json", "/jobs/147.json?span=30d", "/batches/1.json", "/parked.json"]
OTHERS = ["/metrics", "/healthz", "/readyz", "/assets/status.css", "/assets/live.js"]
MISSING = [
    "/jobs/999",
    "/batches/99999999",
    "/nothing",
    "/assets/nothing",
    "/status",
    "/jobs/%2e%2e%2fx",
]


class Away:
    """A ledger that does not answer."""

    async def hours(self, **_: object) -> list[Hour]:
        raise LedgerUnavailable("sqlite:receiver.db: locked")

    async def entry(self, _: int) -> None:
        raise LedgerUnavailable("sqlite:receiver.db: locked")

    async def entries(self, **_: object) -> AsyncIterator[Entry]:
        for entry in await self.hours():
            yield entry  # type: ignore[misc]


class TestPaths:
    async def test_everything_is_there(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in [*PAGES, *JSON, *OTHERS]:
                status, text = await served.get(path)
                assert (path, status) == (path, 200)
                assert text

    async def test_batches_without_a_window_go_by_their_names(self, empty: Ledger) -> None:
        for name in ("one", "two"):
            await judge(empty, 147, HTTP, NOW, key=f"nameless/{name}.log.gz")
        async with serving(scene(empty)) as served:
            text = (await served.get("/jobs/147"))[1]
        assert [f">{name}.log.gz</a>" in text for name in ("one", "two")] == [True, True]

    async def test_a_window_that_ends_after_now_is_ahead_of_it(self, empty: Ledger) -> None:
        await judge(empty, 147, HTTP, NOW + timedelta(minutes=5), length=timedelta(minutes=5))
        async with serving(scene(empty)) as served:
            text = (await served.get("/jobs/147"))[1]
        assert "10 min ahead of now" in text

    async def test_what_is_not_there_is_said(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in MISSING:
                assert (await served.get(path))[0] == 404, path
            status, text = await served.get("/jobs/999", Accept="text/html")
            assert (status, "<h1" in text) == (404, True)

    @pytest.mark.parametrize(
        "path",
        ["/jobs/147?span=1y", "/jobs/147?before=yesterday", "/jobs/147?before=2026-11-23T10:00:00"],
    )
    async def test_a_question_that_makes_no_sense_is_refused(self, day: Ledger, path: str) -> None:
        async with serving(scene(day)) as served:
            assert (await served.get(path))[0] == 400

    @pytest.mark.parametrize("before", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
    async def test_the_ends_of_time_can_be_asked_for(self, day: Ledger, before: str) -> None:
        async with serving(scene(day)) as served:
            for path in ("/jobs/147", "/jobs/147.json"):
                assert (await served.get(f"{path}?before={before}"))[0] == 200

    async def test_a_head_is_answered_without_a_body(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in [*PAGES, "/events", "/metrics", "/healthz"]:
                async with served.client.head(served.url + path) as answer:
                    assert (answer.status, await answer.read()) == (200, b"")

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    async def test_nothing_can_be_changed(self, day: Ledger, method: str) -> None:
        async with serving(scene(day)) as served:
            for path in ("/", "/nothing", "/healthz"):
                async with served.client.request(method, served.url + path) as answer:
                    assert answer.status == 405
                    assert answer.headers["Allow"] == "GET,HEAD"

    async def test_every_answer_has_the_headers(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in [*PAGES, *JSON, *OTHERS, *MISSING]:
                async with served.client.get(served.url + path) as answer:
                    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
                    assert "Server" not in answer.headers

    async def test_pages_take_nothing_from_elsewhere_and_hold_no_script(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in [*PAGES, "/assets/status.css", "/assets/live.js"]:
                text = (await served.get(path))[1].replace("http://www.w3.org/2000/svg", "")
                assert "//" not in text.replace("s3://", "").replace("gs://", "").replace(
                    "azure://", ""
                ).replace("// ", "")
                assert "style=" not in text


class TestJson:
    async def test_names_are_those_of_verify(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            told = json.loads((await served.get("/status.json"))[1])
            assert {"verdict", "jobs", "totals"} <= told.keys() & set(JsonReport.__struct_fields__)
            assert {"batches", "records", "plain_bytes", "compressed_bytes"} <= told[
                "totals"
            ].keys() & set(JsonTotals.__struct_fields__)
            assert {"id", "name", "dataset"} <= told["jobs"][0].keys()
            batch = json.loads((await served.get("/batches/1.json"))[1])
            names = ["key", "job", "verdict", "records", "plain_bytes", "compressed_bytes"]
            assert list(batch)[:6] == names
            assert batch["window"][0].endswith("Z")

    async def test_half_a_character_can_be_told(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in ("/jobs/147", "/jobs/147.json"):
                status, text = await served.get(path)
                assert (status, "\\ud800" in text) == (200, True)


class TestAccess:
    GUARD = Access(user="ops", password=Secret("pass"), token=Secret("t0ken"))

    async def test_strangers_are_asked_who_they_are(self, day: Ledger) -> None:
        async with serving(scene(day), access=self.GUARD) as served:
            for path in [*PAGES, *JSON, "/metrics", "/events", "/assets/status.css", "/nothing"]:
                async with served.client.get(served.url + path) as answer:
                    assert answer.status == 401, path
                    asked = answer.headers.getall("WWW-Authenticate")
                    assert [each.split()[0] for each in asked] == ["Basic", "Bearer"]
                    assert "acme" not in await answer.text()
            assert (await served.get("/", Authorization="Bearer wrong"))[0] == 401
            assert (await served.get("/", Authorization="Bearer t0ken"))[0] == 200
            assert (await served.get("/", Authorization="Basic b3BzOnBhc3M="))[0] == 200

    async def test_health_is_open_and_tells_strangers_no_reason(self, empty: Ledger) -> None:
        stuck = WatchedPlace(place=HTTP, last_listed_at=None, error="denied")
        seen = scene(empty, places=lambda: (stuck,))
        async with serving(seen, access=self.GUARD) as served:
            assert await served.get("/healthz") == (200, "ok\n")
            assert await served.get("/readyz") == (503, "not ready\n")
            told = await served.get("/readyz", Authorization="Bearer t0ken")
            assert told == (503, f"{HTTP}: not listed yet: denied\n")

    async def test_another_name_is_refused_where_nobody_signs_in(self, day: Ledger) -> None:
        async with serving(scene(day)) as served:
            for path in ("/", "/metrics", "/events", "/assets/live.js"):
                status, text = await served.get(path, Host="evil.example")
                assert (status, "acme" in text) == (421, False)
            assert (await served.get("/", Host="localhost:9999"))[0] == 200
            assert (await served.get("/healthz", Host="10.0.0.7"))[0] == 200

    async def test_a_proxy_may_give_its_name_where_everybody_signs_in(self, day: Ledger) -> None:
        async with serving(scene(day), access=self.GUARD) as served:
            asked = {"Host": "logs.example", "Authorization": "Bearer t0ken"}
            assert (await served.get("/", **asked))[0] == 200


class TestHealth:
    async def test_it_is_ready_when_all_was_listed_and_the_ledger_answers(
        self, day: Ledger
    ) -> None:
        async with serving(scene(day)) as served:
            assert await served.get("/readyz") == (200, "ready\n")

    async def test_it_says_why_it_is_not(self) -> None:
        async with serving(scene(Away())) as served:  # type: ignore[arg-type]
            assert await served.get("/readyz") == (503, "sqlite:receiver.db: locked\n")
            assert await served.get("/healthz") == (200, "ok\n")

    async def test_pages_without_a_ledger_say_so(self) -> None:
        async with serving(scene(Away())) as served:  # type: ignore[arg-type]
            status, text = await served.get("/", Accept="text/html")
            assert (status, "The ledger does not answer" in text) == (503, True)
            assert "Not known while the ledger does not answer" in text  # and no sums of 0
            for path in ("/jobs/147", "/batches/1", "/parked"):
                status, text = await served.get(path, Accept="text/html")
                assert (path, status) == (path, 503)
                assert "locked" in text
            status, text = await served.get("/metrics")
            assert status == 200
            assert 'receiver_ledger_errors_total{kind="LedgerUnavailable"} 1.0' in text

    async def test_a_job_that_is_silent_since_the_restart_has_its_last_arrival(
        self, day: Ledger
    ) -> None:
        async with serving(scene(day)) as served:
            _, text = await served.get("/metrics")
        for job in ("146", "147", "148"):
            assert f'receiver_last_arrival_timestamp_seconds{{job="{job}"}}' in text

    async def test_an_error_of_ours_shows_nothing_of_itself(
        self, empty: Ledger, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken() -> Any:
            raise ValueError("s3cret")

        async with serving(scene(empty, jobs=broken)) as served:
            status, text = await served.get("/", Accept="text/html")
        assert (status, "s3cret" in text + caplog.text) == (500, False)
        assert "status page: ValueError in " in caplog.text


class TestServer:
    async def test_an_address_that_is_taken_is_named(self, empty: Ledger) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            app = make_status_app(scene(empty), access=Access(), pulse=Pulse(), metrics=Metrics())
            with pytest.raises(ConfigError, match=f"listen 127.0.0.1:{port}: "):
                async with serve_status(app, host="127.0.0.1", port=port):
                    pass

    async def test_what_is_no_http_is_not_quoted_in_the_log(
        self, empty: Ledger, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        async with serving(scene(empty)) as served:
            port = int(served.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nAuthorization s3cret\r\n\r\n")
            await reader.read()
            writer.close()
        assert "s3cret" not in caplog.text

    async def test_thirty_who_look_cost_one_look(self, empty: Ledger) -> None:
        asked = 0

        class Counting:
            def __getattr__(self, name: str) -> object:
                nonlocal asked
                asked += name == "hours"
                return getattr(empty, name)

        await judge(empty, 146, HTTP, NOW.replace(hour=13))
        async with serving(scene(Counting())) as served:  # type: ignore[arg-type]
            await asyncio.gather(*(served.get("/") for _ in range(30)))
        assert asked <= 8

    async def test_thirty_who_look_have_it_drawn_once(
        self, empty: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn = []

        def draw(view: Overview) -> bytes:
            drawn.append(view)
            return b"drawn"

        monkeypatch.setattr(pages, "overview_page", draw)
        async with serving(scene(empty)) as served:
            answers = await asyncio.gather(*(served.get("/") for _ in range(30)))
        assert set(answers) == {(200, "drawn")}
        assert len(drawn) == 1

    async def test_a_place_has_the_number_that_the_metrics_have(self, empty: Ledger) -> None:
        async with serving(scene(empty)) as served:
            served.metrics.place_error(HTTP, "access denied")
            found = json.loads((await served.get("/status.json"))[1])
            (place,) = [each for each in found["places"] if each["place"] == HTTP]
            assert place["read_error"] == "access denied"
            sample = f'receiver_place_unreadable{{place="{place["number"]}"}} 1.0'
            assert sample in (await served.get("/metrics"))[1]
