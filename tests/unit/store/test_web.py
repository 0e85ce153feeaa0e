"""What every caller of a cloud's API needs: waits that make sense, words without secrets."""

from datetime import UTC, datetime

import aiohttp
import pytest
from yarl import URL

from receiver.store.web import is_loopback, proxy_for, seconds_asked, words_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("17", 17.0),
        (" 17 ", 17.0),
        ("Sun, 22 Nov 2026 12:00:20 GMT", 20.0),
        ("Sun, 22 Nov 2026 14:00:20 +0200", 20.0),
        ("Sun, 22 Nov 2026 11:00:20 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:20", 0.0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 10000 00:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 12:00:20 +9999999", 0.0),
        ("soon", 0.0),
        ("-1", 0.0),
        ("\u0665", 0.0),
        ("", 0.0),
    ],
)
def test_a_wait_that_makes_no_sense_is_none(said: str, seconds: float) -> None:
    assert seconds_asked(said, NOW) == seconds


def test_a_wait_without_end_is_more_than_anybody_waits() -> None:
    assert seconds_asked("9" * 5000, NOW) > 1e9
    assert seconds_asked("Fri, 31 Dec 9999 23:59:59 GMT", NOW) > 1e9


def test_a_hosts_proxy_is_the_environments_unless_the_host_is_excepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://user:a%40b@proxy:3128/")
    assert proxy_for(URL("https://a.example.com")) == "http://user:a%40b@proxy:3128/"
    assert proxy_for(URL("http://a.example.com")) is None
    for excepted in ("example.com", "a.example.com:443", "*"):
        monkeypatch.setenv("no_proxy", excepted)
        assert proxy_for(URL("https://a.example.com")) is None
    monkeypatch.setenv("no_proxy", "b.example.com,a.example.com:8443")
    assert proxy_for(URL("https://a.example.com")) is not None


def test_the_loopback_is_known_by_each_of_its_names() -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert is_loopback(URL(f"http://{host}:1"))
    assert not is_loopback(URL("http://localhost.example.com"))


@pytest.mark.parametrize(
    "error",
    [
        aiohttp.InvalidURL("http://user:planted@host:x"),
        aiohttp.ServerTimeoutError("Connection timeout to host http://user:planted@host"),
        aiohttp.ServerDisconnectedError("planted"),
        aiohttp.ClientPayloadError("planted"),
        aiohttp.ClientError("planted"),
        ValueError("planted"),
        OSError("planted"),
    ],
)
def test_a_drivers_own_words_are_not_passed_on(error: Exception) -> None:
    assert words_of(error)
    assert "planted" not in words_of(error)


def test_the_systems_words_are_passed_on() -> None:
    assert words_of(ConnectionResetError(104, "Connection reset by peer")) == (
        "Connection reset by peer"
    )
