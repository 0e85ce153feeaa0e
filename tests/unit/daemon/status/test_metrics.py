"""Metrics: their names, their bounds, and what they count."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from receiver.check.report import Finding, Severity
from receiver.daemon.metrics import Metrics, measure_stalls
from receiver.errors import LedgerUnavailable, Reason
from receiver.intake.observer import IntakeObserver
from receiver.ledger.ledger import Entry, Judgement, Ledger
from receiver.limits import METRIC_LABELS_MAX
from tests.unit.daemon.status.day import HTTP, NOW, error_finding, judge, places

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def judged(empty: Ledger) -> tuple[Entry, Judgement]:
    """An entry and what came of it."""
    number = await judge(empty, 147, HTTP, NOW - 10 * MINUTE, (error_finding("gzip-crc"),))
    (entry,) = [each async for each in empty.entries()]
    report = await empty.report(number)
    assert report is not None
    waiting = msgspec.structs.replace(entry, judgements=0)
    return waiting, Judgement(report=report, etag="1", digest="")


def samples(metrics: Metrics) -> dict[str, float]:
    """Return all samples by name and labels."""
    return dict(_samples(metrics))


def _samples(metrics: Metrics) -> Iterator[tuple[str, float]]:
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        for each in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(each.labels.items()))
            yield f"{each.name}{{{labels}}}", each.value


def test_an_intake_can_tell_it() -> None:
    observer: IntakeObserver = Metrics()
    observer.in_flight(HTTP, objects=2, cost_bytes=100)


def test_every_name_is_ours_and_says_what_it_is() -> None:
    metrics = Metrics()
    families = list(metrics.registry.collect())
    assert families
    for family in families:
        assert family.name.startswith("receiver_")
        assert family.documentation.endswith(".")
        assert not family.name.endswith(("_ms", "_kb", "_minutes"))


def test_a_batch_is_counted_once(judged: tuple[Entry, Judgement]) -> None:
    metrics = Metrics()
    metrics.judged(*judged, read_seconds=0.2)
    found = samples(metrics)
    assert found["receiver_batches_total{job=147,verdict=fail}"] == 1
    assert found["receiver_records_total{job=147}"] == 1000
    assert found["receiver_findings_total{code=gzip-crc,job=147,severity=error}"] == 1
    assert found["receiver_lateness_seconds_sum{job=147}"] == 42
    assert found["receiver_judging_seconds_count{}"] == 1
    arrival = judged[0].arrived_at.timestamp()
    assert found["receiver_last_arrival_timestamp_seconds{job=147}"] == arrival


def test_a_replay_moves_no_lateness_and_no_arrival(judged: tuple[Entry, Judgement]) -> None:
    metrics = Metrics()
    again = msgspec.structs.replace(judged[0], judgements=1)
    metrics.judged(again, judged[1], read_seconds=0.2)
    found = samples(metrics)
    assert found["receiver_judgements_repeated_total{job=147}"] == 1
    assert "receiver_lateness_seconds_sum{job=147}" not in found


def test_a_content_that_took_the_place_of_another_is_counted(
    judged: tuple[Entry, Judgement],
) -> None:
    entry, judgement = judged
    metrics = Metrics()
    metrics.judged(entry, judgement, read_seconds=0.1)
    assert "receiver_rewritten_batches_total{job=147}" not in samples(metrics)
    rewritten = msgspec.structs.replace(entry, rewrites="0")
    metrics.judged(rewritten, judgement, read_seconds=0.1)
    assert samples(metrics)["receiver_rewritten_batches_total{job=147}"] == 1


def test_findings_of_one_code_are_one_batch_and_all_departures(
    judged: tuple[Entry, Judgement],
) -> None:
    metrics = Metrics()
    both = [
        Finding(code="field-type", severity=Severity.ERROR, field=field, count=5)
        for field in ("A", "B")
    ]
    report = msgspec.structs.replace(judged[1].report, findings=tuple(both))
    judgement = msgspec.structs.replace(judged[1], report=report)
    metrics.judged(judged[0], judgement, read_seconds=0.2)
    found = samples(metrics)
    labels = "{code=field-type,job=147,severity=error}"
    assert found[f"receiver_findings_total{labels}"] == 1
    assert found[f"receiver_departures_total{labels}"] == 10


def test_what_a_store_did_not_give_is_counted_by_reason(judged: tuple[Entry, Judgement]) -> None:
    metrics, entry = Metrics(), judged[0]
    metrics.put_back(entry, error="denied", reason=Reason.READ_DENIED)
    metrics.put_back(entry, error="", reason=None)  # let go at the end: nothing was wrong
    metrics.parked(entry, error="gone", reason=None)
    metrics.lost(entry)
    found = samples(metrics)
    assert found["receiver_store_errors_total{place=1,reason=read-denied}"] == 1
    assert found["receiver_store_errors_total{place=1,reason=other}"] == 1
    assert found["receiver_put_back_objects_total{place=1}"] == 1
    assert found["receiver_parked_objects_total{place=1}"] == 1
    assert found["receiver_claims_lost_total{place=1}"] == 1
    assert found["receiver_place_info{place=1,scheme=s3}"] == 1


def test_places_tell_when_they_were_listed() -> None:
    metrics = Metrics()
    metrics.places(places())
    metrics.place_error(HTTP, "denied")
    metrics.queue(waiting_seconds=3, parked=2)
    metrics.ledger_error(LedgerUnavailable("locked"))
    found = samples(metrics)
    listed = (NOW - timedelta(seconds=3)).timestamp()
    assert found["receiver_last_listing_timestamp_seconds{place=1}"] == listed
    assert found["receiver_place_unreadable{place=1}"] == 1
    assert found["receiver_place_unlisted{place=1}"] == 0
    assert found["receiver_waiting_oldest_seconds{}"] == 3
    assert found["receiver_parked_entries{}"] == 2
    assert found["receiver_ledger_errors_total{kind=LedgerUnavailable}"] == 1


def test_a_place_is_called_unreadable_until_something_is_read_there() -> None:
    metrics = Metrics()
    metrics.place_error(HTTP, "access denied")
    assert metrics.place_errors() == {HTTP: "access denied"}
    place = f"place={metrics.place_number(HTTP)}"
    assert samples(metrics)[f"receiver_place_unreadable{{{place}}}"] == 1
    metrics.place_error(HTTP, "")
    assert metrics.place_errors() == {}
    assert samples(metrics)[f"receiver_place_unreadable{{{place}}}"] == 0


def test_the_number_of_jobs_and_places_is_bounded(judged: tuple[Entry, Judgement]) -> None:
    metrics, (entry, judgement) = Metrics(), judged
    for number in range(METRIC_LABELS_MAX + 50):
        report = msgspec.structs.replace(judgement.report, job=number, findings=())
        told = msgspec.structs.replace(judgement, report=report)
        metrics.judged(entry, told, read_seconds=0.1)
        metrics.place_error(f"s3://bucket-{number}/", "")
    found = samples(metrics)
    assert sum("receiver_records_total" in name for name in found) == METRIC_LABELS_MAX + 1
    assert found["receiver_records_total{job=other}"] == 50_000
    assert sum("place_unreadable" in name for name in found) == METRIC_LABELS_MAX + 1


def test_whoever_shows_pages_is_told_of_changes(judged: tuple[Entry, Judgement]) -> None:
    told: list[None] = []
    metrics = Metrics(changed=lambda: told.append(None))
    metrics.judged(*judged, read_seconds=0.1)
    metrics.in_flight(HTTP, objects=1, cost_bytes=1)
    assert len(told) == 1


async def test_a_stall_of_the_event_loop_is_measured() -> None:
    metrics = Metrics()
    measuring = asyncio.create_task(measure_stalls(metrics, seconds=0.001))
    await asyncio.sleep(0.01)
    measuring.cancel()
    assert samples(metrics)["receiver_loop_stall_seconds_count{}"] >= 1
