"""`token --request`, and Terraform's zone_id and account_id: the challenge is asked for first."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.asking import Asker, put
from tests.e2e.command import Ended
from tests.servers.logpush_api import (
    ACCOUNT,
    CHALLENGE,
    TOKEN,
    ZONE,
    LogpushServer,
    logpush_server,
)


@pytest.fixture
def server() -> Iterator[LogpushServer]:
    with logpush_server() as running:
        yield running


@pytest.fixture
def ask(tmp_path: Path, server: LogpushServer) -> Asker:
    asker = Asker(tmp_path)
    asker.environment |= {"CLOUDFLARE_API_TOKEN": TOKEN, "CLOUDFLARE_BASE_URL": server.url}
    asker.secrets.append(TOKEN)
    asker.tokens.append(CHALLENGE)
    return asker


@pytest.fixture
def conf(tmp_path: Path) -> str:
    return f"file://{tmp_path}/logs"


def test_the_challenge_is_asked_for_and_the_file_that_is_named_is_read(
    ask: Asker, server: LogpushServer, conf: str, tmp_path: Path
) -> None:
    put(tmp_path / "logs", "ownership-challenge-of-another-day.txt", "another", age_seconds=-60)
    ended = ask("token", conf, "--request", "--zone", ZONE)
    assert (ended.code, ended.out) == (0, f"{CHALLENGE}\n")
    assert f"/zones/{ZONE}/logpush/ownership" in server.asked[0].path
    assert ask("token", conf, "--request", "--account", ACCOUNT).code == 0
    assert f"/accounts/{ACCOUNT}/logpush/ownership" in server.asked[1].path


def test_where_no_token_is_needed_none_is_asked_for(ask: Asker, server: LogpushServer) -> None:
    ended = ask("token", "https://logs.example.com/x", "--request", "--zone", ZONE)
    assert (ended.code, ended.out) == (0, "")
    assert not server.asked


@pytest.mark.parametrize(
    "arguments",
    [
        ("--request",),
        ("--request", "--zone", ZONE, "--account", ACCOUNT),
        ("--request", "--zone", ZONE, "--filename", "x"),
        ("--zone", ZONE),
    ],
)
def test_a_request_that_says_too_little_or_too_much_is_not_made(
    ask: Asker, server: LogpushServer, conf: str, arguments: tuple[str]
) -> None:
    assert ask("token", conf, *arguments).code == 2
    assert not server.asked


def test_a_refusal_is_told_to_scripts_too(ask: Asker, server: LogpushServer, conf: str) -> None:
    server.refuses = "destination is invalid"
    ended = ask("token", conf, "--request", "--zone", ZONE, "--format", "json")
    assert ended.code == 1
    assert ended.json["token"] is None
    assert ended.json["error"]["reason"] == "api-refused"
    assert "destination is invalid" in ended.json["error"]["message"]


# --- Terraform ---


def terraform(ask: Asker, *arguments: str, **query: str) -> Ended:
    return ask("token", "--terraform", *arguments, stdin=json.dumps(query))


@pytest.mark.parametrize("scope", [{"zone_id": ZONE}, {"account_id": ACCOUNT}])
def test_terraform_has_one_challenge_made_for_many_plans(
    ask: Asker, server: LogpushServer, conf: str, scope: dict[str, str]
) -> None:
    first = terraform(ask, destination_conf=conf, **scope)
    assert first.json["token"] == CHALLENGE
    assert first.json["filename"].startswith("ownership-challenge-")
    assert terraform(ask, destination_conf=conf, **scope).json == first.json
    assert len(server.asked) == 1


def test_terraform_has_a_challenge_made_for_each_zone(
    ask: Asker, server: LogpushServer, conf: str
) -> None:
    terraform(ask, destination_conf=conf, zone_id=ZONE)
    terraform(ask, destination_conf=conf, account_id=ACCOUNT)
    terraform(ask, destination_conf=conf)
    assert len(server.asked) == 2


def test_terraform_takes_no_other_apis_challenge_for_its_own(
    ask: Asker, server: LogpushServer, conf: str
) -> None:
    with logpush_server() as other:
        terraform(ask, "--api-url", other.url, destination_conf=conf, zone_id=ZONE)
        terraform(ask, destination_conf=conf, zone_id=ZONE)
        assert (len(other.asked), len(server.asked)) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone_id": ZONE, "account_id": ACCOUNT},
        {"zone_id": "example.com"},
    ],
)
def test_terraform_is_told_what_it_asked_wrongly(
    ask: Asker, server: LogpushServer, conf: str, wrong: dict[str, str]
) -> None:
    ended = terraform(ask, destination_conf=conf, **wrong)
    assert (ended.code, ended.out) == (2, "")
    assert "zone_id" in ended.err
    assert not server.asked


def test_terraform_asks_nobody_where_no_token_is_needed(ask: Asker, server: LogpushServer) -> None:
    ended = terraform(ask, destination_conf="https://logs.example.com/x", zone_id=ZONE)
    assert ended.json["required"] == "false"
    assert not server.asked


def test_terraform_has_no_challenge_made_where_it_names_the_file(
    ask: Asker, server: LogpushServer, conf: str, tmp_path: Path
) -> None:
    put(tmp_path / "logs", "ownership-challenge-1a2b.txt")
    ended = terraform(
        ask, destination_conf=conf, zone_id=ZONE, filename="ownership-challenge-1a2b.txt"
    )
    assert ended.code == 0
    assert not server.asked
