"""What `verify` does with a day in a bucket: the same of every cloud. Each joins by a subclass."""

import asyncio
import signal
from pathlib import Path
from typing import ClassVar

import pytest

from tests.e2e.compressors import TOOLS, installed
from tests.e2e.deliveries import HTTP, MIDNIGHT, SPECTRUM, WINDOW, Delivery, clean, faulty, job
from tests.e2e.places import Place
from tests.e2e.verifying import Verify
from tests.servers.proxy import Cut, FaultProxy, Faults, fault_proxy

CLEAN, FAULTY, LARGE = "clean/{DATE}/", "faulty/{DATE}/", "large/{DATE}/"
LARGE_RECORDS = 1000


class StoreSuite:
    """Days that are read and never changed: written once for all tests of a subclass."""

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls) -> Place:
        raise NotImplementedError

    @pytest.fixture
    def verify(self, place: Place, tmp_path: Path) -> Verify:
        verify = Verify(tmp_path, environment=place.environment)
        verify.secrets = place.secrets  # the place's own list: confs add to it
        return verify

    @pytest.fixture(scope="class")
    @classmethod
    def clean_day(cls, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Delivery:
        return place.deliver(clean(CLEAN, installed(), tmp_path_factory.mktemp("clean")))

    @pytest.fixture(scope="class")
    @classmethod
    def faulty_day(cls, place: Place) -> Delivery:
        return place.deliver(faulty(FAULTY))

    async def test_a_clean_day_passes_and_all_of_it_is_counted(
        self, place: Place, clean_day: Delivery, verify: Verify
    ) -> None:
        outcome = await verify(job(place.conf(CLEAN)))
        assert outcome.code == 0, outcome
        report = outcome.report
        assert report["verdict"] == "pass"
        assert report["totals"] == clean_day.totals
        assert outcome.keys == sorted(clean_day.objects)
        assert not outcome.found
        assert {batch["job"] for batch in report["batches"]} == {HTTP.id}
        assert [each["key"] for each in report["ignored"]] == sorted(clean_day.companions)
        assert report["unread"] == []
        assert f"{clean_day.records:,} records" in outcome.text
        assert outcome.stderr == ""

    async def test_faults_are_found_each_in_its_place_and_nothing_else(
        self, place: Place, faulty_day: Delivery, verify: Verify
    ) -> None:
        outcome = await verify(job(place.conf(FAULTY)))
        assert outcome.code == 1, outcome
        assert outcome.report["verdict"] == "fail"
        assert outcome.found == faulty_day.faults
        assert outcome.keys == sorted(faulty_day.objects)

    async def test_a_span_over_midnight_takes_the_batches_that_begin_in_it(
        self, place: Place, clean_day: Delivery, verify: Verify
    ) -> None:
        start, end = (f"{MIDNIGHT + n * WINDOW:%Y-%m-%dT%H:%M:%SZ}" for n in (-2, 2))
        outcome = await verify(job(place.conf(CLEAN)), "--from", start, "--to", end)
        assert outcome.code == 0, outcome
        days = [key.split("/")[1] for key in outcome.keys]
        assert days == ["20240229", "20240229", "20240301", "20240301"]
        assert outcome.report["ignored"] == []  # they lie above the days' folders

    async def test_an_object_is_verified_by_its_url(
        self, place: Place, clean_day: Delivery, verify: Verify
    ) -> None:
        key = max(clean_day.objects)
        outcome = await verify(job(place.conf(CLEAN)), place.conf(key))
        assert outcome.code == 0, outcome
        assert outcome.keys == [key]

    async def test_a_folder_with_nothing_in_it_is_inconclusive(
        self, place: Place, verify: Verify
    ) -> None:
        outcome = await verify(job(place.conf("empty/{DATE}/")))
        assert outcome.code == 4, outcome
        assert outcome.report["verdict"] == "inconclusive"

    async def test_a_bucket_that_is_not_there_is_named(self, place: Place, verify: Verify) -> None:
        outcome = await verify(job(place.conf(CLEAN, bucket="no-such-bucket")))
        assert outcome.code == 3, outcome
        assert "no-such-bucket" in outcome.said
        assert "no such" in outcome.said


class WholeStoreSuite(StoreSuite):
    """Also: several jobs in one folder, worker processes, and a network that breaks."""

    cut_after: ClassVar = 25_000  # bytes that every connection brings before it breaks

    @pytest.fixture(scope="class")
    @classmethod
    def large_day(cls, place: Place, tmp_path_factory: pytest.TempPathFactory) -> Delivery:
        """Three small batches, then one that takes long to read."""
        folder, stored = tmp_path_factory.mktemp("large"), TOOLS["python3"]["Python's gzip, stored"]
        day = clean(LARGE, [stored], folder, count=4, records=[60, 60, 60, LARGE_RECORDS])
        day.companions = {}
        return place.deliver(day)

    async def test_jobs_in_one_folder_are_told_apart_by_one_process_and_by_two(
        self, place: Place, faulty_day: Delivery, verify: Verify, tmp_path: Path
    ) -> None:
        other = clean(FAULTY, installed(), tmp_path, count=4, demo=SPECTRUM)
        place.deliver(other)
        jobs = [job(place.conf(FAULTY), demo) for demo in (HTTP, SPECTRUM)]
        one, two = await asyncio.gather(verify(jobs, "-j", "1"), verify(jobs, "-j", "2"))
        assert one.code == two.code == 1, one
        assert one.stdout == two.stdout
        assert one.text == two.text
        assert one.found == faulty_day.faults
        judged = {batch["key"]: batch["job"] for batch in one.report["batches"]}
        assert {judged[key] for key in other.objects} == {SPECTRUM.id}

    async def test_a_network_that_fails_now_and_then_costs_nothing(
        self, place: Place, large_day: Delivery, verify: Verify
    ) -> None:
        failures = [
            *(Faults(cut_after=70_000, cut=cut, cuts=3) for cut in Cut),
            Faults(unavailable=2),
        ]

        async def survived(faults: Faults) -> None:
            async with fault_proxy(place.port) as proxy:
                proxy.faults = faults
                outcome = await verify(job(place.conf(LARGE)), *place.endpoint(proxy.port))
            assert outcome.code == 0, outcome
            assert outcome.report["totals"] == large_day.totals
            assert not faults.unavailable
            assert not faults.cuts or faults.cut_after is None

        await asyncio.gather(*map(survived, failures))

    async def test_connections_that_all_break_are_never_taken_for_a_fault_of_the_batch(
        self, place: Place, large_day: Delivery, verify: Verify
    ) -> None:
        async with fault_proxy(place.port) as proxy:
            proxy.faults = Faults(cut_after=self.cut_after)
            outcome = await verify(job(place.conf(LARGE)), *place.endpoint(proxy.port))
        assert outcome.code in {0, 3}, outcome
        assert not outcome.found
        unread = [each["key"] for each in outcome.report["unread"]]
        assert sorted(outcome.keys + unread) == sorted(large_day.objects)
        assert (outcome.code == 0) == (unread == [])

    async def test_a_store_that_says_nothing_whole_could_not_be_looked_at(
        self, place: Place, verify: Verify
    ) -> None:
        async with fault_proxy(place.port) as proxy:
            proxy.faults = Faults(cut_after=100)
            outcome = await verify(job(place.conf(LARGE)), *place.endpoint(proxy.port))
        assert outcome.code == 3, outcome
        assert outcome.report["verdict"] == "inconclusive"
        assert outcome.report["batches"] == []

    async def test_ctrl_c_ends_it_with_the_report_so_far(
        self, place: Place, large_day: Delivery, verify: Verify
    ) -> None:
        async def interrupted(processes: str) -> None:
            async with fault_proxy(place.port) as proxy:
                proxy.faults = Faults(stall_after=300_000, stalls=1)
                process, text = await verify.start(
                    job(place.conf(LARGE)), "-j", processes, *place.endpoint(proxy.port)
                )
                await _stalled(proxy, large_day)
                await asyncio.sleep(1)  # what was read may still be on its way to the report
                process.send_signal(signal.SIGINT)
                async with asyncio.timeout(10):  # what stalls is not waited for
                    outcome = await verify.end(process, text)
            assert outcome.code == 130, outcome
            assert outcome.keys == sorted(large_day.objects)[:3]
            assert outcome.report["verdict"] == "inconclusive"
            assert "interrupted" in outcome.report["notes"][0]

        await asyncio.gather(interrupted("1"), interrupted("2"))


async def _stalled(proxy: FaultProxy, delivery: Delivery) -> None:
    """Wait until every object was asked for, and the largest no longer gets on."""
    names = [key.rpartition("/")[2].encode() for key in delivery.objects]

    def stalled() -> bool:
        asked = b"".join(proxy.requests)
        return not proxy.faults.stalls and all(name in asked for name in names)

    async with asyncio.timeout(30):
        while not stalled():  # noqa: ASYNC110 (a proxy tells nobody)
            await asyncio.sleep(0.02)
