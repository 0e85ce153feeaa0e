from datetime import UTC, datetime

import pytest

from receiver.batch.name import read_name, reason_to_ignore

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_name_claims_a_window_and_an_opaque_id() -> None:
    name = read_name("logs/20261122/20261122T100000Z_20261122T100100Z_9a-f5_00.log.gz")
    assert name is not None
    assert (name.start, name.end, name.id) == (TEN, TEN.replace(minute=1), "9a-f5_00")
    assert name.window == (TEN, TEN.replace(minute=1))


def test_a_name_with_one_time_claims_no_window() -> None:
    name = read_name("20261122T100000Z_9af500e2.log.gz")
    assert name is not None
    assert (name.start, name.end, name.id, name.window) == (TEN, None, "9af500e2", None)


def test_an_end_before_the_start_is_no_window() -> None:
    name = read_name("20261122T100000Z_20261122T095959Z_x.log.gz")
    assert name is not None
    assert name.window is None


@pytest.mark.parametrize(
    "key",
    [
        *("", "x", "test.txt.gz", "20261122T100000Z.log.gz", "20261122T100000Z_.log.gz"),
        *("20261122T100000Z_x.log", "20261122T100000Z_x.log.gz/", "20261122T100000_x.log.gz"),
        *("20261122T250000Z_x.log.gz", "20260230T100000Z_x.log.gz", "20261122T100060Z_x.log.gz"),
        *("a20261122T100000Z_x.log.gz", "20261122t100000z_x.log.gz", "２0261122T100000Z_x.log.gz"),
    ],
)
def test_other_names_are_none_of_a_batch(key: str) -> None:
    assert read_name(key) is None


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("http/test.txt.gz", "Logpush's test of the destination"),
        ("http/20261122/ownership-challenge-9a.txt", "an ownership challenge"),
        ("notes.txt", "its name does not end in .log.gz"),
        ("20261122T100000Z_20261122T100100Z_x.log", "its name does not end in .log.gz"),
    ],
)
def test_what_is_no_batch_is_ignored_for_a_reason(key: str, reason: str) -> None:
    assert reason_to_ignore(key) == reason


def test_a_batch_is_not_ignored_however_odd_its_name_is() -> None:
    assert reason_to_ignore("20261122T100000Z_20261122T100100Z_x.log.gz") is None
    assert reason_to_ignore("renamed.log.gz") is None
