"""What the doctor says of a SAS: rights, kind, days left, and nothing of its signature."""

from datetime import UTC, datetime, timedelta

import pytest

from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.sas import SAS_DAYS_MIN, judge_sas, may_write
from receiver.secret import Secret

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = "sv=2021-06-08&ss=b&srt=o&sp=w&se=2031-11-23T00:00:00Z&spr=https"


def judged(query: str) -> list[Checkup]:
    lines = list(judge_sas(Secret(f"{query}&sig=c2VjcmV0"), NOW))
    assert "c2VjcmV0" not in repr(lines)
    assert {each.name for each in lines} == {"sas"}
    return lines


def worst(query: str, status: Status) -> Checkup:
    """Return the one line that is so; all others pass."""
    found = [each for each in judged(query) if each.status is not Status.PASS]
    assert [each.status for each in found] == [status], found
    return found[0]


def test_the_sas_that_logpush_asks_for_passes_and_says_that_it_cannot_read_back() -> None:
    rights, time = judged(GOOD)
    assert (rights.status, time.status) == (Status.PASS, Status.PASS)
    assert "cannot read a token" in rights.message
    assert "Storage Blob Data Reader" in rights.message
    assert "2031-11-23" in time.message


def test_a_sas_that_may_create_and_append_too_is_as_good() -> None:
    assert judged(GOOD.replace("sp=w", "sp=acw"))[0].status is Status.PASS


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (("sp=w", "sp=rl"), Status.FAIL, "sp=rl has no w"),
        (("sp=w", "sp=rwdl"), Status.WARN, "permits more than to write (sp=rwdl)"),
        (("&sp=w", ""), Status.FAIL, "no permissions"),
        (("sp=w", "sp=w%0Ax"), Status.WARN, "not made of letters"),
        (("sp=w", "sp=W"), Status.FAIL, "(sp=W has no w)"),
        (("sp=w", "sp=%0Ax"), Status.FAIL, "(sp is not made of letters and has no w)"),
        (("&srt=o", ""), Status.WARN, "does not say for what it is (srt)"),
        (("srt=o", "srt=sco"), Status.FAIL, "signedResourceTypes must be Object only"),
        (("ss=b", "ss=qf"), Status.FAIL, "not for blobs"),
        (("ss=b", "ss=bq"), Status.WARN, "more than blobs"),
        (("ss=b&srt=o", "sr=c"), Status.WARN, "one container"),
        (("spr=https", "spr=http"), Status.FAIL, "https"),
        (("spr=https", "sip=203.0.113.7"), Status.WARN, "certain addresses"),
        (("2031-11-23T00:00:00Z", "2026-11-23T11:59:00Z"), Status.FAIL, "expired at 2026-11-23"),
        (("se=2031-11-23T00:00:00Z", "se=never"), Status.WARN, "no end"),
        (("sv=", "st=2026-11-24&sv="), Status.FAIL, "not valid before 2026-11-24"),
    ],
)
def test_each_fault_is_told_apart(change: tuple[str, str], status: Status, words: str) -> None:
    found = worst(GOOD.replace(*change), status)
    assert words in found.message
    assert found.remedy


def test_the_last_month_is_a_warning_with_the_days_left() -> None:
    for days, status in ((SAS_DAYS_MIN, Status.PASS), (SAS_DAYS_MIN - 1, Status.WARN)):
        end = NOW + timedelta(days=days, hours=1)
        time = judged(GOOD.replace("2031-11-23T00:00:00Z", f"{end:%Y-%m-%dT%H:%M:%SZ}"))[-1]
        assert time.status is status
        assert f"{days} days" in time.message


def test_a_year_is_written_with_all_its_digits() -> None:
    for end in ("0001-01-01", "0001-01-01T10:00:00Z"):
        assert "at 0001-01-01 " in judged(GOOD.replace("2031-11-23T00:00:00Z", end))[-1].message
    assert "until 9999-12-31" in judged(GOOD.replace("2031-11-23T", "9999-12-31T"))[-1].message


def test_of_a_stored_policy_nothing_is_claimed() -> None:
    lines = judged("sv=2021-06-08&sr=c&si=reading")
    said = {each.message.partition(" ")[0]: each.status for each in lines}
    assert [each.status for each in lines] == [Status.UNKNOWN, Status.WARN, Status.UNKNOWN], said
    assert "policy" in lines[0].message


def test_a_sas_says_whether_it_may_write() -> None:
    assert may_write(Secret(GOOD))
    assert not may_write(Secret("sp=rl&sig=x"))
    assert not may_write(Secret("si=policy&sig=x"))
