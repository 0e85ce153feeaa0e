"""A ledger's URL: whatever the password holds, it is read right and never shown."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.errors import LedgerInvalid
from receiver.ledger.address import PostgresAddress, SQLiteAddress, parse_address
from receiver.secret import Secret

PLANTED = "p@ss/w:rd?#x"


def postgres(url: str) -> PostgresAddress:
    address = parse_address(Secret(url))
    assert isinstance(address, PostgresAddress)
    return address


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///receiver.db", Path.cwd() / "receiver.db"),
        ("sqlite:////var/lib/receiver.db", Path("/var/lib/receiver.db")),
        ("sqlite:///a/../b%20c?d#e.db", Path.cwd() / "b%20c?d#e.db"),
        ("sqlite:///file:x", Path.cwd() / "file:x"),
    ],
)
def test_a_file_stands_as_it_is(url: str, path: Path) -> None:
    address = parse_address(Secret(url))
    assert address == SQLiteAddress(path=path)
    assert address.name == f"sqlite:///{path}"


def test_a_password_may_hold_what_a_url_gives_a_meaning_to() -> None:
    address = postgres(f"postgresql://me:{PLANTED}@db.example:5433/logs?sslmode=require")
    assert address.password == Secret(PLANTED)
    assert address.user == Secret("me")
    assert address.dsn == "postgresql://db.example:5433/logs?sslmode=require"
    assert address.name == "postgresql://db.example:5433/logs"


@given(user=st.text(min_size=1), password=st.text())
def test_any_user_and_password_can_be_written(user: str, password: str) -> None:
    address = postgres(f"postgres://{quote(user, safe='')}:{quote(password, safe='')}@h/d")
    assert (address.user, address.password) == (Secret(user), Secret(password))


def test_a_password_in_the_query_is_a_password() -> None:
    address = postgres(f"postgresql://h/d?user=me&password={quote(PLANTED, safe='')}&x=1")
    assert address.password == Secret(PLANTED)
    assert address.dsn == "postgresql://h/d?user=me&x=1"


def test_who_is_not_named_is_left_to_the_environment() -> None:
    address = postgres("postgresql://h/d")
    assert (address.user, address.password) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "receiver.db",
        "sqlite://",
        "sqlite:///",
        "sqlite://receiver.db",
        "sqlite:///:memory:",
        "sqlite:///a\0b",
        f"mysql://me:{PLANTED}@h/d",
        f"postgresql:/me:{PLANTED}@h/d",
        f"postgresql://me:{PLANTED}@",
        f"postgresql://me:{PLANTED}@/d",
    ],
)
def test_what_is_no_ledger_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(LedgerInvalid, match="write sqlite:") as caught:
        parse_address(Secret(url))
    assert PLANTED not in str(caught.value)


def test_an_address_shows_no_password() -> None:
    address = postgres(f"postgresql://me:{PLANTED}@h/d?password={PLANTED}")
    assert PLANTED not in f"{address!r} {address.name} {address}"
