"""What a shared access signature permits, as it says itself."""

from datetime import UTC, datetime

import pytest

from receiver.destination.azure import read_sas

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_sas_is_read_with_its_escapes() -> None:
    sas = read_sas(
        "sv=2021-06-08&ss=bq&srt=sco&sp=rwl&st=2026-01-01&se=2031-01-01T12%3A30%3A00Z"
        "&sip=10.0.0.1-10.0.0.9&spr=https,http&sig=secret%3D"
    )
    assert (sas.permissions, sas.resource_types, sas.services) == ("rwl", "sco", "bq")
    assert sas.starts_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert sas.expires_at == datetime(2031, 1, 1, 12, 30, tzinfo=UTC)
    assert (sas.ip, sas.protocol) == ("10.0.0.1-10.0.0.9", "https,http")
    assert "secret" not in repr(sas)


@pytest.mark.parametrize(
    ("query", "can_read", "can_list"),
    [
        ("ss=b&srt=o&sp=w", False, False),  # what Logpush asks for
        ("ss=b&srt=sco&sp=rl", True, True),
        ("ss=b&srt=o&sp=rl", True, False),
        ("ss=b&srt=c&sp=rl", False, True),
        ("ss=q&srt=sco&sp=rl", False, False),
        ("sr=c&sp=rl", True, True),
        ("sr=c&sp=l", False, True),
        ("sr=b&sp=rl", True, False),
        ("sr=c&si=policy", True, True),
        ("sr=c", False, False),
        ("", False, False),
    ],
)
def test_a_sas_says_whether_it_reads_and_lists(query: str, can_read: bool, can_list: bool) -> None:
    sas = read_sas(f"sv=2021-06-08&{query}&sig=x")
    assert (sas.can_read, sas.can_list) == (can_read, can_list)


@pytest.mark.parametrize(
    ("end", "expired"),
    [
        ("2026-11-22", True),
        ("2026-11-23", True),
        ("2026-11-22T23:59Z", True),
        ("2026-11-23T00:00:01Z", False),
        ("2026-11-23T00:00:00.5000000Z", False),
        ("", False),
        ("tomorrow", False),
        ("2026-13-01", False),
    ],
)
def test_a_sas_is_expired_when_its_end_has_come(end: str, expired: bool) -> None:
    assert read_sas(f"sp=r&sr=c&se={end}&sig=x").expired(NOW) is expired
