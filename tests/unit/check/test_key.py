"""The key of a batch: its name, its window, and the day of its folder."""

from datetime import UTC, datetime

import pytest

from receiver.destination.parse import parse_destination
from tests.unit.check.factories import KEY, found, only, record, report_of

NAME = "20261122T100000Z_20261122T100500Z_9af500e2.log.gz"
MIDNIGHT = "20261122T235500Z_20261123T000000Z_9af500e2.log.gz"
DATED = parse_destination("s3://logs/http/{DATE}/a?region=auto")
UNDATED = parse_destination("s3://logs/http?region=auto")


def codes(key: str) -> list[str]:
    return [each.code for each in report_of(record(), key=key).findings]


def test_a_batch_in_its_place_has_its_window_in_the_report() -> None:
    report = report_of(record(), key=KEY)
    assert report.findings == ()
    assert report.window == (
        datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 10, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "name",
    [
        "http.log.gz",
        "20261122T100000Z.log.gz",
        "20261322T100000Z_x.log.gz",
        NAME + ".bak",
        NAME.lower(),
    ],
)
def test_a_name_of_another_form_is_a_warning_and_claims_no_window(name: str) -> None:
    report = report_of(record(), key=f"20200101/{name}")
    assert found(report) == [("key-name", "warning", "", 1)]
    assert only(report).examples[0].line == 0
    assert (report.window, report.verdict) == (None, "pass")


@pytest.mark.parametrize("sign", ["_", "-"])
def test_both_signs_between_the_times_are_read(sign: str) -> None:
    name = sign.join(["20261122T100000Z", "20261122T100500Z", "x-y_z"]) + ".log.gz"
    assert report_of(record(), key=f"20261122/{name}").findings == ()


def test_an_end_before_the_start_says_that_and_nothing_else_of_the_key() -> None:
    report = report_of(record(), key="20200101/20261122T100500Z_20261122T100000Z_9a.log.gz")
    assert found(report) == [("key-window", "error", "", 1)]
    assert report.window is None


def test_a_window_of_no_length_is_in_order() -> None:
    assert codes("20261122T100000Z_20261122T100000Z_9a.log.gz") == []


@pytest.mark.parametrize("day", ["20261122", "20261123"])
def test_a_window_over_midnight_may_lie_in_either_day(day: str) -> None:
    assert codes(f"{day}/{MIDNIGHT}") == []


@pytest.mark.parametrize("key", [f"20261121/{NAME}", f"20261123/{NAME}", f"20261124/{MIDNIGHT}"])
def test_another_day_is_an_error(key: str) -> None:
    report = report_of(record(), key=key)
    assert found(report) == [("key-day", "error", "", 1)]


def test_the_name_with_one_time_may_lie_in_the_day_after() -> None:
    for day in ("20261122", "20261123"):
        assert codes(f"{day}/20261122T235900Z_9a.log.gz") == []
    assert codes("20261121/20261122T235900Z_9a.log.gz") == ["key-day"]


def test_of_a_copy_the_nearest_folder_that_is_a_date_is_the_day() -> None:
    assert codes(f"20200101/20261122/copy/{NAME}") == []
    assert codes(f"20261122/20200101/{NAME}") == ["key-day"]
    assert codes(f"99999999/{NAME}") == codes(f"2026-11-21/{NAME}") == codes(NAME) == []


def test_where_the_destination_is_known_its_token_tells_the_day() -> None:
    inside = report_of(record(), key=f"http/20261122/a/20200101/{NAME}", destination=DATED)
    assert inside.findings == ()
    other = report_of(record(), key=f"http/20261121/a/{NAME}", destination=DATED)
    assert only(other).code == "key-day"
    assert report_of(record(), key=f"http/20200101/{NAME}", destination=UNDATED).findings == ()


@pytest.mark.parametrize(
    "key", [f"http/{{DATE}}/{NAME}", f"http/<DATE>/{NAME}", f"%7BDATE%7D/{NAME}"]
)
def test_a_token_left_in_the_key_is_an_error(key: str) -> None:
    report = report_of(record(), key=key)
    assert found(report) == [("date-unsubstituted", "error", "", 1)]
