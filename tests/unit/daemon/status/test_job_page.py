"""A job's page: its bars, its findings, and every batch on exactly one page of the list."""

from datetime import datetime, timedelta

import msgspec
import pytest

from receiver.check.report import Severity
from receiver.daemon.status.batch_page import batch_page
from receiver.daemon.status.batches import page_start
from receiver.daemon.status.job_page import Span, find_job, job_page
from receiver.daemon.status.views import JobPage
from receiver.ledger.ledger import Ledger
from receiver.limits import STATUS_BATCHES, STATUS_BATCHES_MAX
from tests.unit.daemon.status.day import HTTP, NOW, error_finding, judge, scene

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


async def page_of(ledger: Ledger, slug: str = "147", **asked: object) -> JobPage:
    seen = scene(ledger)
    known = await find_job(seen, slug)
    assert known is not None
    return await job_page(seen, known, **asked)  # type: ignore[arg-type]


class TestSpan:
    @pytest.mark.parametrize(("span", "bars"), [(Span.DAY, 24), (Span.WEEK, 28), (Span.MONTH, 30)])
    async def test_its_bars_hold_all_of_it(self, day: Ledger, span: Span, bars: int) -> None:
        found = await page_of(day, span=span)
        assert len(found.buckets) == bars
        assert sum(each.totals.batches for each in found.buckets) == found.totals.batches
        assert found.buckets[-1].start <= NOW < found.buckets[-1].end

    async def test_the_day_in_short_is_the_same_whatever_is_looked_at(self, day: Ledger) -> None:
        short = await page_of(day)
        assert (await page_of(day, span=Span.MONTH)).job == short.job


class TestList:
    @pytest.mark.parametrize("span", [Span.DAY, Span.WEEK])
    async def test_every_batch_is_on_one_page(self, day: Ledger, span: Span) -> None:
        seen: list[int] = []
        before: datetime | None = None
        for _ in range(100):
            found = await page_of(day, span=span, before=before)
            assert 0 < len(found.list.batches) <= STATUS_BATCHES
            seen += [each.id for each in found.list.batches]
            before = found.list.older
            if before is None:
                break
        assert len(seen) == len(set(seen)) == found.totals.batches

    async def test_batches_that_are_crowded_into_a_part_of_their_hour_are_found(
        self, empty: Ledger
    ) -> None:
        start = NOW.replace(hour=10, minute=0, second=0)
        for number in range(150):
            begin = start + timedelta(seconds=number)
            await judge(empty, 147, HTTP, begin, length=MINUTE, key=f"{number}.log.gz")
        seen: list[int] = []
        before: datetime | None = None
        while True:
            found = await page_of(empty, before=before)
            seen += [each.id for each in found.list.batches]
            before = found.list.older
            if before is None:
                break
            assert found.list.batches
            assert not found.list.more
        assert len(seen) == len(set(seen)) == 150

    async def test_it_can_be_of_those_that_failed(self, day: Ledger) -> None:
        found = await page_of(day, failed_only=True)
        assert len(found.list.batches) == found.totals.failed
        assert all(each.errors for each in found.list.batches)

    async def test_one_whose_name_tells_no_window_is_listed_by_itself(self, empty: Ledger) -> None:
        await judge(empty, 147, HTTP, NOW - HOUR, key="nameless.gz")
        found = await page_of(empty)
        assert not found.list.batches
        assert [each.key for each in found.list.nameless] == ["nameless.gz"]

    async def test_a_content_that_took_the_place_of_another_is_marked(self, empty: Ledger) -> None:
        for etag in ("1", "2"):
            await judge(empty, 147, HTTP, NOW - HOUR, key="a.log.gz", etag=etag)
        found = await page_of(empty)
        assert sorted(each.rewrites for each in found.list.batches) == ["", "1"]

    async def test_of_a_job_that_never_wrote_there_is_none(self, empty: Ledger) -> None:
        found = await page_of(empty)
        assert found.list.older is None
        assert not found.list.batches

    async def test_more_at_one_moment_than_a_page_holds_are_left_out_and_said(
        self, empty: Ledger
    ) -> None:
        for number in range(STATUS_BATCHES_MAX + 5):
            await judge(empty, 147, HTTP, NOW - HOUR, key=f"{number}.log.gz")
        found = await page_of(empty)
        assert len(found.list.batches) == STATUS_BATCHES_MAX
        assert found.list.more


class TestPageStart:
    def test_a_page_holds_whole_hours_while_they_are_small(self) -> None:
        hours = {NOW - n * HOUR: 20 for n in range(1, 9)}
        assert page_start(hours, NOW, end=NOW) == NOW - 2 * HOUR

    def test_an_hour_that_is_too_large_is_cut(self) -> None:
        start = NOW.replace(minute=0, second=0)
        assert (
            page_start({start: 10 * STATUS_BATCHES}, start + HOUR, end=start + HOUR)
            == start + 54 * MINUTE
        )

    def test_of_the_hour_that_is_running_what_is_over_holds_them(self) -> None:
        start = NOW.replace(minute=0, second=0)
        now = start + 10 * MINUTE
        assert page_start({start: 10 * STATUS_BATCHES}, now, end=now) == start + 9 * MINUTE

    def test_before_everything_there_is_nothing(self) -> None:
        assert page_start({NOW: 5}, NOW, end=NOW) == NOW


class TestFindings:
    async def test_they_are_gathered_by_code_errors_first(self, day: Ledger) -> None:
        found = (await page_of(day)).findings
        assert found.batches == found.of == (await page_of(day)).totals.failed
        assert found.findings[-1].severity is Severity.WARNING
        missing = next(each for each in found.findings if each.code == "field-missing")
        assert [name for name, _ in missing.fields] == ["BotScore", "BotTags"]
        assert missing.meaning == "The job asks for the field and the record has no such key."
        assert missing.examples[0].batch.startswith("/batches/")

    async def test_what_several_fields_differ_in_stands_with_the_examples_alone(
        self, empty: Ledger
    ) -> None:
        status = error_finding("field-type", field="EdgeResponseStatus")
        address = msgspec.structs.replace(status, field="ClientIP", expected="string", got="int")
        status = msgspec.structs.replace(status, expected="int", got="string")
        await judge(empty, 147, HTTP, NOW - HOUR, (status,))
        (alone,) = (await page_of(empty)).findings.findings
        assert (alone.expected, alone.got) == ("int", "string")
        await judge(empty, 147, HTTP, NOW - 2 * HOUR, (address,))
        (both,) = (await page_of(empty)).findings.findings
        assert (both.expected, both.got) == ("", "")
        assert [each.field for each in both.examples] == ["EdgeResponseStatus", "ClientIP"]

    async def test_a_code_of_a_newer_version_is_shown(self, empty: Ledger) -> None:
        await judge(empty, 147, HTTP, NOW - HOUR, (error_finding("line-purple"),))
        (finding,) = (await page_of(empty)).findings.findings
        assert finding.code == "line-purple"

    async def test_batches_with_warnings_alone_are_looked_at_too(self, day: Ledger) -> None:
        found = (await page_of(day, "146")).findings
        assert [each.code for each in found.findings] == ["record-repeated"]


class TestBatch:
    async def test_its_page_has_the_report_and_the_entry(self, empty: Ledger) -> None:
        finding = error_finding("field-missing", field="BotScore")
        number = await judge(empty, 147, HTTP, NOW - HOUR, (finding,), notes=("a note",))
        found = await batch_page(scene(empty), number)
        assert found is not None
        assert (found.findings, found.notes) == ((finding,), ("a note",))
        assert (found.place, found.job_path, found.lateness_seconds) == (HTTP, "/jobs/147", 42.0)

    async def test_what_was_never_judged_has_none(self, empty: Ledger) -> None:
        assert await batch_page(scene(empty), 1) is None


@pytest.mark.parametrize("slug", ["999", "nonsense", "at-0123456789", "9" * 20])
async def test_a_job_that_nobody_knows_is_not_found(day: Ledger, slug: str) -> None:
    assert await find_job(scene(day), slug) is None
