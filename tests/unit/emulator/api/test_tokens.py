"""A token proves one destination_conf for one zone or account, for seven days."""

from datetime import timedelta

import jwt
import pytest

from receiver.api.scope import Scope as JobScope
from receiver.destination.parse import parse_destination
from receiver.emulator.api.tokens import make_token, token_fault
from receiver.emulator.cloud import Scope
from receiver.ownership.fit import compare
from receiver.ownership.token import Token, read_token
from tests.unit.emulator.api.local_cloud import ACCOUNT, NOW, OTHER_ZONE, ZONE

SECRET = b"s" * 32
CONF = "s3://bucket/logs/{DATE}?region=eu-west-1"
DESTINATION = parse_destination(CONF)
TOKEN = make_token(ZONE, DESTINATION, secret=SECRET, now=NOW)


def fault(token: str = TOKEN, *, scope: Scope = ZONE, conf: str = CONF, days: float = 0) -> object:
    now = NOW + timedelta(days=days)
    return token_fault(token, scope, parse_destination(conf), secret=SECRET, now=now)


def test_it_fits_what_it_was_made_for() -> None:
    assert fault() is None


def test_it_lives_seven_days_by_the_clock_given() -> None:
    assert fault(days=6.999) is None
    assert fault(days=7) == "exp"
    assert fault(days=-400) is None  # a clock that begins in the past made it


@pytest.mark.parametrize(
    ("scope", "conf", "differs"),
    [
        (OTHER_ZONE, CONF, "object_id"),
        (ACCOUNT, CONF, "object_type"),
        (ZONE, CONF + "&sse=AES256", "destination_conf"),
        (ZONE, CONF.replace("/{DATE}", "/{DATE}/"), "destination_conf"),
        (ZONE, "s3://bucket/other?region=eu-west-1", "destination_conf"),
    ],
)
def test_it_fits_nothing_else(scope: Scope, conf: str, differs: str) -> None:
    assert fault(scope=scope, conf=conf) == differs


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "form"),
        ("00000000000000000000", "form"),
        (TOKEN + "=", "form"),
        (TOKEN + "\n", "form"),
        ("a" * 5000, "form"),
        (TOKEN[:-8] + "AAAAAAAA", "signature"),
        (jwt.encode({"exp": 1}, b"k" * 32, algorithm="HS256"), "signature"),
        (jwt.encode({"exp": 1}, "", algorithm="none"), "form"),
        (jwt.encode({"exp": 1}, SECRET, algorithm="HS256"), "object_type"),
        (jwt.encode({"exp": 1}, SECRET * 2, algorithm="HS512"), "form"),
    ],
)
def test_what_is_no_token_of_ours_is_told_apart(token: str, why: str) -> None:
    assert fault(token) == why


def test_our_own_reader_understands_it() -> None:
    token = read_token(TOKEN.encode() + b"\n")
    assert isinstance(token, Token)
    fit = compare(
        token,
        conf=DESTINATION.conf,
        destination=DESTINATION,
        scope=JobScope(kind="zone", id=ZONE.id),
        now=NOW,
    )
    assert fit.differences == ()
    assert {"destination_conf", "object type", "object id"} <= set(fit.matches)
