"""One verification over several places and jobs: what one of them lacks costs no other."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from receiver.cli.jobs import ask
from receiver.cli.verification import Request, verify_request
from receiver.clock import SystemClock
from receiver.report.sweep_report import Exit, SweepReport
from tests.unit.sweeping import body, name, write

GOOD = name("20261122T1015")
LATER = name("20261122T1016")
NDJSON = {"id": 1, "logpull_options": "fields=RayID,ClientIP"}
CSV = {"id": 2, "output_options": {"output_type": "csv", "field_names": ["RayID"]}}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials are found here, and none are looked for in the network."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "no-such.json"))


async def verified(
    folder: Path, *jobs: dict[str, Any], sources: tuple[str, ...] = ()
) -> SweepReport:
    file = folder / "jobs.json"
    file.write_text(json.dumps([{"dataset": "http_requests", **job} for job in jobs]))
    request = Request(
        asked=tuple(ask([str(file)], None, None)),
        sources=sources,
        processes=1,
        keep_reports=True,
    )
    return await verify_request(request, clock=SystemClock())


def keys(report: SweepReport) -> list[str]:
    return [each.key for each in report.reports]


def unread(report: SweepReport) -> dict[str, str]:
    return {each.key: each.error for each in report.unread}


async def test_a_source_that_cannot_be_asked_is_unread_and_the_others_are_verified(
    tmp_path: Path,
) -> None:
    write(tmp_path / "ok" / GOOD)
    sources = (str(tmp_path / "ok"), "gs://nope/x")
    report = await verified(tmp_path, NDJSON, sources=sources)
    assert keys(report) == [GOOD]
    assert list(unread(report)) == ["gs://nope/x"]
    assert "credentials" in unread(report)["gs://nope/x"]
    assert report.exit_code is Exit.UNREAD


async def test_what_failed_weighs_more_than_a_source_that_cannot_be_asked(tmp_path: Path) -> None:
    write(tmp_path / "bad" / GOOD, b"no gzip")
    report = await verified(tmp_path, NDJSON, sources=(str(tmp_path / "bad"), "gs://nope/x"))
    assert report.exit_code is Exit.FAIL


async def test_each_place_that_is_not_there_is_unread_and_no_other(tmp_path: Path) -> None:
    write(tmp_path / "ok" / GOOD)
    places = ("ok", "gone", "lost")
    jobs = [
        {**NDJSON, "id": number, "destination_conf": f"file://{tmp_path}/{place}"}
        for number, place in enumerate(places, start=1)
    ]
    report = await verified(tmp_path, *jobs)
    assert keys(report) == [GOOD]
    assert unread(report) == {
        f"file://{tmp_path}/{place}": f"{tmp_path}/{place}: there is no such file or folder"
        for place in places[1:]
    }


async def test_of_several_sources_a_finding_says_in_which_its_batch_lies(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(tmp_path / folder / GOOD, b"no gzip" if folder == "b" else None)
    report = await verified(tmp_path, NDJSON, sources=(f"{tmp_path}/a", f"{tmp_path}/b"))
    shown = {total.first.key for total in report.summary.kinds.values()}
    assert shown == {f"file://{tmp_path}/b/{GOOD}"}
    assert keys(report) == [GOOD, GOOD]
    assert [each.notes[-1] for each in report.reports] == [
        f"it lies in file://{tmp_path}/{folder}" for folder in ("a", "b")
    ]
    assert report.summary.noted == 0


async def test_of_one_source_a_finding_says_only_the_key(tmp_path: Path) -> None:
    write(tmp_path / "a" / GOOD, b"no gzip")
    report = await verified(tmp_path, NDJSON, sources=(str(tmp_path / "a"),))
    assert {total.first.key for total in report.summary.kinds.values()} == {GOOD}
    assert report.reports[0].notes == ()


async def test_what_a_job_writes_that_cannot_be_judged_is_charged_to_no_other(
    tmp_path: Path,
) -> None:
    write(tmp_path / "logs" / GOOD)
    write(tmp_path / "logs" / LATER, body(1))
    write(tmp_path / "logs" / "csv" / GOOD, b"of the job that cannot be judged")
    conf = f"file://{tmp_path}/logs"
    csv = {**CSV, "destination_conf": f"{conf}/csv"}
    report = await verified(tmp_path, {**NDJSON, "destination_conf": conf}, csv)
    assert keys(report) == [GOOD, LATER]
    assert report.summary.errors == 0
    assert report.exit_code is Exit.INCONCLUSIVE


async def test_in_a_place_shared_with_a_job_that_cannot_be_judged_a_strange_batch_is_that_jobs(
    tmp_path: Path,
) -> None:
    write(tmp_path / "logs" / GOOD)
    write(tmp_path / "logs" / LATER, gzip.compress(b"a,b\nc,d\n"))
    conf = f"file://{tmp_path}/logs"
    jobs = [{**NDJSON, "destination_conf": conf}, {**CSV, "destination_conf": conf}]
    for sources in ((), (str(tmp_path / "logs"),)):
        report = await verified(tmp_path, *jobs, sources=sources)
        assert [(each.key, each.findings) for each in report.reports] == [(GOOD, ()), (LATER, ())]
        assert report.exit_code is Exit.INCONCLUSIVE


async def test_where_no_job_can_be_judged_nothing_is_read(tmp_path: Path) -> None:
    write(tmp_path / "logs" / GOOD, b"whatever")
    for sources in ((), (str(tmp_path / "logs"),)):
        csv = {**CSV, "destination_conf": f"file://{tmp_path}/logs"}
        report = await verified(tmp_path, csv, sources=sources)
        assert (keys(report), report.exit_code) == ([], Exit.INCONCLUSIVE)
        assert report.unanswered != ()
