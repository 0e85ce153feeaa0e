"""The first page: what is wrong, since when, where to look."""

from datetime import datetime, timedelta

import msgspec
import pytest

from receiver.check.report import Severity, Verdict
from receiver.daemon.status.overview import overview, parked_objects
from receiver.daemon.status.troubles import headline
from receiver.daemon.status.views import Level
from receiver.errors import LedgerUnavailable
from receiver.ledger.ledger import Hour, Ledger
from receiver.limits import STATUS_JOBS_MAX
from receiver.store.store import Object
from tests.unit.daemon.status.day import (
    DNS,
    FAILING_SINCE,
    HTTP,
    NOW,
    WatchedPlace,
    error_finding,
    jobs,
    judge,
    places,
    scene,
)

MINUTE = timedelta(minutes=1)


class Away:
    """A ledger that does not answer."""

    async def hours(self, **_: object) -> list[Hour]:
        raise LedgerUnavailable("sqlite:receiver.db: locked by another process")


class TestADay:
    async def test_it_says_what_is_wrong_and_since_when(self, day: Ledger) -> None:
        found = await overview(scene(day))
        assert headline(found.troubles, batches=1) == "3 things are wrong"
        silent, failing, parked = found.troubles
        assert silent.what == "Job 148 dns_logs is silent: no batch arrives"
        assert silent.look == "/jobs/148"
        assert (failing.since, failing.since_before) == (FAILING_SINCE, False)
        assert failing.look == "/jobs/147#findings"
        assert parked.what == "2 objects could not be read and are parked"
        assert found.verdict is Verdict.FAIL

    async def test_a_batch_that_comes_late_leaves_the_newest_window_where_it_was(
        self, empty: Ledger
    ) -> None:
        await judge(empty, 146, HTTP, NOW - 10 * MINUTE, late=1.0)
        await judge(empty, 146, HTTP, NOW - 60 * MINUTE, late=54 * 60.0)
        found = await overview(scene(empty))
        (job,) = [each for each in found.jobs if each.id == 146]
        assert job.last_window_end == NOW - 5 * MINUTE

    async def test_what_fails_in_no_hour_fails_all_the_same(self, empty: Ledger) -> None:
        await judge(empty, 146, HTTP, NOW - 10 * MINUTE)
        findings = (error_finding("gzip-crc"),)
        await judge(empty, 146, HTTP, NOW - 10 * MINUTE, findings, key="nameless.gz")
        found = await overview(scene(empty))
        (job,) = [each for each in found.jobs if each.id == 146]
        assert (job.verdict, job.totals.failed, job.nameless_failed) == (Verdict.FAIL, 0, 1)
        assert found.jobs[0] == job
        assert found.verdict is Verdict.FAIL
        said = "Job 146 http_requests has failed batches whose names tell no window"
        assert said in [each.what for each in found.troubles]

    async def test_jobs_in_trouble_come_first(self, day: Ledger) -> None:
        found = await overview(scene(day))
        assert [each.id for each in found.jobs] == [147, 148, 146]
        failing, silent, healthy = found.jobs
        assert failing.verdict is Verdict.FAIL
        assert silent.verdict is Verdict.PASS
        assert silent.usual == "usually at least 3 batches an hour"
        assert healthy.lag_seconds == 309.0
        assert healthy.totals.batches == sum(each.totals.batches for each in healthy.hours)

    async def test_a_job_of_the_past_is_shown_too(self, day: Ledger) -> None:
        found = await overview(scene(day, jobs=lambda: jobs()[:2]))
        gone = next(each for each in found.jobs if each.id == 148)
        assert not gone.configured
        assert gone.silent_since is None  # nobody waits for it


class TestNothing:
    async def test_without_a_batch_nobody_says_that_all_is_well(self, empty: Ledger) -> None:
        found = await overview(scene(empty, jobs=tuple, places=tuple))
        assert headline(found.troubles, batches=found.totals.batches) == "No batches in 24 hours"
        assert found.verdict is Verdict.INCONCLUSIVE

    async def test_jobs_that_wait_for_their_first_batch_are_no_trouble(self, empty: Ledger) -> None:
        found = await overview(scene(empty))
        assert not found.troubles
        assert {each.verdict for each in found.jobs} == {Verdict.INCONCLUSIVE}


class TestTroubles:
    async def test_a_place_that_cannot_be_listed_says_why(self, empty: Ledger) -> None:
        since = NOW - 20 * MINUTE
        denied = WatchedPlace(
            place=HTTP, last_listed_at=since, error="access denied; the role needs s3:ListBucket"
        )
        (trouble,) = (await overview(scene(empty, places=lambda: (denied,)))).troubles
        assert (trouble.level, trouble.since) == (Level.ERROR, since)
        assert trouble.detail == f"{denied.error}; Job 146 http_requests writes there"

    async def test_a_watcher_that_does_not_look_is_found_out(self, empty: Ledger) -> None:
        stuck = WatchedPlace(place=DNS, last_listed_at=NOW - 11 * MINUTE)
        (trouble,) = (await overview(scene(empty, places=lambda: (stuck,)))).troubles
        assert trouble.what == f"{DNS} is not listed"

    async def test_a_failure_that_is_over_is_to_look_at(self, empty: Ledger) -> None:
        start = NOW.replace(hour=8, minute=0, second=0)
        await judge(empty, 146, HTTP, start, (error_finding("gzip-crc"),))
        await judge(empty, 146, HTTP, start + 2 * timedelta(hours=1))
        found = await overview(scene(empty))
        (trouble,) = (each for each in found.troubles if "failed" in each.what)
        assert trouble.level is Level.WARNING
        assert (
            trouble.detail
            == "1 of 2 batches in 24 hours; none since 09:00 UTC; the last by gzip-crc"
        )

    async def test_what_fails_says_by_what(self, empty: Ledger) -> None:
        warning = msgspec.structs.replace(error_finding("line-blank"), severity=Severity.WARNING)
        finding = error_finding("field-missing", field="BotScore")
        await judge(empty, 146, HTTP, NOW - 10 * MINUTE, (warning, finding, finding))
        found = await overview(scene(empty))
        (job,) = [each for each in found.jobs if each.id == 146]
        assert job.fails_by == ("field-missing BotScore",)
        said = "1 of 1 batch in 24 hours; the last by field-missing BotScore"
        assert [each.detail for each in found.troubles] == [said]

    async def test_a_place_where_nothing_can_be_read_is_one_though_it_is_listed(
        self, empty: Ledger
    ) -> None:
        errors = {HTTP: "access denied; the role needs s3:GetObject"}
        found = await overview(scene(empty, read_errors=lambda: errors))
        (trouble,) = found.troubles
        assert (trouble.level, trouble.what) == (Level.ERROR, f"{HTTP} cannot be read")
        assert [each.read_error for each in found.places] == [errors[HTTP], "", ""]

    async def test_a_job_whose_place_cannot_be_read_says_so_and_comes_first(
        self, empty: Ledger
    ) -> None:
        away = WatchedPlace(place=DNS, last_listed_at=None, error="no answer")
        found = await overview(scene(empty, places=lambda: (away,)))
        assert [each.id for each in found.jobs if each.place_error] == [148]
        assert found.jobs[0].id == 148

    async def test_what_was_never_otherwise_comes_before_what_began(self) -> None:
        denied = WatchedPlace(place=HTTP, last_listed_at=NOW - 20 * MINUTE, error="access denied")
        found = await overview(scene(Away(), places=lambda: (denied,)))  # type: ignore[arg-type]
        assert found.troubles[0].detail == found.ledger_error

    async def test_what_waits_for_long_is_named(self, empty: Ledger) -> None:
        obj = Object(key="a.log.gz", etag="1", stored_bytes=1, arrived_at=NOW)
        await empty.see(HTTP, [obj], now=NOW - 11 * MINUTE)
        (trouble,) = (await overview(scene(empty))).troubles
        assert (trouble.level, trouble.since) == (Level.WARNING, NOW - 11 * MINUTE)

    async def test_a_ledger_that_is_away_hides_nothing_else(self) -> None:
        found = await overview(scene(Away()))  # type: ignore[arg-type]
        assert found.ledger_error == "sqlite:receiver.db: locked by another process"
        assert found.troubles[0].detail == found.ledger_error
        assert len(found.jobs) == 3
        assert found.places

    @pytest.mark.parametrize(
        ("answered_at", "level", "said"),
        [
            (NOW - MINUTE, Level.WARNING, "tells no jobs: those known before stay"),
            (None, Level.ERROR, "has told no jobs yet: they are not judged"),
        ],
    )
    async def test_a_source_that_does_not_answer_is_named(
        self, empty: Ledger, answered_at: datetime | None, level: Level, said: str
    ) -> None:
        class Source(msgspec.Struct):
            name: str = "[[jobs]] 2"
            answered_at: datetime | None = None
            error: str = "api.example: no answer in 60 s"

        source = Source(answered_at=answered_at)
        (trouble,) = (await overview(scene(empty, sources=lambda: (source,)))).troubles
        assert (trouble.level, trouble.what) == (level, f"[[jobs]] 2 {said}")


class TestManyJobs:
    @pytest.fixture
    async def many(self, empty: Ledger) -> Ledger:
        await judge(empty, 2000, HTTP, NOW - 10 * MINUTE, (error_finding("gzip-crc"),))
        return empty

    async def test_they_are_shown_a_page_at_a_time_and_the_failing_one_first(
        self, many: Ledger
    ) -> None:
        first = jobs()[0]
        all_ = tuple(msgspec.structs.replace(first, id=number) for number in range(2000, 2250))
        seen = []
        for page in (1, 2, 3):
            found = await overview(scene(many, jobs=lambda: all_), page=page)
            assert (found.jobs_count, found.pages) == (250, 3)
            assert len(found.jobs) <= STATUS_JOBS_MAX
            seen += [each.id for each in found.jobs]
        assert seen[0] == 2000
        assert sorted(each for each in seen if each) == list(range(2000, 2250))

    async def test_a_page_that_is_not_there_is_the_last(self, many: Ledger) -> None:
        assert (await overview(scene(many), page=99)).page == 1


async def test_jobs_without_ids_are_told_apart_by_their_places(empty: Ledger) -> None:
    await judge(empty, None, HTTP, NOW - 10 * MINUTE)
    await judge(empty, None, DNS, NOW - 10 * MINUTE, (error_finding("gzip-crc"),))
    nameless = [msgspec.structs.replace(each, id=None) for each in jobs()]
    found = await overview(scene(empty, jobs=lambda: nameless))
    verdicts = {each.places[0]: each.verdict for each in found.jobs}
    assert (verdicts[HTTP], verdicts[DNS]) == (Verdict.PASS, Verdict.FAIL)
    assert len({each.path for each in found.jobs}) == 3
    assert found.jobs[0].last_arrival is not None


async def test_parked_objects_are_listed_with_their_reasons(day: Ledger) -> None:
    found = await parked_objects(scene(day))
    assert [each.tries for each in found.parked] == [1, 1]
    assert found.parked[0].error == "AccessDenied: the role needs s3:GetObject"
    assert not found.more
    assert [each.place for each in places()][1] == found.parked[0].place
