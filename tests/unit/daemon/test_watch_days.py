"""Which days are open, and which are looked at once more."""

from datetime import UTC, date, datetime, timedelta

from receiver.daemon.days import Stretch, mark, resume_key, stretches
from receiver.destination.parse import parse_destination
from receiver.limits import SPAN_DAYS_MAX

DATED = parse_destination("s3://b/logs/{DATE}?region=us-east-1")
PLAIN = parse_destination("s3://b/logs?region=us-east-1")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def looked_at(
    now: datetime, *, watched_until: datetime | None = None, lateness: timedelta = 2 * HOUR
) -> list[tuple[int, str]]:
    """Return the days, each with what is done to it."""
    found = stretches(DATED, watched_until=watched_until, now=now, lateness=lateness)
    kind = {(True, True): "polled", (False, True): "walked", (False, False): "closed"}
    return [(each.day.day if each.day else 0, kind[each.polled, each.open]) for each in found]


def test_at_noon_only_today_is_open() -> None:
    assert looked_at(at(12)) == [(22, "polled")]


def test_around_midnight_two_days_are_polled() -> None:
    assert looked_at(at(23, 49)) == [(22, "polled")]
    assert looked_at(at(23, 51)) == [(23, "polled"), (22, "polled")]
    assert looked_at(at(0, 30)) == [(22, "polled"), (21, "polled")]
    assert looked_at(at(1, 30)) == [(22, "polled"), (21, "walked")]
    assert looked_at(at(2, 9)) == [(22, "polled"), (21, "walked")]
    assert looked_at(at(2, 11)) == [(22, "polled")]


def test_a_day_is_open_for_as_long_as_batches_may_be_late() -> None:
    assert [day for day, _ in looked_at(at(12), lateness=3 * DAY)] == [22, 21, 20, 19]
    assert [day for day, _ in looked_at(at(12), lateness=timedelta())] == [22]


def test_a_day_that_is_over_is_looked_at_once_more() -> None:
    assert looked_at(at(2, 11), watched_until=at(2, 9)) == [(22, "polled"), (21, "closed")]
    assert looked_at(at(2, 12), watched_until=at(2, 11)) == [(22, "polled")]


def test_after_an_absence_every_day_since_is_looked_at() -> None:
    assert looked_at(at(12), watched_until=at(1, day=19)) == [
        (22, "polled"),
        (21, "closed"),
        (20, "closed"),
        (19, "closed"),
        (18, "closed"),
    ]


def test_a_clock_set_back_opens_the_days_that_are_open_now() -> None:
    assert looked_at(at(12), watched_until=at(12, day=29)) == [(22, "polled")]


def test_a_clock_set_far_ahead_has_its_bounds() -> None:
    ahead = at(12) + 10_000 * DAY
    assert len(looked_at(ahead, watched_until=at(12))) == SPAN_DAYS_MAX


def test_a_days_folder_is_its_prefix() -> None:
    (today,) = stretches(DATED, watched_until=None, now=at(12), lateness=HOUR)
    assert (today.prefix, today.stem) == ("logs/20261122/", "logs/20261122/")
    assert resume_key(today.stem, at(10, 15)) == "logs/20261122/20261122T101500"


def test_without_date_the_names_of_a_day_are_and_the_whole_place_is_walked() -> None:
    found = stretches(PLAIN, watched_until=None, now=at(12), lateness=HOUR)
    assert found == [
        Stretch(
            prefix="logs/20261122T", stem="logs/", day=date(2026, 11, 22), polled=True, open=True
        ),
        Stretch(prefix="logs/", stem="logs/"),
    ]


def test_the_mark_is_no_prefix_that_is_listed() -> None:
    for each in (DATED, PLAIN):
        now = at(12)
        listed = stretches(each, watched_until=None, now=now, lateness=HOUR)
        assert mark(each) not in {stretch.prefix for stretch in listed}
