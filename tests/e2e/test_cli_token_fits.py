"""`token --job`: the token is compared with the job that it is for, before the API refuses it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.asking import PLAIN, Asker, put
from tests.e2e.command import Ended

NAME = "ownership-challenge-1a2b.txt"
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
OTHER = "9a7806061c88ada191ed06f989cc3dac"


class Compared:
    """Holds a token's claims against a job whose conf is a folder."""

    def __init__(self, ask: Asker) -> None:
        self.ask = ask
        self.logs = ask.home / "logs"
        self.conf = f"file://{self.logs}/http/{{DATE}}"

    def __call__(
        self, claims: dict[str, Any] | None, *arguments: str, days_left: float = 6, **job: Any
    ) -> Ended:
        now = datetime.now(UTC)
        times = {"iat": int(now.timestamp()) - 60, "exp": int(now.timestamp() + days_left * 86400)}
        token = PLAIN if claims is None else self.ask.token_of({**times, **claims})
        put(self.logs / "http", NAME, token)
        wanted = {"id": 146, "dataset": "http_requests", "destination_conf": self.conf, **job}
        (self.ask.home / "job.json").write_text(json.dumps(wanted))
        ended = self.ask("token", "--job", "job.json", *arguments, f"file://{self.logs}/http")
        given = f"{token}\n" if days_left > 0 else ""
        assert "--format" in arguments or ended.out == given
        return ended


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    return Compared(Asker(tmp_path))


def told(ended: Ended) -> str:
    return " ".join(ended.err.split())


def test_a_token_for_the_job_fits(compared: Compared) -> None:
    claims = {"destination_conf": compared.conf, "object_type": "zone", "object_id": ZONE}
    ended = compared(claims, "--zone", ZONE)
    assert ended.code == 0
    assert "it fits job 146: expiry, destination_conf, object type, object id" in told(ended)


def test_without_an_argument_the_jobs_own_conf_says_where_to_look(compared: Compared) -> None:
    compared({"destination_conf": compared.conf})
    ended = compared.ask("token", "--job", "job.json")
    assert ended.code == 0
    assert "it fits job 146" in told(ended)


def test_a_token_for_another_path_names_both(compared: Compared) -> None:
    other = compared.conf.replace("/http/", "/dns/")
    ended = compared({"destination_conf": other})
    assert ended.code == 1
    assert "it does not fit job 146: 1 difference" in told(ended)
    assert f"{compared.logs}/dns" in told(ended)
    assert "for exactly the job's destination_conf, to the letter" in told(ended)


@pytest.mark.parametrize("text_format", ["text", "json"])
def test_a_parameter_that_differs_is_named_and_its_value_is_not(
    compared: Compared, text_format: str
) -> None:
    start = "azure://acme.blob.core.windows.net/logs/http?sv=2024&sp=w&sig="
    compared.ask.secrets += ["planted/first", "planted/second"]
    ended = compared(
        {"destination_conf": f"{start}planted%2Ffirst"},
        *("--format", text_format),
        destination_conf=f"{start}planted%2Fsecond",
    )
    assert ended.code == 1
    if text_format == "json":
        (difference,) = ended.json["fit"]["differences"]
        assert difference["what"] == "destination_conf"
        assert difference["said"] == "another value of `sig`"
        assert not ended.json["fit"]["fits"]
    else:
        assert "token: another value of `sig` job: the job's" in told(ended)


def test_a_token_that_has_expired_does_not_fit_and_is_not_given(compared: Compared) -> None:
    ended = compared({"destination_conf": compared.conf}, days_left=-1)
    assert ended.code == 1
    assert "expiry token: expired at" in told(ended)


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({"object_type": "zone", "object_id": OTHER}, "object id"),
        ({"object_type": "account", "object_id": ZONE}, "object type"),
    ],
)
def test_a_token_for_another_zone_or_an_account_does_not_fit(
    compared: Compared, claims: dict[str, str], what: str
) -> None:
    ended = compared({"destination_conf": compared.conf, **claims}, "--zone", ZONE)
    assert ended.code == 1
    assert "it does not fit job 146: 1 difference" in told(ended)
    assert f"{what} token: " in told(ended)
    assert f"Make the challenge under /zones/{ZONE}, as the job is." in told(ended)


def test_what_is_no_jwt_cannot_be_compared_and_that_is_said(compared: Compared) -> None:
    ended = compared(None, "--zone", ZONE)
    assert ended.code == 0
    assert "it is no JWT: there is nothing in it to compare with the job" in told(ended)


def test_a_claim_that_is_not_known_is_named_and_not_compared(compared: Compared) -> None:
    ended = compared({"destination_conf": compared.conf, "fingerprint": "ab" * 16})
    assert ended.code == 0
    assert "claims not recognised, so not compared: fingerprint" in told(ended)


def test_a_job_that_holds_another_token_already_is_told(compared: Compared) -> None:
    held = compared.ask.token_of({"held": 1})
    ended = compared({"destination_conf": compared.conf}, ownership_challenge=held)
    assert ended.code == 1
    assert "ownership_challenge token: the one found job: another one" in told(ended)


def test_a_script_asks_for_the_token_and_the_fit_in_one(compared: Compared) -> None:
    env = compared({"destination_conf": "s3://other/http"}, "--format", "env")
    assert env.code == 1
    assert env.out.startswith("OWNERSHIP_CHALLENGE=ey")
