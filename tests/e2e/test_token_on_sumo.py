"""`token` on Sumo Logic: a challenge posted to an HTTP source, found by the Search Job API."""

import base64
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.asking import Asker, reason_of
from tests.e2e.command import Ended
from tests.servers.sumo import ACCESS_ID, ACCESS_KEY, CODE, Fault, Sumo, sumo_server

CONF = f"sumo://endpoint1.collection.us2.sumologic.com/receiver/v1/http/{CODE}"
JOBS = "/api/v1/search/jobs"


class Account:
    """An account to be asked for the token, and its source, to which Logpush posts."""

    def __init__(self, sumo: Sumo, home: Path) -> None:
        self.sumo = sumo
        self.ask = Asker(home)
        basic = base64.b64encode(f"{ACCESS_ID}:{ACCESS_KEY}".encode()).decode()
        self.ask.secrets += [CODE, ACCESS_ID, ACCESS_KEY, basic]
        self.environment = {"SUMOLOGIC_ACCESSID": ACCESS_ID, "SUMOLOGIC_ACCESSKEY": ACCESS_KEY}

    def token_of(self, conf: str = CONF, *, days: float = 7) -> str:
        end = datetime.now(UTC) + timedelta(days=days)
        return self.ask.token_of({"destination_conf": conf, "exp": int(end.timestamp())})

    def post(self, token: str) -> None:
        """Send a challenge as Logpush does."""
        url = f"{self.sumo.url}/receiver/v1/http/{CODE}"
        with urllib.request.urlopen(url, token.encode(), timeout=10) as answer:
            assert answer.status == 200

    def __call__(self, *arguments: str) -> Ended:
        ended = self.ask(
            *("token", "env:CONF", "--endpoint-url", self.sumo.url, *arguments),
            environment={**self.environment, "CONF": CONF},
        )
        assert self.sumo.jobs_left == 0  # each search job was deleted
        return ended


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with sumo_server() as sumo:
        yield Account(sumo, tmp_path)


def test_a_token_that_was_posted_is_found(account: Account) -> None:
    token = account.token_of()
    account.post(token)
    account.post("2026-11-22 a line of a log")
    ended = account("--format", "json")
    assert (ended.code, ended.json["token"]) == (0, token)
    assert ended.json["filename"].startswith("_messageid:")
    assert account.sumo.delete_count == 1


def test_the_newest_counts_and_another_destinations_is_skipped(account: Account) -> None:
    now, newest = time.time(), account.token_of(days=6)
    account.sumo.put(newest, at=now - 60)
    account.sumo.put(account.token_of(), at=now - 3600)
    account.sumo.put(account.token_of(CONF.replace("us2", "us1").replace(CODE, "other")), at=now)
    ended = account()
    assert (ended.code, ended.out) == (0, f"{newest}\n")
    assert ended.err.count("also there, older: _messageid:") == 1
    assert "1 message was skipped" in ended.err


def test_a_token_that_comes_later_is_found(account: Account) -> None:
    token = account.token_of()
    with account.ask.once(" yet; waiting until ", lambda: account.post(token)):
        ended = account("--wait", "30s")
    assert (ended.code, ended.out) == (0, f"{token}\n")


def test_where_no_message_is_a_token_there_is_no_challenge(account: Account) -> None:
    account.post("eyJ but no token")
    ended = account("--format", "json")
    assert (ended.code, reason_of(ended)) == (4, ("no-challenge", ""))
    assert "no message of the last 7 days is a token" in ended.err


def test_too_many_calls_are_asked_again(account: Account) -> None:
    token = account.token_of()
    account.post(token)
    account.sumo.faults = [
        Fault(status=429, times=2, call=f"POST {JOBS}"),
        Fault(status=429, times=1, call=f"GET {JOBS}"),
    ]
    ended = account()
    assert (ended.code, ended.out) == (0, f"{token}\n")


def test_a_key_that_is_wrong_is_told(account: Account) -> None:
    account.ask.secrets += ["planted-key"]
    account.environment["SUMOLOGIC_ACCESSKEY"] = "planted-key"
    ended = account("--format", "json")
    assert (ended.code, reason_of(ended)) == (3, ("keys-wrong", ""))


def test_a_key_without_the_roles_capabilities_is_told(account: Account) -> None:
    account.sumo.capable.clear()
    ended = account("--format", "json")
    reason, right = reason_of(ended)
    assert (ended.code, reason) == (3, "list-denied")
    assert "Download Search Results" in right


def test_without_a_key_the_variables_are_named(account: Account) -> None:
    account.environment = {}
    ended = account("--format", "json")
    assert (ended.code, reason_of(ended)) == (3, ("keys-missing", ""))
    assert "SUMOLOGIC_ACCESSID and SUMOLOGIC_ACCESSKEY" in ended.err
    assert account.sumo.calls == []


def test_a_scope_finds_an_old_token_that_is_no_jwt(account: Account) -> None:
    old = "0123456789abcdef0123"
    account.ask.tokens.append(old)
    account.post(old)
    assert account().code == 4
    ended = account("--sumo-scope", "_sourceCategory=cloudflare*")
    assert (ended.code, ended.out) == (0, f"{old}\n")
    assert "it is no JWT" in ended.err
