"""A challenge's body: what is a token, what is none and why, and what a JWT says of itself."""

import base64
from datetime import UTC, datetime

import pytest

from receiver.limits import TOKEN_BODY_BYTES_MAX
from receiver.ownership.token import TOKEN_CHARS_MAX, NoToken, Token, numeric_date, read_token
from tests.unit.ownership.moments import NOW, token_of, until


def read(body: bytes) -> Token:
    token = read_token(body)
    assert isinstance(token, Token), token
    return token


def reason(body: bytes) -> str:
    token = read_token(body)
    assert isinstance(token, NoToken)
    return token.reason


def said(body: bytes) -> list[tuple[str, str]]:
    return [(claim.name, claim.value.reveal()) for claim in read(body).claims or ()]


def unsigned(payload: bytes, header: bytes = b'{"alg":"none"}') -> bytes:
    segments = (base64.urlsafe_b64encode(each).rstrip(b"=") for each in (header, payload))
    return b".".join((*segments, b""))


@pytest.mark.parametrize("around", [b"", b"\n", b"\r\n", b" \t\r\n\r\n"])
def test_line_ends_and_blanks_around_a_token_are_no_part_of_it(around: bytes) -> None:
    assert read(around + b"00000000000000000000" + around).text.reveal() == "0" * 20


def test_a_word_of_the_api_s_letters_is_a_token_and_no_jwt() -> None:
    token = read(b"aZ09/+.-_")
    assert token.claims is None
    assert token.expires_at is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b" \r\n\t", "it holds nothing but blanks and line ends"),
        (b"one\ntwo", "it has more than one line"),
        (b"one\rtwo", "it has more than one line"),
        (b"one two", "it holds ' ' (U+0020), which no token has"),
        (b"abc=", "it holds '=' (U+003D), which no token has"),
        (b"a\x00b", "it holds '\\x00' (U+0000), which no token has"),
        ("h\u00e9".encode(), "it holds '\\xe9' (U+00E9), which no token has"),
        (b"a\xe9b", "it holds the byte 0xE9, which no token has"),
        (b"\x1f\x8b\x08", "it holds '\\x1f' (U+001F), which no token has"),
        (b"\xef\xbb\xbfabc", "it begins with a byte order mark (UTF-8 BOM), which no token has"),
        ("abc".encode("utf-16"), "it begins with a byte order mark (UTF-16), which no token has"),
    ],
)
def test_what_is_no_token_is_named(body: bytes, words: str) -> None:
    assert reason(body) == words


def test_a_token_is_as_long_as_the_api_allows_and_no_longer() -> None:
    read(b"a" * TOKEN_CHARS_MAX + b"\r\n")
    assert "longer than 4,096" in reason(b"a" * (TOKEN_CHARS_MAX + 1))


def test_a_body_that_was_not_read_to_its_end_is_no_token() -> None:
    assert "longer than 4,096" in reason(b"abc".ljust(TOKEN_BODY_BYTES_MAX))


def test_a_jwt_s_claims_are_read_in_their_order() -> None:
    body = token_of({"dest": "s3://b", "object": {"kind": "zone", "id": 7}, **until(NOW)})
    names = [name for name, _ in said(body)]
    assert names == ["dest", "object.kind", "object.id", "iat", "exp"]
    assert said(body)[:3] == [("dest", "s3://b"), ("object.kind", "zone"), ("object.id", "7")]


def test_a_jwt_says_when_it_was_issued_and_when_it_expires() -> None:
    token = read(token_of(until(NOW)))
    assert token.expires_at == NOW
    assert token.issued_at == datetime(2026, 11, 15, 10, 0, tzinfo=UTC)
    assert token.expired(NOW)
    assert not token.expired(datetime(2026, 11, 22, 9, 59, tzinfo=UTC))


def test_no_digit_of_a_number_is_lost() -> None:
    body = unsigned(b'{"n": 123456789012345678901234567890, "f": 1.10, "e": 1E3 , "b": true}')
    assert said(body) == [
        ("n", "123456789012345678901234567890"), ("f", "1.10"), ("e", "1E3"), ("b", "true"),
    ]  # fmt: skip


def test_a_claim_within_too_many_others_stays_as_it_is_written() -> None:
    body = unsigned(b'{"a":{"b":{"c":{"d":{"e": 1}}}}, "empty": {}, "list": [1, "x"]}')
    assert said(body) == [("a.b.c.d", '{"e": 1}'), ("empty", "{}"), ("list", '[1, "x"]')]


def test_of_a_claim_given_twice_the_last_counts() -> None:
    assert said(unsigned(b'{"a": 1, "b": 2, "a": 3}')) == [("a", "3"), ("b", "2")]


@pytest.mark.parametrize(
    "body",
    [
        b"a.b.c",
        b"abcde.abcde.abc",
        unsigned(b"[1]"),
        unsigned(b'"text"'),
        unsigned(b'{"a": 1'),
        unsigned(b'{"a": "\xff"}'),
        unsigned(b'{"a": 1}', header=b"1"),
        unsigned(b'{"a":' + b"[" * 1400 + b"]" * 1400 + b"}"),
        unsigned(b"{}") + b".more",
    ],
)
def test_three_words_with_dots_are_not_yet_a_jwt(body: bytes) -> None:
    assert read(body).claims is None


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("1795341600", NOW),
        ("1795341600.5", NOW.replace(microsecond=500_000)),
        ("1.7953416e9", NOW),
        ("1795341600000", None),  # milliseconds: no year near ours
        ("0", None),
        ("-1", None),
        ("true", None),
        ('"1795341600"', None),
        ("9" * 400, None),
        ("1e99", None),
        ("\u0661", None),
        ("", None),
    ],
)
def test_a_time_is_a_number_of_seconds_in_a_year_near_ours(
    written: str, time: datetime | None
) -> None:
    assert numeric_date(written) == time


def test_a_time_written_as_text_is_no_time() -> None:
    token = read(token_of({"exp": 1795341600, "x": "1795341600"}))
    assert token.expires_at == NOW
    assert read(unsigned(b'{"exp": "1795341600"}')).expires_at is None


def test_a_token_does_not_print_itself() -> None:
    token = read(token_of({"dest": "s3://b?secret-access-key=PLANTED"}))
    assert "PLANTED" not in repr(token)
    assert token.text.reveal() not in repr(token)
