"""Whatever a challenge holds: a Token or NoToken; and whatever a token says, no secret is shown."""

import json
import string
from datetime import UTC, datetime
from typing import Any

import jwt
from hypothesis import assume, example, given
from hypothesis import strategies as st

from receiver.api.scope import Scope
from receiver.destination.parse import parse_destination
from receiver.ownership.claims import shown
from receiver.ownership.fit import compare
from receiver.ownership.token import NoToken, Token, read_token
from receiver.secret import Secret

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = "a key of 32 bytes or more, which nobody uses"
PLANTED = "pLaNtEd0SeCrEt"
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
LETTERS = string.ascii_letters + string.digits + "/+.-_"

line_ends = st.text(alphabet=" \t\r\n", max_size=6)
names = st.sampled_from([
    "exp", "iat", "nbf", "sub", "id", "zone_id", "type", "object", "destination", "x.conf", "aud",
]) | st.text(max_size=12)  # fmt: skip
numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=20) | st.just(ZONE)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
secret_confs = st.sampled_from([
    f"s3://b/logs?region=x&access-key-id=AKIA&secret-access-key={PLANTED}",
    f"azure://a.blob.core.windows.net/c/d?sp=w&sig={PLANTED}",
    f"https://example.com/x?header_Authorization={PLANTED}",
    f"splunk://example.com:8088/services/collector/raw?{PLANTED}==",
    f"sumo://endpoint1.collection.sumologic.com/receiver/v1/http/{PLANTED}",
    "gs://b/logs/{DATE}",
])  # fmt: skip


def token_of(claims: dict[str, Any]) -> bytes:
    return jwt.encode(claims, KEY, algorithm="HS256").encode()


def flat(claims: dict[str, Any], within: str = "", depth: int = 1) -> list[tuple[str, Any]]:
    """The claims as they must be read: objects within, to the fourth, under dotted names."""
    found = []
    for name, value in claims.items():
        if isinstance(value, dict) and value and depth < 4:
            found += flat(value, f"{within}{name}.", depth + 1)
        else:
            found.append((within + name, value))
    return found


@given(body=st.binary() | st.text().map(str.encode))
@example(body=b"..")
@example(body=b"\xff")
@example(body=b"e30.e30.")
@example(body=b"e30." + b"eyJhIjoi" * 400 + b".")
def test_any_bytes_are_a_token_or_none(body: bytes) -> None:
    token = read_token(body)
    assert isinstance(token, Token | NoToken)
    if isinstance(token, Token):
        assert token.text.reveal().encode() == body.strip(b" \t\r\n")
        assert set(token.text.reveal()) <= set(LETTERS)


@given(text=st.text(alphabet=LETTERS, min_size=1, max_size=200), before=line_ends, after=line_ends)
def test_a_token_reads_back_whatever_line_ends_stand_around_it(
    text: str, before: str, after: str
) -> None:
    token = read_token(f"{before}{text}{after}".encode())
    assert isinstance(token, Token)
    assert token.text.reveal() == text


@given(claims=st.dictionaries(names, values, max_size=5))
def test_what_pyjwt_writes_reads_back_the_same(claims: dict[str, Any]) -> None:
    claims.pop("iss", None)  # PyJWT takes no other than text
    body = token_of(claims)
    assume(len(body) <= 4096)
    token = read_token(body)
    assert isinstance(token, Token)
    assert token.claims is not None
    wanted = flat(claims)
    assert [claim.name for claim in token.claims] == [name for name, _ in wanted]
    for claim, (_, value) in zip(token.claims, wanted, strict=True):
        text = claim.value.reveal()
        assert (text if isinstance(value, str) else json.loads(text)) == value


@given(claims=st.dictionaries(names, values, max_size=5), cut=st.integers(0, 400))
def test_a_token_cut_anywhere_is_never_more_than_a_word(claims: dict[str, Any], cut: int) -> None:
    claims.pop("iss", None)
    body = token_of(claims)
    token = read_token(body[:cut])
    assert isinstance(token, Token if body[:cut] else NoToken)


@given(
    claims=st.dictionaries(names, values | secret_confs | st.just(PLANTED), max_size=5),
    said=secret_confs,
    wanted=secret_confs,
    nudge=st.text(max_size=3),
    scope=st.none() | st.builds(Scope, kind=st.sampled_from(["zone", "account"]), id=st.just(ZONE)),
)
def test_no_secret_is_shown_whatever_is_compared(
    claims: dict[str, Any], said: str, wanted: str, nudge: str, scope: Scope | None
) -> None:
    claims.pop("iss", None)
    token = read_token(token_of({**claims, "conf": said + nudge, f"x{said}": 1}))
    assume(isinstance(token, Token))
    assert isinstance(token, Token)
    destination = parse_destination(wanted)
    found = compare(token, conf=Secret(wanted), destination=destination, scope=scope, now=NOW)
    assert PLANTED not in repr(found)
    assert PLANTED not in repr(token)
    for claim in token.claims or ():
        assert PLANTED not in shown(claim)
        assert PLANTED not in claim.shown_name


@given(claims=st.dictionaries(names, values, max_size=5), wanted=secret_confs)
def test_the_job_s_own_conf_is_never_a_difference(claims: dict[str, Any], wanted: str) -> None:
    claims.pop("iss", None)
    token = read_token(token_of({**claims, "c": wanted}))
    assume(isinstance(token, Token))
    assert isinstance(token, Token)
    destination = parse_destination(wanted)
    found = compare(token, conf=Secret(wanted), destination=destination, scope=None, now=NOW)
    assert "destination_conf" in found.matches
    assert "destination_conf" not in {each.what for each in found.differences}
