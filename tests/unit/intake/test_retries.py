"""What becomes of what could not be read."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from receiver.errors import Reason
from receiver.intake.retries import Retries, Retry, doubts_place, retry_of
from receiver.ledger.ledger import Entry, State
from receiver.workers.reading import Answer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RETRIES = Retries(tries=3, park_after=timedelta(hours=1))


def decided(
    reason: Reason | None, *, tries: int = 0, age_hours: float = 0, of_place: bool = False
) -> Retry:
    entry = Entry(
        id=1,
        place="p",
        key="k",
        etag="e",
        state=State.WAITING,
        stored_bytes=1,
        arrived_at=NOW,
        seen_at=NOW - timedelta(hours=age_hours),
        tries=tries,
    )
    answer = Answer(etag="e", error="x", reason=reason, of_place=of_place)
    return retry_of(entry, answer, retries=RETRIES, now=NOW, random=Random(1))


def test_each_wait_is_longer_and_none_is_longer_than_an_hour() -> None:
    waits = []
    for tries in range(2000):
        due = decided(Reason.UNAVAILABLE, tries=tries).next_try_at
        assert due is not None
        waits.append((due - NOW).total_seconds())
    assert 2.5 <= waits[0] <= 5
    assert 20 <= waits[3] <= 40
    assert max(waits) <= 3600
    assert min(waits[10:]) >= 1800


def test_it_is_parked_when_it_was_tried_often_and_for_long() -> None:
    assert not decided(Reason.UNAVAILABLE, tries=100, age_hours=0.9).park
    assert not decided(Reason.UNAVAILABLE, tries=1, age_hours=100).park
    assert decided(Reason.UNAVAILABLE, tries=2, age_hours=1).park
    assert decided(Reason.READ_DENIED, tries=2, age_hours=1).park
    assert decided(None, tries=2, age_hours=1).park


@pytest.mark.parametrize("reason", [Reason.OBJECT_MISSING, Reason.OBJECT_ARCHIVED, Reason.REFUSED])
def test_what_will_never_be_readable_is_parked_at_once(reason: Reason) -> None:
    assert decided(reason) == Retry(next_try_at=None, park=True)


def test_what_was_changed_while_it_was_read_is_read_again() -> None:
    assert not decided(Reason.OBJECT_CHANGED).park


@pytest.mark.parametrize("reason", [Reason.KEYS_EXPIRED, Reason.SAS_EXPIRED, Reason.BUCKET_MISSING])
def test_what_is_wrong_with_the_place_parks_none_of_its_objects(reason: Reason) -> None:
    retry = decided(reason, tries=10_000, age_hours=10_000)
    assert not retry.park
    assert retry.next_try_at is not None
    assert retry.next_try_at <= NOW + timedelta(seconds=60)
    assert not decided(None, tries=10_000, age_hours=10_000, of_place=True).park


def test_a_place_is_in_doubt_unless_it_is_the_objects_own_trouble() -> None:
    doubtful = {each for each in Reason if doubts_place(Answer(etag="e", reason=each))}
    assert {each for each in Reason if each not in doubtful} == {
        Reason.OBJECT_MISSING,
        Reason.OBJECT_CHANGED,
        Reason.OBJECT_ARCHIVED,
    }
    assert not doubts_place(Answer(etag="e", error="a mistake of this program"))
    assert doubts_place(Answer(etag="e", error="cannot be opened", of_place=True))
